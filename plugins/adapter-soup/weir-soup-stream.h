/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "weir-soup-connection.h"

G_BEGIN_DECLS

/* One conversation with SoupServer: what it takes for a client's connection. It is lent to
 * a connection while a request waits for the head of its response, and then to the next,
 * so that connections which idle, read or write cost libsoup and the main loop nothing. */
#define WEIR_SOUP_TYPE_STREAM (weir_soup_stream_get_type ())

G_DECLARE_FINAL_TYPE (WeirSoupStream, weir_soup_stream, WEIR_SOUP, STREAM, GIOStream)

WeirSoupStream *weir_soup_stream_new (void);
/* Who uses it now: (nullable), borrowed. */
WeirSoupConnection *weir_soup_stream_get_connection (WeirSoupStream *self);
void weir_soup_stream_set_connection (WeirSoupStream *self, WeirSoupConnection *connection);
/* Hands libsoup the head of a request. */
void weir_soup_stream_put (WeirSoupStream *self, const char *head);
/* Tells libsoup that its client is gone. */
void weir_soup_stream_end (WeirSoupStream *self);

G_END_DECLS
