/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <glib/gstdio.h>
#include "http/weir-dispatch-stage-private.h"
#include "http/weir-request-id-stage-private.h"
#include "http/weir-route-stage-private.h"
#include "weir-fake-transport.h"

/* The whole way of a request: stages, slot, the real upstream, and a worker that is a thread
 * with a script at the other end of a Unix socket. */

typedef void (*Script) (int fd, guint n_connection);

typedef struct
{
  FakeTransport *fake;
  WeirPipeline *pipeline;
  WeirSlot *slot;
  WeirGate *gate;
  WeirUpstream *upstream;
  char *directory;
  char *path;
  int listener;
  GThread *thread;
  Script script;
  int n_connections; /* atomic */
} Fixture;

#define LARGE (3 * 1024 * 1024)

static gpointer
run_worker (gpointer user_data)
{
  Fixture *self = user_data;
  int fd;

  while ((fd = accept (self->listener, NULL, NULL)) >= 0)
    {
      self->script (fd, g_atomic_int_add (&self->n_connections, 1));
      close (fd);
    }
  return NULL;
}

static void
on_demand (WeirSlot *slot, gboolean wanted, gpointer user_data)
{
}

static void
on_activity (gpointer user_data)
{
}

static void
add_stages (Fixture *self)
{
  g_autoptr (GPtrArray) slots = g_ptr_array_new ();
  g_autoptr (WeirRouter) router = NULL;
  g_autoptr (WeirRequestIdStage) request_id = weir_request_id_stage_new ();
  g_autoptr (WeirRouteStage) route = weir_route_stage_new ();
  g_autoptr (WeirDispatchStage) last = weir_dispatch_stage_new ();

  g_ptr_array_add (slots, self->slot);
  router = weir_router_new (slots);
  weir_route_stage_set_router (route, router);
  weir_pipeline_add_stage (self->pipeline, WEIR_STAGE (last));
  weir_pipeline_add_stage (self->pipeline, WEIR_STAGE (route));
  weir_pipeline_add_stage (self->pipeline, WEIR_STAGE (request_id));
}

static void
set_up (Fixture *self, gconstpointer data)
{
  struct sockaddr_un address = { AF_UNIX };

  self->script = (Script) data;
  self->directory = g_dir_make_tmp ("weir-XXXXXX", NULL);
  self->path = g_build_filename (self->directory, "x.sock", NULL);
  g_strlcpy (address.sun_path, self->path, sizeof address.sun_path);
  self->listener = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_no_errno (bind (self->listener, (struct sockaddr *) &address, sizeof address));
  g_assert_no_errno (listen (self->listener, 16));
  self->thread = g_thread_new ("worker", run_worker, self);

  self->fake = fake_transport_new ();
  self->slot = weir_slot_new (self->fake->engine, "hello", on_demand, NULL);
  self->gate = weir_gate_new (on_activity, NULL, NULL);
  self->upstream = weir_upstream_new (self->fake->engine, self->path, self->gate);
  weir_slot_add_upstream (self->slot, self->upstream);
  self->pipeline = weir_pipeline_new (NULL);
  add_stages (self);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_assert_cmpuint (weir_gate_get_in_flight (self->gate), ==, 0);
  g_assert_cmpuint (weir_pipeline_get_open (self->pipeline), ==, 0);
  weir_slot_clear (self->slot);
  weir_upstream_unref (self->upstream);
  weir_exchange_set_route (self->fake->exchange, NULL, NULL);
  g_assert_finalize_object (self->pipeline);
  weir_slot_unref (self->slot);
  weir_gate_unref (self->gate);
  fake_transport_free (self->fake);

  shutdown (self->listener, SHUT_RDWR);
  g_thread_join (self->thread);
  close (self->listener);
  g_unlink (self->path);
  g_rmdir (self->directory);
  g_free (self->path);
  g_free (self->directory);
}

static WeirExchange *
begin (Fixture *self, const char *method, const char *target, gint64 length, const char *upgrade)
{
  WeirExchange *exchange = fake_transport_request (self->fake,
                                                   method,
                                                   target,
                                                   "Accept: */*\nX-Auth-Claims: e30",
                                                   length,
                                                   upgrade);

  weir_pipeline_begin (self->pipeline, exchange);
  return exchange;
}

/* ---- scripts ---- */

static char *
read_head (int fd)
{
  GString *head = g_string_new (NULL);
  char c;

  while (!g_str_has_suffix (head->str, "\r\n\r\n") && recv (fd, &c, 1, 0) == 1)
    g_string_append_c (head, c);
  return g_string_free (head, FALSE);
}

