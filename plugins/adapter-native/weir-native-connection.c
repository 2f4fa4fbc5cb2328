/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-plugin-adapter-native"

#include "weir-native-connection-private.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "weir-native-status.h"

#define LINGER_MS 2000

static void on_watch (WeirWatch *watch, guint events);
static void on_flush (WeirFlush *flush);
static void on_timer (WeirTimer *timer);

WeirNativeConnection *
weir_native_connection_ref (WeirNativeConnection *self)
{
  self->ref_count++;
  return self;
}

void
weir_native_connection_unref (WeirNativeConnection *self)
{
  if (--self->ref_count > 0)
    return;

  g_clear_pointer (&self->parser, weir_request_parser_free);
  g_clear_object (&self->peer);
  g_ref_string_release (self->authority);
  g_free (self->upgrade);
  g_free (self);
}

void
weir_native_connection_open (WeirNativeContext *context,
                             int fd,
                             GInetAddress *peer,
                             guint16 peer_port,
                             char *authority)
{
  g_autoptr (GError) error = NULL;
  WeirNativeConnection *self = g_new0 (WeirNativeConnection, 1);

  self->ref_count = 1;
  self->context = context;
  self->peer = peer;
  self->peer_port = peer_port;
  self->is_unix = peer == NULL;
  self->counted = !weir_native_proxies_match (context->proxies, peer);
  self->state = self->counted ? WEIR_NATIVE_STATE_HEAD : WEIR_NATIVE_STATE_PROXY;
  self->authority = g_ref_string_acquire (authority);
  self->link.data = self;
  g_queue_push_tail_link (&context->connections, &self->link);
  self->watch.fd = fd;
  if (!weir_engine_watch (context->engine,
                          &self->watch,
                          fd,
                          EPOLLIN | EPOLLRDHUP,
                          on_watch,
                          &error))
    {
      g_warning ("A connection could not be watched: %s", error->message);
      weir_native_connection_close (self, error);
      return;
    }
  weir_native_connection_wait (self, context->limits.head_timeout_ms);
}

/* ---- its end ---- */

void
weir_native_connection_disconnect (WeirNativeConnection *self, const GError *error)
{
  g_autoptr (WeirExchange) exchange = g_steal_pointer (&self->exchange);

  if (exchange != NULL)
    weir_exchange_disconnect (exchange, error);
}

/* The socket is no longer ours when this returns, whoever has it then. */
static void
leave (WeirNativeConnection *self)
{
  WeirNativeContext *context = self->context;

  self->state = WEIR_NATIVE_STATE_CLOSED;
  weir_engine_disarm (context->engine, &self->timer);
  weir_engine_undefer (context->engine, &self->flush);
  weir_engine_unwatch (context->engine, &self->watch);
  g_queue_unlink (&context->connections, &self->link);
  weir_native_context_dismiss (context);
  if (self->counted)
    weir_native_context_leave (context, self->peer);
  weir_native_buffer_clear (&self->in, &context->pool);
  weir_native_buffer_clear (&self->out, &context->pool);
}

void
weir_native_connection_close (WeirNativeConnection *self, const GError *error)
{
  if (self->state == WEIR_NATIVE_STATE_CLOSED)
    return;

  leave (self);
  close (self->watch.fd);
  weir_native_connection_disconnect (self, error);
  weir_native_connection_unref (self);
}

void
weir_native_connection_lose (WeirNativeConnection *self)
{
  g_autoptr (GError) error =
      g_error_new_literal (WEIR_ERROR, WEIR_ERROR_CANCELLED, "The client closed the connection");

  weir_native_connection_close (self, error);
}

int
weir_native_connection_release (WeirNativeConnection *self)
{
  int fd = self->watch.fd;

  leave (self);
  g_clear_object (&self->exchange);
  weir_native_connection_unref (self);
  return fd;
}

