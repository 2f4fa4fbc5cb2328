/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "base/weir-clock-private.h"
#include "config/weir-config.h"
#include "http/weir-function-stats.h"
#include "http/weir-router-private.h"
#include "server/weir-censor-private.h"
#include "worker/weir-resource-usage-private.h"
#include "worker/weir-runtime.h"
#include "worker/weir-worker.h"

G_BEGIN_DECLS

/* The control plane from start to stop: the functions of a folder, their workers, and the
 * watch over their files.
 *
 * Signals: those of the server about functions and workers, and
 *  "routes-changed" (): make_router() gives another one
 *  "config-changed" (): get_config() gives another one
 *  "empty" (): after shut_down, the last worker has ended */
#define WEIR_TYPE_FUNCTION_HOST (weir_function_host_get_type ())
G_DECLARE_FINAL_TYPE (WeirFunctionHost, weir_function_host, WEIR, FUNCTION_HOST, GObject)

/* engines: WeirEngine, of the data threads. uri: what functions reach this server by. */
WeirFunctionHost *weir_function_host_new (WeirConfig *config,
                                          WeirRuntime *runtime,
                                          GPtrArray *engines,
                                          WeirClock *clock,
                                          const char *uri,
                                          GError **error);
/* Reads the folder for the first time; connect to the signals before. */
gboolean weir_function_host_load (WeirFunctionHost *self, GError **error);
/* "NAME=value" lines for all functions; they are seen by the next load, reload or renew. */
void weir_function_host_set_secrets (WeirFunctionHost *self, const char *const *lines);
/* As load, once it was loaded: what differs now gets new workers. */
void weir_function_host_renew (WeirFunctionHost *self);
void weir_function_host_watch (WeirFunctionHost *self);
void weir_function_host_reload (WeirFunctionHost *self);
WeirCensor *weir_function_host_get_censor (WeirFunctionHost *self);
WeirConfig *weir_function_host_get_config (WeirFunctionHost *self);
GListModel *weir_function_host_get_functions (WeirFunctionHost *self);
const char *const *weir_function_host_get_problems (WeirFunctionHost *self);
/* index: of the engine that it is for. */
WeirRouter *weir_function_host_make_router (WeirFunctionHost *self, guint index);
/* No edit counts any more. */
void weir_function_host_unwatch (WeirFunctionHost *self);
/* Ends the workers; "empty" comes later, from the main loop, even when there is none. */
void weir_function_host_shut_down (WeirFunctionHost *self);
/* The time for that is over. */
void weir_function_host_kill (WeirFunctionHost *self);
GListModel *weir_function_host_get_workers (WeirFunctionHost *self);
WeirFunctionStats *weir_function_host_dup_stats (WeirFunctionHost *self, const char *name);
WeirRuntime *weir_function_host_get_runtime (WeirFunctionHost *self);
guint weir_function_host_get_n_standbys (WeirFunctionHost *self);
/* What a worker uses now; FALSE: it has no process. */
gboolean weir_function_host_read_usage (WeirFunctionHost *self,
                                        WeirWorker *worker,
                                        WeirResourceSample *sample);

G_END_DECLS
