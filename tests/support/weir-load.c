/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sends many requests at once over kept connections to this machine, and prints what came of
 * them as one JSON object:
 *
 *   weir-load PORT CONNECTIONS REQUESTS TARGET [FUNCTIONS [SECONDS]]
 *
 * With FUNCTIONS, a # in TARGET stands for a number below that, another for each request. It
 * ends after SECONDS (60) whatever happens. */

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CONNECTIONS 256
#define MAX_REQUESTS 1000000

typedef struct
{
  int fd;
  GString *out;
  GString *in;
  gint64 began;
} Connection;

typedef struct
{
  guint16 port;
  guint requests;
  guint functions;
  const char *target;
  guint begun;
  guint over;
  guint ok;
  guint statuses[1000];
  guint partial;  /* broken after the first byte of an answer */
  guint untold;   /* broken before it */
  guint refused;  /* no connection */
  GArray *delays; /* µs */
} Load;

static gboolean
open_connection (Load *load, Connection *self)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons (load->port) };
  int one = 1;

  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  self->fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (self->fd < 0 || connect (self->fd, (struct sockaddr *) &address, sizeof address) != 0)
    {
      if (self->fd >= 0)
        close (self->fd);
      self->fd = -1;
      return FALSE;
    }
  setsockopt (self->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return TRUE;
}

static void
drop_connection (Connection *self)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
  g_string_truncate (self->in, 0);
  g_string_truncate (self->out, 0);
}

static void
format_target (Load *load, GString *out)
{
  for (const char *p = load->target; *p != '\0'; p++)
    if (*p == '#')
      g_string_append_printf (out, "%u", load->begun % load->functions);
    else
      g_string_append_c (out, *p);
}

