/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-plugin-adapter-native"

#include "weir-native-connection-private.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* What is thrown away of a body after its response, or of anything after the last answer;
 * what comes then is left in the socket. */
#define MAX_DRAIN (256 * 1024)
#define MAX_TURNS 16

/* Returns 0 when there is nothing now; a lost connection is closed. */
static gsize
receive (WeirNativeConnection *self, void *buffer, gsize length)
{
  gssize n;

  if (!self->readable)
    return 0;
  do
    n = recv (self->watch.fd, buffer, length, 0);
  while (n < 0 && errno == EINTR);

  if (n > 0)
    {
      /* Less than asked for was all there was, and the engine tells when there is more; but
       * behind the end comes no further edge. */
      self->readable = (gsize) n == length || self->half_closed;
      return (gsize) n;
    }
  if (n < 0 && errno == EAGAIN)
    self->readable = FALSE;
  else
    weir_native_connection_lose (self);
  return 0;
}

/* ---- the body ---- */

static void
expect_body (WeirNativeConnection *self)
{
  gboolean waits = !self->body_done && self->credit > 0 && !self->continue_due && !self->ended;

  weir_native_connection_wait (self, waits ? self->context->limits.body_timeout_ms : 0);
}

static void
end_body (WeirNativeConnection *self)
{
  g_autoptr (WeirExchange) exchange = NULL;

  self->body_done = TRUE;
  if (self->state == WEIR_NATIVE_STATE_EXCHANGE)
    weir_native_connection_wait (self, 0);
  if (self->exchange == NULL || self->ended)
    return;
  exchange = g_object_ref (self->exchange);
  weir_exchange_end_body (exchange);
}

static void
deliver (WeirNativeConnection *self, const guint8 *data, gsize length)
{
  guint64 limit = self->context->limits.max_body_size;
  g_autoptr (WeirExchange) exchange = NULL;

  self->body_received += length;
  if (limit > 0 && self->body_received > limit)
    {
      weir_native_connection_refuse (self, 413, "The body is over the limit");
      return;
    }
  if (self->exchange == NULL || self->ended)
    return;
  self->credit -= MIN (self->credit, length);
  exchange = g_object_ref (self->exchange);
  weir_exchange_push_body (exchange, data, length);
}

static gsize
take_sized (WeirNativeConnection *self, const guint8 *data, gsize length)
{
  gsize used = MIN (self->body_left, length);

  self->body_left -= used;
  deliver (self, data, used);
  if (self->body_left == 0 && self->state != WEIR_NATIVE_STATE_CLOSED)
    end_body (self);
  return used;
}

static gsize
take_chunks (WeirNativeConnection *self, const guint8 *data, gsize length)
{
  WeirNativeState state = self->state;
  gsize left = length;

  while (self->state == state)
    {
      const guint8 *piece = NULL;
      gsize piece_length = 0;

      switch (weir_chunk_decoder_next (&self->decoder, &data, &left, &piece, &piece_length))
        {
        case WEIR_CHUNK_MORE:
          return length - left;
        case WEIR_CHUNK_DATA:
          deliver (self, piece, piece_length);
          break;
        case WEIR_CHUNK_END:
          end_body (self);
          return length - left;
        case WEIR_CHUNK_BAD:
          weir_native_connection_refuse (self, 400, "The chunks of the body are not valid");
          return length;
        }
    }
  return length - left;
}

/* Returns how much of data was used. With an exchange no more than its credit is. */
static gsize
take_body (WeirNativeConnection *self, const guint8 *data, gsize length)
{
  gsize used;

  if (self->body_done)
    return 0;
  if (self->state == WEIR_NATIVE_STATE_EXCHANGE && !self->ended)
    length = MIN (length, self->credit);
  if (length == 0)
    return 0;

  self->continue_due = FALSE;
  weir_native_connection_ref (self);
  if (self->request_framing == WEIR_REQUEST_FRAMING_CHUNKED)
    used = take_chunks (self, data, length);
  else
    used = take_sized (self, data, length);
  if (self->state == WEIR_NATIVE_STATE_EXCHANGE)
    expect_body (self);
  weir_native_connection_unref (self);
  return used;
}

