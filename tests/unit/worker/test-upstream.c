/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-upstream-private.h"
#include "base/weir-error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* A worker that follows a script, in a thread of its own with blocking sockets. */
typedef struct _Peer Peer;
typedef void (*Script) (Peer *peer, int fd, guint index);

struct _Peer
{
  char *directory;
  char *path;
  int listener;
  Script script;
  GThread *thread;
  int n_connections;
  int said; /* what the script wants the test to know */
  GString *received;
  const char *text;
};

typedef struct
{
  GMainContext *context;
  WeirEngine *engine;
  WeirGate *gate;
  WeirUpstream *upstream;
  GSource *watchdog;
  Peer peer;
} Fixture;

typedef struct _Client Client;
struct _Client
{
  Fixture *fixture;
  WeirUpstreamCall *call;
  guint n_heads;
  guint status;
  gint64 length;
  GString *fields;
  GString *body;
  guint64 n_body;
  gboolean ended;
  GError *error;
  gboolean untouched;
  int fd;
  GString *early;
  guint n_writable;
  gboolean keep_body;
  gboolean over;
  void (*on_head) (Client *client);
  void (*on_body) (Client *client);
  void (*on_end) (Client *client);
  void (*on_failed) (Client *client);
  void (*on_writable) (Client *client);
};

static gpointer
run_peer (gpointer user_data)
{
  Peer *peer = user_data;
  struct timeval patience = { .tv_sec = 15 };
  int fd;

  while ((fd = accept (peer->listener, NULL, NULL)) >= 0)
    {
      setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
      peer->script (peer, fd, (guint) g_atomic_int_add (&peer->n_connections, 1));
      close (fd);
    }
  return NULL;
}

