/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "testing/weir-conformance-private.h"

#define BURST 1000
#define STEP (128 * 1024)
#define MOST_STEPS 64

static void
release (WeirConformanceFixture *fixture)
{
  weir_conformance_stage_release (fixture->stage);
}

static WeirConformanceClient *
open_exchange (WeirConformanceFixture *fixture, const char *path)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autofree char *request = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path);
  guint64 seen = weir_conformance_stage_get (fixture->stage, WEIR_CONFORMANCE_SEEN);

  weir_conformance_client_send (client, request, -1);
  weir_conformance_stage_wait (fixture->stage, WEIR_CONFORMANCE_SEEN, seen + 1);
  return g_steal_pointer (&client);
}

static void
test_client_abort (WeirConformanceFixture *fixture)
{
  weir_conformance_client_free (open_exchange (fixture, "/never"));
  weir_conformance_stage_wait (fixture->stage, WEIR_CONFORMANCE_GONE, 1);
  weir_conformance_client_free (open_exchange (fixture, "/slow"));
  weir_conformance_stage_wait (fixture->stage, WEIR_CONFORMANCE_GONE, 2);
  weir_conformance_client_free (open_exchange (fixture, "/endless?1000000000"));
  weir_conformance_stage_wait (fixture->stage, WEIR_CONFORMANCE_GONE, 3);
}

static void
test_client_reset (WeirConformanceFixture *fixture)
{
  struct linger reset = { .l_onoff = 1, .l_linger = 0 };
  WeirConformanceClient *client = open_exchange (fixture, "/never");

  setsockopt (client->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  weir_conformance_client_free (client);
  weir_conformance_stage_wait (fixture->stage, WEIR_CONFORMANCE_GONE, 1);
}

static WeirConformanceClient *resetting;

/* The adapter has not heard yet that the client is gone when its answer ends too early. */
static void
reset_and_release (WeirConformanceFixture *fixture)
{
  weir_conformance_client_free (g_steal_pointer (&resetting));
  weir_conformance_stage_release (fixture->stage);
}

static void
test_reset_at_end (WeirConformanceFixture *fixture)
{
  struct linger reset = { .l_onoff = 1, .l_linger = 0 };

  resetting = open_exchange (fixture, "/slow-short");
  g_assert_true (weir_conformance_client_fill (resetting, 1));
  setsockopt (resetting->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  weir_conformance_fixture_run (fixture, reset_and_release);
  g_assert_cmpuint (weir_pipeline_get_open (fixture->pipeline), ==, 0);
}

static void
check_upgrade (WeirConformanceFixture *fixture, const char *path)
{
  g_autofree char *request =
      g_strdup_printf ("GET %s HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
                       "Upgrade: WebSocket\r\n\r\nearly",
                       path);
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceResponse) response = NULL;
  g_autofree char *upgrade = NULL;
  g_autofree char *accept = NULL;

  weir_conformance_client_send (client, request, -1);
  response = weir_conformance_client_receive (client, FALSE);
  g_assert_cmpuint (response->status, ==, 101);
  upgrade = weir_conformance_response_dup_field (response, "Upgrade", NULL);
  accept = weir_conformance_response_dup_field (response, "Sec-WebSocket-Accept", NULL);
  g_assert_cmpstr (upgrade, ==, "websocket");
  g_assert_cmpstr (accept, ==, "ok");
  weir_conformance_client_send (client, "+late", -1);
  g_assert_true (weir_conformance_client_fill (client, 10));
  g_assert_cmpmem (client->in->data, client->in->len, "early+late", 10);
  g_byte_array_set_size (client->in, 0);
  shutdown (client->fd, SHUT_WR);
  weir_conformance_client_check_closed (client);
}

static void
test_upgrade (WeirConformanceFixture *fixture)
{
  check_upgrade (fixture, "/upgrade");
  check_upgrade (fixture, "/upgrade-later");
}

static void
do_nothing (WeirConformanceFixture *fixture)
{
}

/* Behind an answer of so many bytes that nobody reads yet. */
static void
check_upgrade_behind (WeirConformanceFixture *fixture, guint length)
{
  g_autofree char *requests = g_strdup_printf ("GET /big?%u HTTP/1.1\r\nHost: a\r\n\r\n"
                                               "GET /upgrade HTTP/1.1\r\nHost: a\r\n"
                                               "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
                                               "early",
                                               length);
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceResponse) big = NULL;
  g_autoptr (WeirConformanceResponse) response = NULL;
  guint64 seen = weir_conformance_stage_get (fixture->stage, WEIR_CONFORMANCE_SEEN);

  weir_conformance_client_send (client, requests, -1);
  weir_conformance_stage_wait (fixture->stage, WEIR_CONFORMANCE_SEEN, seen + 1);
  for (guint turn = 0; turn < 4; turn++)
    weir_conformance_fixture_run (fixture, do_nothing);

  big = weir_conformance_client_receive (client, FALSE);
  g_assert_cmpuint (big->body->len, ==, length);
  if (!weir_conformance_client_fill (client, 1))
    return;
  response = weir_conformance_client_receive (client, FALSE);
  g_assert_cmpuint (response->status, ==, 101);
  g_assert_true (weir_conformance_client_fill (client, 5));
  g_assert_cmpmem (client->in->data, 5, "early", 5);
}

