/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <weir.h>

G_BEGIN_DECLS

#define WEIR_TYPE_TOKEN_BUCKET_LIMITER (weir_token_bucket_limiter_get_type ())
G_DECLARE_FINAL_TYPE (WeirTokenBucketLimiter,
                      weir_token_bucket_limiter,
                      WEIR,
                      TOKEN_BUCKET_LIMITER,
                      GObject)

G_END_DECLS
