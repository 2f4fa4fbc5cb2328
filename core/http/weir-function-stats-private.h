/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-function-stats.h"

G_BEGIN_DECLS

#define WEIR_LATENCY_BOUNDS 14

typedef struct
{
  guint64 buckets[WEIR_LATENCY_BOUNDS + 1]; /* each on its own, not added up */
  guint64 sum;                              /* µs */
} WeirHistogram;

/* One thread counts, and any thread may read: each number is right, and they may be some
 * requests apart. */
typedef struct
{
  guint64 requests;
  guint64 errors;
  guint64 received;
  guint64 sent;
  WeirHistogram latencies[WEIR_LATENCY_COLD + 1];
} WeirFunctionCounters;

static inline void
weir_counter_add (guint64 *counter, guint64 n)
{
  __atomic_store_n (counter, __atomic_load_n (counter, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}

void weir_function_counters_note (WeirFunctionCounters *self, WeirLatency latency, gint64 us);
/* All that was counted so far is nothing. */
WeirFunctionStats *weir_function_stats_new (guint restarts);
/* Before others see them. */
void weir_function_stats_add (WeirFunctionStats *self, const WeirFunctionCounters *counters);

G_END_DECLS
