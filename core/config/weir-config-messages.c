/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is wrong in all files, put together. */

#include "config/weir-config-data-private.h"

#include <string.h>

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

static GPtrArray *
list_own_directories (WeirConfigData *data)
{
  GPtrArray *directories = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer directory;

  g_hash_table_iter_init (&iter, data->own_files);
  while (g_hash_table_iter_next (&iter, &directory, NULL))
    g_ptr_array_add (directories, directory);
  g_ptr_array_sort (directories, compare_strings);

  return directories;
}

static void
add_messages (GPtrArray *problems, GPtrArray *warnings, WeirReport *report)
{
  guint i;

  for (i = 0; i < report->problems->len; i++)
    {
      const GError *error = g_ptr_array_index (report->problems, i);

      g_ptr_array_add (problems, g_strdup (error->message));
    }
  for (i = 0; i < report->warnings->len; i++)
    g_ptr_array_add (warnings, g_strdup (g_ptr_array_index (report->warnings, i)));
}

/* What is only seen when the sources are put together. */
static void
add_merge_problem (GPtrArray *problems, WeirConfigData *data, const char *directory)
{
  g_autofree char *name = g_path_get_basename (directory);
  WeirOwnFiles *own = g_hash_table_lookup (data->own_files, directory);
  g_autoptr (WeirSettings) settings = NULL;
  g_autoptr (GError) error = NULL;

  if (own->report->problems->len > 0)
    return;
  settings = weir_config_merge_function (data, name, directory, &error);
  if (settings == NULL)
    g_ptr_array_add (problems, g_strdup (error->message));
}

static void
add_annotation_warnings (GPtrArray *warnings,
                         WeirConfigData *data,
                         const char *name,
                         const char *directory)
{
  g_autoptr (WeirReport) report = weir_report_new ();

  weir_config_warn_of_annotations (data, name, directory, report);
  for (guint i = 0; i < report->warnings->len; i++)
    g_ptr_array_add (warnings, g_strdup (g_ptr_array_index (report->warnings, i)));
}

static gboolean
is_flat (WeirConfigData *data, const char *name)
{
  return g_ptr_array_find_with_equal_func (data->flat, name, g_str_equal, NULL);
}

static gboolean
is_known (WeirConfigData *data, const char *name)
{
  g_autofree char *directory = g_build_filename (data->functions_directory, name, NULL);

  return is_flat (data, name) || g_hash_table_contains (data->own_files, directory) ||
         g_hash_table_contains (data->main_functions, name) ||
         g_hash_table_contains (data->supabase_functions, name);
}

/* A name that nobody has is most likely a mistake that keeps a function shut. */
static void
add_public_warnings (GPtrArray *warnings, WeirConfigData *data)
{
  WeirEntry *entry = weir_config_data_get_server (data, "auth.public_functions");
  GVariantIter iter;
  const char *name;

  if (entry == NULL)
    return;
  g_variant_iter_init (&iter, entry->value);
  while (g_variant_iter_next (&iter, "&s", &name))
    if (!is_known (data, name))
      g_ptr_array_add (
          warnings,
          g_strdup_printf ("%s: public_functions: there is no function “%s”", entry->origin, name));
}

void
weir_config_collect_messages (WeirConfigData *self, char ***problems_out, char ***warnings_out)
{
  g_autoptr (GPtrArray) problems = g_ptr_array_new ();
  g_autoptr (GPtrArray) warnings = g_ptr_array_new ();
  g_autoptr (GPtrArray) directories = list_own_directories (self);
  guint i;

  add_messages (problems, warnings, self->report);
  for (i = 0; i < directories->len; i++)
    {
      const char *directory = g_ptr_array_index (directories, i);
      WeirOwnFiles *own = g_hash_table_lookup (self->own_files, directory);
      g_autofree char *name = g_path_get_basename (directory);

      add_messages (problems, warnings, own->report);
      add_merge_problem (problems, self, directory);
      if (!is_flat (self, name))
        add_annotation_warnings (warnings, self, name, directory);
    }
  add_public_warnings (warnings, self);
  for (i = 0; i < self->flat->len; i++)
    add_annotation_warnings (warnings, self, g_ptr_array_index (self->flat, i), NULL);

  *problems_out = steal_strv (problems);
  *warnings_out = steal_strv (warnings);
}
