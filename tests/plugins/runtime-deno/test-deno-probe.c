/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib/gstdio.h>
#include <weir.h>

#include "weir-deno-folder.h"
#include "weir-deno-probe.h"

static void
test_version (void)
{
  guint major = 0, minor = 0;
  g_autofree char *version = NULL;

  g_assert_true (weir_deno_parse_version ("deno 2.9.6 (stable, release, x)\nv8 15.0\n",
                                          &major,
                                          &minor,
                                          &version));
  g_assert_cmpuint (major, ==, 2);
  g_assert_cmpuint (minor, ==, 9);
  g_assert_cmpstr (version, ==, "2.9.6");
  g_assert_false (weir_deno_parse_version ("", &major, &minor, NULL));
  g_assert_false (weir_deno_parse_version ("deno ", &major, &minor, NULL));
  g_assert_false (weir_deno_parse_version ("deno x.y", &major, &minor, NULL));
  g_assert_false (weir_deno_parse_version ("deno 2", &major, &minor, NULL));
  g_assert_false (weir_deno_parse_version ("v20.0.0", &major, &minor, NULL));
}

typedef struct
{
  char *folder;
  char *path;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("weir-probe-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->folder, "deno", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  weir_deno_folder_remove (fixture->folder);
  g_free (fixture->folder);
  g_free (fixture->path);
}

static void
write_script (const char *path, const char *text)
{
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  g_assert_cmpint (g_chmod (path, 0755), ==, 0);
}

static void
test_old (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  write_script (fixture->path, "#!/bin/sh\necho 'deno 2.3.7 (stable)'\n");
  g_assert_null (weir_deno_probe (fixture->path, &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_NOT_SUPPORTED);
  g_assert_nonnull (strstr (error->message, "Deno 2.3.7; 2.4 or newer"));
  g_assert_nonnull (strstr (error->message, "npm install"));
}

static void
test_new (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_autofree char *expected = g_strdup_printf ("deno 3.0.0 (%s)", fixture->path);

  write_script (fixture->path, "#!/bin/sh\necho 'deno 3.0.0 (stable)'\n");
  text = weir_deno_probe (fixture->path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_not_deno (Fixture *fixture, gconstpointer data)
{
  static const char *const scripts[] = { "#!/bin/sh\necho hello\n", "#!/bin/sh\nexit 3\n" };

  for (gsize i = 0; i < G_N_ELEMENTS (scripts); i++)
    {
      g_autoptr (GError) error = NULL;

      write_script (fixture->path, scripts[i]);
      g_assert_null (weir_deno_probe (fixture->path, &error));
      g_assert_nonnull (strstr (error->message, fixture->path));
    }
}

static void
test_search (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *own =
      g_build_filename (g_get_user_data_dir (), "weir/deno/node_modules/@deno/linux-x", NULL);
  g_autofree char *own_path = g_build_filename (own, "deno", NULL);
  g_autofree char *found = NULL;

  g_unsetenv ("WEIR_DENO");
  g_setenv ("PATH", "/nowhere", TRUE);
  g_assert_null (weir_deno_find_executable (NULL, &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "npm install"));
  g_clear_error (&error);

  g_assert_cmpint (g_mkdir_with_parents (own, 0700), ==, 0);
  write_script (own_path, "#!/bin/sh\n");
  found = weir_deno_find_executable (NULL, NULL);
  g_assert_cmpstr (found, ==, own_path);

  write_script (fixture->path, "#!/bin/sh\necho 'deno 1.46.3 (stable)'\n");
  g_setenv ("PATH", fixture->folder, TRUE);
  g_free (found);
  found = weir_deno_find_executable (NULL, NULL);
  g_assert_cmpstr (found, ==, own_path);

  write_script (fixture->path, "#!/bin/sh\necho 'deno 2.9.6 (stable)'\n");
  g_free (found);
  found = weir_deno_find_executable ("", NULL);
  g_assert_cmpstr (found, ==, fixture->path);

  g_setenv ("WEIR_DENO", "/nowhere/deno", TRUE);
  g_assert_null (weir_deno_find_executable (NULL, &error));
  g_assert_nonnull (strstr (error->message, "WEIR_DENO names /nowhere/deno"));
  g_free (found);
  found = weir_deno_find_executable (own_path, NULL);
  g_assert_cmpstr (found, ==, own_path);
}

#define ADD(name, func) g_test_add ("/deno/probe/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/deno/probe/version", test_version);
  ADD ("old", test_old);
  ADD ("new", test_new);
  ADD ("not-deno", test_not_deno);
  ADD ("search", test_search);
  return g_test_run ();
}
