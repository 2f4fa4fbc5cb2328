/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-soup-adapter.h"

static gboolean
activate (WeirPluginContext *context, GError **error)
{
  return weir_plugin_context_add_extension (context,
                                            WEIR_TYPE_ADAPTER,
                                            "soup",
                                            WEIR_SOUP_TYPE_ADAPTER,
                                            error);
}

WEIR_PLUGIN_DEFINE (adapter_soup, "adapter-soup", activate);
