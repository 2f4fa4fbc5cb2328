/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-plugin-adapter-soup"

#include "weir-soup-connection-private.h"

#include <errno.h>
#include <sys/socket.h>

/* What is thrown away of a body after its response, or of anything after the last answer;
 * what comes then is left in the socket. */
#define MAX_DRAIN (256 * 1024)
#define MAX_TURNS 16

/* What libsoup is told of any request. It reads forgivingly, rewrites paths and keeps every
 * method it meets for the life of the process, so it is given a request without surprises;
 * the real one goes to the exchange. */
#define ANNOUNCEMENT "GET / HTTP/1.1\r\nHost: weir\r\n\r\n"

gboolean
weir_soup_connection_has_input (WeirSoupConnection *self)
{
  return self->in != NULL && self->in->len > self->in_position;
}

static void
use_input (WeirSoupConnection *self, gsize length)
{
  self->in_position += length;
  if (self->in_position < self->in->len)
    return;
  self->in_position = 0;
  /* A connection that idles should hold no memory. */
  g_clear_pointer (&self->in, g_byte_array_unref);
}

/* Returns 0 when there is nothing now; a lost connection is closed. */
static gsize
receive (WeirSoupConnection *self, void *buffer, gsize length)
{
  gssize n;

  if (!self->readable)
    return 0;
  do
    n = recv (self->fd, buffer, length, 0);
  while (n < 0 && errno == EINTR);

  if (n > 0)
    {
      /* Less than asked for was all there was, and the engine tells when there is more. */
      self->readable = (gsize) n == length;
      return (gsize) n;
    }
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
    self->readable = FALSE;
  else
    weir_soup_connection_lose (self);
  return 0;
}

/* ---- the body ---- */

static void
expect_body (WeirSoupConnection *self)
{
  if (self->body_done || self->credit == 0 || self->continue_due || self->ended)
    weir_soup_connection_disarm (self);
  else
    weir_soup_connection_arm (self, self->context->limits.body_timeout_ms);
}

static gboolean
count_body (WeirSoupConnection *self, gsize length)
{
  guint64 limit = self->context->limits.max_body_size;

  self->body_received += length;
  return limit == 0 || self->body_received <= limit;
}

static void
deliver (WeirSoupConnection *self, const guint8 *data, gsize length)
{
  g_autoptr (WeirExchange) exchange = NULL;

  if (self->exchange == NULL)
    return;
  self->credit -= MIN (self->credit, length);
  exchange = g_object_ref (self->exchange);
  weir_exchange_push_body (exchange, data, length);
}

static void
end_body (WeirSoupConnection *self)
{
  g_autoptr (WeirExchange) exchange = NULL;

  self->body_done = TRUE;
  weir_soup_connection_disarm (self);
  if (self->exchange == NULL)
    return;
  exchange = g_object_ref (self->exchange);
  weir_exchange_end_body (exchange);
}

/* The piece ends where reading has stopped; it may be empty. */
static gboolean
take_piece (WeirSoupConnection *self,
            const guint8 *data,
            gsize length,
            const guint8 **piece,
            gsize *piece_length)
{
  WeirChunkResult result;

  if (self->request.framing != WEIR_REQUEST_FRAMING_CHUNKED)
    {
      *piece = data;
      *piece_length = MIN (self->body_left, length);
      self->body_left -= *piece_length;
      self->body_whole = self->body_left == 0;
      return TRUE;
    }

  result = weir_chunk_decoder_next (&self->decoder, &data, &length, piece, piece_length);
  self->body_whole = result == WEIR_CHUNK_END;
  if (result != WEIR_CHUNK_DATA)
    {
      *piece = data;
      *piece_length = 0;
    }
  return result != WEIR_CHUNK_BAD;
}

/* Returns how much of data belongs to the body; less than all at its end only, or when the
 * connection is lost. */
static gsize
take_body (WeirSoupConnection *self, const guint8 *data, gsize length)
{
  WeirSoupState state = self->state;
  gsize used = 0;

  self->continue_due = FALSE;
  while (used < length && !self->body_done && self->state == state)
    {
      const guint8 *piece;
      gsize piece_length;

      if (!take_piece (self, data + used, length - used, &piece, &piece_length))
        {
          weir_soup_connection_refuse (self, 400, "The chunks of the body are not valid");
          return length;
        }
      used = (gsize) (piece + piece_length - data);
      if (!count_body (self, piece_length))
        {
          weir_soup_connection_refuse (self, 413, "The body is over the limit");
          return length;
        }
      if (piece_length > 0)
        deliver (self, piece, piece_length);
      if (self->state == state && self->body_whole)
        end_body (self);
    }
  return used;
}

