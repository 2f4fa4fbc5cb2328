/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "io/weir-request-parser.h"

#include <string.h>

static void
check_fields (WeirHead *head)
{
  static const char *const expected[] = { "Host=a", "X-Spaces=b c", "Empty=", "E2=", "T=\xc3\xa4" };
  guint n_fields;
  const WeirField *fields = weir_head_get_fields (head, &n_fields);

  g_assert_cmpuint (n_fields, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < n_fields; i++)
    {
      g_autofree char *field = g_strdup_printf ("%.*s=%.*s",
                                                (int) fields[i].name_length,
                                                fields[i].name,
                                                (int) fields[i].value_length,
                                                fields[i].value);

      g_assert_cmpstr (field, ==, expected[i]);
    }
}

/* The bytes move from one call to the next, as they do in a buffer that grows. */
static void
test_whole (void)
{
  const char *text = "GET /a?b HTTP/1.1\r\nHost:a\r\nX-Spaces: \t b c \t \r\nEmpty:\r\nE2:  \r\n"
                     "T: \xc3\xa4\r\n\r\nGET";
  gsize length = strlen (text);

  for (gsize piece = 1; piece <= length; piece++)
    {
      g_autoptr (WeirRequestParser) self = weir_request_parser_new (1024, 16);
      g_autoptr (WeirHead) head = NULL;
      g_autofree char *copy = NULL;
      WeirRequestResult result = WEIR_REQUEST_MORE;
      const WeirRequestHead *request;

      for (gsize n = piece; result == WEIR_REQUEST_MORE; n = MIN (n + piece, length))
        {
          g_free (copy);
          copy = g_memdup2 (text, n);
          result = weir_request_parser_feed (self, copy, n);
        }
      g_assert_cmpint (result, ==, WEIR_REQUEST_DONE);
      request = weir_request_parser_get_head (self);
      g_assert_cmpuint (request->head_length, ==, length - 3);
      g_assert_cmpstr (request->method, ==, "GET");
      g_assert_cmpstr (request->target, ==, "/a?b");
      g_assert_cmpstr (request->authority, ==, "a");
      g_assert_cmpuint (request->minor_version, ==, 1);
      g_assert_cmpint (request->framing, ==, WEIR_REQUEST_FRAMING_NONE);
      g_assert_true (request->keep_alive);
      head = weir_request_parser_make_head (self, "default");
      check_fields (head);
    }
}

static void
check_refused (const char *text, gsize length, guint status)
{
  g_autoptr (WeirRequestParser) self = weir_request_parser_new (64, 2);
  g_autofree char *copy = g_memdup2 (text, length);

  g_assert_cmpint (weir_request_parser_feed (self, copy, length), ==, WEIR_REQUEST_REFUSED);
  g_assert_cmpuint (weir_request_parser_get_head (self)->status, ==, status);
  g_assert_nonnull (weir_request_parser_get_head (self)->reason);
  g_assert_cmpint (weir_request_parser_feed (self, copy, length), ==, WEIR_REQUEST_REFUSED);
}

