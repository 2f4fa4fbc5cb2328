/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-keyring-secrets.h"

static gboolean
activate (WeirPluginContext *context, GError **error)
{
  return weir_plugin_context_add_extension (context,
                                            WEIR_TYPE_SECRET_STORE,
                                            "libsecret",
                                            WEIR_TYPE_KEYRING_SECRETS,
                                            error);
}

WEIR_PLUGIN_DEFINE (secrets_libsecret, "secrets-libsecret", activate);
