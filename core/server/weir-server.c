/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-server"

#include "server/weir-server.h"

#include "base/weir-clock-private.h"
#include "base/weir-error.h"
#include "http/weir-client-stage-private.h"
#include "http/weir-rate-limit-stage-private.h"
#include "server/weir-authentication-private.h"
#include "server/weir-extensions-private.h"
#include "server/weir-frontend-private.h"
#include "server/weir-function-host-private.h"
#include "server/weir-listen-private.h"
#include "server/weir-request-feed-private.h"
#include "server/weir-request-record-private.h"
#include "server/weir-secrets-private.h"
#include "server/weir-user-secrets-private.h"
#include "server/weir-stores-private.h"
#include "server/weir-status-private.h"
#include "server/weir-status-stage-private.h"

/* How often a server that stops looks whether the last exchange is over. */
#define DRAIN_CHECK_MS 10
/* How much of the time for stopping is kept for the workers, when requests take all of it. */
#define STOP_RESERVE_MS 1000

/**
 * WeirServer:
 *
 * The server as one object: it takes a [class@Weir.Config], finds the functions and serves
 * them until it is stopped.
 *
 * All methods and signals belong to the thread that made it, the control thread, which must
 * run its main context while the server runs. Requests are handled on a thread of the
 * server's own; what a program adds, a [iface@Weir.Stage] for example, is called on the
 * control thread. A server that runs holds a reference on itself until it is stopped.
 *
 * ```python
 * server = Weir.Server.new(Weir.Config.load("supabase", None))
 * server.start()
 * GLib.MainLoop().run()
 * ```
 *
 * Since: 1.0
 */
struct _WeirServer
{
  GObject parent_instance;

  WeirConfig *config;
  WeirServerState state;
  WeirPluginEngine *plugins;
  GPtrArray *stages;
  GPtrArray *authenticators; /* WeirNamedAuthenticator */
  WeirStores *stores;
  WeirRateLimitStage *rate_limits;
  gboolean extensions_loaded;
  GListStore *no_functions; /* what there is while nothing runs */
  GListStore *no_workers;

  /* From start to stop. */
  WeirClock *clock;
  GMainContext *control;
  WeirRuntime *runtime;
  GPtrArray *sockets;
  WeirFrontend *frontend;
  WeirRequestFeed *feed;
  WeirFunctionHost *host;
  WeirUserSecrets *user_secrets;
  WeirSecrets *secrets; /* NULL when there are none to be had */

  GPtrArray *stopping; /* GTask: who waits for the end */
  gint64 started;
  gint64 stop_deadline;
  gint64 stop_reserve_ms;
  guint64 stop_timer;
};

