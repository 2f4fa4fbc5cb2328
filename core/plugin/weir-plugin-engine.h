/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include <gio/gio.h>
#include "base/weir-version.h"
#include "plugin/weir-plugin-info.h"
#include "plugin/weir-extension-registry.h"

G_BEGIN_DECLS

/* Finds plugins by their manifests and loads those that are wanted; a GListModel of
 * WeirPluginInfo sorted by id. Knows no extension point by name. */
#define WEIR_TYPE_PLUGIN_ENGINE (weir_plugin_engine_get_type ())

WEIR_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (WeirPluginEngine, weir_plugin_engine, WEIR, PLUGIN_ENGINE, GObject)

WEIR_AVAILABLE_IN_ALL
WeirPluginEngine *weir_plugin_engine_new (void);
/* Reads <directory>/<id>.plugin and <directory>/<id>/<id>.plugin. A manifest that cannot be read
 * becomes an info in state FAILED. The first path that has an id wins. */
WEIR_AVAILABLE_IN_ALL
void weir_plugin_engine_add_search_path (WeirPluginEngine *self, const char *directory);
/* $WEIR_PLUGIN_PATH, then the installed folder. */
WEIR_AVAILABLE_IN_ALL
void weir_plugin_engine_add_default_search_paths (WeirPluginEngine *self);
/* From now on this id is not loaded, neither by itself nor for another. */
WEIR_AVAILABLE_IN_ALL
void weir_plugin_engine_disable (WeirPluginEngine *self, const char *id);
WEIR_AVAILABLE_IN_ALL
WeirPluginInfo *weir_plugin_engine_get_info (WeirPluginEngine *self, const char *id);
/* Loads a plugin after what it requires; TRUE at once when it is active. Whatever goes
 * wrong is also kept in the info, and the rest of the program goes on. */
WEIR_AVAILABLE_IN_ALL
gboolean weir_plugin_engine_load (WeirPluginEngine *self, const char *id, GError **error);
/* Loads the plugin whose manifest provides "point_name:name", e.g. "adapter", "soup". */
WEIR_AVAILABLE_IN_ALL
gboolean weir_plugin_engine_load_provider (WeirPluginEngine *self,
                                           const char *point_name,
                                           const char *name,
                                           GError **error);
WEIR_AVAILABLE_IN_ALL
WeirExtensionRegistry *weir_plugin_engine_get_registry (WeirPluginEngine *self);

G_END_DECLS