static void
peer_listen (Peer *peer, int backlog)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  peer->listener = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_strlcpy (address.sun_path, peer->path, sizeof address.sun_path);
  g_assert_cmpint (bind (peer->listener, (struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_cmpint (listen (peer->listener, backlog), ==, 0);
}

static void
peer_start (Fixture *fixture, Script script)
{
  fixture->peer.script = script;
  if (fixture->peer.listener < 0)
    peer_listen (&fixture->peer, 64);
  fixture->peer.thread = g_thread_new ("peer", run_peer, &fixture->peer);
}

static gboolean
send_all (int fd, gconstpointer data, gsize length)
{
  while (length > 0)
    {
      gssize n = send (fd, data, length, MSG_NOSIGNAL);

      if (n <= 0)
        return FALSE;
      data = (const char *) data + n;
      length -= (gsize) n;
    }
  return TRUE;
}

static void
send_text (int fd, const char *text)
{
  send_all (fd, text, strlen (text));
}

/* Reads up to the end of a head, one byte at a time: no byte of a body. */
static gboolean
read_head (int fd, GString *head)
{
  char c;

  g_string_truncate (head, 0);
  while (recv (fd, &c, 1, 0) == 1)
    {
      g_string_append_c (head, c);
      if (g_str_has_suffix (head->str, "\r\n\r\n"))
        return TRUE;
    }
  return FALSE;
}

static gboolean
on_watchdog (gpointer user_data)
{
  g_error ("The test hangs");
  return G_SOURCE_REMOVE;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->context = g_main_context_new ();
  g_main_context_push_thread_default (fixture->context);
  fixture->engine = weir_engine_new (NULL, &error);
  g_assert_no_error (error);
  fixture->watchdog = g_timeout_source_new_seconds (25);
  g_source_set_callback (fixture->watchdog, on_watchdog, NULL, NULL);
  g_source_attach (fixture->watchdog, fixture->context);
  fixture->peer.directory = g_dir_make_tmp ("weir-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->peer.path = g_build_filename (fixture->peer.directory, "s", NULL);
  fixture->peer.listener = -1;
  fixture->peer.received = g_string_new (NULL);
  fixture->gate = weir_gate_new (NULL, NULL, NULL);
  fixture->upstream = weir_upstream_new (fixture->engine, fixture->peer.path, fixture->gate);
  g_assert_true (weir_upstream_get_gate (fixture->upstream) == fixture->gate);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  weir_upstream_close (fixture->upstream);
  weir_upstream_unref (fixture->upstream);
  weir_gate_unref (fixture->gate);
  if (fixture->peer.listener >= 0)
    shutdown (fixture->peer.listener, SHUT_RDWR);
  if (fixture->peer.thread != NULL)
    g_thread_join (fixture->peer.thread);
  if (fixture->peer.listener >= 0)
    close (fixture->peer.listener);
  g_unlink (fixture->peer.path);
  g_rmdir (fixture->peer.directory);
  g_free (fixture->peer.path);
  g_free (fixture->peer.directory);
  g_string_free (fixture->peer.received, TRUE);
  g_source_destroy (fixture->watchdog);
  g_source_unref (fixture->watchdog);
  g_assert_finalize_object (fixture->engine);
  g_main_context_pop_thread_default (fixture->context);
  g_main_context_unref (fixture->context);
}

static void
on_head (WeirUpstreamCall *call, WeirHead *head, gint64 length, gpointer user_data)
{
  Client *client = user_data;
  guint n_fields;
  const WeirField *fields = weir_head_get_fields (head, &n_fields);

  client->n_heads++;
  client->status = weir_head_get_status (head);
  client->length = length;
  for (guint i = 0; i < n_fields; i++)
    {
      g_string_append_len (client->fields, fields[i].name, fields[i].name_length);
      g_string_append_c (client->fields, '=');
      g_string_append_len (client->fields, fields[i].value, fields[i].value_length);
      g_string_append_c (client->fields, ';');
    }
  if (client->on_head != NULL)
    client->on_head (client);
}

static void
on_body (WeirUpstreamCall *call, const guint8 *data, gsize length, gpointer user_data)
{
  Client *client = user_data;

  g_assert_cmpuint (length, >, 0);
  g_assert_cmpuint (client->n_heads, ==, 1);
  client->n_body += length;
  if (client->keep_body)
    g_string_append_len (client->body, (const char *) data, (gssize) length);
  if (client->on_body != NULL)
    client->on_body (client);
}

static void
on_end (WeirUpstreamCall *call, gpointer user_data)
{
  Client *client = user_data;

  g_assert_false (client->over);
  client->ended = client->over = TRUE;
  if (client->on_end != NULL)
    client->on_end (client);
}

static void
on_failed (WeirUpstreamCall *call, const GError *error, gboolean untouched, gpointer user_data)
{
  Client *client = user_data;

  g_assert_false (client->over);
  client->error = g_error_copy (error);
  client->untouched = untouched;
  client->over = TRUE;
  if (client->on_failed != NULL)
    client->on_failed (client);
}

static void
on_writable (WeirUpstreamCall *call, gpointer user_data)
{
  Client *client = user_data;

  client->n_writable++;
  if (client->on_writable != NULL)
    client->on_writable (client);
}

static void
on_upgraded (WeirUpstreamCall *call,
             WeirHead *head,
             int fd,
             const guint8 *early,
             gsize early_length,
             gpointer user_data)
{
  Client *client = user_data;

  on_head (call, head, 0, client);
  client->fd = fd;
  g_string_append_len (client->early, (const char *) early, (gssize) early_length);
  client->over = TRUE;
}

static const WeirUpstreamCallbacks callbacks = {
  on_head, on_body, on_end, on_failed, on_writable, on_upgraded,
};

static void
client_init (Client *client, Fixture *fixture)
{
  *client = (Client){ .fixture = fixture, .fd = -1, .keep_body = TRUE };
  client->fields = g_string_new (NULL);
  client->body = g_string_new (NULL);
  client->early = g_string_new (NULL);
}

static void
client_clear (Client *client)
{
  g_string_free (client->fields, TRUE);
  g_string_free (client->body, TRUE);
  g_string_free (client->early, TRUE);
  g_clear_error (&client->error);
  if (client->fd >= 0)
    close (client->fd);
}

static void
client_call (Client *client, const char *method, const char *upgrade, gint64 body_length)
{
  g_autoptr (WeirHead) head = weir_head_new ();

  weir_head_set_request (head, method, "http", "localhost:9000", "/a?b=c");
  weir_head_add (head, "x-one", "1");
  client->call = weir_upstream_call (client->fixture->upstream,
                                     head,
                                     NULL,
                                     upgrade,
                                     body_length,
                                     &callbacks,
                                     client);
  g_assert_false (client->over);
}

static void
client_wait (Client *client)
{
  while (!client->over)
    g_main_context_iteration (client->fixture->context, TRUE);
}

static void
wait_for_peer (Fixture *fixture, int said)
{
  while (g_atomic_int_get (&fixture->peer.said) < said)
    g_thread_yield ();
}

static void
script_text (Peer *peer, int fd, guint index)
{
  g_autoptr (GString) head = g_string_new (NULL);

  while (read_head (fd, head))
    {
      g_string_assign (peer->received, head->str);
      g_atomic_int_inc (&peer->said);
      send_text (fd, peer->text);
    }
}

static void
test_request (Fixture *fixture, gconstpointer data)
{
  Client client;
  g_autoptr (WeirHead) head = weir_head_new ();

  fixture->peer.text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nKeep-Alive: timeout=5\r\nX-Gone: "
                       "1\r\nconnection: keep-alive , x-gone\r\nSet-Cookie: a\r\nset-cookie: "
                       "b\r\n\r\nhello";
  peer_start (fixture, script_text);
  client_init (&client, fixture);
  weir_head_set_request (head, "GET", "https", "example.com", "/a?b");
  weir_head_add (head, "Host", "other");
  weir_head_add (head, "Accept", "*/*");
  weir_head_add (head, "Connection", "close, x-private, X-Request-Id");
  weir_head_add (head, "X-Private", "secret");
  weir_head_add (head, "X-Request-Id", "7");
  weir_head_add (head, "Content-Length", "77");
  weir_head_add (head, "Transfer-Encoding", "chunked");
  weir_head_add (head, "TE", "trailers");
  weir_head_add (head, "Expect", "100-continue");
  weir_head_add (head, "Upgrade", "h2c");
  weir_head_add (head, "X-Deno-Client-Address", "6.6.6.6:6");
  weir_head_add (head, "empty", "");
  weir_head_add_borrowed (head, WEIR_FIELD_OTHER, "evil", 4, "a\r\nb: c", 7);
  client.call =
      weir_upstream_call (fixture->upstream, head, "x-extra: 1\r\n", NULL, 0, &callbacks, &client);
  client_wait (&client);

  g_assert_true (client.ended);
  g_assert_cmpstr (fixture->peer.received->str,
                   ==,
                   "GET https://example.com/a?b HTTP/1.1\r\nhost: example.com\r\nAccept: "
                   "*/*\r\nX-Request-Id: 7\r\nempty: \r\nx-extra: 1\r\n\r\n");
  g_assert_cmpuint (client.status, ==, 200);
  g_assert_cmpint (client.length, ==, 5);
  g_assert_cmpstr (client.body->str, ==, "hello");
  g_assert_cmpstr (client.fields->str, ==, "Set-Cookie=a;set-cookie=b;");
  client_clear (&client);
}

static void
test_bad_request (Fixture *fixture, gconstpointer data)
{
  static const char *const bad[][3] = { { "GE T", "a", "/" },
                                        { "GET", "a b", "/" },
                                        { "GET", "a", "/ HTTP/1.1\r\n" },
                                        { "GET", "a", "x" },
                                        { "", "a", "/" } };

  peer_start (fixture, script_text);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (WeirHead) head = weir_head_new ();
      Client client;

      client_init (&client, fixture);
      weir_head_set_request (head, bad[i][0], "http", bad[i][1], bad[i][2]);
      client.call =
          weir_upstream_call (fixture->upstream, head, NULL, NULL, 0, &callbacks, &client);
      g_assert_false (client.over);
      client_wait (&client);
      g_assert_error (client.error, WEIR_ERROR, WEIR_ERROR_BAD_REQUEST);
      client_clear (&client);
    }
  g_assert_cmpint (fixture->peer.n_connections, ==, 0);
}

static void
script_bytewise (Peer *peer, int fd, guint index)
{
  while (read_head (fd, peer->received))
    {
      for (const char *c = peer->text; *c != '\0'; c++)
        {
          send_all (fd, c, 1);
          g_thread_yield ();
        }
    }
}

static void
test_bytewise (Fixture *fixture, gconstpointer data)
{
  fixture->peer.text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nlink: x\r\n\r\n"
                       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nx: y\r\n\r\n"
                       "5;a=b\r\nhello\r\n001\r\n \r\n5\r\nworld\r\n0\r\ntrail: er\r\n\r\n";
  peer_start (fixture, script_bytewise);
  for (guint i = 0; i < 3; i++)
    {
      Client client;

      client_init (&client, fixture);
      client_call (&client, "GET", NULL, 0);
      client_wait (&client);
      g_assert_true (client.ended);
      g_assert_cmpint (client.length, ==, -1);
      g_assert_cmpstr (client.body->str, ==, "hello world");
      g_assert_cmpstr (client.fields->str, ==, "x=y;");
      client_clear (&client);
    }
  g_assert_cmpint (fixture->peer.n_connections, ==, 1); /* reused */
}

static void
test_bodiless (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *method;
    const char *answer;
    gint64 length;
  } cases[] = {
    { "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", 500 },
    { "HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", -1 },
    { "HEAD", "HTTP/1.1 204 No Content\r\n\r\n", 0 },
    { "GET", "HTTP/1.1 204 No Content\r\n\r\n", 0 },
    { "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 0 },
    { "POST", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 0 },
  };

  peer_start (fixture, script_text);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Client client;

      fixture->peer.text = cases[i].answer;
      client_init (&client, fixture);
      client_call (&client, cases[i].method, NULL, 0);
      client_wait (&client);
      g_assert_no_error (client.error);
      g_assert_cmpint (client.length, ==, cases[i].length);
      g_assert_cmpuint (client.n_body, ==, 0);
      client_clear (&client);
    }
  g_assert_cmpint (fixture->peer.n_connections, ==, 1);
}

static void
script_text_once (Peer *peer, int fd, guint index)
{
  if (read_head (fd, peer->received))
    send_text (fd, peer->text);
}

static void
test_close_delimited (Fixture *fixture, gconstpointer data)
{
  fixture->peer.text = "HTTP/1.1 200 OK\r\n\r\nuntil the end";
  peer_start (fixture, script_text_once);
  for (guint i = 0; i < 2; i++)
    {
      Client client;

      client_init (&client, fixture);
      client_call (&client, "GET", NULL, 0);
      client_wait (&client);
      g_assert_true (client.ended);
      g_assert_cmpint (client.length, ==, -1);
      g_assert_cmpstr (client.body->str, ==, "until the end");
      client_clear (&client);
    }
  g_assert_cmpint (fixture->peer.n_connections, ==, 2);
}

static void
test_connection_close (Fixture *fixture, gconstpointer data)
{
  static const char *const cases[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: Close\r\n\r\nok",
    "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more",
  };

  peer_start (fixture, script_text);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Client client;

      fixture->peer.text = cases[i];
      client_init (&client, fixture);
      client_call (&client, "GET", NULL, 0);
      client_wait (&client);
      g_assert_cmpstr (client.body->str, ==, "ok");
      client_clear (&client);
    }
  g_assert_cmpint (fixture->peer.n_connections, ==, G_N_ELEMENTS (cases));
}