enum
{
  PROP_CONFIG = 1,
  PROP_STATE,
  PROP_FUNCTIONS,
  PROP_WORKERS,
  PROP_PLUGINS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

enum
{
  SIGNAL_REQUEST,
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

G_DEFINE_FINAL_TYPE (WeirServer, weir_server, G_TYPE_OBJECT)

/**
 * WeirServerState:
 * @WEIR_SERVER_STATE_STOPPED: it does nothing; it can be started
 * @WEIR_SERVER_STATE_STARTING: it loads plugins, finds functions and binds
 * @WEIR_SERVER_STATE_RUNNING: clients are answered
 * @WEIR_SERVER_STATE_DRAINING: it takes no more clients and finishes what is in flight
 *
 * The life of a server.
 *
 * Since: 1.0
 */

G_DEFINE_ENUM_TYPE (WeirServerState,
                    weir_server_state,
                    G_DEFINE_ENUM_VALUE (WEIR_SERVER_STATE_STOPPED, "stopped"),
                    G_DEFINE_ENUM_VALUE (WEIR_SERVER_STATE_STARTING, "starting"),
                    G_DEFINE_ENUM_VALUE (WEIR_SERVER_STATE_RUNNING, "running"),
                    G_DEFINE_ENUM_VALUE (WEIR_SERVER_STATE_DRAINING, "draining"))

static void
set_state (WeirServer *self, WeirServerState state)
{
  if (self->state == state)
    return;

  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

/* ---- requests that are over ---- */

/* Data thread. */
static void
on_exchange_finished (WeirExchange *exchange, gpointer user_data)
{
  WeirServer *self = user_data;

  if (g_signal_has_handler_pending (self, signals[SIGNAL_REQUEST], 0, FALSE))
    weir_request_feed_push (self->feed, exchange);
}

static void
on_records (GPtrArray *records, guint64 dropped, gpointer user_data)
{
  WeirServer *self = user_data;

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

static void
on_notice (WeirFunctionHost *host, const char *message, WeirServer *self)
{
  g_signal_emit (self, signals[SIGNAL_NOTICE], 0, message);
}

static void
on_routes_changed (WeirFunctionHost *host, WeirServer *self)
{
  g_autoptr (WeirRouter) router = weir_function_host_make_router (host);

  weir_frontend_set_router (self->frontend, router);
}

static void
on_config_changed (WeirFunctionHost *host, WeirServer *self)
{
  g_autoptr (WeirRatePlans) plans = NULL;

  if (!g_set_object (&self->config, weir_function_host_get_config (host)))
    return;
  plans = weir_rate_plans_new (weir_config_get_server_settings (self->config));
  weir_rate_limit_stage_set_plans (self->rate_limits,
                                   plans,
                                   weir_frontend_get_engine (self->frontend));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CONFIG]);
}

static void on_empty (WeirFunctionHost *host, WeirServer *self);

static void
connect_host (WeirServer *self)
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
  g_signal_connect_object (self->host, "routes-changed", G_CALLBACK (on_routes_changed), self, 0);
  g_signal_connect_object (self->host, "config-changed", G_CALLBACK (on_config_changed), self, 0);
  g_signal_connect_object (self->host, "empty", G_CALLBACK (on_empty), self, 0);
}

/**
 * weir_server_reload:
 * @self: a server that runs
 *
 * Reads the configuration and the functions' folder again, as the change of a file does.
 * When the configuration has an error the one before stays in force and the error is told
 * by [signal@Weir.Server::notice].
 *
 * Since: 1.0
 */
void
weir_server_reload (WeirServer *self)
{
  g_return_if_fail (WEIR_IS_SERVER (self));

  if (self->state == WEIR_SERVER_STATE_RUNNING)
    weir_function_host_reload (self->host);
}

/* ---- start ---- */

/**
 * weir_server_add_stage:
 * @self: a server that was not started yet
 * @stage: a step for the pipeline
 * @error: return location for an error
 *
 * Adds a step of the program's own to the pipeline that every request goes through.
 *
 * Returns: %TRUE, or %FALSE with [error@Weir.Error.INVALID_STATE] once the server runs
 *
 * Since: 1.0
 */
gboolean
weir_server_add_stage (WeirServer *self, WeirStage *stage, GError **error)
{
  g_return_val_if_fail (WEIR_IS_SERVER (self), FALSE);
  g_return_val_if_fail (WEIR_IS_STAGE (stage), FALSE);

  if (self->state != WEIR_SERVER_STATE_STOPPED)
    {
      g_set_error_literal (error,
                           WEIR_ERROR,
                           WEIR_ERROR_INVALID_STATE,
                           "Stages are added before the server is started");
      return FALSE;
    }
  g_ptr_array_add (self->stages, g_object_ref (stage));

  return TRUE;
}

/**
 * weir_server_add_authenticator:
 * @self: a server that was not started yet
 * @authenticator: who finds out who calls
 * @name: what to call it in messages
 * @error: return location for an error
 *
 * Adds an authenticator of the program's own; it is asked after those of the configuration.
 * With it, functions that do not say otherwise want to know who calls.
 *
 * Returns: %TRUE, or %FALSE with [error@Weir.Error.INVALID_STATE] once the server runs
 *
 * Since: 1.0
 */
gboolean
weir_server_add_authenticator (WeirServer *self,
                               WeirAuthenticator *authenticator,
                               const char *name,
                               GError **error)
{
  WeirNamedAuthenticator *named;

  g_return_val_if_fail (WEIR_IS_SERVER (self), FALSE);
  g_return_val_if_fail (WEIR_IS_AUTHENTICATOR (authenticator), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  if (self->state != WEIR_SERVER_STATE_STOPPED)
    {
      g_set_error_literal (error,
                           WEIR_ERROR,
                           WEIR_ERROR_INVALID_STATE,
                           "Authenticators are added before the server is started");
      return FALSE;
    }
  named = g_new0 (WeirNamedAuthenticator, 1);
  named->name = g_strdup (name);
  named->authenticator = g_object_ref (authenticator);
  g_ptr_array_add (self->authenticators, named);

  return TRUE;
}

static gboolean
listen_all (WeirServer *self, GError **error)
{
  WeirSettings *settings = weir_config_get_server_settings (self->config);
  g_auto (GStrv) addresses = weir_settings_dup_strv (settings, "listen");

  /* Whoever bound them said where to listen. */
  if (!weir_listen_inherit (self->sockets, error))
    return FALSE;
  if (self->sockets->len > 0)
    return TRUE;
  for (guint i = 0; addresses[i] != NULL; i++)
    {
      GSocket *listener = weir_listen (addresses[i], error);

      if (listener == NULL)
        return FALSE;
      g_ptr_array_add (self->sockets, listener);
    }
  if (self->sockets->len == 0)
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_INVALID_ARGUMENT,
                   "%s: “listen” is empty, so nobody could call the server",
                   weir_settings_get_origin (settings, "listen"));
      return FALSE;
    }

