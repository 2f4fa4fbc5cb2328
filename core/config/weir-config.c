/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/weir-config-data-private.h"

#include <string.h>

/**
 * WeirConfigError:
 * @WEIR_CONFIG_ERROR_READ: a file or folder is missing or cannot be read
 * @WEIR_CONFIG_ERROR_SYNTAX: a file breaks the rules of its format
 * @WEIR_CONFIG_ERROR_UNKNOWN_KEY: there is no option of that name here
 * @WEIR_CONFIG_ERROR_TYPE: a value is not of the option's type
 * @WEIR_CONFIG_ERROR_RANGE: a value is outside of what the option takes
 * @WEIR_CONFIG_ERROR_CONFLICT: two things were said that cannot both be meant
 *
 * What can be wrong with a configuration. Messages begin with the place:
 * `file:line:column: why`.
 *
 * Since: 1.0
 */
/* clang-format off */
G_DEFINE_QUARK (weir-config-error-quark, weir_config_error)
/* clang-format on */

G_DEFINE_ENUM_TYPE (WeirConfigError,
                    weir_config_error,
                    G_DEFINE_ENUM_VALUE (WEIR_CONFIG_ERROR_READ, "read"),
                    G_DEFINE_ENUM_VALUE (WEIR_CONFIG_ERROR_SYNTAX, "syntax"),
                    G_DEFINE_ENUM_VALUE (WEIR_CONFIG_ERROR_UNKNOWN_KEY, "unknown-key"),
                    G_DEFINE_ENUM_VALUE (WEIR_CONFIG_ERROR_TYPE, "type"),
                    G_DEFINE_ENUM_VALUE (WEIR_CONFIG_ERROR_RANGE, "range"),
                    G_DEFINE_ENUM_VALUE (WEIR_CONFIG_ERROR_CONFLICT, "conflict"))

/**
 * WeirConfig:
 *
 * One immutable snapshot of everything that was configured.
 *
 * It is made from a project folder (`weir.toml`, `supabase/config.toml`, the `function.json`
 * and `.env` of each function), from the `WEIR_*` variables of the environment, and from what
 * the command line or an embedding program gives. Every value knows where it came from. A
 * change of a file is seen by making another snapshot.
 *
 * Problems are of two kinds. One in a file that is about the project makes
 * [func@Weir.Config.load] fail. One in the own files of a function concerns that function
 * alone: only [method@Weir.Config.dup_function_settings] and
 * [method@Weir.Config.dup_function_environ] fail for it, and all others can be served.
 *
 * Once made, it is safe in every thread.
 *
 * Since: 1.0
 */
struct _WeirConfig
{
  GObject parent_instance;

  char *asked; /* the directory as it was given, for reload() */
  GVariant *overrides;
  WeirConfigData *data;
  WeirSettings *server;
  char **problems;
  char **warnings;
};

G_DEFINE_FINAL_TYPE (WeirConfig, weir_config, G_TYPE_OBJECT)

static void
weir_config_finalize (GObject *object)
{
  WeirConfig *self = WEIR_CONFIG (object);

  g_free (self->asked);
  g_clear_pointer (&self->overrides, g_variant_unref);
  g_clear_pointer (&self->data, weir_config_data_free);
  g_clear_pointer (&self->server, weir_settings_unref);
  g_strfreev (self->problems);
  g_strfreev (self->warnings);

  G_OBJECT_CLASS (weir_config_parent_class)->finalize (object);
}

static void
weir_config_constructed (GObject *object)
{
  WeirConfig *self = WEIR_CONFIG (object);

  G_OBJECT_CLASS (weir_config_parent_class)->constructed (object);

  /* One made with g_object_new() is a config of nothing. */
  self->data = weir_config_data_new (".");
  self->data->functions_directory = g_build_filename (self->data->directory, "functions", NULL);
  self->server = weir_config_merge_server (self->data);
  self->problems = g_new0 (char *, 1);
  self->warnings = g_new0 (char *, 1);
}

static void
weir_config_class_init (WeirConfigClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = weir_config_constructed;
  object_class->finalize = weir_config_finalize;
}

