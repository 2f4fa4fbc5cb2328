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
      /* Less than asked for was all there was, and the engine tells when there is more; but
       * behind the end comes no further edge. */
      self->readable = (gsize) n == length || self->half_closed;
      return (gsize) n;
    }
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
    self->readable = FALSE;
  else
    weir_soup_connection_lose (self);
  return 0;
}

static void
keep_input (WeirSoupConnection *self, const guint8 *data, gsize length)
{
  if (self->in == NULL)
    self->in = g_byte_array_sized_new (length);
  g_byte_array_append (self->in, data, length);
}

/* Reads what is taken at once, without a copy; take() says how much that was. */
static gboolean
receive_new (WeirSoupConnection *self,
             gsize limit,
             gsize (*take) (WeirSoupConnection *self, guint8 *data, gsize length))
{
  guint8 *scratch = weir_soup_context_take_scratch (self->context);
  gsize length = receive (self, scratch, limit);
  gsize used = length > 0 ? take (self, scratch, length) : 0;

  if (used < length && self->state != WEIR_SOUP_STATE_CLOSED)
    keep_input (self, scratch + used, length - used);
  weir_soup_context_give_scratch (self->context, scratch);
  return length > 0;
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

static gsize
take_received_body (WeirSoupConnection *self, guint8 *data, gsize length)
{
  gsize used = take_body (self, data, length);

  if (self->state == WEIR_SOUP_STATE_EXCHANGE)
    expect_body (self);
  return used;
}

/* Returns whether there may be more to do. limit: how many bytes may be read. */
static gboolean
read_body (WeirSoupConnection *self, gsize limit)
{
  gsize used;

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

  if (self->request.framing == WEIR_REQUEST_FRAMING_LENGTH)
    limit = MIN (limit, self->body_left);
  return receive_new (self, MIN (limit, WEIR_SOUP_SCRATCH), take_received_body);
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

static gsize
discard_all (WeirSoupConnection *self, guint8 *data, gsize length)
{
  self->drained += length;
  return length;
}

/* Above the bound nothing is read any more: the client waits, and reads its answer. */
static gboolean
discard (WeirSoupConnection *self)
{
  return self->drained <= MAX_DRAIN && receive_new (self, WEIR_SOUP_SCRATCH, discard_all);
}

/* ---- the head ---- */

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

/* What can be refused is refused before anybody hears of the request. rest: what came behind
 * its head. */
static gboolean
check_body (WeirSoupConnection *self, const guint8 *rest, gsize rest_length)
{
  guint64 limit = self->context->limits.max_body_size;

  if (limit > 0 && self->request.framing == WEIR_REQUEST_FRAMING_LENGTH &&
      self->request.body_length > limit)
    {
      weir_soup_connection_refuse (self, 413, "The body is over the limit");
      return FALSE;
    }
  if (self->request.framing != WEIR_REQUEST_FRAMING_CHUNKED)
    return TRUE;
  weir_chunk_decoder_init (&self->decoder);
  if (weir_chunk_decoder_accepts (&self->decoder, rest, rest_length))
    return TRUE;
  weir_soup_connection_refuse (self, 400, "The chunks of the body are not valid");
  return FALSE;
}

static void
begin_body (WeirSoupConnection *self)
{
  self->body_received = 0;
  self->body_left = self->request.body_length;
  self->body_done = self->request.framing == WEIR_REQUEST_FRAMING_NONE;
  self->credit = WEIR_EXCHANGE_FIRST_CREDIT;
  self->close_after = !self->request.keep_alive || self->draining;
  self->continue_due =
      self->request.expects_continue && !self->body_done && !weir_soup_connection_has_input (self);
}

/* The head that the exchange gets borrows from what was read, until this returns. */
static void
begin (WeirSoupConnection *self)
{
  WeirHead *head = weir_request_parser_make_head (self->parser, self->authority);
  g_autoptr (WeirExchange) exchange = weir_exchange_new (self->context->engine,
                                                         &weir_soup_connection_transport,
                                                         self,
                                                         head,
                                                         get_body_length (self),
                                                         self->request.upgrade,
                                                         self->peer,
                                                         self->peer_port);

  self->state = WEIR_SOUP_STATE_EXCHANGE;
  self->upgrade = g_strdup (self->request.upgrade);
  self->exchange = g_object_ref (exchange);
  begin_body (self);
  self->beginning = TRUE;
  weir_pipeline_begin (self->context->pipeline, exchange);
  self->beginning = FALSE;
  if (self->state == WEIR_SOUP_STATE_EXCHANGE)
    expect_body (self);
}

static void
refuse_head (WeirSoupConnection *self)
{
  self->request = *weir_request_parser_get_head (self->parser);
  weir_soup_connection_refuse (self, self->request.status, self->request.reason);
}

/* Begins with what was just read; what came behind the head is kept. */
static gsize
take_head (WeirSoupConnection *self, guint8 *data, gsize length)
{
  gsize used;

  switch (weir_request_parser_feed (self->parser, (char *) data, length))
    {
    case WEIR_REQUEST_MORE:
      return 0;
    case WEIR_REQUEST_REFUSED:
      refuse_head (self);
      return length;
    case WEIR_REQUEST_DONE:
      break;
    }

  self->request = *weir_request_parser_get_head (self->parser);
  used = self->request.head_length;
  if (!check_body (self, data + used, length - used))
    return length;
  if (used < length)
    keep_input (self, data + used, length - used);
  begin (self);
  return length;
}

/* Begins with what was kept. */
static void
take_kept_head (WeirSoupConnection *self)
{
  g_autoptr (GByteArray) in = g_byte_array_ref (self->in);
  guint8 *data = in->data + self->in_position;
  gsize length = in->len - self->in_position;

  switch (weir_request_parser_feed (self->parser, (char *) data, length))
    {
    case WEIR_REQUEST_MORE:
      return;
    case WEIR_REQUEST_REFUSED:
      refuse_head (self);
      return;
    case WEIR_REQUEST_DONE:
      break;
    }

  self->request = *weir_request_parser_get_head (self->parser);
  if (check_body (self, data + self->request.head_length, length - self->request.head_length))
    {
      use_input (self, self->request.head_length);
      begin (self);
    }
}

static gsize
keep_all (WeirSoupConnection *self, guint8 *data, gsize length)
{
  return 0;
}

static gboolean
read_head (WeirSoupConnection *self)
{
  gboolean begun = weir_soup_connection_has_input (self);

  if (!receive_new (self, WEIR_SOUP_SCRATCH, begun ? keep_all : take_head))
    return FALSE;
  if (begun)
    take_kept_head (self);
  else if (self->state == WEIR_SOUP_STATE_HEAD)
    weir_soup_connection_arm (self, self->context->limits.head_timeout_ms);
  return self->state != WEIR_SOUP_STATE_CLOSED;
}

/* The next request: it may be here already. */
void
weir_soup_connection_await (WeirSoupConnection *self)
{
  const WeirSoupLimits *limits = &self->context->limits;
  gboolean begun = weir_soup_connection_has_input (self);

  if (begun)
    take_kept_head (self);
  if (self->state == WEIR_SOUP_STATE_HEAD)
    weir_soup_connection_arm (self, begun ? limits->head_timeout_ms : limits->idle_timeout_ms);
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
