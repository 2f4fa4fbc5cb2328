/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-server"

#include "server/weir-socket-folder-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "weir-"
#define NAME_LENGTH 11 /* weir-XXXXXX */
#define LOCK "lock"
#define NEW_LOCK "lock.new"
/* A socket's whole path has 107 bytes, so a deep folder is of no use. */
#define PARENT_MAX 48

struct _WeirSocketFolder
{
  char *path;
  int lock;
};

/* Others of this user may look at the same time: whoever has the lock may remove it. */
static gboolean
is_abandoned (const char *path)
{
  g_autofree char *lock_path = g_build_filename (path, LOCK, NULL);
  struct stat status;
  gboolean free;
  int lock;

  if (g_lstat (path, &status) != 0 || !S_ISDIR (status.st_mode) || status.st_uid != geteuid ())
    return FALSE;
  lock = open (lock_path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  if (lock < 0)
    return FALSE;
  free = flock (lock, LOCK_EX | LOCK_NB) == 0;
  (void) close (lock);
  return free;
}

/* What is in it are sockets and the lock; of a folder in it nobody knows. */
static void
empty (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      (void) g_unlink (file);
    }
}

static void
remove_abandoned (const char *parent)
{
  g_autoptr (GDir) dir = g_dir_open (parent, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = NULL;

      if (!g_str_has_prefix (name, PREFIX) || strlen (name) != NAME_LENGTH)
        continue;
      path = g_build_filename (parent, name, NULL);
      if (!is_abandoned (path))
        continue;
      empty (path);
      if (g_rmdir (path) == 0)
        g_debug ("Removed %s, which a server that was killed had left", path);
    }
}

/* Under its final name it is locked from the first moment on. */
static int
make_lock (const char *path)
{
  g_autofree char *fresh = g_build_filename (path, NEW_LOCK, NULL);
  g_autofree char *final = g_build_filename (path, LOCK, NULL);
  g_autofree char *pid = g_strdup_printf ("%d\n", getpid ());
  int lock = open (fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

  if (lock < 0)
    return -1;
  if (write (lock, pid, strlen (pid)) < 0 || flock (lock, LOCK_EX | LOCK_NB) != 0 ||
      g_rename (fresh, final) != 0)
    {
      (void) close (lock);
      return -1;
    }
  return lock;
}

WeirSocketFolder *
weir_socket_folder_new (const char *parent, GError **error)
{
  g_autoptr (WeirSocketFolder) self = g_new0 (WeirSocketFolder, 1);

  self->lock = -1;
  if (parent == NULL)
    parent = g_getenv ("XDG_RUNTIME_DIR");
  if (parent == NULL || strlen (parent) > PARENT_MAX || g_access (parent, W_OK) != 0)
    parent = "/tmp";

  remove_abandoned (parent);
  self->path = g_build_filename (parent, PREFIX "XXXXXX", NULL);
  if (g_mkdtemp_full (self->path, 0700) != NULL)
    self->lock = make_lock (self->path);
  if (self->lock < 0)
    {
      g_set_error (error,
                   G_IO_ERROR,
                   g_io_error_from_errno (errno),
                   "Cannot make a folder for sockets in %s: %s",
                   parent,
                   g_strerror (errno));
      return NULL;
    }
  return g_steal_pointer (&self);
}

const char *
weir_socket_folder_get_path (WeirSocketFolder *self)
{
  return self->path;
}

void
weir_socket_folder_free (WeirSocketFolder *self)
{
  if (self->lock >= 0)
    {
      empty (self->path);
      (void) close (self->lock);
    }
  (void) g_rmdir (self->path);
  g_free (self->path);
  g_free (self);
}
