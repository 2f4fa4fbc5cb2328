/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-deno-folder.h"

#include <ftw.h>
#include <glib/gstdio.h>
#include <weir.h>

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
