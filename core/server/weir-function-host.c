/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-server"

#include "server/weir-function-host-private.h"

#include "base/weir-error.h"
#include "base/weir-signal-private.h"
#include "server/weir-edits-private.h"
#include "server/weir-function-standbys-private.h"
#include "server/weir-function-voice-private.h"
#include "server/weir-registry-private.h"
#include "server/weir-roster-private.h"
#include "server/weir-socket-folder-private.h"
#include "worker/weir-capacity-private.h"
#include "worker/weir-subprocess-private.h"
#include "worker/weir-worker-private.h"

struct _WeirFunctionHost
{
  GObject parent_instance;

  WeirConfig *config;
  WeirRuntime *runtime;
  WeirClock *clock;
  GMainContext *control;
  WeirSocketFolder *socket_folder;
  WeirRegistry *registry;
  WeirEdits *edits; /* NULL when files are not watched */
  WeirStandbyPool *standbys;
  WeirCapacity *capacity;
  WeirSocketBudget *sockets; /* the WebSockets of all functions */
  WeirRoster *roster;
  gboolean shut_down;
};

enum
{
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
  SIGNAL_ROUTES_CHANGED,
  SIGNAL_CONFIG_CHANGED,
  SIGNAL_EMPTY,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (WeirFunctionHost, weir_function_host, G_TYPE_OBJECT)

static void G_GNUC_PRINTF (2, 3) notice (WeirFunctionHost *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_signal_emit (self, signals[SIGNAL_NOTICE], 0, text);
}

/* ---- the end ---- */

static gboolean
on_empty (gpointer user_data)
{
  g_signal_emit (user_data, signals[SIGNAL_EMPTY], 0);

  return G_SOURCE_REMOVE;
}

/* Later, and not from inside a worker's own signal: what ends here is what emits it. */
static void
tell_when_empty (WeirFunctionHost *self)
{
  g_autoptr (GSource) source = NULL;

  if (!self->shut_down || !weir_roster_is_empty (self->roster))
    return;

  source = g_idle_source_new ();
  g_source_set_static_name (source, "[weir] the last worker ended");
  g_source_set_callback (source, on_empty, g_object_ref (self), g_object_unref);
  g_source_attach (source, self->control);
}

void
weir_function_host_shut_down (WeirFunctionHost *self)
{
  weir_function_host_unwatch (self);
  self->shut_down = TRUE;
  weir_standby_pool_shut_down (self->standbys);
  weir_registry_shut_down (self->registry);
  tell_when_empty (self);
}

void
weir_function_host_kill (WeirFunctionHost *self)
{
  weir_roster_kill (self->roster);
}

void
weir_function_host_unwatch (WeirFunctionHost *self)
{
  g_clear_object (&self->edits);
}

/* ---- workers and functions ---- */

static const char *
pool_name (WeirWorkerPool *pool)
{
  return weir_function_get_name (weir_worker_pool_get_function (pool));
}

static const char *
worker_name (WeirWorker *worker)
{
  return weir_function_get_name (weir_worker_get_function (worker));
}

static void
on_worker_exited (WeirRoster *roster, WeirWorker *worker, WeirFunctionHost *self)
{
  tell_when_empty (self);
}

/* Nobody may be asking just now, but who comes next shall not have to wait. */
static void
on_worker_unhealthy (WeirRoster *roster, WeirWorker *worker, guint failures, WeirFunctionHost *self)
{
  GPtrArray *bindings = weir_registry_get_bindings (self->registry);

  g_signal_emit (self, signals[SIGNAL_WORKER_UNHEALTHY], 0, worker, failures);
  for (guint i = 0; i < bindings->len; i++)
    {
      WeirWorkerPool *pool = weir_binding_get_pool (bindings->pdata[i]);

      if (g_str_equal (pool_name (pool), worker_name (worker)))
        weir_worker_pool_demand (pool);
    }
}

static void
on_worker_added (WeirWorkerPool *pool, WeirWorker *worker, WeirFunctionHost *self)
{
  weir_roster_add (self->roster, worker);
  g_signal_emit (self, signals[SIGNAL_WORKER_ADDED], 0, worker);
}

static void
connect_roster (WeirFunctionHost *self)
{
  g_signal_connect_object (self->roster, "exited", G_CALLBACK (on_worker_exited), self, 0);
  g_signal_connect_object (self->roster, "unhealthy", G_CALLBACK (on_worker_unhealthy), self, 0);
  weir_function_voice_follow_workers (self, self->roster, self->capacity);
}

/* New files may have come in with a new revision: an import of something further away. */
static void
watch_files (WeirFunctionHost *self, WeirWorkerPool *pool)
{
  const char *const *files = weir_worker_pool_get_files (pool);

  for (guint i = 0; self->edits != NULL && files != NULL && files[i] != NULL; i++)
    weir_edits_add_file (self->edits, files[i]);
}

static void
on_pool_ready (WeirWorkerPool *pool, WeirWorker *worker, WeirFunctionHost *self)
{
  watch_files (self, pool);
}

static void
on_pool_files_changed (WeirWorkerPool *pool, WeirFunctionHost *self)
{
  watch_files (self, pool);
  weir_registry_settle (self->registry, pool);
  /* What it is made of may have a say in which standbys are of use to it. */
  weir_standby_pool_recheck (self->standbys);
}

static void
on_pool_failed (WeirWorkerPool *pool,
                const GError *error,
                WeirWorker *worker,
                WeirFunctionHost *self)
{
  g_autoptr (GError) shown = weir_censor_error (weir_registry_get_censor (self->registry), error);

  watch_files (self, pool);
  g_signal_emit (self, signals[SIGNAL_FUNCTION_FAILED], 0, pool_name (pool), shown);
}

static gboolean
is_strict (WeirFunctionHost *self)
{
  return weir_settings_get_boolean (weir_config_get_server_settings (self->config),
                                    "strict_reload");
}

static void
on_pool_stale (WeirWorkerPool *pool, const GError *error, WeirFunctionHost *self)
{
  g_autoptr (GError) shown = weir_censor_error (weir_registry_get_censor (self->registry), error);

  watch_files (self, pool);
  if (is_strict (self))
    {
      /* The next request starts the broken revision again, and gets its error. */
      weir_worker_pool_retire (pool);
      g_signal_emit (self, signals[SIGNAL_FUNCTION_FAILED], 0, pool_name (pool), shown);
      return;
    }
  g_signal_emit (self, signals[SIGNAL_FUNCTION_STALE], 0, pool_name (pool), shown);
}

static void
on_binding_added (WeirRegistry *registry, WeirBinding *binding, WeirFunctionHost *self)
{
  WeirWorkerPool *pool = weir_binding_get_pool (binding);

  weir_binding_set_socket_budget (binding, self->sockets);
  g_signal_connect_object (pool, "worker-added", G_CALLBACK (on_worker_added), self, 0);
  g_signal_connect_object (pool, "ready", G_CALLBACK (on_pool_ready), self, 0);
  g_signal_connect_object (pool, "files-changed", G_CALLBACK (on_pool_files_changed), self, 0);
  g_signal_connect_object (pool, "failed", G_CALLBACK (on_pool_failed), self, 0);
  g_signal_connect_object (pool, "stale", G_CALLBACK (on_pool_stale), self, 0);
  weir_function_voice_follow_pool (self, pool);
}

static void
on_function_reloaded (WeirRegistry *registry, const char *name, WeirFunctionHost *self)
{
  g_signal_emit (self, signals[SIGNAL_FUNCTION_RELOADED], 0, name);
}

static void
on_registry_changed (WeirRegistry *registry, WeirFunctionHost *self)
{
  g_signal_emit (self, signals[SIGNAL_ROUTES_CHANGED], 0);
}

static WeirProcess *
make_process (gpointer user_data)
{
  return WEIR_PROCESS (weir_subprocess_new ());
}

static WeirWorkerPool *
make_pool (WeirFunction *function, gpointer user_data)
{
  WeirFunctionHost *self = user_data;

  WeirWorkerPool *pool = weir_worker_pool_new (function,
                                               self->runtime,
                                               self->clock,
                                               weir_socket_folder_get_path (self->socket_folder),
                                               make_process,
                                               NULL);

  weir_worker_pool_set_standbys (pool, self->standbys);
  weir_worker_pool_set_capacity (pool, self->capacity);
  return pool;
}

/* ---- what all functions share ---- */

static guint
get_server_option (WeirFunctionHost *self, const char *name)
{
  WeirSettings *settings = weir_config_get_server_settings (self->config);

  return (guint) CLAMP (weir_settings_get_integer (settings, name), 0, G_MAXINT);
}

static void
apply_server_options (WeirFunctionHost *self)
{
  guint64 memory_mb = get_server_option (self, "worker_memory_mb");

  weir_capacity_set_limits (self->capacity,
                            get_server_option (self, "max_workers_total"),
                            memory_mb > 0 ? memory_mb * 1024 * 1024
                                          : weir_capacity_get_default_memory ());
  weir_socket_budget_set_maximum (self->sockets, get_server_option (self, "max_websockets"));
}

/* ---- edits ---- */

static void
tell_problems (WeirFunctionHost *self)
{
  const char *const *problems = weir_function_host_get_problems (self);

  for (guint i = 0; problems[i] != NULL; i++)
    notice (self, "%s", problems[i]);
}

/* Those that were there before were told before. */
static void
tell_warnings (WeirFunctionHost *self, WeirConfig *before)
{
  const char *const *warnings = weir_config_get_warnings (self->config);

  for (guint i = 0; warnings[i] != NULL; i++)
    if (!g_strv_contains (weir_config_get_warnings (before), warnings[i]))
      notice (self, "%s", warnings[i]);
}

void
weir_function_host_reload (WeirFunctionHost *self)
{
  g_autoptr (WeirConfig) before = g_object_ref (self->config);
  g_autoptr (WeirConfig) config = NULL;
  g_autoptr (GError) error = NULL;

  config = weir_config_reload (self->config, &error);
  if (config == NULL)
    {
      notice (self, "%s; the configuration before this edit stays in force", error->message);
      return;
    }
  g_set_object (&self->config, config);
  if (self->edits != NULL)
    weir_edits_set_config (self->edits, config);
  weir_function_standbys_configure (self->standbys, self->config);
  apply_server_options (self);
  g_signal_emit (self, signals[SIGNAL_CONFIG_CHANGED], 0);

  if (!weir_registry_load (self->registry, config, &error))
    notice (self, "%s; the functions before this stay in service", error->message);
  weir_standby_pool_recheck (self->standbys);
  weir_function_standbys_expect (self->standbys, weir_registry_get_functions (self->registry));
  tell_warnings (self, before);
  tell_problems (self);
}

static void
on_edited (WeirEdits *edits, gboolean anew, const char *const *paths, WeirFunctionHost *self)
{
  if (anew)
    weir_function_host_reload (self);
  weir_registry_touch (self->registry, paths);
}

void
weir_function_host_watch (WeirFunctionHost *self)
{
  if (!weir_settings_get_boolean (weir_config_get_server_settings (self->config), "reload"))
    return;

  self->edits = weir_edits_new (self->clock, self->config);
  g_signal_connect_object (self->edits, "edited", G_CALLBACK (on_edited), self, 0);
}

/* ---- what the server sees ---- */

gboolean
weir_function_host_load (WeirFunctionHost *self, GError **error)
{
  if (!weir_registry_load (self->registry, self->config, error))
    return FALSE;
  weir_function_standbys_prime (self->standbys, weir_registry_get_functions (self->registry));
  return TRUE;
}

void
weir_function_host_set_secrets (WeirFunctionHost *self, const char *const *lines)
{
  weir_registry_set_secrets (self->registry, lines);
}

void
weir_function_host_renew (WeirFunctionHost *self)
{
  g_autoptr (GError) error = NULL;

  if (!self->shut_down && !weir_registry_load (self->registry, self->config, &error))
    notice (self, "%s", error->message);
}

WeirCensor *
weir_function_host_get_censor (WeirFunctionHost *self)
{
  return weir_registry_get_censor (self->registry);
}

WeirConfig *
weir_function_host_get_config (WeirFunctionHost *self)
{
  return self->config;
}

GListModel *
weir_function_host_get_functions (WeirFunctionHost *self)
{
  return weir_registry_get_functions (self->registry);
}

WeirFunctionStats *
weir_function_host_dup_stats (WeirFunctionHost *self, const char *name)
{
  WeirBinding *binding = weir_registry_find (self->registry, name);

  return binding != NULL ? weir_binding_dup_stats (binding) : NULL;
}

GListModel *
weir_function_host_get_workers (WeirFunctionHost *self)
{
  return weir_roster_get_workers (self->roster);
}

WeirRuntime *
weir_function_host_get_runtime (WeirFunctionHost *self)
{
  return self->runtime;
}

guint
weir_function_host_get_n_standbys (WeirFunctionHost *self)
{
  return weir_standby_pool_get_n_ready (self->standbys);
}

gboolean
weir_function_host_read_usage (WeirFunctionHost *self,
                               WeirWorker *worker,
                               WeirResourceSample *sample)
{
  return weir_roster_read_usage (self->roster, worker, sample);
}

const char *const *
weir_function_host_get_problems (WeirFunctionHost *self)
{
  return weir_registry_get_problems (self->registry);
}

WeirRouter *
weir_function_host_make_router (WeirFunctionHost *self, guint index)
{
  return weir_registry_make_router (self->registry, index);
}

static void
weir_function_host_finalize (GObject *object)
{
  WeirFunctionHost *self = WEIR_FUNCTION_HOST (object);

  g_clear_object (&self->edits);
  g_clear_object (&self->registry);
  g_clear_object (&self->standbys);
  g_clear_object (&self->capacity);
  g_clear_object (&self->roster);
  weir_socket_budget_unref (self->sockets);
  g_clear_object (&self->runtime);
  g_clear_object (&self->config);
  g_clear_object (&self->clock);
  g_clear_pointer (&self->control, g_main_context_unref);
  g_clear_pointer (&self->socket_folder, weir_socket_folder_free);

  G_OBJECT_CLASS (weir_function_host_parent_class)->finalize (object);
}

static void
weir_function_host_class_init (WeirFunctionHostClass *klass)
{
  const GType type = WEIR_TYPE_FUNCTION_HOST;
  const GType text = G_TYPE_STRING;

  G_OBJECT_CLASS (klass)->finalize = weir_function_host_finalize;

  signals[SIGNAL_WORKER_ADDED] = weir_signal_new (type, "worker-added", 1, WEIR_TYPE_WORKER);
  signals[SIGNAL_WORKER_UNHEALTHY] =
      weir_signal_new (type, "worker-unhealthy", 2, WEIR_TYPE_WORKER, G_TYPE_UINT);
  signals[SIGNAL_FUNCTION_LOG] = weir_signal_new (type, "function-log", 4, text, text, text, text);
  signals[SIGNAL_FUNCTION_FAILED] =
      weir_signal_new (type, "function-failed", 2, text, G_TYPE_ERROR);
  signals[SIGNAL_FUNCTION_ERROR] =
      weir_signal_new (type, "function-error", 4, text, text, text, text);
  signals[SIGNAL_FUNCTION_RELOADED] = weir_signal_new (type, "function-reloaded", 1, text);
  signals[SIGNAL_FUNCTION_STALE] = weir_signal_new (type, "function-stale", 2, text, G_TYPE_ERROR);
  signals[SIGNAL_FUNCTION_READY] = weir_signal_new (type, "function-ready", 1, text);
  signals[SIGNAL_FUNCTION_COLD] = weir_signal_new (type, "function-cold", 1, text);
  signals[SIGNAL_NOTICE] = weir_signal_new (type, "notice", 1, text);
  signals[SIGNAL_ROUTES_CHANGED] = weir_signal_new (type, "routes-changed", 0);
  signals[SIGNAL_CONFIG_CHANGED] = weir_signal_new (type, "config-changed", 0);
  signals[SIGNAL_EMPTY] = weir_signal_new (type, "empty", 0);
}

static void
weir_function_host_init (WeirFunctionHost *self)
{
  self->sockets = weir_socket_budget_new (0);
}

WeirFunctionHost *
weir_function_host_new (WeirConfig *config,
                        WeirRuntime *runtime,
                        GPtrArray *engines,
                        WeirClock *clock,
                        const char *uri,
                        GError **error)
{
  g_autoptr (WeirFunctionHost) self = g_object_new (WEIR_TYPE_FUNCTION_HOST, NULL);

  self->config = g_object_ref (config);
  self->runtime = g_object_ref (runtime);
  self->clock = g_object_ref (clock);
  self->control = g_main_context_ref_thread_default ();
  self->capacity = weir_capacity_new (clock, NULL, NULL);
  apply_server_options (self);
  self->roster = weir_roster_new (clock);
  connect_roster (self);
  self->socket_folder = weir_socket_folder_new (NULL, error);
  if (self->socket_folder == NULL)
    return NULL;

  self->standbys = weir_standby_pool_new (self->runtime,
                                          self->clock,
                                          weir_socket_folder_get_path (self->socket_folder),
                                          make_process,
                                          NULL);
  weir_standby_pool_set_capacity (self->standbys, self->capacity);
  weir_function_standbys_configure (self->standbys, self->config);
  self->registry = weir_registry_new (engines, self->control, uri, make_pool, self);
  g_signal_connect_object (self->registry, "binding-added", G_CALLBACK (on_binding_added), self, 0);
  g_signal_connect_object (self->registry,
                           "function-reloaded",
                           G_CALLBACK (on_function_reloaded),
                           self,
                           0);
  g_signal_connect_object (self->registry, "changed", G_CALLBACK (on_registry_changed), self, 0);

  return g_steal_pointer (&self);
}
