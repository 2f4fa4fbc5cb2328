/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <gio/gio.h>

G_BEGIN_DECLS

/* The options of one instance, as names and values for g_object_new_with_properties(). */
typedef struct
{
  GPtrArray *names; /* const char *, of the pspecs */
  GArray *values;   /* GValue */
} WeirExtensionOptions;

/* options: (nullable) a{sv}. whose: for messages, "adapter “soup”". culprit: (out)
 * (optional) the option that is wrong. NULL with WEIR_PLUGIN_ERROR_OPTION. */
WeirExtensionOptions *weir_extension_options_new (GObjectClass *klass,
                                                  const char *whose,
                                                  GVariant *options,
                                                  char **culprit,
                                                  GError **error);
void weir_extension_options_free (WeirExtensionOptions *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirExtensionOptions, weir_extension_options_free)

G_END_DECLS
