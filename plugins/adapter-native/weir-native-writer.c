/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-plugin-adapter-native"

#include "weir-native-connection-private.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "weir-native-status.h"

#define MAX_PIECES 4

void
weir_native_connection_write (WeirNativeConnection *self, const void *data, gsize length)
{
  weir_native_buffer_append (&self->out, &self->context->pool, data, length);
}

/* Asks for EPOLLOUT only while something waits for it. */
static void
set_blocked (WeirNativeConnection *self, gboolean blocked)
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
watch_stall (WeirNativeConnection *self, gboolean moved)
{
  if (!self->blocked)
    self->stall_until = 0;
  else if (moved || self->stall_until == 0)
    weir_native_connection_watch_stall (self, self->context->limits.idle_timeout_ms);
}

static void
tell_writable (WeirNativeConnection *self)
{
  g_autoptr (WeirExchange) exchange = NULL;

  if (!self->over || self->exchange == NULL || self->out.length >= WEIR_NATIVE_LOW_WATER)
    return;
  self->over = FALSE;
  exchange = g_object_ref (self->exchange);
  weir_exchange_writable (exchange);
}

/* Returns whether the connection is still there. */
static gboolean
on_failure (WeirNativeConnection *self, int code)
{
  if (code == EAGAIN)
    {
      set_blocked (self, TRUE);
      return TRUE;
    }
  weir_native_connection_lose (self);
  return FALSE;
}

void
weir_native_connection_send (WeirNativeConnection *self)
{
  gboolean moved = FALSE;

  if (self->out.length == 0)
    return;
  while (self->out.length > 0)
    {
      gssize n = send (self->watch.fd,
                       weir_native_buffer_peek (&self->out),
                       self->out.length,
                       MSG_NOSIGNAL);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && !on_failure (self, errno))
        return;
      if (n < 0)
        break;
      moved = TRUE;
      weir_native_buffer_consume (&self->out, &self->context->pool, (gsize) n);
    }
  if (self->out.length == 0)
    set_blocked (self, FALSE);
  watch_stall (self, moved);
  tell_writable (self);
}

static gssize
send_pieces (WeirNativeConnection *self, const GOutputVector *pieces, guint n_pieces)
{
  struct iovec vectors[MAX_PIECES];
  struct msghdr message = { .msg_iov = vectors, .msg_iovlen = n_pieces + 1 };
  gssize n;

  vectors[0].iov_base = self->out.length > 0 ? weir_native_buffer_peek (&self->out) : NULL;
  vectors[0].iov_len = self->out.length;
  for (guint i = 0; i < n_pieces; i++)
    vectors[i + 1] = (struct iovec){ (gpointer) pieces[i].buffer, pieces[i].size };
  do
    n = sendmsg (self->watch.fd, &message, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  return n;
}

/* What cannot be sent is found out when the queue is: nobody may lose the connection within a
 * call of the core. */
void
weir_native_connection_write_now (WeirNativeConnection *self,
                                  const GOutputVector *pieces,
                                  guint n_pieces)
{
  gssize n = 0;
  gsize left;

  g_return_if_fail (n_pieces < MAX_PIECES);

  if (!self->blocked)
    n = send_pieces (self, pieces, n_pieces);
  left = n > 0 ? (gsize) n : 0;
  for (guint i = 0; i <= n_pieces; i++)
    {
      gsize size = i == 0 ? self->out.length : pieces[i - 1].size;
      gsize gone = MIN (size, left);

      left -= gone;
      if (i == 0 && gone > 0)
        weir_native_buffer_consume (&self->out, &self->context->pool, gone);
      else if (i > 0)
        weir_native_connection_write (self,
                                      (const guint8 *) pieces[i - 1].buffer + gone,
                                      size - gone);
    }
  if (self->out.length > 0)
    weir_native_connection_queue (self);
}

void
weir_native_connection_write_answer (WeirNativeConnection *self, guint status, const char *reason)
{
  char line[WEIR_NATIVE_STATUS_LINE];
  char body[256];
  char rest[128];
  const char *word;
  gsize date_length;
  const char *date = weir_native_context_get_date (self->context, &date_length);

  weir_native_status_get_error (status, &word);
  g_snprintf (body,
              sizeof body,
              "{\"error\":{\"code\":\"%s\",\"message\":\"%s\"}}\n",
              word,
              reason);
  g_snprintf (rest,
              sizeof rest,
              "Content-Type: application/json\r\nContent-Length: %" G_GSIZE_FORMAT
              "\r\nConnection: close\r\n\r\n",
              strlen (body));
  weir_native_connection_write (self, line, weir_native_status_write (status, line));
  weir_native_connection_write (self, date, date_length);
  weir_native_connection_write (self, rest, strlen (rest));
  if (!self->is_head)
    weir_native_connection_write (self, body, strlen (body));
}
