/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-plugin-adapter-native"

#include "weir-native-connection-private.h"

#include <string.h>
#include <sys/socket.h>

#include "weir-native-status.h"

/* From here on a copy costs more than a system call of its own. */
#define SEND_NOW (16 * 1024)

#define BIT(id) (G_GUINT64_CONSTANT (1) << (id))

/* Framing is ours, and so is the date. */
#define NOT_FOR_CLIENT                                                                             \
  (BIT (WEIR_FIELD_CONNECTION) | BIT (WEIR_FIELD_CONTENT_LENGTH) | BIT (WEIR_FIELD_DATE) |         \
   BIT (WEIR_FIELD_KEEP_ALIVE) | BIT (WEIR_FIELD_PROXY_CONNECTION) | BIT (WEIR_FIELD_TRAILER) |    \
   BIT (WEIR_FIELD_TRANSFER_ENCODING) | BIT (WEIR_FIELD_UPGRADE))

#define PUT(out, text) put (out, text, sizeof (text) - 1)

/* ---- the head of a response ---- */

static void
choose_framing (WeirNativeConnection *self, guint status, gint64 length)
{
  gboolean no_body = status == 204 || status == 304;

  self->bodiless = self->is_head || no_body;
  self->length = length;
  self->sent = 0;
  if (no_body)
    self->framing = WEIR_NATIVE_FRAMING_NONE;
  else if (length >= 0)
    self->framing = WEIR_NATIVE_FRAMING_LENGTH;
  else if (self->is_head)
    self->framing = WEIR_NATIVE_FRAMING_NONE;
  else if (self->minor_version == 0)
    self->framing = WEIR_NATIVE_FRAMING_CLOSE;
  else
    self->framing = WEIR_NATIVE_FRAMING_CHUNKED;

  if (self->draining || self->continue_due || self->framing == WEIR_NATIVE_FRAMING_CLOSE)
    self->close_after = TRUE;
}

static char *
put (char *out, const void *text, gsize length)
{
  memcpy (out, text, length);
  return out + length;
}

static char *
put_number (char *out, guint64 number, guint base)
{
  char digits[20];
  guint n = 0;

  do
    digits[n++] = "0123456789abcdef"[number % base];
  while ((number /= base) > 0);
  while (n > 0)
    *out++ = digits[--n];
  return out;
}

/* What a stage or a worker put into a field cannot become another line of the head. */
static gboolean
is_for_client (const WeirField *field)
{
  return (NOT_FOR_CLIENT & BIT (field->id)) == 0 && field->name_length > 0 &&
         memchr (field->value, '\n', field->value_length) == NULL &&
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
put_fields (char *out, const WeirField *fields, guint n_fields)
{
  for (guint i = 0; i < n_fields; i++)
    {
      if (!is_for_client (&fields[i]))
        continue;
      out = put (out, fields[i].name, fields[i].name_length);
      out = PUT (out, ": ");
      out = put (out, fields[i].value, fields[i].value_length);
      out = PUT (out, "\r\n");
    }
  return out;
}

static char *
put_framing (WeirNativeConnection *self, char *out)
{
  switch ((WeirNativeFraming) self->framing)
    {
    case WEIR_NATIVE_FRAMING_LENGTH:
      out = PUT (out, "Content-Length: ");
      out = put_number (out, (guint64) self->length, 10);
      out = PUT (out, "\r\n");
      break;
    case WEIR_NATIVE_FRAMING_CHUNKED:
      out = PUT (out, "Transfer-Encoding: chunked\r\n");
      break;
    case WEIR_NATIVE_FRAMING_NONE:
    case WEIR_NATIVE_FRAMING_CLOSE:
      break;
    }
  if (self->close_after)
    out = PUT (out, "Connection: close\r\n");
  else if (self->minor_version == 0)
    out = PUT (out, "Connection: keep-alive\r\n");
  return out;
}

/* More than all that is not a field of the head. */
#define HEAD_EXTRA (WEIR_NATIVE_STATUS_LINE + 256)

/* A final answer that looks like an interim one would have the client wait for another, and
 * take the next one for its own. */
static guint
get_status (WeirHead *head)
{
  guint status = weir_head_get_status (head);

  return status >= 200 && status <= 999 ? status : 500;
}

static void
send_head (WeirExchange *exchange, gpointer transport, WeirHead *head, gint64 length)
{
  WeirNativeConnection *self = transport;
  guint status = get_status (head);
  guint n_fields;
  const WeirField *fields = weir_head_get_fields (head, &n_fields);
  gsize room = HEAD_EXTRA + measure_fields (fields, n_fields);
  char *start = (char *) weir_native_buffer_reserve (&self->out, &self->context->pool, room);
  char *out = start;
  gsize date_length;
  const char *date = weir_native_context_get_date (self->context, &date_length);

  choose_framing (self, status, length);
  self->head_sent = TRUE;
  out += weir_native_status_write (status, out);
  out = put_fields (out, fields, n_fields);
  out = put (out, date, date_length);
  out = put_framing (self, out);
  out = PUT (out, "\r\n");
  weir_native_buffer_commit (&self->out, (gsize) (out - start));
  weir_native_connection_queue (self);
}

/* ---- its body ---- */

static void
write_body (WeirNativeConnection *self, const guint8 *data, gsize length)
{
  gboolean chunked = self->framing == WEIR_NATIVE_FRAMING_CHUNKED;
  char size[24];
  char *size_end = chunked ? put (put_number (size, length, 16), "\r\n", 2) : size;
  const GOutputVector pieces[] = { { size, (gsize) (size_end - size) },
                                   { data, length },
                                   { "\r\n", chunked ? 2 : 0 } };

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

  if (self->framing == WEIR_NATIVE_FRAMING_LENGTH)
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

  if (self->framing == WEIR_NATIVE_FRAMING_LENGTH && !self->bodiless &&
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

  if (self->framing == WEIR_NATIVE_FRAMING_CHUNKED)
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
  if (self->state != WEIR_NATIVE_STATE_CLOSED && self->framing == WEIR_NATIVE_FRAMING_CLOSE)
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
  guint n_fields;
  const WeirField *fields = weir_head_get_fields (head, &n_fields);
  gsize upgrade_length = strlen (self->upgrade);
  gsize room = HEAD_EXTRA + upgrade_length + measure_fields (fields, n_fields);
  char *start = (char *) weir_native_buffer_reserve (&self->out, &self->context->pool, room);
  char *out = start;

  out = PUT (out, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ");
  out = put (out, self->upgrade, upgrade_length);
  out = PUT (out, "\r\n");
  out = put_fields (out, fields, n_fields);
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
