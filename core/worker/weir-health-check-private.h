/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "base/weir-clock-private.h"
#include "worker/weir-worker-private.h"

G_BEGIN_DECLS

/* Asks one worker again and again whether its event loop turns. The question goes over its
 * standard input, so that it is no request and nothing can stand in line before it. */
typedef struct _WeirHealthCheck WeirHealthCheck;

/* failed: so many in a row had no answer; called once, then nothing is asked any more. */
WeirHealthCheck *
weir_health_check_new (WeirClock *clock,
                       WeirWorker *worker,
                       void (*failed) (WeirWorker *worker, guint failures, gpointer user_data),
                       gpointer user_data);
/* Safe from within failed. */
void weir_health_check_free (WeirHealthCheck *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirHealthCheck, weir_health_check_free)

G_END_DECLS
