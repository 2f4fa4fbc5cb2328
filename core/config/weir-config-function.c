/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* All that is said about one function, put together. */

#include "config/weir-config-data-private.h"

#include <string.h>

typedef struct
{
  GHashTable *values;
  GHashTable *origins;
} Merge;

static void
set_merged (Merge *merge, const char *name, GVariant *value, const char *origin)
{
  g_hash_table_replace (merge->values, g_strdup (name), g_variant_ref_sink (value));
  g_hash_table_replace (merge->origins, g_strdup (name), g_strdup (origin));
}

/* Name by name, the stronger table over the weaker one. */
static void
merge_table (Merge *merge, const char *name, WeirEntry *entry)
{
  GVariant *weaker = g_hash_table_lookup (merge->values, name);
  const char *weaker_origin = g_hash_table_lookup (merge->origins, name);
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{ss}"));
  g_autofree char *origin = NULL;
  GVariantIter iter;
  const char *key, *text;

  if (weaker != NULL)
    {
      g_variant_iter_init (&iter, weaker);
      while (g_variant_iter_next (&iter, "{&s&s}", &key, &text))
        {
          if (!g_variant_lookup (entry->value, key, "&s", NULL))
            g_variant_builder_add (&builder, "{ss}", key, text);
        }
    }
  g_variant_iter_init (&iter, entry->value);
  while (g_variant_iter_next (&iter, "{&s&s}", &key, &text))
    g_variant_builder_add (&builder, "{ss}", key, text);

  if (weaker_origin != NULL)
    origin = g_strdup_printf ("%s, %s", weaker_origin, entry->origin);
  set_merged (merge,
              name,
              g_variant_builder_end (&builder),
              origin != NULL ? origin : entry->origin);
}

static void
merge_layer (Merge *merge, GHashTable *layer)
{
  GHashTableIter iter;
  gpointer name, data;

  if (layer == NULL)
    return;

  g_hash_table_iter_init (&iter, layer);
  while (g_hash_table_iter_next (&iter, &name, &data))
    {
      WeirEntry *entry = data;

      if (g_variant_is_of_type (entry->value, G_VARIANT_TYPE ("a{ss}")))
        merge_table (merge, name, entry);
      else
        set_merged (merge, name, entry->value, entry->origin);
    }
}

static void
merge_built_in (Merge *merge)
{
  const WeirOption *options;
  guint n_options, i;

  options = weir_config_schema_get_options (&n_options);
  for (i = 0; i < n_options; i++)
    {
      if (options[i].scope == WEIR_OPTION_FUNCTION && options[i].fallback != NULL)
        g_hash_table_insert (merge->values,
                             g_strdup (options[i].name),
                             weir_config_schema_dup_fallback (&options[i]));
    }
}

/* As if its own table had said it; which is the stronger word, if it says something else. */
static void
merge_public (Merge *merge, WeirConfigData *self, const char *name, GHashTable *project)
{
  WeirEntry *entry = weir_config_data_get_server (self, "auth.public_functions");
  g_autofree const char **names = NULL;

  if (entry == NULL || weir_layer_get (project, "auth") != NULL)
    return;
  names = g_variant_get_strv (entry->value, NULL);
  if (g_strv_contains (names, name))
    set_merged (merge, "auth", g_variant_new_string ("public"), entry->origin);
}

/* What a function may do is not for the function to say once the project has said it; and the
 * name of a profile stands for its flags. */
static void
merge_permissions (Merge *merge, WeirConfigData *self, GHashTable *project)
{
  static const char *const leaves[] = { "permissions", "allow_net", "allow_env" };
  WeirEntry *profile = NULL;
  GVariant *value;
  const char *name;

  for (gsize i = 0; i < G_N_ELEMENTS (leaves); i++)
    {
      WeirEntry *said = weir_layer_get (project, leaves[i]);

      if (said != NULL)
        set_merged (merge, leaves[i], said->value, said->origin);
    }
  value = g_hash_table_lookup (merge->values, "permissions");
  if (value == NULL || g_variant_n_children (value) != 1)
    return;
  g_variant_get_child (value, 0, "&s", &name);
  profile = weir_layer_get (self->profiles, name);
  if (profile != NULL)
    set_merged (merge, "permissions", profile->value, profile->origin);
}