static void
test_broken (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *text;
    int code;
    gboolean untouched;
  } cases[] = {
    { "", WEIR_ERROR_WORKER_FAILED, TRUE },
    { "HTTP/1.1 2", WEIR_ERROR_WORKER_FAILED, FALSE },
    { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", WEIR_ERROR_WORKER_FAILED, FALSE },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
      WEIR_ERROR_WORKER_FAILED,
      FALSE },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n",
      WEIR_ERROR_BAD_GATEWAY,
      FALSE },
    { "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", WEIR_ERROR_BAD_GATEWAY, FALSE },
    { "SSH-2.0-x\r\n\r\n", WEIR_ERROR_BAD_GATEWAY, FALSE },
  };

  peer_start (fixture, script_text_once);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Client client;

      fixture->peer.text = cases[i].text;
      client_init (&client, fixture);
      client_call (&client, "GET", NULL, 0);
      client_wait (&client);
      g_assert_error (client.error, WEIR_ERROR, cases[i].code);
      g_assert_cmpint (client.untouched, ==, cases[i].untouched);
      client_clear (&client);
    }
}

static void
test_missing_socket (Fixture *fixture, gconstpointer data)
{
  Client client;

  client_init (&client, fixture);
  client_call (&client, "GET", NULL, 0);
  client_wait (&client);
  g_assert_error (client.error, WEIR_ERROR, WEIR_ERROR_WORKER_FAILED);
  g_assert_true (client.untouched);
  client_clear (&client);
}

