/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <gio/gio.h>

G_BEGIN_DECLS

/* The folder where the workers of one server listen. It is locked as long as the server
 * lives, so that the next server can tell the folders of dead ones and remove them. */
typedef struct _WeirSocketFolder WeirSocketFolder;

/* parent: where; NULL for where such folders usually are. Removes what dead servers of the
 * same user left there. */
WeirSocketFolder *weir_socket_folder_new (const char *parent, GError **error);
const char *weir_socket_folder_get_path (WeirSocketFolder *self);
/* Removes it. */
void weir_socket_folder_free (WeirSocketFolder *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirSocketFolder, weir_socket_folder_free)

G_END_DECLS
