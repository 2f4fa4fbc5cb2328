/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-plugin-adapter-soup"

#include "weir-soup-connection-private.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINGER_MS 2000

static void on_watch (WeirWatch *watch, guint events);
static void on_flush (WeirFlush *flush);
static void on_timer (WeirTimer *timer);

WeirSoupConnection *
weir_soup_connection_ref (WeirSoupConnection *self)
{
  self->ref_count++;
  return self;
}

void
weir_soup_connection_unref (WeirSoupConnection *self)
{
  if (--self->ref_count > 0)
    return;

  weir_request_parser_free (self->parser);
  g_clear_pointer (&self->in, g_byte_array_unref);
  g_clear_pointer (&self->out, g_byte_array_unref);
  g_clear_object (&self->peer);
  g_free (self->upgrade);
  g_free (self->authority);
  g_free (self);
}

void
weir_soup_connection_open (WeirSoupContext *context,
                           int fd,
                           GInetAddress *peer,
                           guint16 peer_port,
                           const char *authority)
{
  g_autoptr (GError) error = NULL;
  WeirSoupConnection *self = g_new0 (WeirSoupConnection, 1);

  self->ref_count = 1;
  self->context = context;
  self->fd = fd;
  self->peer = peer;
  self->peer_port = peer_port;
  self->authority = g_strdup (authority);
  self->readable = TRUE;
  self->parser =
      weir_request_parser_new (context->limits.max_head_size, context->limits.max_fields);
  self->link.data = self;
  g_queue_push_tail_link (&context->connections, &self->link);

  if (!weir_engine_watch (context->engine,
                          &self->watch,
                          fd,
                          EPOLLIN | EPOLLRDHUP,
                          on_watch,
                          &error))
    {
      g_warning ("A connection could not be watched: %s", error->message);
      weir_soup_connection_close (self, error);
      return;
    }
  weir_soup_connection_arm (self, context->limits.head_timeout_ms);
}

WeirSoupStream *
weir_soup_connection_get_stream (WeirSoupConnection *self)
{
  return self->stream;
}

void
weir_soup_connection_set_stream (WeirSoupConnection *self, WeirSoupStream *stream)
{
  self->stream = stream;
}

/* ---- its end ---- */

void
weir_soup_connection_disconnect (WeirSoupConnection *self, const GError *error)
{
  g_autoptr (WeirExchange) exchange = g_steal_pointer (&self->exchange);

  if (exchange != NULL)
    weir_exchange_disconnect (exchange, error);
}

/* The socket is no longer ours when this returns, whoever has it then. */
static void
leave (WeirSoupConnection *self)
{
  WeirEngine *engine = self->context->engine;

  self->state = WEIR_SOUP_STATE_CLOSED;
  weir_engine_disarm (engine, &self->timer);
  weir_engine_disarm (engine, &self->stall);
  weir_engine_undefer (engine, &self->flush);
  weir_engine_unwatch (engine, &self->watch);
  g_queue_unlink (&self->context->connections, &self->link);
  if (self->gate_closed)
    weir_soup_server_forget (self->context->server, self);
}

void
weir_soup_connection_close (WeirSoupConnection *self, const GError *error)
{
  if (self->state == WEIR_SOUP_STATE_CLOSED)
    return;

  leave (self);
  close (self->fd);
  weir_soup_connection_disconnect (self, error);
  weir_soup_connection_unref (self);
}

void
weir_soup_connection_lose (WeirSoupConnection *self)
{
  g_autoptr (GError) error =
      g_error_new_literal (WEIR_ERROR, WEIR_ERROR_CANCELLED, "The client closed the connection");

  weir_soup_connection_close (self, error);
}

int
weir_soup_connection_release (WeirSoupConnection *self)
{
  int fd = self->fd;

  leave (self);
  g_clear_object (&self->exchange);
  weir_soup_connection_unref (self);
  return fd;
}

static WeirError
code_of_status (guint status)
{
  switch (status)
    {
    case 405:
      return WEIR_ERROR_METHOD_NOT_ALLOWED;
    case 408:
      return WEIR_ERROR_REQUEST_TIMEOUT;
    case 413:
      return WEIR_ERROR_BODY_TOO_LARGE;
    case 414:
      return WEIR_ERROR_URI_TOO_LONG;
    case 431:
      return WEIR_ERROR_HEAD_TOO_LARGE;
    case 501:
    case 505:
      return WEIR_ERROR_NOT_SUPPORTED;
    default:
      return WEIR_ERROR_BAD_REQUEST;
    }
}

void
weir_soup_connection_refuse (WeirSoupConnection *self, guint status, const char *reason)
{
  g_autoptr (GError) error = g_error_new_literal (WEIR_ERROR, code_of_status (status), reason);
  g_autofree char *peer = self->peer != NULL ? g_inet_address_to_string (self->peer) : NULL;
  gboolean answered = self->head_ready;

  g_info ("Refused %s with %u: %s", peer != NULL ? peer : "a local client", status, reason);
  weir_soup_connection_disconnect (self, error);
  if (self->state == WEIR_SOUP_STATE_CLOSED)
    return;
  if (answered)
    {
      weir_soup_connection_close (self, error);
      return;
    }
  weir_soup_connection_write_answer (self, status, reason);
  self->state = WEIR_SOUP_STATE_LAST;
  weir_soup_connection_disarm (self);
  weir_soup_connection_queue (self);
}

/* A close with bytes unread would reset the connection and take the last answer with it, so
 * the client is given a moment to read it and close first. */
