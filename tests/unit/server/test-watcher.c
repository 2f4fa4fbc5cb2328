/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-watcher-private.h"

#include <glib/gstdio.h>
#include <unistd.h>
#include "weir-fake-clock.h"

typedef struct
{
  char *directory; /* resolved */
  WeirClock *clock;
  WeirWatcher *watcher;
  GHashTable *changed;
  guint times;
} Fixture;

static void
on_changed (WeirWatcher *watcher, const char *const *paths, Fixture *fixture)
{
  fixture->times++;
  for (guint i = 0; paths[i] != NULL; i++)
    g_hash_table_add (fixture->changed, g_strdup (paths[i]));
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *made = g_dir_make_tmp ("weir-watcher-XXXXXX", NULL);

  fixture->directory = weir_watcher_resolve (made);
  fixture->clock = weir_clock_new ();
  fixture->watcher = weir_watcher_new (fixture->clock);
  fixture->changed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_signal_connect (fixture->watcher, "changed", G_CALLBACK (on_changed), fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  const char *argv[] = { "rm", "-r", fixture->directory, NULL };

  g_assert_finalize_object (fixture->watcher);
  g_object_unref (fixture->clock);
  g_hash_table_unref (fixture->changed);
  g_spawn_sync (NULL,
                (char **) argv,
                NULL,
                G_SPAWN_SEARCH_PATH,
                NULL,
                NULL,
                NULL,
                NULL,
                NULL,
                NULL);
  g_free (fixture->directory);
}

static char *
write_file (Fixture *fixture, const char *name, const char *text)
{
  char *path = g_build_filename (fixture->directory, name, NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));

  return path;
}

static char *
make_folder (Fixture *fixture, const char *name)
{
  char *path = g_build_filename (fixture->directory, name, NULL);

  g_assert_cmpint (g_mkdir_with_parents (path, 0700), ==, 0);

  return path;
}

static gboolean
on_watchdog (gpointer data)
{
  g_error ("No change was told in time");

  return G_SOURCE_REMOVE;
}

static void
wait_for (Fixture *fixture, const char *path)
{
  guint watchdog = g_timeout_add_seconds (8, on_watchdog, NULL);

  while (!g_hash_table_contains (fixture->changed, path))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (watchdog);
}

static void
test_edit (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = write_file (fixture, "index.ts", "1");
  g_autofree char *again = NULL;

  weir_watcher_add_tree (fixture->watcher, fixture->directory);
  again = write_file (fixture, "index.ts", "2");
  wait_for (fixture, path);
}

static void
test_new_folder (Fixture *fixture, gconstpointer data)
{
  g_autofree char *folder = NULL;
  g_autofree char *path = NULL;

  weir_watcher_add_tree (fixture->watcher, fixture->directory);
  folder = make_folder (fixture, "late");
  wait_for (fixture, folder);
  path = write_file (fixture, "late/index.ts", "1");
  wait_for (fixture, path);
}

static void
move (const char *from, const char *to)
{
  g_assert_cmpint (g_rename (from, to), ==, 0);
}

/* A name means the folder that has it now. */
static void
test_renamed_folder (Fixture *fixture, gconstpointer data)
{
  g_autofree char *first = make_folder (fixture, "first");
  g_autofree char *second = g_build_filename (fixture->directory, "second", NULL);
  g_autofree char *moved = NULL;
  g_autofree char *made = NULL;

  g_free (make_folder (fixture, "first/lib"));
  weir_watcher_add_tree (fixture->watcher, fixture->directory);
  move (first, second);
  wait_for (fixture, second);
  moved = write_file (fixture, "second/lib/a.ts", "1");
  wait_for (fixture, moved);

  g_hash_table_remove_all (fixture->changed);
  g_free (make_folder (fixture, "first"));
  wait_for (fixture, first);
  made = write_file (fixture, "first/index.ts", "1");
  wait_for (fixture, made);
}

