/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib/gstdio.h>
#include <weir.h>

#include "weir-deno-folder.h"
#include "weir-deno-packages.h"

typedef struct
{
  char *cache;
  WeirDenoPackages *packages;
  GPtrArray *members;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer user_data)
{
  fixture->cache = g_dir_make_tmp ("weir-packages-XXXXXX", NULL);
  fixture->packages = weir_deno_packages_new ();
  fixture->members = g_ptr_array_new ();
  g_ptr_array_add (fixture->members, (gpointer) "/f/a");
  g_ptr_array_add (fixture->members, (gpointer) "/f/b");
}

static void
tear_down (Fixture *fixture, gconstpointer user_data)
{
  weir_deno_packages_free (fixture->packages);
  g_ptr_array_unref (fixture->members);
  weir_deno_folder_remove (fixture->cache);
  g_free (fixture->cache);
}

/* What is known of it has so many bytes; how Deno lays its cache out. */
static void
publish (Fixture *fixture, const char *name, gsize bytes)
{
  g_autofree char *folder = g_build_filename (fixture->cache, name, NULL);
  g_autofree char *path = g_build_filename (folder, "registry.json", NULL);
  g_autofree char *text = g_strnfill (bytes, ' ');

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, text, bytes, NULL));
}

/* Imports "npm:NAME" for the first of words such as "x@1 y@2", which is what that leads to. */
static void
note (Fixture *fixture, const char *member, const char *words)
{
  g_auto (GStrv) ids = g_strsplit (words, " ", -1);
  g_autoptr (GString) packages = g_string_new (NULL);
  g_autofree char *json = NULL;
  g_autoptr (WeirDenoInfo) info = NULL;

  for (guint i = 0; ids[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (ids[i], "@", 2);
      g_autofree char *folder = g_build_filename (fixture->cache, parts[0], parts[1], NULL);

      g_string_append_printf (packages,
                              "%s\"%s\":{\"name\":\"%s\",\"version\":\"%s\",\"localPath\":\"%s\"}",
                              i > 0 ? "," : "",
                              ids[i],
                              parts[0],
                              parts[1],
                              folder);
    }
  json = g_strdup_printf (
      "{\"modules\":[],\"redirects\":{\"https://x\":\"https://y\",\"npm:%s\":\"npm:/%s\"},"
      "\"npmPackages\":{%s}}",
      ids[0],
      ids[0],
      packages->str);
  info = weir_deno_info_parse (json, NULL);
  g_assert_nonnull (info);
  weir_deno_packages_note (fixture->packages, member, info);
}

static void
check (Fixture *fixture, const char *imports, const char *versions)
{
  g_autofree char *found = NULL;
  g_autofree char *chosen = weir_deno_packages_choose (fixture->packages, fixture->members, &found);

  g_assert_cmpstr (chosen, ==, imports);
  g_assert_cmpstr (found, ==, versions);
}

static void
test_agreeing (Fixture *fixture, gconstpointer data)
{
  publish (fixture, "x", 10);
  publish (fixture, "y", 10);
  publish (fixture, "z", 10);
  check (fixture, "", "");
  note (fixture, "/f/a", "x@1 z@3");
  note (fixture, "/f/b", "y@2 z@3");
  note (fixture, "/f/elsewhere", "y@3");
  check (fixture, "npm:x@1 npm:y@2", "x@1 y@2 z@3 ");
  note (fixture, "/f/b", "x@1 z@3");
  check (fixture, "npm:x@1", "x@1 z@3 ");
}

static void
test_another_version (Fixture *fixture, gconstpointer data)
{
  publish (fixture, "x", 10);
  publish (fixture, "y", 10);
  publish (fixture, "z", 10);
  note (fixture, "/f/a", "x@1 z@3");
  note (fixture, "/f/b", "y@2 z@4");
  check (fixture, "npm:x@1", "x@1 z@3 ");
}

static void
test_two_versions (Fixture *fixture, gconstpointer data)
{
  publish (fixture, "x", 10);
  publish (fixture, "z", 10);
  note (fixture, "/f/a", "x@1 z@3 z@4");
  check (fixture, "", "");
}

static void
test_too_much (Fixture *fixture, gconstpointer data)
{
  publish (fixture, "x", 300 * 1024);
  publish (fixture, "y", 300 * 1024);
  publish (fixture, "z", 600 * 1024);
  note (fixture, "/f/a", "z@1");
  check (fixture, "", "");
  note (fixture, "/f/a", "x@1");
  note (fixture, "/f/b", "y@1");
  check (fixture, "npm:x@1", "x@1 ");
  note (fixture, "/f/a", "unknown@1");
  check (fixture, "npm:y@1", "y@1 ");
}

static void
test_serial (Fixture *fixture, gconstpointer data)
{
  guint serial = weir_deno_packages_get_serial (fixture->packages);

  publish (fixture, "x", 10);
  weir_deno_packages_note (fixture->packages, "/f/a", NULL);
  g_assert_cmpuint (weir_deno_packages_get_serial (fixture->packages), ==, serial);
  note (fixture, "/f/a", "x@1");
  g_assert_cmpuint (weir_deno_packages_get_serial (fixture->packages), ==, serial + 1);
  note (fixture, "/f/a", "x@1");
  g_assert_cmpuint (weir_deno_packages_get_serial (fixture->packages), ==, serial + 1);
  note (fixture, "/f/a", "x@2");
  g_assert_cmpuint (weir_deno_packages_get_serial (fixture->packages), ==, serial + 2);
  weir_deno_packages_note (fixture->packages, "/f/a", NULL);
  g_assert_cmpuint (weir_deno_packages_get_serial (fixture->packages), ==, serial + 3);
  check (fixture, "", "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, test) g_test_add ("/deno/packages/" name, Fixture, NULL, set_up, test, tear_down)
  ADD ("agreeing", test_agreeing);
  ADD ("another-version", test_another_version);
  ADD ("two-versions", test_two_versions);
  ADD ("too-much", test_too_much);
  ADD ("serial", test_serial);
  return g_test_run ();
}
