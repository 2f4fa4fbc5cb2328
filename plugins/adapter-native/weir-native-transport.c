/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-plugin-adapter-native"

#include "weir-native-connection-private.h"

#include <string.h>
#include <sys/socket.h>

#include "weir-native-status.h"

/* From here on a copy costs more than a system call of its own. */
#define SEND_NOW (16 * 1024)

#define PUT(out, text) put (out, text, sizeof (text) - 1)

/* ---- the head of a response ---- */

static void
choose_framing (WeirNativeConnection *self, guint status, gint64 length)
{
  self->framing =
      weir_response_writer_choose_framing (status, length, self->is_head, self->minor_version);
  self->bodiless = self->is_head || self->framing == WEIR_RESPONSE_FRAMING_NONE;
  self->length = length;
  self->sent = 0;
  if (self->draining || self->continue_due || self->framing == WEIR_RESPONSE_FRAMING_CLOSE)
    self->close_after = TRUE;
}

static char *
put (char *out, const void *text, gsize length)
{
  memcpy (out, text, length);
  return out + length;
}

static const char *
get_connection (WeirNativeConnection *self)
{
  if (self->close_after)
    return "close";
  return self->minor_version == 0 ? "keep-alive" : NULL;
}

/* More than all that is neither a field of the head nor framing. */
#define HEAD_EXTRA (WEIR_NATIVE_STATUS_LINE + 128)

static void
send_head (WeirExchange *exchange, gpointer transport, WeirHead *head, gint64 length)
{
  WeirNativeConnection *self = transport;
  guint status = weir_response_writer_get_status (head);
  gsize room = HEAD_EXTRA + weir_response_writer_measure (head);
  char *start = (char *) weir_native_buffer_reserve (&self->out, &self->context->pool, room);
  char *out = start;
  gsize date_length;
  const char *date = weir_native_context_get_date (self->context, &date_length);

  choose_framing (self, status, length);
  self->head_sent = TRUE;
  out += weir_native_status_write (status, out);
  out = weir_response_writer_put_fields (out, head);
  out = put (out, date, date_length);
  out = weir_response_writer_put_framing (out, self->framing, length, get_connection (self));
  weir_native_buffer_commit (&self->out, (gsize) (out - start));
  weir_native_connection_queue (self);
}

/* ---- its body ---- */

