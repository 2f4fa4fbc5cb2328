/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-server"

#include "server/weir-edits-private.h"

#include "base/weir-signal-private.h"
#include "server/weir-watcher-private.h"

struct _WeirEdits
{
  GObject parent_instance;

  WeirConfig *config;
  WeirWatcher *watcher;
};

enum
{
  SIGNAL_EDITED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (WeirEdits, weir_edits, G_TYPE_OBJECT)

/* One that was not there when the configuration was read may be now. */
static gboolean
is_config_name (const char *path)
{
  static const char *const names[] = { "function.json",
                                       "flux.json",
                                       "weir.toml",
                                       "config.toml",
                                       NULL };
  g_autofree char *base = g_path_get_basename (path);

  return g_str_has_prefix (base, ".env") || g_strv_contains (names, base);
}

static gboolean
is_config_file (char **config_files, const char *path)
{
  if (is_config_name (path))
    return TRUE;
  for (guint i = 0; config_files[i] != NULL; i++)
    {
      g_autofree char *resolved = weir_watcher_resolve (config_files[i]);

      if (g_str_equal (resolved, path))
        return TRUE;
    }

  return FALSE;
}

/* A folder or an entry file that came or went is another set of functions. */
static gboolean
is_in_root (const char *root, const char *path)
{
  g_autofree char *parent = g_path_get_dirname (path);
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *grandparent = g_path_get_dirname (parent);

  return g_str_equal (parent, root) ||
         (g_str_has_prefix (base, "index.") && g_str_equal (grandparent, root));
}

static void
on_files_changed (WeirWatcher *watcher, const char *const *paths, WeirEdits *self)
{
  g_auto (GStrv) config_files = weir_config_dup_files (self->config);
  g_autofree char *root = weir_watcher_resolve (weir_config_get_functions_directory (self->config));
  gboolean anew = FALSE;

  for (guint i = 0; paths[i] != NULL && !anew; i++)
    anew = is_config_file (config_files, paths[i]) || is_in_root (root, paths[i]);

  g_signal_emit (self, signals[SIGNAL_EDITED], 0, anew, paths);
}

void
weir_edits_set_config (WeirEdits *self, WeirConfig *config)
{
  g_set_object (&self->config, config);
}

void
weir_edits_add_file (WeirEdits *self, const char *path)
{
  weir_watcher_add_file (self->watcher, path);
}

static void
weir_edits_finalize (GObject *object)
{
  WeirEdits *self = WEIR_EDITS (object);

  g_clear_object (&self->watcher);
  g_clear_object (&self->config);

  G_OBJECT_CLASS (weir_edits_parent_class)->finalize (object);
}

static void
weir_edits_class_init (WeirEditsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = weir_edits_finalize;

  signals[SIGNAL_EDITED] =
      weir_signal_new (WEIR_TYPE_EDITS, "edited", 2, G_TYPE_BOOLEAN, G_TYPE_STRV);
}

static void
weir_edits_init (WeirEdits *self)
{
}

WeirEdits *
weir_edits_new (WeirClock *clock, WeirConfig *config)
{
  WeirEdits *self = g_object_new (WEIR_TYPE_EDITS, NULL);
  g_auto (GStrv) config_files = weir_config_dup_files (config);

  self->config = g_object_ref (config);
  self->watcher = weir_watcher_new (clock);
  g_signal_connect_object (self->watcher, "changed", G_CALLBACK (on_files_changed), self, 0);
  weir_watcher_add_tree (self->watcher, weir_config_get_functions_directory (config));
  for (guint i = 0; config_files[i] != NULL; i++)
    weir_watcher_add_file (self->watcher, config_files[i]);

  return self;
}
