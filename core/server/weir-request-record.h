/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include <gio/gio.h>
#include "base/weir-version.h"

G_BEGIN_DECLS

/* What is left of an exchange when it is over: for a log line. Immutable. */
typedef struct _WeirRequestRecord WeirRequestRecord;

#define WEIR_TYPE_REQUEST_RECORD (weir_request_record_get_type ())

WEIR_AVAILABLE_IN_ALL
GType weir_request_record_get_type (void) G_GNUC_CONST;
WEIR_AVAILABLE_IN_ALL
WeirRequestRecord *weir_request_record_ref (WeirRequestRecord *self);
WEIR_AVAILABLE_IN_ALL
void weir_request_record_unref (WeirRequestRecord *self);
WEIR_AVAILABLE_IN_ALL
const char *weir_request_record_get_method (WeirRequestRecord *self);
WEIR_AVAILABLE_IN_ALL
const char *weir_request_record_get_target (WeirRequestRecord *self);
WEIR_AVAILABLE_IN_ALL
const char *weir_request_record_get_function (WeirRequestRecord *self); /* nullable */
WEIR_AVAILABLE_IN_ALL
const char *weir_request_record_get_client (WeirRequestRecord *self); /* nullable */
WEIR_AVAILABLE_IN_ALL
const char *weir_request_record_get_authenticator (WeirRequestRecord *self); /* nullable */
WEIR_AVAILABLE_IN_ALL
const char *weir_request_record_get_subject (WeirRequestRecord *self); /* nullable */
WEIR_AVAILABLE_IN_ALL
const char *weir_request_record_get_request_id (WeirRequestRecord *self);
WEIR_AVAILABLE_IN_ALL
guint weir_request_record_get_status (WeirRequestRecord *self); /* 0: none was sent */
WEIR_AVAILABLE_IN_ALL
gint64 weir_request_record_get_ended (WeirRequestRecord *self); /* microseconds since 1970 */
WEIR_AVAILABLE_IN_ALL
gint64 weir_request_record_get_duration (WeirRequestRecord *self); /* microseconds */
WEIR_AVAILABLE_IN_ALL
guint64 weir_request_record_get_bytes_received (WeirRequestRecord *self);
WEIR_AVAILABLE_IN_ALL
guint64 weir_request_record_get_bytes_sent (WeirRequestRecord *self);
WEIR_AVAILABLE_IN_ALL
gboolean weir_request_record_get_aborted (WeirRequestRecord *self);
WEIR_AVAILABLE_IN_ALL
const char *weir_request_record_get_error (WeirRequestRecord *self); /* nullable */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirRequestRecord, weir_request_record_unref)

G_END_DECLS
