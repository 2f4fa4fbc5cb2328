/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-plugin-adapter-soup"

#include "weir-soup-connection-private.h"

#include <string.h>
#include <sys/socket.h>

/* From here on a copy costs more than a system call of its own. */
#define SEND_NOW (16 * 1024)

#define WRITE(self, text) weir_soup_connection_write (self, text, sizeof (text) - 1)

#define BIT(id) (G_GUINT64_CONSTANT (1) << (id))

/* Framing is ours, and the date is libsoup's. */
#define NOT_FOR_CLIENT                                                                             \
  (BIT (WEIR_FIELD_CONNECTION) | BIT (WEIR_FIELD_CONTENT_LENGTH) | BIT (WEIR_FIELD_DATE) |         \
   BIT (WEIR_FIELD_KEEP_ALIVE) | BIT (WEIR_FIELD_PROXY_CONNECTION) | BIT (WEIR_FIELD_TRAILER) |    \
   BIT (WEIR_FIELD_TRANSFER_ENCODING) | BIT (WEIR_FIELD_UPGRADE))

/* ---- the head of a response ---- */

static void
choose_framing (WeirSoupConnection *self, guint status, gint64 length)
{
  gboolean head_only = self->request.is_head;
  gboolean no_body = status == 204 || status == 304;

  self->bodiless = head_only || no_body;
  self->length = length;
  if (no_body)
    self->framing = WEIR_SOUP_FRAMING_NONE;
  else if (length >= 0)
    self->framing = WEIR_SOUP_FRAMING_LENGTH;
  else if (head_only)
    self->framing = WEIR_SOUP_FRAMING_NONE;
  else if (self->request.minor_version == 0)
    self->framing = WEIR_SOUP_FRAMING_CLOSE;
  else
    self->framing = WEIR_SOUP_FRAMING_CHUNKED;

  self->close_after = self->close_after || self->draining || self->continue_due ||
                      self->framing == WEIR_SOUP_FRAMING_CLOSE;
}

/* Stages may set any field; none can become another line of the head. */
static gboolean
is_for_client (const WeirField *field)
{
  if ((NOT_FOR_CLIENT & BIT (field->id)) != 0 || field->name_length == 0)
    return FALSE;
  for (guint i = 0; i < field->name_length; i++)
    {
      if ((guchar) field->name[i] <= ' ' || field->name[i] == ':')
        return FALSE;
    }
  return memchr (field->value, '\n', field->value_length) == NULL &&
         memchr (field->value, '\r', field->value_length) == NULL &&
         memchr (field->value, '\0', field->value_length) == NULL;
}

static gsize
measure_fields (const WeirField *fields, guint n_fields)
{
  gsize size = 0;

  for (guint i = 0; i < n_fields; i++)
    size += fields[i].name_length + 2 + fields[i].value_length + 2;
  return size;
}

static char *
put (char *out, const void *text, gsize length)
{
  memcpy (out, text, length);
  return out + length;
}

/* libsoup would make a list of them, and then text of that again. */
static void
write_fields (WeirSoupConnection *self, WeirHead *head)
{
  guint n_fields;
  const WeirField *fields = weir_head_get_fields (head, &n_fields);
  gsize room = measure_fields (fields, n_fields);
  char *start = weir_soup_connection_reserve (self, room);
  char *out = start;

  for (guint i = 0; i < n_fields; i++)
    {
      if (!is_for_client (&fields[i]))
        continue;
      out = put (out, fields[i].name, fields[i].name_length);
      out = put (out, ": ", 2);
      out = put (out, fields[i].value, fields[i].value_length);
      out = put (out, "\r\n", 2);
    }
  weir_soup_connection_unreserve (self, room - (gsize) (out - start));
}

static void
write_framing (WeirSoupConnection *self)
{
  char text[64];

  switch (self->framing)
    {
    case WEIR_SOUP_FRAMING_LENGTH:
      g_snprintf (text, sizeof text, "Content-Length: %" G_GINT64_FORMAT "\r\n", self->length);
      weir_soup_connection_write (self, text, strlen (text));
      break;
    case WEIR_SOUP_FRAMING_CHUNKED:
      WRITE (self, "Transfer-Encoding: chunked\r\n");
      break;
    case WEIR_SOUP_FRAMING_NONE:
    case WEIR_SOUP_FRAMING_CLOSE:
      break;
    }
  if (self->close_after)
    WRITE (self, "Connection: close\r\n");
  else if (self->request.minor_version == 0)
    WRITE (self, "Connection: keep-alive\r\n");
}

static void
send_head (WeirExchange *exchange, gpointer transport, WeirHead *head, gint64 length)
{
  WeirSoupConnection *self = transport;
  guint status = weir_head_get_status (head);

  /* Nothing else can be the last word; a stage may have said it all the same. */
  if (status < 200 || status > 999)
    status = SOUP_STATUS_INTERNAL_SERVER_ERROR;
  choose_framing (self, status, length);
  self->status = status;
  self->head_ready = TRUE;
  weir_soup_connection_close_gate (self);
  write_fields (self, head);
  write_framing (self);
  WRITE (self, "\r\n");
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
  gboolean chunked = self->framing == WEIR_SOUP_FRAMING_CHUNKED;
  char size[32];
  const GOutputVector pieces[] = {
    { size,
      chunked ? (gsize) g_snprintf (size, sizeof size, "%" G_GSIZE_MODIFIER "x\r\n", length) : 0 },
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

  if (self->framing == WEIR_SOUP_FRAMING_LENGTH)
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

  if (self->framing == WEIR_SOUP_FRAMING_LENGTH && !self->bodiless &&
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

  if (self->framing == WEIR_SOUP_FRAMING_CHUNKED)
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

  if (self->state != WEIR_SOUP_STATE_CLOSED && self->framing == WEIR_SOUP_FRAMING_CLOSE)
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
  WRITE (self, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ");
  weir_soup_connection_write (self, self->upgrade, strlen (self->upgrade));
  WRITE (self, "\r\n");
  write_fields (self, head);
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
