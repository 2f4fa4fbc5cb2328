/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-server"

#include "server/weir-server-private.h"

#include "base/weir-error.h"
#include "http/weir-client-stage-private.h"
#include "server/weir-authentication-private.h"
#include "server/weir-listen-private.h"
#include "server/weir-request-record-private.h"
#include "server/weir-status-private.h"
#include "server/weir-status-stage-private.h"

static void
on_routes_changed (WeirFunctionHost *host, WeirServer *self)
{
  for (guint i = 0; i < weir_frontend_get_n_lanes (self->frontend); i++)
    {
      g_autoptr (WeirRouter) router = weir_function_host_make_router (host, i);

      weir_lane_set_router (weir_frontend_get_lane (self->frontend, i), router);
    }
}

static void
on_config_changed (WeirFunctionHost *host, WeirServer *self)
{
  GPtrArray *engines = weir_frontend_get_engines (self->frontend);
  g_autoptr (WeirConfig) before = g_object_ref (self->config);
  g_autoptr (WeirRatePlans) plans = NULL;

  if (!g_set_object (&self->config, weir_function_host_get_config (host)))
    return;
  weir_server_tell_restart (self, before);
  plans = weir_rate_plans_new (weir_config_get_server_settings (self->config));
  for (guint i = 0; i < engines->len; i++)
    weir_rate_limit_stage_set_plans (self->rate_limits->pdata[i], plans, engines->pdata[i]);
  g_object_notify (G_OBJECT (self), "config");
}

static void
connect_host (WeirServer *self)
{
  weir_server_tell_on (self);
  g_signal_connect_object (self->host, "routes-changed", G_CALLBACK (on_routes_changed), self, 0);
  g_signal_connect_object (self->host, "config-changed", G_CALLBACK (on_config_changed), self, 0);
  g_signal_connect_object (self->host, "empty", G_CALLBACK (weir_server_on_empty), self, 0);
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
  self->sockets_inherited = self->sockets->len > 0;
  if (self->sockets_inherited)
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

  weir_server_notice (self, text);
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

      weir_server_notice (self, text);
      return;
    }

  for (guint i = 0; i < self->user_secrets->len; i++)
    weir_user_secrets_open (self->user_secrets->pdata[i],
                            weir_frontend_get_engines (self->frontend)->pdata[i],
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
                                       weir_frontend_get_engines (self->frontend),
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
    .frontend = self->frontend,
  };

  if (self->host == NULL || self->frontend == NULL)
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

static void
append (GPtrArray *stages, GPtrArray *others)
{
  for (guint i = 0; i < others->len; i++)
    g_ptr_array_add (stages, g_object_ref (others->pdata[i]));
}

/* Those that remember what only one data thread may touch are there once for each. Returns for
 * each lane an array of stages. */
static GPtrArray *
make_stages (WeirServer *self, GError **error)
{
  g_autoptr (GPtrArray) before = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) after = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) lanes = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);

  if (!weir_authentication_append_stages (self->plugins,
                                          self->stores,
                                          self->config,
                                          self->authenticators,
                                          before,
                                          error) ||
      !weir_extensions_make_rate_limits (self->plugins, self->config, self->rate_limits, error) ||
      !weir_extensions_make_stages (self->plugins, self->config, after, error) ||
      !listen_all (self, error))
    return NULL;
  append (before, self->stages);
  add_status_stage (self, before);
  add_client_stage (self, before);

  for (guint i = 0; i < self->rate_limits->len; i++)
    {
      GPtrArray *stages = g_ptr_array_new_with_free_func (g_object_unref);

      append (stages, before);
      g_ptr_array_add (stages, g_object_ref (self->rate_limits->pdata[i]));
      append (stages, after);
      g_ptr_array_add (self->user_secrets, weir_user_secrets_new ());
      g_ptr_array_add (stages, g_object_ref (self->user_secrets->pdata[i]));
      g_ptr_array_add (lanes, stages);
    }

  return g_steal_pointer (&lanes);
}

