/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-function-stats-private.h"

/**
 * WeirFunctionStats:
 *
 * What became of the requests of one function since the server was started: see
 * [method@Weir.Server.dup_function_stats].
 *
 * Since: 1.0
 */
struct _WeirFunctionStats
{
  WeirFunctionCounters counters;
  guint restarts;
};

/**
 * WeirLatency:
 * @WEIR_LATENCY_TOTAL: from the first byte of a request to the last of its answer
 * @WEIR_LATENCY_QUEUE: how long a request waited for a worker, if it did
 * @WEIR_LATENCY_COLD: how long it waited because there was no worker yet
 *
 * A time that is measured.
 *
 * Since: 1.0
 */
G_DEFINE_ENUM_TYPE (WeirLatency,
                    weir_latency,
                    G_DEFINE_ENUM_VALUE (WEIR_LATENCY_TOTAL, "total"),
                    G_DEFINE_ENUM_VALUE (WEIR_LATENCY_QUEUE, "queue"),
                    G_DEFINE_ENUM_VALUE (WEIR_LATENCY_COLD, "cold"))

G_DEFINE_BOXED_TYPE (WeirFunctionStats,
                     weir_function_stats,
                     weir_function_stats_ref,
                     weir_function_stats_unref)

static const guint bounds[WEIR_LATENCY_BOUNDS] = {
  1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 60000,
};

void
weir_function_counters_note (WeirFunctionCounters *self, WeirLatency latency, gint64 us)
{
  WeirHistogram *histogram = &self->latencies[latency];
  guint64 time = MAX (us, 0);
  guint i = 0;

  while (i < WEIR_LATENCY_BOUNDS && time > (guint64) bounds[i] * 1000)
    i++;
  weir_counter_add (&histogram->buckets[i], 1);
  weir_counter_add (&histogram->sum, time);
}

WeirFunctionStats *
weir_function_stats_new (guint restarts)
{
  WeirFunctionStats *self = g_atomic_rc_box_new0 (WeirFunctionStats);

  self->restarts = restarts;
  return self;
}

void
weir_function_stats_add (WeirFunctionStats *self, const WeirFunctionCounters *counters)
{
  const guint64 *from = (const guint64 *) counters;
  guint64 *to = (guint64 *) &self->counters;

  G_STATIC_ASSERT (sizeof (WeirFunctionCounters) % sizeof (guint64) == 0);
  for (gsize i = 0; i < sizeof *counters / sizeof *from; i++)
    to[i] += __atomic_load_n (&from[i], __ATOMIC_RELAXED);
}

/**
 * weir_function_stats_ref:
 * @self: statistics
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
WeirFunctionStats *
weir_function_stats_ref (WeirFunctionStats *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return g_atomic_rc_box_acquire (self);
}

/**
 * weir_function_stats_unref:
 * @self: (transfer full): statistics
 *
 * Since: 1.0
 */
void
weir_function_stats_unref (WeirFunctionStats *self)
{
  g_return_if_fail (self != NULL);

  g_atomic_rc_box_release (self);
}

/**
 * weir_function_stats_get_requests:
 * @self: statistics
 *
 * Returns: how many requests are over, however they ended
 *
 * Since: 1.0
 */
guint64
weir_function_stats_get_requests (WeirFunctionStats *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->counters.requests;
}

/**
 * weir_function_stats_get_errors:
 * @self: statistics
 *
 * Returns: how many of them were answered with a status of 500 or more, or broken off. A client
 *   that went away is none.
 *
 * Since: 1.0
 */
guint64
weir_function_stats_get_errors (WeirFunctionStats *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->counters.errors;
}

/**
 * weir_function_stats_get_bytes_received:
 * @self: statistics
 *
 * Returns: bytes of bodies, and of upgraded connections, that came from clients
 *
 * Since: 1.0
 */
guint64
weir_function_stats_get_bytes_received (WeirFunctionStats *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->counters.received;
}

/**
 * weir_function_stats_get_bytes_sent:
 * @self: statistics
 *
 * Returns: bytes of bodies, and of upgraded connections, that the function sent to clients
 *
 * Since: 1.0
 */
guint64
weir_function_stats_get_bytes_sent (WeirFunctionStats *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->counters.sent;
}

/**
 * weir_function_stats_get_restarts:
 * @self: statistics
 *
 * Returns: how many workers of the function crashed or went over a limit
 *
 * Since: 1.0
 */
guint
weir_function_stats_get_restarts (WeirFunctionStats *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->restarts;
}

/**
 * weir_function_stats_get_buckets:
 * @self: statistics
 * @latency: which time
 * @n_buckets: (out): how many there are, one more than
 *   [func@Weir.FunctionStats.get_bounds] gives
 *
 * Returns: (transfer none) (array length=n_buckets): for each bound, how many took so long or
 *   less, and longer than the bound before; the last is for those that took longer than all
 *
 * Since: 1.0
 */
const guint64 *
weir_function_stats_get_buckets (WeirFunctionStats *self, WeirLatency latency, gsize *n_buckets)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (latency <= WEIR_LATENCY_COLD, NULL);

  *n_buckets = WEIR_LATENCY_BOUNDS + 1;
  return self->counters.latencies[latency].buckets;
}

/**
 * weir_function_stats_get_count:
 * @self: statistics
 * @latency: which time
 *
 * Returns: how many requests it was measured for
 *
 * Since: 1.0
 */
guint64
weir_function_stats_get_count (WeirFunctionStats *self, WeirLatency latency)
{
  guint64 count = 0;

  g_return_val_if_fail (self != NULL, 0);
  g_return_val_if_fail (latency <= WEIR_LATENCY_COLD, 0);

  for (guint i = 0; i <= WEIR_LATENCY_BOUNDS; i++)
    count += self->counters.latencies[latency].buckets[i];
  return count;
}

/**
 * weir_function_stats_get_sum:
 * @self: statistics
 * @latency: which time
 *
 * Returns: all of these times together, in microseconds
 *
 * Since: 1.0
 */
guint64
weir_function_stats_get_sum (WeirFunctionStats *self, WeirLatency latency)
{
  g_return_val_if_fail (self != NULL, 0);
  g_return_val_if_fail (latency <= WEIR_LATENCY_COLD, 0);

  return self->counters.latencies[latency].sum;
}

/**
 * weir_function_stats_get_bounds:
 * @n_bounds: (out): how many there are
 *
 * Returns: (transfer none) (array length=n_bounds): the upper bounds of all buckets but the
 *   last, in milliseconds, the same for all functions and times
 *
 * Since: 1.0
 */
const guint *
weir_function_stats_get_bounds (gsize *n_bounds)
{
  *n_bounds = WEIR_LATENCY_BOUNDS;
  return bounds;
}
