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
 * ones that drain included. At most one of them takes new leases.
 *
 * Signals:
 *  "worker-added" (worker)
 *  "ready" (worker): its gate is open and its socket listens; the one that was current
 *     before is already retiring.
 *  "gone" (worker): the current worker takes no more leases (retired, crashed, limit).
 *  "failed" (GError, WeirWorker or NULL): a demand that cannot be met; WEIR_ERROR_BOOT_FAILED,
 *     _WORKER_FAILED…. Nobody is current. The next demand tries again.
 *  "stale" (GError): a newer revision would not start; the old one goes on serving.
 *  "files-changed" (): get_files() gives others, after "ready"
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
/* Somebody waits: makes sure that a worker is there or coming. Idempotent. */
void weir_worker_pool_demand (WeirWorkerPool *self);
/* A newer revision. With a live worker, a new one boots first and then takes over; with
 * none, the next demand starts it. */
void weir_worker_pool_set_function (WeirWorkerPool *self, WeirFunction *function);
WeirFunction *weir_worker_pool_get_function (WeirWorkerPool *self);
/* The worker that takes leases now, or NULL. */
WeirWorker *weir_worker_pool_get_current (WeirWorkerPool *self);
/* Absolute paths of the files the newest prepared revision is made of, or NULL. */
const char *const *weir_worker_pool_get_files (WeirWorkerPool *self);
/* Retires (drain TRUE) or stops every worker; the list empties as they exit. No demand
 * is met any more. */
void weir_worker_pool_shut_down (WeirWorkerPool *self, gboolean drain);

G_END_DECLS
