/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <libsoup/soup.h>
#include <weir.h>

G_BEGIN_DECLS

typedef struct _WeirSoupConnection WeirSoupConnection;

/* The SoupServer, and the few conversations with it that all connections take turns in.
 *
 * libsoup hears of a request when its answer is known: then it makes the message, has it
 * filled and writes how the answer begins. So a request that waits for its function costs
 * libsoup and the main loop nothing, and however many wait, the conversations are as few as
 * there are answers at a time. */
typedef struct _WeirSoupServer WeirSoupServer;

WeirSoupServer *weir_soup_server_new (GMainContext *context, GError **error);
void weir_soup_server_free (WeirSoupServer *self);
/* Asks libsoup for the answer of a connection, later than this call: libsoup calls back with
 * weir_soup_connection_fill() and then weir_soup_connection_take_start(). */
void weir_soup_server_ask (WeirSoupServer *self, WeirSoupConnection *connection);
/* The connection goes, and what it asked for with it. */
void weir_soup_server_forget (WeirSoupServer *self, WeirSoupConnection *connection);

G_END_DECLS