/* As tools put what they have built in the place of what was there. */
static void
test_replaced_folder (Fixture *fixture, gconstpointer data)
{
  g_autofree char *root = make_folder (fixture, "root");
  g_autofree char *place = g_build_filename (root, "hello", NULL);
  g_autofree char *old = g_build_filename (fixture->directory, "old", NULL);
  g_autofree char *new = make_folder (fixture, "new");
  g_autofree char *path = NULL;

  g_free (make_folder (fixture, "new/lib"));
  g_free (make_folder (fixture, "root/hello/lib"));
  weir_watcher_add_tree (fixture->watcher, root);
  move (place, old);
  wait_for (fixture, place);
  g_hash_table_remove_all (fixture->changed);
  move (new, place);
  wait_for (fixture, place);
  path = write_file (fixture, "root/hello/lib/a.ts", "1");
  wait_for (fixture, path);
}

static void
test_link (Fixture *fixture, gconstpointer data)
{
  g_autofree char *root = make_folder (fixture, "root");
  g_autofree char *away = make_folder (fixture, "away");
  g_autofree char *link = g_build_filename (root, "linked", NULL);
  g_autofree char *path = NULL;

  g_assert_cmpint (symlink (away, link), ==, 0);
  weir_watcher_add_tree (fixture->watcher, root);
  path = write_file (fixture, "away/index.ts", "1");
  wait_for (fixture, path);
}

static void
test_circle_of_links (Fixture *fixture, gconstpointer data)
{
  g_autofree char *root = make_folder (fixture, "root");
  g_autofree char *link = g_build_filename (root, "again", NULL);
  g_autofree char *path = NULL;

  g_assert_cmpint (symlink (root, link), ==, 0);
  weir_watcher_add_tree (fixture->watcher, root);
  path = write_file (fixture, "root/index.ts", "1");
  wait_for (fixture, path);
}

static void
test_noise (Fixture *fixture, gconstpointer data)
{
  g_autofree char *noise = NULL;
  g_autofree char *module = NULL;
  g_autofree char *path = NULL;

  g_free (make_folder (fixture, "node_modules"));
  weir_watcher_add_tree (fixture->watcher, fixture->directory);
  noise = write_file (fixture, "index.ts~", "1");
  module = write_file (fixture, "node_modules/m.js", "1");
  path = write_file (fixture, "index.ts", "1");
  wait_for (fixture, path);
  g_assert_false (g_hash_table_contains (fixture->changed, noise));
  g_assert_false (g_hash_table_contains (fixture->changed, module));
}

/* A file that is written all the time is not waited for without end. */
static void
test_never_quiet (Fixture *fixture, gconstpointer data)
{
  g_autoptr (WeirFakeClock) clock = weir_fake_clock_new ();
  g_autoptr (WeirWatcher) watcher = weir_watcher_new (WEIR_CLOCK (clock));
  guint watchdog = g_timeout_add_seconds (60, on_watchdog, NULL);

  g_signal_connect (watcher, "changed", G_CALLBACK (on_changed), fixture);
  weir_watcher_add_tree (watcher, fixture->directory);
  for (guint i = 0; i < 100 && fixture->times == 0; i++)
    {
      gint64 before = weir_fake_clock_get_next (clock);

      g_free (write_file (fixture, "all-the-time.json", "{}"));
      while (weir_fake_clock_get_next (clock) == before)
        g_main_context_iteration (NULL, TRUE);
      weir_fake_clock_advance (clock, 40);
    }
  g_assert_cmpuint (fixture->times, ==, 1);
  g_source_remove (watchdog);
}

static void
test_resolve (Fixture *fixture, gconstpointer data)
{
  g_autofree char *away = make_folder (fixture, "away");
  g_autofree char *link = g_build_filename (fixture->directory, "link", NULL);
  g_autofree char *through = g_build_filename (link, "gone.ts", NULL);
  g_autofree char *expected = g_build_filename (away, "gone.ts", NULL);
  g_autofree char *resolved = NULL;

  g_assert_cmpint (symlink (away, link), ==, 0);
  resolved = weir_watcher_resolve (through);
  g_assert_cmpstr (resolved, ==, expected);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
#define CASE(name, func)                                                                           \
  g_test_add ("/server/watcher/" name, Fixture, NULL, set_up, func, tear_down)
  CASE ("edit", test_edit);
  CASE ("new-folder", test_new_folder);
  CASE ("renamed-folder", test_renamed_folder);
  CASE ("replaced-folder", test_replaced_folder);
  CASE ("link", test_link);
  CASE ("circle-of-links", test_circle_of_links);
  CASE ("noise", test_noise);
  CASE ("never-quiet", test_never_quiet);
  CASE ("resolve", test_resolve);

  return g_test_run ();
}
