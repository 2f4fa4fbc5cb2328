/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include <gio/gio.h>
#include "store/weir-function.h"
#include "worker/weir-worker-state.h"

G_BEGIN_DECLS

/* One process that serves one revision of one function, and the state machine of its
 * life. Lives on the control thread. Only its pool drives it; everybody may watch:
 * properties id, function, state, pid, in-flight, exit-reason; signals
 * state-changed::<nick> (from, to) and exited. */
#define WEIR_TYPE_WORKER (weir_worker_get_type ())

WEIR_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (WeirWorker, weir_worker, WEIR, WORKER, GObject)

WEIR_AVAILABLE_IN_ALL
const char *weir_worker_get_id (WeirWorker *self);
WEIR_AVAILABLE_IN_ALL
WeirFunction *weir_worker_get_function (WeirWorker *self);
WEIR_AVAILABLE_IN_ALL
WeirWorkerState weir_worker_get_state (WeirWorker *self);
WEIR_AVAILABLE_IN_ALL
GPid weir_worker_get_pid (WeirWorker *self);
WEIR_AVAILABLE_IN_ALL
guint weir_worker_get_in_flight (WeirWorker *self);
WEIR_AVAILABLE_IN_ALL
WeirWorkerExitReason weir_worker_get_exit_reason (WeirWorker *self);
/* Why it failed to boot or ended badly, or NULL. */
WEIR_AVAILABLE_IN_ALL
const GError *weir_worker_get_error (WeirWorker *self);
/* Which way its process was started, and why not a quicker one (nullable). */
WEIR_AVAILABLE_IN_ALL
WeirWorkerStartKind weir_worker_get_start_kind (WeirWorker *self);
WEIR_AVAILABLE_IN_ALL
const char *weir_worker_get_start_reason (WeirWorker *self);

G_END_DECLS
