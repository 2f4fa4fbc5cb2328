/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-plugin-adapter-soup"

#include "weir-soup-connection-private.h"

#include <string.h>
#include <sys/socket.h>

/* From here on a copy costs more than a system call of its own. */
#define SEND_NOW (16 * 1024)

#define WRITE(self, text) weir_soup_connection_write (self, text, sizeof (text) - 1)

/* ---- the head of a response ---- */

static void
choose_framing (WeirSoupConnection *self, gint64 length)
{
  self->framing = weir_response_writer_choose_framing (self->status,
                                                       length,
                                                       self->request.is_head,
                                                       self->request.minor_version);
  self->bodiless = self->request.is_head || self->framing == WEIR_RESPONSE_FRAMING_NONE;
  self->length = length;
  self->close_after = self->close_after || self->draining || self->continue_due ||
                      self->framing == WEIR_RESPONSE_FRAMING_CLOSE;
}

static const char *
get_connection (WeirSoupConnection *self)
{
  if (self->close_after)
    return "close";
  return self->request.minor_version == 0 ? "keep-alive" : NULL;
}

/* libsoup would make a list of the fields only to make text of that again. */
static void
send_head (WeirExchange *exchange, gpointer transport, WeirHead *head, gint64 length)
{
  WeirSoupConnection *self = transport;
  gsize room = weir_response_writer_measure (head);
  char *start, *out;

  self->status = weir_response_writer_get_status (head);
  choose_framing (self, length);
  self->head_ready = TRUE;
  weir_soup_connection_close_gate (self);
  start = weir_soup_connection_reserve (self, room);
  out = weir_response_writer_put_fields (start, head);
  out = weir_response_writer_put_framing (out, self->framing, length, get_connection (self));
  weir_soup_connection_unreserve (self, room - (gsize) (out - start));
  weir_soup_server_ask (self->context->server, self);
}

void
weir_soup_connection_fill (WeirSoupConnection *self, SoupServerMessage *message)
{
  soup_server_message_set_status (message, self->status, NULL);
}

/* Fields of ours follow where libsoup thought that the head was over. */
void
weir_soup_connection_take_start (WeirSoupConnection *self, const char *start, gsize length)
{
  g_return_if_fail (self->gate_closed);
  g_return_if_fail (length > 4 && memcmp (start + length - 4, "\r\n\r\n", 4) == 0);

  if (weir_soup_connection_open_gate (self, start, length - 2))
    weir_soup_connection_queue (self);
}

void
weir_soup_connection_end_message (WeirSoupConnection *self)
{
  g_autoptr (GError) error = NULL;

  if (!self->gate_closed)
    return;
  error = g_error_new_literal (WEIR_ERROR, WEIR_ERROR_FAILED, "libsoup did not begin the answer");
  g_warning ("%s", error->message);
  weir_soup_connection_close (self, error);
}

/* ---- its body ---- */

