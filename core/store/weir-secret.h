/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include <gio/gio.h>
#include "base/weir-version.h"

G_BEGIN_DECLS

/* Whose secrets: those of all functions. Others are "user:ID". */
#define WEIR_SECRET_SYSTEM "system"

/* One secret, with or without its value. Immutable and thread-safe; the memory of the value
 * is overwritten at the end. Times are milliseconds since 1970. */
typedef struct _WeirSecret WeirSecret;

#define WEIR_TYPE_SECRET (weir_secret_get_type ())

WEIR_AVAILABLE_IN_ALL
GType weir_secret_get_type (void) G_GNUC_CONST;
WEIR_AVAILABLE_IN_ALL
WeirSecret *
weir_secret_new (const char *scope, const char *name, const char *value, gint64 updated);
WEIR_AVAILABLE_IN_ALL
WeirSecret *weir_secret_ref (WeirSecret *self);
WEIR_AVAILABLE_IN_ALL
void weir_secret_unref (WeirSecret *self);
WEIR_AVAILABLE_IN_ALL
const char *weir_secret_get_scope (WeirSecret *self);
WEIR_AVAILABLE_IN_ALL
const char *weir_secret_get_name (WeirSecret *self);
/* NULL in a list. Never to be logged. */
WEIR_AVAILABLE_IN_ALL
const char *weir_secret_get_value (WeirSecret *self);
WEIR_AVAILABLE_IN_ALL
gint64 weir_secret_get_updated (WeirSecret *self);

/* Whether that can be a secret's name, its scope, its value. The errors name no value. */
WEIR_AVAILABLE_IN_ALL
gboolean weir_secret_check_name (const char *name, GError **error);
WEIR_AVAILABLE_IN_ALL
gboolean weir_secret_check_scope (const char *scope, GError **error);
WEIR_AVAILABLE_IN_ALL
gboolean weir_secret_check_value (const char *name, const char *value, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirSecret, weir_secret_unref)

G_END_DECLS
