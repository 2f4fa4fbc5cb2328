/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-key-authenticator.h"

static gboolean
activate (WeirPluginContext *context, GError **error)
{
  return weir_plugin_context_add_extension (context,
                                            WEIR_TYPE_AUTHENTICATOR,
                                            "key",
                                            WEIR_TYPE_KEY_AUTHENTICATOR,
                                            error);
}

WEIR_PLUGIN_DEFINE (auth_key, "auth-key", activate);
