/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include "testing/weir-conformance-private.h"

#define HOST "Host: example.test:8080\r\n"

static WeirConformanceResponse *
ask (WeirConformanceFixture *fixture, const char *request, guint status)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);

  return weir_conformance_client_ask (client, request, status);
}

static void
check_field (WeirConformanceResponse *response, const char *name, const char *value)
{
  guint count;
  g_autofree char *found = weir_conformance_response_dup_field (response, name, &count);

  g_assert_cmpstr (found, ==, value);
  g_assert_cmpuint (count, ==, value != NULL ? 1 : 0);
}

static guint
count_fields (WeirConformanceResponse *response, const char *name)
{
  guint count;

  g_free (weir_conformance_response_dup_field (response, name, &count));
  return count;
}

static void
test_get (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceResponse) response =
      ask (fixture, "GET /hello HTTP/1.1\r\n" HOST "\r\n", 200);

  weir_conformance_response_check_body (response, "hello\n");
  check_field (response, "Content-Type", "text/plain");
  check_field (response, "Content-Length", "6");
  check_field (response, "Server", NULL);
  check_field (response, "Connection", NULL);
  g_assert_cmpuint (count_fields (response, "Date"), <=, 1);
}

static void
test_request (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceResponse) response =
      ask (fixture,
           "PURGE /a//b/../c%2F?x=%41&y HTTP/1.1\r\n" HOST "X-One: 1\r\nx-one:  two words \t\r\n"
           "Connection: keep-alive, TE\r\nKeep-Alive: 5\r\nTE: trailers\r\nX-Empty:\r\n\r\n",
           200);

  weir_conformance_response_check_body (response,
                                        "PURGE http://example.test:8080/a//b/../c%2F?x=%41&y\n"
                                        "Host: example.test:8080\n"
                                        "X-One: 1\n"
                                        "x-one: two words\n"
                                        "X-Empty: \n");
}

static void
test_absolute_target (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceResponse) one =
      ask (fixture, "GET http://other.test:81/p?q HTTP/1.1\r\nHost: a\r\n\r\n", 200);
  g_autoptr (WeirConformanceResponse) two =
      ask (fixture, "GET HTTP://other.test HTTP/1.1\r\nHost: other.test\r\n\r\n", 200);
  g_autoptr (WeirConformanceResponse) three =
      ask (fixture, "GET http://other.test?q HTTP/1.1\r\nHost: other.test\r\n\r\n", 200);

  weir_conformance_response_check_body (one, "GET http://other.test:81/p?q\nHost: other.test:81\n");
  weir_conformance_response_check_body (two, "GET http://other.test/\nHost: other.test\n");
  weir_conformance_response_check_body (three, "GET http://other.test/?q\nHost: other.test\n");
}

static void
test_options_star (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceResponse) response =
      ask (fixture, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 200);

  weir_conformance_response_check_body (response, "OPTIONS http://a*\nHost: a\n");
}

static void
test_host_forms (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceResponse) response =
      ask (fixture, "GET /i HTTP/1.1\r\nHost: [::1]:9000\r\n\r\n", 200);

  weir_conformance_response_check_body (response, "GET http://[::1]:9000/i\nHost: [::1]:9000\n");
}

static void
test_head (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceResponse) response =
      weir_conformance_client_ask (client, "HEAD /hello HTTP/1.1\r\n" HOST "\r\n", 200);
  g_autoptr (WeirConformanceResponse) streamed =
      weir_conformance_client_ask (client, "HEAD /endless?5 HTTP/1.1\r\n" HOST "\r\n", 200);

  check_field (response, "Content-Length", "6");
  check_field (streamed, "Content-Length", NULL);
  weir_conformance_client_check_alive (client);
}

static void
test_no_body (WeirConformanceFixture *fixture)
{
  static const guint statuses[] = { 204, 304 };

  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
      g_autofree char *request =
          g_strdup_printf ("GET /status/%u HTTP/1.1\r\n" HOST "\r\n", statuses[i]);
      g_autoptr (WeirConformanceResponse) response =
          weir_conformance_client_ask (client, request, statuses[i]);

      check_field (response, "Content-Length", NULL);
      check_field (response, "Transfer-Encoding", NULL);
      weir_conformance_client_check_alive (client);
    }
}

static void
test_empty_body (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceResponse) response =
      weir_conformance_client_ask (client, "GET /status/302 HTTP/1.1\r\n" HOST "\r\n", 302);

  check_field (response, "Content-Length", "0");
  weir_conformance_client_check_alive (client);
}

static void
test_post (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceResponse) plain =
      weir_conformance_client_ask (client,
                                   "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nabcde",
                                   200);
  g_autoptr (WeirConformanceResponse) empty =
      weir_conformance_client_ask (client,
                                   "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n",
                                   200);

  weir_conformance_response_check_body (plain, "abcde");
  weir_conformance_response_check_body (empty, "");
  weir_conformance_client_check_alive (client);
}

static void
test_chunked (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceResponse) response = weir_conformance_client_ask (
      client,
      "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n"
      "3\r\nabc\r\n00A;name=\"v\"\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n",
      200);

  g_assert_true (response->chunked);
  weir_conformance_response_check_body (response, "abc0123456789");
  weir_conformance_client_check_alive (client);
}

