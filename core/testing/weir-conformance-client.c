/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "testing/weir-conformance-private.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

WeirConformanceClient *
weir_conformance_client_new (WeirConformanceFixture *fixture)
{
  WeirConformanceClient *self = g_new0 (WeirConformanceClient, 1);
  struct sockaddr_in address = {
    .sin_family = AF_INET,
    .sin_port = htons (fixture->port),
    .sin_addr.s_addr = htonl (INADDR_LOOPBACK),
  };
  struct timeval patience = { .tv_sec = WEIR_CONFORMANCE_PATIENCE_MS / 1000 };

  self->in = g_byte_array_new ();
  self->fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint (self->fd, >=, 0);
  setsockopt (self->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt (self->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  g_assert_no_errno (connect (self->fd, (struct sockaddr *) &address, sizeof address));
  return self;
}

void
weir_conformance_client_free (WeirConformanceClient *self)
{
  close (self->fd);
  g_byte_array_unref (self->in);
  g_free (self);
}

/* A server that has refused may close while there is still something to send. */
void
weir_conformance_client_send (WeirConformanceClient *self, const char *data, gssize length)
{
  gsize left = length < 0 ? strlen (data) : (gsize) length;

  while (left > 0)
    {
      gssize n = send (self->fd, data, left, MSG_NOSIGNAL);

      if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
        return;
      g_assert_cmpint (n, >, 0);
      data += n;
      left -= (gsize) n;
    }
}

gboolean
weir_conformance_client_try_send (WeirConformanceClient *self,
                                  const guint8 *data,
                                  gsize length,
                                  gsize *sent)
{
  struct pollfd poll_fd = { .fd = self->fd, .events = POLLOUT };
  gssize n;

  *sent = 0;
  if (poll (&poll_fd, 1, 300) == 0)
    return FALSE;
  n = send (self->fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
  g_assert_cmpint (n, >, 0);
  *sent = (gsize) n;
  return TRUE;
}

static gboolean
receive (WeirConformanceClient *self)
{
  guint8 buffer[16384];
  gssize n;

  do
    n = recv (self->fd, buffer, sizeof buffer, 0);
  while (n < 0 && errno == EINTR);
  if (n < 0 && errno == ECONNRESET)
    return FALSE;
  if (n < 0)
    g_error ("No byte came from the server: %s", g_strerror (errno));
  g_byte_array_append (self->in, buffer, (guint) n);
  return n > 0;
}

gboolean
weir_conformance_client_fill (WeirConformanceClient *self, gsize length)
{
  while (self->in->len < length)
    {
      if (!receive (self))
        return FALSE;
    }
  return TRUE;
}

/* Returns the length of the line without its CRLF; -1 when the connection ends before. */
static gssize
find_line (WeirConformanceClient *self, const char *end)
{
  for (;;)
    {
      guint8 *found =
          self->in->len > 0 ? memmem (self->in->data, self->in->len, end, strlen (end)) : NULL;

      if (found != NULL)
        return found - self->in->data;
      if (!receive (self))
        return -1;
    }
}

static void
move (WeirConformanceClient *self, GByteArray *body, gsize length)
{
  g_byte_array_append (body, self->in->data, (guint) length);
  g_byte_array_remove_range (self->in, 0, (guint) length);
}

static gboolean
receive_chunks (WeirConformanceClient *self, GByteArray *body)
{
  for (;;)
    {
      gssize line = find_line (self, "\r\n");
      guint64 size;

      if (line < 0)
        return FALSE;
      size = g_ascii_strtoull ((const char *) self->in->data, NULL, 16);
      g_byte_array_remove_range (self->in, 0, (guint) line + 2);
      if (!weir_conformance_client_fill (self, size + 2))
        return FALSE;
      move (self, body, size);
      g_assert_cmpmem (self->in->data, 2, "\r\n", 2);
      g_byte_array_remove_range (self->in, 0, 2);
      if (size == 0)
        return TRUE;
    }
}

static gboolean
receive_body (WeirConformanceClient *self, WeirConformanceResponse *response)
{
  g_autofree char *length = weir_conformance_response_dup_field (response, "Content-Length", NULL);

  if (response->chunked)
    return receive_chunks (self, response->body);
  if (length != NULL)
    {
      guint64 size = g_ascii_strtoull (length, NULL, 10);
      gboolean whole = weir_conformance_client_fill (self, size);

      move (self, response->body, MIN (size, self->in->len));
      return whole;
    }

  response->by_close = TRUE;
  while (receive (self))
    ;
  move (self, response->body, self->in->len);
  return TRUE;
}

WeirConformanceResponse *
weir_conformance_client_receive (WeirConformanceClient *self, gboolean for_head)
{
  g_autoptr (WeirConformanceResponse) response = g_new0 (WeirConformanceResponse, 1);
  g_autofree char *coding = NULL;
  gssize length = find_line (self, "\r\n\r\n");

  response->body = g_byte_array_new ();
  if (length < 0)
    g_error ("The connection ended without a response: \"%.*s\"",
             (int) self->in->len,
             self->in->data);
  response->head = g_strndup ((const char *) self->in->data, (gsize) length + 2);
  g_byte_array_remove_range (self->in, 0, (guint) length + 4);
  g_assert_true (g_str_has_prefix (response->head, "HTTP/1.1 "));
  response->status = (guint) g_ascii_strtoull (response->head + 9, NULL, 10);
  coding = weir_conformance_response_dup_field (response, "Transfer-Encoding", NULL);
  response->chunked = g_strcmp0 (coding, "chunked") == 0;
  response->whole = for_head || response->status < 200 || response->status == 204 ||
                    response->status == 304 || receive_body (self, response);
  return g_steal_pointer (&response);
}

WeirConformanceResponse *
weir_conformance_client_ask (WeirConformanceClient *self, const char *request, guint status)
{
  g_autoptr (WeirConformanceResponse) response = NULL;

  weir_conformance_client_send (self, request, -1);
  response = weir_conformance_client_receive (self, g_str_has_prefix (request, "HEAD "));
  g_assert_cmpuint (response->status, ==, status);
  g_assert_true (response->whole);
  return g_steal_pointer (&response);
}

void
weir_conformance_client_check (WeirConformanceClient *self, const char *request, guint status)
{
  weir_conformance_response_free (weir_conformance_client_ask (self, request, status));
}

void
weir_conformance_client_check_alive (WeirConformanceClient *self)
{
  g_autoptr (WeirConformanceResponse) response =
      weir_conformance_client_ask (self, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", 200);

  weir_conformance_response_check_body (response, "hello\n");
}

void
weir_conformance_client_check_closed (WeirConformanceClient *self)
{
  g_assert_cmpuint (self->in->len, ==, 0);
  if (receive (self))
    g_error ("More came than was asked for: \"%.*s\"", (int) self->in->len, self->in->data);
}

void
weir_conformance_response_free (WeirConformanceResponse *self)
{
  g_free (self->head);
  g_clear_pointer (&self->body, g_byte_array_unref);
  g_free (self);
}

char *
weir_conformance_response_dup_field (WeirConformanceResponse *self, const char *name, guint *count)
{
  g_auto (GStrv) lines = g_strsplit (self->head, "\r\n", 0);
  char *value = NULL;
  guint n = 0;

  for (guint i = 1; lines[i] != NULL; i++)
    {
      gsize length = strlen (name);

      if (g_ascii_strncasecmp (lines[i], name, length) != 0 || lines[i][length] != ':')
        continue;
      n++;
      if (value == NULL)
        value = g_strstrip (g_strdup (lines[i] + length + 1));
    }
  if (count != NULL)
    *count = n;
  return value;
}

void
weir_conformance_response_check_body (WeirConformanceResponse *self, const char *text)
{
  g_assert_true (self->whole);
  g_assert_cmpmem (self->body->data, self->body->len, text, strlen (text));
}
