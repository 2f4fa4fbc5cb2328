/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-jwt-authenticator.h"

static gboolean
activate (WeirPluginContext *context, GError **error)
{
  return weir_plugin_context_add_extension (context,
                                            WEIR_TYPE_AUTHENTICATOR,
                                            "jwt",
                                            WEIR_TYPE_JWT_AUTHENTICATOR,
                                            error);
}

WEIR_PLUGIN_DEFINE (auth_jwt, "auth-jwt", activate);