static void
test_byte_by_byte (WeirConformanceFixture *fixture)
{
  const char *request = "\r\nPOST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                        "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceResponse) response = NULL;

  for (const char *p = request; *p != '\0'; p++)
    weir_conformance_client_send (client, p, 1);
  response = weir_conformance_client_receive (client, FALSE);
  weir_conformance_response_check_body (response, "abcde");
}

static void
test_pipelining (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autoptr (GString) requests = g_string_new (NULL);

  for (guint i = 0; i < 50; i++)
    g_string_append_printf (requests,
                            "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n%02u"
                            "GET /status/204 HTTP/1.1\r\n" HOST "\r\n",
                            i);
  weir_conformance_client_send (client, requests->str, (gssize) requests->len);
  for (guint i = 0; i < 50; i++)
    {
      g_autoptr (WeirConformanceResponse) one = weir_conformance_client_receive (client, FALSE);
      g_autoptr (WeirConformanceResponse) two = weir_conformance_client_receive (client, FALSE);
      g_autofree char *expected = g_strdup_printf ("%02u", i);

      weir_conformance_response_check_body (one, expected);
      g_assert_cmpuint (two->status, ==, 204);
    }
}

static void
test_close (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceResponse) response =
      weir_conformance_client_ask (client,
                                   "GET /hello HTTP/1.1\r\n" HOST "Connection: Close\r\n\r\n",
                                   200);

  check_field (response, "Connection", "close");
  weir_conformance_response_check_body (response, "hello\n");
  weir_conformance_client_check_closed (client);
}

static void
test_http_1_0 (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceClient) streaming = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceResponse) known =
      weir_conformance_client_ask (client, "GET /hello HTTP/1.0\r\n\r\n", 200);
  g_autoptr (WeirConformanceResponse) unknown =
      weir_conformance_client_ask (streaming, "GET /endless?5 HTTP/1.0\r\n\r\n", 200);

  weir_conformance_response_check_body (known, "hello\n");
  weir_conformance_client_check_closed (client);
  g_assert_true (unknown->by_close);
  g_assert_cmpuint (unknown->body->len, ==, 5);
}

/* Kept open or closed, but what is done is said. */
static void
test_http_1_0_keep_alive (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceResponse) response =
      weir_conformance_client_ask (client,
                                   "GET /hello HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
                                   200);
  g_autofree char *connection = weir_conformance_response_dup_field (response, "Connection", NULL);

  weir_conformance_response_check_body (response, "hello\n");
  if (g_strcmp0 (connection, "keep-alive") == 0)
    weir_conformance_client_check_alive (client);
  else
    weir_conformance_client_check_closed (client);
}

static void
test_expect (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceResponse) response = NULL;

  weir_conformance_client_check (client,
                                 "POST /count HTTP/1.1\r\n" HOST
                                 "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n",
                                 100);
  weir_conformance_client_send (client, "abc", 3);
  response = weir_conformance_client_receive (client, FALSE);
  weir_conformance_response_check_body (response, "3\n");
  weir_conformance_client_check_alive (client);
}

static void
test_expect_refused (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceResponse) response = weir_conformance_client_ask (
      client,
      "POST /early HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n",
      404);

  weir_conformance_response_check_body (response, "no\n");
}

static void
test_cookies (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceResponse) response =
      ask (fixture, "GET /cookies HTTP/1.1\r\n" HOST "\r\n", 200);
  guint count;
  g_autofree char *first = weir_conformance_response_dup_field (response, "Set-Cookie", &count);

  g_assert_cmpstr (first, ==, "a=1; Path=/");
  g_assert_cmpuint (count, ==, 3);
}

static void
test_date (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceResponse) response =
      ask (fixture, "GET /date HTTP/1.1\r\n" HOST "\r\n", 200);

  g_assert_cmpuint (count_fields (response, "Date"), ==, 1);
}

const WeirConformanceCase weir_conformance_framing_cases[] = {
  { "framing/get", test_get, NULL, 0 },
  { "framing/request", test_request, NULL, 0 },
  { "framing/absolute-target", test_absolute_target, NULL, 0 },
  { "framing/options-star", test_options_star, NULL, 0 },
  { "framing/host-forms", test_host_forms, NULL, 0 },
  { "framing/head", test_head, NULL, 0 },
  { "framing/no-body", test_no_body, NULL, 0 },
  { "framing/empty-body", test_empty_body, NULL, 0 },
  { "framing/post", test_post, NULL, 0 },
  { "framing/chunked", test_chunked, NULL, 0 },
  { "framing/byte-by-byte", test_byte_by_byte, NULL, 0 },
  { "framing/pipelining", test_pipelining, NULL, 0 },
  { "framing/close", test_close, NULL, 0 },
  { "framing/http-1-0", test_http_1_0, NULL, 0 },
  { "framing/http-1-0-keep-alive", test_http_1_0_keep_alive, NULL, 0 },
  { "framing/expect", test_expect, NULL, 0 },
  { "framing/expect-refused", test_expect_refused, NULL, 0 },
  { "framing/cookies", test_cookies, NULL, 0 },
  { "framing/date", test_date, NULL, 0 },
  { NULL, NULL, NULL, 0 },
};