/* More at once than the worker's queue takes: the rest waits for its turn. */
static void
test_full_backlog (Fixture *fixture, gconstpointer data)
{
  Client clients[20];

  peer_listen (&fixture->peer, 1);
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      client_init (&clients[i], fixture);
      client_call (&clients[i], "GET", NULL, 0);
    }
  while (g_main_context_iteration (fixture->context, FALSE))
    ;
  fixture->peer.text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
  peer_start (fixture, script_text_once);
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      client_wait (&clients[i]);
      g_assert_no_error (clients[i].error);
      g_assert_cmpstr (clients[i].body->str, ==, "ok");
      client_clear (&clients[i]);
    }
}

static void
script_close_after_first (Peer *peer, int fd, guint index)
{
  if (index > 0)
    {
      script_text (peer, fd, index);
      return;
    }
  read_head (fd, peer->received);
  send_text (fd, peer->text);
  while (g_atomic_int_get (&peer->said) == 0)
    g_thread_yield ();
  shutdown (fd, SHUT_RDWR);
  g_atomic_int_set (&peer->said, 2);
}

static void
dead_idle (Fixture *fixture, gboolean noticed)
{
  Client first;
  Client second;

  fixture->peer.text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  peer_start (fixture, script_close_after_first);
  client_init (&first, fixture);
  client_call (&first, "GET", NULL, 0);
  client_wait (&first);
  g_assert_true (first.ended);
  g_atomic_int_set (&fixture->peer.said, 1);
  wait_for_peer (fixture, 2);
  if (noticed)
    {
      while (g_main_context_iteration (fixture->context, FALSE))
        ;
    }

  client_init (&second, fixture);
  client_call (&second, "GET", NULL, 0);
  client_wait (&second);
  if (noticed)
    g_assert_cmpstr (second.body->str, ==, "ok");
  else
    {
      g_assert_error (second.error, WEIR_ERROR, WEIR_ERROR_WORKER_FAILED);
      g_assert_true (second.untouched);
    }
  client_clear (&first);
  client_clear (&second);
}

static void
test_dead_idle_noticed (Fixture *fixture, gconstpointer data)
{
  dead_idle (fixture, TRUE);
}

static void
test_dead_idle_used (Fixture *fixture, gconstpointer data)
{
  dead_idle (fixture, FALSE);
}

static void
script_close_two (Peer *peer, int fd, guint index)
{
  int fds[2] = { fd, -1 };

  if (index > 0)
    {
      script_text (peer, fd, index);
      return;
    }
  fds[1] = accept (peer->listener, NULL, NULL);
  for (guint i = 0; i < 2; i++)
    read_head (fds[i], peer->received);
  for (guint i = 0; i < 2; i++)
    send_text (fds[i], peer->text);
  while (g_atomic_int_get (&peer->said) == 0)
    g_thread_yield ();
  for (guint i = 0; i < 2; i++)
    shutdown (fds[i], SHUT_RDWR);
  g_atomic_int_set (&peer->said, 2);
  close (fds[1]);
}

