/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/weir-config-data-private.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "config/weir-toml-private.h"

#define MAX_FILE_SIZE (4 * 1024 * 1024)

static GHashTable *
new_table_of_layers (void)
{
  return g_hash_table_new_full (g_str_hash,
                                g_str_equal,
                                g_free,
                                (GDestroyNotify) g_hash_table_unref);
}

WeirConfigData *
weir_config_data_new (const char *directory)
{
  WeirConfigData *self = g_new0 (WeirConfigData, 1);

  self->directory = g_canonicalize_filename (directory, NULL);
  self->report = weir_report_new ();
  self->files = g_ptr_array_new ();
  self->file_set = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->main_layer = weir_layer_new ();
  self->environment_layer = weir_layer_new ();
  self->override_layer = weir_layer_new ();
  self->defaults = weir_layer_new ();
  self->profiles = weir_layer_new ();
  self->main_functions = new_table_of_layers ();
  self->supabase_defaults = weir_layer_new ();
  self->supabase_functions = new_table_of_layers ();
  self->secrets = g_new0 (char *, 1);
  self->environ = g_new0 (char *, 1);
  self->own_files = g_hash_table_new_full (g_str_hash,
                                           g_str_equal,
                                           g_free,
                                           (GDestroyNotify) weir_own_files_unref);
  self->flat = g_ptr_array_new_with_free_func (g_free);

  return self;
}

void
weir_config_data_free (WeirConfigData *self)
{
  g_free (self->directory);
  g_free (self->functions_directory);
  g_free (self->supabase_directory);
  weir_report_free (self->report);
  g_ptr_array_unref (self->files);
  g_hash_table_unref (self->file_set);
  g_hash_table_unref (self->main_layer);
  g_hash_table_unref (self->environment_layer);
  g_hash_table_unref (self->override_layer);
  g_hash_table_unref (self->defaults);
  g_hash_table_unref (self->profiles);
  g_hash_table_unref (self->main_functions);
  g_hash_table_unref (self->supabase_defaults);
  g_hash_table_unref (self->supabase_functions);
  weir_supabase_auth_clear (&self->supabase_auth);
  g_strfreev (self->secrets);
  g_strfreev (self->environ);
  g_hash_table_unref (self->own_files);
  g_ptr_array_unref (self->flat);
  g_free (self);
}

void
weir_config_data_add_file (WeirConfigData *self, const char *path)
{
  char *copy;

  if (g_hash_table_contains (self->file_set, path))
    return;

  copy = g_strdup (path);
  g_hash_table_add (self->file_set, copy);
  g_ptr_array_add (self->files, copy);
}

char *
weir_config_data_dup_shown (WeirConfigData *self, const char *path)
{
  gsize length = strlen (self->directory);

  if (g_str_has_prefix (path, self->directory) && path[length] == G_DIR_SEPARATOR)
    path += length + 1;

  return g_filename_display_name (path);
}

gboolean
weir_config_data_read_text (WeirReport *report,
                            const char *path,
                            const char *shown,
                            char **text,
                            gsize *length)
{
  WeirSource source = { report, shown, NULL };
  g_autoptr (GError) error = NULL;
  GStatBuf status;

  /* A pipe in place of a file would keep the reader for ever. */
  if (g_stat (path, &status) == 0 && !S_ISREG (status.st_mode))
    {
      weir_source_fail (&source, WEIR_CONFIG_ERROR_READ, 0, 0, "this is not a file");
      return FALSE;
    }
  if (!g_file_get_contents (path, text, length, &error))
    {
      if (!g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT) &&
          !g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOTDIR))
        weir_source_fail (&source, WEIR_CONFIG_ERROR_READ, 0, 0, "%s", error->message);
      return FALSE;
    }
  if (*length > MAX_FILE_SIZE)
    {
      weir_source_fail (&source,
                        WEIR_CONFIG_ERROR_READ,
                        0,
                        0,
                        "the file is larger than %d bytes",
                        MAX_FILE_SIZE);
      g_clear_pointer (text, g_free);
      return FALSE;
    }

  return TRUE;
}

WeirNode *
weir_config_data_read_toml (WeirConfigData *self, const char *path, const char *shown)
{
  g_autofree char *text = NULL;
  GError *error = NULL;
  WeirNode *node;
  gsize length;

  weir_config_data_add_file (self, path);
  if (!weir_config_data_read_text (self->report, path, shown, &text, &length))
    return NULL;

  node = weir_toml_parse (text, length, shown, &error);
  if (node == NULL)
    weir_report_take_problem (self->report, error);

  return node;
}

GHashTable *
weir_config_data_ensure_layer (GHashTable *functions, const char *name)
{
  GHashTable *layer = g_hash_table_lookup (functions, name);

  if (layer == NULL)
    {
      layer = weir_layer_new ();
      g_hash_table_insert (functions, g_strdup (name), layer);
    }

  return layer;
}

WeirEntry *
weir_config_data_get_server (WeirConfigData *self, const char *name)
{
  WeirEntry *entry = weir_layer_get (self->override_layer, name);

  if (entry == NULL)
    entry = weir_layer_get (self->environment_layer, name);
  if (entry == NULL)
    entry = weir_layer_get (self->main_layer, name);

  return entry;
}
