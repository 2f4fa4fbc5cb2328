/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-runtime-deno"

#include "weir-deno-runtime.h"
#include "weir-deno-bundle.h"
#include "weir-deno-fetch.h"
#include "weir-deno-folder.h"
#include "weir-deno-folders.h"
#include "weir-deno-launch.h"
#include "weir-deno-packages.h"
#include "weir-deno-prepare.h"
#include "weir-deno-probe.h"

/* Looking at modules is the processor's work, fetching them is the network's: two at a time
 * keep either busy without starving the functions that are already served. */
#define MAX_PREPARING 2

/**
 * WeirDenoRuntime:
 *
 * Runs functions in Deno.
 *
 * Its properties are the options of `[runtimes.deno]`. It lives on the control thread, and
 * owns the temporary folders of the workers that it starts.
 */
struct _WeirDenoRuntime
{
  GObject parent_instance;

  char *executable;
  char *cache;

  char *found;     /* the executable, once looked for */
  char *bootstrap; /* folder */
  char *temporary; /* folder of the workers' folders, made with the first worker */
  guint n_launched;

  WeirDenoFolders *folders; /* of the functions folder that was asked for last */
  WeirDenoPackages *packages;
  GHashTable *fetched; /* sets of packages of which workers find every version */

  GQueue waiting; /* GTask, prepare() that has not begun */
  guint n_preparing;
};

typedef enum
{
  PROP_EXECUTABLE = 1,
  PROP_CACHE,
} Property;

static GParamSpec *properties[PROP_CACHE + 1];

static void weir_deno_runtime_iface_init (WeirRuntimeInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirDenoRuntime,
                               weir_deno_runtime,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_RUNTIME,
                                                      weir_deno_runtime_iface_init))

/* clang-format off */
static G_DEFINE_QUARK (weir-deno-plan, plan)
/* clang-format on */

static const char *
get_executable (WeirDenoRuntime *self, GError **error)
{
  if (self->found == NULL)
    self->found = weir_deno_find_executable (self->executable, error);
  return self->found;
}

static char *
dup_deno_dir (WeirDenoRuntime *self)
{
  if (self->cache != NULL && *self->cache != '\0')
    return g_canonicalize_filename (self->cache, NULL);
  return weir_deno_get_default_cache ();
}

/* A plan is made once a revision: an edit makes another WeirFunction. */
static WeirDenoPlan *
ensure_plan (WeirDenoRuntime *self, WeirFunction *function, GError **error)
{
  WeirDenoPlan *plan = g_object_get_qdata (G_OBJECT (function), plan_quark ());

  if (plan != NULL)
    return plan;
  plan = weir_deno_plan_new (function, self->bootstrap, error);
  if (plan != NULL)
    g_object_set_qdata_full (G_OBJECT (function),
                             plan_quark (),
                             plan,
                             (GDestroyNotify) weir_deno_plan_free);
  return plan;
}

static char *
weir_deno_runtime_probe (WeirRuntime *runtime, GError **error)
{
  WeirDenoRuntime *self = WEIR_DENO_RUNTIME (runtime);

  /* Somebody may have installed it since. */
  g_clear_pointer (&self->found, g_free);
  return get_executable (self, error) != NULL ? weir_deno_probe (self->found, error) : NULL;
}

static char **
list_files (const WeirDenoPlan *plan)
{
  GPtrArray *files = g_ptr_array_new ();

  for (guint i = 0; plan->files[i] != NULL; i++)
    g_ptr_array_add (files, g_strdup (plan->files[i]));
  for (guint i = 0; plan->inputs[i] != NULL; i++)
    g_ptr_array_add (files, g_strdup (plan->inputs[i]));
  g_ptr_array_add (files, NULL);
  return (char **) g_ptr_array_free (files, FALSE);
}

