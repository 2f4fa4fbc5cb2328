/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-server"

#include "server/weir-registry-private.h"

#include "base/weir-signal-private.h"
#include "config/weir-supabase-auth-private.h"
#include "server/weir-function-parts-private.h"
#include "server/weir-route-rules-private.h"
#include "server/weir-watcher-private.h"
#include "store/weir-discovery-private.h"
#include "store/weir-function-private.h"

typedef struct
{
  char *path;
  guint64 revision; /* the latest that was loaded before it */
} EarlyEdit;

struct _WeirRegistry
{
  GObject parent_instance;

  GPtrArray *engines;
  GMainContext *control;
  char *uri;
  WeirConfig *config; /* of the last load */
  WeirPoolFactory factory;
  gpointer factory_data;

  GHashTable *by_name; /* name -> WeirBinding, borrowed from bindings */
  GPtrArray *bindings;
  GPtrArray *removed; /* ending; kept as long as a data thread may call them */
  GListStore *functions;
  GArray *early;       /* EarlyEdit, while some function's files are unknown */
  GPtrArray *problems; /* char *, NULL-terminated */
  char **secrets;
  char **host; /* the environment of this process */
  WeirCensor *censor;
  guint64 revision;
};

enum
{
  SIGNAL_BINDING_ADDED,
  SIGNAL_FUNCTION_RELOADED,
  SIGNAL_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (WeirRegistry, weir_registry, G_TYPE_OBJECT)

/* ---- one function ---- */

static gboolean
settings_equal (WeirSettings *a, WeirSettings *b)
{
  g_auto (GStrv) names_a = weir_settings_dup_names (a);
  g_auto (GStrv) names_b = weir_settings_dup_names (b);

  if (!g_strv_equal ((const char *const *) names_a, (const char *const *) names_b))
    return FALSE;

  for (guint i = 0; names_a[i] != NULL; i++)
    if (!g_variant_equal (weir_settings_get_value (a, names_a[i]),
                          weir_settings_get_value (b, names_a[i])))
      return FALSE;

  return TRUE;
}

static gboolean
function_equal (WeirFunction *a, WeirFunction *b)
{
  return g_str_equal (weir_function_get_entrypoint (a), weir_function_get_entrypoint (b)) &&
         g_strv_equal (weir_function_get_environ (a), weir_function_get_environ (b)) &&
         g_strv_equal (weir_function_get_secrets (a), weir_function_get_secrets (b)) &&
         settings_equal (weir_function_get_settings (a), weir_function_get_settings (b));
}

static void
add_problem (WeirRegistry *self, char *text)
{
  guint end = self->problems->len - 1;

  g_ptr_array_insert (self->problems, end, text);
}

static WeirFunctionParts
get_parts (WeirRegistry *self, WeirConfig *config)
{
  return (WeirFunctionParts){
    .config = config,
    .uri = self->uri,
    .secrets = (const char *const *) self->secrets,
    .host = (const char *const *) self->host,
    .censor = self->censor,
    .revision = ++self->revision,
  };
}

static WeirFunction *
copy_function (WeirRegistry *self, WeirFunction *function)
{
  g_autoptr (WeirSettings) settings = NULL;

  /* The code may say something else about itself than before. */
  if (self->config != NULL)
    settings = weir_config_dup_function_settings (self->config,
                                                  weir_function_get_name (function),
                                                  weir_function_get_directory (function),
                                                  NULL);
  return weir_function_new_with_secrets (weir_function_get_name (function),
                                         weir_function_get_directory (function),
                                         weir_function_get_root (function),
                                         weir_function_get_entrypoint (function),
                                         settings != NULL ? settings
                                                          : weir_function_get_settings (function),
                                         weir_function_get_environ (function),
                                         weir_function_get_secrets (function),
                                         ++self->revision);
}

/* ---- the set ---- */

static int
compare_names (gconstpointer a, gconstpointer b, gpointer user_data)
{
  return strcmp (weir_function_get_name (WEIR_FUNCTION ((gpointer) a)),
                 weir_function_get_name (WEIR_FUNCTION ((gpointer) b)));
}

static gboolean
same_name (gconstpointer a, gconstpointer b)
{
  return compare_names (a, b, NULL) == 0;
}

static void
list_remove (WeirRegistry *self, WeirFunction *function)
{
  guint at;

  if (g_list_store_find_with_equal_func (self->functions, function, same_name, &at))
    g_list_store_remove (self->functions, at);
}

static void
add_binding (WeirRegistry *self, WeirFunction *function)
{
  g_autoptr (WeirWorkerPool) pool = self->factory (function, self->factory_data);
  WeirBinding *binding = weir_binding_new (self->engines, self->control, pool, self->censor);

  g_ptr_array_add (self->bindings, binding);
  g_hash_table_insert (self->by_name, g_strdup (weir_function_get_name (function)), binding);
  g_list_store_insert_sorted (self->functions, function, compare_names, NULL);
  g_signal_emit (self, signals[SIGNAL_BINDING_ADDED], 0, binding);
  weir_worker_pool_start (pool);
}

/* Returns whether it is at other addresses now. */
static gboolean
update_binding (WeirRegistry *self, WeirBinding *binding, WeirFunction *function)
{
  WeirFunction *before = weir_worker_pool_get_function (weir_binding_get_pool (binding));
  gboolean moved = !weir_route_rules_equal (before, function);

  list_remove (self, function);
  g_list_store_insert_sorted (self->functions, function, compare_names, NULL);
  weir_binding_set_function (binding, function);
  g_signal_emit (self, signals[SIGNAL_FUNCTION_RELOADED], 0, weir_function_get_name (function));

  return moved;
}

static void
drop_removed (WeirRegistry *self)
{
  for (guint i = self->removed->len; i > 0; i--)
    if (weir_binding_is_over (self->removed->pdata[i - 1]))
      g_ptr_array_remove_index_fast (self->removed, i - 1);
}

static void
remove_binding (WeirRegistry *self, const char *name)
{
  WeirBinding *binding = g_hash_table_lookup (self->by_name, name);

  list_remove (self, weir_worker_pool_get_function (weir_binding_get_pool (binding)));
  g_ptr_array_add (self->removed, g_object_ref (binding));
  weir_binding_remove (binding);
  g_hash_table_remove (self->by_name, name);
  g_ptr_array_remove (self->bindings, binding);
}

/* Returns whether the set of routes is another one now. */
static gboolean
apply (WeirRegistry *self,
       WeirConfig *config,
       const char *name,
       const char *directory,
       const char *entrypoint)
{
  WeirBinding *binding = g_hash_table_lookup (self->by_name, name);
  g_autoptr (WeirFunction) function = NULL;
  WeirFunctionParts parts = get_parts (self, config);
  g_autoptr (GError) error = NULL;

  function = weir_function_parts_assemble (&parts, name, directory, entrypoint, &error);
  if (function == NULL && error != NULL)
    {
      /* What serves goes on serving; the person is told what keeps the change away. */
      add_problem (self, g_strdup (error->message));
      return FALSE;
    }
  if (function == NULL)
    {
      if (binding == NULL)
        return FALSE;
      remove_binding (self, name);
      return TRUE;
    }
  if (binding == NULL)
    {
      add_binding (self, function);
      return TRUE;
    }
  if (function_equal (weir_worker_pool_get_function (weir_binding_get_pool (binding)), function))
    return FALSE;

  return update_binding (self, binding, function);
}

static gboolean
remove_missing (WeirRegistry *self, GHashTable *seen)
{
  g_autofree char **names = (char **) g_hash_table_get_keys_as_array (self->by_name, NULL);
  gboolean changed = FALSE;

  for (guint i = 0; names[i] != NULL; i++)
    if (!g_hash_table_contains (seen, names[i]))
      {
        g_autofree char *name = g_strdup (names[i]);

        remove_binding (self, name);
        changed = TRUE;
      }

  return changed;
}

gboolean
weir_registry_load (WeirRegistry *self, WeirConfig *config, GError **error)
{
  const char *root = weir_config_get_functions_directory (config);
  g_autoptr (WeirDiscovery) found =
      weir_discovery_scan (root, weir_config_get_supabase_auth (config) != NULL, error);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) conflicts = NULL;
  g_auto (GStrv) configured = NULL;
  gboolean changed = FALSE;

