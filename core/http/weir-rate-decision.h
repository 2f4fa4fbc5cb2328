/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include "base/weir-version.h"

G_BEGIN_DECLS

/* What a limiter says about one call. Times are seconds from now on, rounded up. */
typedef struct
{
  gboolean allowed;
  guint32 limit;       /* of the limit that decided: the burst, or the calls of the window */
  guint32 remaining;   /* calls that would still be allowed now */
  guint32 period;      /* of that limit: 60, 3600 or 86400 */
  guint32 reset;       /* until all of it is there again */
  guint32 retry_after; /* until one call is allowed; 0 if this one is, else at least 1 */
  /*< private >*/
  guint32 padding[6];
} WeirRateDecision;

#define WEIR_TYPE_RATE_DECISION (weir_rate_decision_get_type ())

WEIR_AVAILABLE_IN_ALL
GType weir_rate_decision_get_type (void) G_GNUC_CONST;
WEIR_AVAILABLE_IN_ALL
WeirRateDecision *weir_rate_decision_new (gboolean allowed,
                                          guint32 limit,
                                          guint32 remaining,
                                          guint32 period,
                                          guint32 reset,
                                          guint32 retry_after);
WEIR_AVAILABLE_IN_ALL
WeirRateDecision *weir_rate_decision_copy (const WeirRateDecision *self);
WEIR_AVAILABLE_IN_ALL
void weir_rate_decision_free (WeirRateDecision *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirRateDecision, weir_rate_decision_free)

G_END_DECLS
