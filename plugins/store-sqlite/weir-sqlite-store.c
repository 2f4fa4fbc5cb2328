/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-sqlite-store.h"

#include <glib-unix.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "weir-sqlite-thread.h"

/* Where the control thread can be told of a change, for as long as there is a store. */
typedef struct
{
  GMainContext *context;
  GWeakRef store;
} Listener;

struct _WeirSqliteStore
{
  GObject parent_instance;

  char *path;
  char *project;
  WeirSqliteThread *thread; /* from the first call on */
  Listener *listener;
  GFileMonitor *monitor;
  GSource *news; /* nullable: what the monitor tells too, but later */
};

typedef struct
{
  Listener *listener;
  int fd;
} News;

typedef enum
{
  PROP_PATH = 1,
  PROP_PROJECT,
} Property;

static GParamSpec *properties[PROP_PROJECT + 1];

static void weir_sqlite_store_store_init (WeirStoreInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirSqliteStore,
                               weir_sqlite_store,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_STORE,
                                                      weir_sqlite_store_store_init))

/* ---- news ---- */

static void
listener_clear (gpointer data)
{
  Listener *self = data;

  g_main_context_unref (self->context);
  g_weak_ref_clear (&self->store);
}

static void
listener_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, listener_clear);
}

static gboolean
on_changed (gpointer data)
{
  Listener *listener = data;
  g_autoptr (WeirStore) store = g_weak_ref_get (&listener->store);

  if (store != NULL)
    weir_store_emit_changed (store);

  return G_SOURCE_REMOVE;
}

/* On the store's thread. */
static void
tell_changed (gpointer data)
{
  Listener *listener = data;
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "[weir] the store changed");
  g_source_set_callback (source, on_changed, g_atomic_rc_box_acquire (listener), listener_unref);
  g_source_attach (source, listener->context);
}

/* The log beside the file grows with every commit; the file comes and goes. */
static void
note_file (WeirSqliteStore *self, const char *name)
{
  g_autofree char *own = g_path_get_basename (self->path);

  if (self->thread != NULL && g_str_has_prefix (name, own) && !g_str_has_suffix (name, "-shm"))
    weir_sqlite_thread_poll (self->thread);
}

static void
on_file_changed (GFileMonitor *monitor,
                 GFile *file,
                 GFile *other,
                 GFileMonitorEvent event,
                 WeirSqliteStore *self)
{
  g_autofree char *name = g_file_get_basename (file);

  note_file (self, name);
}

static void
news_free (gpointer data)
{
  News *news = data;

  close (news->fd);
  listener_unref (news->listener);
  g_free (news);
}

static gboolean
on_news (int fd, GIOCondition condition, gpointer user_data)
{
  News *news = user_data;
  g_autoptr (WeirStore) store = g_weak_ref_get (&news->listener->store);
  char buffer[4096] __attribute__ ((aligned (__alignof__(struct inotify_event))));
  gssize n = read (fd, buffer, sizeof buffer);
  gssize at = 0;

  while (store != NULL && at < n)
    {
      const struct inotify_event *event = (const struct inotify_event *) (buffer + at);

      if (event->len > 0)
        note_file (WEIR_SQLITE_STORE (store), event->name);
      at += (gssize) (sizeof *event + event->len);
    }

  return G_SOURCE_CONTINUE;
}

/* GLib's monitors look ten times a second at most, and somebody may wait for a key to be refused.
 * They tell of the folder when it was away, and once more of what was written when it is there to
 * be read: so this is besides. */
static void
hurry (WeirSqliteStore *self, const char *directory)
{
  int fd = inotify_init1 (IN_NONBLOCK | IN_CLOEXEC);
  News *news;

  if (fd < 0)
    return;
  inotify_add_watch (fd, directory, IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO);
  news = g_new0 (News, 1);
  news->listener = g_atomic_rc_box_acquire (self->listener);
  news->fd = fd;
  self->news = g_unix_fd_source_new (fd, G_IO_IN);
  g_source_set_static_name (self->news, "[weir] news of the store");
  g_source_set_callback (self->news, G_SOURCE_FUNC (on_news), news, news_free);
  g_source_attach (self->news, self->listener->context);
}

static void
watch (WeirSqliteStore *self)
{
  g_autofree char *directory = g_path_get_dirname (self->path);
  g_autoptr (GFile) file = g_file_new_for_path (directory);
  g_autoptr (GError) error = NULL;

  /* A folder that is not there cannot be watched, and is needed sooner or later. */
  g_mkdir_with_parents (directory, 0700);
  self->monitor = g_file_monitor_directory (file, G_FILE_MONITOR_NONE, NULL, &error);
  if (self->monitor == NULL)
    {
      g_warning ("%s is not watched, so changes by other programs are seen late: %s",
                 directory,
                 error->message);
      return;
    }
  g_file_monitor_set_rate_limit (self->monitor, 20);
  g_signal_connect_object (self->monitor, "changed", G_CALLBACK (on_file_changed), self, 0);
  hurry (self, directory);
}

/* ---- calls ---- */