/* Where the kernel is full just then, a 101 may not get through; it is the last word anyhow. */
static void
test_upgrade_behind (WeirConformanceFixture *fixture)
{
  for (guint length = STEP; length < MOST_STEPS * STEP; length += STEP)
    check_upgrade_behind (fixture, length);
}

static void
test_upgrade_refused (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);

  weir_conformance_client_check (client,
                                 "GET /upgrade HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n",
                                 400);
  weir_conformance_client_check (client,
                                 "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
                                 "Upgrade: websocket\r\n\r\n",
                                 200);
  weir_conformance_client_check_alive (client);
}

static void
test_drain (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) idle = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceClient) busy = NULL;
  g_autoptr (WeirConformanceResponse) response = NULL;

  weir_conformance_client_check_alive (idle);
  busy = open_exchange (fixture, "/slow");
  weir_conformance_fixture_drain (fixture);
  weir_conformance_client_check_closed (idle);
  weir_conformance_fixture_run (fixture, release);
  response = weir_conformance_client_receive (busy, FALSE);
  weir_conformance_response_check_body (response, "one\ntwo\n");
  weir_conformance_client_check_closed (busy);
}

static void
test_stop (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) waiting = open_exchange (fixture, "/never");
  g_autoptr (WeirConformanceClient) held = open_exchange (fixture, "/hold");
  g_autoptr (WeirConformanceClient) pouring = open_exchange (fixture, "/endless?1000000000");

  weir_conformance_fixture_stop (fixture);
  g_assert_cmpuint (weir_pipeline_get_open (fixture->pipeline), ==, 0);
  weir_conformance_client_check_closed (waiting);
  weir_conformance_client_check_closed (held);
  while (weir_conformance_client_fill (pouring, pouring->in->len + 1))
    ;
}

static void
test_burst (WeirConformanceFixture *fixture)
{
  g_autoptr (GPtrArray) clients =
      g_ptr_array_new_with_free_func ((GDestroyNotify) weir_conformance_client_free);
  struct rlimit limit;

  getrlimit (RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < 2 * BURST + 100)
    {
      g_test_skip ("The limit of open files is too low");
      return;
    }

  for (guint i = 0; i < BURST; i++)
    g_ptr_array_add (clients, weir_conformance_client_new (fixture));
  for (guint i = 0; i < BURST; i++)
    weir_conformance_client_send (g_ptr_array_index (clients, i),
                                  "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
                                  -1);
  for (guint i = 0; i < BURST; i++)
    {
      g_autoptr (WeirConformanceResponse) response =
          weir_conformance_client_receive (g_ptr_array_index (clients, i), FALSE);

      weir_conformance_response_check_body (response, "hello\n");
    }
}

