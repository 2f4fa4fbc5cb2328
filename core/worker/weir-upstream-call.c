/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-worker"

#include "worker/weir-upstream-connection-private.h"
#include "base/weir-error.h"
#include "base/weir-spares-private.h"
#include "base/weir-text-private.h"
#include "worker/weir-request-head-private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#define READ_SIZE (64 * 1024)
/* One fast worker must not keep the loop to itself. */
#define READS_A_TURN 4
/* From here on a copy costs more than a system call of its own. */
#define SEND_NOW (16 * 1024)
#define LOW_WATER (64 * 1024)

/* Held by the caller until it is finished or cancelled, and by each function on the stack
 * that calls back. Without a connection it is over. */
struct _WeirUpstreamCall
{
  guint ref_count;
  WeirUpstream *upstream;
  WeirUpstreamConnection *connection;
  const WeirUpstreamCallbacks *callbacks;
  gpointer user_data;
  gint64 body_left; /* -1: chunked */
  gboolean body_whole;
  gboolean paused;
  gboolean resumed;
  gboolean wants_writable;
  GError *failure; /* to be told at the end of the batch */
  gboolean failed_untouched;
  gboolean bodiless;
  gboolean unread;
  gboolean fresh;
};

WEIR_DEFINE_SPARE_MEMORY (WeirUpstreamCall, call)

/* The memory of one read. A callback that runs the loop again gets another. */
typedef struct
{
  guint8 bytes[READ_SIZE];
} ReadMemory;

WEIR_DEFINE_SPARE_MEMORY (ReadMemory, read_memory)

static void
weir_upstream_call_unref (WeirUpstreamCall *self)
{
  if (--self->ref_count > 0)
    return;
  g_clear_error (&self->failure);
  weir_upstream_unref (self->upstream);
  call_free (self);
}

static WeirUpstreamConnection *
weir_upstream_call_detach (WeirUpstreamCall *self)
{
  WeirUpstreamConnection *connection = g_steal_pointer (&self->connection);

  connection->call = NULL;
  return connection;
}

/* Takes the error, and the caller's hold. */
static void
weir_upstream_call_fail (WeirUpstreamCall *self, GError *error, gboolean untouched)
{
  weir_upstream_connection_close (weir_upstream_call_detach (self));
  self->callbacks->failed (self, error, untouched, self->user_data);
  g_error_free (error);
  weir_upstream_call_unref (self);
}

static void
weir_upstream_call_fail_later (WeirUpstreamCall *self, GError *error, gboolean untouched)
{
  if (self->failure != NULL)
    {
      g_error_free (error);
      return;
    }
  self->failure = error;
  self->failed_untouched = untouched;
  weir_upstream_connection_defer (self->connection);
}

static void
weir_upstream_call_fail_broken (WeirUpstreamCall *self, const char *problem)
{
  gboolean untouched = !self->connection->parser.started;
  GError *error = g_error_new (WEIR_ERROR,
                               WEIR_ERROR_WORKER_FAILED,
                               untouched ? "The worker did not answer: %s"
                                         : "The worker's answer broke off: %s",
                               problem);

  /* Those that idled for longer are as dead, and must not be what a retry gets. */
  if (untouched)
    weir_upstream_close_idle (self->upstream);

  weir_upstream_call_fail (self, error, untouched);
}

static void
weir_upstream_call_fail_invalid (WeirUpstreamCall *self)
{
  GError *error = g_error_new (WEIR_ERROR,
                               WEIR_ERROR_BAD_GATEWAY,
                               "The worker's answer is not valid HTTP: %s",
                               self->connection->parser.problem);

  weir_upstream_call_fail (self, error, FALSE);
}

/* Whether nothing but the next answer can come from it. What came and was not read yet,
 * the end included, would be taken for that. */