  return TRUE;
}

static gboolean
load_extensions (WeirServer *self, GError **error)
{
  if (!self->extensions_loaded)
    self->extensions_loaded = weir_extensions_load (self->plugins, self->config, error);

  return self->extensions_loaded;
}

static gboolean
load_runtime (WeirServer *self, GError **error)
{
  if (self->runtime == NULL && load_extensions (self, error))
    self->runtime = weir_extensions_make_runtime (self->plugins, self->config, error);

  return self->runtime != NULL;
}

/**
 * weir_server_dup_runtime_version:
 * @self: a server
 * @error: return location for an error
 *
 * Asks the runtime that starts the workers who it is. It blocks for as long as the program
 * takes to say its version. Before the start it loads the plugins that this needs.
 *
 * Returns: (transfer full): text for a person, `deno 2.9.6 (/usr/bin/deno)`, or %NULL with
 *   an error that says what to install
 *
 * Since: 1.0
 */
char *
weir_server_dup_runtime_version (WeirServer *self, GError **error)
{
  g_return_val_if_fail (WEIR_IS_SERVER (self), NULL);

  if (!load_runtime (self, error))
    return NULL;

  return weir_runtime_probe (self->runtime, error);
}

/**
 * weir_server_open_store:
 * @self: a server
 * @error: return location for an error
 *
 * Opens the store that is configured, if it is not open yet, running or not; it blocks until
 * the store has answered. A store that does not exist yet is no error: the first change makes it.
 *
 * Returns: (transfer none): the store, or %NULL with an error that says what to do
 *
 * Since: 1.0
 */
WeirStore *
weir_server_open_store (WeirServer *self, GError **error)
{
  g_return_val_if_fail (WEIR_IS_SERVER (self), NULL);

  return load_extensions (self, error) ? weir_stores_open (self->stores, self->config, error)
                                       : NULL;
}

/**
 * weir_server_open_secret_store:
 * @self: a server
 * @error: return location for an error
 *
 * Opens the place where secrets are kept, if it is not open yet, running or not; it blocks
 * until that has answered.
 *
 * Returns: (transfer none): the secret store, or %NULL with an error that says what to do
 *
 * Since: 1.0
 */
WeirSecretStore *
weir_server_open_secret_store (WeirServer *self, GError **error)
{
  g_return_val_if_fail (WEIR_IS_SERVER (self), NULL);

  return load_extensions (self, error)
             ? weir_stores_open_secrets (self->stores, self->config, error)
             : NULL;
}

static void
on_secrets_changed (WeirSecrets *secrets, WeirServer *self)
{
  weir_function_host_set_secrets (self->host, weir_secrets_get_lines (secrets));
  weir_function_host_renew (self->host);
}

static void
on_secrets_failed (WeirSecrets *secrets, const GError *error, WeirServer *self)
{
  g_autofree char *text = g_strdup_printf ("The secrets stay as they were: %s", error->message);

  g_signal_emit (self, signals[SIGNAL_NOTICE], 0, text);
}

/* Whoever leaves the plugins out does not want to hear that each time. */
static gboolean
is_without_plugins (WeirServer *self, const GError *error)
{
  WeirSettings *settings = weir_config_get_server_settings (self->config);

  return g_error_matches (error, WEIR_PLUGIN_ERROR, WEIR_PLUGIN_ERROR_NOT_FOUND) &&
         g_str_equal (weir_settings_get_string (settings, "secrets"), "auto");
}