static void
on_bundled (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  WeirFunction *function = g_task_get_task_data (task);
  WeirDenoPlan *plan = g_object_get_qdata (G_OBJECT (function), plan_quark ());
  GError *error = NULL;
  char *path = g_task_propagate_pointer (G_TASK (result), &error);

  if (path == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  g_free (plan->bundle);
  plan->bundle = path;
  g_clear_pointer (&plan->standby_key, g_free);
  g_task_return_pointer (task, list_files (plan), (GDestroyNotify) g_strfreev);
}

/* Takes over the reference to task. */
static void
bundle (WeirDenoRuntime *self, GTask *task, const WeirDenoPlan *plan)
{
  WeirFunction *function = g_task_get_task_data (task);
  g_autofree char *deno_dir = dup_deno_dir (self);
  g_autoptr (GTask) inner = g_task_new (self, g_task_get_cancellable (task), on_bundled, task);

  g_task_set_source_tag (inner, bundle);
  weir_deno_bundle (self->found,
                    deno_dir,
                    weir_deno_get_own_path (function),
                    function,
                    plan,
                    inner);
}

static void start_waiting (WeirDenoRuntime *self);

/* In a bundle they are found already. */
static void
note_packages (WeirDenoRuntime *self, WeirFunction *function, const WeirDenoInfo *info)
{
  const WeirDenoPlan *plan = g_object_get_qdata (G_OBJECT (function), plan_quark ());

  weir_deno_packages_note (self->packages,
                           weir_deno_get_own_path (function),
                           weir_deno_bundle_is_wanted (function, plan) ? NULL : info);
}

/* Takes over the reference to task. */
static void
finish_preparing (WeirDenoRuntime *self, GTask *task)
{
  WeirDenoPlan *plan = ensure_plan (self, g_task_get_task_data (task), NULL);

  self->n_preparing--;
  if (weir_deno_bundle_is_wanted (g_task_get_task_data (task), plan))
    {
      bundle (self, task, plan);
    }
  else
    {
      g_task_return_pointer (task, list_files (plan), (GDestroyNotify) g_strfreev);
      g_object_unref (task);
    }
  start_waiting (self);
}

static void
on_fetched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  WeirDenoRuntime *self = WEIR_DENO_RUNTIME (source);
  GTask *inner = G_TASK (result);
  g_autoptr (GError) error = NULL;

  /* A worker that misses one says so itself. */
  if (g_task_propagate_boolean (inner, &error))
    g_hash_table_add (self->fetched, g_strdup (g_task_get_task_data (inner)));
  else
    g_debug ("Not all packages could be fetched: %s", error->message);
  finish_preparing (self, user_data);
}

/* What is in a bundle has the versions that were looked at. */
static gboolean
needs_fetching (WeirDenoRuntime *self,
                WeirFunction *function,
                const WeirDenoInfo *info,
                const char *packages)
{
  const WeirDenoPlan *plan = g_object_get_qdata (G_OBJECT (function), plan_quark ());

  return info->shares && !weir_deno_bundle_is_wanted (function, plan) &&
         !g_hash_table_contains (self->fetched, packages);
}

/* Takes over the reference to task. */
static void
start_fetching (WeirDenoRuntime *self, GTask *task, const char *packages)
{
  WeirFunction *function = g_task_get_task_data (task);
  g_autofree char *deno_dir = dup_deno_dir (self);
  g_autoptr (GTask) inner = g_task_new (self, g_task_get_cancellable (task), on_fetched, task);

  g_task_set_source_tag (inner, start_fetching);
  g_task_set_task_data (inner, g_strdup (packages), g_free);
  weir_deno_fetch (self->found, deno_dir, function, ensure_plan (self, function, NULL), inner);
}

static void
on_prepared (GObject *source, GAsyncResult *result, gpointer user_data)
{
  WeirDenoRuntime *self = WEIR_DENO_RUNTIME (source);
  g_autoptr (GTask) task = user_data;
  g_autoptr (WeirDenoInfo) info = NULL;
  g_autofree char *packages = NULL;
  WeirFunction *function = g_task_get_task_data (task);
  GError *error = NULL;
  WeirDenoPlan *plan;

  info = g_task_propagate_pointer (G_TASK (result), &error);
  if (info == NULL)
    {
      self->n_preparing--;
      g_task_return_error (task, error);
      start_waiting (self);
      return;
    }
  plan = ensure_plan (self, function, NULL);
  g_strfreev (plan->files);
  plan->files = g_steal_pointer (&info->files);
  plan->uses_node = plan->uses_node && info->uses_node;
  note_packages (self, function, info);
  packages = weir_deno_info_dup_packages (info);
  if (needs_fetching (self, function, info, packages))
    start_fetching (self, g_steal_pointer (&task), packages);
  else
    finish_preparing (self, g_steal_pointer (&task));
}

/* Takes over the reference to task. */
static void
start_preparing (WeirDenoRuntime *self, GTask *task)
{
  WeirFunction *function = g_task_get_task_data (task);
  g_autoptr (GTask) inner = NULL;
  g_autofree char *deno_dir = dup_deno_dir (self);
  GError *error = NULL;
  WeirDenoPlan *plan = ensure_plan (self, function, &error);
  const char *executable = plan != NULL ? get_executable (self, &error) : NULL;

  if (executable == NULL)
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  self->n_preparing++;
  inner = g_task_new (self, g_task_get_cancellable (task), on_prepared, task);
  g_task_set_source_tag (inner, start_preparing);
  weir_deno_prepare (executable, deno_dir, function, plan, inner);
}