static void
retry (Client *client)
{
  g_assert_true (client->untouched);
  g_clear_error (&client->error);
  client->on_failed = NULL;
  client->over = FALSE;
  client_call (client, "GET", NULL, 0);
}

/* Who asks again, from where it is told, must not get the next dead one. */
static void
test_dead_idle_retry (Fixture *fixture, gconstpointer data)
{
  Client clients[3];

  fixture->peer.text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  peer_start (fixture, script_close_two);
  for (guint i = 0; i < 2; i++)
    {
      client_init (&clients[i], fixture);
      client_call (&clients[i], "GET", NULL, 0);
    }
  for (guint i = 0; i < 2; i++)
    client_wait (&clients[i]);
  g_atomic_int_set (&fixture->peer.said, 1);
  wait_for_peer (fixture, 2);

  client_init (&clients[2], fixture);
  clients[2].on_failed = retry;
  client_call (&clients[2], "GET", NULL, 0);
  client_wait (&clients[2]);
  g_assert_no_error (clients[2].error);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpstr (clients[i].body->str, ==, "ok");
      client_clear (&clients[i]);
    }
}

static void
call_again (Client *client)
{
  if (client->n_writable++ < 100)
    {
      client->n_heads = 0;
      client->over = FALSE;
      client_call (client, "GET", NULL, 0);
    }
}

static void
test_again_from_end (Fixture *fixture, gconstpointer data)
{
  Client client;

  fixture->peer.text = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n.";
  peer_start (fixture, script_text);
  client_init (&client, fixture);
  client.on_end = call_again;
  client_call (&client, "GET", NULL, 0);
  client_wait (&client);
  g_assert_cmpuint (client.n_body, ==, 101);
  g_assert_cmpint (fixture->peer.n_connections, ==, 1);
  client_clear (&client);
}

static void
script_upgrade (Peer *peer, int fd, guint index)
{
  char c;

  read_head (fd, peer->received);
  send_text (fd,
             "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "
             "websocket\r\nSec-WebSocket-Accept: x\r\n\r\nearly");
  while (recv (fd, &c, 1, 0) == 1)
    send_all (fd, &c, 1);
}

static void
test_upgrade (Fixture *fixture, gconstpointer data)
{
  Client client;
  char text[16] = { 0 };

  peer_start (fixture, script_upgrade);
  client_init (&client, fixture);
  client_call (&client, "GET", "websocket", 0);
  client_wait (&client);
  g_assert_cmpuint (client.status, ==, 101);
  g_assert_nonnull (strstr (fixture->peer.received->str,
                            "\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"));
  g_assert_cmpstr (client.fields->str, ==, "Sec-WebSocket-Accept=x;");
  g_assert_cmpstr (client.early->str, ==, "early");
  g_assert_true (send_all (client.fd, "echo", 4));
  for (gsize got = 0; got < 4;)
    {
      gssize n = recv (client.fd, text + got, 4 - got, 0);

      if (n > 0)
        got += (gsize) n;
      else
        g_assert_cmpint (errno, ==, EAGAIN);
    }
  g_assert_cmpstr (text, ==, "echo");
  client_clear (&client);
}

static void
test_upgrade_refused (Fixture *fixture, gconstpointer data)
{
  Client client;

  fixture->peer.text = "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno";
  peer_start (fixture, script_text);
  client_init (&client, fixture);
  client_call (&client, "GET", "websocket", 0);
  client_wait (&client);
  g_assert_cmpuint (client.status, ==, 426);
  g_assert_cmpstr (client.body->str, ==, "no");
  client_clear (&client);
}

#define MIB (1024 * 1024)

static void
script_large (Peer *peer, int fd, guint index)
{
  g_autofree char *block = g_strnfill (MIB, 'x');

  read_head (fd, peer->received);
  send_text (fd, "HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n");
  for (guint i = 0; i < 64 && send_all (fd, block, MIB); i++)
    ;
  read_head (fd, peer->received);
}

static gsize
get_rss (void)
{
  g_autofree char *text = NULL;
  unsigned long pages = 0;

  g_file_get_contents ("/proc/self/statm", &text, NULL, NULL);
  sscanf (text, "%*u %lu", &pages);
  return pages * (gsize) getpagesize ();
}

static gboolean
on_resume (gpointer user_data)
{
  Client *client = user_data;

  if (!client->over)
    weir_upstream_call_resume (client->call);
  return G_SOURCE_REMOVE;
}

static void
pause_and_resume_later (Client *client)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  weir_upstream_call_pause (client->call);
  client->n_writable++;
  g_source_set_callback (source, on_resume, client, NULL);
  g_source_attach (source, client->fixture->context);
}

