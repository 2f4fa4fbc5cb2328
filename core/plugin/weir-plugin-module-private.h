/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "plugin/weir-plugin-manifest-private.h"
#include "plugin/weir-plugin.h"

G_BEGIN_DECLS

/* Opens the module and returns its descriptor when that is fit to be used. No function
 * of the plugin has been called by then. */
const WeirPluginDescriptor *weir_plugin_module_open (const WeirPluginManifest *manifest,
                                                     const char *module_path,
                                                     GError **error);

G_END_DECLS
