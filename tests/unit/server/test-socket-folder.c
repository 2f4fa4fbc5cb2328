/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib/gstdio.h>
#include "server/weir-socket-folder-private.h"
#include "weir-test-folder.h"

static gboolean
exists (WeirTestFolder *folder, const char *name)
{
  g_autofree char *path = weir_test_folder_dup_path (folder, name);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
test_folder (void)
{
  g_autoptr (WeirTestFolder) parent = weir_test_folder_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (WeirSocketFolder) first = weir_socket_folder_new (parent->path, &error);
  g_autofree char *path = NULL;
  g_autofree char *socket = NULL;
  GStatBuf status;

  g_assert_no_error (error);
  path = g_strdup (weir_socket_folder_get_path (first));
  g_assert_true (g_str_has_prefix (path, parent->path));
  g_assert_cmpint (g_stat (path, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0700);

  socket = g_build_filename (path, "1.sock", NULL);
  g_assert_true (g_file_set_contents (socket, "", 0, NULL));
  g_clear_pointer (&first, weir_socket_folder_free);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
}

/* Of two that live neither takes away the other's. */
static void
test_living (void)
{
  g_autoptr (WeirTestFolder) parent = weir_test_folder_new ();
  g_autoptr (WeirSocketFolder) first = weir_socket_folder_new (parent->path, NULL);
  g_autoptr (WeirSocketFolder) second = weir_socket_folder_new (parent->path, NULL);

  g_assert_true (g_file_test (weir_socket_folder_get_path (first), G_FILE_TEST_IS_DIR));
  g_assert_true (g_file_test (weir_socket_folder_get_path (second), G_FILE_TEST_IS_DIR));
}

static void
test_abandoned (void)
{
  g_autoptr (WeirTestFolder) parent = weir_test_folder_new ();
  g_autoptr (WeirSocketFolder) folder = NULL;

  weir_test_folder_write (parent, "weir-abcdef/lock", "1\n");
  weir_test_folder_write (parent, "weir-abcdef/1.sock", "");
  weir_test_folder_write (parent, "weir-ghijkl/1.sock", ""); /* just being made, perhaps */
  weir_test_folder_write (parent, "weir-abcdefg/lock", "");  /* not one of ours */
  weir_test_folder_write (parent, "weir-mnopqr", "a file");
  weir_test_folder_write (parent, "weir-stuvwx/lock", "");
  weir_test_folder_write (parent, "weir-stuvwx/folder/file", ""); /* nor is this */

  folder = weir_socket_folder_new (parent->path, NULL);
  g_assert_nonnull (folder);
  g_assert_false (exists (parent, "weir-abcdef"));
  g_assert_true (exists (parent, "weir-ghijkl/1.sock"));
  g_assert_true (exists (parent, "weir-abcdefg/lock"));
  g_assert_true (exists (parent, "weir-mnopqr"));
  g_assert_true (exists (parent, "weir-stuvwx/folder/file"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/server/socket-folder/folder", test_folder);
  g_test_add_func ("/server/socket-folder/living", test_living);
  g_test_add_func ("/server/socket-folder/abandoned", test_abandoned);
  return g_test_run ();
}
