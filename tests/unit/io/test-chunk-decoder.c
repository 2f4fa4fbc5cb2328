/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "io/weir-chunk-decoder.h"

#include <string.h>

/* Returns the bytes used, or -1. */
static gssize
decode (const char *text, gsize piece, GString *body)
{
  WeirChunkDecoder self;
  const guint8 *start = (const guint8 *) text;
  const guint8 *end = start + strlen (text);
  WeirChunkResult result = WEIR_CHUNK_MORE;

  weir_chunk_decoder_init (&self);
  while (start < end && result == WEIR_CHUNK_MORE)
    {
      gsize length = MIN (piece, (gsize) (end - start));
      const guint8 *part;
      gsize part_length;

      while ((result = weir_chunk_decoder_next (&self, &start, &length, &part, &part_length)) ==
             WEIR_CHUNK_DATA)
        g_string_append_len (body, (const char *) part, (gssize) part_length);
    }
  if (result == WEIR_CHUNK_BAD)
    return -1;
  g_assert_cmpint (result, ==, WEIR_CHUNK_END);
  return start - (const guint8 *) text;
}

static void
test_whole (void)
{
  const char *text = "3\r\nabc\r\n00a;x=\"y\";z\r\n0123456789\r\n0\r\nA-b_c: d\te\r\n\r\nGET";

  for (gsize piece = 1; piece <= strlen (text); piece++)
    {
      g_autoptr (GString) body = g_string_new (NULL);

      g_assert_cmpint (decode (text, piece, body), ==, strlen (text) - 3);
      g_assert_cmpstr (body->str, ==, "abc0123456789");
    }
}

static void
test_refused (void)
{
  static const char *const texts[] = {
    "g\r\n",           "\r\n",
    "-1\r\n",          "+1\r\n",
    "0x3\r\n",         " 3\r\n",
    "3 \r\n",          "3\n",
    "3\r\r",           ";a\r\n",
    "3\r\nabcd",       "3\r\nabc\n",
    "3\r\nabc\r\r",    "1234567890123456\r\n",
    "0\r\n\n",         "0\r\n a: b\r\n",
    "0\r\na b: c\r\n", "0\r\na: b\n",
    "0\r\n: b\r\n",    "3;\x01\r\n",
    "3;a\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GString) body = g_string_new (NULL);
      WeirChunkDecoder self;

      g_assert_cmpint (decode (texts[i], strlen (texts[i]), body), ==, -1);
      g_assert_cmpint (decode (texts[i], 1, body), ==, -1);
      weir_chunk_decoder_init (&self);
      g_assert_false (
          weir_chunk_decoder_accepts (&self, (const guint8 *) texts[i], strlen (texts[i])));
    }
}

static void
test_bounds (void)
{
  g_autoptr (GString) extension = g_string_new ("1;");
  g_autoptr (GString) trailers = g_string_new ("0\r\n");
  g_autoptr (GString) body = g_string_new (NULL);

  for (guint i = 0; i < 17000; i++)
    g_string_append_c (extension, 'a');
  for (guint i = 0; i < 9000; i++)
    g_string_append (trailers, "a: b\r\n");
  g_assert_cmpint (decode (extension->str, extension->len, body), ==, -1);
  g_assert_cmpint (decode (trailers->str, trailers->len, body), ==, -1);
}

/* To look ahead moves nothing. */
static void
test_ahead (void)
{
  WeirChunkDecoder self, before;

  weir_chunk_decoder_init (&self);
  before = self;
  g_assert_true (weir_chunk_decoder_accepts (&self, (const guint8 *) "3\r\nab", 5));
  g_assert_cmpmem (&self, sizeof self, &before, sizeof before);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/chunk-decoder/whole", test_whole);
  g_test_add_func ("/chunk-decoder/refused", test_refused);
  g_test_add_func ("/chunk-decoder/bounds", test_bounds);
  g_test_add_func ("/chunk-decoder/ahead", test_ahead);
  return g_test_run ();
}