static void
test_pause (Fixture *fixture, gconstpointer data)
{
  Client client;
  gsize before;

  peer_start (fixture, script_large);
  client_init (&client, fixture);
  client.keep_body = FALSE;
  client.on_head = pause_and_resume_later;
  client.on_body = pause_and_resume_later;
  before = get_rss ();
  client_call (&client, "GET", NULL, 0);
  client_wait (&client);
  g_assert_true (client.ended);
  g_assert_cmpuint (client.n_body, ==, 64 * MIB);
  g_assert_cmpuint (client.n_writable, >, 100);
#ifndef __SANITIZE_ADDRESS__
  g_assert_cmpuint (get_rss (), <, before + 8 * MIB);
#else
  (void) before;
#endif
  client_clear (&client);
}

/* Paused for good, it takes no more than one read and what the kernel holds. */
static void
test_pause_holds (Fixture *fixture, gconstpointer data)
{
  Client client;

  peer_start (fixture, script_large);
  client_init (&client, fixture);
  client.keep_body = FALSE;
  client_call (&client, "GET", NULL, 0);
  weir_upstream_call_pause (client.call);
  for (guint i = 0; i < 50; i++)
    g_main_context_iteration (fixture->context, FALSE);
  g_assert_cmpuint (client.n_heads, ==, 0);
  weir_upstream_call_resume (client.call);
  weir_upstream_call_pause (client.call);
  weir_upstream_call_resume (client.call);
  while (client.n_body == 0)
    g_main_context_iteration (fixture->context, TRUE);
  weir_upstream_call_cancel (client.call);
  client_clear (&client);
}

/* Pausing with the last byte must not lose the end. */
static void
test_pause_at_end (Fixture *fixture, gconstpointer data)
{
  fixture->peer.text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  peer_start (fixture, script_text);
  for (guint i = 0; i < 2; i++)
    {
      Client client;

      client_init (&client, fixture);
      client.on_body = pause_and_resume_later;
      client_call (&client, "GET", NULL, 0);
      client_wait (&client);
      g_assert_true (client.ended);
      client_clear (&client);
    }
  g_assert_cmpint (fixture->peer.n_connections, ==, 1);
}

static gsize upload_left;
static gsize upload_piece;

static void
upload_more (Client *client)
{
  static guint8 piece[100000];

  while (upload_left > 0)
    {
      gsize length = MIN (upload_left, upload_piece);

      for (gsize i = 0; i < length; i++)
        piece[i] = (guint8) ((upload_left - i) * 7);
      upload_left -= length;
      if (weir_upstream_call_write (client->call, piece, length) > 256 * 1024)
        return;
    }
  weir_upstream_call_end_body (client->call);
}

static gboolean
read_byte (int fd, guint8 *byte)
{
  static __thread guint8 block[65536];
  static __thread gssize length;
  static __thread gssize at;

  if (at == length)
    {
      at = 0;
      length = recv (fd, block, sizeof block, 0);
      if (length <= 0)
        return length = 0;
    }
  *byte = block[at++];
  return TRUE;
}

#define UPLOAD (5 * MIB)

static gsize
read_chunk_size (int fd, gboolean first)
{
  guint8 c = 0;
  gsize size = 0;

  if (!first)
    g_assert_true (read_byte (fd, &c) && c == '\r' && read_byte (fd, &c) && c == '\n');
  while (read_byte (fd, &c) && c != '\r')
    size = size * 16 + (gsize) g_ascii_xdigit_value ((char) c);
  g_assert_true (read_byte (fd, &c) && c == '\n');
  return size;
}

