/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-plugin-adapter-soup"

#include "weir-soup-connection-private.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* Above this the memory of the queue is given back once it is sent. */
#define KEEP_OUT (64 * 1024)
#define LEAST_OUT 1024

#define MAX_PIECES 3

/* More than any status line and date. */
#define START_ROOM 192

/* ---- the queue ---- */

gsize
weir_soup_connection_get_unsent (WeirSoupConnection *self)
{
  return self->out != NULL ? self->out->len - self->out_position : 0;
}

char *
weir_soup_connection_reserve (WeirSoupConnection *self, gsize length)
{
  gsize before;

  if (self->out == NULL)
    self->out = g_byte_array_sized_new (MAX (length, LEAST_OUT));
  before = self->out->len;
  g_byte_array_set_size (self->out, before + length);
  return (char *) self->out->data + before;
}

void
weir_soup_connection_unreserve (WeirSoupConnection *self, gsize length)
{
  g_byte_array_set_size (self->out, self->out->len - length);
}

void
weir_soup_connection_write (WeirSoupConnection *self, const void *data, gsize length)
{
  memcpy (weir_soup_connection_reserve (self, length), data, length);
}

void
weir_soup_connection_close_gate (WeirSoupConnection *self)
{
  weir_soup_connection_reserve (self, START_ROOM);
  self->gate = self->out->len - START_ROOM;
  self->gate_closed = TRUE;
}

/* The start goes to the end of its room, and what waits in front of it (a 100 at most) moves
 * up. */
gboolean
weir_soup_connection_open_gate (WeirSoupConnection *self, const char *start, gsize length)
{
  gsize before = self->gate - self->out_position;
  guint8 *to;

  if (length > START_ROOM)
    return FALSE;
  to = self->out->data + self->gate + START_ROOM - length;
  memcpy (to, start, length);
  memmove (to - before, self->out->data + self->out_position, before);
  self->out_position += START_ROOM - length;
  self->gate_closed = FALSE;
  return TRUE;
}

/* ---- towards the socket ---- */

static gsize
get_sendable (WeirSoupConnection *self)
{
  if (self->out == NULL)
    return 0;
  return (self->gate_closed ? self->gate : self->out->len) - self->out_position;
}

static void
on_stall (WeirTimer *timer)
{
  WeirSoupConnection *self =
      G_STRUCT_MEMBER_P (timer, -G_STRUCT_OFFSET (WeirSoupConnection, stall));
  g_autoptr (GError) error = g_error_new_literal (WEIR_ERROR,
                                                  WEIR_ERROR_TIMED_OUT,
                                                  "The client does not read its response");

  weir_soup_connection_close (self, error);
}

static void
set_blocked (WeirSoupConnection *self, gboolean blocked)
{
  if (self->blocked == blocked)
    return;

  self->blocked = blocked;
  weir_engine_modify (self->context->engine,
                      &self->watch,
                      EPOLLIN | EPOLLRDHUP | (blocked ? (guint) EPOLLOUT : 0));
}

/* The time runs from the last byte that the kernel took. */
static void
watch_stall (WeirSoupConnection *self, gboolean moved)
{
  WeirEngine *engine = self->context->engine;

  if (!self->blocked)
    weir_engine_disarm (engine, &self->stall);
  else if (moved || !weir_engine_is_armed (engine, &self->stall))
    weir_engine_arm (engine, &self->stall, self->context->limits.idle_timeout_ms, on_stall);
}

static void
release_out (WeirSoupConnection *self)
{
  self->out_position = 0;
  if (self->out->len > KEEP_OUT || self->ended)
    g_clear_pointer (&self->out, g_byte_array_unref);
  else
    g_byte_array_set_size (self->out, 0);
}

static void
tell_writable (WeirSoupConnection *self)
{
  g_autoptr (WeirExchange) exchange = NULL;

  if (!self->over || self->exchange == NULL ||
      weir_soup_connection_get_unsent (self) >= WEIR_SOUP_LOW_WATER)
    return;
  self->over = FALSE;
  exchange = g_object_ref (self->exchange);
  weir_exchange_writable (exchange);
}

