/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-relay-private.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WATCHDOG_S 8
#define LARGE (4 * 1024 * 1024)

typedef struct
{
  GMainContext *context;
  WeirEngine *engine;
  WeirRelay *relay;
  GSource *watchdog;
  int client; /* the far ends */
  int worker;
  gboolean ended;
  guint64 from_client;
  guint64 from_worker;
} Fixture;

static void
on_ended (guint64 from_client, guint64 from_worker, gpointer user_data)
{
  Fixture *self = user_data;

  g_assert_false (self->ended);
  self->ended = TRUE;
  self->from_client = from_client;
  self->from_worker = from_worker;
}

static gboolean
on_watchdog (gpointer user_data)
{
  g_error ("Nothing moves any more");
  return G_SOURCE_REMOVE;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) early = g_bytes_new ("early ", 6);
  int client[2], worker[2];

  self->context = g_main_context_new ();
  self->engine = weir_engine_new (self->context, NULL);
  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, client));
  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, worker));
  self->client = client[1];
  self->worker = worker[1];
  self->relay = weir_relay_start (self->engine, client[0], early, worker[0], NULL, on_ended, self);
  g_assert_false (self->ended);

  self->watchdog = g_timeout_source_new_seconds (WATCHDOG_S);
  g_source_set_callback (self->watchdog, on_watchdog, NULL, NULL);
  g_source_attach (self->watchdog, self->context);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_source_destroy (self->watchdog);
  g_source_unref (self->watchdog);
  close (self->client);
  if (self->worker >= 0)
    close (self->worker);
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_assert_finalize_object (self->engine);
  g_main_context_unref (self->context);
}

static void
turn (Fixture *self)
{
  /* Not blocking: it is the far ends, which no loop watches, that must move. */
  g_main_context_iteration (self->context, FALSE);
}

static void
read_text (Fixture *self, int fd, const char *expected)
{
  g_autoptr (GString) got = g_string_new (NULL);

  while (got->len < strlen (expected))
    {
      char buffer[64];
      gssize n = recv (fd, buffer, sizeof buffer, 0);

      g_assert_cmpint (n, !=, 0);
      if (n > 0)
        g_string_append_len (got, buffer, n);
      turn (self);
    }
  g_assert_cmpstr (got->str, ==, expected);
}

static void
read_end (Fixture *self, int fd)
{
  char c;
  gssize n;

  while ((n = recv (fd, &c, 1, 0)) < 0)
    turn (self);
  g_assert_cmpint (n, ==, 0);
}

static void
finish (Fixture *self)
{
  while (!self->ended)
    g_main_context_iteration (self->context, TRUE);
}

/* What came early is in a buffer of its own size. */
static void
test_more_behind_what_came_early (Fixture *self, gconstpointer data)
{
  g_autofree char *much = g_strnfill (64 * 1024, 'x');
  g_autofree char *expected = g_strconcat ("early ", much, NULL);

  g_assert_cmpint (send (self->client, much, 64 * 1024, 0), ==, 64 * 1024);
  read_text (self, self->worker, expected);
  close (self->worker);
  self->worker = -1;
  finish (self);
}

static void
test_echo (Fixture *self, gconstpointer data)
{
  read_text (self, self->worker, "early ");
  g_assert_cmpint (send (self->client, "ping", 4, 0), ==, 4);
  read_text (self, self->worker, "ping");
  g_assert_cmpint (send (self->worker, "pong!", 5, 0), ==, 5);
  read_text (self, self->client, "pong!");

  /* One side is done; the other may still talk. */
  shutdown (self->client, SHUT_WR);
  read_end (self, self->worker);
  g_assert_false (self->ended);
  g_assert_cmpint (send (self->worker, "bye", 3, 0), ==, 3);
  read_text (self, self->client, "bye");
  shutdown (self->worker, SHUT_WR);
  finish (self);
  read_end (self, self->client);
  g_assert_cmpuint (self->from_client, ==, 10);
  g_assert_cmpuint (self->from_worker, ==, 8);
}

static void
test_worker_gone (Fixture *self, gconstpointer data)
{
  read_text (self, self->worker, "early ");
  g_assert_cmpint (send (self->worker, "last", 4, 0), ==, 4);
  close (self->worker);
  self->worker = -1;
  finish (self);
  read_text (self, self->client, "last");
  read_end (self, self->client);
}

static void
test_client_gone (Fixture *self, gconstpointer data)
{
  read_text (self, self->worker, "early ");
  shutdown (self->client, SHUT_RDWR);
  read_end (self, self->worker);
  close (self->worker);
  self->worker = -1;
  finish (self);
}

static void
test_large (Fixture *self, gconstpointer data)
{
  g_autofree guint8 *out = g_malloc (LARGE);
  g_autofree guint8 *in = g_malloc (LARGE);
  gsize sent = 0;
  gsize got = 0;

  for (gsize i = 0; i < LARGE; i++)
    out[i] = i * 7 + i / 251;
  read_text (self, self->worker, "early ");
  while (got < LARGE)
    {
      gssize n = send (self->worker, out + sent, LARGE - sent, MSG_NOSIGNAL);

      if (n > 0)
        sent += n;
      else
        {
          /* All is full: what is in flight is bounded. */
          n = recv (self->client, in + got, LARGE - got, 0);
          if (n > 0)
            got += n;
        }
      turn (self);
    }
  g_assert_cmpmem (in, got, out, LARGE);
  weir_relay_cancel (self->relay);
  read_end (self, self->worker);
  g_assert_false (self->ended);
}

static void
on_timer (WeirTimer *timer)
{
}

/* Two ends that talk to each other without a pause, and others wait for the loop. */
static void
test_busy (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) early = g_bytes_new ("round and round", 15);
  WeirTimer timer = { 0 };
  WeirRelay *relay;
  int ends[2];

  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends));
  relay = weir_relay_start (self->engine, ends[0], early, ends[1], NULL, on_ended, self);
  weir_engine_arm (self->engine, &timer, 1, on_timer);
  while (weir_engine_is_armed (self->engine, &timer))
    g_main_context_iteration (self->context, TRUE);
  weir_relay_cancel (relay);
  weir_relay_cancel (self->relay);
}

#define ADD(name, func) g_test_add ("/http/relay/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  ADD ("echo", test_echo);
  ADD ("more-behind-what-came-early", test_more_behind_what_came_early);
  ADD ("worker-gone", test_worker_gone);
  ADD ("client-gone", test_client_gone);
  ADD ("large", test_large);
  ADD ("busy", test_busy);
  return g_test_run ();
}
