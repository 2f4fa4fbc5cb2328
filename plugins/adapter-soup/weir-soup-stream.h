/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "weir-soup-connection.h"

G_BEGIN_DECLS

/* One conversation with SoupServer: what it takes for a client's connection. It is lent to
 * a connection whose answer is ready, for as long as libsoup needs to write how it begins,
 * and then to the next. */
#define WEIR_SOUP_TYPE_STREAM (weir_soup_stream_get_type ())

G_DECLARE_FINAL_TYPE (WeirSoupStream, weir_soup_stream, WEIR_SOUP, STREAM, GIOStream)

typedef void (*WeirSoupStreamClosedFunc) (WeirSoupStream *stream, gpointer user_data);

/* closed is called when libsoup ends the conversation; not after weir_soup_stream_end(). */
WeirSoupStream *weir_soup_stream_new (WeirSoupStreamClosedFunc closed, gpointer user_data);
/* Who uses it now: (nullable), borrowed. */
WeirSoupConnection *weir_soup_stream_get_connection (WeirSoupStream *self);
void weir_soup_stream_set_connection (WeirSoupStream *self, WeirSoupConnection *connection);
/* Hands libsoup the head of a request: static text. */
void weir_soup_stream_put (WeirSoupStream *self, const char *head);
/* Tells libsoup that its client is gone. */
void weir_soup_stream_end (WeirSoupStream *self);

G_END_DECLS