static void
keep_input (WeirSoupConnection *self, const guint8 *data, gsize length)
{
  if (self->in == NULL)
    self->in = g_byte_array_sized_new (length);
  g_byte_array_append (self->in, data, length);
}

/* Returns whether there may be more to do. limit: how many bytes may be read. */
static gboolean
read_body (WeirSoupConnection *self, gsize limit)
{
  gsize length, used;

  if (limit == 0)
    return FALSE;

  if (weir_soup_connection_has_input (self))
    {
      g_autoptr (GByteArray) in = g_byte_array_ref (self->in);

      used =
          take_body (self, in->data + self->in_position, MIN (limit, in->len - self->in_position));
      if (self->in == in)
        use_input (self, MIN (used, in->len - self->in_position));
      return TRUE;
    }

  limit = MIN (limit, WEIR_SOUP_SCRATCH);
  if (self->request.framing == WEIR_REQUEST_FRAMING_LENGTH)
    limit = MIN (limit, self->body_left);
  length = receive (self, self->context->scratch, limit);
  if (length == 0)
    return FALSE;
  used = take_body (self, self->context->scratch, length);
  if (used < length && self->state != WEIR_SOUP_STATE_CLOSED)
    keep_input (self, self->context->scratch + used, length - used);
  if (self->state == WEIR_SOUP_STATE_EXCHANGE)
    expect_body (self);
  return TRUE;
}

static gboolean
drain_body (WeirSoupConnection *self)
{
  gboolean more;
  guint64 before = self->body_received;

  if (self->continue_due || self->drained > MAX_DRAIN)
    {
      self->close_after = TRUE;
      weir_soup_connection_finish (self);
      return TRUE;
    }

  more = read_body (self, WEIR_SOUP_SCRATCH);
  self->drained += (gsize) (self->body_received - before);
  if (self->state == WEIR_SOUP_STATE_DRAIN && self->body_done)
    {
      weir_soup_connection_finish (self);
      return TRUE;
    }
  return more && self->state == WEIR_SOUP_STATE_DRAIN;
}

/* Above the bound nothing is read any more: the client waits, and reads its answer. */
static gboolean
discard (WeirSoupConnection *self)
{
  gsize length;

  if (self->drained > MAX_DRAIN)
    return FALSE;
  length = receive (self, self->context->scratch, WEIR_SOUP_SCRATCH);
  self->drained += length;
  return length > 0;
}

/* ---- the head ---- */

/* A new request, seen whole: what can be refused is refused before anybody hears of it. */
static void
announce (WeirSoupConnection *self)
{
  const WeirSoupLimits *limits = &self->context->limits;
  const guint8 *data = self->in->data + self->in_position;
  const guint8 *rest = data + self->request.head_length;
  gsize rest_length = self->in->len - self->in_position - self->request.head_length;

  if (limits->max_body_size > 0 && self->request.framing == WEIR_REQUEST_FRAMING_LENGTH &&
      self->request.body_length > limits->max_body_size)
    {
      weir_soup_connection_refuse (self, 413, "The body is over the limit");
      return;
    }

  weir_chunk_decoder_init (&self->decoder);
  if (self->request.framing == WEIR_REQUEST_FRAMING_CHUNKED &&
      !weir_chunk_decoder_accepts (&self->decoder, rest, rest_length))
    {
      weir_soup_connection_refuse (self, 400, "The chunks of the body are not valid");
      return;
    }

  weir_soup_connection_disarm (self);
  self->state = WEIR_SOUP_STATE_ASKED;
  self->stream = weir_soup_context_lend (self->context, self);
  weir_soup_stream_put (self->stream, ANNOUNCEMENT);
}

static gboolean
scan_head (WeirSoupConnection *self)
{
  char *data = (char *) self->in->data + self->in_position;
  gsize length = self->in->len - self->in_position;

  switch (weir_request_parser_feed (self->parser, data, length))
    {
    case WEIR_REQUEST_MORE:
      return TRUE;
    case WEIR_REQUEST_REFUSED:
      self->request = *weir_request_parser_get_head (self->parser);
      weir_soup_connection_refuse (self, self->request.status, self->request.reason);
      return FALSE;
    case WEIR_REQUEST_DONE:
      self->request = *weir_request_parser_get_head (self->parser);
      announce (self);
      return FALSE;
    }
  return FALSE;
}

