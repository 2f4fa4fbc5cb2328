/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <gio/gio.h>

G_BEGIN_DECLS

/* Binds and listens on "127.0.0.1:9000", "[::1]:0" or "localhost:9000". The error says
 * what can be done about it. */
GSocket *weir_listen (const char *address, GError **error);
/* "http://127.0.0.1:9000" of a listening socket (transfer full). */
char *weir_listen_dup_uri (GSocket *socket);

G_END_DECLS
