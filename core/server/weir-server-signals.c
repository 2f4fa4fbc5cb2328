/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-server"

#include "server/weir-server-private.h"
#include "http/weir-exchange-private.h"

#include "base/weir-signal-private.h"
#include "server/weir-request-record-private.h"

enum
{
  SIGNAL_REQUEST,
  SIGNAL_REQUESTS,
  SIGNAL_REQUESTS_DROPPED,
  SIGNAL_WORKER_ADDED,
  SIGNAL_WORKER_UNHEALTHY,
  SIGNAL_FUNCTION_LOG,
  SIGNAL_FUNCTION_FAILED,
  SIGNAL_FUNCTION_ERROR,
  SIGNAL_FUNCTION_RELOADED,
  SIGNAL_FUNCTION_STALE,
  SIGNAL_FUNCTION_READY,
  SIGNAL_FUNCTION_COLD,
  SIGNAL_NOTICE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* ---- requests that are over ---- */

static gboolean
is_heard (WeirServer *self, guint signal)
{
  return g_signal_has_handler_pending (self, signals[signal], 0, FALSE);
}

gboolean
weir_server_wants_records (gpointer user_data)
{
  WeirServer *self = user_data;

  return is_heard (self, SIGNAL_REQUESTS) || is_heard (self, SIGNAL_REQUEST);
}

void
weir_server_on_records (GPtrArray *records, guint64 dropped, gpointer user_data)
{
  WeirServer *self = user_data;

  if (records->len > 0)
    g_signal_emit (self, signals[SIGNAL_REQUESTS], 0, records);
  if (is_heard (self, SIGNAL_REQUEST))
    for (guint i = 0; i < records->len; i++)
      g_signal_emit (self, signals[SIGNAL_REQUEST], 0, records->pdata[i]);
  if (dropped > 0)
    g_signal_emit (self, signals[SIGNAL_REQUESTS_DROPPED], 0, dropped);
}

/* ---- what the host tells, told on ---- */

static void
on_worker_added (WeirFunctionHost *host, WeirWorker *worker, WeirServer *self)
{
  g_signal_emit (self, signals[SIGNAL_WORKER_ADDED], 0, worker);
}

static void
on_worker_unhealthy (WeirFunctionHost *host, WeirWorker *worker, guint failures, WeirServer *self)
{
  g_signal_emit (self, signals[SIGNAL_WORKER_UNHEALTHY], 0, worker, failures);
}

static void
on_function_log (WeirFunctionHost *host,
                 const char *name,
                 const char *level,
                 const char *message,
                 const char *request_id,
                 WeirServer *self)
{
  g_signal_emit (self, signals[SIGNAL_FUNCTION_LOG], 0, name, level, message, request_id);
}

static void
on_function_failed (WeirFunctionHost *host, const char *name, const GError *error, WeirServer *self)
{
  g_signal_emit (self, signals[SIGNAL_FUNCTION_FAILED], 0, name, error);
}

static void
on_function_error (WeirFunctionHost *host,
                   const char *name,
                   const char *message,
                   const char *stack,
                   const char *request_id,
                   WeirServer *self)
{
  g_signal_emit (self, signals[SIGNAL_FUNCTION_ERROR], 0, name, message, stack, request_id);
}

static void
on_function_reloaded (WeirFunctionHost *host, const char *name, WeirServer *self)
{
  g_signal_emit (self, signals[SIGNAL_FUNCTION_RELOADED], 0, name);
}

static void
on_function_stale (WeirFunctionHost *host, const char *name, const GError *error, WeirServer *self)
{
  g_signal_emit (self, signals[SIGNAL_FUNCTION_STALE], 0, name, error);
}

static void
on_function_ready (WeirFunctionHost *host, const char *name, WeirServer *self)
{
  g_signal_emit (self, signals[SIGNAL_FUNCTION_READY], 0, name);
}

static void
on_function_cold (WeirFunctionHost *host, const char *name, WeirServer *self)
{
  g_signal_emit (self, signals[SIGNAL_FUNCTION_COLD], 0, name);
}

void
weir_server_notice (WeirServer *self, const char *message)
{
  g_signal_emit (self, signals[SIGNAL_NOTICE], 0, message);
}

static void
on_notice (WeirFunctionHost *host, const char *message, WeirServer *self)
{
  weir_server_notice (self, message);
}

void
weir_server_tell_on (WeirServer *self)
{
  g_signal_connect_object (self->host, "worker-added", G_CALLBACK (on_worker_added), self, 0);
  g_signal_connect_object (self->host,
                           "worker-unhealthy",
                           G_CALLBACK (on_worker_unhealthy),
                           self,
                           0);
  g_signal_connect_object (self->host, "function-log", G_CALLBACK (on_function_log), self, 0);
  g_signal_connect_object (self->host, "function-failed", G_CALLBACK (on_function_failed), self, 0);
  g_signal_connect_object (self->host, "function-error", G_CALLBACK (on_function_error), self, 0);
  g_signal_connect_object (self->host,
                           "function-reloaded",
                           G_CALLBACK (on_function_reloaded),
                           self,
                           0);
  g_signal_connect_object (self->host, "function-stale", G_CALLBACK (on_function_stale), self, 0);
  g_signal_connect_object (self->host, "function-ready", G_CALLBACK (on_function_ready), self, 0);
  g_signal_connect_object (self->host, "function-cold", G_CALLBACK (on_function_cold), self, 0);
  g_signal_connect_object (self->host, "notice", G_CALLBACK (on_notice), self, 0);
}

/* ---- what there is to be told ---- */

void
weir_server_install_signals (void)
{
  const GType type = WEIR_TYPE_SERVER;
  const GType text = G_TYPE_STRING;

  /**
   * WeirServer::request:
   * @self: the server
   * @record: what is left of the exchange
   *
   * An exchange is over. Nothing is collected while nobody is connected; records come in
   * batches, up to 3 ms late.
   *
   * Since: 1.0
   */
  signals[SIGNAL_REQUEST] = weir_signal_new (type, "request", 1, WEIR_TYPE_REQUEST_RECORD);
  /**
   * WeirServer::requests:
   * @self: the server
   * @records: (element-type WeirRequestRecord): what is left of the exchanges
   *
   * Exchanges are over: those of a batch, in their order, for whom a signal for each,
   * [signal@Weir.Server::request], is too much.
   *
   * Since: 1.0
   */
  signals[SIGNAL_REQUESTS] = weir_signal_new (type, "requests", 1, G_TYPE_PTR_ARRAY);
  /**
   * WeirServer::requests-dropped:
   * @self: the server
   * @count: how many
   *
   * Exchanges ended faster than this thread took their records, so these have none.
   *
   * Since: 1.0
   */
  signals[SIGNAL_REQUESTS_DROPPED] = weir_signal_new (type, "requests-dropped", 1, G_TYPE_UINT64);
  /**
   * WeirServer::worker-added:
   * @self: the server
   * @worker: the worker, in state new
   *
   * A worker is about to be started.
   *
   * Since: 1.0
   */
  signals[SIGNAL_WORKER_ADDED] = weir_signal_new (type, "worker-added", 1, WEIR_TYPE_WORKER);
  /**
   * WeirServer::worker-unhealthy:
   * @self: the server
   * @worker: the worker, which is being killed
   * @failures: how many health checks in a row it did not answer
   *
   * The event loop of a worker does not turn any more; another worker takes its place.
   *
   * Since: 1.0
   */
  signals[SIGNAL_WORKER_UNHEALTHY] =
      weir_signal_new (type, "worker-unhealthy", 2, WEIR_TYPE_WORKER, G_TYPE_UINT);
  /**
   * WeirServer::function-log:
   * @self: the server
   * @function: the name of the function
   * @level: `debug`, `info`, `warn` or `error`
   * @message: the text
   * @request_id: (nullable): the request that it was said for
   *
   * A function wrote to its console.
   *
   * Since: 1.0
   */
  signals[SIGNAL_FUNCTION_LOG] = weir_signal_new (type, "function-log", 4, text, text, text, text);
  /**
   * WeirServer::function-failed:
   * @self: the server
   * @function: the name of the function
   * @error: why
   *
   * No worker could be started for a function, or its worker crashed or was killed: for a
   * limit, because it did not answer, or because it did not end in time.
   *
   * Since: 1.0
   */
  signals[SIGNAL_FUNCTION_FAILED] =
      weir_signal_new (type, "function-failed", 2, text, G_TYPE_ERROR);
  /**
   * WeirServer::function-error:
   * @self: the server
   * @function: the name of the function
   * @message: the error's text
   * @stack: (nullable): the stack
   * @request_id: (nullable): the request that met it
   *
   * A function threw; its worker lives on.
   *
   * Since: 1.0
   */
  signals[SIGNAL_FUNCTION_ERROR] =
      weir_signal_new (type, "function-error", 4, text, text, text, text);
  /**
   * WeirServer::function-reloaded:
   * @self: the server
   * @function: the name of the function
   *
   * A file or a setting changed, and a new revision takes over.
   *
   * Since: 1.0
   */
  signals[SIGNAL_FUNCTION_RELOADED] = weir_signal_new (type, "function-reloaded", 1, text);
  /**
   * WeirServer::function-stale:
   * @self: the server
   * @function: the name of the function
   * @error: why
   *
   * The newest revision cannot be started, and the one before serves on.
   *
   * Since: 1.0
   */
  signals[SIGNAL_FUNCTION_STALE] = weir_signal_new (type, "function-stale", 2, text, G_TYPE_ERROR);
  /**
   * WeirServer::function-ready:
   * @self: the server
   * @function: the name of the function
   *
   * The first worker of a function takes requests. Further ones, and those that take over
   * from it, are not told.
   *
   * Since: 1.0
   */
  signals[SIGNAL_FUNCTION_READY] = weir_signal_new (type, "function-ready", 1, text);
  /**
   * WeirServer::function-cold:
   * @self: the server
   * @function: the name of the function
   *
   * The last worker of a function that was ready has ended. The next request starts another.
   *
   * Since: 1.0
   */
  signals[SIGNAL_FUNCTION_COLD] = weir_signal_new (type, "function-cold", 1, text);
  /**
   * WeirServer::notice:
   * @self: the server
   * @message: the text
   *
   * Something that the person at the terminal should read.
   *
   * Since: 1.0
   */
  signals[SIGNAL_NOTICE] = weir_signal_new (type, "notice", 1, text);
}
