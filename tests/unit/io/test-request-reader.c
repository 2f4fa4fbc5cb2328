/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "io/weir-request-parser.h"

#include <string.h>

/* Reads head and tells what it means, or why not, in a line. */
static char *
understand (const char *head)
{
  static const char *const bodies[] = { "none", "length", "chunked" };
  g_autoptr (WeirRequestParser) parser = weir_request_parser_new (4096, 16);
  g_autofree char *data = g_strdup (head);
  WeirRequestResult result = weir_request_parser_feed (parser, data, strlen (data));
  const WeirRequestHead *request = weir_request_parser_get_head (parser);

  g_assert_cmpint (result, !=, WEIR_REQUEST_MORE);
  if (result == WEIR_REQUEST_REFUSED)
    return g_strdup_printf ("%u", request->status);
  return g_strdup_printf ("%s %s %s %s:%" G_GUINT64_FORMAT "%s%s%s%s%s",
                          request->method,
                          request->authority,
                          request->target,
                          bodies[request->framing],
                          request->body_length,
                          request->is_head ? " head" : "",
                          request->keep_alive ? "" : " close",
                          request->expects_continue ? " expect" : "",
                          request->upgrade != NULL ? " " : "",
                          request->upgrade != NULL ? request->upgrade : "");
}

static void
test_meaning (void)
{
  static const struct
  {
    const char *head;
    const char *meaning;
  } cases[] = {
    { "GET / HTTP/1.1\r\nHost: a:1\r\n\r\n", "GET a:1 / none:0" },
    { "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD a / none:0 head" },
    { "GET / HTTP/1.0\r\n\r\n", "GET (null) / none:0 close" },
    { "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE\r\n\r\n", "GET a / none:0 close" },
    { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "POST a / none:0" },
    { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 007\r\n\r\n", "POST a / length:7" },
    { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999999999\r\n\r\n",
      "POST a / length:999999999999999999" },
    { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000000000000\r\n\r\n", "400" },
    { "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n", "POST a / chunked:0" },
    { "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", "501" },
    { "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n", "POST a / none:0 expect" },
    { "POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\n\r\n", "POST a / none:0 close" },
    { "POST / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", "417" },
    { "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\n\r\n",
      "GET a / none:0 websocket" },
    { "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n", "GET a / none:0" },
    { "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
      "GET a / none:0" },
    { "GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
      "GET a / none:0 close" },
    { "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
      "Content-Length: 1\r\n\r\n",
      "GET a / length:1" },
    { "GET http://b:2/c?d HTTP/1.1\r\nHost: a\r\n\r\n", "GET b:2 /c?d none:0" },
    { "GET http://b HTTP/1.1\r\nHost: a\r\n\r\n", "GET b / none:0" },
    { "GET http://b?c/d HTTP/1.1\r\nHost: a\r\n\r\n", "GET b /?c/d none:0" },
    { "GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n", "400" },
    { "GET https://b/ HTTP/1.1\r\nHost: a\r\n\r\n", "400" },
    { "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS a * none:0" },
    { "GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n", "GET [::1] / none:0" },
    { "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", "400" },
    { "GET / HTTP/1.1\r\nHost: [g]\r\n\r\n", "400" },
    { "GET / HTTP/1.1\r\nHost: []\r\n\r\n", "400" },
    { "GET / HTTP/1.1\r\nHost: [::::]\r\n\r\n", "400" },
    { "GET / HTTP/1.1\r\nHost: [1.2.3.4]\r\n\r\n", "400" },
    { "GET / HTTP/1.1\r\nHost: a%C3%a4:65535\r\n\r\n", "GET a%C3%a4:65535 / none:0" },
    { "GET / HTTP/1.1\r\nHost: a%\r\n\r\n", "400" },
    { "GET / HTTP/1.1\r\nHost: a%4\r\n\r\n", "400" },
    { "GET / HTTP/1.1\r\nHost: a%4g\r\n\r\n", "400" },
    { "GET http://b%zz/ HTTP/1.1\r\nHost: a\r\n\r\n", "400" },
    { "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", "400" },
    { "GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n", "400" },
    { "GET / HTTP/1.1\r\nHost: :80\r\n\r\n", "400" },
    { "GET / HTTP/1.0\r\nHost:\r\n\r\n", "400" },
    { "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", "405" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *meaning = understand (cases[i].head);

      g_test_message ("%s", cases[i].head);
      g_assert_cmpstr (meaning, ==, cases[i].meaning);
    }
}

/* What concerns the connection stays with the connection. */
static void
test_head (void)
{
  g_autofree char *data = g_strdup ("POST /a HTTP/1.1\r\nHost: a\r\nConnection: close, X-B\r\n"
                                    "Keep-Alive: 1\r\nProxy-Connection: a\r\nTE: trailers\r\n"
                                    "Trailer: X\r\nTransfer-Encoding: chunked\r\nUpgrade: x\r\n"
                                    "Expect: 100-continue\r\nHTTP2-Settings: x\r\nX-B: 1\r\n"
                                    "X-B: 2\r\n\r\n");
  g_autoptr (WeirRequestParser) parser = weir_request_parser_new (4096, 16);
  g_autoptr (WeirHead) head = NULL;
  g_auto (GStrv) names = NULL;
  g_autofree char *list = NULL;
  g_autofree char *values = NULL;

  g_assert_cmpint (weir_request_parser_feed (parser, data, strlen (data)), ==, WEIR_REQUEST_DONE);
  head = weir_request_parser_make_head (parser, "local");
  names = weir_head_dup_names (head);
  list = g_strjoinv (" ", names);
  values = weir_head_dup (head, "x-b");
  g_assert_cmpstr (list, ==, "Host X-B X-B");
  g_assert_cmpstr (values, ==, "1, 2");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/request-reader/meaning", test_meaning);
  g_test_add_func ("/request-reader/head", test_head);
  return g_test_run ();
}
