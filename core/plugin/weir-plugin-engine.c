/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-plugin"

#include "plugin/weir-plugin-engine-private.h"

#include <string.h>

#include "base/weir-suggest-private.h"
#include "plugin/weir-extension-registry-private.h"
#include "plugin/weir-plugin-context-private.h"
#include "plugin/weir-plugin-info-private.h"
#include "plugin/weir-plugin-module-private.h"
#include "plugin/weir-plugin-plan-private.h"

/**
 * WeirPluginEngine:
 *
 * Finds plugins by their manifests, and loads those that are wanted. It is a
 * [iface@Gio.ListModel] of [class@Weir.PluginInfo], sorted by id.
 *
 * What there is, what excludes what and what is loaded first follows from manifests alone:
 * a plugin that nobody wants is never opened. A plugin that cannot be used is an entry in
 * the list with an error, and no reason for the rest of the program to stop. Nothing is
 * ever unloaded. Control thread.
 *
 * Since: 1.0
 */
struct _WeirPluginEngine
{
  GObject parent_instance;

  GPtrArray *infos; /* WeirPluginInfo, by id */
  GPtrArray *search_paths;
  GHashTable *disabled; /* a set of ids */
  WeirExtensionRegistry *registry;
};

static void weir_plugin_engine_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirPluginEngine,
                               weir_plugin_engine,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL,
                                                      weir_plugin_engine_list_model_init))

/**
 * weir_plugin_engine_new:
 *
 * Returns: (transfer full): an engine that knows no plugin yet
 *
 * Since: 1.0
 */
WeirPluginEngine *
weir_plugin_engine_new (void)
{
  return g_object_new (WEIR_TYPE_PLUGIN_ENGINE, NULL);
}

/* ---- finding ---- */

static const char *
id_at (WeirPluginEngine *self, guint i)
{
  return weir_plugin_info_get_id (self->infos->pdata[i]);
}

static void
add_info (WeirPluginEngine *self, const char *path)
{
  g_autoptr (WeirPluginManifest) manifest = NULL;
  g_autoptr (WeirPluginInfo) info = NULL;
  g_autoptr (GError) error = NULL;
  guint at = 0;

  manifest = weir_plugin_manifest_load (path, &error);
  if (manifest == NULL)
    manifest = weir_plugin_manifest_new_unreadable (path);

  if (weir_plugin_engine_get_info (self, manifest->id) != NULL)
    {
      g_debug ("%s: another plugin of this id was found before", path);
      return;
    }

  info = weir_plugin_info_new (g_steal_pointer (&manifest));
  if (error != NULL)
    {
      g_warning ("%s", error->message);
      weir_plugin_info_set_failed (info, error);
    }

  while (at < self->infos->len && strcmp (id_at (self, at), weir_plugin_info_get_id (info)) < 0)
    at++;
  g_ptr_array_insert (self->infos, at, g_steal_pointer (&info));
  g_list_model_items_changed (G_LIST_MODEL (self), at, 0, 1);
}

static int
compare_text (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* Sorted, so that what is found does not depend on the file system. */
static GPtrArray *
list_directory (const char *directory)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (directory, 0, &error);
  const char *name;

  if (dir == NULL)
    {
      if (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        g_debug ("%s", error->message);
      else
        g_warning ("Cannot look for plugins: %s", error->message);
      return g_steal_pointer (&names);
    }

  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_text);
  return g_steal_pointer (&names);
}

/**
 * weir_plugin_engine_add_search_path:
 * @self: an engine
 * @directory: (type filename): a folder
 *
 * Reads the manifests `ID.plugin` in @directory and `ID/ID.plugin` below it. One that
 * cannot be read is added as a failed plugin. When an id was found before, the earlier
 * one stays. A folder that does not exist is an empty one.
 *
 * Since: 1.0
 */
void
weir_plugin_engine_add_search_path (WeirPluginEngine *self, const char *directory)
{
  g_autoptr (GPtrArray) names = NULL;

  g_return_if_fail (WEIR_IS_PLUGIN_ENGINE (self));
  g_return_if_fail (directory != NULL);

  g_ptr_array_add (self->search_paths, g_strdup (directory));
  names = list_directory (directory);

  for (guint i = 0; i < names->len; i++)
    {
      const char *name = names->pdata[i];
      g_autofree char *path = g_build_filename (directory, name, NULL);

      if (g_str_has_suffix (name, ".plugin") && !g_file_test (path, G_FILE_TEST_IS_DIR))
        {
          add_info (self, path);
        }
      else
        {
          g_autofree char *file = g_strconcat (name, ".plugin", NULL);
          g_autofree char *inner = g_build_filename (path, file, NULL);

          if (g_file_test (inner, G_FILE_TEST_IS_REGULAR))
            add_info (self, inner);
        }
    }
}

