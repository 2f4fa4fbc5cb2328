/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "plugin/weir-plugin-engine-private.h"
#include "plugin/weir-plugin-info-private.h"

G_BEGIN_DECLS

/* Puts into order what has to be loaded for info, info itself last. Reads manifests only.
 * On error, info and whatever made it impossible have failed. */
gboolean weir_plugin_plan_make (WeirPluginEngine *engine,
                                WeirPluginInfo *info,
                                GPtrArray *order,
                                GError **error);
/* Whether info can be there together with what is active. */
gboolean
weir_plugin_plan_check_conflicts (WeirPluginEngine *engine, WeirPluginInfo *info, GError **error);

/* Both put info into state FAILED, take the error over, pass it on, and return FALSE. */
gboolean weir_plugin_plan_fail (WeirPluginInfo *info, GError *problem, GError **error);
gboolean weir_plugin_plan_fail_because_of (WeirPluginInfo *info,
                                           const char *required,
                                           GError *reason,
                                           GError **error);

G_END_DECLS