/* ---- the head ---- */

static gint64
get_body_length (const WeirRequestHead *request)
{
  switch (request->framing)
    {
    case WEIR_REQUEST_FRAMING_NONE:
      return 0;
    case WEIR_REQUEST_FRAMING_LENGTH:
      return (gint64) request->body_length;
    case WEIR_REQUEST_FRAMING_CHUNKED:
      return WEIR_LENGTH_UNKNOWN;
    }
  return 0;
}

/* What can be refused is refused before anybody hears of the request. */
static gboolean
check_body (WeirNativeConnection *self, const WeirRequestHead *request)
{
  guint64 limit = self->context->limits.max_body_size;

  if (limit > 0 && request->body_length > limit)
    {
      weir_native_connection_refuse (self, 413, "The body is over the limit");
      return FALSE;
    }
  if (request->framing != WEIR_REQUEST_FRAMING_CHUNKED)
    return TRUE;
  weir_chunk_decoder_init (&self->decoder);
  if (weir_chunk_decoder_accepts (&self->decoder, self->rest, self->rest_length))
    return TRUE;
  weir_native_connection_refuse (self, 400, "The chunks of the body are not valid");
  return FALSE;
}

static void
take_over (WeirNativeConnection *self, const WeirRequestHead *request)
{
  self->state = WEIR_NATIVE_STATE_EXCHANGE;
  self->upgrade = g_strdup (request->upgrade);
  self->request_framing = request->framing;
  self->minor_version = request->minor_version;
  self->body_received = 0;
  self->body_left = request->body_length;
  self->body_done = request->framing == WEIR_REQUEST_FRAMING_NONE;
  self->credit = WEIR_EXCHANGE_FIRST_CREDIT;
  self->client_closes = !request->keep_alive;
  self->close_after = !request->keep_alive || self->draining;
  self->continue_due = request->expects_continue && !self->body_done && self->rest_length == 0;
}

static void
begin (WeirNativeConnection *self, WeirRequestParser *parser)
{
  const WeirRequestHead *request = weir_request_parser_get_head (parser);
  WeirHead *head;

  self->is_head = request->is_head;
  if (!check_body (self, request))
    return;

  take_over (self, request);
  head = weir_request_parser_make_head (parser, self->authority);
  self->exchange = weir_exchange_new (self->context->engine,
                                      &weir_native_connection_transport,
                                      self,
                                      head,
                                      get_body_length (request),
                                      request->upgrade,
                                      self->peer,
                                      self->peer_port);
  self->beginning = TRUE;
  weir_pipeline_begin (self->context->pipeline, self->exchange);
  self->beginning = FALSE;
  if (self->state == WEIR_NATIVE_STATE_EXCHANGE)
    expect_body (self);
}

/* Returns how many bytes were used: none as long as the head is not whole. */
static gsize
take_head (WeirNativeConnection *self, guint8 *data, gsize length)
{
  WeirRequestParser *parser = g_steal_pointer (&self->parser);
  gsize used = length;

  if (parser == NULL)
    parser = weir_native_context_take_parser (self->context);
  switch (weir_request_parser_feed (parser, (char *) data, length))
    {
    case WEIR_REQUEST_MORE:
      self->parser = parser;
      return 0;
    case WEIR_REQUEST_REFUSED:
      self->is_head = weir_request_parser_get_head (parser)->is_head;
      weir_native_connection_refuse (self,
                                     weir_request_parser_get_head (parser)->status,
                                     weir_request_parser_get_head (parser)->reason);
      break;
    case WEIR_REQUEST_DONE:
      used = weir_request_parser_get_head (parser)->head_length;
      self->rest = data + used;
      self->rest_length = length - used;
      begin (self, parser);
      self->rest = NULL;
      break;
    }
  weir_native_context_give_parser (self->context, parser);
  return used;
}

