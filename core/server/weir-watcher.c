/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-server"

#include "server/weir-watcher-private.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/weir-signal-private.h"

/* An editor writes a file in several steps (truncate, write, rename); what it means to say
 * is one change. */
#define QUIET_MS 50
/* Something that is written all the time, a log for instance, must not keep edits from being told.
 */
#define LONGEST_MS 1000
#define MAX_DEPTH 16

struct _WeirWatcher
{
  GObject parent_instance;

  WeirClock *clock;
  GHashTable *monitors; /* resolved folder -> GFileMonitor */
  GHashTable *trees;    /* resolved folders whose new sub-folders are watched too: a set */
  GHashTable *changed;  /* paths: a set */
  guint64 quiet;        /* the clock's id, 0 when nothing changed */
  gint64 since;         /* when the first of them did */
};

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (WeirWatcher, weir_watcher, G_TYPE_OBJECT)

static void add_tree (WeirWatcher *self, const char *directory, guint depth);

char *
weir_watcher_resolve (const char *path)
{
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofree char *base = g_path_get_basename (path);
  char whole[PATH_MAX];

  if (realpath (path, whole) != NULL)
    return g_strdup (whole);
  /* It may be gone, and its going is what changed. */
  if (realpath (directory, whole) != NULL)
    return g_build_filename (whole, base, NULL);

  return g_strdup (path);
}

static void
on_quiet (gpointer user_data)
{
  WeirWatcher *self = user_data;
  g_autoptr (GHashTable) changed = g_steal_pointer (&self->changed);
  g_autofree char **paths = (char **) g_hash_table_get_keys_as_array (changed, NULL);

  self->quiet = 0;
  self->changed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0, paths);
}

/* What the program prints may go to a file in a folder that it watches: a line about that file
 * would make another one, for ever. */
static gboolean
is_own_output (const char *path)
{
  struct stat file, output;

  if (stat (path, &file) != 0 || !S_ISREG (file.st_mode))
    return FALSE;
  for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
    if (fstat (fd, &output) == 0 && output.st_dev == file.st_dev && output.st_ino == file.st_ino)
      return TRUE;

  return FALSE;
}

static gboolean
is_noise (const char *path)
{
  g_autofree char *base = g_path_get_basename (path);

  /* What editors leave beside the file that is being written. */
  return g_str_has_suffix (base, "~") || g_str_has_suffix (base, ".swp") ||
         g_str_has_suffix (base, ".swx") || g_str_has_suffix (base, ".tmp") ||
         g_str_has_prefix (base, ".#") || g_str_equal (base, "4913");
}

static void
wait_for_quiet (WeirWatcher *self)
{
  gint64 now = weir_clock_now (self->clock);
  gint64 rest_ms = LONGEST_MS;

  if (self->quiet == 0)
    self->since = now;
  else
    rest_ms -= (now - self->since) / 1000;
  weir_clock_disarm (self->clock, self->quiet);
  self->quiet = weir_clock_arm (self->clock, CLAMP (rest_ms, 0, QUIET_MS), on_quiet, self);
}

static void
note (WeirWatcher *self, GFile *file)
{
  const char *path = g_file_peek_path (file);

  if (path == NULL || is_noise (path) || is_own_output (path))
    return;

  g_hash_table_add (self->changed, g_strdup (path));
  wait_for_quiet (self);
}

static void
follow (WeirWatcher *self, const char *path)
{
  g_autofree char *parent = g_path_get_dirname (path);

  if (g_hash_table_contains (self->trees, parent))
    add_tree (self, path, 1);
}

static gboolean
is_within (gpointer path, gpointer value, gpointer directory)
{
  gsize length = strlen (directory);

  return strncmp (path, directory, length) == 0 &&
         (((char *) path)[length] == '\0' || ((char *) path)[length] == G_DIR_SEPARATOR);
}

/* A folder that comes back under its old name needs a new watch, and so do all in it. */
static void
forget (WeirWatcher *self, const char *path)
{
  g_hash_table_foreach_remove (self->monitors, is_within, (gpointer) path);
  g_hash_table_foreach_remove (self->trees, is_within, (gpointer) path);
}

