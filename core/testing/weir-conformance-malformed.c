/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include "testing/weir-conformance-private.h"

/* What two servers in a row could understand in two ways. Each is refused with a status of
 * the 400s (or 501, 505), the connection is closed, and no stage hears of a request. */
typedef struct
{
  const char *what;
  const char *bytes;
  gsize length; /* 0: bytes is a string */
} Malformed;

#define HEAD "POST /echo HTTP/1.1\r\nHost: a\r\n"
#define CHUNKED HEAD "Transfer-Encoding: chunked\r\n\r\n"
#define WITH_NUL(text) text, sizeof (text) - 1

static const Malformed heads[] = {
  { "length and coding",
    HEAD "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    0 },
  { "coding and length",
    HEAD "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    0 },
  { "two equal lengths", HEAD "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 0 },
  { "two lengths", HEAD "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 0 },
  { "list of lengths", HEAD "Content-Length: 3, 3\r\n\r\nabc", 0 },
  { "length with a sign", HEAD "Content-Length: +3\r\n\r\nabc", 0 },
  { "negative length", HEAD "Content-Length: -1\r\n\r\n", 0 },
  { "length over 64 bits", HEAD "Content-Length: 18446744073709551619\r\n\r\nabc", 0 },
  { "empty length", HEAD "Content-Length:\r\n\r\nabc", 0 },
  { "length in hex", HEAD "Content-Length: 0x3\r\n\r\nabc", 0 },
  { "length and text", HEAD "Content-Length: 3 a\r\n\r\nabc", 0 },
  { "space before the colon", HEAD "Content-Length : 3\r\n\r\nabc", 0 },
  { "two codings",
    HEAD "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    0 },
  { "other coding", HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 0 },
  { "coding twice", HEAD "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 0 },
  { "coding identity", HEAD "Transfer-Encoding: identity\r\n\r\n", 0 },
  { "coding after a control",
    HEAD "Transfer-Encoding: \x0b"
         "chunked\r\nContent-Length: 3\r\n\r\nabc",
    0 },
  { "coding in HTTP/1.0", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0 },
  { "bare line feeds", "GET /hello HTTP/1.1\nHost: a\n\n", 0 },
  { "one bare line feed", "GET /hello HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 0 },
  { "bare carriage return", "GET /hello HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 0 },
  { "folded field", "GET /hello HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 0 },
  { "folded first field", "GET /hello HTTP/1.1\r\n Host: a\r\n\r\n", 0 },
  { "NUL in a value", WITH_NUL ("GET /hello HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n") },
  { "NUL in a name", WITH_NUL ("GET /hello HTTP/1.1\r\nHost: a\r\nX\0Y: b\r\n\r\n") },
  { "NUL in the target", WITH_NUL ("GET /he\0llo HTTP/1.1\r\nHost: a\r\n\r\n") },
  { "control in a value", "GET /hello HTTP/1.1\r\nHost: a\r\nX: a\x01\r\n\r\n", 0 },
  { "delete in a value", "GET /hello HTTP/1.1\r\nHost: a\r\nX: a\x7f\r\n\r\n", 0 },
  { "no colon", "GET /hello HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", 0 },
  { "no name", "GET /hello HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", 0 },
  { "bracket in a name", "GET /hello HTTP/1.1\r\nHost: a\r\nX(Y): x\r\n\r\n", 0 },
  { "8-bit name", "GET /hello HTTP/1.1\r\nHost: a\r\nX\xc3\xa4: x\r\n\r\n", 0 },
  { "bracket in the method", "G(T /hello HTTP/1.1\r\nHost: a\r\n\r\n", 0 },
  { "tab in the request line", "GET\t/hello HTTP/1.1\r\nHost: a\r\n\r\n", 0 },
  { "two spaces in the request line", "GET  /hello HTTP/1.1\r\nHost: a\r\n\r\n", 0 },
  { "space in the target", "GET /hel lo HTTP/1.1\r\nHost: a\r\n\r\n", 0 },
  { "8-bit target", "GET /h\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", 0 },
  { "fragment", "GET /hello#a HTTP/1.1\r\nHost: a\r\n\r\n", 0 },
  { "relative target", "GET hello HTTP/1.1\r\nHost: a\r\n\r\n", 0 },
  { "other scheme", "GET ftp://a/hello HTTP/1.1\r\nHost: a\r\n\r\n", 0 },
  { "user in the target", "GET http://u@a/hello HTTP/1.1\r\nHost: a\r\n\r\n", 0 },
  { "star for GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 0 },
  { "no version", "GET /hello\r\nHost: a\r\n\r\n", 0 },
  { "HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0 },
  { "version in small letters", "GET /hello http/1.1\r\nHost: a\r\n\r\n", 0 },
  { "version too long", "GET /hello HTTP/1.1x\r\nHost: a\r\n\r\n", 0 },
  { "version with space", "GET /hello HTTP/1.1 \r\nHost: a\r\n\r\n", 0 },
  { "TLS", WITH_NUL ("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03") },
  { "no host", "GET /hello HTTP/1.1\r\n\r\n", 0 },
  { "empty host", "GET /hello HTTP/1.1\r\nHost:\r\n\r\n", 0 },
  { "two hosts", "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 0 },
  { "two equal hosts", "GET /hello HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 0 },
  { "user in the host", "GET /hello HTTP/1.1\r\nHost: u@a\r\n\r\n", 0 },
  { "path in the host", "GET /hello HTTP/1.1\r\nHost: a/b\r\n\r\n", 0 },
  { "space in the host", "GET /hello HTTP/1.1\r\nHost: a b\r\n\r\n", 0 },
  { "port in letters", "GET /hello HTTP/1.1\r\nHost: a:b\r\n\r\n", 0 },
  { "CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 0 },
  { "unknown expectation", HEAD "Expect: 200-ok\r\nContent-Length: 3\r\n\r\nabc", 0 },
};

static const Malformed bodies[] = {
  { "no size", CHUNKED "zz\r\nabc\r\n0\r\n\r\n", 0 },
  { "negative size", CHUNKED "-1\r\nabc\r\n0\r\n\r\n", 0 },
  { "size over 64 bits", CHUNKED "10000000000000003\r\nabc\r\n0\r\n\r\n", 0 },
  { "size with 0x", CHUNKED "0x3\r\nabc\r\n0\r\n\r\n", 0 },
  { "size after a space", CHUNKED " 3\r\nabc\r\n0\r\n\r\n", 0 },
  { "size before a space", CHUNKED "3 \r\nabc\r\n0\r\n\r\n", 0 },
  { "empty size", CHUNKED "\r\nabc\r\n0\r\n\r\n", 0 },
  { "bare line feed after the size", CHUNKED "3\nabc\r\n0\r\n\r\n", 0 },
  { "bare line feed after the data", CHUNKED "3\r\nabc\n0\r\n\r\n", 0 },
  { "more data than its size", CHUNKED "2\r\nabc\r\n0\r\n\r\n", 0 },
  { "line feed in an extension", CHUNKED "3;a\nb\r\nabc\r\n0\r\n\r\n", 0 },
  { "folded trailer", CHUNKED "0\r\nX: a\r\n b\r\n\r\n", 0 },
  { "control in a trailer", CHUNKED "0\r\nX: a\x01\r\n\r\n", 0 },
};

static void
check_refused (WeirConformanceFixture *fixture, const Malformed *malformed)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceResponse) response = NULL;

  g_test_message ("%s", malformed->what);
  weir_conformance_client_send (client,
                                malformed->bytes,
                                malformed->length > 0 ? (gssize) malformed->length : -1);
  response = weir_conformance_client_receive (client, FALSE);
  g_assert_true ((response->status >= 400 && response->status < 500) || response->status == 501 ||
                 response->status == 505);
  g_assert_true (response->whole);
  weir_conformance_client_check_closed (client);
}

static void
test_heads (WeirConformanceFixture *fixture)
{
  for (guint i = 0; i < G_N_ELEMENTS (heads); i++)
    check_refused (fixture, &heads[i]);
  g_assert_cmpuint (weir_conformance_stage_get (fixture->stage, WEIR_CONFORMANCE_SEEN), ==, 0);
}

static void
test_bodies (WeirConformanceFixture *fixture)
{
  for (guint i = 0; i < G_N_ELEMENTS (bodies); i++)
    check_refused (fixture, &bodies[i]);
  g_assert_cmpuint (weir_conformance_stage_get (fixture->stage, WEIR_CONFORMANCE_SEEN), ==, 0);
}

/* The bad chunk comes when the exchange is open already: its body never comes to an end. */
static void
test_late_body (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceResponse) response = NULL;

  weir_conformance_client_send (client,
                                "POST /count HTTP/1.1\r\nHost: a\r\n"
                                "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
                                -1);
  weir_conformance_stage_wait (fixture->stage, WEIR_CONFORMANCE_TAKEN, 3);
  weir_conformance_client_send (client, "zz\r\n", -1);
  response = weir_conformance_client_receive (client, FALSE);
  g_assert_cmpuint (response->status, ==, 400);
  weir_conformance_client_check_closed (client);
  weir_conformance_stage_wait (fixture->stage, WEIR_CONFORMANCE_GONE, 1);
  g_assert_cmpuint (weir_conformance_stage_get (fixture->stage, WEIR_CONFORMANCE_WHOLE), ==, 0);
}

/* An answer to HEAD ends with its head, also when it is a refusal: what came behind it would
 * be read as the next answer. */
static void
test_refused_head (WeirConformanceFixture *fixture)
{
  static const char *const requests[] = {
    "HEAD /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "HEAD /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    {
      g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
      g_autoptr (WeirConformanceResponse) response = NULL;

      weir_conformance_client_send (client, requests[i], -1);
      response = weir_conformance_client_receive (client, TRUE);
      g_assert_cmpuint (response->status, ==, 400);
      weir_conformance_client_check_closed (client);
    }
}

/* And only to HEAD, whatever was asked before. */
static void
test_refused_behind_head (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceResponse) head = NULL;
  g_autoptr (WeirConformanceResponse) refusal = NULL;

  weir_conformance_client_send (client, "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n", -1);
  head = weir_conformance_client_receive (client, TRUE);
  g_assert_cmpuint (head->status, ==, 200);
  weir_conformance_client_send (client, "G(T /hello HTTP/1.1\r\nHost: a\r\n\r\n", -1);
  refusal = weir_conformance_client_receive (client, FALSE);
  g_assert_cmpuint (refusal->status, ==, 400);
  g_assert_true (refusal->whole);
  weir_conformance_client_check_closed (client);
}

/* What follows a refused head is not read as a request. */
static void
test_nothing_after (WeirConformanceFixture *fixture)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceResponse) first = NULL;
  g_autoptr (WeirConformanceResponse) second = NULL;

  weir_conformance_client_send (client,
                                "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
                                "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length : 34\r\n\r\n"
                                "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
                                -1);
  first = weir_conformance_client_receive (client, FALSE);
  second = weir_conformance_client_receive (client, FALSE);
  g_assert_cmpuint (first->status, ==, 200);
  g_assert_cmpuint (second->status, ==, 400);
  weir_conformance_client_check_closed (client);
  g_assert_cmpuint (weir_conformance_stage_get (fixture->stage, WEIR_CONFORMANCE_SEEN), ==, 1);
}

const WeirConformanceCase weir_conformance_malformed_cases[] = {
  { "malformed/heads", test_heads, NULL, 0 },
  { "malformed/bodies", test_bodies, NULL, 0 },
  { "malformed/late-body", test_late_body, NULL, 0 },
  { "malformed/refused-head", test_refused_head, NULL, 0 },
  { "malformed/refused-behind-head", test_refused_behind_head, NULL, 0 },
  { "malformed/nothing-after", test_nothing_after, NULL, 0 },
  { NULL, NULL, NULL, 0 },
};