/* ---- what comes before the first ---- */

static GInetAddress *
make_client (const WeirProxyHeader *header)
{
  const struct in6_addr *in6 = (const struct in6_addr *) header->address;

  if (header->family == G_SOCKET_FAMILY_INVALID)
    return NULL;
  if (header->family == G_SOCKET_FAMILY_IPV6 && IN6_IS_ADDR_V4MAPPED (in6))
    return g_inet_address_new_from_bytes (header->address + 12, G_SOCKET_FAMILY_IPV4);
  return g_inet_address_new_from_bytes (header->address, header->family);
}

/* From here on the client is at the other end, and not the proxy. */
static void
become_client (WeirNativeConnection *self, const WeirProxyHeader *header)
{
  self->state = WEIR_NATIVE_STATE_HEAD;
  if (header->told)
    {
      g_clear_object (&self->peer);
      self->peer = make_client (header);
      self->peer_port = header->port;
    }
  self->counted = weir_native_context_enter (self->context, self->peer);
  if (!self->counted)
    weir_native_connection_refuse (self, 503, "There are too many connections from this address");
}

/* Returns how many bytes were used: none as long as the header is not whole. */
static gsize
take_proxy (WeirNativeConnection *self, const guint8 *data, gsize length)
{
  WeirProxyHeader header;

  switch (weir_proxy_header_read (&header, data, length))
    {
    case WEIR_PROXY_MORE:
      return 0;
    case WEIR_PROXY_DONE:
      become_client (self, &header);
      return header.length;
    case WEIR_PROXY_BAD:
      break;
    }
  g_debug ("A proxy did not say who its client is");
  weir_native_connection_close (self, NULL);
  return length;
}

/* ---- all of it ---- */

/* Returns how many bytes were used; the others wait for a whole head, for credit, or for the
 * end of the exchange that is open. */
static gsize
take (WeirNativeConnection *self, guint8 *data, gsize length)
{
  gsize used = 0;

  while (used < length)
    {
      gsize n = 0;

      switch ((WeirNativeState) self->state)
        {
        case WEIR_NATIVE_STATE_PROXY:
          n = take_proxy (self, data + used, length - used);
          break;
        case WEIR_NATIVE_STATE_HEAD:
          n = take_head (self, data + used, length - used);
          break;
        case WEIR_NATIVE_STATE_EXCHANGE:
        case WEIR_NATIVE_STATE_DRAIN:
          n = take_body (self, data + used, length - used);
          break;
        case WEIR_NATIVE_STATE_LAST:
        case WEIR_NATIVE_STATE_LINGER:
        case WEIR_NATIVE_STATE_CLOSED:
          return length;
        }
      if (n == 0)
        break;
      used += n;
    }
  return used;
}

/* Bytes that were kept come first. Returns whether any were used. */
static gboolean
take_kept (WeirNativeConnection *self)
{
  WeirNativePool *pool = &self->context->pool;
  WeirNativeBuffer in = self->in;
  gsize used;

  /* What is called may let go of the connection's buffers. */
  self->in = (WeirNativeBuffer){ 0 };
  used = take (self, weir_native_buffer_peek (&in), in.length);
  if (self->state == WEIR_NATIVE_STATE_CLOSED)
    weir_native_buffer_clear (&in, pool);
  else
    {
      weir_native_buffer_consume (&in, pool, used);
      self->in = in;
    }
  return used > 0;
}