static gboolean
weir_upstream_call_is_clean (WeirUpstreamCall *self, gsize left)
{
  WeirUpstreamConnection *connection = self->connection;
  char c;

  if (left > 0 || !connection->parser.reusable || !self->body_whole ||
      connection->output.length > 0 || connection->send_broken || connection->hung_up)
    return FALSE;
  if (!connection->readable)
    return TRUE;
  connection->readable = FALSE;
  return recv (connection->watch.fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

static void
weir_upstream_call_end (WeirUpstreamCall *self, gsize left)
{
  gboolean clean = weir_upstream_call_is_clean (self, left);
  WeirUpstreamConnection *connection = weir_upstream_call_detach (self);

  if (clean)
    weir_upstream_give_back (self->upstream, connection);
  else
    weir_upstream_connection_close (connection);
  self->callbacks->end (self, self->user_data);
  weir_upstream_call_unref (self);
}

static void
weir_upstream_call_upgrade (WeirUpstreamCall *self, const guint8 *early, gsize early_length)
{
  WeirUpstreamConnection *connection = weir_upstream_call_detach (self);
  int fd = weir_upstream_connection_steal (connection);

  self->callbacks
      ->upgraded (self, connection->parser.head, fd, early, early_length, self->user_data);
  weir_upstream_connection_close (connection);
  weir_upstream_call_unref (self);
}

/* Returns how many bytes it consumed. The connection may be gone then. */
static gsize
weir_upstream_call_feed (WeirUpstreamCall *self, const guint8 *data, gsize length)
{
  const guint8 *at = data;
  gsize left = length;

  while (self->connection != NULL && !self->paused)
    {
      WeirResponseParser *parser = &self->connection->parser;
      const guint8 *piece = NULL;
      gsize piece_length = 0;

      switch (weir_response_parser_next (parser, &at, &left, &piece, &piece_length))
        {
        case WEIR_RESPONSE_MORE:
          return length - left;
        case WEIR_RESPONSE_HEAD:
          self->callbacks->head (self, parser->head, parser->body_length, self->user_data);
          break;
        case WEIR_RESPONSE_BODY:
          self->callbacks->body (self, piece, piece_length, self->user_data);
          break;
        case WEIR_RESPONSE_END:
          weir_upstream_call_end (self, left);
          return length;
        case WEIR_RESPONSE_UPGRADE:
          weir_upstream_call_upgrade (self, at, left);
          return length;
        case WEIR_RESPONSE_BAD:
          weir_upstream_call_fail_invalid (self);
          return length;
        }
    }
  return length - left;
}

static void
weir_upstream_call_on_close (WeirUpstreamCall *self)
{
  WeirResponseParser *parser = &self->connection->parser;

  if (weir_response_parser_finish (parser) != WEIR_RESPONSE_END)
    weir_upstream_call_fail_broken (self, parser->problem);
  else
    {
      self->connection->hung_up = TRUE;
      weir_upstream_call_end (self, 0);
    }
}

/* What was left over when the call was paused. */
static void
weir_upstream_call_read_input (WeirUpstreamCall *self)
{
  WeirBuffer *input = &self->connection->input;
  gsize consumed = weir_upstream_call_feed (self, weir_buffer_peek (input), input->length);

  if (self->connection != NULL)
    weir_buffer_consume (&self->connection->input, consumed);
}

static void
weir_upstream_call_read_socket (WeirUpstreamCall *self, guint8 *memory)
{
  WeirUpstreamConnection *connection = self->connection;
  gssize n = recv (connection->watch.fd, memory, READ_SIZE, 0);

  if (n > 0)
    {
      gsize consumed;

      /* A short read has emptied the socket; but behind the end comes no further edge. */
      connection->readable = n == READ_SIZE || connection->hung_up;
      consumed = weir_upstream_call_feed (self, memory, (gsize) n);
      if (self->connection != NULL)
        weir_buffer_append (&connection->input, memory + consumed, (gsize) n - consumed);
    }
  else if (n == 0)
    weir_upstream_call_on_close (self);
  else if (errno == EAGAIN)
    connection->readable = FALSE;
  else if (errno != EINTR)
    {
      /* That is what the kernel says when the other end goes and leaves bytes unread. What has
       * no body was sent in one piece. */
      self->unread = errno == ECONNRESET && !connection->parser.started && self->bodiless;
      weir_upstream_call_fail_broken (self, g_strerror (errno));
    }
}

static void
weir_upstream_call_read (WeirUpstreamCall *self)
{
  ReadMemory *memory = read_memory_new ();

  for (guint i = 0; self->connection != NULL && !self->paused && self->connection->readable; i++)
    {
      if (i == READS_A_TURN)
        {
          WeirWatch *watch = &self->connection->watch;

          weir_engine_modify (weir_upstream_get_engine (self->upstream), watch, watch->events);
          break;
        }
      weir_upstream_call_read_socket (self, memory->bytes);
    }
  read_memory_free (memory);
}

static void
weir_upstream_call_send (WeirUpstreamCall *self)
{
  weir_upstream_connection_send (self->connection);
  if (!self->wants_writable || self->connection->output.length >= LOW_WATER)
    return;
  self->wants_writable = FALSE;
  if (!self->body_whole && self->callbacks->writable != NULL)
    self->callbacks->writable (self, self->user_data);
}

void
weir_upstream_call_on_events (WeirUpstreamCall *self, guint events)
{
  self->ref_count++;
  if (events & EPOLLOUT)
    weir_upstream_call_send (self);
  if (self->connection != NULL && (events & ~EPOLLOUT) != 0)
    {
      self->connection->readable = TRUE;
      if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        self->connection->hung_up = TRUE;
      if (self->failure == NULL && !self->resumed)
        weir_upstream_call_read (self);
    }
  weir_upstream_call_unref (self);
}

void
weir_upstream_call_on_flush (WeirUpstreamCall *self)
{
  if (self->failure != NULL)
    {
      weir_upstream_call_fail (self, g_steal_pointer (&self->failure), self->failed_untouched);
      return;
    }

  self->ref_count++;
  weir_upstream_call_send (self);
  if (self->connection != NULL && self->resumed)
    {
      self->resumed = FALSE;
      weir_upstream_call_read_input (self);
      if (self->connection != NULL)
        weir_upstream_call_read (self);
    }
  weir_upstream_call_unref (self);
}

void
weir_upstream_call_on_connect_failed (WeirUpstreamCall *self, GError *error)
{
  self->unread = TRUE;
  weir_upstream_call_fail (self, error, TRUE);
}

static void
weir_upstream_call_begin (WeirUpstreamCall *self,
                          WeirHead *head,
                          const char *extra,
                          const char *upgrade)
{
  WeirUpstreamConnection *connection = self->connection;
  const char *method = weir_head_get_method (head);
  const char *problem =
      weir_request_head_write (&connection->output, head, extra, upgrade, self->body_left);
  GError *error = NULL;

  if (problem != NULL)
    {
      error = g_error_new (WEIR_ERROR,
                           WEIR_ERROR_BAD_REQUEST,
                           "The request cannot be sent: %s",
                           problem);
      weir_upstream_call_fail_later (self, error, FALSE);
      return;
    }
  weir_response_parser_start (&connection->parser,
                              weir_text_equals (method, "HEAD"),
                              upgrade != NULL);
  if (connection->connected || weir_upstream_connection_connect (connection, &error))
    {
      weir_upstream_connection_defer (connection);
      return;
    }
  self->unread = TRUE;
  weir_upstream_call_fail_later (self, error, TRUE);
}

WeirUpstreamCall *
weir_upstream_call (WeirUpstream *upstream,
                    WeirHead *head,
                    const char *extra,
                    const char *upgrade,
                    gint64 body_length,
                    const WeirUpstreamCallbacks *callbacks,
                    gpointer user_data)
{
  WeirUpstreamCall *self = call_new ();

  *self = (WeirUpstreamCall){
    .ref_count = 1,
    .upstream = weir_upstream_ref (upstream),
    .callbacks = callbacks,
    .user_data = user_data,
    .body_left = body_length,
    .body_whole = body_length == 0,
    .bodiless = body_length == 0,
  };
  self->connection = weir_upstream_take (upstream, self);
  self->fresh = !self->connection->connected;
  weir_upstream_call_begin (self, head, extra, upgrade);
  return self;
}

static void
weir_upstream_call_queue (WeirUpstreamCall *self, const guint8 *data, gsize length)
{
  WeirUpstreamConnection *connection = self->connection;
  char size[24];
  gboolean chunked = self->body_left < 0;
  gsize size_length = chunked ? (gsize) snprintf (size, sizeof size, "%zx\r\n", length) : 0;
  const GOutputVector pieces[] = { { size, size_length },
                                   { data, length },
                                   { "\r\n", chunked ? 2 : 0 } };

  if (length >= SEND_NOW)
    {
      weir_upstream_connection_send_now (connection, pieces, G_N_ELEMENTS (pieces));
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    weir_buffer_append (&connection->output, pieces[i].buffer, pieces[i].size);
  weir_upstream_connection_defer (connection);
}

gsize
weir_upstream_call_write (WeirUpstreamCall *self, const guint8 *data, gsize length)
{
  if (self->connection == NULL || self->failure != NULL || self->connection->send_broken)
    return 0;
  if (self->body_left >= 0 && length > (guint64) self->body_left)
    {
      g_critical ("A request has more of a body than it said");
      length = (gsize) self->body_left;
    }
  if (length == 0 || self->body_whole)
    return self->connection->output.length;

  weir_upstream_call_queue (self, data, length);
  if (self->body_left > 0)
    {
      self->body_left -= (gint64) length;
      self->body_whole = self->body_left == 0;
    }
  self->wants_writable = self->connection->output.length > 0;
  return self->connection->output.length;
}

void
weir_upstream_call_end_body (WeirUpstreamCall *self)
{
  if (self->connection == NULL || self->failure != NULL || self->body_whole)
    return;
  if (self->body_left >= 0)
    {
      GError *error = g_error_new (WEIR_ERROR,
                                   WEIR_ERROR_BAD_REQUEST,
                                   "The request's body is shorter than it said");

      weir_upstream_call_fail_later (self, error, FALSE);
      return;
    }
  self->body_whole = TRUE;
  if (self->connection->send_broken)
    return;
  weir_buffer_append_string (&self->connection->output, "0\r\n\r\n");
  weir_upstream_connection_defer (self->connection);
}

void
weir_upstream_call_pause (WeirUpstreamCall *self)
{
  self->paused = TRUE;
}

void
weir_upstream_call_resume (WeirUpstreamCall *self)
{
  if (!self->paused)
    return;
  self->paused = FALSE;
  self->resumed = TRUE;
  if (self->connection != NULL)
    weir_upstream_connection_defer (self->connection);
}

gboolean
weir_upstream_call_was_unread (WeirUpstreamCall *self)
{
  return self->unread;
}

gboolean
weir_upstream_call_was_fresh (WeirUpstreamCall *self)
{
  return self->fresh;
}

void
weir_upstream_call_cancel (WeirUpstreamCall *self)
{
  if (self->connection == NULL)
    return; /* from within its last callback */
  weir_upstream_connection_close (weir_upstream_call_detach (self));
  weir_upstream_call_unref (self);
}
