/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-server"

#include "server/weir-server-private.h"

#include "base/weir-error.h"
#include "server/weir-authentication-private.h"
#include "server/weir-listen-private.h"

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

void
weir_server_set_state (WeirServer *self, WeirServerState state)
{
  if (self->state == state)
    return;

  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
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
  g_ptr_array_unref (self->writers);
  g_ptr_array_unref (self->rate_limits);
  g_ptr_array_unref (self->user_secrets);
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

static void
weir_server_class_init (WeirServerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = weir_server_get_property;
  object_class->set_property = weir_server_set_property;
  object_class->finalize = weir_server_finalize;

  install_properties (object_class);
  weir_server_install_signals ();
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
  self->writers = g_ptr_array_new_with_free_func ((GDestroyNotify) weir_request_writer_free);
  self->rate_limits = g_ptr_array_new_with_free_func (g_object_unref);
  self->user_secrets = g_ptr_array_new_with_free_func (g_object_unref);
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