static char *
find_script (const char *directory, const char *stem)
{
  static const char *const endings[] = { ".ts", ".tsx", ".js", ".mjs", ".jsx" };

  for (gsize i = 0; i < G_N_ELEMENTS (endings); i++)
    {
      g_autofree char *file = g_strconcat (stem, endings[i], NULL);
      g_autofree char *path = g_build_filename (directory, file, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
        return g_steal_pointer (&path);
    }
  return NULL;
}

/* A flat file wins over a folder of its name, as when functions are looked for. */
static char *
find_entry (WeirConfigData *self, const char *name, const char *directory, WeirOwnFiles *own)
{
  GHashTable *layers[] = { own != NULL ? own->layer : NULL,
                           own != NULL ? own->flux : NULL,
                           g_hash_table_lookup (self->supabase_functions, name),
                           g_hash_table_lookup (self->main_functions, name) };
  char *entry;

  for (gsize i = 0; i < G_N_ELEMENTS (layers); i++)
    {
      WeirEntry *said = weir_layer_get (layers[i], "entrypoint");

      if (said != NULL)
        return g_variant_dup_string (said->value, NULL);
    }
  entry = find_script (self->functions_directory, name);
  if (entry == NULL && directory != NULL)
    entry = find_script (directory, "index");
  return entry;
}

static void
read_annotations (WeirConfigData *self,
                  const char *name,
                  const char *directory,
                  WeirOwnFiles *own,
                  GHashTable *layer,
                  WeirReport *warnings)
{
  g_autofree char *entry = find_entry (self, name, directory, own);
  g_autofree char *folder = entry != NULL ? g_path_get_dirname (entry) : NULL;
  g_autofree char *base = NULL;
  g_autofree char *file = NULL;
  g_autofree char *shown = NULL;

  if (entry == NULL)
    return;
  file = g_path_get_basename (entry);
  base = g_path_get_basename (folder);
  shown = g_str_equal (folder, self->functions_directory) ? g_strdup (file)
                                                          : g_build_filename (base, file, NULL);
  weir_config_read_annotations (entry, shown, layer, warnings);
}

void
weir_config_warn_of_annotations (WeirConfigData *self,
                                 const char *name,
                                 const char *directory,
                                 WeirReport *warnings)
{
  g_autoptr (WeirOwnFiles) own = weir_config_ref_own_files (self, directory);
  g_autoptr (GHashTable) layer = weir_layer_new ();
  g_autofree char *entry = find_entry (self, name, directory, own);

  /* Of one that has another name nobody would know that what it says is configuration. */
  if (entry != NULL && strstr (entry, "/index.") == NULL)
    weir_config_data_add_file (self, entry);
  read_annotations (self, name, directory, own, layer, warnings);
}

/* Weakest first. */
static void
merge_layers (Merge *merge,
              WeirConfigData *self,
              const char *name,
              const char *directory,
              WeirOwnFiles *own)
{
  g_autoptr (GHashTable) annotations = weir_layer_new ();

  read_annotations (self, name, directory, own, annotations, NULL);
  merge->values =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  merge->origins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  merge_built_in (merge);
  if (own != NULL)
    merge_layer (merge, own->flux_usual);
  merge_layer (merge, self->supabase_defaults);
  merge_layer (merge, self->defaults);
  merge_layer (merge, g_hash_table_lookup (self->main_functions, name));
  merge_public (merge, self, name, g_hash_table_lookup (self->main_functions, name));
  merge_layer (merge, annotations);
  merge_layer (merge, g_hash_table_lookup (self->supabase_functions, name));
  if (own != NULL)
    merge_layer (merge, own->flux);
  if (own != NULL)
    merge_layer (merge, own->layer);
  merge_permissions (merge, self, g_hash_table_lookup (self->main_functions, name));
}

static gboolean
check_own_files (WeirOwnFiles *own, GError **error)
{
  if (own == NULL || own->report->problems->len == 0)
    return TRUE;
  g_propagate_error (error, g_error_copy (g_ptr_array_index (own->report->problems, 0)));

  return FALSE;
}

/* Deno would say it as well, but not where the path was written. */
static gboolean
check_import_map (WeirSettings *settings, GError **error)
{
  const char *path = weir_settings_get_string (settings, "import_map");

  if (path == NULL || !weir_settings_get_boolean (settings, "enabled") ||
      g_file_test (path, G_FILE_TEST_IS_REGULAR))
    return TRUE;

  g_set_error (error,
               WEIR_CONFIG_ERROR,
               WEIR_CONFIG_ERROR_READ,
               "%s: import_map: there is no file %s",
               weir_settings_get_origin (settings, "import_map"),
               path);

  return FALSE;
}

/* Where the numbers of a plan are is said as well: they are what counts. */
static gboolean
resolve_rate_limit (Merge *merge, WeirConfigData *self, GError **error)
{
  GVariant *value = g_hash_table_lookup (merge->values, "rate_limit");
  const char *origin = g_hash_table_lookup (merge->origins, "rate_limit");
  g_autofree char *limits = NULL;
  g_autofree char *told = NULL;
  const char *text;

  if (value == NULL)
    return TRUE;
  text = g_variant_get_string (value, NULL);
  limits = weir_config_dup_rate_limit (self, text, origin, error);
  if (limits == NULL)
    return FALSE;
  if (!g_str_equal (limits, text))
    {
      told = g_strdup_printf ("%s, plan \"%s\"", origin, text);
      set_merged (merge, "rate_limit", g_variant_new_string (limits), told);
    }
  return TRUE;
}

WeirSettings *
weir_config_merge_function (WeirConfigData *self,
                            const char *name,
                            const char *directory,
                            GError **error)
{
  g_autoptr (WeirOwnFiles) own = weir_config_ref_own_files (self, directory);
  g_autoptr (WeirSettings) settings = NULL;
  gboolean resolved;
  Merge merge;

  if (!check_own_files (own, error))
    return NULL;
  merge_layers (&merge, self, name, directory, own);
  resolved = resolve_rate_limit (&merge, self, error);
  settings = weir_settings_new (merge.values, merge.origins);
  if (!resolved || !check_import_map (settings, error))
    return NULL;

  return g_steal_pointer (&settings);
}

static char **
add_lines (char **lines, char **stronger)
{
  for (; *stronger != NULL; stronger++)
    {
      g_autofree char *name = g_strndup (*stronger, strcspn (*stronger, "="));

      lines = g_environ_setenv (lines, name, *stronger + strlen (name) + 1, TRUE);
    }

  return lines;
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

char **
weir_config_merge_environ (WeirConfigData *self,
                           const char *name,
                           const char *directory,
                           const char *const *secrets,
                           GError **error)
{
  g_autoptr (WeirOwnFiles) own = weir_config_ref_own_files (self, directory);
  g_autoptr (WeirSettings) settings = NULL;
  g_auto (GStrv) set = NULL;
  char **lines;
  Merge merge;

  if (!check_own_files (own, error))
    return NULL;
  merge_layers (&merge, self, name, directory, own);
  settings = weir_settings_new (merge.values, merge.origins);
  set = weir_settings_dup_environ (settings, "env");

  lines = g_strdupv (self->environ);
  if (secrets != NULL)
    lines = add_lines (lines, (char **) secrets);
  lines = add_lines (lines, set);
  if (own != NULL)
    lines = add_lines (lines, own->environ);
  qsort (lines, g_strv_length (lines), sizeof (char *), compare_strings);

  return lines;
}
