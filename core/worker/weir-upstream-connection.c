/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-worker"

#include "worker/weir-upstream-connection-private.h"
#include "base/weir-error.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_EVENTS (EPOLLIN | EPOLLRDHUP)
/* A worker that does not accept fast enough has a full queue, for which there is no event
 * to wait for. */
#define RETRY_MS 10
#define GIVE_UP_US (10 * G_USEC_PER_SEC)

static void
on_watch (WeirWatch *watch, guint events)
{
  WeirUpstreamConnection *self = (WeirUpstreamConnection *) watch;

  if (self->call != NULL)
    weir_upstream_call_on_events (self->call, events);
  else
    weir_upstream_connection_close (self); /* nothing is asked, so whatever it says is a farewell */
}

static void
on_flush (WeirFlush *flush)
{
  WeirUpstreamConnection *self =
      (WeirUpstreamConnection *) ((char *) flush - G_STRUCT_OFFSET (WeirUpstreamConnection, flush));

  weir_upstream_call_on_flush (self->call);
}

static void
on_retry (WeirTimer *timer)
{
  WeirUpstreamConnection *self =
      (WeirUpstreamConnection *) ((char *) timer - G_STRUCT_OFFSET (WeirUpstreamConnection, retry));
  g_autoptr (GError) error = NULL;

  if (!weir_upstream_connection_connect (self, &error))
    weir_upstream_call_on_connect_failed (self->call, g_steal_pointer (&error));
  else if (self->connected)
    weir_upstream_connection_defer (self);
}

static gboolean
fail_to_connect (int saved_errno, GError **error)
{
  gboolean exhausted = saved_errno == EMFILE || saved_errno == ENFILE;

  g_set_error (error,
               WEIR_ERROR,
               exhausted ? WEIR_ERROR_OVERLOADED : WEIR_ERROR_WORKER_FAILED,
               "Cannot connect to the worker: %s",
               g_strerror (saved_errno));
  return FALSE;
}

gboolean
weir_upstream_connection_connect (WeirUpstreamConnection *self, GError **error)
{
  WeirEngine *engine = weir_upstream_get_engine (self->upstream);
  const struct sockaddr_un *address = weir_upstream_get_address (self->upstream);
  gint64 now = g_get_monotonic_time ();

  if (self->watch.fd < 0)
    {
      self->give_up = now + GIVE_UP_US;
      self->watch.fd = socket (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      if (self->watch.fd < 0)
        return fail_to_connect (errno, error);
    }
  if (connect (self->watch.fd, (const struct sockaddr *) address, sizeof *address) < 0)
    {
      if (errno != EAGAIN || now > self->give_up)
        return fail_to_connect (errno, error);
      weir_engine_arm (engine, &self->retry, RETRY_MS, on_retry);
      return TRUE;
    }
  self->connected = TRUE;
  return weir_engine_watch (engine, &self->watch, self->watch.fd, READ_EVENTS, on_watch, error);
}

int
weir_upstream_connection_steal (WeirUpstreamConnection *self)
{
  int fd;

  weir_engine_unwatch (weir_upstream_get_engine (self->upstream), &self->watch);
  fd = self->watch.fd;
  self->watch.fd = -1;
  return fd;
}

void
weir_upstream_connection_defer (WeirUpstreamConnection *self)
{
  weir_engine_defer (weir_upstream_get_engine (self->upstream), &self->flush, on_flush);
}

/* Asks for EPOLLOUT only while something waits for it: else each read of the worker would
 * wake us up. */
static void
weir_upstream_connection_await_output (WeirUpstreamConnection *self, gboolean await)
{
  if (self->awaits_output == await)
    return;
  self->awaits_output = await;
  weir_engine_modify (weir_upstream_get_engine (self->upstream),
                      &self->watch,
                      await ? READ_EVENTS | EPOLLOUT : READ_EVENTS);
}

static void
weir_upstream_connection_on_send_error (WeirUpstreamConnection *self)
{
  self->send_broken = TRUE;
  weir_buffer_consume (&self->output, self->output.length);
}

void
weir_upstream_connection_send (WeirUpstreamConnection *self)
{
  if (!self->connected)
    return;
  while (self->output.length > 0)
    {
      gssize n = send (self->watch.fd,
                       weir_buffer_peek (&self->output),
                       self->output.length,
                       MSG_NOSIGNAL);

      if (n >= 0)
        weir_buffer_consume (&self->output, (gsize) n);
      else if (errno == EAGAIN)
        break;
      else if (errno != EINTR)
        weir_upstream_connection_on_send_error (self);
    }
  weir_upstream_connection_await_output (self, self->output.length > 0);
}

void
weir_upstream_connection_send_now (WeirUpstreamConnection *self,
                                   const GOutputVector *pieces,
                                   guint n_pieces)
{
  struct iovec vectors[4];
  struct msghdr message = { .msg_iov = vectors };
  gsize sent = 0;

  g_return_if_fail (n_pieces < G_N_ELEMENTS (vectors));

  if (self->connected && !self->awaits_output)
    {
      gssize n;

      vectors[0].iov_base = (guint8 *) weir_buffer_peek (&self->output);
      vectors[0].iov_len = self->output.length;
      for (guint i = 0; i < n_pieces; i++)
        vectors[i + 1] = (struct iovec){ (gpointer) pieces[i].buffer, pieces[i].size };
      message.msg_iovlen = n_pieces + 1;
      do
        n = sendmsg (self->watch.fd, &message, MSG_NOSIGNAL);
      while (n < 0 && errno == EINTR);
      if (n < 0 && errno != EAGAIN)
        {
          weir_upstream_connection_on_send_error (self);
          return;
        }
      sent = n > 0 ? (gsize) n : 0;
    }

  for (guint i = 0; i <= n_pieces; i++)
    {
      gsize size = i == 0 ? self->output.length : pieces[i - 1].size;
      gsize gone = MIN (size, sent);

      sent -= gone;
      if (i == 0)
        weir_buffer_consume (&self->output, gone);
      else
        weir_buffer_append (&self->output,
                            (const guint8 *) pieces[i - 1].buffer + gone,
                            size - gone);
    }
  if (self->connected)
    weir_upstream_connection_await_output (self, self->output.length > 0);
}

/* Frees it too. */
void
weir_upstream_connection_close (WeirUpstreamConnection *self)
{
  WeirEngine *engine = weir_upstream_get_engine (self->upstream);

  weir_upstream_forget (self->upstream, self);
  weir_engine_undefer (engine, &self->flush);
  weir_engine_disarm (engine, &self->retry);
  weir_engine_unwatch (engine, &self->watch);
  if (self->watch.fd >= 0)
    close (self->watch.fd);
  weir_buffer_clear (&self->output);
  weir_buffer_clear (&self->input);
  weir_response_parser_clear (&self->parser);
  g_free (self);
}