/* FALSE: there is nothing left to do. */
static gboolean
begin (Load *load, Connection *self)
{
  while (load->begun < load->requests)
    {
      if (self->fd < 0 && !open_connection (load, self))
        {
          load->begun++;
          load->over++;
          load->refused++;
          continue;
        }
      g_string_assign (self->out, "GET ");
      format_target (load, self->out);
      g_string_append (self->out, " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
      g_string_truncate (self->in, 0);
      self->began = g_get_monotonic_time ();
      load->begun++;
      return TRUE;
    }
  drop_connection (self);
  return FALSE;
}

static const char *
find_field (const char *head, const char *name)
{
  for (const char *line = strstr (head, "\r\n"); line != NULL; line = strstr (line + 2, "\r\n"))
    if (g_ascii_strncasecmp (line + 2, name, strlen (name)) == 0)
      return line + 2 + strlen (name);
  return NULL;
}

/* Whether a chunked body is whole. */
static gboolean
has_last_chunk (const char *body, gsize length)
{
  gsize at = 0;

  while (at < length)
    {
      const char *end = memchr (body + at, '\n', length - at);
      guint64 size = g_ascii_strtoull (body + at, NULL, 16);

      if (end == NULL)
        return FALSE;
      at = (end - body) + 1 + size + 2;
      if (size == 0)
        return at <= length;
    }
  return FALSE;
}

static gboolean
is_whole (GString *in)
{
  const char *end = strstr (in->str, "\r\n\r\n");
  const char *length;
  gsize body;

  if (end == NULL)
    return FALSE;
  body = end + 4 - in->str;
  length = find_field (in->str, "content-length:");
  if (length != NULL && length < end)
    return in->len >= body + g_ascii_strtoull (length, NULL, 10);
  return has_last_chunk (in->str + body, in->len - body);
}

static gboolean
wants_close (GString *in)
{
  const char *field = find_field (in->str, "connection:");
  const char *end = strstr (in->str, "\r\n\r\n");

  return field != NULL && field < end && strstr (field, "close") != NULL &&
         strstr (field, "close") < end;
}

static void
finish (Load *load, Connection *self)
{
  guint status = 0;
  gint64 delay = g_get_monotonic_time () - self->began;

  if (sscanf (self->in->str, "HTTP/1.1 %3u", &status) == 1)
    load->statuses[status]++;
  if (status == 200)
    load->ok++;
  load->over++;
  g_array_append_val (load->delays, delay);
  if (wants_close (self->in))
    drop_connection (self);
  begin (load, self);
}

static void
fail (Load *load, Connection *self)
{
  load->over++;
  if (self->in->len > 0)
    load->partial++;
  else
    load->untold++;
  drop_connection (self);
  begin (load, self);
}

static void
on_writable (Load *load, Connection *self)
{
  gssize n = send (self->fd, self->out->str, self->out->len, MSG_NOSIGNAL | MSG_DONTWAIT);

  if (n > 0)
    g_string_erase (self->out, 0, n);
  else if (n < 0 && errno != EAGAIN)
    fail (load, self);
}

static void
on_readable (Load *load, Connection *self)
{
  char buffer[16384];
  gssize n = recv (self->fd, buffer, sizeof buffer, MSG_DONTWAIT);

  if (n < 0 && errno == EAGAIN)
    return;
  if (n <= 0)
    {
      fail (load, self);
      return;
    }
  g_string_append_len (self->in, buffer, n);
  if (is_whole (self->in))
    finish (load, self);
}

static void
run (Load *load, Connection *connections, guint n, gint64 deadline)
{
  struct pollfd fds[MAX_CONNECTIONS];

  for (guint i = 0; i < n; i++)
    begin (load, &connections[i]);
  while (load->over < load->begun && g_get_monotonic_time () < deadline)
    {
      for (guint i = 0; i < n; i++)
        {
          fds[i].fd = connections[i].fd;
          fds[i].events = POLLIN | (connections[i].out->len > 0 ? POLLOUT : 0);
          fds[i].revents = 0;
        }
      if (poll (fds, n, 1000) < 0)
        continue;
      for (guint i = 0; i < n; i++)
        {
          if (fds[i].revents & POLLOUT)
            on_writable (load, &connections[i]);
          if (connections[i].fd == fds[i].fd && fds[i].revents & (POLLIN | POLLHUP | POLLERR))
            on_readable (load, &connections[i]);
        }
    }
}

static int
compare_delays (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a;
  gint64 y = *(const gint64 *) b;

  return (x > y) - (x < y);
}

static double
get_percentile (Load *load, double part)
{
  if (load->delays->len == 0)
    return 0;
  return g_array_index (load->delays, gint64, (guint) (part * (load->delays->len - 1))) / 1000.0;
}

static void
print (Load *load, double seconds)
{
  const char *separator = "";

  g_array_sort (load->delays, compare_delays);
  printf ("{\"requests\":%u,\"ok\":%u,\"partial\":%u,\"untold\":%u,\"refused\":%u,"
          "\"unfinished\":%u,\"seconds\":%.3f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,"
          "\"statuses\":{",
          load->begun,
          load->ok,
          load->partial,
          load->untold,
          load->refused,
          load->begun - load->over,
          seconds,
          get_percentile (load, 0.5),
          get_percentile (load, 0.99),
          get_percentile (load, 1));
  for (guint i = 0; i < G_N_ELEMENTS (load->statuses); i++)
    if (load->statuses[i] > 0)
      {
        printf ("%s\"%u\":%u", separator, i, load->statuses[i]);
        separator = ",";
      }
  printf ("}}\n");
}

int
main (int argc, char **argv)
{
  Load load = { 0 };
  Connection connections[MAX_CONNECTIONS];
  gint64 start = g_get_monotonic_time ();
  guint seconds;
  guint n;

  if (argc < 5)
    {
      fprintf (stderr,
               "Usage: %s PORT CONNECTIONS REQUESTS TARGET [FUNCTIONS [SECONDS]]\n",
               argv[0]);
      return 2;
    }
  load.port = g_ascii_strtoull (argv[1], NULL, 10);
  n = CLAMP (g_ascii_strtoull (argv[2], NULL, 10), 1, MAX_CONNECTIONS);
  load.requests = MIN (g_ascii_strtoull (argv[3], NULL, 10), MAX_REQUESTS);
  load.target = argv[4];
  load.functions = argc > 5 ? MAX (g_ascii_strtoull (argv[5], NULL, 10), 1) : 1;
  seconds = argc > 6 ? MIN (g_ascii_strtoull (argv[6], NULL, 10), 1800) : 60;
  load.delays = g_array_new (FALSE, FALSE, sizeof (gint64));
  for (guint i = 0; i < n; i++)
    connections[i] = (Connection){ -1, g_string_new (NULL), g_string_new (NULL), 0 };

  run (&load, connections, n, start + seconds * G_TIME_SPAN_SECOND);
  print (&load, (g_get_monotonic_time () - start) / 1e6);

  for (guint i = 0; i < n; i++)
    {
      drop_connection (&connections[i]);
      g_string_free (connections[i].out, TRUE);
      g_string_free (connections[i].in, TRUE);
    }
  g_array_unref (load.delays);
  return 0;
}
