/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <sys/socket.h>
#include <sys/un.h>
#include "io/weir-buffer-private.h"
#include "worker/weir-response-parser-private.h"
#include "worker/weir-upstream-private.h"

G_BEGIN_DECLS

/* One socket to a worker. It belongs to its call while there is one, else to the pool of
 * its upstream. It keeps all the memory that a request needs, for the next one. */
typedef struct _WeirUpstreamConnection WeirUpstreamConnection;

struct _WeirUpstreamConnection
{
  WeirWatch watch;
  WeirFlush flush;
  WeirTimer retry;
  WeirUpstream *upstream; /* not owned: the call holds it, or it holds the idle one */
  WeirUpstreamCall *call;
  WeirUpstreamConnection *prev;
  WeirUpstreamConnection *next;
  gint64 give_up;
  gboolean connected;
  gboolean awaits_output; /* EPOLLOUT is asked for */
  gboolean readable;      /* as far as edges told, there is more to read */
  gboolean hung_up;       /* and behind it comes the end */
  gboolean send_broken;   /* nobody reads what is sent; an answer may still be there */
  WeirBuffer output;
  WeirBuffer input; /* what came before the call was paused */
  WeirResponseParser parser;
};

/* An idle connection, or a new one that has yet to connect. */
WeirUpstreamConnection *weir_upstream_take (WeirUpstream *self, WeirUpstreamCall *call);
/* Back to the pool, or closed when that is full or was closed itself. */
void weir_upstream_give_back (WeirUpstream *self, WeirUpstreamConnection *connection);
void weir_upstream_close_idle (WeirUpstream *self);
/* Takes one that is idle out of the pool, if it is in there. */
void weir_upstream_forget (WeirUpstream *self, WeirUpstreamConnection *connection);
WeirEngine *weir_upstream_get_engine (WeirUpstream *self);
const struct sockaddr_un *weir_upstream_get_address (WeirUpstream *self);

gboolean weir_upstream_connection_connect (WeirUpstreamConnection *self, GError **error);
void weir_upstream_connection_close (WeirUpstreamConnection *self);
/* Gives up the socket. */
int weir_upstream_connection_steal (WeirUpstreamConnection *self);
/* At the end of the batch, tells the call to go on. */
void weir_upstream_connection_defer (WeirUpstreamConnection *self);
void weir_upstream_connection_send (WeirUpstreamConnection *self);
/* Sends what is queued and then these pieces, which are queued as far as they must. */
void weir_upstream_connection_send_now (WeirUpstreamConnection *self,
                                        const GOutputVector *pieces,
                                        guint n_pieces);

/* What the connection tells its call. */
void weir_upstream_call_on_events (WeirUpstreamCall *call, guint events);
void weir_upstream_call_on_flush (WeirUpstreamCall *call);
void weir_upstream_call_on_connect_failed (WeirUpstreamCall *call, GError *error);

G_END_DECLS
