/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include "store/weir-record.h"

G_BEGIN_DECLS

/* The kind of record that an API key is kept as. */
#define WEIR_API_KEY_KIND "api-key"

/* What is known about one API key, without the key itself: that is shown once, when it is
 * made, and only its digest is kept. Immutable and thread-safe. Times are milliseconds since
 * 1970, 0 where there is none. */
typedef struct _WeirApiKey WeirApiKey;

#define WEIR_TYPE_API_KEY (weir_api_key_get_type ())

WEIR_AVAILABLE_IN_ALL
GType weir_api_key_get_type (void) G_GNUC_CONST;
/* Makes a key: key (out) is the text to show, "flx_live_…" or, for a test, "flx_test_…". */
WEIR_AVAILABLE_IN_ALL
WeirApiKey *weir_api_key_generate (const char *name,
                                   gboolean test,
                                   const char *plan,
                                   const char *const *scopes,
                                   gint64 expires,
                                   char **key,
                                   GError **error);
WEIR_AVAILABLE_IN_ALL
WeirApiKey *weir_api_key_new_from_record (WeirRecord *record, GError **error);
WEIR_AVAILABLE_IN_ALL
WeirRecord *weir_api_key_to_record (WeirApiKey *self);
/* What is kept of a key, and what it is found by: SHA-256, in hexadecimal. */
WEIR_AVAILABLE_IN_ALL
char *weir_api_key_digest (const char *key);
WEIR_AVAILABLE_IN_ALL
WeirApiKey *weir_api_key_revoke (WeirApiKey *self, gint64 when);
WEIR_AVAILABLE_IN_ALL
WeirApiKey *weir_api_key_use (WeirApiKey *self, gint64 when);
WEIR_AVAILABLE_IN_ALL
WeirApiKey *weir_api_key_ref (WeirApiKey *self);
WEIR_AVAILABLE_IN_ALL
void weir_api_key_unref (WeirApiKey *self);
WEIR_AVAILABLE_IN_ALL
const char *weir_api_key_get_id (WeirApiKey *self);
WEIR_AVAILABLE_IN_ALL
const char *weir_api_key_get_name (WeirApiKey *self);
WEIR_AVAILABLE_IN_ALL
const char *weir_api_key_get_hash (WeirApiKey *self);
/* The first characters, by which its owner knows it. */
WEIR_AVAILABLE_IN_ALL
const char *weir_api_key_get_prefix (WeirApiKey *self);
WEIR_AVAILABLE_IN_ALL
const char *weir_api_key_get_plan (WeirApiKey *self);
WEIR_AVAILABLE_IN_ALL
const char *const *weir_api_key_get_scopes (WeirApiKey *self);
WEIR_AVAILABLE_IN_ALL
gint64 weir_api_key_get_created (WeirApiKey *self);
WEIR_AVAILABLE_IN_ALL
gint64 weir_api_key_get_last_used (WeirApiKey *self);
WEIR_AVAILABLE_IN_ALL
gint64 weir_api_key_get_expires (WeirApiKey *self);
WEIR_AVAILABLE_IN_ALL
gint64 weir_api_key_get_revoked (WeirApiKey *self);
/* Neither revoked nor expired then. */
WEIR_AVAILABLE_IN_ALL
gboolean weir_api_key_is_valid (WeirApiKey *self, gint64 when);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirApiKey, weir_api_key_unref)

G_END_DECLS