  if (found == NULL)
    return FALSE;

  drop_removed (self);
  g_set_object (&self->config, config);
  g_ptr_array_set_size (self->problems, 0);
  g_ptr_array_add (self->problems, NULL);
  for (guint i = 0; i < found->problems->len; i++)
    add_problem (self, g_strdup (found->problems->pdata[i]));

  for (guint i = 0; i < found->candidates->len; i++)
    {
      const WeirCandidate *candidate = found->candidates->pdata[i];

      g_hash_table_add (seen, g_strdup (candidate->name));
      changed |= apply (self, config, candidate->name, candidate->directory, candidate->entrypoint);
    }

  configured = weir_config_dup_function_names (config);
  for (guint i = 0; configured[i] != NULL; i++)
    {
      g_autofree char *directory = NULL;

      if (!g_hash_table_add (seen, g_strdup (configured[i])))
        continue;
      directory = g_build_filename (root, configured[i], NULL);
      changed |= apply (self, config, configured[i], directory, NULL);
    }

  changed |= remove_missing (self, seen);
  conflicts = weir_route_rules_find_conflicts (G_LIST_MODEL (self->functions));
  for (guint i = 0; i < conflicts->len; i++)
    add_problem (self, g_strdup (conflicts->pdata[i]));
  if (changed)
    g_signal_emit (self, signals[SIGNAL_CHANGED], 0);