static void
prepare_lane (WeirServer *self, WeirLane *lane)
{
  WeirPipeline *pipeline = weir_lane_get_pipeline (lane);
  WeirRequestWriter *writer = weir_request_writer_new (self->feed,
                                                       weir_lane_get_engine (lane),
                                                       weir_server_wants_records,
                                                       self);

  g_ptr_array_add (self->writers, writer);
  weir_pipeline_set_stage_timeout (
      pipeline,
      weir_settings_get_integer (weir_config_get_server_settings (self->config),
                                 "stage_timeout_ms"));
  weir_pipeline_add_observer (pipeline, weir_request_writer_on_finished, writer);
}

/* A handler of one of our signals may have had enough. */
static gboolean
is_wanted (WeirServer *self, GError **error)
{
  if (self->start_cancelled)
    g_set_error_literal (error,
                         G_IO_ERROR,
                         G_IO_ERROR_CANCELLED,
                         "The server was stopped while it started");
  return !self->start_cancelled;
}

static gboolean
start_parts (WeirServer *self, GError **error)
{
  g_autoptr (GPtrArray) adapters = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) stages = NULL;

  if (!is_wanted (self, error) || !load_runtime (self, error) ||
      !weir_extensions_make_adapters (self->plugins, self->config, adapters, error))
    return FALSE;
  stages = make_stages (self, error);
  if (stages == NULL)
    return FALSE;

  self->frontend = weir_frontend_new (self->control, stages, error);
  if (self->frontend == NULL)
    return FALSE;
  self->feed = weir_request_feed_new (self->control, weir_server_on_records, self);
  for (guint i = 0; i < weir_frontend_get_n_lanes (self->frontend); i++)
    prepare_lane (self, weir_frontend_get_lane (self->frontend, i));

  if (!start_host (self, error) || !is_wanted (self, error))
    return FALSE;
  on_routes_changed (self->host, self);

  if (!weir_frontend_start (self->frontend,
                            adapters,
                            self->sockets,
                            !self->sockets_inherited,
                            error))
    return FALSE;
  if (is_wanted (self, error))
    return TRUE;
  weir_frontend_stop (self->frontend);
  return FALSE;
}

/* Undoes start_parts(), as far as it came. */
void
weir_server_drop_parts (WeirServer *self)
{
  g_clear_pointer (&self->frontend, weir_frontend_free);
  g_ptr_array_set_size (self->writers, 0);
  weir_stores_recall (self->stores);
  g_ptr_array_set_size (self->rate_limits, 0);
  if (self->feed != NULL)
    weir_request_feed_close (self->feed);
  g_clear_pointer (&self->feed, weir_request_feed_unref);
  if (self->secrets != NULL)
    g_object_run_dispose (G_OBJECT (self->secrets));
  g_clear_object (&self->secrets);
  g_ptr_array_set_size (self->user_secrets, 0);
  g_clear_object (&self->host);
  g_clear_object (&self->runtime);
  g_ptr_array_set_size (self->sockets, 0);
  g_clear_object (&self->clock);
  g_clear_object (&self->initial);
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
 * The error is %G_IO_ERROR_CANCELLED when somebody stopped the server meanwhile, from a handler
 * of one of its signals.
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

  self->control = g_main_context_ref_thread_default ();
  self->clock = weir_clock_new ();
  self->initial = g_object_ref (self->config);
  self->started = weir_clock_now (self->clock);
  self->start_cancelled = FALSE;
  weir_server_set_state (self, WEIR_SERVER_STATE_STARTING);
  if (!start_parts (self, error))
    {
      weir_server_end (self);
      return FALSE;
    }
  weir_function_host_watch (self->host);
  g_object_ref (self); /* until it is stopped */
  weir_server_set_state (self, WEIR_SERVER_STATE_RUNNING);
  g_object_notify (G_OBJECT (self), "functions");

  return TRUE;
}
