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

/* ---- towards the socket ---- */

gsize
weir_soup_connection_get_unsent (WeirSoupConnection *self)
{
  gsize out = self->out != NULL ? self->out->len - self->out_position : 0;

  return out + (self->held != NULL ? self->held->len : 0);
}

static void
append (GByteArray **array, const void *data, gsize length)
{
  if (*array == NULL)
    *array = g_byte_array_sized_new (MAX (length, 1024));
  g_byte_array_append (*array, data, length);
}

void
weir_soup_connection_write (WeirSoupConnection *self, const void *data, gsize length)
{
  append (&self->out, data, length);
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
    n = send (self->fd,
              self->out->data + self->out_position,
              self->out->len - self->out_position,
              MSG_NOSIGNAL);
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
  else if (self->out_position >= KEEP_OUT)
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

  while (self->state != WEIR_SOUP_STATE_CLOSED && self->out != NULL &&
         self->out_position < self->out->len)
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
                                             body);

  weir_soup_connection_write (self, answer, strlen (answer));
}

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

/* Stages may set any field; libsoup takes a bad one for a mistake of the program. */
static gboolean
is_valid (const WeirField *field)
{
  for (guint i = 0; i < field->name_length; i++)
    {
      if ((guchar) field->name[i] <= ' ' || field->name[i] == ':')
        return FALSE;
    }
  for (guint i = 0; i < field->value_length; i++)
    {
      if (field->value[i] == '\r' || field->value[i] == '\n' || field->value[i] == '\0')
        return FALSE;
    }
  return field->name_length > 0;
}

static gboolean
is_for_client (const WeirField *field)
{
  switch ((guint) field->id) /* framing is ours, and the date is libsoup's */
    {
    case WEIR_FIELD_CONNECTION:
    case WEIR_FIELD_CONTENT_LENGTH:
    case WEIR_FIELD_DATE:
    case WEIR_FIELD_KEEP_ALIVE:
    case WEIR_FIELD_PROXY_CONNECTION:
    case WEIR_FIELD_TRAILER:
    case WEIR_FIELD_TRANSFER_ENCODING:
    case WEIR_FIELD_UPGRADE:
      return FALSE;
    default:
      return is_valid (field);
    }
}

static void
copy_fields (WeirHead *head, SoupMessageHeaders *headers)
{
  guint n_fields;
  const WeirField *fields = weir_head_get_fields (head, &n_fields);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < n_fields; i++)
    {
      if (!is_for_client (&fields[i]))
        continue;
      g_string_truncate (text, 0);
      g_string_append_len (text, fields[i].name, fields[i].name_length);
      g_string_append_c (text, '\0');
      g_string_append_len (text, fields[i].value, fields[i].value_length);
      soup_message_headers_append (headers, text->str, text->str + fields[i].name_length + 1);
    }
}

static void
send_head (WeirExchange *exchange, gpointer transport, WeirHead *head, gint64 length)
{
  WeirSoupConnection *self = transport;
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (self->message);
  guint status = weir_head_get_status (head);

  /* Nothing else can be the last word; a stage may have said it all the same. */
  if (status < 200 || status > 999)
    status = SOUP_STATUS_INTERNAL_SERVER_ERROR;
  choose_framing (self, status, length);
  self->head_ready = TRUE;
  copy_fields (head, headers);
  /* The body passes beside libsoup, and so does what says how long it is. */
  soup_message_headers_set_encoding (headers, SOUP_ENCODING_NONE);
  soup_server_message_set_status (self->message, status, NULL);
  if (!self->beginning)
    soup_server_message_unpause (self->message);
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
      weir_soup_connection_write (self, "Transfer-Encoding: chunked\r\n", 28);
      break;
    case WEIR_SOUP_FRAMING_NONE:
    case WEIR_SOUP_FRAMING_CLOSE:
      break;
    }
  if (self->close_after)
    weir_soup_connection_write (self, "Connection: close\r\n", 19);
}

