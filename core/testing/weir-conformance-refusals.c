/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include "testing/weir-conformance-private.h"

/* What is refused, by rule instead of by example: each framing field with each byte that may
 * not stand in it, and each value that is nearly one; and which status says what. */

#define FIELD_LINE "POST /echo HTTP/1.1\r\nHost: a\r\n"

static guint
send_and_get_status (WeirConformanceFixture *fixture, const char *bytes, gsize length)
{
  g_autoptr (WeirConformanceClient) client = weir_conformance_client_new (fixture);
  g_autoptr (WeirConformanceResponse) response = NULL;

  weir_conformance_client_send (client, bytes, (gssize) length);
  response = weir_conformance_client_receive (client, FALSE);
  g_assert_true (response->whole);
  weir_conformance_client_check_closed (client);
  return response->status;
}

static void
check_refused (WeirConformanceFixture *fixture, const GString *request)
{
  guint status = send_and_get_status (fixture, request->str, request->len);

  g_assert_true ((status >= 400 && status < 500) || status == 501);
}

/* Name, colon, space and value with a byte put in before each letter and at the end. */
static void
check_byte_everywhere (WeirConformanceFixture *fixture, const char *line, char byte)
{
  gsize length = strlen (line);

  for (gsize at = 0; at <= length; at++)
    {
      g_autoptr (GString) request = g_string_new (FIELD_LINE);

      g_string_append_len (request, line, (gssize) at);
      g_string_append_c (request, byte);
      g_string_append (request, line + at);
      g_string_append (request, "\r\n\r\n0\r\n\r\n");
      check_refused (fixture, request);
    }
}

static void
test_bytes (WeirConformanceFixture *fixture)
{
  static const char bytes[] = { 0, 1, 8, 0x0b, 0x0c, 0x0e, 0x1f, 0x7f };

  for (guint i = 0; i < G_N_ELEMENTS (bytes); i++)
    {
      check_byte_everywhere (fixture, "Content-Length: 5", bytes[i]);
      check_byte_everywhere (fixture, "Transfer-Encoding: chunked", bytes[i]);
    }
  g_assert_cmpuint (weir_conformance_stage_get (fixture->stage, WEIR_CONFORMANCE_SEEN), ==, 0);
}

static void
check_value (WeirConformanceFixture *fixture, const char *name, const char *value)
{
  g_autoptr (GString) request = g_string_new (FIELD_LINE);

  g_test_message ("%s: %s", name, value);
  g_string_append_printf (request, "%s: %s\r\n\r\n0\r\n\r\n", name, value);
  check_refused (fixture, request);
}

static void
test_values (WeirConformanceFixture *fixture)
{
  static const char *const lengths[] = { "",
                                         "+5",
                                         "-5",
                                         "5,5",
                                         "5, 5",
                                         "5 5",
                                         "5;a",
                                         "0x5",
                                         "5e0",
                                         "5.0",
                                         "\"5\"",
                                         "five",
                                         "_5",
                                         "5_0",
                                         "5-",
                                         "0b1",
                                         "5\xc2\xb2",
                                         "99999999999999999999",
                                         "18446744073709551621",
                                         "36893488147419103237",
                                         "4294967296999999999999" };
  static const char *const codings[] = { "",
                                         "identity",
                                         "gzip",
                                         "xchunked",
                                         "chunkedx",
                                         "chunk",
                                         "chunked,",
                                         ",chunked",
                                         "chunked, chunked",
                                         "chunked, identity",
                                         "identity, chunked",
                                         "chunked;a=b",
                                         "\"chunked\"",
                                         "chunked chunked",
                                         "chunk ed" };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      check_value (fixture, "Content-Length", lengths[i]);
      check_value (fixture, "cONTENT-lENGTH", lengths[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (codings); i++)
    {
      check_value (fixture, "Transfer-Encoding", codings[i]);
      check_value (fixture, "TRANSFER-ENCODING", codings[i]);
    }
  g_assert_cmpuint (weir_conformance_stage_get (fixture->stage, WEIR_CONFORMANCE_SEEN), ==, 0);
}

/* Any two of the fields that say how long a body is, and any two that say for whom. */
static void
test_pairs (WeirConformanceFixture *fixture)
{
  static const char *const lines[] = {
    "Content-Length: 5",          "content-length: 5",          "Content-Length: 6",
    "Transfer-Encoding: chunked", "transfer-encoding: Chunked", "Transfer-Encoding: identity"
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      for (guint k = 0; k < G_N_ELEMENTS (lines); k++)
        {
          g_autoptr (GString) request = g_string_new (FIELD_LINE);

          g_string_append_printf (request, "%s\r\nX: y\r\n%s\r\n\r\n0\r\n\r\n", lines[i], lines[k]);
          check_refused (fixture, request);
        }
    }
  g_assert_cmpuint (weir_conformance_stage_get (fixture->stage, WEIR_CONFORMANCE_SEEN), ==, 0);
}

static void
test_statuses (WeirConformanceFixture *fixture)
{
  static const struct
  {
    const char *request;
    guint status;
  } cases[] = {
    { "GET /hello\r\n", 400 },
    { "GET /hello HTTP/1.1\r\n\r\n", 400 },
    { "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 405 },
    { "GET /hello HTTP/1.1\r\nHost: a\r\nExpect: 101-sure\r\n\r\n", 417 },
    { FIELD_LINE "Transfer-Encoding: gzip\r\n\r\n", 501 },
    { "GET /hello HTTP/2.0\r\nHost: a\r\n\r\n", 505 },
    { "GET /hello HTTP/0.9\r\nHost: a\r\n\r\n", 505 },
    { "GET /hello HTTP/1.2\r\nHost: a\r\n\r\n", 505 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].request);
      g_assert_cmpuint (send_and_get_status (fixture, cases[i].request, strlen (cases[i].request)),
                        ==,
                        cases[i].status);
    }
}

/* The client did not stop sending when it was refused; it can read why all the same. */
static void
test_lingering (WeirConformanceFixture *fixture)
{
  g_autofree char *more = g_strnfill (200 * 1024, 'x');
  g_autoptr (GString) bytes = g_string_new ("GET /hello HTTP/1.1\r\nHost : a\r\n\r\n");

  g_string_append (bytes, more);
  for (guint i = 0; i < 20; i++)
    g_assert_cmpuint (send_and_get_status (fixture, bytes->str, bytes->len), ==, 400);
}

const WeirConformanceCase weir_conformance_refusals_cases[] = {
  { "refusals/bytes", test_bytes, NULL, 0 },
  { "refusals/values", test_values, NULL, 0 },
  { "refusals/pairs", test_pairs, NULL, 0 },
  { "refusals/statuses", test_statuses, NULL, 0 },
  { "refusals/lingering", test_lingering, NULL, 0 },
  { NULL, NULL, NULL, 0 },
};