/**
 * weir_plugin_engine_add_default_search_paths:
 * @self: an engine
 *
 * Adds the folders of the environment variable `WEIR_PLUGIN_PATH`, separated by colons,
 * and then the folder that plugins are installed to.
 *
 * Since: 1.0
 */
void
weir_plugin_engine_add_default_search_paths (WeirPluginEngine *self)
{
  const char *variable = g_getenv ("WEIR_PLUGIN_PATH");
  g_auto (GStrv) folders = NULL;

  g_return_if_fail (WEIR_IS_PLUGIN_ENGINE (self));

  folders = g_strsplit (variable != NULL ? variable : "", G_SEARCHPATH_SEPARATOR_S, 0);
  for (gsize i = 0; folders[i] != NULL; i++)
    {
      if (folders[i][0] != '\0')
        weir_plugin_engine_add_search_path (self, folders[i]);
    }
  weir_plugin_engine_add_search_path (self, WEIR_PLUGIN_DIR);
}

/**
 * weir_plugin_engine_disable:
 * @self: an engine
 * @id: the id of a plugin, found or not
 *
 * From now on the plugin is not loaded, neither by itself nor because another one
 * requires it. One that is active already stays so.
 *
 * Since: 1.0
 */
void
weir_plugin_engine_disable (WeirPluginEngine *self, const char *id)
{
  g_return_if_fail (WEIR_IS_PLUGIN_ENGINE (self));
  g_return_if_fail (id != NULL);

  g_hash_table_add (self->disabled, g_strdup (id));
}

/**
 * weir_plugin_engine_get_info:
 * @self: an engine
 * @id: the id of a plugin
 *
 * Returns: (transfer none) (nullable): the plugin, or %NULL when none has been found
 *
 * Since: 1.0
 */
WeirPluginInfo *
weir_plugin_engine_get_info (WeirPluginEngine *self, const char *id)
{
  g_return_val_if_fail (WEIR_IS_PLUGIN_ENGINE (self), NULL);
  g_return_val_if_fail (id != NULL, NULL);

  for (guint i = 0; i < self->infos->len; i++)
    {
      if (strcmp (id_at (self, i), id) == 0)
        return self->infos->pdata[i];
    }
  return NULL;
}

/**
 * weir_plugin_engine_get_registry:
 * @self: an engine
 *
 * Returns: (transfer none): where the extensions of active plugins are
 *
 * Since: 1.0
 */
WeirExtensionRegistry *
weir_plugin_engine_get_registry (WeirPluginEngine *self)
{
  g_return_val_if_fail (WEIR_IS_PLUGIN_ENGINE (self), NULL);

  return self->registry;
}

static GError *
not_found (WeirPluginEngine *self, const char *id)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new ();
  g_autofree char *hint = NULL;
  g_autofree char *paths = NULL;

  for (guint i = 0; i < self->infos->len; i++)
    g_ptr_array_add (ids, (gpointer) id_at (self, i));
  g_ptr_array_add (ids, NULL);
  hint = weir_suggest_text (id, (const char *const *) ids->pdata);

  g_ptr_array_add (self->search_paths, NULL);
  paths = g_strjoinv (", ", (char **) self->search_paths->pdata);
  g_ptr_array_set_size (self->search_paths, self->search_paths->len - 1);

  return g_error_new (WEIR_PLUGIN_ERROR,
                      WEIR_PLUGIN_ERROR_NOT_FOUND,
                      "There is no plugin “%s”%s (looked in: %s)",
                      id,
                      hint,
                      paths[0] != '\0' ? paths : "no folder");
}

gboolean
weir_plugin_engine_check_wanted (WeirPluginEngine *self, const char *id, GError **error)
{
  WeirPluginInfo *info = weir_plugin_engine_get_info (self, id);

  if (info == NULL)
    {
      g_propagate_error (error, not_found (self, id));
      return FALSE;
    }
  if (weir_plugin_info_get_state (info) == WEIR_PLUGIN_STATE_FAILED)
    {
      g_propagate_error (error, g_error_copy (weir_plugin_info_get_error (info)));
      return FALSE;
    }
  if (weir_plugin_info_get_state (info) == WEIR_PLUGIN_STATE_LOADING)
    {
      g_set_error (error,
                   WEIR_PLUGIN_ERROR,
                   WEIR_PLUGIN_ERROR_REFUSED,
                   "Plugin “%s” is being loaded",
                   id);
      return FALSE;
    }
  if (weir_plugin_info_get_state (info) != WEIR_PLUGIN_STATE_ACTIVE &&
      g_hash_table_contains (self->disabled, id))
    {
      g_set_error (error,
                   WEIR_PLUGIN_ERROR,
                   WEIR_PLUGIN_ERROR_REFUSED,
                   "Plugin “%s” is disabled",
                   id);
      return FALSE;
    }
  return TRUE;
}

