/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-rate-decision.h"

/**
 * WeirRateDecision:
 * @allowed: whether the call may be made
 * @limit: the limit that decided: its burst, or the calls of its window
 * @remaining: calls that would still be allowed now
 * @period: seconds that the limit is about: 60, 3600 or 86400
 * @reset: seconds until the whole limit is there again
 * @retry_after: seconds until a call is allowed: 0 if this one is, else at least 1
 *
 * What a limiter says about one call.
 *
 * Since: 1.0
 */
G_DEFINE_BOXED_TYPE (WeirRateDecision,
                     weir_rate_decision,
                     weir_rate_decision_copy,
                     weir_rate_decision_free)

/**
 * weir_rate_decision_new:
 * @allowed: whether the call may be made
 * @limit: the limit that decided: its burst, or the calls of its window
 * @remaining: calls that would still be allowed now
 * @period: seconds that the limit is about: 60, 3600 or 86400
 * @reset: seconds until the whole limit is there again
 * @retry_after: seconds until a call is allowed
 *
 * Returns: (transfer full): a decision
 *
 * Since: 1.0
 */
WeirRateDecision *
weir_rate_decision_new (gboolean allowed,
                        guint32 limit,
                        guint32 remaining,
                        guint32 period,
                        guint32 reset,
                        guint32 retry_after)
{
  WeirRateDecision decision = { allowed, limit, remaining, period, reset, retry_after };

  return weir_rate_decision_copy (&decision);
}

/**
 * weir_rate_decision_copy:
 * @self: a decision
 *
 * Returns: (transfer full): a copy
 *
 * Since: 1.0
 */
WeirRateDecision *
weir_rate_decision_copy (const WeirRateDecision *self)
{
  return g_memdup2 (self, sizeof *self);
}

/**
 * weir_rate_decision_free:
 * @self: (transfer full): a decision
 *
 * Since: 1.0
 */
void
weir_rate_decision_free (WeirRateDecision *self)
{
  g_free (self);
}