static void
start_waiting (WeirDenoRuntime *self)
{
  while (self->n_preparing < MAX_PREPARING && !g_queue_is_empty (&self->waiting))
    {
      GTask *task = g_queue_pop_head (&self->waiting);

      if (g_task_return_error_if_cancelled (task))
        g_object_unref (task);
      else
        start_preparing (self, task);
    }
}

static void
weir_deno_runtime_prepare (WeirRuntime *runtime, WeirFunction *function, GTask *task)
{
  WeirDenoRuntime *self = WEIR_DENO_RUNTIME (runtime);

  g_task_set_task_data (task, g_object_ref (function), g_object_unref);
  g_queue_push_tail (&self->waiting, g_object_ref (task));
  start_waiting (self);
}

static gboolean
ensure_temporary (WeirDenoRuntime *self, GError **error)
{
  if (self->temporary != NULL)
    return TRUE;
  weir_deno_folder_sweep (g_get_tmp_dir ());
  self->temporary = weir_deno_folder_make_base (error);
  return self->temporary != NULL;
}

static WeirDenoFolders *
ensure_folders (WeirDenoRuntime *self, WeirFunction *function)
{
  const char *root = weir_function_get_root (function);

  if (self->folders != NULL && g_str_equal (self->folders->root, root) &&
      weir_deno_folders_is_current (self->folders))
    return self->folders;
  g_clear_pointer (&self->folders, weir_deno_folders_free);
  self->folders = weir_deno_folders_new (root);
  return self->folders;
}

static char *
make_temporary (WeirDenoRuntime *self, GError **error)
{
  if (!ensure_temporary (self, error))
    return NULL;
  return weir_deno_folder_make (self->temporary, self->n_launched++, error);
}

/* For a standby, or for the function. */
static WeirLaunch *
launch (WeirDenoRuntime *self,
        WeirFunction *function,
        gboolean standby,
        const char *socket_path,
        GError **error)
{
  WeirDenoPlan *plan = ensure_plan (self, function, error);
  g_autofree char *deno_dir = dup_deno_dir (self);
  g_autofree char *temporary = NULL;
  WeirDenoPlaces places = { 0 };
  WeirDenoFolders *folders;

  if (plan == NULL || get_executable (self, error) == NULL)
    return NULL;
  temporary = make_temporary (self, error);
  if (temporary == NULL)
    return NULL;

  places.executable = self->found;
  places.bootstrap = self->bootstrap;
  places.deno_dir = deno_dir;
  places.temporary = temporary;
  folders = ensure_folders (self, function);
  if (!standby)
    return weir_deno_launch (function, plan, &places, folders, socket_path, error);
  return weir_deno_launch_standby (function,
                                   plan,
                                   &places,
                                   folders,
                                   self->packages,
                                   socket_path,
                                   error);
}

static WeirLaunch *
weir_deno_runtime_launch (WeirRuntime *runtime,
                          WeirFunction *function,
                          const char *socket_path,
                          GError **error)
{
  return launch (WEIR_DENO_RUNTIME (runtime), function, FALSE, socket_path, error);
}

static WeirLaunch *
weir_deno_runtime_launch_standby (WeirRuntime *runtime,
                                  WeirFunction *function,
                                  const char *socket_path,
                                  GError **error)
{
  return launch (WEIR_DENO_RUNTIME (runtime), function, TRUE, socket_path, error);
}

static char *
weir_deno_runtime_make_load_command (WeirRuntime *runtime,
                                     WeirFunction *function,
                                     WeirLaunch *launch,
                                     GError **error)
{
  WeirDenoRuntime *self = WEIR_DENO_RUNTIME (runtime);
  WeirDenoPlan *plan = ensure_plan (self, function, error);
  g_autofree char *deno_dir = dup_deno_dir (self);
  WeirDenoPlaces places = { 0 };

  if (plan == NULL)
    return NULL;
  places.executable = weir_launch_get_argv (launch)[0];
  places.bootstrap = self->bootstrap;
  places.deno_dir = deno_dir;
  places.temporary = g_environ_getenv ((char **) weir_launch_get_environ (launch), "TMPDIR");
  return weir_deno_make_load_command (function,
                                      plan,
                                      &places,
                                      ensure_folders (self, function),
                                      launch,
                                      error);
}