static void
linger (WeirSoupConnection *self)
{
  shutdown (self->fd, SHUT_WR);
  self->state = WEIR_SOUP_STATE_LINGER;
  self->drained = 0;
  weir_soup_connection_arm (self, LINGER_MS);
  weir_soup_connection_read (self);
}

static void
reset_for_next (WeirSoupConnection *self)
{
  weir_request_parser_reset (self->parser);
  g_clear_pointer (&self->upgrade, g_free);
  self->state = WEIR_SOUP_STATE_HEAD;
  self->framing = WEIR_RESPONSE_FRAMING_NONE;
  self->sent = 0;
  self->drained = 0;
  self->bodiless = FALSE;
  self->head_ready = FALSE;
  self->request.is_head = FALSE;
  self->ended = FALSE;
  self->over = FALSE;
  self->continue_due = FALSE;
}

void
weir_soup_connection_finish (WeirSoupConnection *self)
{
  g_autoptr (WeirExchange) exchange = g_steal_pointer (&self->exchange);

  if (exchange != NULL)
    weir_exchange_sent (exchange);
  if (self->state == WEIR_SOUP_STATE_CLOSED)
    return;

  if (self->close_after || self->draining)
    linger (self);
  else if (!self->body_done)
    {
      self->state = WEIR_SOUP_STATE_DRAIN;
      weir_soup_connection_arm (self, LINGER_MS);
      weir_soup_connection_read (self);
    }
  else
    {
      reset_for_next (self);
      weir_soup_connection_await (self);
    }
}

void
weir_soup_connection_drain (WeirSoupConnection *self)
{
  self->draining = TRUE;
  weir_soup_connection_ref (self);
  /* A request may be in the kernel that was sent before anybody thought of stopping. */
  self->readable = TRUE;
  weir_soup_connection_read (self);
  if (self->state == WEIR_SOUP_STATE_HEAD && !weir_soup_connection_has_input (self))
    weir_soup_connection_close (self, NULL);
  weir_soup_connection_unref (self);
}

/* ---- what happens to it ---- */

void
weir_soup_connection_queue (WeirSoupConnection *self)
{
  if (self->state != WEIR_SOUP_STATE_CLOSED)
    weir_engine_defer (self->context->engine, &self->flush, on_flush);
}

void
weir_soup_connection_arm (WeirSoupConnection *self, guint delay_ms)
{
  weir_engine_arm (self->context->engine, &self->timer, delay_ms, on_timer);
}

void
weir_soup_connection_disarm (WeirSoupConnection *self)
{
  weir_engine_disarm (self->context->engine, &self->timer);
}

/* A client that shuts its side of a TCP connection down while it waits for an answer counts
 * as gone: nothing tells it from one that was killed, and a function should not work for
 * nobody. What can be answered at once is, and so is one on a Unix socket, which does tell. */
static void
on_half_closed (WeirSoupConnection *self)
{
  if (self->state == WEIR_SOUP_STATE_EXCHANGE && !self->ended && self->peer != NULL)
    weir_soup_connection_lose (self);
}

static void
on_watch (WeirWatch *watch, guint events)
{
  WeirSoupConnection *self = weir_soup_connection_ref (
      G_STRUCT_MEMBER_P (watch, -G_STRUCT_OFFSET (WeirSoupConnection, watch)));

  if (events & (EPOLLHUP | EPOLLERR))
    weir_soup_connection_lose (self);
  if (events & EPOLLRDHUP)
    self->half_closed = TRUE;
  if ((events & (EPOLLIN | EPOLLRDHUP)) && self->state != WEIR_SOUP_STATE_CLOSED)
    {
      self->readable = TRUE;
      weir_soup_connection_read (self);
    }
  if (self->half_closed)
    on_half_closed (self);
  if (events & EPOLLOUT)
    weir_soup_connection_queue (self);
  weir_soup_connection_unref (self);
}

static void
on_flush (WeirFlush *flush)
{
  WeirSoupConnection *self = weir_soup_connection_ref (
      G_STRUCT_MEMBER_P (flush, -G_STRUCT_OFFSET (WeirSoupConnection, flush)));

  weir_soup_connection_send (self);
  if (self->state == WEIR_SOUP_STATE_LAST && weir_soup_connection_get_unsent (self) == 0)
    {
      if (self->cut_due)
        weir_soup_connection_cut (self);
      else
        linger (self);
    }
  else if (self->state == WEIR_SOUP_STATE_EXCHANGE && self->ended &&
           weir_soup_connection_get_unsent (self) == 0)
    weir_soup_connection_finish (self);
  weir_soup_connection_read (self);
  if (self->half_closed)
    on_half_closed (self);
  weir_soup_connection_unref (self);
}

static void
on_timer (WeirTimer *timer)
{
  WeirSoupConnection *self = weir_soup_connection_ref (
      G_STRUCT_MEMBER_P (timer, -G_STRUCT_OFFSET (WeirSoupConnection, timer)));

  switch (self->state)
    {
    case WEIR_SOUP_STATE_HEAD:
      if (weir_soup_connection_has_input (self))
        weir_soup_connection_refuse (self, 408, "The request's head took too long");
      else
        weir_soup_connection_close (self, NULL);
      break;
    case WEIR_SOUP_STATE_EXCHANGE:
      weir_soup_connection_refuse (self, 408, "The request's body took too long");
      break;
    case WEIR_SOUP_STATE_DRAIN:
    case WEIR_SOUP_STATE_LAST:
    case WEIR_SOUP_STATE_LINGER:
      weir_soup_connection_close (self, NULL);
      break;
    case WEIR_SOUP_STATE_CLOSED:
      break;
    }
  weir_soup_connection_unref (self);
}
