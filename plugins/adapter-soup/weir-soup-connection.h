/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "weir-soup-context.h"

G_BEGIN_DECLS

typedef struct _WeirSoupStream WeirSoupStream;

/* One client's connection: its socket, what was read and not yet understood, what was
 * written and not yet sent, and the exchange that goes over it, if any.
 *
 * Heads are read here, strictly, and the exchange is begun before libsoup learns of a
 * request; it is told only that there is one to answer, and makes the message. Bodies pass
 * beside libsoup, because only so do they wait for credit, and so do the fields of the
 * response. */

/* fd is taken over. peer: (nullable), taken over. authority: what an HTTP/1.0 request without
 * Host is for. */
void weir_soup_connection_open (WeirSoupContext *context,
                                int fd,
                                GInetAddress *peer,
                                guint16 peer_port,
                                const char *authority);
/* Finishes what is in flight and closes, at once when nothing is. */
void weir_soup_connection_drain (WeirSoupConnection *self);
/* Closes now; an open exchange is disconnected. error: (nullable) why. */
void weir_soup_connection_close (WeirSoupConnection *self, const GError *error);

/* The conversation with libsoup that was lent to it: (nullable), borrowed. */
WeirSoupStream *weir_soup_connection_get_stream (WeirSoupConnection *self);
void weir_soup_connection_set_stream (WeirSoupConnection *self, WeirSoupStream *stream);
/* From libsoup: the message of the request that waits for its answer. */
void weir_soup_connection_fill (WeirSoupConnection *self, SoupServerMessage *message);
/* From libsoup: how the answer begins, its status line and fields of libsoup's, whole. */
void weir_soup_connection_take_start (WeirSoupConnection *self, const char *start, gsize length);
/* From libsoup: it is done with the message. */
void weir_soup_connection_end_message (WeirSoupConnection *self);

G_END_DECLS
