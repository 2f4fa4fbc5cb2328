/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-test-folder.h"

#include <glib/gstdio.h>

WeirTestFolder *
weir_test_folder_new (void)
{
  WeirTestFolder *self = g_new0 (WeirTestFolder, 1);
  g_autoptr (GError) error = NULL;

  self->path = g_dir_make_tmp ("weir-test-XXXXXX", &error);
  g_assert_no_error (error);

  return self;
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;

  if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK) && (dir = g_dir_open (path, 0, NULL)) != NULL)
    {
      while ((name = g_dir_read_name (dir)) != NULL)
        {
          g_autofree char *child = g_build_filename (path, name, NULL);

          remove_tree (child);
        }
    }
  g_remove (path);
}

void
weir_test_folder_free (WeirTestFolder *self)
{
  remove_tree (self->path);
  g_free (self->path);
  g_free (self);
}

char *
weir_test_folder_dup_path (WeirTestFolder *self, const char *name)
{
  return g_build_filename (self->path, name, NULL);
}

void
weir_test_folder_write (WeirTestFolder *self, const char *name, const char *text)
{
  g_autofree char *path = weir_test_folder_dup_path (self, name);
  g_autofree char *parent = g_path_get_dirname (path);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, &error);
  g_assert_no_error (error);
}