void
weir_native_connection_refuse (WeirNativeConnection *self, guint status, const char *reason)
{
  const char *word;
  g_autoptr (GError) error =
      g_error_new_literal (WEIR_ERROR, weir_native_status_get_error (status, &word), reason);
  gboolean answered = self->head_sent;

  g_debug ("Refused with %u: %s", status, reason);
  weir_native_connection_disconnect (self, error);
  if (self->state == WEIR_NATIVE_STATE_CLOSED)
    return;
  if (answered)
    {
      weir_native_connection_close (self, error);
      return;
    }
  weir_native_connection_write_answer (self, status, reason);
  self->client_closes = FALSE;
  self->state = WEIR_NATIVE_STATE_LAST;
  weir_native_connection_wait (self, 0);
  weir_native_connection_queue (self);
}

/* A close with bytes unread would reset the connection and take the last answer with it, so
 * the client is given a moment to read it and close first. */
static void
linger (WeirNativeConnection *self)
{
  if (self->client_closes && !self->readable && self->in.length == 0 && self->body_done)
    {
      weir_native_connection_close (self, NULL);
      return;
    }

  shutdown (self->watch.fd, SHUT_WR);
  self->state = WEIR_NATIVE_STATE_LINGER;
  self->drained = 0;
  weir_native_buffer_clear (&self->in, &self->context->pool);
  weir_native_connection_wait (self, LINGER_MS);
}

static void
reset_for_next (WeirNativeConnection *self)
{
  g_clear_pointer (&self->upgrade, g_free);
  self->state = WEIR_NATIVE_STATE_HEAD;
  self->drained = 0;
  self->is_head = FALSE;
  self->bodiless = FALSE;
  self->head_sent = FALSE;
  self->ended = FALSE;
  self->over = FALSE;
  self->continue_due = FALSE;
  weir_native_connection_wait (self,
                               self->in.length > 0 ? self->context->limits.head_timeout_ms
                                                   : self->context->limits.idle_timeout_ms);
}

void
weir_native_connection_finish (WeirNativeConnection *self)
{
  WeirExchange *exchange = g_steal_pointer (&self->exchange);

  if (exchange != NULL)
    {
      weir_exchange_sent (exchange);
      weir_exchange_release (exchange);
    }
  if (self->state == WEIR_NATIVE_STATE_CLOSED)
    return;

  if (self->close_after || self->draining)
    linger (self);
  else if (!self->body_done)
    {
      self->state = WEIR_NATIVE_STATE_DRAIN;
      self->drained = 0;
      weir_native_connection_wait (self, LINGER_MS);
    }
  else
    reset_for_next (self);
}

void
weir_native_connection_drain (WeirNativeConnection *self)
{
  self->draining = TRUE;
  weir_native_connection_ref (self);
  /* A request may be in the kernel that was sent before anybody thought of stopping. */
  self->readable = TRUE;
  weir_native_connection_read (self);
  if (self->state == WEIR_NATIVE_STATE_PROXY ||
      (self->state == WEIR_NATIVE_STATE_HEAD && self->in.length == 0))
    weir_native_connection_close (self, NULL);
  weir_native_connection_unref (self);
}

/* ---- what happens to it ---- */

void
weir_native_connection_queue (WeirNativeConnection *self)
{
  if (self->state != WEIR_NATIVE_STATE_CLOSED)
    weir_engine_defer (self->context->engine, &self->flush, on_flush);
}

static void
arm (WeirNativeConnection *self, gint64 due)
{
  WeirEngine *engine = self->context->engine;
  gint64 delay;

  if (due == 0 || (self->timer_due != 0 && self->timer_due <= due))
    return;
  self->timer_due = due;
  delay = (due - weir_engine_get_now (engine)) / 1000 + 1;
  weir_engine_arm (engine, &self->timer, (guint) MAX (delay, 1), on_timer);
}

static gint64
get_moment (WeirNativeConnection *self, guint delay_ms)
{
  if (delay_ms == 0)
    return 0;
  return weir_engine_get_now (self->context->engine) + (gint64) delay_ms * 1000;
}