static char *
make_default_path (WeirSqliteStore *self)
{
  const char *project = self->project != NULL ? self->project : "default";
  g_autofree char *base = g_path_get_basename (project);
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, project, -1);
  g_autofree char *name = g_strdup_printf ("%.64s-%.8s.db", base, digest);

  g_strdelimit (name, "/\\", '-');

  return g_build_filename (g_get_user_data_dir (), "weir", name, NULL);
}

static void
ensure_path (WeirSqliteStore *self)
{
  if (self->path == NULL)
    self->path = make_default_path (self);
}

static WeirSqliteThread *
get_thread (WeirStore *store)
{
  WeirSqliteStore *self = WEIR_SQLITE_STORE (store);

  if (self->thread == NULL)
    {
      ensure_path (self);
      self->thread = weir_sqlite_thread_new (self->path, tell_changed, self->listener);
    }

  return self->thread;
}

static void
weir_sqlite_store_open (WeirStore *store, GTask *task)
{
  WeirSqliteStore *self = WEIR_SQLITE_STORE (store);

  weir_sqlite_thread_open (get_thread (store), task);
  if (self->monitor == NULL)
    {
      /* The monitor tells the context it is made in, and that is the store's own. */
      g_main_context_push_thread_default (self->listener->context);
      watch (self);
      g_main_context_pop_thread_default (self->listener->context);
    }
}

static void
weir_sqlite_store_apply (WeirStore *store, GPtrArray *changes, GTask *task)
{
  weir_sqlite_thread_apply (get_thread (store), changes, task);
}

static void
weir_sqlite_store_lookup (WeirStore *store, const char *kind, const char *key, GTask *task)
{
  weir_sqlite_thread_lookup (get_thread (store), kind, key, task);
}

static void
weir_sqlite_store_list (WeirStore *store, const char *kind, GTask *task)
{
  weir_sqlite_thread_list (get_thread (store), kind, task);
}

static void
weir_sqlite_store_check (WeirStore *store, GTask *task)
{
  weir_sqlite_thread_check (get_thread (store), task);
}

static void
weir_sqlite_store_backup (WeirStore *store, const char *path, GTask *task)
{
  weir_sqlite_thread_backup (get_thread (store), path, task);
}

static char *
weir_sqlite_store_dup_location (WeirStore *store)
{
  WeirSqliteStore *self = WEIR_SQLITE_STORE (store);

  ensure_path (self);

  return g_strdup (self->path);
}

static void
weir_sqlite_store_store_init (WeirStoreInterface *iface)
{
  iface->open = weir_sqlite_store_open;
  iface->apply = weir_sqlite_store_apply;
  iface->lookup = weir_sqlite_store_lookup;
  iface->list = weir_sqlite_store_list;
  iface->check = weir_sqlite_store_check;
  iface->backup = weir_sqlite_store_backup;
  iface->dup_location = weir_sqlite_store_dup_location;
}

/* ---- the object ---- */

static void
weir_sqlite_store_get_property (GObject *object,
                                guint property_id,
                                GValue *value,
                                GParamSpec *pspec)
{
  WeirSqliteStore *self = WEIR_SQLITE_STORE (object);

  switch ((Property) property_id)
    {
    case PROP_PATH:
      g_value_set_string (value, self->path);
      break;
    case PROP_PROJECT:
      g_value_set_string (value, self->project);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
      break;
    }
}

static void
weir_sqlite_store_set_property (GObject *object,
                                guint property_id,
                                const GValue *value,
                                GParamSpec *pspec)
{
  WeirSqliteStore *self = WEIR_SQLITE_STORE (object);

  g_return_if_fail (self->thread == NULL);

  switch ((Property) property_id)
    {
    case PROP_PATH:
      g_free (self->path);
      self->path = g_value_dup_string (value);
      break;
    case PROP_PROJECT:
      g_free (self->project);
      self->project = g_value_dup_string (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
      break;
    }
}

static void
weir_sqlite_store_dispose (GObject *object)
{
  WeirSqliteStore *self = WEIR_SQLITE_STORE (object);

  g_clear_object (&self->monitor);
  if (self->news != NULL)
    g_source_destroy (self->news);
  g_clear_pointer (&self->news, g_source_unref);
  g_clear_pointer (&self->thread, weir_sqlite_thread_free);

  G_OBJECT_CLASS (weir_sqlite_store_parent_class)->dispose (object);
}

static void
weir_sqlite_store_finalize (GObject *object)
{
  WeirSqliteStore *self = WEIR_SQLITE_STORE (object);

  listener_unref (self->listener);
  g_free (self->path);
  g_free (self->project);

  G_OBJECT_CLASS (weir_sqlite_store_parent_class)->finalize (object);
}

static void
weir_sqlite_store_class_init (WeirSqliteStoreClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = weir_sqlite_store_get_property;
  object_class->set_property = weir_sqlite_store_set_property;
  object_class->dispose = weir_sqlite_store_dispose;
  object_class->finalize = weir_sqlite_store_finalize;

  properties[PROP_PATH] = g_param_spec_string ("path", NULL, NULL, NULL, flags);
  properties[PROP_PROJECT] = g_param_spec_string ("project", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
weir_sqlite_store_init (WeirSqliteStore *self)
{
  self->listener = g_atomic_rc_box_new0 (Listener);
  self->listener->context = g_main_context_ref_thread_default ();
  g_weak_ref_init (&self->listener->store, self);
}
