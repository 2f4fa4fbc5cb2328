/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>
#include <weir.h>

#include "weir-deno-folders.h"

G_BEGIN_DECLS

/* What a worker may do: the function's profile or list of flags, and the paths that are
 * added for it. Deno knows no way to write a comma in a path. */
typedef struct
{
  WeirDenoFolders *folders; /* borrowed */
  gboolean everything;
  gboolean env;       /* the function may read its variables */
  gboolean secrets;   /* it would, if it had not been taken from it */
  gboolean temporary; /* it has a folder of its own to write to */
  gboolean reads_all;
  gboolean writes_all;
  gboolean connects_all;
  GPtrArray *others;  /* flags that are passed on as they are */
  GPtrArray *denials; /* flags that take something from everything */
  GPtrArray *read;
  GPtrArray *write;
  GPtrArray *net;
  GPtrArray *unreadable;
} WeirDenoPermissions;

WeirDenoPermissions *
weir_deno_permissions_new (WeirSettings *settings, WeirDenoFolders *folders, GError **error);
void weir_deno_permissions_free (WeirDenoPermissions *self);
/* With the place that a symbolic link leads to: Deno may ask for either. */
void weir_deno_permissions_add_read (WeirDenoPermissions *self, const char *path);
/* To read and to write; need not exist yet. */
void weir_deno_permissions_add_private (WeirDenoPermissions *self, const char *path);
/* The one to listen on: to read, to write, and in the eyes of newer Denos a host. */
void weir_deno_permissions_add_socket (WeirDenoPermissions *self, const char *path);
/* What is granted for something else covers the socket too: to take the right to it back would
 * take all of that. */
gboolean weir_deno_permissions_cover_socket (WeirDenoPermissions *self, const char *path);
/* The files of variables in this folder, those that might come included. */
void weir_deno_permissions_hide_env_files (WeirDenoPermissions *self, const char *folder);
void weir_deno_permissions_append_args (WeirDenoPermissions *self, GPtrArray *argv);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirDenoPermissions, weir_deno_permissions_free)

G_END_DECLS
