/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-deno-runtime.h"

static gboolean
activate (WeirPluginContext *context, GError **error)
{
  return weir_plugin_context_add_extension (context,
                                            WEIR_TYPE_RUNTIME,
                                            "deno",
                                            WEIR_TYPE_DENO_RUNTIME,
                                            error);
}

WEIR_PLUGIN_DEFINE (runtime_deno, "runtime-deno", activate);