static gboolean
read_head (WeirSoupConnection *self)
{
  gboolean first = !weir_soup_connection_has_input (self);
  gsize length = receive (self, self->context->scratch, WEIR_SOUP_SCRATCH);

  if (length == 0)
    return FALSE;

  keep_input (self, self->context->scratch, length);
  if (first)
    weir_soup_connection_arm (self, self->context->limits.head_timeout_ms);
  return scan_head (self);
}

/* The next request: it may be here already. */
void
weir_soup_connection_await (WeirSoupConnection *self)
{
  if (weir_soup_connection_has_input (self))
    {
      weir_soup_connection_arm (self, self->context->limits.head_timeout_ms);
      if (!scan_head (self))
        return;
    }
  else
    {
      weir_soup_connection_arm (self, self->context->limits.idle_timeout_ms);
    }
  weir_soup_connection_read (self);
}

/* ---- all of it ---- */

static gboolean
read_once (WeirSoupConnection *self)
{
  switch (self->state)
    {
    case WEIR_SOUP_STATE_HEAD:
      return read_head (self);
    case WEIR_SOUP_STATE_EXCHANGE:
      return !self->body_done && !self->beginning && read_body (self, self->credit);
    case WEIR_SOUP_STATE_DRAIN:
      return drain_body (self);
    case WEIR_SOUP_STATE_LINGER:
      return discard (self);
    case WEIR_SOUP_STATE_ASKED:
    case WEIR_SOUP_STATE_LAST:
    case WEIR_SOUP_STATE_CLOSED:
      return FALSE;
    }
  return FALSE;
}

static void
on_turn (gpointer user_data)
{
  WeirSoupConnection *self = user_data;

  self->waiting_turn = FALSE;
  weir_soup_connection_read (self);
  weir_soup_connection_unref (self);
}

/* Reads until the socket is empty or the credit is spent; but a client that sends faster
 * than its bytes are used does not keep the others waiting. */
void
weir_soup_connection_read (WeirSoupConnection *self)
{
  guint turns = MAX_TURNS;

  if (self->reading || self->waiting_turn)
    return;

  self->reading = TRUE;
  while (turns > 0 && read_once (self))
    turns--;
  self->reading = FALSE;
  if (turns > 0 || self->state == WEIR_SOUP_STATE_CLOSED)
    return;
  self->waiting_turn = TRUE;
  weir_engine_invoke (self->context->engine, on_turn, weir_soup_connection_ref (self));
}

static void
begin_body (WeirSoupConnection *self)
{
  self->body_received = 0;
  self->body_left = self->request.body_length;
  self->body_done = self->request.framing == WEIR_REQUEST_FRAMING_NONE;
  self->credit = WEIR_EXCHANGE_FIRST_CREDIT;
  self->close_after =
      !self->request.keep_alive || self->request.minor_version == 0 || self->draining;
}

static gint64
get_body_length (WeirSoupConnection *self)
{
  switch (self->request.framing)
    {
    case WEIR_REQUEST_FRAMING_NONE:
      return 0;
    case WEIR_REQUEST_FRAMING_LENGTH:
      return (gint64) self->request.body_length;
    case WEIR_REQUEST_FRAMING_CHUNKED:
      return WEIR_LENGTH_UNKNOWN;
    }
  return 0;
}

void
weir_soup_connection_begin (WeirSoupConnection *self, SoupServerMessage *message)
{
  gsize head_length = self->request.head_length;
  GByteArray *lent = g_byte_array_ref (self->in); /* the head borrows from it */
  WeirHead *head = weir_request_parser_make_head (self->parser, self->authority);
  g_autoptr (WeirExchange) exchange = weir_exchange_new (self->context->engine,
                                                         &weir_soup_connection_transport,
                                                         self,
                                                         head,
                                                         get_body_length (self),
                                                         self->request.upgrade,
                                                         self->peer,
                                                         self->peer_port);

  weir_soup_connection_ref (self);
  self->upgrade = g_strdup (self->request.upgrade);
  self->message = g_object_ref (message);
  self->exchange = g_object_ref (exchange);
  self->state = WEIR_SOUP_STATE_EXCHANGE;
  begin_body (self);
  self->continue_due = self->request.expects_continue && !self->body_done &&
                       self->in->len - self->in_position == head_length;

  use_input (self, head_length);
  self->beginning = TRUE;
  weir_pipeline_begin (self->context->pipeline, exchange);
  self->beginning = FALSE;
  g_byte_array_unref (lent);

  if (self->state != WEIR_SOUP_STATE_CLOSED)
    {
      if (!self->head_ready && self->message != NULL)
        soup_server_message_pause (message);
      expect_body (self);
      weir_soup_connection_queue (self);
    }
  weir_soup_connection_unref (self);
}
