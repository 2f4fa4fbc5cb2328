/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-deno-folder.h"

#include <errno.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#include <weir.h>

#define PREFIX "weir-worker-"

/* The folder of all workers of this process; its name says whose it is. */
char *
weir_deno_folder_make_base (GError **error)
{
  g_autofree char *name = g_strdup_printf (PREFIX "%d-XXXXXX", (int) getpid ());

  return g_dir_make_tmp (name, error);
}

char *
weir_deno_folder_make (const char *parent, guint number, GError **error)
{
  g_autofree char *path = g_strdup_printf ("%s/%u", parent, number);

  if (g_mkdir (path, 0700) == 0)
    return g_steal_pointer (&path);
  g_set_error (error,
               WEIR_ERROR,
               WEIR_ERROR_FAILED,
               "Cannot make the folder %s: %s",
               path,
               g_strerror (errno));
  return NULL;
}

static int
on_entry (const char *path, const struct stat *status, int type, struct FTW *position)
{
  remove (path);
  return 0;
}

/* With all that is in it. Symbolic links are removed, not followed. */
void
weir_deno_folder_remove (const char *path)
{
  nftw (path, on_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static gboolean
is_abandoned (const char *path, const char *name)
{
  gint64 pid = g_ascii_strtoll (name + strlen (PREFIX), NULL, 10);
  struct stat status;

  return pid > 0 && pid <= G_MAXINT && kill ((pid_t) pid, 0) != 0 && errno == ESRCH &&
         lstat (path, &status) == 0 && S_ISDIR (status.st_mode) && status.st_uid == geteuid ();
}

/* Removes what processes left that could not clean up: killed, or the machine lost power. */
void
weir_deno_folder_sweep (const char *parent)
{
  g_autoptr (GDir) dir = g_dir_open (parent, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (parent, name, NULL);

      if (g_str_has_prefix (name, PREFIX) && is_abandoned (path, name))
        weir_deno_folder_remove (path);
    }
}
