/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include <gio/gio.h>
#include "base/weir-version.h"

G_BEGIN_DECLS

/* What a plugin sees of the host while it activates. */
#define WEIR_TYPE_PLUGIN_CONTEXT (weir_plugin_context_get_type ())

WEIR_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (WeirPluginContext, weir_plugin_context, WEIR, PLUGIN_CONTEXT, GObject)

/* point: the GType of the interface (WEIR_TYPE_ADAPTER…). name: what configuration calls
 * it ("soup" for [adapters.soup]). type implements point; its writable properties are
 * its options. */
WEIR_AVAILABLE_IN_ALL
gboolean weir_plugin_context_add_extension (WeirPluginContext *self,
                                            GType point,
                                            const char *name,
                                            GType type,
                                            GError **error);
WEIR_AVAILABLE_IN_ALL
const char *weir_plugin_context_get_id (WeirPluginContext *self);
/* Folder of the plugin's module, for data files beside it. */
WEIR_AVAILABLE_IN_ALL
const char *weir_plugin_context_get_directory (WeirPluginContext *self);

G_END_DECLS