static void
write_body (WeirNativeConnection *self, const guint8 *data, gsize length)
{
  gboolean chunked = self->framing == WEIR_RESPONSE_FRAMING_CHUNKED;
  char line[WEIR_RESPONSE_CHUNK_LINE];
  const GOutputVector pieces[] = {
    { line, chunked ? weir_response_writer_put_chunk_line (line, length) : 0 },
    { data, length },
    { "\r\n", chunked ? 2 : 0 }
  };

  self->sent += length;
  if (length >= SEND_NOW)
    {
      weir_native_connection_write_now (self, pieces, G_N_ELEMENTS (pieces));
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    weir_native_connection_write (self, pieces[i].buffer, pieces[i].size);
  weir_native_connection_queue (self);
}

static gsize
send_body (WeirExchange *exchange, gpointer transport, const guint8 *data, gsize length)
{
  WeirNativeConnection *self = transport;

  if (self->framing == WEIR_RESPONSE_FRAMING_LENGTH)
    length = (gsize) MIN (length, (guint64) self->length - self->sent);
  if (length > 0 && !self->bodiless)
    write_body (self, data, length);
  if (self->out.length >= WEIR_NATIVE_LOW_WATER)
    self->over = TRUE;
  return self->out.length;
}

static void
end (WeirExchange *exchange, gpointer transport)
{
  WeirNativeConnection *self = transport;

  if (self->framing == WEIR_RESPONSE_FRAMING_LENGTH && !self->bodiless &&
      self->sent < (guint64) self->length)
    {
      g_autoptr (GError) error = g_error_new_literal (WEIR_ERROR,
                                                      WEIR_ERROR_BAD_GATEWAY,
                                                      "The response is shorter than announced");

      weir_native_connection_ref (self);
      weir_native_connection_send (self);
      weir_native_connection_close (self, error);
      weir_native_connection_unref (self);
      return;
    }

  if (self->framing == WEIR_RESPONSE_FRAMING_CHUNKED)
    weir_native_connection_write (self, "0\r\n\r\n", 5);
  self->ended = TRUE;
  weir_native_connection_wait (self, 0);
  weir_native_connection_queue (self);
}

/* A body that ends with the connection would look whole: a reset does not. */
static void
abort_response (WeirExchange *exchange, gpointer transport)
{
  WeirNativeConnection *self = weir_native_connection_ref (transport);
  struct linger reset = { .l_onoff = 1, .l_linger = 0 };

  weir_native_connection_send (self);
  if (self->state != WEIR_NATIVE_STATE_CLOSED && self->framing == WEIR_RESPONSE_FRAMING_CLOSE)
    setsockopt (self->watch.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  weir_native_connection_close (self, NULL);
  weir_native_connection_unref (self);
}

/* ---- and the rest ---- */

static void
grant (WeirExchange *exchange, gpointer transport, gsize bytes)
{
  WeirNativeConnection *self = transport;

  self->credit += bytes;
  if (self->continue_due && !self->head_sent)
    {
      self->continue_due = FALSE;
      weir_native_connection_write (self, "HTTP/1.1 100 Continue\r\n\r\n", 25);
      weir_native_connection_queue (self);
    }
  if (self->body_done || self->credit == 0 || self->beginning)
    return;
  weir_native_connection_wait (self, self->context->limits.body_timeout_ms);
  weir_native_connection_queue (self);
}

static void
write_upgrade (WeirNativeConnection *self, WeirHead *head)
{
  gsize upgrade_length = strlen (self->upgrade);
  gsize room = HEAD_EXTRA + upgrade_length + weir_response_writer_measure (head);
  char *start = (char *) weir_native_buffer_reserve (&self->out, &self->context->pool, room);
  char *out = start;

  out = PUT (out, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ");
  out = put (out, self->upgrade, upgrade_length);
  out = PUT (out, "\r\n");
  out = weir_response_writer_put_fields (out, head);
  out = PUT (out, "\r\n");
  weir_native_buffer_commit (&self->out, (gsize) (out - start));
}

/* What came behind the head is here while the exchange is begun, and among the kept later. */
static GBytes *
copy_early (WeirNativeConnection *self)
{
  if (self->rest != NULL)
    return self->rest_length > 0 ? g_bytes_new (self->rest, self->rest_length) : NULL;
  return self->in.length > 0 ? g_bytes_new (weir_native_buffer_peek (&self->in), self->in.length)
                             : NULL;
}

static int
upgrade (WeirExchange *exchange, gpointer transport, WeirHead *head, GBytes **early)
{
  WeirNativeConnection *self = transport;
  int fd = -1;

  if (self->upgrade == NULL)
    return -1;

  weir_native_connection_ref (self);
  /* Once the 101 is on its way there is no other answer any more. */
  weir_native_connection_send (self);
  if (self->state == WEIR_NATIVE_STATE_CLOSED || self->out.length > 0)
    {
      weir_native_connection_unref (self);
      return -1;
    }
  write_upgrade (self, head);
  weir_native_connection_send (self);
  if (self->state != WEIR_NATIVE_STATE_CLOSED && self->out.length == 0)
    {
      *early = copy_early (self);
      fd = weir_native_connection_release (self);
    }
  else
    weir_native_connection_lose (self);
  weir_native_connection_unref (self);
  return fd;
}

const WeirTransport weir_native_connection_transport = {
  .struct_size = sizeof (WeirTransport),
  .send_head = send_head,
  .send_body = send_body,
  .end = end,
  .abort = abort_response,
  .grant = grant,
  .upgrade = upgrade,
};
