/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where in a folder the functions are. */

#include "config/weir-config-data-private.h"

#include <string.h>

static const char *const script_endings[] = { ".ts", ".tsx", ".js", ".mjs", ".jsx", NULL };

static gboolean
is_script (const char *name)
{
  const char *dot = strrchr (name, '.');

  return dot != NULL && g_strv_contains (script_endings, dot);
}

static gboolean
is_index (const char *name)
{
  return (g_str_has_prefix (name, "index.") && is_script (name) &&
          strchr (name, '.') == strrchr (name, '.')) ||
         g_str_equal (name, "flux.json");
}

/* Whether the folder has a name that is good. */
static gboolean
holds (const char *directory, gboolean (*is_good) (const char *name))
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;

  if (dir == NULL)
    return FALSE;
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      if (is_good (name))
        return TRUE;
    }

  return FALSE;
}

/* Any code at all will do in a folder that is called "functions": what is wrong with it is
 * for discovery to say. */
static gboolean
has_functions (const char *directory, gboolean only_index)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;

  if (dir == NULL)
    return FALSE;
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (directory, name, NULL);

      if (*name == '.' || *name == '_' || g_str_equal (name, "node_modules"))
        continue;
      if (!only_index && is_script (name) && g_file_test (path, G_FILE_TEST_IS_REGULAR))
        return TRUE;
      if (holds (path, only_index ? is_index : is_script))
        return TRUE;
    }

  return FALSE;
}

static gboolean
is_called (const char *directory, const char *name)
{
  g_autofree char *base = g_path_get_basename (directory);

  return g_str_equal (base, name);
}

static gboolean
try_below (WeirConfigData *self, const char *base, gboolean need_functions)
{
  g_autofree char *path = g_build_filename (self->directory, base, "functions", NULL);

  if (!g_file_test (path, G_FILE_TEST_IS_DIR))
    return FALSE;
  if (need_functions && !has_functions (path, FALSE))
    return FALSE;
  self->functions_directory = g_steal_pointer (&path);

  return TRUE;
}

static gboolean
try_itself (WeirConfigData *self)
{
  g_autofree char *inside = g_build_filename (self->directory, "functions", NULL);

  if (g_file_test (inside, G_FILE_TEST_IS_DIR) ||
      !has_functions (self->directory, !is_called (self->directory, "functions")))
    return FALSE;
  self->functions_directory = g_strdup (self->directory);

  return TRUE;
}

/* A folder without index files can still have functions, by entrypoints of its config. */
static gboolean
try_configured (WeirConfigData *self)
{
  gboolean inside = is_called (self->directory, "supabase");
  g_autofree char *base = g_build_filename (self->directory, inside ? "" : "supabase", NULL);

  return weir_config_has_supabase_functions (base) &&
         try_below (self, inside ? "" : "supabase", FALSE);
}

static gboolean
use_configured_folder (WeirConfigData *self, WeirEntry *entry)
{
  WeirSource source = { self->report, entry->place, NULL };

  g_clear_pointer (&self->functions_directory, g_free);
  self->functions_directory = g_variant_dup_string (entry->value, NULL);
  if (g_file_test (self->functions_directory, G_FILE_TEST_IS_DIR))
    return TRUE;

  weir_source_fail (&source,
                    WEIR_CONFIG_ERROR_READ,
                    0,
                    0,
                    "functions: there is no folder %s",
                    self->functions_directory);

  return FALSE;
}

/* The first of the folders that were looked in that is there and would not be read. */
static GError *
find_unreadable (const char *dir)
{
  static const char *const below[] = { "",         "supabase",           "supabase/functions",
                                       "fluxbase", "fluxbase/functions", "functions" };

  for (gsize i = 0; i < G_N_ELEMENTS (below); i++)
    {
      g_autofree char *path = g_canonicalize_filename (below[i], dir);
      g_autoptr (GError) error = NULL;
      g_autoptr (GDir) opened = g_dir_open (path, 0, &error);

      if (opened == NULL && g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_ACCES))
        return g_error_new (WEIR_CONFIG_ERROR,
                            WEIR_CONFIG_ERROR_READ,
                            "%s: the folder cannot be read; make it readable for this user.",
                            path);
    }

  return NULL;
}

