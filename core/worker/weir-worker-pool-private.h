/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "base/weir-clock-private.h"
#include "worker/weir-runtime.h"
#include "worker/weir-standby-pool-private.h"
#include "worker/weir-worker.h"
#include "worker/weir-process-private.h"

G_BEGIN_DECLS

/* The workers of one function, on the control thread; a GListModel of WeirWorker, the
 * ones that drain included. Those that *serve* take new leases: none, one, or up to
 * `max_workers` of the newest revision that would start. Workers that drain do not count
 * for that, so that a reload never has to wait for a slow request.
 *
 * Signals:
 *  "worker-added" (worker)
 *  "ready" (worker): its gate is open and its socket listens; it serves, besides others of
 *     its revision. Those of an older revision are "gone" right after it.
 *  "gone" (worker): one that was "ready" takes no more leases (idle, retired, crashed, limit).
 *     Once for each.
 *  "failed" (GError, WeirWorker or NULL): a demand that cannot be met; WEIR_ERROR_BOOT_FAILED,
 *     _WORKER_FAILED…. Nobody serves. The next demand tries again.
 *  "declined" (): a demand for one more is answered with no; those that serve go on. So is
 *     one by "stale".
 *  "stale" (GError): a newer revision would not start; the old one goes on serving.
 *  "crowded" (): what is demanded waits until other functions leave room for it; at each demand.
 *  "files-changed" (): get_files() gives others, after "ready"
 *  "warm" (): the first worker serves. "cold" (): after that, the last worker has exited.
 *  "progress" (text for a person, to be read after the name of the function)
 *  "log", "failure": those of its workers, with the same arguments (see
 *     weir-worker-private.h); the emitter is the pool, who knows the function. */
#define WEIR_TYPE_WORKER_POOL (weir_worker_pool_get_type ())
G_DECLARE_FINAL_TYPE (WeirWorkerPool, weir_worker_pool, WEIR, WORKER_POOL, GObject)

typedef WeirProcess *(*WeirProcessFactory) (gpointer user_data);

WeirWorkerPool *weir_worker_pool_new (WeirFunction *function,
                                      WeirRuntime *runtime,
                                      WeirClock *clock,
                                      const char *socket_directory,
                                      WeirProcessFactory factory,
                                      gpointer factory_data);
/* Where its workers come from before a process is started for them. */
void weir_worker_pool_set_standbys (WeirWorkerPool *self, WeirStandbyPool *standbys);
typedef struct _WeirCapacity WeirCapacity;
/* What it asks before it starts one, but for the first of a newer revision, which takes the
 * place of others. */
void weir_worker_pool_set_capacity (WeirWorkerPool *self, WeirCapacity *capacity);
/* The capacity's: there is room for what was asked for. */
void weir_worker_pool_grant (WeirWorkerPool *self);
/* The capacity's: it has more than its minimum. */
gboolean weir_worker_pool_can_spare (WeirWorkerPool *self);
/* Nobody serves and somebody waits, or all that serve are busy: makes sure that one more is
 * coming. Answered by "ready", "failed", "declined" or "stale". Idempotent until then. */
void weir_worker_pool_demand (WeirWorkerPool *self);
/* Nobody waits any more for what was demanded: what would begin only now does not begin. A
 * worker that boots already is let finish, for those who come back. There is no answer. */
void weir_worker_pool_withdraw (WeirWorkerPool *self);
/* What the options say is to be there before anybody asks: with `eager`, the first worker
 * and min_workers of them. Otherwise these come with the first demand. */
void weir_worker_pool_start (WeirWorkerPool *self);
/* A newer revision. With workers that serve, a new one boots first and then takes over from
 * all of them; more follow on demand. With none, the next demand starts it. */
void weir_worker_pool_set_function (WeirWorkerPool *self, WeirFunction *function);
WeirFunction *weir_worker_pool_get_function (WeirWorkerPool *self);
/* How many take leases now, and the nth of them: the oldest is the first. */
guint weir_worker_pool_get_n_serving (WeirWorkerPool *self);
WeirWorker *weir_worker_pool_get_serving (WeirWorkerPool *self, guint n);
/* How many that served crashed, or went over a limit. */
guint weir_worker_pool_get_restarts (WeirWorkerPool *self);
/* Retires those that serve; the next demand starts others. */
void weir_worker_pool_retire (WeirWorkerPool *self);
/* Absolute paths of the files the newest prepared revision is made of, or NULL. */
const char *const *weir_worker_pool_get_files (WeirWorkerPool *self);
/* A worker serves a revision whose files are not known yet. */
gboolean weir_worker_pool_is_collecting (WeirWorkerPool *self);
/* Retires (drain TRUE) or stops every worker; the list empties as they exit. No demand
 * is met any more. */
void weir_worker_pool_shut_down (WeirWorkerPool *self, gboolean drain);

G_END_DECLS
