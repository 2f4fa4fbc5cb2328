/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-native-adapter.h"

static gboolean
activate (WeirPluginContext *context, GError **error)
{
  return weir_plugin_context_add_extension (context,
                                            WEIR_TYPE_ADAPTER,
                                            "native",
                                            WEIR_NATIVE_TYPE_ADAPTER,
                                            error);
}

WEIR_PLUGIN_DEFINE (adapter_native, "adapter-native", activate);
