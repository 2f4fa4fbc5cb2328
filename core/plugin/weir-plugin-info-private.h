/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "plugin/weir-plugin-info.h"
#include "plugin/weir-plugin-manifest-private.h"

G_BEGIN_DECLS

WeirPluginInfo *weir_plugin_info_new (WeirPluginManifest *manifest); /* takes it over */
const WeirPluginManifest *weir_plugin_info_get_manifest (WeirPluginInfo *self);
const char *weir_plugin_info_get_module_path (WeirPluginInfo *self); /* NULL: unreadable */

void weir_plugin_info_set_loading (WeirPluginInfo *self);
void weir_plugin_info_set_active (WeirPluginInfo *self);
void weir_plugin_info_set_failed (WeirPluginInfo *self, const GError *error);

G_END_DECLS