static void
weir_config_init (WeirConfig *self)
{
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static char **
steal_strv (GPtrArray *array)
{
  g_ptr_array_add (array, NULL);

  return (char **) g_ptr_array_steal (array, NULL);
}

static WeirConfigData *
read_everything (const char *directory, GVariant *overrides)
{
  WeirConfigData *data = weir_config_data_new (directory);
  g_auto (GStrv) variables = g_get_environ ();

  weir_config_read_environment (data, (const char *const *) variables);
  weir_config_read_overrides (data, overrides);
  weir_config_find_project (data);
  weir_config_read_supabase (data);
  weir_config_read_shared_environ (data);
  weir_config_read_own_files (data);

  return data;
}

/**
 * weir_config_check:
 * @directory: (type filename): the project folder, or the folder of the functions itself
 * @overrides: (nullable): an `a{sv}` as for [func@Weir.Config.load]
 *
 * Reads a configuration as [func@Weir.Config.load] does, and never fails: what is wrong is
 * left out and told by [method@Weir.Config.get_problems].
 *
 * Returns: (transfer full): a config with as much as could be read
 *
 * Since: 1.0
 */
WeirConfig *
weir_config_check (const char *directory, GVariant *overrides)
{
  g_autoptr (GVariant) held = overrides != NULL ? g_variant_ref_sink (overrides) : NULL;
  WeirConfig *self;

  g_return_val_if_fail (directory != NULL, NULL);
  g_return_val_if_fail (held == NULL || g_variant_is_of_type (held, G_VARIANT_TYPE_VARDICT), NULL);

  self = g_object_new (WEIR_TYPE_CONFIG, NULL);
  weir_config_data_free (self->data);
  weir_settings_unref (self->server);
  self->asked = g_canonicalize_filename (directory, NULL);
  self->overrides = held != NULL ? g_variant_ref (held) : NULL;
  self->data = read_everything (directory, held);
  self->server = weir_config_merge_server (self->data);
  g_strfreev (self->problems);
  g_strfreev (self->warnings);
  weir_config_collect_messages (self->data, &self->problems, &self->warnings);

  return self;
}

/**
 * weir_config_load:
 * @directory: (type filename): the project folder, or the folder of the functions itself
 * @overrides: (nullable): an `a{sv}` of server options by their dotted names, stronger than
 *   every other source, as in `{'listen': <['127.0.0.1:0']>}`
 * @error: return location for an error
 *
 * Reads the configuration of a project.
 *
 * In @directory, functions are looked for in `supabase/functions`, in `fluxbase/functions`,
 * in `functions`, and in itself.
 *
 * Fails with the first problem of the project, of domain [error@Weir.ConfigError];
 * [func@Weir.Config.check] tells all of them.
 *
 * Returns: (transfer full): a config
 *
 * Since: 1.0
 */
WeirConfig *
weir_config_load (const char *directory, GVariant *overrides, GError **error)
{
  g_autoptr (WeirConfig) self = NULL;

  g_return_val_if_fail (directory != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  self = weir_config_check (directory, overrides);
  if (self == NULL)
    return NULL;
  if (self->data->report->problems->len > 0)
    {
      g_propagate_error (error, g_error_copy (g_ptr_array_index (self->data->report->problems, 0)));
      return NULL;
    }

  return g_steal_pointer (&self);
}

/**
 * weir_config_reload:
 * @self: a config
 * @error: return location for an error
 *
 * Reads the same sources again, as they are now. @self stays as it was.
 *
 * Returns: (transfer full): another snapshot, or %NULL with the first problem
 *
 * Since: 1.0
 */
WeirConfig *
weir_config_reload (WeirConfig *self, GError **error)
{
  g_return_val_if_fail (WEIR_IS_CONFIG (self), NULL);

  return weir_config_load (self->asked, self->overrides, error);
}

/**
 * weir_config_get_problems:
 * @self: a config
 *
 * Returns: (transfer none) (array zero-terminated=1): what is wrong, each as
 *   `file:line:column: why`, file by file; empty for a good configuration
 *
 * Since: 1.0
 */
const char *const *
weir_config_get_problems (WeirConfig *self)
{
  g_return_val_if_fail (WEIR_IS_CONFIG (self), NULL);

  return (const char *const *) self->problems;
}

/**
 * weir_config_get_warnings:
 * @self: a config
 *
 * Returns: (transfer none) (array zero-terminated=1): what works, but not as the files say
 *
 * Since: 1.0
 */
const char *const *
weir_config_get_warnings (WeirConfig *self)
{
  g_return_val_if_fail (WEIR_IS_CONFIG (self), NULL);

  return (const char *const *) self->warnings;
}

/**
 * weir_config_get_directory:
 * @self: a config
 *
 * Returns: (transfer none) (type filename): the absolute path of the folder that was given
 *
 * Since: 1.0
 */
const char *
weir_config_get_directory (WeirConfig *self)
{
  g_return_val_if_fail (WEIR_IS_CONFIG (self), NULL);

  return self->data->directory;
}

/**
 * weir_config_get_functions_directory:
 * @self: a config
 *
 * Returns: (transfer none) (type filename): the absolute path of the folder that the
 *   functions are in; if none was found, of the one where they would be
 *
 * Since: 1.0
 */
const char *
weir_config_get_functions_directory (WeirConfig *self)
{
  g_return_val_if_fail (WEIR_IS_CONFIG (self), NULL);

  return self->data->functions_directory;
}

const WeirSupabaseAuth *
weir_config_get_supabase_auth (WeirConfig *self)
{
  return self->data->supabase_directory != NULL ? &self->data->supabase_auth : NULL;
}

/**
 * weir_config_dup_files:
 * @self: a config
 *
 * Returns: (transfer full) (array zero-terminated=1) (element-type filename): the absolute
 *   paths of the files that were read or looked for: a change of one of them may change the
 *   configuration
 *
 * Since: 1.0
 */
char **
weir_config_dup_files (WeirConfig *self)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new ();
  guint i;

  g_return_val_if_fail (WEIR_IS_CONFIG (self), NULL);

  for (i = 0; i < self->data->files->len; i++)
    g_ptr_array_add (files, g_strdup (g_ptr_array_index (self->data->files, i)));

  return steal_strv (files);
}

/**
 * weir_config_get_server_settings:
 * @self: a config
 *
 * Returns: (transfer none): the options of the server, by their dotted names
 *
 * Since: 1.0
 */
WeirSettings *
weir_config_get_server_settings (WeirConfig *self)
{
  g_return_val_if_fail (WEIR_IS_CONFIG (self), NULL);

  return self->server;
}

/* Points go by "adapter", as plugins say it, and by "adapters", as the file does. */
static char *
get_plugin_prefix (const char *point, const char *name)
{
  return g_strdup_printf ("%s%s.%s.", point, g_str_has_suffix (point, "s") ? "" : "s", name);
}

/**
 * weir_config_dup_plugin_options:
 * @self: a config
 * @point: an extension point, as in `adapter`
 * @name: the name of an extension, as in `soup`
 *
 * Returns: (transfer full): an `a{sv}` of the options that were given for it, by the names
 *   that the table has; defaults are not among them
 *
 * Since: 1.0
 */
GVariant *
weir_config_dup_plugin_options (WeirConfig *self, const char *point, const char *name)
{
  g_autofree char *prefix = NULL;
  g_auto (GStrv) names = NULL;
  GVariantDict options;
  char **item;

  g_return_val_if_fail (WEIR_IS_CONFIG (self), NULL);
  g_return_val_if_fail (point != NULL && name != NULL, NULL);

  prefix = get_plugin_prefix (point, name);
  names = weir_settings_dup_names (self->server);
  g_variant_dict_init (&options, NULL);
  for (item = names; *item != NULL; item++)
    {
      if (g_str_has_prefix (*item, prefix) &&
          weir_config_data_get_server (self->data, *item) != NULL)
        g_variant_dict_insert_value (&options,
                                     *item + strlen (prefix),
                                     weir_settings_get_value (self->server, *item));
    }

  return g_variant_ref_sink (g_variant_dict_end (&options));
}

/**
 * weir_config_dup_plugin_option_origin:
 * @self: a config
 * @point: an extension point, as in `adapter`
 * @name: the name of an extension, as in `soup`
 * @option: one of its options
 *
 * Returns: (transfer full) (nullable): where the option was given, as in `weir.toml:12`, or
 *   %NULL if it was not
 *
 * Since: 1.0
 */
char *
weir_config_dup_plugin_option_origin (WeirConfig *self,
                                      const char *point,
                                      const char *name,
                                      const char *option)
{
  g_autofree char *prefix = NULL;
  g_autofree char *full_name = NULL;
  WeirEntry *entry;

  g_return_val_if_fail (WEIR_IS_CONFIG (self), NULL);
  g_return_val_if_fail (point != NULL && name != NULL && option != NULL, NULL);

  prefix = get_plugin_prefix (point, name);
  full_name = g_strconcat (prefix, option, NULL);
  entry = weir_config_data_get_server (self->data, full_name);

  return entry != NULL ? g_strdup (entry->origin) : NULL;
}

/* Their code need not be an index file. Names that are not good are told by who looks for
 * functions. */
static void
add_flux_names (WeirConfigData *data, GPtrArray *names)
{
  static const char *const reserved[] = { "api", "functions", NULL };
  GHashTableIter iter;
  gpointer directory, own;

  g_hash_table_iter_init (&iter, data->own_files);
  while (g_hash_table_iter_next (&iter, &directory, &own))
    {
      g_autofree char *name = g_path_get_basename (directory);

      if (((WeirOwnFiles *) own)->flux != NULL && weir_source_is_function_name (name) &&
          !g_strv_contains (reserved, name) &&
          !g_ptr_array_find_with_equal_func (names, name, g_str_equal, NULL))
        g_ptr_array_add (names, g_steal_pointer (&name));
    }
}

/**
 * weir_config_dup_function_names:
 * @self: a config
 *
 * Returns: (transfer full) (array zero-terminated=1): the functions that have a table of
 *   their own in `weir.toml` or `supabase/config.toml`, or a `flux.json`, sorted
 *
 * Since: 1.0
 */
char **
weir_config_dup_function_names (WeirConfig *self)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer name;

  g_return_val_if_fail (WEIR_IS_CONFIG (self), NULL);

  g_hash_table_iter_init (&iter, self->data->main_functions);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_ptr_array_add (names, g_strdup (name));
  g_hash_table_iter_init (&iter, self->data->supabase_functions);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    {
      if (!g_hash_table_contains (self->data->main_functions, name))
        g_ptr_array_add (names, g_strdup (name));
    }
  add_flux_names (self->data, names);
  g_ptr_array_sort (names, compare_strings);

  return steal_strv (names);
}

