/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include <gio/gio.h>
#include "base/weir-version.h"

G_BEGIN_DECLS

/* What a store keeps: a thing of some kind, under a key, perhaps with a name that no other
 * of its kind has, and with fields of any type. Immutable and thread-safe. */
typedef struct _WeirRecord WeirRecord;

#define WEIR_TYPE_RECORD (weir_record_get_type ())

WEIR_AVAILABLE_IN_ALL
GType weir_record_get_type (void) G_GNUC_CONST;
WEIR_AVAILABLE_IN_ALL
WeirRecord *weir_record_new (const char *kind, const char *key, const char *name, GVariant *fields);
/* For stores: with what only they know. Times are milliseconds since 1970. */
WEIR_AVAILABLE_IN_ALL
WeirRecord *weir_record_new_stored (const char *kind,
                                    const char *key,
                                    const char *name,
                                    GVariant *fields,
                                    guint64 version,
                                    gint64 created,
                                    gint64 updated);
/* Other fields and another name, the rest as it is: the version too, so that an update
 * finds out whether somebody else was faster. */
WEIR_AVAILABLE_IN_ALL
WeirRecord *weir_record_copy_with (WeirRecord *self, const char *name, GVariant *fields);
WEIR_AVAILABLE_IN_ALL
WeirRecord *weir_record_ref (WeirRecord *self);
WEIR_AVAILABLE_IN_ALL
void weir_record_unref (WeirRecord *self);
WEIR_AVAILABLE_IN_ALL
const char *weir_record_get_kind (WeirRecord *self);
WEIR_AVAILABLE_IN_ALL
const char *weir_record_get_key (WeirRecord *self);
WEIR_AVAILABLE_IN_ALL
const char *weir_record_get_name (WeirRecord *self);
WEIR_AVAILABLE_IN_ALL
GVariant *weir_record_get_fields (WeirRecord *self);
WEIR_AVAILABLE_IN_ALL
guint64 weir_record_get_version (WeirRecord *self);
WEIR_AVAILABLE_IN_ALL
gint64 weir_record_get_created (WeirRecord *self);
WEIR_AVAILABLE_IN_ALL
gint64 weir_record_get_updated (WeirRecord *self);

typedef enum
{
  WEIR_CHANGE_CREATE,
  WEIR_CHANGE_UPDATE,
  WEIR_CHANGE_PUT,
  WEIR_CHANGE_REMOVE,
} WeirChangeAction;

#define WEIR_TYPE_CHANGE_ACTION (weir_change_action_get_type ())

WEIR_AVAILABLE_IN_ALL
GType weir_change_action_get_type (void) G_GNUC_CONST;

/* One step of what weir_store_apply_async() does all or nothing of. Immutable. */
typedef struct _WeirChange WeirChange;

#define WEIR_TYPE_CHANGE (weir_change_get_type ())

WEIR_AVAILABLE_IN_ALL
GType weir_change_get_type (void) G_GNUC_CONST;
WEIR_AVAILABLE_IN_ALL
WeirChange *weir_change_new (WeirChangeAction action, WeirRecord *record);
WEIR_AVAILABLE_IN_ALL
WeirChange *weir_change_ref (WeirChange *self);
WEIR_AVAILABLE_IN_ALL
void weir_change_unref (WeirChange *self);
WEIR_AVAILABLE_IN_ALL
WeirChangeAction weir_change_get_action (WeirChange *self);
WEIR_AVAILABLE_IN_ALL
WeirRecord *weir_change_get_record (WeirChange *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirRecord, weir_record_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirChange, weir_change_unref)

G_END_DECLS
