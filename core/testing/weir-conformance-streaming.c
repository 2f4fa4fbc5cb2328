/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <sys/socket.h>
#include "testing/weir-conformance-private.h"

#define MIB ((guint64) 1024 * 1024)
#define LARGE (64 * MIB)
/* What two sockets of the kernel may hold, and the queues of the adapter besides. */
#define BOUND (16 * MIB)

static void
release (WeirConformanceFixture *fixture)
{
  weir_conformance_stage_release (fixture->stage);
}

/* The client waits for each mebibyte before it takes the next, and the stage is never more
 * than the queues ahead of it. */
static void
read_slowly (WeirConformanceFixture *fixture, const char *path)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autofree char *request =
      g_strdup_printf ("GET %s?%" G_GUINT64_FORMAT " HTTP/1.1\r\nHost: a\r\n\r\n", path, LARGE);
  int window = 256 * 1024;
  guint64 got = 0;

  setsockopt (client->fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
  weir_conformance_client_send (client, request, -1);
  while (got < LARGE)
    {
      guint64 made;

      g_assert_true (weir_conformance_client_fill (client, MIN (MIB, LARGE - got)));
      got += client->in->len;
      g_byte_array_set_size (client->in, 0);
      made = weir_conformance_stage_get (fixture->stage, WEIR_CONFORMANCE_TAKEN);
      g_assert_cmpuint (made, <, got + BOUND);
    }
  g_assert_cmpuint (weir_conformance_stage_get (fixture->stage, WEIR_CONFORMANCE_QUEUE),
                    <,
                    2 * MIB);
}

static void
test_slow_reader (WeirConformanceFixture *fixture)
{
  read_slowly (fixture, "/big");
}

static void
test_slow_reader_chunked (WeirConformanceFixture *fixture)
{
  read_slowly (fixture, "/endless");
}

static void
test_slow_consumer (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceResponse) response = NULL;
  g_autofree guint8 *block = g_malloc0 (MIB);
  g_autofree char *head = g_strdup_printf (
      "POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: %" G_GUINT64_FORMAT "\r\n\r\n",
      LARGE);
  g_autofree char *expected = g_strdup_printf ("%" G_GUINT64_FORMAT "\n", LARGE);
  guint64 total = 0;
  gsize sent;

  weir_conformance_client_send (client, head, -1);
  while (total < LARGE &&
         weir_conformance_client_try_send (client, block, MIN (MIB, LARGE - total), &sent))
    total += sent;
  g_assert_cmpuint (total, <, BOUND);
  g_assert_cmpuint (weir_conformance_stage_get (fixture->stage, WEIR_CONFORMANCE_TAKEN),
                    <=,
                    WEIR_EXCHANGE_FIRST_CREDIT);

  weir_conformance_fixture_run (fixture, release);
  for (; total < LARGE; total += sent)
    {
      sent = MIN (MIB, LARGE - total);
      weir_conformance_client_send (client, (const char *) block, (gssize) sent);
    }
  response = weir_conformance_client_receive (client, FALSE);
  weir_conformance_response_check_body (response, expected);
  weir_conformance_client_check_alive (client);
}

/* Both ways at once, with a response that begins before the request has ended. */
static void
test_duplex (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceResponse) response = NULL;

  weir_conformance_client_send (client,
                                "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                                "\r\n3\r\nabc\r\n",
                                -1);
  while (client->in->len < 3 || memmem (client->in->data, client->in->len, "abc", 3) == NULL)
    g_assert_true (weir_conformance_client_fill (client, client->in->len + 1));
  weir_conformance_client_send (client, "3\r\ndef\r\n0\r\n\r\n", -1);
  response = weir_conformance_client_receive (client, FALSE);
  weir_conformance_response_check_body (response, "abcdef");
  weir_conformance_client_check_alive (client);
}

static void
test_flush (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceResponse) response = NULL;

  weir_conformance_client_send (client, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n", -1);
  while (client->in->len < 4 || memmem (client->in->data, client->in->len, "one\n", 4) == NULL)
    g_assert_true (weir_conformance_client_fill (client, client->in->len + 1));
  weir_conformance_fixture_run (fixture, release);
  response = weir_conformance_client_receive (client, FALSE);
  weir_conformance_response_check_body (response, "one\ntwo\n");
  weir_conformance_client_check_alive (client);
}

/* The answer is there before the upload: it arrives whole, whatever is still on its way. */
static void
test_early_answer (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceResponse) response = NULL;
  g_autofree guint8 *block = g_malloc0 (MIB);
  gsize sent;

  weir_conformance_client_send (
      client,
      "POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n",
      -1);
  weir_conformance_client_try_send (client, block, 100000, &sent);
  response = weir_conformance_client_receive (client, FALSE);
  g_assert_cmpuint (response->status, ==, 404);
  weir_conformance_response_check_body (response, "no\n");
}

static void
test_early_answer_small (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceResponse) response =
      weir_conformance_client_ask (client,
                                   "POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n",
                                   404);
  g_autofree char *connection = weir_conformance_response_dup_field (response, "Connection", NULL);

  weir_conformance_client_send (client, "abcde", 5);
  if (g_strcmp0 (connection, "close") != 0)
    weir_conformance_client_check_alive (client);
}

static void
test_short (WeirConformanceFixture *fixture)
{
  static const char *const paths[] = { "/short", "/cut" };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
      g_autofree char *request = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: a\r\n\r\n", paths[i]);

      /* Depending on how much was out, there is no response at all or one that is cut off. */
      weir_conformance_client_send (client, request, -1);
      while (weir_conformance_client_fill (client, client->in->len + 1))
        ;
      if (client->in->len > 0)
        g_assert_null (memmem (client->in->data, client->in->len, "\r\n0\r\n\r\n", 7));
    }
}

const WeirConformanceCase weir_conformance_streaming_cases[] = {
  { "streaming/slow-reader", test_slow_reader, NULL, 0 },
  { "streaming/slow-reader-chunked", test_slow_reader_chunked, NULL, 0 },
  { "streaming/slow-consumer", test_slow_consumer, NULL, 0 },
  { "streaming/duplex", test_duplex, NULL, 0 },
  { "streaming/flush", test_flush, NULL, 0 },
  { "streaming/early-answer", test_early_answer, NULL, 0 },
  { "streaming/early-answer-small", test_early_answer_small, NULL, 0 },
  { "streaming/short", test_short, NULL, 0 },
  { NULL, NULL, NULL, 0 },
};
