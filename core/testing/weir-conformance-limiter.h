/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include "http/weir-rate-limiter.h"
#include "testing/weir-conformance.h"

G_BEGIN_DECLS

/* Adds the cases that every limiter must pass to the GTest run of the caller, under
 * /conformance/limiter/<name>/…. Each case makes a new limiter. limits: what it is asked
 * with, at most 100 calls, as in "60/min burst 5" or "5/hour". */
WEIR_AVAILABLE_IN_ALL
void weir_conformance_add_limiter (const char *name,
                                   const char *limits,
                                   WeirConformanceFactory factory,
                                   gpointer user_data);

G_END_DECLS
