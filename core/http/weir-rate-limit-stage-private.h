/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-rate-limiter.h"
#include "http/weir-rate-plans-private.h"
#include "http/weir-stage.h"

G_BEGIN_DECLS

/* Answers 429 to who calls a function more often than its settings allow. */
#define WEIR_TYPE_RATE_LIMIT_STAGE (weir_rate_limit_stage_get_type ())
G_DECLARE_FINAL_TYPE (WeirRateLimitStage, weir_rate_limit_stage, WEIR, RATE_LIMIT_STAGE, GObject)

/* rates: for limits with a burst, windows: for the others; either may be NULL, which is then
 * a limiter that fails. fail_open: what becomes of calls meanwhile. */
WeirRateLimitStage *
weir_rate_limit_stage_new (WeirRateLimiter *rates, WeirRateLimiter *windows, gboolean fail_open);
/* The plans that callers may be on. engine: of the pipeline that the stage is in, when that
 * runs already. Control thread. */
void weir_rate_limit_stage_set_plans (WeirRateLimitStage *self,
                                      WeirRatePlans *plans,
                                      WeirEngine *engine);
/* How long an answer may take that does not come at once; 2 seconds if not set. */
void weir_rate_limit_stage_set_timeout (WeirRateLimitStage *self, guint timeout_ms);

G_END_DECLS
