/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What stands beside the code: function.json, flux.json, and the .env files. */

#include "config/weir-config-data-private.h"

#include <string.h>

#include "config/weir-env-file.h"

#define RESERVED_PREFIX "SUPABASE_"

/* ---- .env ---- */

/* What the server itself sets in a Supabase project is not for files to set. */
static char **
drop_reserved (WeirConfigData *self, WeirReport *report, const char *shown, char **lines)
{
  g_autoptr (GPtrArray) kept = g_ptr_array_new ();
  char **line;

  if (self->supabase_directory == NULL)
    return lines;

  for (line = lines; *line != NULL; line++)
    {
      if (!g_str_has_prefix (*line, RESERVED_PREFIX))
        {
          g_ptr_array_add (kept, *line);
          continue;
        }
      (*line)[strcspn (*line, "=")] = '\0';
      weir_report_warn (report,
                        "%s: Env name cannot start with SUPABASE_, skipping: %s",
                        shown,
                        *line);
      g_free (*line);
    }
  g_ptr_array_add (kept, NULL);
  g_free (lines);

  return (char **) g_ptr_array_steal (kept, NULL);
}

static char **
read_env_file (WeirConfigData *self,
               WeirReport *report,
               const char *path,
               const char *shown,
               char **lookup)
{
  g_autofree char *text = NULL;
  GError *error = NULL;
  char **lines;
  gsize length;

  if (!weir_config_data_read_text (report, path, shown, &text, &length))
    return g_new0 (char *, 1);
  lines = weir_env_file_parse (text, length, shown, (const char *const *) lookup, &error);
  if (lines != NULL)
    return drop_reserved (self, report, shown, lines);
  weir_report_take_problem (report, error);

  return g_new0 (char *, 1);
}

/* ---- the folder of one function ---- */

static void
clear_own_files (gpointer data)
{
  WeirOwnFiles *own = data;

  weir_report_free (own->report);
  g_hash_table_unref (own->layer);
  g_clear_pointer (&own->flux, g_hash_table_unref);
  g_clear_pointer (&own->flux_usual, g_hash_table_unref);
  g_strfreev (own->environ);
}

void
weir_own_files_unref (WeirOwnFiles *own)
{
  g_atomic_rc_box_release_full (own, clear_own_files);
}

static void
read_flux_json (WeirOwnFiles *own, const char *directory)
{
  g_autofree char *base = g_path_get_basename (directory);
  g_autofree char *path = g_build_filename (directory, "flux.json", NULL);
  g_autofree char *shown = g_build_filename (base, "flux.json", NULL);
  WeirSource source = { own->report, shown, directory };
  g_autofree char *text = NULL;
  gsize length;

  if (!weir_config_data_read_text (own->report, path, shown, &text, &length))
    return;
  own->flux = weir_layer_new ();
  own->flux_usual = weir_config_make_flux_usual (shown);
  weir_config_parse_flux_json (&source, own->flux, base, text, length);
}

static WeirOwnFiles *
load_own_files (WeirConfigData *self, const char *directory)
{
  WeirOwnFiles *own = g_atomic_rc_box_new0 (WeirOwnFiles);
  g_autofree char *base = g_path_get_basename (directory);
  g_autofree char *json = g_build_filename (directory, "function.json", NULL);
  g_autofree char *env = g_build_filename (directory, ".env", NULL);
  g_autofree char *shown_json = g_build_filename (base, "function.json", NULL);
  g_autofree char *shown_env = g_build_filename (base, ".env", NULL);
  WeirSource source = { NULL, shown_json, directory };

  own->report = weir_report_new ();
  own->layer = weir_layer_new ();
  source.report = own->report;
  weir_config_read_function_json (&source, own->layer, json);
  read_flux_json (own, directory);
  own->environ = read_env_file (self, own->report, env, shown_env, self->environ);

  return own;
}