/* What has no need of secrets is served without them. */
static void
start_secrets (WeirServer *self)
{
  g_autoptr (GError) error = NULL;
  WeirSecretStore *store = weir_server_open_secret_store (self, &error);

  if (store != NULL)
    self->secrets = weir_secrets_new (store, &error);
  if (self->secrets == NULL && is_without_plugins (self, error))
    return;
  if (self->secrets == NULL)
    {
      g_autofree char *text = g_strdup_printf ("Functions get no secrets: %s", error->message);

      g_signal_emit (self, signals[SIGNAL_NOTICE], 0, text);
      return;
    }

  weir_user_secrets_open (self->user_secrets,
                          weir_frontend_get_engine (self->frontend),
                          store,
                          weir_function_host_get_censor (self->host));
  weir_function_host_set_secrets (self->host, weir_secrets_get_lines (self->secrets));
  g_signal_connect_object (self->secrets, "changed", G_CALLBACK (on_secrets_changed), self, 0);
  g_signal_connect_object (self->secrets, "failed", G_CALLBACK (on_secrets_failed), self, 0);
}

static gboolean
start_host (WeirServer *self, GError **error)
{
  g_autofree char *uri = weir_listen_dup_http_uri (self->sockets->pdata[0]);

  self->host = weir_function_host_new (self->config,
                                       self->runtime,
                                       weir_frontend_get_engine (self->frontend),
                                       self->clock,
                                       uri,
                                       error);
  if (self->host == NULL)
    return FALSE;
  connect_host (self);
  start_secrets (self);

  return weir_function_host_load (self->host, error);
}

static char *
dup_status (GObject *object)
{
  WeirServer *self = WEIR_SERVER (object);
  g_auto (GStrv) uris = weir_server_dup_uris (self);
  g_autoptr (GEnumClass) states = g_type_class_ref (WEIR_TYPE_SERVER_STATE);
  WeirStatus status = {
    .state = g_enum_get_value (states, self->state)->value_nick,
    .uris = (const char *const *) uris,
    .host = self->host,
  };

  if (self->host == NULL)
    return NULL;
  status.uptime_ms = (weir_clock_now (self->clock) - self->started) / 1000;
  return weir_status_format (&status);
}

static void
add_status_stage (WeirServer *self, GPtrArray *stages)
{
  g_auto (GStrv) uris = weir_server_dup_uris (self);

  g_ptr_array_insert (
      stages,
      0,
      weir_status_stage_new ((const char *const *) uris, G_OBJECT (self), dup_status));
}

/* First of all: the other stages want to know who calls. */
static void
add_client_stage (WeirServer *self, GPtrArray *stages)
{
  WeirSettings *settings = weir_config_get_server_settings (self->config);
  g_auto (GStrv) trusted = weir_settings_dup_strv (settings, "trusted_proxies");
  gboolean by_forwarded =
      g_strcmp0 (weir_settings_get_string (settings, "proxy_headers"), "forwarded") == 0;

  g_ptr_array_insert (stages,
                      0,
                      weir_client_stage_new ((const char *const *) trusted,
                                             by_forwarded ? WEIR_PROXY_HEADERS_FORWARDED
                                                          : WEIR_PROXY_HEADERS_X_FORWARDED));
}

static gboolean
start_parts (WeirServer *self, GError **error)
{
  g_autoptr (GPtrArray) stages = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (WeirAdapter) adapter = NULL;

  if (!load_runtime (self, error))
    return FALSE;
  adapter = weir_extensions_make_adapter (self->plugins, self->config, error);
  if (adapter == NULL || !weir_authentication_append_stages (self->plugins,
                                                             self->stores,
                                                             self->config,
                                                             self->authenticators,
                                                             stages,
                                                             error))
    return FALSE;
  for (guint i = 0; i < self->stages->len; i++)
    g_ptr_array_add (stages, g_object_ref (self->stages->pdata[i]));
  self->rate_limits = weir_extensions_make_rate_limits (self->plugins, self->config, error);
  if (self->rate_limits == NULL)
    return FALSE;
  g_ptr_array_add (stages, g_object_ref (self->rate_limits));
  if (!weir_extensions_make_stages (self->plugins, self->config, stages, error) ||
      !listen_all (self, error))
    return FALSE;

  self->user_secrets = weir_user_secrets_new ();
  g_ptr_array_add (stages, g_object_ref (self->user_secrets));
  add_status_stage (self, stages);
  add_client_stage (self, stages);
  self->frontend = weir_frontend_new (self->control, stages, error);
  if (self->frontend == NULL)
    return FALSE;
  weir_pipeline_set_stage_timeout (
      weir_frontend_get_pipeline (self->frontend),
      weir_settings_get_integer (weir_config_get_server_settings (self->config),
                                 "stage_timeout_ms"));
  self->feed = weir_request_feed_new (self->control, on_records, self);
  weir_pipeline_add_observer (weir_frontend_get_pipeline (self->frontend),
                              on_exchange_finished,
                              self);

  if (!start_host (self, error))
    return FALSE;
  on_routes_changed (self->host, self);

  return weir_frontend_start (self->frontend, adapter, self->sockets, error);
}

