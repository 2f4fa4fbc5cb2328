/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-deno-folders.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "weir-deno-bundle.h"

gboolean
weir_deno_is_below (const char *path, const char *folder)
{
  gsize length = strlen (folder);

  return strncmp (path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static gint64
read_stamp (const char *root)
{
  struct stat status;

  if (stat (root, &status) != 0)
    return -1;
  return (gint64) status.st_mtim.tv_sec * G_GINT64_CONSTANT (1000000000) + status.st_mtim.tv_nsec;
}

static gint64
read_bundle_stamp (void)
{
  g_autofree char *folder = g_build_filename (g_get_user_cache_dir (), "weir", "bundles", NULL);

  return read_stamp (folder);
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static gboolean
is_source (const char *name)
{
  static const char *const endings[] = { ".ts", ".tsx", ".js", ".mjs", ".jsx" };

  for (gsize i = 0; i < G_N_ELEMENTS (endings); i++)
    if (g_str_has_suffix (name, endings[i]))
      return TRUE;
  return FALSE;
}

WeirDenoFolders *
weir_deno_folders_new (const char *root)
{
  WeirDenoFolders *self = g_new0 (WeirDenoFolders, 1);
  g_autoptr (GDir) dir = NULL;
  const char *name;

  self->root = g_strdup (root);
  self->stamp = read_stamp (root);
  self->bundle_stamp = read_bundle_stamp ();
  self->real = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->shared = g_ptr_array_new_with_free_func (g_free);
  self->members = g_ptr_array_new_with_free_func (g_free);
  dir = g_dir_open (root, 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (root, name, NULL);

      if (name[0] == '.' || strchr (name, ',') != NULL)
        continue;
      if (name[0] == '_' && g_file_test (path, G_FILE_TEST_IS_DIR))
        g_ptr_array_add (self->shared, g_steal_pointer (&path));
      else if (is_source (name) || g_file_test (path, G_FILE_TEST_IS_DIR))
        g_ptr_array_add (self->members, g_steal_pointer (&path));
    }
  g_ptr_array_sort (self->shared, compare_paths);
  g_ptr_array_sort (self->members, compare_paths);
  return self;
}

void
weir_deno_folders_free (WeirDenoFolders *self)
{
  g_free (self->root);
  g_hash_table_unref (self->real);
  g_ptr_array_unref (self->shared);
  g_ptr_array_unref (self->members);
  g_free (self);
}

gboolean
weir_deno_folders_is_current (WeirDenoFolders *self)
{
  return self->stamp >= 0 && self->stamp == read_stamp (self->root) &&
         self->bundle_stamp == read_bundle_stamp ();
}

GPtrArray *
weir_deno_folders_dup_group (WeirDenoFolders *self, const char *member)
{
  GPtrArray *group;
  guint position, first;

  if (!g_ptr_array_find_with_equal_func (self->members, member, g_str_equal, &position))
    return NULL;
  group = g_ptr_array_new_with_free_func (g_free);
  first = position / WEIR_DENO_GROUP_SIZE * WEIR_DENO_GROUP_SIZE;
  for (guint i = first; i < MIN (first + WEIR_DENO_GROUP_SIZE, self->members->len); i++)
    g_ptr_array_add (group, g_strdup (g_ptr_array_index (self->members, i)));
  return group;
}

const char *
weir_deno_folders_get_real (WeirDenoFolders *self, const char *path)
{
  const char *known = g_hash_table_lookup (self->real, path);
  char *found;

  if (known != NULL)
    return known;
  found = realpath (path, NULL);
  if (found == NULL)
    return path;
  known = g_strdup (found);
  free (found);
  g_hash_table_insert (self->real, g_strdup (path), (gpointer) known);
  return known;
}

char *
weir_deno_folders_dup_bundles (WeirDenoFolders *self, const char *member)
{
  g_autofree char *folder = NULL;

  if (self->bundle_stamp < 0)
    return NULL;
  folder = weir_deno_bundle_get_folder (member);
  return g_file_test (folder, G_FILE_TEST_IS_DIR) ? g_steal_pointer (&folder) : NULL;
}
