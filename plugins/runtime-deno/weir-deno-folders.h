/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* So many functions share a standby: each of the others has to be given up when one of them
 * is loaded. */
#define WEIR_DENO_GROUP_SIZE 16

/* What lies in a functions folder: shared folders, and the folders and files of functions. */
typedef struct
{
  char *root;
  gint64 stamp;      /* of the folder itself: changes when something comes or goes */
  GPtrArray *shared; /* paths of folders whose names begin with "_", sorted */
  GPtrArray *members;
  gint64 bundle_stamp; /* of the folder of all bundles */
  GHashTable *real;    /* from a path to where it really is, of those that were asked for */
} WeirDenoFolders;

/* Or is the folder itself. */
gboolean weir_deno_is_below (const char *path, const char *folder);
WeirDenoFolders *weir_deno_folders_new (const char *root);
void weir_deno_folders_free (WeirDenoFolders *self);
gboolean weir_deno_folders_is_current (WeirDenoFolders *self);
/* The members that share a standby with this one, itself among them; NULL: it is none. */
GPtrArray *weir_deno_folders_dup_group (WeirDenoFolders *self, const char *member);
/* Where this member's bundles are, or NULL (transfer full). */
char *weir_deno_folders_dup_bundles (WeirDenoFolders *self, const char *member);
/* Where symbolic links lead to; the path itself if there is nothing yet. */
const char *weir_deno_folders_get_real (WeirDenoFolders *self, const char *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirDenoFolders, weir_deno_folders_free)

G_END_DECLS