static gboolean
wants_input (WeirNativeConnection *self)
{
  switch ((WeirNativeState) self->state)
    {
    case WEIR_NATIVE_STATE_PROXY:
    case WEIR_NATIVE_STATE_HEAD:
      return TRUE;
    case WEIR_NATIVE_STATE_EXCHANGE:
      return !self->body_done && !self->beginning && !self->ended && self->credit > 0;
    case WEIR_NATIVE_STATE_DRAIN:
      return !self->body_done;
    case WEIR_NATIVE_STATE_LINGER:
      return self->drained <= MAX_DRAIN;
    case WEIR_NATIVE_STATE_LAST:
    case WEIR_NATIVE_STATE_CLOSED:
      return FALSE;
    }
  return FALSE;
}

/* More of a head that has begun goes behind what there is of it. */
static gboolean
receive_kept (WeirNativeConnection *self)
{
  guint8 *room =
      weir_native_buffer_reserve (&self->in, &self->context->pool, WEIR_NATIVE_BLOCK / 2);
  gsize n = receive (self, room, WEIR_NATIVE_BLOCK / 2);

  if (n == 0)
    return FALSE;
  weir_native_buffer_commit (&self->in, n);
  take_kept (self);
  return TRUE;
}

static gboolean
receive_new (WeirNativeConnection *self)
{
  guint8 *scratch = weir_native_context_take_scratch (self->context);
  gsize limit = WEIR_NATIVE_SCRATCH;
  gsize n, used;

  if (self->state == WEIR_NATIVE_STATE_EXCHANGE)
    limit = MIN (limit, self->credit);
  n = receive (self, scratch, limit);
  if (n > 0)
    {
      gboolean began = self->state == WEIR_NATIVE_STATE_HEAD;

      self->drained += n;
      used = take (self, scratch, n);
      if (self->state != WEIR_NATIVE_STATE_CLOSED)
        weir_native_buffer_append (&self->in, &self->context->pool, scratch + used, n - used);
      if (began && self->state == WEIR_NATIVE_STATE_HEAD && self->in.length > 0)
        weir_native_connection_wait (self, self->context->limits.head_timeout_ms);
    }
  weir_native_context_give_scratch (self->context, scratch);
  return n > 0;
}

/* The rest of a body whose response is out: when there is too much of it, the connection is
 * not worth it. */
static void
check_drained (WeirNativeConnection *self)
{
  if (self->state != WEIR_NATIVE_STATE_DRAIN ||
      (!self->body_done && !self->continue_due && self->drained <= MAX_DRAIN))
    return;
  self->close_after = self->close_after || !self->body_done;
  weir_native_connection_finish (self);
}

/* Whether what was kept is the beginning of something that needs more. */
static gboolean
has_begun (WeirNativeConnection *self)
{
  return self->parser != NULL || self->state == WEIR_NATIVE_STATE_PROXY;
}

/* Returns whether there may be more to do. */
static gboolean
read_once (WeirNativeConnection *self)
{
  gboolean more;

  check_drained (self);
  if (!wants_input (self))
    return FALSE;
  if (self->in.length > 0 && !has_begun (self))
    more = take_kept (self) || has_begun (self);
  else if (self->in.length > 0)
    more = receive_kept (self);
  else
    more = self->readable && receive_new (self);
  return more || (self->state == WEIR_NATIVE_STATE_DRAIN && self->body_done);
}

static void
on_turn (gpointer user_data)
{
  WeirNativeConnection *self = user_data;

  self->waiting_turn = FALSE;
  weir_native_connection_read (self);
  weir_native_connection_unref (self);
}

/* Reads until the socket is empty or the credit is spent; but a client that sends faster
 * than its bytes are used does not keep the others waiting. */
void
weir_native_connection_read (WeirNativeConnection *self)
{
  guint turns = MAX_TURNS;

  if (self->reading || self->waiting_turn)
    return;

  self->reading = TRUE;
  while (turns > 0 && read_once (self))
    turns--;
  self->reading = FALSE;
  if (turns > 0 || self->state == WEIR_NATIVE_STATE_CLOSED)
    return;
  self->waiting_turn = TRUE;
  weir_engine_invoke (self->context->engine, on_turn, weir_native_connection_ref (self));
}
