/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A temporary folder that is gone, with all in it, when it is freed. */
typedef struct
{
  char *path;
} WeirTestFolder;

WeirTestFolder *weir_test_folder_new (void);
void weir_test_folder_free (WeirTestFolder *self);
/* Folders on the way are made. */
void weir_test_folder_write (WeirTestFolder *self, const char *name, const char *text);
char *weir_test_folder_dup_path (WeirTestFolder *self, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirTestFolder, weir_test_folder_free)

G_END_DECLS