  return TRUE;
}

/* ---- edits ---- */

static gboolean
is_below (const char *path, const char *directory)
{
  gsize length = strlen (directory);

  return strncmp (path, directory, length) == 0 && path[length] == G_DIR_SEPARATOR;
}

static gboolean
is_own_file (WeirFunction *function, const char *path)
{
  g_autofree char *directory = weir_watcher_resolve (weir_function_get_directory (function));
  g_autofree char *root = weir_watcher_resolve (weir_function_get_root (function));
  g_autofree char *entrypoint = weir_watcher_resolve (weir_function_get_entrypoint (function));

  if (g_str_equal (path, entrypoint))
    return TRUE;

  /* A flat function has no folder of its own. */
  return !g_str_equal (directory, root) && is_below (path, directory);
}

static gboolean
is_graph_file (WeirWorkerPool *pool, const char *path)
{
  const char *const *files = weir_worker_pool_get_files (pool);

  for (guint i = 0; files != NULL && files[i] != NULL; i++)
    {
      g_autofree char *resolved = weir_watcher_resolve (files[i]);

      if (g_str_equal (resolved, path))
        return TRUE;
    }

  return FALSE;
}

/* Whether a function that is broken may have waited for this file: for anything that can be
 * imported, or that says how. */
static gboolean
is_hope (const char *path)
{
  static const char *const suffixes[] = { ".ts",  ".tsx", ".mts",  ".cts",   ".js",   ".jsx",
                                          ".mjs", ".cjs", ".json", ".jsonc", ".wasm", ".lock" };
  g_autofree char *base = g_path_get_basename (path);

  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    if (g_str_has_suffix (base, suffixes[i]))
      return TRUE;

  return g_str_has_prefix (base, ".env") || g_str_equal (base, "node_modules");
}

static gboolean
is_touched (WeirBinding *binding, const char *const *paths)
{
  WeirWorkerPool *pool = weir_binding_get_pool (binding);
  WeirFunction *function = weir_worker_pool_get_function (pool);

  for (guint i = 0; paths[i] != NULL; i++)
    if (is_own_file (function, paths[i]) || is_graph_file (pool, paths[i]) ||
        (weir_binding_is_broken (binding) && is_hope (paths[i])))
      return TRUE;

  return FALSE;
}

