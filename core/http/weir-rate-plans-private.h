/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "base/weir-rate-limits.h"
#include "base/weir-settings.h"

G_BEGIN_DECLS

/* The plans that configuration has at one time, by their names. Immutable; any thread. */
typedef struct _WeirRatePlans WeirRatePlans;

/* server: the settings of the server, with "rate_limits.NAME". */
WeirRatePlans *weir_rate_plans_new (WeirSettings *server);
WeirRatePlans *weir_rate_plans_ref (WeirRatePlans *self);
void weir_rate_plans_unref (WeirRatePlans *self);
/* NULL: there is no such plan. */
const WeirRateLimits *weir_rate_plans_find (WeirRatePlans *self, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirRatePlans, weir_rate_plans_unref)

G_END_DECLS
