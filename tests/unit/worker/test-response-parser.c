/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-response-parser-private.h"

#include <string.h>

/* Feeds an answer cut at two places; gives what came of it as text. */
static char *
parse_cut (const char *text, gsize length, gsize first, gsize second, gboolean of_head)
{
  g_autoptr (GString) out = g_string_new (NULL);
  const gsize ends[] = { first, second, length };
  WeirResponseParser parser;
  gsize from = 0;

  weir_response_parser_init (&parser);
  weir_response_parser_start (&parser, of_head, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      g_autofree guint8 *copy = g_memdup2 (text + from, ends[i] - from);
      const guint8 *data = copy;
      gsize left = ends[i] - from;
      const guint8 *piece = NULL;
      gsize piece_length = 0;
      WeirResponseEvent event = WEIR_RESPONSE_MORE;

      from = ends[i];
      while ((event = weir_response_parser_next (&parser, &data, &left, &piece, &piece_length)) !=
             WEIR_RESPONSE_MORE)
        {
          if (event == WEIR_RESPONSE_HEAD)
            g_string_append_printf (out, "%u:", weir_head_get_status (parser.head));
          else if (event == WEIR_RESPONSE_BODY)
            g_string_append_len (out, (const char *) piece, (gssize) piece_length);
          else
            break;
        }
      if (event == WEIR_RESPONSE_END || event == WEIR_RESPONSE_BAD)
        {
          g_string_append (out, event == WEIR_RESPONSE_END ? "." : "!");
          weir_response_parser_clear (&parser);
          return g_string_free (g_steal_pointer (&out), FALSE);
        }
    }
  g_string_append (out, weir_response_parser_finish (&parser) == WEIR_RESPONSE_END ? "." : "!");
  weir_response_parser_clear (&parser);
  return g_string_free (g_steal_pointer (&out), FALSE);
}

#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"

static const struct
{
  const char *text;
  const char *result;
} cases[] = {
  { OK "Content-Length: 5\r\n\r\nhello", "200:hello." },
  { "HTTP/1.1 546 \r\nCONTENT-LENGTH:\t5 \r\n\r\nhello", "546:hello." },
  { OK "\r\nrest", "200:rest." },
  { "HTTP/1.1 100\r\n\r\n" OK "Content-Length: 1\r\n\r\nx", "200:x." },
  { CHUNKED "5\r\nhello\r\n0\r\n\r\n", "200:hello." },
  { CHUNKED "5;a=\"b\"\r\nhello\r\nA\r\n0123456789\r\n000\r\na: b\r\nc: d\r\n\r\n",
    "200:hello0123456789." },
  { CHUNKED "0\r\n\r\n", "200:." },
  { CHUNKED "5\r\nhello\r\n", "200:hello!" },
  { CHUNKED "5\r\nhelloX\r\n0\r\n\r\n", "200:hello!" },
  { CHUNKED "5\nhello\r\n0\r\n\r\n", "200:!" },
  { CHUNKED "5 \r\nhello\r\n0\r\n\r\n", "200:!" },
  { CHUNKED "+5\r\nhello\r\n0\r\n\r\n", "200:!" },
  { CHUNKED "0x5\r\nhello\r\n0\r\n\r\n", "200:!" },
  { CHUNKED "\r\n", "200:!" },
  { CHUNKED "1000000000000000\r\n", "200:!" },
  { CHUNKED "0\r\nbare\n\r\n", "200:!" },
  { CHUNKED "-1\r\n", "200:!" },
  { CHUNKED "zz\r\n", "200:!" },
  { OK "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "!" },
  { OK "Content-Length: 5, 5\r\n\r\nhello", "!" },
  { OK "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "!" },
  { OK "Content-Length: +5\r\n\r\nhello", "!" },
  { OK "Content-Length:\r\n\r\nhello", "!" },
  { OK "Content-Length: 9999999999999999999\r\n\r\nhello", "!" },
  { OK "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "!" },
  { OK "Transfer-Encoding: identity\r\n\r\n", "!" },
  { "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "!" },
  { OK "Name : x\r\n\r\n", "!" },
  { OK " fold: x\r\n\r\n", "!" },
  { OK "a: b\r\n c\r\n\r\n", "!" },
  { OK "a: b\rc\r\n\r\n", "!" },
  { OK "a: b\nc: d\r\n\r\n", "!" },
  { OK "no colon\r\n\r\n", "!" },
  { OK ": x\r\n\r\n", "!" },
  { OK "a: \x01\r\n\r\n", "!" },
  { "HTTP/2.0 200 OK\r\n\r\n", "!" },
  { "HTTP/1.1 20 OK\r\n\r\n", "!" },
  { "HTTP/1.1 2000 OK\r\n\r\n", "!" },
  { "HTTP/1.1 099 OK\r\n\r\n", "!" },
  { "HTTP/1.1  200 OK\r\n\r\n", "!" },
  { "\r\nHTTP/1.1 200 OK\r\n\r\n", "!" },
  { "\r\n\r\n", "!" },
  { "HTTP/1.1 101 Switching\r\n\r\n", "!" },
  { OK "a: b", "!" },
  { "", "!" },
};

static void
test_every_cut (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gsize length = strlen (cases[i].text);

      for (gsize first = 0; first <= length; first++)
        for (gsize second = first; second <= length; second += 1 + length / 16)
          {
            g_autofree char *result = parse_cut (cases[i].text, length, first, second, FALSE);

            if (strcmp (result, cases[i].result) != 0)
              g_error ("'%s' cut at %zu and %zu gives '%s', not '%s'",
                       cases[i].text,
                       first,
                       second,
                       result,
                       cases[i].result);
          }
    }
}

static void
test_nul (void)
{
  static const char text[] = OK "a: b\0c\r\n\r\n";
  g_autofree char *result = parse_cut (text, sizeof text - 1, 5, 9, FALSE);

  g_assert_cmpstr (result, ==, "!");
}

static void
test_of_head (void)
{
  static const char text[] = OK "Content-Length: 5\r\n\r\n";
  g_autofree char *result = parse_cut (text, sizeof text - 1, 5, 9, TRUE);

  g_assert_cmpstr (result, ==, "200:.");
}

static char *
parse_large (gsize filling, guint n_fields)
{
  g_autoptr (GString) text = g_string_new (OK);

  for (guint i = 0; i < n_fields; i++)
    {
      g_string_append_printf (text, "x-%u: ", i);
      for (gsize at = 0; at < filling / n_fields; at++)
        g_string_append_c (text, 'x');
      g_string_append (text, "\r\n");
    }
  g_string_append (text, "Content-Length: 0\r\n\r\n");
  return parse_cut (text->str, text->len, text->len / 3, text->len / 2, FALSE);
}

static void
test_limits (void)
{
  g_autofree char *large = parse_large (200 * 1024, 10);
  g_autofree char *too_large = parse_large (WEIR_RESPONSE_HEAD_LIMIT, 10);
  g_autofree char *many = parse_large (0, 999);
  g_autofree char *too_many = parse_large (0, 1001);

  g_assert_cmpstr (large, ==, "200:.");
  g_assert_cmpstr (too_large, ==, "!");
  g_assert_cmpstr (many, ==, "200:.");
  g_assert_cmpstr (too_many, ==, "!");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/response-parser/every-cut", test_every_cut);
  g_test_add_func ("/response-parser/nul", test_nul);
  g_test_add_func ("/response-parser/of-head", test_of_head);
  g_test_add_func ("/response-parser/limits", test_limits);
  return g_test_run ();
}