static GError *
explain_no_functions (const char *dir)
{
  g_autofree char *parent = g_path_get_dirname (dir);
  GError *unreadable = find_unreadable (dir);

  if (unreadable != NULL)
    return unreadable;
  if (holds (dir, is_index))
    return g_error_new (WEIR_CONFIG_ERROR,
                        WEIR_CONFIG_ERROR_READ,
                        "%s is the folder of one function; give the folder above it, %s.",
                        dir,
                        parent);

  return g_error_new (WEIR_CONFIG_ERROR,
                      WEIR_CONFIG_ERROR_READ,
                      "No functions found in %s. Looked in %s/supabase/functions, "
                      "%s/fluxbase/functions, %s/functions and %s itself; `weir new hello` makes "
                      "one.",
                      dir,
                      dir,
                      dir,
                      dir,
                      dir);
}

static void
fail_without_functions (WeirConfigData *self)
{
  const char *dir = self->directory;

  weir_report_take_problem (self->report, explain_no_functions (dir));
  if (self->functions_directory == NULL && !try_below (self, "supabase", FALSE) &&
      !try_below (self, "fluxbase", FALSE))
    self->functions_directory = g_build_filename (dir, "functions", NULL);
}

static void
find_supabase (WeirConfigData *self)
{
  g_autofree char *parent = g_path_get_dirname (self->functions_directory);
  g_autofree char *inside = g_build_filename (self->directory, "supabase", NULL);
  g_autofree char *file = g_build_filename (inside, "config.toml", NULL);

  weir_config_data_add_file (self, file);
  if (is_called (parent, "supabase"))
    self->supabase_directory = g_steal_pointer (&parent);
  else if (is_called (self->directory, "supabase"))
    self->supabase_directory = g_strdup (self->directory);
  else if (g_file_test (file, G_FILE_TEST_IS_REGULAR))
    self->supabase_directory = g_steal_pointer (&inside);
}

static void
find_main_file (WeirConfigData *self)
{
  g_autofree char *here = g_build_filename (self->directory, "weir.toml", NULL);

  weir_config_data_add_file (self, here);
  if (g_file_test (here, G_FILE_TEST_EXISTS))
    {
      weir_config_read_main_file (self, here);
      return;
    }
  if (self->functions_directory != NULL)
    {
      g_autofree char *parent = g_path_get_dirname (self->functions_directory);
      g_autofree char *beside = g_build_filename (parent, "weir.toml", NULL);

      if (!g_str_equal (beside, here))
        weir_config_read_main_file (self, beside);
    }
}

static gboolean
check_directory (WeirConfigData *self)
{
  if (!g_utf8_validate (self->directory, -1, NULL))
    {
      char *shown = g_filename_display_name (self->directory);

      weir_report_take_problem (self->report,
                                g_error_new (WEIR_CONFIG_ERROR,
                                             WEIR_CONFIG_ERROR_READ,
                                             "The name of the folder %s is not valid UTF-8.",
                                             shown));
      g_free (self->directory);
      self->directory = shown;
      self->functions_directory = g_build_filename (self->directory, "functions", NULL);
      return FALSE;
    }
  if (!g_file_test (self->directory, G_FILE_TEST_IS_DIR))
    {
      weir_report_take_problem (self->report,
                                g_error_new (WEIR_CONFIG_ERROR,
                                             WEIR_CONFIG_ERROR_READ,
                                             "There is no folder %s.",
                                             self->directory));
      self->functions_directory = g_build_filename (self->directory, "functions", NULL);
      return FALSE;
    }

  return TRUE;
}

void
weir_config_find_project (WeirConfigData *self)
{
  WeirEntry *configured;
  gboolean found;

  if (!check_directory (self))
    return;

  found = try_below (self, "supabase", TRUE) || try_below (self, "fluxbase", TRUE) ||
          try_below (self, "", TRUE) || try_itself (self) || try_configured (self);
  find_main_file (self);
  configured = weir_config_data_get_server (self, "functions");
  if (configured != NULL)
    found = use_configured_folder (self, configured);
  else if (!found)
    fail_without_functions (self);
  find_supabase (self);
}