/* Returns whether the kernel takes more. */
static gboolean
send_some (WeirSoupConnection *self)
{
  gssize n;

  do
    n = send (self->fd, self->out->data + self->out_position, get_sendable (self), MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);

  if (n >= 0)
    {
      self->out_position += (gsize) n;
      return TRUE;
    }
  if (errno == EAGAIN || errno == EWOULDBLOCK)
    set_blocked (self, TRUE);
  else
    weir_soup_connection_lose (self);
  return FALSE;
}

static void
shorten_out (WeirSoupConnection *self)
{
  if (self->out_position == self->out->len)
    {
      release_out (self);
      set_blocked (self, FALSE);
    }
  else if (self->out_position >= KEEP_OUT && !self->gate_closed)
    {
      g_byte_array_remove_range (self->out, 0, (guint) self->out_position);
      self->out_position = 0;
    }
}

void
weir_soup_connection_send (WeirSoupConnection *self)
{
  gsize before = self->out_position;
  gboolean moved;

  while (self->state != WEIR_SOUP_STATE_CLOSED && get_sendable (self) > 0)
    {
      if (!send_some (self))
        break;
    }
  if (self->state == WEIR_SOUP_STATE_CLOSED || self->out == NULL)
    return;

  moved = self->out_position > before;
  shorten_out (self);
  watch_stall (self, moved);
  tell_writable (self);
}

static gssize
send_pieces (WeirSoupConnection *self, const GOutputVector *pieces, guint n_pieces)
{
  struct iovec vectors[MAX_PIECES + 1] = { { NULL, get_sendable (self) } };
  struct msghdr message = { .msg_iov = vectors, .msg_iovlen = n_pieces + 1 };
  gssize n;

  if (self->out != NULL)
    vectors[0].iov_base = self->out->data + self->out_position;
  for (guint i = 0; i < n_pieces; i++)
    vectors[i + 1] = (struct iovec){ (gpointer) pieces[i].buffer, pieces[i].size };
  do
    n = sendmsg (self->fd, &message, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  return n;
}

/* What cannot be sent is found out when the queue is: nobody may lose the connection within a
 * call of the core. */
void
weir_soup_connection_write_now (WeirSoupConnection *self,
                                const GOutputVector *pieces,
                                guint n_pieces)
{
  gssize n = 0;
  gsize gone;

  g_return_if_fail (n_pieces <= MAX_PIECES);

  if (!self->blocked && !self->gate_closed)
    n = send_pieces (self, pieces, n_pieces);
  gone = n > 0 ? (gsize) n : 0;
  if (self->out != NULL)
    {
      gsize queued = MIN (gone, get_sendable (self));

      self->out_position += queued;
      gone -= queued;
      if (self->out_position == self->out->len)
        release_out (self);
    }
  for (guint i = 0; i < n_pieces; i++)
    {
      gsize sent = MIN (gone, pieces[i].size);

      gone -= sent;
      if (sent < pieces[i].size)
        weir_soup_connection_write (self,
                                    (const guint8 *) pieces[i].buffer + sent,
                                    pieces[i].size - sent);
    }
  weir_soup_connection_queue (self);
}

/* ---- answers of the adapter's own ---- */

static const char *
word_of_status (guint status)
{
  switch (status)
    {
    case 405:
      return "method-not-allowed";
    case 408:
      return "request-timeout";
    case 413:
      return "body-too-large";
    case 414:
      return "uri-too-long";
    case 431:
      return "head-too-large";
    case 501:
    case 505:
      return "not-supported";
    default:
      return "bad-request";
    }
}

void
weir_soup_connection_write_answer (WeirSoupConnection *self, guint status, const char *reason)
{
  g_autofree char *body = g_strdup_printf ("{\"error\":{\"code\":\"%s\",\"message\":\"%s\"}}\n",
                                           word_of_status (status),
                                           reason);
  g_autofree char *answer = g_strdup_printf ("HTTP/1.1 %u %s\r\n"
                                             "Content-Type: application/json\r\n"
                                             "Content-Length: %" G_GSIZE_FORMAT "\r\n"
                                             "Connection: close\r\n\r\n%s",
                                             status,
                                             soup_status_get_phrase (status),
                                             strlen (body),
                                             self->request.is_head ? "" : body);

  weir_soup_connection_write (self, answer, strlen (answer));
}
