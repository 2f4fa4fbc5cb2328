/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_CLI_COMPILATION
#error "This header is private to the weir program."
#endif

#include <gio/gio.h>
#include <libsoup/soup.h>
#include <weir.h>

G_BEGIN_DECLS

/* Of every local stack of Supabase; a project that has set another wants it in a header. */
#define CLI_LOCAL_KEY "sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH"

/* Sends a message and writes the body of the answer to a stream as it comes, while the main
 * context runs, so that a server in this program can answer it. last, which may be NULL, gets the
 * body's last character, a line end when there is none. */
gboolean cli_http_send (SoupMessage *message, GOutputStream *body, char *last, GError **error);
/* TRUE when a Weir answers at that address. */
gboolean cli_http_is_weir (const char *base);
/* "http://127.0.0.1:9000" for an address to listen on; an address for everybody becomes the one
 * of this machine. NULL when its port is 0 or it cannot be read. */
char *cli_http_base_for_listen (const char *listen);
/* The address of a Weir that runs where this configuration would listen, or NULL. */
char *cli_http_find_running (WeirConfig *config);

G_END_DECLS