/* Undoes start_parts(), as far as it came. */
static void
drop_parts (WeirServer *self)
{
  g_clear_pointer (&self->frontend, weir_frontend_free);
  weir_stores_recall (self->stores);
  g_clear_object (&self->rate_limits);
  if (self->feed != NULL)
    weir_request_feed_close (self->feed);
  g_clear_pointer (&self->feed, weir_request_feed_unref);
  if (self->secrets != NULL)
    g_object_run_dispose (G_OBJECT (self->secrets));
  g_clear_object (&self->secrets);
  g_clear_object (&self->user_secrets);
  g_clear_object (&self->host);
  g_clear_object (&self->runtime);
  g_ptr_array_set_size (self->sockets, 0);
  g_clear_object (&self->clock);
  g_clear_pointer (&self->control, g_main_context_unref);
}

/**
 * weir_server_start:
 * @self: a server that does not run
 * @error: return location for an error
 *
 * Loads the plugins, finds the functions and binds the addresses. When it returns, clients
 * are answered, as long as the thread-default main context of this thread runs. A function
 * that is broken is no error here: see [method@Weir.Server.get_problems] and
 * [signal@Weir.Server::function-failed].
 *
 * Returns: whether it runs; if not, the error says what to do and everything is as before
 *
 * Since: 1.0
 */
gboolean
weir_server_start (WeirServer *self, GError **error)
{
  g_return_val_if_fail (WEIR_IS_SERVER (self), FALSE);

  if (self->state != WEIR_SERVER_STATE_STOPPED)
    {
      g_set_error_literal (error,
                           WEIR_ERROR,
                           WEIR_ERROR_INVALID_STATE,
                           "The server is running already");
      return FALSE;
    }

  set_state (self, WEIR_SERVER_STATE_STARTING);
  self->control = g_main_context_ref_thread_default ();
  self->clock = weir_clock_new ();
  self->started = weir_clock_now (self->clock);
  if (!start_parts (self, error))
    {
      drop_parts (self);
      set_state (self, WEIR_SERVER_STATE_STOPPED);
      return FALSE;
    }
  weir_function_host_watch (self->host);
  g_object_ref (self); /* until it is stopped */
  set_state (self, WEIR_SERVER_STATE_RUNNING);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FUNCTIONS]);

  return TRUE;
}

/* ---- stop ---- */

static void
on_empty (WeirFunctionHost *host, WeirServer *self)
{
  g_autoptr (GPtrArray) tasks = g_steal_pointer (&self->stopping);

  self->stopping = g_ptr_array_new_with_free_func (g_object_unref);
  weir_clock_disarm (self->clock, self->stop_timer);
  self->stop_timer = 0;
  drop_parts (self);
  set_state (self, WEIR_SERVER_STATE_STOPPED);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FUNCTIONS]);
  for (guint i = 0; i < tasks->len; i++)
    g_task_return_boolean (tasks->pdata[i], TRUE);
  g_object_unref (self); /* weir_server_start()'s */
}

static void
on_stop_deadline (gpointer user_data)
{
  WeirServer *self = user_data;

  self->stop_timer = 0;
  weir_function_host_kill (self->host);
}

static gint64
get_rest_ms (WeirServer *self)
{
  return MAX (0, (self->stop_deadline - weir_clock_now (self->clock) + 999) / 1000);
}

static void
end_workers (WeirServer *self)
{
  weir_frontend_stop (self->frontend);
  self->stop_timer = weir_clock_arm (self->clock, get_rest_ms (self), on_stop_deadline, self);
  weir_function_host_shut_down (self->host);
}

static void
on_drain_check (gpointer user_data)
{
  WeirServer *self = user_data;

  if (weir_frontend_is_drained (self->frontend) || get_rest_ms (self) <= self->stop_reserve_ms)
    end_workers (self);
  else
    weir_clock_arm (self->clock, DRAIN_CHECK_MS, on_drain_check, self);
}

