/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "base/weir-clock-private.h"
#include "worker/weir-gate-private.h"
#include "worker/weir-process-private.h"
#include "worker/weir-runtime.h"
#include "worker/weir-worker.h"
#include "worker/weir-worker-state-private.h"

G_BEGIN_DECLS

/* Signals besides the public ones:
 *  "log" (level, message, request_id or NULL): console output, and lines of the runtime
 *  "failure" (kind, message, stack, file, line, column, source, request_id): the function
 *     threw; kind is handler, response, rejection or uncaught. line and column are uint,
 *     0 when unknown; of the strings only kind and message are never NULL. */
WeirWorker *weir_worker_new (WeirFunction *function,
                             WeirLaunch *launch,
                             WeirProcess *process,
                             WeirClock *clock);

/* Before the start. reason: why not a quicker way; may be NULL. */
void weir_worker_set_start (WeirWorker *self, WeirWorkerStartKind kind, const char *reason);
void weir_worker_start (WeirWorker *self);
/* No new leases; ends when the last one is back. */
void weir_worker_retire (WeirWorker *self);
/* SIGTERM now, whatever is in flight. */
void weir_worker_stop (WeirWorker *self);
/* Over a limit: SIGKILL. */
void weir_worker_limit (WeirWorker *self, WeirWorkerExitReason reason);

/* A pinned worker is not ended for being idle. */
void weir_worker_set_pinned (WeirWorker *self, gboolean pinned);
WeirGate *weir_worker_get_gate (WeirWorker *self);
const char *weir_worker_get_socket_path (WeirWorker *self);
/* The word of the worker that would not load, such as "not-cached", or NULL. */
const char *weir_worker_get_load_code (WeirWorker *self);
/* The text of its last stderr lines (transfer full): what a crash said. */
char *weir_worker_dup_last_words (WeirWorker *self);

G_END_DECLS