static void
write_body (WeirSoupConnection *self, const guint8 *data, gsize length)
{
  gboolean chunked = self->framing == WEIR_RESPONSE_FRAMING_CHUNKED;
  char line[WEIR_RESPONSE_CHUNK_LINE];
  const GOutputVector pieces[] = {
    { line, chunked ? weir_response_writer_put_chunk_line (line, length) : 0 },
    { data, length },
    { "\r\n", chunked ? 2 : 0 },
  };

  if (length >= SEND_NOW)
    {
      weir_soup_connection_write_now (self, pieces, G_N_ELEMENTS (pieces));
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    weir_soup_connection_write (self, pieces[i].buffer, pieces[i].size);
  weir_soup_connection_queue (self);
}

static gsize
send_body (WeirExchange *exchange, gpointer transport, const guint8 *data, gsize length)
{
  WeirSoupConnection *self = transport;
  gsize unsent;

  if (self->framing == WEIR_RESPONSE_FRAMING_LENGTH)
    length = MIN (length, (guint64) self->length - self->sent);
  if (length > 0 && !self->bodiless)
    {
      self->sent += length;
      write_body (self, data, length);
    }

  unsent = weir_soup_connection_get_unsent (self);
  self->over = self->over || unsent >= WEIR_SOUP_LOW_WATER;
  return unsent;
}

static void
end (WeirExchange *exchange, gpointer transport)
{
  WeirSoupConnection *self = transport;

  if (self->framing == WEIR_RESPONSE_FRAMING_LENGTH && !self->bodiless &&
      self->sent < (guint64) self->length)
    {
      g_autoptr (GError) error = g_error_new_literal (WEIR_ERROR,
                                                      WEIR_ERROR_BAD_GATEWAY,
                                                      "The response is shorter than announced");

      weir_soup_connection_ref (self);
      weir_soup_connection_send (self);
      weir_soup_connection_close (self, error);
      weir_soup_connection_unref (self);
      return;
    }

  if (self->framing == WEIR_RESPONSE_FRAMING_CHUNKED)
    WRITE (self, "0\r\n\r\n");
  self->ended = TRUE;
  weir_soup_connection_disarm (self);
  weir_soup_connection_queue (self);
}

/* A body that ends with the connection would look whole: a reset does not. */
void
weir_soup_connection_cut (WeirSoupConnection *self)
{
  struct linger reset = { .l_onoff = 1, .l_linger = 0 };

  if (self->state != WEIR_SOUP_STATE_CLOSED && self->framing == WEIR_RESPONSE_FRAMING_CLOSE)
    setsockopt (self->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  weir_soup_connection_close (self, NULL);
}

static void
abort_response (WeirExchange *exchange, gpointer transport)
{
  WeirSoupConnection *self = weir_soup_connection_ref (transport);

  if (self->gate_closed)
    {
      /* libsoup will write the start in a moment: the client shall see how it began, and
       * that it broke off. */
      g_clear_object (&self->exchange);
      self->cut_due = TRUE;
      self->state = WEIR_SOUP_STATE_LAST;
      weir_soup_connection_disarm (self);
    }
  else
    {
      weir_soup_connection_send (self);
      weir_soup_connection_cut (self);
    }
  weir_soup_connection_unref (self);
}

/* ---- and the rest ---- */

static void
grant (WeirExchange *exchange, gpointer transport, gsize bytes)
{
  WeirSoupConnection *self = transport;

  self->credit += bytes;
  if (self->continue_due && !self->head_ready)
    {
      self->continue_due = FALSE;
      WRITE (self, "HTTP/1.1 100 Continue\r\n\r\n");
    }
  if (!self->body_done && self->credit > 0 && !self->beginning)
    weir_soup_connection_arm (self, self->context->limits.body_timeout_ms);
  weir_soup_connection_queue (self);
}

static void
write_upgrade (WeirSoupConnection *self, WeirHead *head)
{
  gsize room = weir_response_writer_measure (head);
  char *start, *end;

  WRITE (self, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ");
  weir_soup_connection_write (self, self->upgrade, strlen (self->upgrade));
  WRITE (self, "\r\n");
  start = weir_soup_connection_reserve (self, room);
  end = weir_response_writer_put_fields (start, head);
  weir_soup_connection_unreserve (self, room - (gsize) (end - start));
  WRITE (self, "\r\n");
}

static int
upgrade (WeirExchange *exchange, gpointer transport, WeirHead *head, GBytes **early)
{
  WeirSoupConnection *self = transport;
  int fd = -1;

  if (self->upgrade == NULL)
    return -1;

  weir_soup_connection_ref (self);
  /* Once the 101 is on its way there is no other answer any more. */
  write_upgrade (self, head);
  weir_soup_connection_send (self);
  if (self->state != WEIR_SOUP_STATE_CLOSED && weir_soup_connection_get_unsent (self) == 0)
    {
      if (weir_soup_connection_has_input (self))
        *early =
            g_bytes_new (self->in->data + self->in_position, self->in->len - self->in_position);
      fd = weir_soup_connection_release (self);
    }
  else
    weir_soup_connection_lose (self);
  weir_soup_connection_unref (self);
  return fd;
}

const WeirTransport weir_soup_connection_transport = {
  .struct_size = sizeof (WeirTransport),
  .send_head = send_head,
  .send_body = send_body,
  .end = end,
  .abort = abort_response,
  .grant = grant,
  .upgrade = upgrade,
};
