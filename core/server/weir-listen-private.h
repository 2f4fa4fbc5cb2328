/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <gio/gio.h>

G_BEGIN_DECLS

/* Binds and listens on "127.0.0.1:9000", "[::1]:0", "localhost:9000", "unix:/path" or
 * "unix:@abstract". The error says what can be done about it. A socket in the file system is
 * removed when its object goes. */
GSocket *weir_listen (const char *address, GError **error);
/* Another socket at the address of one that weir_listen() made, and the system divides those who
 * connect among the two; a Unix socket, of which there can be only one, itself. Nobody else gets
 * between: only sockets that are made in this way join the first. */
GSocket *weir_listen_repeat (GSocket *first, GError **error);
/* Adds the sockets that whoever started this process has bound for it (LISTEN_FDS of systemd),
 * if any; once, they are gone from the environment then. */
gboolean weir_listen_inherit (GPtrArray *sockets, GError **error);
/* "http://127.0.0.1:9000" or "unix:/path" of a listening socket (transfer full). */
char *weir_listen_dup_uri (GSocket *socket);

/* The same as functions should see it: a Unix socket is reached as "http://localhost". */
char *weir_listen_dup_http_uri (GSocket *socket);

G_END_DECLS