/**
 * weir_config_dup_function_settings:
 * @self: a config
 * @name: the name of a function
 * @function_directory: (nullable) (type filename): its own folder, where its `function.json`
 *   is; the folder of all functions for one that is a single file
 * @error: return location for an error
 *
 * Puts together what all sources say about one function: `function.json` over
 * `supabase/config.toml` over `[functions.NAME]` of `weir.toml` over its `[defaults]` over
 * what is built in. Tables of environment variables are put together name by name.
 *
 * Fails with an error of domain [error@Weir.ConfigError] if the function's own files are
 * wrong.
 *
 * Returns: (transfer full): the settings of the function
 *
 * Since: 1.0
 */
WeirSettings *
weir_config_dup_function_settings (WeirConfig *self,
                                   const char *name,
                                   const char *function_directory,
                                   GError **error)
{
  g_return_val_if_fail (WEIR_IS_CONFIG (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  return weir_config_merge_function (self->data, name, function_directory, error);
}

/**
 * weir_config_dup_function_environ:
 * @self: a config
 * @name: the name of a function
 * @function_directory: (nullable) (type filename): its own folder, where its `.env` is; the
 *   folder of all functions for one that is a single file
 * @error: return location for an error
 *
 * Puts together the environment of one function: its own `.env` over its `env` option over
 * `env_files` over `.env` in the folder of all functions over `[edge_runtime.secrets]` of
 * `supabase/config.toml`. Nothing of the environment of this process is in it.
 *
 * Fails with an error of domain [error@Weir.ConfigError] if the function's own files are
 * wrong.
 *
 * Returns: (transfer full) (array zero-terminated=1) (element-type filename): `KEY=value`
 *   lines, sorted, each name once
 *
 * Since: 1.0
 */
char **
weir_config_dup_function_environ (WeirConfig *self,
                                  const char *name,
                                  const char *function_directory,
                                  GError **error)
{
  g_return_val_if_fail (WEIR_IS_CONFIG (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  return weir_config_dup_function_environ_with (self, name, function_directory, NULL, error);
}

/**
 * weir_config_dup_function_environ_with:
 * @self: a configuration
 * @name: the function's name
 * @function_directory: (nullable): its folder, where its `function.json` and `.env` are
 * @secrets: (nullable) (array zero-terminated=1): `NAME=value` lines from elsewhere
 * @error: return location for an error
 *
 * As [method@Weir.Config.dup_function_environ], with variables that are over those of the files
 * for all functions and under those of the function's own.
 *
 * Returns: (transfer full) (array zero-terminated=1): `NAME=value` lines, sorted, no name
 *   twice; or %NULL with an error
 *
 * Since: 1.0
 */
char **
weir_config_dup_function_environ_with (WeirConfig *self,
                                       const char *name,
                                       const char *function_directory,
                                       const char *const *secrets,
                                       GError **error)
{
  g_return_val_if_fail (WEIR_IS_CONFIG (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  return weir_config_merge_environ (self->data, name, function_directory, secrets, error);
}
