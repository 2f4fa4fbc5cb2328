/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "weir-native-connection.h"

G_BEGIN_DECLS

/* Only for the files that the connection is made of: its life (-connection.c), what is read
 * (-reader.c), what the core asks of it (-transport.c) and what is sent (-writer.c). */

typedef enum
{
  WEIR_NATIVE_STATE_PROXY,    /* waits for a proxy to say who its client is */
  WEIR_NATIVE_STATE_HEAD,     /* reads a head, or idles before the next */
  WEIR_NATIVE_STATE_EXCHANGE, /* an exchange is open, or its last bytes are on their way */
  WEIR_NATIVE_STATE_DRAIN,    /* the response is out; the rest of the body is thrown away */
  WEIR_NATIVE_STATE_LAST,     /* sends what is left, then closes */
  WEIR_NATIVE_STATE_LINGER,   /* sent all; waits for the client to close */
  WEIR_NATIVE_STATE_CLOSED,
} WeirNativeState;

struct _WeirNativeConnection
{
  WeirWatch watch;
  WeirFlush flush;
  WeirTimer timer;
  WeirNativeContext *context;
  WeirExchange *exchange;
  GList link;
  guint ref_count;
  guint8 state;

  /* Set per read, not per timer: the timer is armed for the earlier of the two at some time,
   * and looks when it fires. 0: not waited for. */
  gint64 wait_until;  /* for what the client must do next */
  gint64 stall_until; /* for the client to read on */
  gint64 timer_due;

  GInetAddress *peer;
  char *authority; /* ref string */
  char *upgrade;   /* what the request offers, or NULL */
  guint16 peer_port;

  WeirNativeBuffer in;
  WeirNativeBuffer out;
  WeirRequestParser *parser; /* of a head that has begun and is not whole */
  WeirChunkDecoder decoder;
  const guint8 *rest; /* while an exchange is begun: what came behind its head */
  gsize rest_length;
  guint64 body_left; /* of a request with a length */
  guint64 body_received;
  gsize credit;
  gsize drained;
  gint64 length; /* of the response, as announced */
  guint64 sent;  /* of it */

  guint8 request_framing; /* WeirRequestFraming */
  guint8 framing;         /* WeirResponseFraming */
  guint is_unix : 1;      /* the socket, whoever the client is */
  guint counted : 1;      /* among the connections of its address */
  guint minor_version : 1;
  guint is_head : 1;
  guint readable : 1;    /* until the socket says EAGAIN */
  guint half_closed : 1; /* the client sends no more */
  guint reading : 1;
  guint waiting_turn : 1;
  guint draining : 1;
  guint beginning : 1; /* inside weir_pipeline_begin() */
  guint body_done : 1;
  guint continue_due : 1; /* the client waits for a 100 */
  guint bodiless : 1;
  guint head_sent : 1;
  guint ended : 1;
  guint close_after : 1;
  guint client_closes : 1; /* it asked for that, and sends no more */
  guint over : 1;          /* the queue was over its low-water mark */
  guint blocked : 1;       /* the kernel takes no more for now */
};

#define WEIR_NATIVE_LOW_WATER (64 * 1024)

WeirNativeConnection *weir_native_connection_ref (WeirNativeConnection *self);
void weir_native_connection_unref (WeirNativeConnection *self);
void weir_native_connection_queue (WeirNativeConnection *self);
/* 0: waits for nothing. */
void weir_native_connection_wait (WeirNativeConnection *self, guint delay_ms);
void weir_native_connection_watch_stall (WeirNativeConnection *self, guint delay_ms);
/* The exchange is over before its response was: its end of it is told. */
void weir_native_connection_disconnect (WeirNativeConnection *self, const GError *error);
/* Answers in place of the exchange, as long as nothing was answered, and closes. */
void weir_native_connection_refuse (WeirNativeConnection *self, guint status, const char *reason);
/* The client is gone. */
void weir_native_connection_lose (WeirNativeConnection *self);
/* Lets go of the socket, which is the caller's now. */
int weir_native_connection_release (WeirNativeConnection *self);
/* Goes on to the next request, or to the end. */
void weir_native_connection_finish (WeirNativeConnection *self);

/* -reader.c */
void weir_native_connection_read (WeirNativeConnection *self);

/* -transport.c */
extern const WeirTransport weir_native_connection_transport;

/* -writer.c */
void weir_native_connection_write (WeirNativeConnection *self, const void *data, gsize length);
/* Sends what is queued and, behind it, the pieces, without a copy of what the kernel takes. */
void weir_native_connection_write_now (WeirNativeConnection *self,
                                       const GOutputVector *pieces,
                                       guint n_pieces);
void weir_native_connection_send (WeirNativeConnection *self);
void
weir_native_connection_write_answer (WeirNativeConnection *self, guint status, const char *reason);

G_END_DECLS