/**
 * weir_server_stop_async:
 * @self: a server
 * @cancellable: (nullable): not waiting any more; the server stops all the same
 * @callback: (scope async): called when it has stopped
 * @user_data: for @callback
 *
 * Accepts nothing new, finishes what is in flight for up to `shutdown_timeout_ms`, and ends
 * the workers. A server that does not run has stopped at once.
 *
 * Since: 1.0
 */
void
weir_server_stop_async (WeirServer *self,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  gint64 timeout_ms;

  g_return_if_fail (WEIR_IS_SERVER (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, weir_server_stop_async);
  if (self->state == WEIR_SERVER_STATE_STOPPED || self->state == WEIR_SERVER_STATE_STARTING)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }

  g_ptr_array_add (self->stopping, g_steal_pointer (&task));
  if (self->state == WEIR_SERVER_STATE_DRAINING)
    return;

  set_state (self, WEIR_SERVER_STATE_DRAINING);
  weir_function_host_unwatch (self->host);
  weir_frontend_drain (self->frontend);
  timeout_ms = weir_settings_get_integer (weir_config_get_server_settings (self->config),
                                          "shutdown_timeout_ms");
  self->stop_deadline = weir_clock_now (self->clock) + timeout_ms * 1000;
  self->stop_reserve_ms = MIN (STOP_RESERVE_MS, timeout_ms / 4);
  on_drain_check (self);
}

/**
 * weir_server_stop_finish:
 * @self: a server
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Returns: whether it was waited for to the end
 *
 * Since: 1.0
 */
