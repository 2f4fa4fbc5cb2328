/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "plugin/weir-extension-registry.h"
#include "plugin/weir-plugin-context.h"

G_BEGIN_DECLS

WeirPluginContext *
weir_plugin_context_new (const char *id, const char *directory, WeirExtensionRegistry *registry);
/* Activation is over: what the plugin added stays (TRUE) or is taken back (FALSE), and
 * nothing can be added any more. */
void weir_plugin_context_close (WeirPluginContext *self, gboolean keep);

G_END_DECLS
