/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include "base/weir-version.h"

G_BEGIN_DECLS

/* The settings of one function (or of the server), merged: an immutable map from
 * option name to a value and to where that value came from. Thread-safe. */
typedef struct _WeirSettings WeirSettings;

#define WEIR_TYPE_SETTINGS (weir_settings_get_type ())

WEIR_AVAILABLE_IN_ALL
GType weir_settings_get_type (void) G_GNUC_CONST;
WEIR_AVAILABLE_IN_ALL
WeirSettings *weir_settings_ref (WeirSettings *self);
WEIR_AVAILABLE_IN_ALL
void weir_settings_unref (WeirSettings *self);

/* Builder side: values is GHashTable<char *, GVariant *>, origins <char *, char *>;
 * both are taken over. Origin is text for a person: "weir.toml:12", "built-in". */
WEIR_AVAILABLE_IN_ALL
WeirSettings *weir_settings_new (GHashTable *values, GHashTable *origins);

WEIR_AVAILABLE_IN_ALL
char **weir_settings_dup_names (WeirSettings *self); /* sorted */
WEIR_AVAILABLE_IN_ALL
GVariant *weir_settings_get_value (WeirSettings *self, const char *name); /* borrowed, nullable */
WEIR_AVAILABLE_IN_ALL
const char *weir_settings_get_origin (WeirSettings *self, const char *name);
WEIR_AVAILABLE_IN_ALL
const char *weir_settings_get_string (WeirSettings *self, const char *name); /* nullable */
WEIR_AVAILABLE_IN_ALL
gint64 weir_settings_get_integer (WeirSettings *self, const char *name); /* 0 if unset */
WEIR_AVAILABLE_IN_ALL
gboolean weir_settings_get_boolean (WeirSettings *self, const char *name); /* FALSE if unset */
WEIR_AVAILABLE_IN_ALL
const char *const *weir_settings_get_strv (WeirSettings *self, const char *name); /* nullable */
WEIR_AVAILABLE_IN_ALL
char **weir_settings_dup_strv (WeirSettings *self, const char *name); /* never NULL */
/* A table of strings (a{ss}) as "KEY=value" lines; never NULL. */
WEIR_AVAILABLE_IN_ALL
char **weir_settings_dup_environ (WeirSettings *self, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirSettings, weir_settings_unref)

G_END_DECLS