void
weir_soup_connection_take_head (WeirSoupConnection *self, const char *head, gsize length)
{
  g_return_if_fail (self->head_ready && !self->head_written);
  g_return_if_fail (length > 4 && memcmp (head + length - 4, "\r\n\r\n", 4) == 0);

  self->head_written = TRUE;
  weir_soup_connection_write (self, head, length - 2);
  write_framing (self);
  weir_soup_connection_write (self, "\r\n", 2);
  if (self->held != NULL)
    weir_soup_connection_write (self, self->held->data, self->held->len);
  g_clear_pointer (&self->held, g_byte_array_unref);
  weir_soup_connection_queue (self);
}

/* ---- its body ---- */

static gsize
send_body (WeirExchange *exchange, gpointer transport, const guint8 *data, gsize length)
{
  WeirSoupConnection *self = transport;
  GByteArray **queue = self->head_written ? &self->out : &self->held;
  gsize unsent;

  if (self->framing == WEIR_SOUP_FRAMING_LENGTH)
    length = MIN (length, (guint64) self->length - self->sent);
  if (length > 0 && !self->bodiless)
    {
      char text[32];

      self->sent += length;
      g_snprintf (text, sizeof text, "%" G_GSIZE_MODIFIER "x\r\n", length);
      if (self->framing == WEIR_SOUP_FRAMING_CHUNKED)
        append (queue, text, strlen (text));
      append (queue, data, length);
      if (self->framing == WEIR_SOUP_FRAMING_CHUNKED)
        append (queue, "\r\n", 2);
      weir_soup_connection_queue (self);
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

      weir_soup_connection_send (self);
      weir_soup_connection_close (self, error);
      return;
    }

  if (self->framing == WEIR_SOUP_FRAMING_CHUNKED)
    append (self->head_written ? &self->out : &self->held, "0\r\n\r\n", 5);
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

  if (self->head_ready && !self->head_written)
    {
      /* libsoup has the head and will write it in a moment: the client shall see how it
       * began, and that it broke off. */
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
      weir_soup_connection_write (self, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    }
  if (!self->body_done && self->credit > 0 && !self->beginning)
    weir_soup_connection_arm (self, self->context->limits.body_timeout_ms);
  weir_soup_connection_queue (self);
}

static void
append_field (GString *text, const WeirField *field)
{
  g_string_append_len (text, field->name, field->name_length);
  g_string_append (text, ": ");
  g_string_append_len (text, field->value, field->value_length);
  g_string_append (text, "\r\n");
}

static char *
format_upgrade (WeirSoupConnection *self, WeirHead *head)
{
  guint n_fields;
  const WeirField *fields = weir_head_get_fields (head, &n_fields);
  GString *text = g_string_new ("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n");

  g_string_append_printf (text, "Upgrade: %s\r\n", self->upgrade);
  for (guint i = 0; i < n_fields; i++)
    {
      if (is_for_client (&fields[i]))
        append_field (text, &fields[i]);
    }
  g_string_append (text, "\r\n");
  return g_string_free (text, FALSE);
}

static int
upgrade (WeirExchange *exchange, gpointer transport, WeirHead *head, GBytes **early)
{
  WeirSoupConnection *self = transport;
  g_autofree char *text = NULL;
  int fd;

  if (self->upgrade == NULL)
    return -1;

  weir_soup_connection_ref (self);
  text = format_upgrade (self, head);
  weir_soup_connection_write (self, text, strlen (text));
  weir_soup_connection_send (self);
  if (self->state == WEIR_SOUP_STATE_CLOSED || weir_soup_connection_get_unsent (self) > 0)
    {
      weir_soup_connection_unref (self);
      return -1;
    }

  *early = NULL;
  if (weir_soup_connection_has_input (self))
    *early = g_bytes_new (self->in->data + self->in_position, self->in->len - self->in_position);
  fd = weir_soup_connection_release (self);
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