/* ---- loading ---- */

/* A manifest that promises more than activation added would be a lie to configuration. */
static gboolean
check_promises (WeirPluginEngine *self, const WeirPluginManifest *manifest, GError **error)
{
  for (gsize i = 0; manifest->provides[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (manifest->provides[i], ":", 2);

      if (weir_extension_registry_provides (self->registry, parts[0], parts[1]))
        continue;
      g_set_error (error,
                   WEIR_PLUGIN_ERROR,
                   WEIR_PLUGIN_ERROR_REFUSED,
                   "Plugin “%s”: its manifest provides %s, but the plugin did not add it",
                   manifest->id,
                   manifest->provides[i]);
      return FALSE;
    }
  return TRUE;
}

static gboolean
activate (WeirPluginEngine *self,
          const WeirPluginManifest *manifest,
          const WeirPluginDescriptor *descriptor,
          GError **error)
{
  g_autofree char *directory = g_path_get_dirname (manifest->path);
  g_autoptr (WeirPluginContext) context = NULL;
  g_autoptr (GError) reason = NULL;
  gboolean ok;

  context = weir_plugin_context_new (manifest->id, directory, self->registry);
  ok = descriptor->activate (context, &reason);
  if (!ok)
    g_set_error (error,
                 WEIR_PLUGIN_ERROR,
                 WEIR_PLUGIN_ERROR_REFUSED,
                 "Plugin “%s” would not start: %s",
                 manifest->id,
                 reason != NULL ? reason->message : "it did not say why");
  else
    ok = check_promises (self, manifest, error);

  weir_plugin_context_close (context, ok);
  return ok;
}

static gboolean
open_and_activate (WeirPluginEngine *self, WeirPluginInfo *info, GError **error)
{
  const WeirPluginManifest *manifest = weir_plugin_info_get_manifest (info);
  const WeirPluginDescriptor *descriptor;
  GError *problem = NULL;

  weir_plugin_info_set_loading (info);
  descriptor =
      weir_plugin_module_open (manifest, weir_plugin_info_get_module_path (info), &problem);
  if (descriptor == NULL || !activate (self, manifest, descriptor, &problem))
    return weir_plugin_plan_fail (info, problem, error);

  g_debug ("Plugin “%s” %s is active", manifest->id, manifest->version);
  weir_plugin_info_set_active (info);
  return TRUE;
}

/* What it requires came before it, and is active or has failed. */
static gboolean
load_one (WeirPluginEngine *self, WeirPluginInfo *info, GError **error)
{
  char **required = weir_plugin_info_get_manifest (info)->requires_;

  for (gsize i = 0; required[i] != NULL; i++)
    {
      GError *reason = NULL;

      if (!weir_plugin_engine_check_wanted (self, required[i], &reason))
        return weir_plugin_plan_fail_because_of (info, required[i], reason, error);
    }

  return weir_plugin_plan_check_conflicts (self, info, error) &&
         open_and_activate (self, info, error);
}

static gboolean
load_in_order (WeirPluginEngine *self, GPtrArray *order, GError **error)
{
  g_autoptr (GError) reason = NULL;

  for (guint i = 0; i < order->len; i++)
    {
      g_clear_error (&reason); /* that of the last one tells of those before it */
      /* Whoever watches states may have loaded it in the meantime. */
      if (weir_plugin_engine_check_wanted (self,
                                           weir_plugin_info_get_id (order->pdata[i]),
                                           &reason) &&
          weir_plugin_info_get_state (order->pdata[i]) == WEIR_PLUGIN_STATE_FOUND)
        load_one (self, order->pdata[i], &reason);
    }

  if (reason == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

/**
 * weir_plugin_engine_load:
 * @self: an engine
 * @id: the id of a plugin
 * @error: return location for an error
 *
 * Loads a plugin, after those that it requires. When it is active already, nothing
 * happens. Whatever goes wrong is also kept in the plugin's [class@Weir.PluginInfo], and
 * is the answer of every later call: a plugin that failed is not tried again.
 *
 * Blocks while the module and its libraries are read. Errors are of the domain
 * `WEIR_PLUGIN_ERROR`.
 *
 * Returns: whether the plugin is active
 *
 * Since: 1.0
 */
gboolean
weir_plugin_engine_load (WeirPluginEngine *self, const char *id, GError **error)
{
  g_autoptr (GPtrArray) order = g_ptr_array_new ();
  WeirPluginInfo *info;
  gboolean ok;

  g_return_val_if_fail (WEIR_IS_PLUGIN_ENGINE (self), FALSE);
  g_return_val_if_fail (id != NULL, FALSE);

  if (!weir_plugin_engine_check_wanted (self, id, error))
    return FALSE;
  info = weir_plugin_engine_get_info (self, id);
  if (weir_plugin_info_get_state (info) == WEIR_PLUGIN_STATE_ACTIVE)
    return TRUE;

  g_object_ref (self); /* whoever watches a state may drop the last reference */
  ok = weir_plugin_plan_make (self, info, order, error) && load_in_order (self, order, error);
  g_object_unref (self);
  return ok;
}

static GError *
no_provider (WeirPluginEngine *self, const char *point_name, const char *name)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  g_autofree char *prefix = g_strconcat (point_name, ":", NULL);
  g_autofree char *hint = NULL;

  for (guint i = 0; i < self->infos->len; i++)
    {
      const char *const *provides = weir_plugin_info_get_provides (self->infos->pdata[i]);

      for (gsize p = 0; provides[p] != NULL; p++)
        {
          if (g_str_has_prefix (provides[p], prefix))
            g_ptr_array_add (names, (gpointer) (provides[p] + strlen (prefix)));
        }
    }
  g_ptr_array_add (names, NULL);
  hint = weir_suggest_text (name, (const char *const *) names->pdata);

  return g_error_new (WEIR_PLUGIN_ERROR,
                      WEIR_PLUGIN_ERROR_NOT_FOUND,
                      "No plugin provides the %s “%s”%s",
                      point_name,
                      name,
                      hint);
}

/**
 * weir_plugin_engine_load_provider:
 * @self: an engine
 * @point_name: the kind of extension, as manifests have it: `adapter`
 * @name: the name of the extension: `soup`
 * @error: return location for an error
 *
 * Loads a plugin whose manifest provides the extension, unless the registry has it
 * already. When several do, the first by id that can be loaded is taken; the error is
 * that of the last one tried.
 *
 * Returns: whether the extension is in the registry
 *
 * Since: 1.0
 */
gboolean
weir_plugin_engine_load_provider (WeirPluginEngine *self,
                                  const char *point_name,
                                  const char *name,
                                  GError **error)
{
  g_autofree char *wanted = NULL;
  g_autoptr (GError) reason = NULL;

  g_return_val_if_fail (WEIR_IS_PLUGIN_ENGINE (self), FALSE);
  g_return_val_if_fail (point_name != NULL && name != NULL, FALSE);

  if (weir_extension_registry_provides (self->registry, point_name, name))
    return TRUE;

  wanted = g_strconcat (point_name, ":", name, NULL);
  for (guint i = 0; i < self->infos->len; i++)
    {
      if (!g_strv_contains (weir_plugin_info_get_provides (self->infos->pdata[i]), wanted))
        continue;
      g_clear_error (&reason);
      if (weir_plugin_engine_load (self, id_at (self, i), &reason))
        return TRUE;
    }

  g_propagate_error (error,
                     reason != NULL ? g_steal_pointer (&reason)
                                    : no_provider (self, point_name, name));
  return FALSE;
}

/* ---- GListModel ---- */

static GType
weir_plugin_engine_get_item_type (GListModel *model)
{
  return WEIR_TYPE_PLUGIN_INFO;
}

static guint
weir_plugin_engine_get_n_items (GListModel *model)
{
  return WEIR_PLUGIN_ENGINE (model)->infos->len;
}

static gpointer
weir_plugin_engine_get_item (GListModel *model, guint position)
{
  WeirPluginEngine *self = WEIR_PLUGIN_ENGINE (model);

  return position < self->infos->len ? g_object_ref (self->infos->pdata[position]) : NULL;
}

static void
weir_plugin_engine_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = weir_plugin_engine_get_item_type;
  iface->get_n_items = weir_plugin_engine_get_n_items;
  iface->get_item = weir_plugin_engine_get_item;
}

static void
weir_plugin_engine_finalize (GObject *object)
{
  WeirPluginEngine *self = WEIR_PLUGIN_ENGINE (object);

  g_ptr_array_unref (self->infos);
  g_ptr_array_unref (self->search_paths);
  g_hash_table_unref (self->disabled);
  g_object_unref (self->registry);
  G_OBJECT_CLASS (weir_plugin_engine_parent_class)->finalize (object);
}

static void
weir_plugin_engine_class_init (WeirPluginEngineClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = weir_plugin_engine_finalize;
}

static void
weir_plugin_engine_init (WeirPluginEngine *self)
{
  self->infos = g_ptr_array_new_with_free_func (g_object_unref);
  self->search_paths = g_ptr_array_new_with_free_func (g_free);
  self->disabled = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->registry = weir_extension_registry_new ();
}
