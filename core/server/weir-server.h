/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include <gio/gio.h>
#include "config/weir-config.h"
#include "http/weir-authenticator.h"
#include "http/weir-function-stats.h"
#include "http/weir-stage.h"
#include "plugin/weir-plugin-engine.h"
#include "server/weir-request-record.h"
#include "store/weir-function.h"
#include "store/weir-secret-store.h"
#include "store/weir-store.h"
#include "worker/weir-worker.h"

G_BEGIN_DECLS

typedef enum
{
  WEIR_SERVER_STATE_STOPPED,
  WEIR_SERVER_STATE_STARTING,
  WEIR_SERVER_STATE_RUNNING,
  WEIR_SERVER_STATE_DRAINING,
} WeirServerState;

#define WEIR_TYPE_SERVER_STATE (weir_server_state_get_type ())

WEIR_AVAILABLE_IN_ALL
GType weir_server_state_get_type (void) G_GNUC_CONST;

/* The composition root: takes a WeirConfig and runs everything. All of its methods and
 * signals belong to the control thread, which is the one that made it; that thread must
 * run its main context (GLib.MainLoop) while the server runs.
 *
 * Properties: config, state, functions and workers (GListModel), plugins (the engine).
 * Signals:
 *  "request" (WeirRequestRecord): an exchange is over; nothing is collected while
 *     nobody is connected.
 *  "requests" (GPtrArray of WeirRequestRecord): the same, for a whole batch at once
 *  "worker-added" (WeirWorker)
 *  "function-log" (function name, level, message, request id or NULL): console output
 *  "function-failed" (function name, GError): it cannot be started
 *  "function-error" (function name, message, stack, request id or NULL): it threw
 *  "function-reloaded" (function name)
 *  "function-stale" (function name, GError): the edit is broken, the old code serves on
 *  "function-ready" (function name): its first worker serves
 *  "function-cold" (function name): after that, its last worker has exited
 *  "notice" (message): something the person at the terminal should read */
#define WEIR_TYPE_SERVER (weir_server_get_type ())

WEIR_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (WeirServer, weir_server, WEIR, SERVER, GObject)

WEIR_AVAILABLE_IN_ALL
WeirServer *weir_server_new (WeirConfig *config);
WEIR_AVAILABLE_IN_ALL
WeirConfig *weir_server_get_config (WeirServer *self);
WEIR_AVAILABLE_IN_ALL
WeirPluginEngine *weir_server_get_plugins (WeirServer *self);
/* Before start only. */
WEIR_AVAILABLE_IN_ALL
gboolean weir_server_add_stage (WeirServer *self, WeirStage *stage, GError **error);
WEIR_AVAILABLE_IN_ALL
gboolean weir_server_add_authenticator (WeirServer *self,
                                        WeirAuthenticator *authenticator,
                                        const char *name,
                                        GError **error);
/* Loads plugins, finds functions, binds. When it returns, clients are answered. */
WEIR_AVAILABLE_IN_ALL
gboolean weir_server_start (WeirServer *self, GError **error);
/* Finishes what is in flight (up to drain_timeout_ms), ends the workers. */
WEIR_AVAILABLE_IN_ALL
void weir_server_stop_async (WeirServer *self,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
WEIR_AVAILABLE_IN_ALL
gboolean weir_server_stop_finish (WeirServer *self, GAsyncResult *result, GError **error);
/* The same, running the main context until it is done: for the end of a program. */
WEIR_AVAILABLE_IN_ALL
void weir_server_stop (WeirServer *self);
WEIR_AVAILABLE_IN_ALL
WeirServerState weir_server_get_state (WeirServer *self);
/* "http://127.0.0.1:9000", one for each listener, once running. */
WEIR_AVAILABLE_IN_ALL
char **weir_server_dup_uris (WeirServer *self);
WEIR_AVAILABLE_IN_ALL
GListModel *weir_server_get_functions (WeirServer *self);
WEIR_AVAILABLE_IN_ALL
GListModel *weir_server_get_workers (WeirServer *self);
/* What became of the requests of one function, or NULL when there is no such function. */
WEIR_AVAILABLE_IN_ALL
WeirFunctionStats *weir_server_dup_function_stats (WeirServer *self, const char *name);
/* What would keep it or its functions from being started; nothing is. */
WEIR_AVAILABLE_IN_ALL
char **weir_server_check (WeirServer *self);
/* What discovery refused, "path: message" each; NULL-terminated. */
WEIR_AVAILABLE_IN_ALL
const char *const *weir_server_get_problems (WeirServer *self);
/* The runtime's own words: "deno 2.9.6 (/usr/bin/deno)", or why there is none. */
WEIR_AVAILABLE_IN_ALL
char *weir_server_dup_runtime_version (WeirServer *self, GError **error);
/* What is remembered, and where secrets rest; opened when first asked for (borrowed). */
WEIR_AVAILABLE_IN_ALL
WeirStore *weir_server_open_store (WeirServer *self, GError **error);
WEIR_AVAILABLE_IN_ALL
WeirSecretStore *weir_server_open_secret_store (WeirServer *self, GError **error);
/* Reads configuration and folders again, as a change of a file does. */
WEIR_AVAILABLE_IN_ALL
void weir_server_reload (WeirServer *self);

G_END_DECLS
