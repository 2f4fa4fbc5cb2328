/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "weir-soup-context.h"

G_BEGIN_DECLS

/* One client's connection: its socket, what was read and not yet understood, what was
 * written and not yet sent, and the exchange that goes over it, if any.
 *
 * Heads are read here, strictly, before libsoup learns of a request; it is told only that
 * there is one, and makes the message and the head of its response. Bodies pass beside
 * libsoup, because only so do they wait for credit. */

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

/* From libsoup: the message of the request that was announced. */
void weir_soup_connection_begin (WeirSoupConnection *self, SoupServerMessage *message);
/* From libsoup: the head of the response, whole. */
void weir_soup_connection_take_head (WeirSoupConnection *self, const char *head, gsize length);
/* From libsoup: it is done with the message. */
void weir_soup_connection_end_message (WeirSoupConnection *self);

G_END_DECLS