static void
on_monitor_changed (GFileMonitor *monitor,
                    GFile *file,
                    GFile *other,
                    GFileMonitorEvent event,
                    WeirWatcher *self)
{
  const char *path = g_file_peek_path (file);

  if (event == G_FILE_MONITOR_EVENT_PRE_UNMOUNT || event == G_FILE_MONITOR_EVENT_UNMOUNTED)
    return;

  if (event == G_FILE_MONITOR_EVENT_DELETED || event == G_FILE_MONITOR_EVENT_MOVED_OUT ||
      event == G_FILE_MONITOR_EVENT_RENAMED)
    forget (self, path);
  if (event == G_FILE_MONITOR_EVENT_CREATED || event == G_FILE_MONITOR_EVENT_MOVED_IN)
    follow (self, path);
  else if (event == G_FILE_MONITOR_EVENT_RENAMED && other != NULL)
    {
      forget (self, g_file_peek_path (other)); /* what was there before */
      follow (self, g_file_peek_path (other));
    }

  note (self, file);
  if (other != NULL)
    note (self, other);
}

static void
free_monitor (gpointer data)
{
  g_file_monitor_cancel (data);
  g_object_unref (data);
}

static void
add_directory (WeirWatcher *self, const char *directory)
{
  g_autoptr (GFile) file = g_file_new_for_path (directory);
  g_autoptr (GFileMonitor) monitor = NULL;
  g_autoptr (GError) error = NULL;

  if (g_hash_table_contains (self->monitors, directory))
    return;

  monitor = g_file_monitor_directory (file, G_FILE_MONITOR_WATCH_MOVES, NULL, &error);
  if (monitor == NULL)
    {
      g_warning ("Cannot watch %s for changes: %s", directory, error->message);
      return;
    }
  g_file_monitor_set_rate_limit (monitor, QUIET_MS / 2);
  g_signal_connect_object (monitor, "changed", G_CALLBACK (on_monitor_changed), self, 0);
  g_hash_table_insert (self->monitors, g_strdup (directory), g_steal_pointer (&monitor));
}

static gboolean
is_skipped (const char *name)
{
  return name[0] == '.' || g_str_equal (name, "node_modules");
}

static void
add_children (WeirWatcher *self, const char *directory, guint depth)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (directory, name, NULL);

      if (!is_skipped (name) && g_file_test (path, G_FILE_TEST_IS_DIR))
        add_tree (self, path, depth + 1);
      else if (g_file_test (path, G_FILE_TEST_IS_SYMLINK))
        weir_watcher_add_file (self, path);
    }
}

static void
add_tree (WeirWatcher *self, const char *directory, guint depth)
{
  g_autofree char *resolved = NULL;
  g_autofree char *base = g_path_get_basename (directory);

  if (depth > MAX_DEPTH || (depth > 0 && is_skipped (base)) ||
      !g_file_test (directory, G_FILE_TEST_IS_DIR))
    return;

  resolved = weir_watcher_resolve (directory);
  if (g_hash_table_contains (self->trees, resolved)) /* also ends a circle of links */
    return;

  add_directory (self, resolved);
  g_hash_table_add (self->trees, g_strdup (resolved));
  add_children (self, resolved, depth);
}

void
weir_watcher_add_tree (WeirWatcher *self, const char *directory)
{
  add_tree (self, directory, 0);
}

void
weir_watcher_add_file (WeirWatcher *self, const char *path)
{
  g_autofree char *resolved = weir_watcher_resolve (path);
  g_autofree char *directory = g_path_get_dirname (resolved);

  if (g_file_test (directory, G_FILE_TEST_IS_DIR))
    add_directory (self, directory);
}

static void
weir_watcher_dispose (GObject *object)
{
  WeirWatcher *self = WEIR_WATCHER (object);

  if (self->quiet != 0)
    weir_clock_disarm (self->clock, self->quiet);
  self->quiet = 0;
  g_hash_table_remove_all (self->monitors);

  G_OBJECT_CLASS (weir_watcher_parent_class)->dispose (object);
}

static void
weir_watcher_finalize (GObject *object)
{
  WeirWatcher *self = WEIR_WATCHER (object);

  g_object_unref (self->clock);
  g_hash_table_unref (self->monitors);
  g_hash_table_unref (self->trees);
  g_hash_table_unref (self->changed);

  G_OBJECT_CLASS (weir_watcher_parent_class)->finalize (object);
}

static void
weir_watcher_class_init (WeirWatcherClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = weir_watcher_dispose;
  object_class->finalize = weir_watcher_finalize;

  signals[SIGNAL_CHANGED] = weir_signal_new (WEIR_TYPE_WATCHER, "changed", 1, G_TYPE_STRV);
}

static void
weir_watcher_init (WeirWatcher *self)
{
  self->monitors = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_monitor);
  self->trees = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->changed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

WeirWatcher *
weir_watcher_new (WeirClock *clock)
{
  WeirWatcher *self = g_object_new (WEIR_TYPE_WATCHER, NULL);

  self->clock = g_object_ref (clock);

  return self;
}
