/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include <gio/gio.h>
#include "base/weir-version.h"

G_BEGIN_DECLS

/* Which types extend which point under which name. Owned by the plugin engine; a program
 * that embeds Weir adds its own types here, in C or through a binding. */
#define WEIR_TYPE_EXTENSION_REGISTRY (weir_extension_registry_get_type ())

WEIR_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (WeirExtensionRegistry,
                      weir_extension_registry,
                      WEIR,
                      EXTENSION_REGISTRY,
                      GObject)

WEIR_AVAILABLE_IN_ALL
WeirExtensionRegistry *weir_extension_registry_new (void);
WEIR_AVAILABLE_IN_ALL
gboolean weir_extension_registry_add (WeirExtensionRegistry *self,
                                      GType point,
                                      const char *name,
                                      GType type,
                                      GError **error);
WEIR_AVAILABLE_IN_ALL
GType weir_extension_registry_lookup (WeirExtensionRegistry *self, GType point, const char *name);
WEIR_AVAILABLE_IN_ALL
char **weir_extension_registry_dup_names (WeirExtensionRegistry *self, GType point);
/* Makes an instance; options (nullable) is an a{sv} of writable properties, names with
 * "_" or "-". An unknown option or a wrong type is WEIR_PLUGIN_ERROR_OPTION and names
 * the nearest option that exists. GInitable types are initialised. */
WEIR_AVAILABLE_IN_ALL
GObject *weir_extension_registry_create (WeirExtensionRegistry *self,
                                         GType point,
                                         const char *name,
                                         GVariant *options,
                                         GError **error);
/* Whether create() would take these options, without making anything. option: (out)
 * (optional) the name of the one it would not, as it is written in options. */
WEIR_AVAILABLE_IN_ALL
gboolean weir_extension_registry_check (WeirExtensionRegistry *self,
                                        GType point,
                                        const char *name,
                                        GVariant *options,
                                        char **option,
                                        GError **error);

G_END_DECLS