/* A byte that may not stand where it stands is refused when it comes, not at the end. */
static void
test_at_once (void)
{
  static const char *const texts[] = {
    "\n",
    "\r\r",
    "\r\n\r",
    " ",
    "GET\t",
    "GET  ",
    "GET \r",
    "GET / HTTP/1.1\n",
    "GET / HTTP/1.1\r\r",
    "GET / HTTP/11\r",
    "GET / HTTP/1.1 ",
    "GET / HTTP/1.1\r\n ",
    "GET / HTTP/1.1\r\nA ",
    "GET / HTTP/1.1\r\nA\r",
    "GET / HTTP/1.1\r\n:",
    "GET / HTTP/1.1\r\nA: \x01",
    "GET / HTTP/1.1\r\nA: b\n",
    "GET / HTTP/1.1\r\nA: b\r\r",
    "GET / HTTP/1.1\r\nA: b\r\n\r\r",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    check_refused (texts[i], strlen (texts[i]), 400);
  check_refused ("GET / HTTP/1.1\r\nA: \0", 20, 400);
  check_refused ("GET / HTTP/2.0\r", 15, 505);
  check_refused ("GET / HTTP/1.2\r", 15, 505);
}

static void
test_limits (void)
{
  g_autofree char *path = g_strnfill (64, '/');
  g_autofree char *target = g_strdup_printf ("GET %s", path);
  g_autofree char *field = g_strdup_printf ("GET / HTTP/1.1\r\nA: %s", path);
  const char *fields = "GET / HTTP/1.1\r\nA:\r\nB:\r\nC:\r\n\r\n";

  check_refused (target, strlen (target), 414);
  check_refused (field, strlen (field), 431);
  check_refused (fields, strlen (fields), 431);
}

/* Each byte at each place of a value, for values are looked at eight bytes at a time. */
static void
test_values (void)
{
  for (guint c = 0; c < 256; c++)
    {
      for (gsize at = 0; at < 20; at++)
        {
          g_autoptr (WeirRequestParser) self = weir_request_parser_new (1024, 16);
          g_autofree char *fill = g_strnfill (20, 'a');
          g_autofree char *text =
              g_strdup_printf ("GET / HTTP/1.1\r\nHost: a\r\nA: %s\r\n\r\n", fill);
          gboolean good = c == '\t' || (c >= 0x20 && c != 0x7f);

          text[strlen ("GET / HTTP/1.1\r\nHost: a\r\nA: ") + at] = (char) c;
          g_assert_cmpint (weir_request_parser_feed (self, text, 52),
                           ==,
                           good ? WEIR_REQUEST_DONE : WEIR_REQUEST_REFUSED);
        }
    }
}

static void
test_reset (void)
{
  g_autoptr (WeirRequestParser) self = weir_request_parser_new (64, 2);

  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *text = g_strdup ("GET / HTTP/1.0\r\nA: 1\r\n\r\n");
      g_autoptr (WeirHead) head = NULL;

      g_assert_cmpint (weir_request_parser_feed (self, text, strlen (text)), ==, WEIR_REQUEST_DONE);
      g_assert_cmpuint (weir_request_parser_get_head (self)->minor_version, ==, 0);
      g_assert_false (weir_request_parser_get_head (self)->keep_alive);
      head = weir_request_parser_make_head (self, "default");
      g_assert_cmpstr (weir_head_get_authority (head), ==, "default");
      g_assert_true (weir_head_has (head, "a"));
      weir_request_parser_reset (self);
    }
}

static void
test_connection (void)
{
  static const struct
  {
    const char *fields;
    gboolean keep_alive[2]; /* HTTP/1.0, HTTP/1.1 */
  } cases[] = {
    { "", { FALSE, TRUE } },
    { "Connection: keep-alive\r\n", { TRUE, TRUE } },
    { "Connection: close\r\n", { FALSE, FALSE } },
    { "Connection: a ,\tCLOSE ,b\r\n", { FALSE, FALSE } },
    { "Connection: closed, close-not\r\n", { FALSE, TRUE } },
    { "Connection: keep-alive\r\nConnection: close\r\n", { FALSE, FALSE } },
    { "Connection:,, ,\r\n", { FALSE, TRUE } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      for (int minor = 0; minor < 2; minor++)
        {
          g_autoptr (WeirRequestParser) self = weir_request_parser_new (1024, 16);
          g_autofree char *text =
              g_strdup_printf ("GET / HTTP/1.%d\r\nHost: a\r\n%s\r\n", minor, cases[i].fields);

          g_assert_cmpint (weir_request_parser_feed (self, text, strlen (text)),
                           ==,
                           WEIR_REQUEST_DONE);
          g_assert_cmpint (weir_request_parser_get_head (self)->keep_alive,
                           ==,
                           cases[i].keep_alive[minor]);
        }
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/request-parser/whole", test_whole);
  g_test_add_func ("/request-parser/at-once", test_at_once);
  g_test_add_func ("/request-parser/limits", test_limits);
  g_test_add_func ("/request-parser/values", test_values);
  g_test_add_func ("/request-parser/reset", test_reset);
  g_test_add_func ("/request-parser/connection", test_connection);
  return g_test_run ();
}
