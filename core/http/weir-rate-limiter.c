/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-rate-limiter.h"

#include "base/weir-error.h"
#include "base/weir-task-private.h"

/**
 * WeirRateLimiter:
 *
 * Counts calls by key and says which of them are too many: the extension point `limiter`.
 *
 * A key names who calls, and what; the limits come with each question, since those of a key
 * may change. A limiter whose counts are in this process implements `decide`, which is asked
 * on a data thread and must not block; where there are several, one call at a time, unless it is a
 * [iface@Weir.Concurrent]. One that has to ask somebody else implements `check`,
 * which is called on the control thread with a [class@Gio.Task] and answers it now or later,
 * by [method@Gio.Task.return_value] with a [struct@Weir.RateDecision]. What happens to a call
 * while a limiter fails is the server's option `rate_limit_failure`.
 *
 * Since: 1.0
 */
G_DEFINE_INTERFACE (WeirRateLimiter, weir_rate_limiter, G_TYPE_OBJECT)

static void
weir_rate_limiter_default_init (WeirRateLimiterInterface *iface)
{
}

/**
 * WeirRateLimiterInterface:
 * @decide: (skip): the fast path in C, on a data thread; returns whether it decided. %NULL
 *   always leaves it to @check
 * @check: on the control thread, answers the task now or later
 *
 * What a limiter implements: one of the two.
 *
 * Since: 1.0
 */

/**
 * weir_rate_limiter_decide: (skip)
 * @self: a limiter
 * @key: who calls, and what
 * @limits: what that key may do
 * @now: the monotonic time, in microseconds
 * @decision: (out caller-allocates): what the limiter says
 *
 * Counts a call, if the limiter can say at once. Data thread.
 *
 * Returns: %FALSE when weir_rate_limiter_check_async() must be asked instead
 *
 * Since: 1.0
 */
gboolean
weir_rate_limiter_decide (WeirRateLimiter *self,
                          const char *key,
                          const WeirRateLimits *limits,
                          gint64 now,
                          WeirRateDecision *decision)
{
  WeirRateLimiterInterface *iface;

  g_return_val_if_fail (WEIR_IS_RATE_LIMITER (self), FALSE);
  g_return_val_if_fail (key != NULL && limits != NULL && decision != NULL, FALSE);

  iface = WEIR_RATE_LIMITER_GET_IFACE (self);
  return iface->decide != NULL && iface->decide (self, key, limits, now, decision);
}

/**
 * weir_rate_limiter_check_async:
 * @self: a limiter
 * @key: who calls, and what
 * @limits: what that key may do
 * @cancellable: (nullable): cancelled when the answer is of no use any more
 * @callback: (scope async) (nullable): called with the answer, on the thread-default context
 * @user_data: for @callback
 *
 * Counts a call. Control thread.
 *
 * Since: 1.0
 */
void
weir_rate_limiter_check_async (WeirRateLimiter *self,
                               const char *key,
                               const WeirRateLimits *limits,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  WeirRateLimiterInterface *iface;

  g_return_if_fail (WEIR_IS_RATE_LIMITER (self));
  g_return_if_fail (key != NULL && limits != NULL);

  task = weir_task_new (self, cancellable, callback, user_data, weir_rate_limiter_check_async);
  iface = WEIR_RATE_LIMITER_GET_IFACE (self);
  if (iface->check != NULL)
    iface->check (self, key, limits, task);
  else
    g_task_return_new_error (task,
                             WEIR_ERROR,
                             WEIR_ERROR_NOT_SUPPORTED,
                             "%s decides at once or not at all",
                             G_OBJECT_TYPE_NAME (self));
}

/**
 * weir_rate_limiter_check_finish:
 * @self: a limiter
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Returns: (transfer full): the decision, or %NULL when the limiter failed
 *
 * Since: 1.0
 */
WeirRateDecision *
weir_rate_limiter_check_finish (WeirRateLimiter *self, GAsyncResult *result, GError **error)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  if (!g_task_propagate_value (G_TASK (result), &value, error))
    return NULL;
  if (!G_VALUE_HOLDS (&value, WEIR_TYPE_RATE_DECISION) || g_value_get_boxed (&value) == NULL)
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_FAILED,
                   "%s answered with something that is no decision",
                   G_OBJECT_TYPE_NAME (self));
      return NULL;
    }
  return g_value_dup_boxed (&value);
}
