/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include "testing/weir-conformance-private.h"

static void
check_refused (WeirConformanceClient *client, guint status)
{
  g_autoptr (WeirConformanceResponse) response = weir_conformance_client_receive (client, FALSE);

  g_assert_cmpuint (response->status, ==, status);
  weir_conformance_client_check_closed (client);
}

static void
test_large_head (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autofree char *filler = g_strnfill (5000, 'a');

  weir_conformance_client_send (client, "GET /hello HTTP/1.1\r\nHost: a\r\nX: ", -1);
  weir_conformance_client_send (client, filler, -1);
  check_refused (client, 431);
  g_assert_cmpuint (weir_conformance_stage_get (fixture->stage, WEIR_CONFORMANCE_SEEN), ==, 0);
}

static void
test_long_target (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autofree char *filler = g_strnfill (5000, 'a');

  weir_conformance_client_send (client, "GET /", -1);
  weir_conformance_client_send (client, filler, -1);
  check_refused (client, 414);
}

static void
test_many_fields (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) enough = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autoptr (GString) head = g_string_new ("GET /hello HTTP/1.1\r\nHost: a\r\n");

  for (guint i = 0; i < 9; i++)
    g_string_append (head, "X: 1\r\n");
  weir_conformance_client_send (client, head->str, -1);
  weir_conformance_client_send (client, "X: 1\r\n\r\n", -1);
  check_refused (client, 431);
  g_string_append (head, "\r\n");
  weir_conformance_client_check (enough, head->str, 200);
}

static void
test_ten_thousand_fields (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autoptr (GString) head = g_string_new ("GET /hello HTTP/1.1\r\nHost: a\r\n");

  for (guint i = 0; i < 10000; i++)
    g_string_append (head, "X: 1\r\n");
  weir_conformance_client_send (client, head->str, (gssize) head->len);
  check_refused (client, 431);
}

static void
test_large_body (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) announced = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceClient) chunked = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceClient) enough = weir_conformance_client_new (fixture);

  weir_conformance_client_send (announced,
                                "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n",
                                -1);
  check_refused (announced, 413);
  g_assert_cmpuint (weir_conformance_stage_get (fixture->stage, WEIR_CONFORMANCE_SEEN), ==, 0);

  weir_conformance_client_send (chunked,
                                "POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                                "\r\nb\r\n0123456789a\r\n0\r\n\r\n",
                                -1);
  check_refused (chunked, 413);
  g_assert_cmpuint (weir_conformance_stage_get (fixture->stage, WEIR_CONFORMANCE_WHOLE), ==, 0);

  weir_conformance_client_check (
      enough,
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789",
      200);
}

static void
test_slow_head (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);

  weir_conformance_client_send (client, "GET /hello HTTP/1.1\r\nHo", -1);
  check_refused (client, 408);
}

static void
test_silent (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);

  weir_conformance_client_check_closed (client);
}

static void
test_slow_body (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);

  weir_conformance_client_send (client,
                                "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab",
                                -1);
  check_refused (client, 408);
  weir_conformance_stage_wait (fixture->stage, WEIR_CONFORMANCE_GONE, 1);
}

static void
test_idle (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);

  weir_conformance_client_check_alive (client);
  weir_conformance_client_check_closed (client);
}

static void
test_slow_reader (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);

  weir_conformance_client_send (client, "GET /endless?1000000000 HTTP/1.1\r\nHost: a\r\n\r\n", -1);
  weir_conformance_stage_wait (fixture->stage, WEIR_CONFORMANCE_GONE, 1);
}

/* Those over the limit are turned away, and make no difference to those that are in. */
static void
test_connections (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) one = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceClient) two = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceClient) three = NULL;

  weir_conformance_client_check_alive (one);
  weir_conformance_client_check_alive (two);
  three = weir_conformance_client_new (fixture);
  while (weir_conformance_client_fill (three, three->in->len + 1))
    ;
  if (three->in->len > 0)
    g_assert_true (memcmp (three->in->data, "HTTP/1.1 503 ", 13) == 0);
  weir_conformance_client_check_alive (one);
}

/* Who leaves makes room, however often. */
static void
test_room_again (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) one = weir_conformance_client_new (fixture);

  weir_conformance_client_check_alive (one);
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (WeirConformanceClient) two = weir_conformance_client_new (fixture);

      weir_conformance_client_check (two,
                                     "GET /hello HTTP/1.1\r\nHost: a\r\n"
                                     "Connection: close\r\n\r\n",
                                     200);
      weir_conformance_client_check_closed (two);
    }
  weir_conformance_client_check_alive (one);
}

const WeirConformanceCase weir_conformance_limits_cases[] = {
  { "limits/large-head", test_large_head, "max-head-size", 4096 },
  { "limits/long-target", test_long_target, "max-head-size", 4096 },
  { "limits/many-fields", test_many_fields, "max-fields", 10 },
  { "limits/ten-thousand-fields", test_ten_thousand_fields, NULL, 0 },
  { "limits/large-body", test_large_body, "max-body-size", 10 },
  { "limits/slow-head", test_slow_head, "head-timeout-ms", 150 },
  { "limits/silent", test_silent, "head-timeout-ms", 150 },
  { "limits/slow-body", test_slow_body, "body-timeout-ms", 150 },
  { "limits/idle", test_idle, "idle-timeout-ms", 150 },
  { "limits/slow-reader", test_slow_reader, "idle-timeout-ms", 150 },
  { "limits/connections", test_connections, "max-connections", 2 },
  { "limits/connections-per-address", test_connections, "max-connections-per-address", 2 },
  { "limits/room-again", test_room_again, "max-connections-per-address", 2 },
  { NULL, NULL, NULL, 0 },
};