static void
write_all (int fd, const char *data, gsize length)
{
  while (length > 0)
    {
      gssize n = send (fd, data, length, MSG_NOSIGNAL);

      if (n <= 0)
        return;
      data += n;
      length -= n;
    }
}

static void
write_text (int fd, const char *text)
{
  write_all (fd, text, strlen (text));
}

/* Answers with the head that it got. */
static void
script_mirror (int fd, guint n)
{
  for (;;)
    {
      g_autofree char *head = read_head (fd);
      g_autofree char *answer = NULL;

      if (head[0] == '\0')
        return;
      answer = g_strdup_printf ("HTTP/1.1 200 OK\r\ncontent-length: %zu\r\n"
                                "content-type: text/plain\r\n\r\n%s",
                                strlen (head),
                                head);
      write_text (fd, answer);
    }
}

/* Says how many bytes of body came. */
static void
script_count (int fd, guint n)
{
  g_autofree char *answer = NULL;
  char buffer[4096];
  gsize total = 0;
  gssize got;

  g_free (read_head (fd));
  while (total < LARGE && (got = recv (fd, buffer, sizeof buffer, 0)) > 0)
    total += got;
  answer = g_strdup_printf ("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n%zu", total);
  write_text (fd, answer);
}

static void
script_large (int fd, guint n)
{
  g_autofree char *data = g_strnfill (LARGE, 'x');

  g_free (read_head (fd));
  write_text (fd, "HTTP/1.1 200 OK\r\ncontent-length: 3145728\r\n\r\n");
  write_all (fd, data, LARGE);
  g_free (read_head (fd));
}

