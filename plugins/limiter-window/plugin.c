/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-window-limiter.h"

static gboolean
activate (WeirPluginContext *context, GError **error)
{
  return weir_plugin_context_add_extension (context,
                                            WEIR_TYPE_RATE_LIMITER,
                                            "window",
                                            WEIR_TYPE_WINDOW_LIMITER,
                                            error);
}

WEIR_PLUGIN_DEFINE (limiter_window, "limiter-window", activate);