static void
add_own_files (WeirConfigData *self, const char *directory)
{
  g_autofree char *json = g_build_filename (directory, "function.json", NULL);
  g_autofree char *flux = g_build_filename (directory, "flux.json", NULL);
  g_autofree char *env = g_build_filename (directory, ".env", NULL);

  if (g_hash_table_contains (self->own_files, directory) ||
      g_str_equal (directory, self->functions_directory))
    return;
  weir_config_data_add_file (self, json);
  weir_config_data_add_file (self, flux);
  weir_config_data_add_file (self, env);
  g_hash_table_insert (self->own_files, g_strdup (directory), load_own_files (self, directory));
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* Others may have files of these names that are not about functions. */
static gboolean
is_function_folder (WeirConfigData *self, const char *name, const char *path)
{
  static const char *const files[] = { "index.ts",  "index.tsx", "index.js",
                                       "index.mjs", "index.jsx", "flux.json" };
  gsize i;

  if (!g_utf8_validate (path, -1, NULL))
    return FALSE;
  if (g_hash_table_contains (self->main_functions, name) ||
      g_hash_table_contains (self->supabase_functions, name))
    return g_file_test (path, G_FILE_TEST_IS_DIR);

  for (i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *file = g_build_filename (path, files[i], NULL);

      if (g_file_test (file, G_FILE_TEST_EXISTS))
        return TRUE;
    }

  return FALSE;
}

/* "hello" for hello.ts; tests and declarations have a second dot, or say that they are. */
static char *
dup_flat_name (const char *file)
{
  const char *dot = strrchr (file, '.');
  g_autofree char *stem = NULL;

  if (dot == NULL || (!g_str_equal (dot, ".ts") && !g_str_equal (dot, ".js")))
    return NULL;
  stem = g_strndup (file, dot - file);
  if (strchr (stem, '.') != NULL || g_str_has_suffix (stem, "_test"))
    return NULL;
  return g_steal_pointer (&stem);
}

static void
add_flat (WeirConfigData *self, const char *file)
{
  g_autofree char *name = dup_flat_name (file);

  if (name != NULL && !g_ptr_array_find_with_equal_func (self->flat, name, g_str_equal, NULL))
    g_ptr_array_add (self->flat, g_steal_pointer (&name));
}

void
weir_config_read_own_files (WeirConfigData *self)
{
  g_autoptr (GDir) dir = g_dir_open (self->functions_directory, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *name;
  guint i;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      if (*name != '.' && *name != '_' && !g_str_equal (name, "node_modules"))
        g_ptr_array_add (names, g_strdup (name));
    }
  g_ptr_array_sort (names, compare_strings);

  for (i = 0; i < names->len; i++)
    {
      g_autofree char *path =
          g_build_filename (self->functions_directory, g_ptr_array_index (names, i), NULL);

      if (is_function_folder (self, g_ptr_array_index (names, i), path))
        add_own_files (self, path);
      else
        add_flat (self, g_ptr_array_index (names, i));
    }
}

void
weir_config_read_shared_environ (WeirConfigData *self)
{
  g_autofree char *first = g_build_filename (self->functions_directory, ".env", NULL);
  WeirEntry *more = weir_config_data_get_server (self, "env_files");
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  guint i;

  g_ptr_array_add (paths, g_strdup (first));
  if (more != NULL)
    {
      GVariantIter iter;
      const char *path;

      g_variant_iter_init (&iter, more->value);
      while (g_variant_iter_next (&iter, "&s", &path))
        g_ptr_array_add (paths, g_strdup (path));
    }

  g_strfreev (self->environ);
  self->environ = g_strdupv (self->secrets);
  for (i = 0; i < paths->len; i++)
    {
      const char *path = g_ptr_array_index (paths, i);
      g_autofree char *shown = weir_config_data_dup_shown (self, path);
      g_auto (GStrv) lines = NULL;
      char **line;

      weir_config_data_add_file (self, path);
      if (i > 0 && !g_file_test (path, G_FILE_TEST_EXISTS))
        {
          WeirSource source = { self->report, more->place, NULL };

          weir_source_fail (&source,
                            WEIR_CONFIG_ERROR_READ,
                            0,
                            0,
                            "env_files: there is no file %s",
                            path);
          continue;
        }
      lines = read_env_file (self, self->report, path, shown, self->environ);
      for (line = lines; *line != NULL; line++)
        {
          g_autofree char *name = g_strndup (*line, strcspn (*line, "="));

          self->environ = g_environ_setenv (self->environ, name, *line + strlen (name) + 1, TRUE);
        }
    }
}

WeirOwnFiles *
weir_config_ref_own_files (WeirConfigData *self, const char *directory)
{
  g_autofree char *path = NULL;
  WeirOwnFiles *own;

  if (directory == NULL)
    return NULL;
  path = g_canonicalize_filename (directory, NULL);
  if (g_str_equal (path, self->functions_directory) || !g_utf8_validate (path, -1, NULL))
    return NULL;
  own = g_hash_table_lookup (self->own_files, path);

  return own != NULL ? g_atomic_rc_box_acquire (own) : load_own_files (self, path);
}
