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
 *     0 when unknown; of the strings only kind and message are never NULL.
 *  "pong" (int64 id): the answer to weir_worker_ping() */
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
/* Near a limit: as retire, but if it has not drained when its deadline comes it is over the
 * limit, and killed. */
void weir_worker_retire_for (WeirWorker *self, WeirWorkerExitReason reason);
/* Over a limit: SIGKILL. */
void weir_worker_limit (WeirWorker *self, WeirWorkerExitReason reason);
/* SIGKILL, in any state. error: (transfer full): what those in flight are told; a limit's is
 * final, after any other they may be tried on another worker. */
void weir_worker_kill (WeirWorker *self, WeirWorkerExitReason reason, GError *error);
/* Tells the function that its worker may end soon: "cpu", "memory", "wall_clock". */
void weir_worker_warn (WeirWorker *self, const char *reason);
void weir_worker_ping (WeirWorker *self, gint64 id);
/* It uses so much memory that this may be what it dies of, should it die. */
void weir_worker_set_pressed (WeirWorker *self, gboolean pressed);
/* Tells the public signal "unhealthy". */
void weir_worker_tell_unhealthy (WeirWorker *self, guint failures);
/* The option of its function, a number or a boolean; fallback when the function was made
 * without settings. */
gint64 weir_worker_get_option (WeirWorker *self, const char *name, gint64 fallback);
guint weir_worker_get_tasks (WeirWorker *self);
/* Microseconds of its clock since it was started; 0 before. */
gint64 weir_worker_get_age (WeirWorker *self);

/* A pinned worker is not ended for being idle. */
void weir_worker_set_pinned (WeirWorker *self, gboolean pinned);
WeirGate *weir_worker_get_gate (WeirWorker *self);
const char *weir_worker_get_socket_path (WeirWorker *self);
/* The word of the worker that would not load, such as "not-cached", or NULL. */
const char *weir_worker_get_load_code (WeirWorker *self);
/* How its function was written: "serve", "handler"; NULL before it is ready. */
const char *weir_worker_get_form (WeirWorker *self);
/* Before it is ready, requests can be sent to it: it holds them until then. */
gboolean weir_worker_listens (WeirWorker *self);
/* The text of its last stderr lines (transfer full): what a crash said. */
char *weir_worker_dup_last_words (WeirWorker *self);

G_END_DECLS