static char *
weir_deno_runtime_get_standby_key (WeirRuntime *runtime, WeirFunction *function, char **reason)
{
  WeirDenoRuntime *self = WEIR_DENO_RUNTIME (runtime);
  g_autoptr (GError) error = NULL;
  WeirDenoPlan *plan = ensure_plan (self, function, &error);
  const char *executable;
  gint64 stamp;

  if (plan == NULL)
    {
      *reason = g_strdup (error->message);
      return NULL;
    }
  *reason = weir_deno_find_obstacle (function, plan, ensure_folders (self, function));
  if (*reason != NULL)
    return NULL;
  executable = get_executable (self, &error);
  if (executable == NULL)
    {
      *reason = g_strdup (error->message);
      return NULL;
    }
  stamp = ensure_folders (self, function)->stamp + self->folders->bundle_stamp +
          weir_deno_packages_get_serial (self->packages);
  if (plan->standby_key == NULL || plan->standby_stamp != stamp)
    {
      g_autofree char *deno_dir = dup_deno_dir (self);

      g_free (plan->standby_key);
      plan->standby_key = weir_deno_make_standby_key (function,
                                                      plan,
                                                      executable,
                                                      deno_dir,
                                                      self->folders,
                                                      self->packages,
                                                      &error);
      plan->standby_stamp = stamp;
    }
  if (plan->standby_key == NULL)
    *reason = g_strdup (error->message);
  return g_strdup (plan->standby_key);
}

static void
weir_deno_runtime_iface_init (WeirRuntimeInterface *iface)
{
  iface->probe = weir_deno_runtime_probe;
  iface->prepare = weir_deno_runtime_prepare;
  iface->launch = weir_deno_runtime_launch;
  iface->get_standby_key = weir_deno_runtime_get_standby_key;
  iface->launch_standby = weir_deno_runtime_launch_standby;
  iface->make_load_command = weir_deno_runtime_make_load_command;
}

static void
weir_deno_runtime_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WeirDenoRuntime *self = WEIR_DENO_RUNTIME (object);

  switch ((Property) id)
    {
    case PROP_EXECUTABLE:
      g_value_set_string (value, self->executable);
      break;
    case PROP_CACHE:
      g_value_set_string (value, self->cache);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
set_string (WeirDenoRuntime *self, char **field, const GValue *value, Property id)
{
  if (g_strcmp0 (*field, g_value_get_string (value)) == 0)
    return;
  g_free (*field);
  *field = g_value_dup_string (value);
  g_clear_pointer (&self->found, g_free);
  g_object_notify_by_pspec (G_OBJECT (self), properties[id]);
}

static void
weir_deno_runtime_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  WeirDenoRuntime *self = WEIR_DENO_RUNTIME (object);

  switch ((Property) id)
    {
    case PROP_EXECUTABLE:
      set_string (self, &self->executable, value, PROP_EXECUTABLE);
      break;
    case PROP_CACHE:
      set_string (self, &self->cache, value, PROP_CACHE);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
weir_deno_runtime_finalize (GObject *object)
{
  WeirDenoRuntime *self = WEIR_DENO_RUNTIME (object);

  if (self->temporary != NULL)
    weir_deno_folder_remove (self->temporary);
  g_queue_clear_full (&self->waiting, g_object_unref);
  g_clear_pointer (&self->folders, weir_deno_folders_free);
  weir_deno_packages_free (self->packages);
  g_hash_table_unref (self->fetched);
  g_free (self->executable);
  g_free (self->cache);
  g_free (self->found);
  g_free (self->bootstrap);
  g_free (self->temporary);
  G_OBJECT_CLASS (weir_deno_runtime_parent_class)->finalize (object);
}

static void
weir_deno_runtime_class_init (WeirDenoRuntimeClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = weir_deno_runtime_get_property;
  object_class->set_property = weir_deno_runtime_set_property;
  object_class->finalize = weir_deno_runtime_finalize;

  /**
   * WeirDenoRuntime:executable:
   *
   * The Deno to run: a path, or a name to look up on `PATH`. By default `$WEIR_DENO`, then
   * `deno` on `PATH`, then Weir's own copy.
   */
  properties[PROP_EXECUTABLE] =
      g_param_spec_string ("executable",
                           NULL,
                           NULL,
                           NULL,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * WeirDenoRuntime:cache:
   *
   * The folder where Deno keeps the packages that it fetched (`DENO_DIR`). By default
   * Deno's own.
   */
  properties[PROP_CACHE] =
      g_param_spec_string ("cache",
                           NULL,
                           NULL,
                           NULL,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
weir_deno_runtime_init (WeirDenoRuntime *self)
{
  const char *path = g_getenv ("WEIR_BOOTSTRAP_PATH");

  self->bootstrap = g_canonicalize_filename (path != NULL ? path : WEIR_BOOTSTRAP_DIR, NULL);
  self->packages = weir_deno_packages_new ();
  self->fetched = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_queue_init (&self->waiting);
}
