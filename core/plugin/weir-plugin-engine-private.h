/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "plugin/weir-plugin-engine.h"

G_BEGIN_DECLS

/* Whether a plugin is active, or is there and may be loaded. */
gboolean weir_plugin_engine_check_wanted (WeirPluginEngine *self, const char *id, GError **error);

G_END_DECLS
