/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include <glib-object.h>
#include "base/weir-version.h"

G_BEGIN_DECLS

typedef enum
{
  WEIR_LATENCY_TOTAL,
  WEIR_LATENCY_QUEUE,
  WEIR_LATENCY_COLD,
} WeirLatency;

#define WEIR_TYPE_LATENCY (weir_latency_get_type ())

WEIR_AVAILABLE_IN_ALL
GType weir_latency_get_type (void) G_GNUC_CONST;

/* What became of the requests of one function since the server was started. Immutable. */
typedef struct _WeirFunctionStats WeirFunctionStats;

#define WEIR_TYPE_FUNCTION_STATS (weir_function_stats_get_type ())

WEIR_AVAILABLE_IN_ALL
GType weir_function_stats_get_type (void) G_GNUC_CONST;
WEIR_AVAILABLE_IN_ALL
WeirFunctionStats *weir_function_stats_ref (WeirFunctionStats *self);
WEIR_AVAILABLE_IN_ALL
void weir_function_stats_unref (WeirFunctionStats *self);
WEIR_AVAILABLE_IN_ALL
guint64 weir_function_stats_get_requests (WeirFunctionStats *self);
WEIR_AVAILABLE_IN_ALL
guint64 weir_function_stats_get_errors (WeirFunctionStats *self);
WEIR_AVAILABLE_IN_ALL
guint64 weir_function_stats_get_bytes_received (WeirFunctionStats *self);
WEIR_AVAILABLE_IN_ALL
guint64 weir_function_stats_get_bytes_sent (WeirFunctionStats *self);
WEIR_AVAILABLE_IN_ALL
guint weir_function_stats_get_restarts (WeirFunctionStats *self);
WEIR_AVAILABLE_IN_ALL
const guint64 *
weir_function_stats_get_buckets (WeirFunctionStats *self, WeirLatency latency, gsize *n_buckets);
WEIR_AVAILABLE_IN_ALL
guint64 weir_function_stats_get_count (WeirFunctionStats *self, WeirLatency latency);
WEIR_AVAILABLE_IN_ALL
guint64 weir_function_stats_get_sum (WeirFunctionStats *self, WeirLatency latency);
WEIR_AVAILABLE_IN_ALL
const guint *weir_function_stats_get_bounds (gsize *n_bounds);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirFunctionStats, weir_function_stats_unref)

G_END_DECLS