/* There are no descriptors left when a client comes, and later there are. */
static void
test_no_descriptors (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) before = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceClient) client = NULL;
  g_autoptr (GArray) fillers = g_array_new (FALSE, FALSE, sizeof (int));
  GLogLevelFlags fatal;
  struct rlimit old, low;
  int fd;

  weir_conformance_client_check_alive (before);
  /* The adapter may, and should, warn of it. */
  fatal = g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  getrlimit (RLIMIT_NOFILE, &old);
  low = old;
  low.rlim_cur = 256;
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &low));
  while ((fd = open ("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
    g_array_append_val (fillers, fd);
  g_assert_cmpint (errno, ==, EMFILE);

  close (g_array_index (fillers, int, fillers->len - 1));
  g_array_set_size (fillers, fillers->len - 1);
  client = weir_conformance_client_new (fixture);
  weir_conformance_client_check_alive (before);
  for (guint i = 0; i < fillers->len; i++)
    close (g_array_index (fillers, int, i));
  setrlimit (RLIMIT_NOFILE, &old);
  weir_conformance_client_check_alive (client);
  weir_conformance_client_check_alive (before);
  g_log_set_always_fatal (fatal);
}

#define FLOOD 20000

static gpointer
send_flood (gpointer user_data)
{
  WeirConformanceClient *client = user_data;

  for (guint i = 0; i < FLOOD; i++)
    weir_conformance_client_send (client, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", -1);
  return NULL;
}

/* Far more requests than anybody may keep, before the first answer is read: they wait in the
 * sockets, and others are served meanwhile. */
static void
test_flood (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceClient) other = weir_conformance_client_new (fixture);
  GThread *thread = g_thread_new ("flood", send_flood, client);

  for (guint i = 0; i < 100; i++)
    weir_conformance_client_check_alive (other);
  for (guint i = 0; i < FLOOD; i++)
    {
      g_autoptr (WeirConformanceResponse) response =
          weir_conformance_client_receive (client, FALSE);

      weir_conformance_response_check_body (response, "hello\n");
    }
  g_thread_join (thread);
}

/* Who says all that it has to say and shuts its side is answered, if that takes no waiting. */
static void
test_half_close (WeirConformanceFixture *fixture)
{
  for (guint i = 0; i < 50; i++)
    {
      g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
      g_autoptr (WeirConformanceResponse) one = NULL;
      g_autoptr (WeirConformanceResponse) two = NULL;

      weir_conformance_client_send (client,
                                    "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
                                    "POST /echo HTTP/1.1\r\nHost: a\r\n"
                                    "Content-Length: 3\r\n\r\nabc",
                                    -1);
      shutdown (client->fd, SHUT_WR);
      one = weir_conformance_client_receive (client, FALSE);
      two = weir_conformance_client_receive (client, FALSE);
      weir_conformance_response_check_body (one, "hello\n");
      weir_conformance_response_check_body (two, "abc");
      weir_conformance_client_check_closed (client);
    }
}

const WeirConformanceCase weir_conformance_lifecycle_cases[] = {
  { "lifecycle/client-abort", test_client_abort, NULL, 0 },
  { "lifecycle/client-reset", test_client_reset, NULL, 0 },
  { "lifecycle/flood", test_flood, NULL, 0 },
  { "lifecycle/half-close", test_half_close, NULL, 0 },
  { "lifecycle/reset-at-end", test_reset_at_end, NULL, 0 },
  { "lifecycle/upgrade", test_upgrade, NULL, 0 },
  { "lifecycle/upgrade-behind", test_upgrade_behind, NULL, 0 },
  { "lifecycle/upgrade-refused", test_upgrade_refused, NULL, 0 },
  { "lifecycle/drain", test_drain, NULL, 0 },
  { "lifecycle/stop", test_stop, NULL, 0 },
  { "lifecycle/burst", test_burst, "max-connections", 2 * BURST },
  { "lifecycle/no-descriptors", test_no_descriptors, NULL, 0 },
  { NULL, NULL, NULL, 0 },
};
