/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-token-bucket-limiter.h"

static gboolean
activate (WeirPluginContext *context, GError **error)
{
  return weir_plugin_context_add_extension (context,
                                            WEIR_TYPE_RATE_LIMITER,
                                            "token-bucket",
                                            WEIR_TYPE_TOKEN_BUCKET_LIMITER,
                                            error);
}

WEIR_PLUGIN_DEFINE (limiter_token_bucket, "limiter-token-bucket", activate);