/* Reads a body of UPLOAD bytes, which it checks one by one, twice. */
static void
script_upload (Peer *peer, int fd, guint index)
{
  while (read_head (fd, peer->received))
    {
      gboolean chunked = strstr (peer->received->str, "chunked") != NULL;
      gsize chunk = 0;
      gsize bad = 0;
      guint8 c;

      for (gsize left = UPLOAD; left > 0; left--)
        {
          if (chunked && chunk == 0)
            chunk = read_chunk_size (fd, left == UPLOAD);
          if (!read_byte (fd, &c))
            return;
          bad += c != (guint8) (left * 7);
          chunk--;
        }
      if (chunked)
        {
          g_assert_cmpuint (read_chunk_size (fd, FALSE), ==, 0);
          g_assert_true (read_byte (fd, &c) && c == '\r' && read_byte (fd, &c) && c == '\n');
        }
      g_atomic_int_add (&peer->said, (int) MIN (bad, 1000));
      send_text (fd, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone");
    }
}

static void
test_upload (Fixture *fixture, gconstpointer data)
{
  static const gsize pieces[] = { 100000, 1000, 17000 };

  peer_start (fixture, script_upload);
  for (guint i = 0; i < 2 * G_N_ELEMENTS (pieces); i++)
    {
      Client client;

      client_init (&client, fixture);
      client.on_writable = upload_more;
      client_call (&client, "POST", NULL, i % 2 ? -1 : UPLOAD);
      upload_left = UPLOAD;
      upload_piece = pieces[i / 2];
      upload_more (&client);
      client_wait (&client);
      g_assert_no_error (client.error);
      g_assert_cmpstr (client.body->str, ==, "done");
      g_assert_cmpuint (client.n_writable, >, 0);
      client_clear (&client);
    }
  g_assert_cmpint (fixture->peer.said, ==, 0);
  g_assert_cmpint (fixture->peer.n_connections, ==, 1);
}

static void
test_upload_short (Fixture *fixture, gconstpointer data)
{
  Client client;

  peer_start (fixture, script_upload);
  client_init (&client, fixture);
  client_call (&client, "POST", NULL, 10);
  weir_upstream_call_write (client.call, (const guint8 *) "short", 5);
  weir_upstream_call_end_body (client.call);
  weir_upstream_call_end_body (client.call);
  g_assert_false (client.over);
  client_wait (&client);
  g_assert_error (client.error, WEIR_ERROR, WEIR_ERROR_BAD_REQUEST);
  client_clear (&client);
}

static void
script_early (Peer *peer, int fd, guint index)
{
  char c;

  read_head (fd, peer->received);
  send_text (fd, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
  while (recv (fd, &c, 1, 0) == 1)
    ;
  g_atomic_int_inc (&peer->said);
}

/* The answer counts; the rest of the request is nobody's, and nor is its connection. */
static void
test_early_answer (Fixture *fixture, gconstpointer data)
{
  Client client;

  peer_start (fixture, script_early);
  client_init (&client, fixture);
  client_call (&client, "POST", NULL, -1);
  weir_upstream_call_write (client.call, (const guint8 *) "begun", 5);
  client_wait (&client);
  g_assert_true (client.ended);
  g_assert_cmpuint (client.status, ==, 413);
  wait_for_peer (fixture, 1); /* it was closed */
  client_clear (&client);
}

static void
script_answer_and_close (Peer *peer, int fd, guint index)
{
  read_head (fd, peer->received);
  send_text (fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

/* Even when what is sent finds nobody any more. */
static void
test_early_answer_and_close (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < 20; i++)
    {
      Client client;

      if (i == 0)
        peer_start (fixture, script_answer_and_close);
      client_init (&client, fixture);
      client.on_writable = upload_more;
      client_call (&client, "POST", NULL, -1);
      upload_left = 50 * MIB;
      upload_piece = 100000;
      upload_more (&client);
      client_wait (&client);
      g_assert_no_error (client.error);
      g_assert_cmpstr (client.body->str, ==, "ok");
      client_clear (&client);
    }
}

static void
cancel (Client *client)
{
  client->over = TRUE;
  weir_upstream_call_cancel (client->call);
}

/* In its last callback a call is over already. */
static void
cancel_and_touch (Client *client)
{
  weir_upstream_call_pause (client->call);
  weir_upstream_call_resume (client->call);
  weir_upstream_call_write (client->call, (const guint8 *) "x", 1);
  weir_upstream_call_end_body (client->call);
  weir_upstream_call_cancel (client->call);
}

static void
test_cancel (Fixture *fixture, gconstpointer data)
{
  Client client;

  fixture->peer.text =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n3\r\n...\r\n"
      "0\r\n\r\n";
  peer_start (fixture, script_text);
  for (guint stage = 0; stage < 6; stage++)
    {
      client_init (&client, fixture);
      if (stage == 2)
        client.on_head = cancel;
      if (stage == 3)
        client.on_body = cancel;
      if (stage == 4)
        client.on_end = cancel_and_touch;
      client_call (&client, "GET", NULL, 0);
      if (stage == 0)
        cancel (&client);
      if (stage == 1)
        {
          g_main_context_iteration (fixture->context, FALSE);
          cancel (&client);
        }
      client_wait (&client);
      g_assert_cmpint (client.ended, ==, stage >= 4);
      g_assert_no_error (client.error);
      g_assert_cmpuint (client.n_body, <=, stage == 3 ? 2 : 5);
      client_clear (&client);
    }
}

static void
test_cancel_failed (Fixture *fixture, gconstpointer data)
{
  Client client;

  client_init (&client, fixture);
  client.on_failed = cancel_and_touch;
  client_call (&client, "POST", NULL, -1);
  client_wait (&client);
  g_assert_nonnull (client.error);
  client_clear (&client);

  client_init (&client, fixture);
  client_call (&client, "POST", NULL, -1); /* will fail, but nobody is told */
  cancel (&client);
  client_clear (&client);
}

static void
test_cancel_upload (Fixture *fixture, gconstpointer data)
{
  Client client;

  peer_start (fixture, script_early);
  client_init (&client, fixture);
  client.on_writable = cancel;
  client_call (&client, "POST", NULL, -1);
  weir_upstream_call_write (client.call, (const guint8 *) "begun", 5);
  client_wait (&client);
  g_assert_cmpuint (client.n_writable, ==, 1);
  wait_for_peer (fixture, 1);
  client_clear (&client);
}

static void
test_close (Fixture *fixture, gconstpointer data)
{
  Client clients[2];

  fixture->peer.text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  peer_start (fixture, script_text);
  for (guint i = 0; i < 2; i++)
    {
      client_init (&clients[i], fixture);
      client_call (&clients[i], "GET", NULL, 0);
      if (i == 1)
        weir_upstream_close (fixture->upstream); /* in flight: goes on */
      client_wait (&clients[i]);
      g_assert_true (clients[i].ended);
      client_clear (&clients[i]);
    }
}

#define BURST 400

/* Accepts what has come and answers each request that has; returns how many those were. */
static guint
serve_burst (Peer *peer, GArray *fds)
{
  char buffer[4096];
  guint n_answers = 0;
  int fd;

  while ((fd = accept4 (peer->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
    g_array_append_val (fds, fd);
  for (guint i = 0; i < fds->len; i++)
    {
      gssize n = recv (g_array_index (fds, int, i), buffer, sizeof buffer, 0);

      if (n <= 0)
        continue;
      g_assert_cmpint (memcmp (buffer + n - 4, "\r\n\r\n", 4), ==, 0);
      send_text (g_array_index (fds, int, i), peer->text);
      n_answers++;
    }
  return n_answers;
}

static void
run_burst (Fixture *fixture, GArray *fds, guint n_calls)
{
  g_autofree Client *clients = g_new0 (Client, n_calls);
  guint n_answers = 0;

  for (guint i = 0; i < n_calls; i++)
    {
      client_init (&clients[i], fixture);
      client_call (&clients[i], "GET", NULL, 0);
    }
  while (n_answers < n_calls)
    {
      g_main_context_iteration (fixture->context, FALSE);
      n_answers += serve_burst (&fixture->peer, fds);
    }
  for (guint i = 0; i < n_calls; i++)
    {
      client_wait (&clients[i]);
      g_assert_true (clients[i].ended);
      client_clear (&clients[i]);
    }
}

static guint
count_open (GArray *fds)
{
  char c;
  guint n_open = 0;

  for (guint i = 0; i < fds->len; i++)
    n_open += recv (g_array_index (fds, int, i), &c, 1, MSG_PEEK) < 0;
  return n_open;
}

static void
close_fd (gpointer data)
{
  close (*(int *) data);
}

static void
test_burst (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GArray) fds = g_array_new (FALSE, FALSE, sizeof (int));

  g_array_set_clear_func (fds, close_fd);
  fixture->peer.text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  peer_listen (&fixture->peer, BURST);
  fcntl (fixture->peer.listener, F_SETFL, O_NONBLOCK);

  run_burst (fixture, fds, BURST);
  run_burst (fixture, fds, BURST);
  g_assert_cmpuint (fds->len, ==, BURST);

  /* What was needed since the last sweep stays. */
  weir_upstream_sweep (fixture->upstream);
  g_assert_cmpuint (count_open (fds), ==, BURST);
  run_burst (fixture, fds, 50);
  weir_upstream_sweep (fixture->upstream);
  g_assert_cmpuint (count_open (fds), ==, 50);
  g_assert_cmpuint (fds->len, ==, BURST);
  weir_upstream_sweep (fixture->upstream);
  g_assert_cmpuint (count_open (fds), <, 10);
  run_burst (fixture, fds, 1);
  g_assert_cmpuint (fds->len, ==, BURST);
}

#define ADD(path, func) g_test_add ("/upstream/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  ADD ("request", test_request);
  ADD ("bad-request", test_bad_request);
  ADD ("bytewise", test_bytewise);
  ADD ("bodiless", test_bodiless);
  ADD ("close-delimited", test_close_delimited);
  ADD ("connection-close", test_connection_close);
  ADD ("broken", test_broken);
  ADD ("missing-socket", test_missing_socket);
  ADD ("full-backlog", test_full_backlog);
  ADD ("dead-idle-noticed", test_dead_idle_noticed);
  ADD ("dead-idle-used", test_dead_idle_used);
  ADD ("dead-idle-retry", test_dead_idle_retry);
  ADD ("again-from-end", test_again_from_end);
  ADD ("upgrade", test_upgrade);
  ADD ("upgrade-refused", test_upgrade_refused);
  ADD ("pause", test_pause);
  ADD ("pause-holds", test_pause_holds);
  ADD ("pause-at-end", test_pause_at_end);
  ADD ("upload", test_upload);
  ADD ("upload-short", test_upload_short);
  ADD ("early-answer", test_early_answer);
  ADD ("early-answer-and-close", test_early_answer_and_close);
  ADD ("cancel", test_cancel);
  ADD ("cancel-failed", test_cancel_failed);
  ADD ("cancel-upload", test_cancel_upload);
  ADD ("close", test_close);
  ADD ("burst", test_burst);
  return g_test_run ();
}