void
weir_native_connection_wait (WeirNativeConnection *self, guint delay_ms)
{
  if (self->state == WEIR_NATIVE_STATE_CLOSED)
    return;
  self->wait_until = get_moment (self, delay_ms);
  arm (self, self->wait_until);
}

void
weir_native_connection_watch_stall (WeirNativeConnection *self, guint delay_ms)
{
  self->stall_until = get_moment (self, delay_ms);
  arm (self, self->stall_until);
}

/* A client that shuts its side of a TCP connection down while it waits for an answer counts
 * as gone: nothing tells it from one that was killed, and a function should not work for
 * nobody. What can be answered at once is, and so is one on a Unix socket, which does tell. */
static void
on_half_closed (WeirNativeConnection *self)
{
  if (self->state == WEIR_NATIVE_STATE_EXCHANGE && !self->ended && !self->is_unix)
    weir_native_connection_lose (self);
}

static void
on_watch (WeirWatch *watch, guint events)
{
  WeirNativeConnection *self = (WeirNativeConnection *) watch;

  self->ref_count++;
  if (events & (EPOLLHUP | EPOLLERR))
    weir_native_connection_lose (self);
  if (events & EPOLLRDHUP)
    self->half_closed = TRUE;
  if ((events & (EPOLLIN | EPOLLRDHUP)) && self->state != WEIR_NATIVE_STATE_CLOSED)
    {
      self->readable = TRUE;
      weir_native_connection_read (self);
    }
  if (self->half_closed)
    on_half_closed (self);
  if (events & EPOLLOUT)
    weir_native_connection_queue (self);
  weir_native_connection_unref (self);
}

static void
on_flush (WeirFlush *flush)
{
  WeirNativeConnection *self =
      G_STRUCT_MEMBER_P (flush, -G_STRUCT_OFFSET (WeirNativeConnection, flush));

  self->ref_count++;
  weir_native_connection_send (self);
  if (self->out.length == 0)
    {
      if (self->state == WEIR_NATIVE_STATE_LAST)
        linger (self);
      else if (self->state == WEIR_NATIVE_STATE_EXCHANGE && self->ended)
        weir_native_connection_finish (self);
    }
  weir_native_connection_read (self);
  if (self->half_closed)
    on_half_closed (self);
  weir_native_connection_unref (self);
}

static void
on_waited_too_long (WeirNativeConnection *self)
{
  switch ((WeirNativeState) self->state)
    {
    case WEIR_NATIVE_STATE_HEAD:
      if (self->in.length > 0)
        weir_native_connection_refuse (self, 408, "The request's head took too long");
      else
        weir_native_connection_close (self, NULL);
      break;
    case WEIR_NATIVE_STATE_EXCHANGE:
      weir_native_connection_refuse (self, 408, "The request's body took too long");
      break;
    case WEIR_NATIVE_STATE_PROXY:
    case WEIR_NATIVE_STATE_DRAIN:
    case WEIR_NATIVE_STATE_LAST:
    case WEIR_NATIVE_STATE_LINGER:
      weir_native_connection_close (self, NULL);
      break;
    case WEIR_NATIVE_STATE_CLOSED:
      break;
    }
}

static void
on_timer (WeirTimer *timer)
{
  WeirNativeConnection *self =
      G_STRUCT_MEMBER_P (timer, -G_STRUCT_OFFSET (WeirNativeConnection, timer));
  gint64 now = weir_engine_get_now (self->context->engine);

  self->ref_count++;
  self->timer_due = 0;
  if (self->stall_until != 0 && now >= self->stall_until)
    {
      g_autoptr (GError) error = g_error_new_literal (WEIR_ERROR,
                                                      WEIR_ERROR_TIMED_OUT,
                                                      "The client does not read its response");

      weir_native_connection_close (self, error);
    }
  else if (self->wait_until != 0 && now >= self->wait_until)
    {
      self->wait_until = 0;
      on_waited_too_long (self);
    }
  if (self->state != WEIR_NATIVE_STATE_CLOSED)
    {
      arm (self, self->stall_until);
      arm (self, self->wait_until);
    }
  weir_native_connection_unref (self);
}
