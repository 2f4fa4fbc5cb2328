/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-file-secrets.h"

static gboolean
activate (WeirPluginContext *context, GError **error)
{
  return weir_plugin_context_add_extension (context,
                                            WEIR_TYPE_SECRET_STORE,
                                            "file",
                                            WEIR_TYPE_FILE_SECRETS,
                                            error);
}

WEIR_PLUGIN_DEFINE (secrets_file, "secrets-file", activate);