gboolean
weir_server_stop_finish (WeirServer *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * weir_server_stop:
 * @self: a server
 *
 * As [method@Weir.Server.stop_async], running the main context until it is done: for the
 * end of a program.
 *
 * Since: 1.0
 */
void
weir_server_stop (WeirServer *self)
{
  g_autoptr (GMainContext) control = NULL;

  g_return_if_fail (WEIR_IS_SERVER (self));
  if (self->state == WEIR_SERVER_STATE_STOPPED)
    return;

  g_object_ref (self);
  control = g_main_context_ref (self->control);
  weir_server_stop_async (self, NULL, NULL, NULL);
  while (self->state != WEIR_SERVER_STATE_STOPPED)
    g_main_context_iteration (control, TRUE);
  g_object_unref (self);
}

/* ---- what others see ---- */

/**
 * weir_server_get_config:
 * @self: a server
 *
 * Returns: (transfer none): the configuration in force; a reload puts another in its place
 *
 * Since: 1.0
 */
WeirConfig *
weir_server_get_config (WeirServer *self)
{
  g_return_val_if_fail (WEIR_IS_SERVER (self), NULL);

  return self->config;
}

/**
 * weir_server_get_plugins:
 * @self: a server
 *
 * Returns: (transfer none): the plugin engine, a list of all plugins that were found
 *
 * Since: 1.0
 */
WeirPluginEngine *
weir_server_get_plugins (WeirServer *self)
{
  g_return_val_if_fail (WEIR_IS_SERVER (self), NULL);

  return self->plugins;
}

/**
 * weir_server_get_state:
 * @self: a server
 *
 * Returns: what it does now
 *
 * Since: 1.0
 */
WeirServerState
weir_server_get_state (WeirServer *self)
{
  g_return_val_if_fail (WEIR_IS_SERVER (self), WEIR_SERVER_STATE_STOPPED);

  return self->state;
}

/**
 * weir_server_dup_uris:
 * @self: a server
 *
 * Returns: (transfer full) (array zero-terminated=1): `http://127.0.0.1:9000`, one for each
 *   address it listens on; none while it does not run
 *
 * Since: 1.0
 */
char **
weir_server_dup_uris (WeirServer *self)
{
  g_autoptr (GStrvBuilder) uris = g_strv_builder_new ();

  g_return_val_if_fail (WEIR_IS_SERVER (self), NULL);

  for (guint i = 0; i < self->sockets->len; i++)
    {
      g_autofree char *uri = weir_listen_dup_uri (self->sockets->pdata[i]);

      g_strv_builder_add (uris, uri);
    }

  return g_strv_builder_end (uris);
}

/**
 * weir_server_get_functions:
 * @self: a server
 *
 * Returns: (transfer none): a list of [class@Weir.Function] in the order of their names,
 *   empty before the start; an edited one is replaced
 *
 * Since: 1.0
 */
GListModel *
weir_server_get_functions (WeirServer *self)
{
  g_return_val_if_fail (WEIR_IS_SERVER (self), NULL);

  return self->host != NULL ? weir_function_host_get_functions (self->host)
                            : G_LIST_MODEL (self->no_functions);
}

/**
 * weir_server_get_workers:
 * @self: a server
 *
 * Returns: (transfer none): a list of [class@Weir.Worker], those that are ending included
 *
 * Since: 1.0
 */
GListModel *
weir_server_get_workers (WeirServer *self)
{
  g_return_val_if_fail (WEIR_IS_SERVER (self), NULL);

  return self->host != NULL ? weir_function_host_get_workers (self->host)
                            : G_LIST_MODEL (self->no_workers);
}

/**
 * weir_server_dup_function_stats:
 * @self: a server
 * @name: the name of a function
 *
 * Returns: (transfer full) (nullable): what became of the requests of that function since the
 *   start, as of now; %NULL when there is no such function
 *
 * Since: 1.0
 */
WeirFunctionStats *
weir_server_dup_function_stats (WeirServer *self, const char *name)
{
  g_return_val_if_fail (WEIR_IS_SERVER (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  return self->host != NULL ? weir_function_host_dup_stats (self->host, name) : NULL;
}

/**
 * weir_server_get_problems:
 * @self: a server
 *
 * Returns: (transfer none) (array zero-terminated=1): what was found in the functions'
 *   folder and cannot be served, a line each that says what to do
 *
 * Since: 1.0
 */
const char *const *
weir_server_get_problems (WeirServer *self)
{
  static const char *const none[] = { NULL };

  g_return_val_if_fail (WEIR_IS_SERVER (self), NULL);

  return self->host != NULL ? weir_function_host_get_problems (self->host) : none;
}

static void
weir_server_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WeirServer *self = WEIR_SERVER (object);

  switch (id)
    {
    case PROP_CONFIG:
      g_value_set_object (value, self->config);
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_FUNCTIONS:
      g_value_set_object (value, weir_server_get_functions (self));
      break;
    case PROP_WORKERS:
      g_value_set_object (value, weir_server_get_workers (self));
      break;
    case PROP_PLUGINS:
      g_value_set_object (value, self->plugins);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
weir_server_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  WeirServer *self = WEIR_SERVER (object);

  switch (id)
    {
    case PROP_CONFIG:
      g_set_object (&self->config, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
weir_server_finalize (GObject *object)
{
  WeirServer *self = WEIR_SERVER (object);

  weir_stores_free (self->stores);
  g_clear_object (&self->config);
  g_clear_object (&self->plugins);
  g_clear_object (&self->runtime);
  g_clear_object (&self->no_workers);
  g_clear_object (&self->no_functions);
  g_ptr_array_unref (self->stages);
  g_ptr_array_unref (self->authenticators);
  g_ptr_array_unref (self->sockets);
  g_ptr_array_unref (self->stopping);

  G_OBJECT_CLASS (weir_server_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass *object_class)
{
  const GParamFlags readable = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  /**
   * WeirServer:config:
   *
   * The configuration in force.
   *
   * Since: 1.0
   */
  properties[PROP_CONFIG] =
      g_param_spec_object ("config",
                           NULL,
                           NULL,
                           WEIR_TYPE_CONFIG,
                           G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS |
                               G_PARAM_EXPLICIT_NOTIFY);
  /**
   * WeirServer:state:
   *
   * What the server does now.
   *
   * Since: 1.0
   */
  properties[PROP_STATE] = g_param_spec_enum ("state",
                                              NULL,
                                              NULL,
                                              WEIR_TYPE_SERVER_STATE,
                                              WEIR_SERVER_STATE_STOPPED,
                                              readable);
  /**
   * WeirServer:functions:
   *
   * The functions that are served, a list of [class@Weir.Function].
   *
   * Since: 1.0
   */
  properties[PROP_FUNCTIONS] =
      g_param_spec_object ("functions", NULL, NULL, G_TYPE_LIST_MODEL, readable);
  /**
   * WeirServer:workers:
   *
   * The workers that live, a list of [class@Weir.Worker].
   *
   * Since: 1.0
   */
  properties[PROP_WORKERS] =
      g_param_spec_object ("workers", NULL, NULL, G_TYPE_LIST_MODEL, readable);
  /**
   * WeirServer:plugins:
   *
   * The plugin engine.
   *
   * Since: 1.0
   */
  properties[PROP_PLUGINS] =
      g_param_spec_object ("plugins", NULL, NULL, WEIR_TYPE_PLUGIN_ENGINE, readable);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static guint
new_signal (const char *name, guint n_params, const GType *types)
{
  return g_signal_newv (name,
                        WEIR_TYPE_SERVER,
                        G_SIGNAL_RUN_LAST,
                        NULL,
                        NULL,
                        NULL,
                        NULL,
                        G_TYPE_NONE,
                        n_params,
                        (GType *) types);
}

static void
install_signals (void)
{
  const GType text = G_TYPE_STRING;

  /**
   * WeirServer::request:
   * @self: the server
   * @record: what is left of the exchange
   *
   * An exchange is over. Nothing is collected while nobody is connected; records come in
   * batches, up to 10 ms late.
   *
   * Since: 1.0
   */
  signals[SIGNAL_REQUEST] = new_signal ("request", 1, (const GType[]){ WEIR_TYPE_REQUEST_RECORD });
  /**
   * WeirServer::requests-dropped:
   * @self: the server
   * @count: how many
   *
   * Exchanges ended faster than this thread took their records, so these have none.
   *
   * Since: 1.0
   */
  signals[SIGNAL_REQUESTS_DROPPED] =
      new_signal ("requests-dropped", 1, (const GType[]){ G_TYPE_UINT64 });
  /**
   * WeirServer::worker-added:
   * @self: the server
   * @worker: the worker, in state new
   *
   * A worker is about to be started.
   *
   * Since: 1.0
   */
  signals[SIGNAL_WORKER_ADDED] =
      new_signal ("worker-added", 1, (const GType[]){ WEIR_TYPE_WORKER });
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
      new_signal ("worker-unhealthy", 2, (const GType[]){ WEIR_TYPE_WORKER, G_TYPE_UINT });
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
  signals[SIGNAL_FUNCTION_LOG] =
      new_signal ("function-log", 4, (const GType[]){ text, text, text, text });
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
      new_signal ("function-failed", 2, (const GType[]){ text, G_TYPE_ERROR });
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
      new_signal ("function-error", 4, (const GType[]){ text, text, text, text });
  /**
   * WeirServer::function-reloaded:
   * @self: the server
   * @function: the name of the function
   *
   * A file or a setting changed, and a new revision takes over.
   *
   * Since: 1.0
   */
  signals[SIGNAL_FUNCTION_RELOADED] = new_signal ("function-reloaded", 1, (const GType[]){ text });
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
  signals[SIGNAL_FUNCTION_STALE] =
      new_signal ("function-stale", 2, (const GType[]){ text, G_TYPE_ERROR });
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
  signals[SIGNAL_FUNCTION_READY] = new_signal ("function-ready", 1, (const GType[]){ text });
  /**
   * WeirServer::function-cold:
   * @self: the server
   * @function: the name of the function
   *
   * The last worker of a function that was ready has ended. The next request starts another.
   *
   * Since: 1.0
   */
  signals[SIGNAL_FUNCTION_COLD] = new_signal ("function-cold", 1, (const GType[]){ text });
  /**
   * WeirServer::notice:
   * @self: the server
   * @message: the text
   *
   * Something that the person at the terminal should read.
   *
   * Since: 1.0
   */
  signals[SIGNAL_NOTICE] = new_signal ("notice", 1, (const GType[]){ text });
}

static void
weir_server_class_init (WeirServerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = weir_server_get_property;
  object_class->set_property = weir_server_set_property;
  object_class->finalize = weir_server_finalize;

  install_properties (object_class);
  install_signals ();
}

static void
weir_server_init (WeirServer *self)
{
  self->plugins = weir_plugin_engine_new ();
  self->stores = weir_stores_new (self->plugins);
  self->stages = g_ptr_array_new_with_free_func (g_object_unref);
  self->authenticators =
      g_ptr_array_new_with_free_func ((GDestroyNotify) weir_named_authenticator_free);
  self->sockets = g_ptr_array_new_with_free_func (g_object_unref);
  self->stopping = g_ptr_array_new_with_free_func (g_object_unref);
  self->no_workers = g_list_store_new (WEIR_TYPE_WORKER);
  self->no_functions = g_list_store_new (WEIR_TYPE_FUNCTION);
}

/**
 * weir_server_new:
 * @config: what to serve, and how
 *
 * Returns: (transfer full): a server that does not run yet
 *
 * Since: 1.0
 */
WeirServer *
weir_server_new (WeirConfig *config)
{
  g_return_val_if_fail (WEIR_IS_CONFIG (config), NULL);

  return g_object_new (WEIR_TYPE_SERVER, "config", config, NULL);
}