static void
touch_binding (WeirRegistry *self, WeirBinding *binding)
{
  g_autoptr (WeirFunction) next =
      copy_function (self, weir_worker_pool_get_function (weir_binding_get_pool (binding)));

  if (update_binding (self, binding, next))
    g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

/* What a function is made of that was loaded a moment ago is not known yet: what is edited
 * meanwhile is looked at again when it is. */
static void
keep_early (WeirRegistry *self, const char *const *paths)
{
  gboolean collecting = FALSE;

  for (guint i = 0; i < self->bindings->len && !collecting; i++)
    collecting = weir_worker_pool_is_collecting (weir_binding_get_pool (self->bindings->pdata[i]));
  if (!collecting)
    g_array_set_size (self->early, 0);
  for (guint i = 0; collecting && paths[i] != NULL; i++)
    {
      EarlyEdit edit = { g_strdup (paths[i]), self->revision };

      g_array_append_val (self->early, edit);
    }
}

void
weir_registry_touch (WeirRegistry *self, const char *const *paths)
{
  keep_early (self, paths);
  for (guint i = 0; i < self->bindings->len; i++)
    {
      WeirBinding *binding = self->bindings->pdata[i];

      if (is_touched (binding, paths))
        touch_binding (self, binding);
    }
}

/* It was loaded before something that it turns out to be made of was edited. */
static gboolean
is_outdated (WeirRegistry *self, WeirWorkerPool *pool)
{
  guint64 revision = weir_function_get_revision (weir_worker_pool_get_function (pool));

  for (guint i = 0; i < self->early->len; i++)
    {
      const EarlyEdit *edit = &g_array_index (self->early, EarlyEdit, i);

      if (revision <= edit->revision && is_graph_file (pool, edit->path))
        return TRUE;
    }

  return FALSE;
}

void
weir_registry_settle (WeirRegistry *self, WeirWorkerPool *pool)
{
  for (guint i = 0; i < self->bindings->len; i++)
    if (weir_binding_get_pool (self->bindings->pdata[i]) == pool)
      {
        if (is_outdated (self, pool))
          touch_binding (self, self->bindings->pdata[i]);
        return;
      }
}

/* ---- what others see ---- */

GListModel *
weir_registry_get_functions (WeirRegistry *self)
{
  return G_LIST_MODEL (self->functions);
}

WeirBinding *
weir_registry_find (WeirRegistry *self, const char *name)
{
  return g_hash_table_lookup (self->by_name, name);
}

GPtrArray *
weir_registry_get_bindings (WeirRegistry *self)
{
  return self->bindings;
}

const char *const *
weir_registry_get_problems (WeirRegistry *self)
{
  return (const char *const *) self->problems->pdata;
}

WeirRouter *
weir_registry_make_router (WeirRegistry *self, guint index)
{
  g_autoptr (GPtrArray) slots = g_ptr_array_new_with_free_func ((GDestroyNotify) weir_slot_unref);
  guint n_functions = g_list_model_get_n_items (G_LIST_MODEL (self->functions));
  WeirRouter *router;

  for (guint i = 0; i < self->bindings->len; i++)
    g_ptr_array_add (slots,
                     weir_slot_ref (weir_binding_get_slot (self->bindings->pdata[i], index)));

  /* By name, so that of two who want the same always the same one gets it. */
  router = weir_router_new (slots);
  for (guint i = 0; i < n_functions; i++)
    {
      g_autoptr (WeirFunction) function = g_list_model_get_item (G_LIST_MODEL (self->functions), i);

      weir_route_rules_apply (router, function);
    }

  return router;
}

void
weir_registry_shut_down (WeirRegistry *self)
{
  /* What was in flight is over by now, but for sockets that nobody would ever close: the
   * worker does, with the code for a server that goes away. */
  for (guint i = 0; i < self->bindings->len; i++)
    weir_binding_stop (self->bindings->pdata[i]);
}

static void
weir_registry_finalize (GObject *object)
{
  WeirRegistry *self = WEIR_REGISTRY (object);

  g_hash_table_unref (self->by_name);
  g_ptr_array_unref (self->bindings);
  g_ptr_array_unref (self->removed);
  g_ptr_array_unref (self->problems);
  g_strfreev (self->secrets);
  g_strfreev (self->host);
  weir_censor_unref (self->censor);
  g_array_unref (self->early);
  g_clear_object (&self->functions);
  g_clear_pointer (&self->engines, g_ptr_array_unref);
  g_clear_pointer (&self->control, g_main_context_unref);
  g_free (self->uri);
  g_clear_object (&self->config);

  G_OBJECT_CLASS (weir_registry_parent_class)->finalize (object);
}

static void
weir_registry_class_init (WeirRegistryClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = weir_registry_finalize;

  signals[SIGNAL_BINDING_ADDED] = weir_signal_new (type, "binding-added", 1, WEIR_TYPE_BINDING);
  signals[SIGNAL_FUNCTION_RELOADED] = weir_signal_new (type, "function-reloaded", 1, G_TYPE_STRING);
  signals[SIGNAL_CHANGED] = weir_signal_new (type, "changed", 0);
}

static void
early_edit_clear (gpointer data)
{
  EarlyEdit *edit = data;

  g_free (edit->path);
}

static void
weir_registry_init (WeirRegistry *self)
{
  self->secrets = g_new0 (char *, 1);
  self->host = g_get_environ ();
  self->censor = weir_censor_new ();
  self->early = g_array_new (FALSE, FALSE, sizeof (EarlyEdit));
  g_array_set_clear_func (self->early, early_edit_clear);
  self->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->bindings = g_ptr_array_new_with_free_func (g_object_unref);
  self->removed = g_ptr_array_new_with_free_func (g_object_unref);
  self->functions = g_list_store_new (WEIR_TYPE_FUNCTION);
  self->problems = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (self->problems, NULL);
}

void
weir_registry_set_secrets (WeirRegistry *self, const char *const *lines)
{
  weir_censor_add_secrets (self->censor, lines);
  g_strfreev (self->secrets);
  self->secrets = g_strdupv ((char **) lines);
}

WeirCensor *
weir_registry_get_censor (WeirRegistry *self)
{
  return self->censor;
}

WeirRegistry *
weir_registry_new (GPtrArray *engines,
                   GMainContext *control,
                   const char *uri,
                   WeirPoolFactory factory,
                   gpointer user_data)
{
  WeirRegistry *self = g_object_new (WEIR_TYPE_REGISTRY, NULL);

  self->engines = g_ptr_array_ref (engines);
  self->control = g_main_context_ref (control);
  self->uri = g_strdup (uri);
  self->factory = factory;
  self->factory_data = user_data;

  return self;
}
