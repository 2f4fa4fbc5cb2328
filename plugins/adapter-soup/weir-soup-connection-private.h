/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "weir-soup-connection.h"

G_BEGIN_DECLS

/* Only for the files that the connection is made of: the socket (-connection.c), what is
 * read (-reader.c), what the core asks of it (-transport.c) and what is sent (-writer.c). */

typedef enum
{
  WEIR_SOUP_STATE_HEAD,     /* reads a head, or idles before the next */
  WEIR_SOUP_STATE_EXCHANGE, /* an exchange is open, or its last bytes are on their way */
  WEIR_SOUP_STATE_DRAIN,    /* the response is out; the rest of the body is thrown away */
  WEIR_SOUP_STATE_LAST,     /* sends what is left, then closes */
  WEIR_SOUP_STATE_LINGER,   /* sent all; waits for the client to close */
  WEIR_SOUP_STATE_CLOSED,
} WeirSoupState;

struct _WeirSoupConnection
{
  int ref_count;
  WeirSoupContext *context;
  GList link;
  WeirSoupState state;

  int fd;
  WeirWatch watch;
  WeirFlush flush;
  WeirTimer timer; /* for what the client must do next */
  WeirTimer stall; /* for a client that does not read */
  GInetAddress *peer;
  char *authority;
  guint16 peer_port;
  gboolean readable;    /* until the socket says EAGAIN */
  gboolean half_closed; /* the client sends no more */
  gboolean reading;
  gboolean waiting_turn;
  gboolean draining;

  GByteArray *in;
  gsize in_position; /* bytes of in that are used up */
  WeirRequestParser *parser;
  WeirRequestHead request;
  WeirChunkDecoder decoder;
  guint64 body_left;
  guint64 body_received;
  gsize credit;
  gsize drained;
  gboolean body_done;
  gboolean body_whole;   /* what was taken last was the end of it */
  gboolean continue_due; /* the client waits for a 100 */
  gboolean cut_due;      /* aborted, but for the start that libsoup still writes */

  GByteArray *out;
  gsize out_position; /* bytes of out that are sent */
  gsize gate;         /* while it is closed: up to where out may be sent */
  WeirSoupStream *stream;
  WeirExchange *exchange;
  char *upgrade; /* what the request offers, or NULL */
  WeirResponseFraming framing;
  guint status;  /* of the response */
  gint64 length; /* of it, as announced */
  guint64 sent;  /* of it */
  gboolean bodiless;
  gboolean beginning;   /* inside weir_pipeline_begin() */
  gboolean head_ready;  /* the answer has begun */
  gboolean gate_closed; /* but for its start, which libsoup writes */
  gboolean ended;
  gboolean close_after;
  gboolean over;    /* the queue was over its low-water mark */
  gboolean blocked; /* the kernel takes no more for now */
};

#define WEIR_SOUP_LOW_WATER (64 * 1024)

WeirSoupConnection *weir_soup_connection_ref (WeirSoupConnection *self);
void weir_soup_connection_unref (WeirSoupConnection *self);
void weir_soup_connection_queue (WeirSoupConnection *self);
void weir_soup_connection_arm (WeirSoupConnection *self, guint delay_ms);
void weir_soup_connection_disarm (WeirSoupConnection *self);
/* The exchange is over before its response was: its end of it is told. */
void weir_soup_connection_disconnect (WeirSoupConnection *self, const GError *error);
/* Answers in place of the exchange, as long as nothing was answered, and closes. */
void weir_soup_connection_refuse (WeirSoupConnection *self, guint status, const char *reason);
/* The client is gone. */
void weir_soup_connection_lose (WeirSoupConnection *self);
/* Lets go of the socket, which is the caller's now. */
int weir_soup_connection_release (WeirSoupConnection *self);
/* Goes on to the next request, or to the end. */
void weir_soup_connection_finish (WeirSoupConnection *self);

/* -reader.c */
void weir_soup_connection_read (WeirSoupConnection *self);
void weir_soup_connection_await (WeirSoupConnection *self);
gboolean weir_soup_connection_has_input (WeirSoupConnection *self);

/* -transport.c */
extern const WeirTransport weir_soup_connection_transport;
void weir_soup_connection_cut (WeirSoupConnection *self);

/* -writer.c */
void weir_soup_connection_write (WeirSoupConnection *self, const void *data, gsize length);
/* Makes room behind what is queued, to be filled at once; and gives the end of it back. */
char *weir_soup_connection_reserve (WeirSoupConnection *self, gsize length);
void weir_soup_connection_unreserve (WeirSoupConnection *self, gsize length);
/* What is written from here on waits, until there is what comes before it. */
void weir_soup_connection_close_gate (WeirSoupConnection *self);
gboolean weir_soup_connection_open_gate (WeirSoupConnection *self, const char *start, gsize length);
/* Sends what is queued and, behind it, the pieces, without a copy of what the kernel takes. */
void weir_soup_connection_write_now (WeirSoupConnection *self,
                                     const GOutputVector *pieces,
                                     guint n_pieces);
void weir_soup_connection_send (WeirSoupConnection *self);
gsize weir_soup_connection_get_unsent (WeirSoupConnection *self);
void weir_soup_connection_write_answer (WeirSoupConnection *self, guint status, const char *reason);

G_END_DECLS
