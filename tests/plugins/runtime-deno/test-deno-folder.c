/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib/gstdio.h>
#include <unistd.h>
#include <weir.h>

#include "weir-deno-folder.h"

static char *
make (const char *parent, const char *name)
{
  char *path = g_build_filename (parent, name, NULL);

  g_assert_cmpint (g_mkdir_with_parents (path, 0700), ==, 0);
  return path;
}

static void
test_remove (void)
{
  g_autofree char *parent = g_dir_make_tmp ("weir-folder-XXXXXX", NULL);
  g_autofree char *worker = weir_deno_folder_make (parent, 3, NULL);
  g_autofree char *deep = make (worker, "a/b");
  g_autofree char *outside = g_dir_make_tmp ("weir-folder-XXXXXX", NULL);
  g_autofree char *kept = g_build_filename (outside, "kept", NULL);
  g_autofree char *link = g_build_filename (deep, "link", NULL);

  g_assert_true (g_file_set_contents (kept, "x", -1, NULL));
  g_assert_cmpint (symlink (outside, link), ==, 0);
  weir_deno_folder_remove (parent);
  g_assert_false (g_file_test (parent, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (kept, G_FILE_TEST_EXISTS));
  weir_deno_folder_remove (outside);
}

static void
test_exists (void)
{
  g_autofree char *parent = g_dir_make_tmp ("weir-folder-XXXXXX", NULL);
  g_autofree char *first = weir_deno_folder_make (parent, 1, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (first);
  g_assert_null (weir_deno_folder_make (parent, 1, &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_FAILED);
  weir_deno_folder_remove (parent);
}

static void
test_sweep (void)
{
  g_autofree char *parent = g_dir_make_tmp ("weir-folder-XXXXXX", NULL);
  g_autofree char *own_name = g_strdup_printf ("weir-worker-%d-abc", (int) getpid ());
  g_autofree char *own = make (parent, own_name);
  /* No process has such an id. */
  g_autofree char *abandoned = make (parent, "weir-worker-2147483646-abc");
  g_autofree char *strange = make (parent, "weir-worker-x");
  g_autofree char *other = make (parent, "other-2147483646-abc");

  weir_deno_folder_sweep (parent);
  g_assert_true (g_file_test (own, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (abandoned, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (strange, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (other, G_FILE_TEST_EXISTS));
  weir_deno_folder_remove (parent);
  weir_deno_folder_sweep (parent);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/deno/folder/remove", test_remove);
  g_test_add_func ("/deno/folder/exists", test_exists);
  g_test_add_func ("/deno/folder/sweep", test_sweep);
  return g_test_run ();
}
