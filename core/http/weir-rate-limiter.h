/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include <gio/gio.h>
#include "base/weir-rate-limits.h"
#include "http/weir-rate-decision.h"

G_BEGIN_DECLS

/* Counts calls by key, and says which of them are too many. */
#define WEIR_TYPE_RATE_LIMITER (weir_rate_limiter_get_type ())

WEIR_AVAILABLE_IN_ALL
G_DECLARE_INTERFACE (WeirRateLimiter, weir_rate_limiter, WEIR, RATE_LIMITER, GObject)

struct _WeirRateLimiterInterface
{
  GTypeInterface g_iface;

  /* (skip): the C fast path, on the data thread; it must not block. now: monotonic
   * microseconds. FALSE: check() decides. NULL means always FALSE. */
  gboolean (*decide) (WeirRateLimiter *self,
                      const char *key,
                      const WeirRateLimits *limits,
                      gint64 now,
                      WeirRateDecision *decision);
  /* On the control thread, now or later: g_task_return_value() with a WeirRateDecision, or an
   * error. */
  void (*check) (WeirRateLimiter *self, const char *key, const WeirRateLimits *limits, GTask *task);

  /*< private >*/
  gpointer padding[8];
};

WEIR_AVAILABLE_IN_ALL
gboolean weir_rate_limiter_decide (WeirRateLimiter *self,
                                   const char *key,
                                   const WeirRateLimits *limits,
                                   gint64 now,
                                   WeirRateDecision *decision);
WEIR_AVAILABLE_IN_ALL
void weir_rate_limiter_check_async (WeirRateLimiter *self,
                                    const char *key,
                                    const WeirRateLimits *limits,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
WEIR_AVAILABLE_IN_ALL
WeirRateDecision *
weir_rate_limiter_check_finish (WeirRateLimiter *self, GAsyncResult *result, GError **error);

G_END_DECLS
