/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include "base/weir-version.h"

G_BEGIN_DECLS

/* How often somebody may call: either at a rate with room for a burst, or so many times in a
 * window. 0: no such limit. */
typedef struct
{
  guint32 per_minute; /* together with burst, which is then at least 1 */
  guint32 burst;
  guint32 minute; /* calls in a minute, an hour, a day, each by itself */
  guint32 hour;
  guint32 day;
  /*< private >*/
  guint32 padding[7];
} WeirRateLimits;

/* The most that one of the numbers can be. */
#define WEIR_RATE_LIMITS_MAX 10000000

#define WEIR_TYPE_RATE_LIMITS (weir_rate_limits_get_type ())

WEIR_AVAILABLE_IN_ALL
GType weir_rate_limits_get_type (void) G_GNUC_CONST;
WEIR_AVAILABLE_IN_ALL
WeirRateLimits *weir_rate_limits_copy (const WeirRateLimits *self);
WEIR_AVAILABLE_IN_ALL
void weir_rate_limits_free (WeirRateLimits *self);
/* "60/min burst 120", or "100/min, 1000/hour, 5000/day" with any of the three. FALSE for
 * anything else, and *self is then all zero. C only, allocates nothing. */
WEIR_AVAILABLE_IN_ALL
gboolean weir_rate_limits_parse (WeirRateLimits *self, const char *text);
WEIR_AVAILABLE_IN_ALL
WeirRateLimits *weir_rate_limits_new_from_text (const char *text);
WEIR_AVAILABLE_IN_ALL
char *weir_rate_limits_to_text (const WeirRateLimits *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirRateLimits, weir_rate_limits_free)

G_END_DECLS