/* The first connections die without a word. */
static void
script_dies_once (int fd, guint n)
{
  g_free (read_head (fd));
  if (n == 0)
    return;
  write_text (fd, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
  g_free (read_head (fd));
}

static void
script_dies (int fd, guint n)
{
  g_free (read_head (fd));
}

static void
script_half (int fd, guint n)
{
  g_free (read_head (fd));
  write_text (fd, "HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nhalf");
}

static void
script_nonsense (int fd, guint n)
{
  g_free (read_head (fd));
  write_text (fd, "GARBAGE\r\n\r\n");
}

/* Waits until the other side is gone. */
static void
script_silent (int fd, guint n)
{
  g_free (read_head (fd));
  g_free (read_head (fd));
}

static void
script_upgrade (int fd, guint n)
{
  char buffer[5];

  g_free (read_head (fd));
  write_text (fd,
              "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
              "\r\nhi");
  if (recv (fd, buffer, sizeof buffer, MSG_WAITALL) == sizeof buffer)
    write_all (fd, buffer, sizeof buffer);
}

/* ---- cases ---- */

static void
test_mirror (Fixture *self, gconstpointer data)
{
  const char *seen;

  begin (self, "GET", "/functions/v1/hello/a?b=c", 0, NULL);
  fake_transport_finish (self->fake);
  seen = self->fake->body->str;
  g_assert_true (g_str_has_prefix (seen, "GET http://example.org:9000/hello/a?b=c HTTP/1.1\r\n"));
  g_assert_nonnull (strstr (seen, "\r\nx-deno-client-address: 127.0.0.9:4711\r\n"));
  g_assert_nonnull (strstr (seen, "\r\nx-request-id: "));
  g_assert_nonnull (strstr (seen, "\r\nAccept: */*\r\n"));
  g_assert_null (strstr (seen, "Auth-Claims"));
}

static void
test_upload (Fixture *self, gconstpointer data)
{
  g_autofree guint8 *bytes = g_malloc0 (LARGE);
  WeirExchange *exchange = begin (self, "POST", "/hello", LARGE, NULL);
  gsize credit = WEIR_EXCHANGE_FIRST_CREDIT;
  gsize sent = 0;

  while (sent < LARGE)
    {
      gsize n = MIN (credit + self->fake->granted - sent, LARGE - sent);

      if (n > 0)
        weir_exchange_push_body (exchange, bytes, n);
      sent += n;
      g_main_context_iteration (self->fake->context, n == 0);
    }
  weir_exchange_end_body (exchange);
  fake_transport_finish (self->fake);
  g_assert_cmpstr (self->fake->body->str, ==, G_STRINGIFY (3145728));
}

static void
test_download (Fixture *self, gconstpointer data)
{
  WeirExchange *exchange = begin (self, "GET", "/hello", 0, NULL);
  gsize before;

  /* A client that takes nothing: the worker is read no further. */
  self->fake->queued = 1024 * 1024;
  while (self->fake->body->len == 0)
    g_main_context_iteration (self->fake->context, TRUE);
  before = self->fake->body->len;
  for (guint i = 0; i < 100; i++)
    g_main_context_iteration (self->fake->context, FALSE);
  g_assert_cmpuint (self->fake->body->len, ==, before);

  self->fake->queued = 0;
  weir_exchange_writable (exchange);
  fake_transport_finish (self->fake);
  g_assert_cmpuint (self->fake->body->len, ==, LARGE);
  g_assert_cmpuint (weir_exchange_get_bytes_sent (exchange), ==, LARGE);
}

static void
test_dies_once (Fixture *self, gconstpointer data)
{
  WeirExchange *exchange = begin (self, "PUT", "/hello", 3, NULL);

  weir_exchange_push_body (exchange, (const guint8 *) "abc", 3);
  weir_exchange_end_body (exchange);
  fake_transport_finish (self->fake);
  g_assert_cmpuint (self->fake->status, ==, 200);
  g_assert_cmpint (g_atomic_int_get (&self->n_connections), ==, 2);
}

static void
test_dies (Fixture *self, gconstpointer data)
{
  begin (self, "GET", "/functions/v1/hello", 0, NULL);
  fake_transport_finish (self->fake);
  g_assert_cmpuint (self->fake->status, ==, 500);
  g_assert_nonnull (strstr (self->fake->body->str, "WORKER_ERROR"));
  g_assert_cmpint (g_atomic_int_get (&self->n_connections), ==, 2);
}

static void
test_half (Fixture *self, gconstpointer data)
{
  begin (self, "GET", "/hello", 0, NULL);
  fake_transport_finish (self->fake);
  g_assert_true (g_str_has_suffix (self->fake->trace->str, " abort"));
  g_assert_cmpint (g_atomic_int_get (&self->n_connections), ==, 1);
}

static void
test_nonsense (Fixture *self, gconstpointer data)
{
  begin (self, "GET", "/functions/v1/hello", 0, NULL);
  fake_transport_finish (self->fake);
  g_assert_cmpuint (self->fake->status, ==, 502);
  g_assert_cmpstr (self->fake->body->str, ==, "Bad Gateway");
}

static void
test_gone (Fixture *self, gconstpointer data)
{
  WeirExchange *exchange = begin (self, "GET", "/hello", 0, NULL);

  while (g_atomic_int_get (&self->n_connections) == 0)
    g_main_context_iteration (self->fake->context, FALSE);
  weir_exchange_disconnect (exchange, NULL);
  /* The thread's join shows that its socket was closed. */
}

static void
test_upgrade (Fixture *self, gconstpointer data)
{
  int client[2];
  char buffer[8] = { 0 };
  gsize got = 0;

  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM, 0, client));
  self->fake->upgrade_fd = client[0];
  self->fake->early = g_bytes_new ("ear", 3);
  begin (self, "GET", "/hello", 0, "websocket");
  g_assert_cmpuint (weir_pipeline_get_open (self->pipeline), ==, 1);
  while (self->fake->status == 0)
    g_main_context_iteration (self->fake->context, TRUE);
  g_assert_cmpuint (weir_pipeline_get_open (self->pipeline), ==, 0);
  g_assert_cmpuint (weir_gate_get_in_flight (self->gate), ==, 0);
  g_assert_cmpuint (weir_gate_get_sockets (self->gate), ==, 1);
  write_text (client[1], "ly");
  fake_transport_finish (self->fake);
  g_assert_cmpuint (self->fake->status, ==, 101);
  while (got < 7)
    {
      gssize n = recv (client[1], buffer + got, 7 - got, 0);

      g_assert_cmpint (n, >, 0);
      got += n;
    }
  g_assert_cmpstr (buffer, ==, "hiearly");
  g_assert_cmpint (recv (client[1], buffer, 1, 0), ==, 0);
  close (client[1]);
}

#define ADD(name, script, func)                                                                    \
  g_test_add ("/http/dispatch-stage/" name, Fixture, script, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  ADD ("mirror", script_mirror, test_mirror);
  ADD ("upload", script_count, test_upload);
  ADD ("download", script_large, test_download);
  ADD ("dies-once", script_dies_once, test_dies_once);
  ADD ("dies", script_dies, test_dies);
  ADD ("half", script_half, test_half);
  ADD ("nonsense", script_nonsense, test_nonsense);
  ADD ("gone", script_silent, test_gone);
  ADD ("upgrade", script_upgrade, test_upgrade);
  return g_test_run ();
}
