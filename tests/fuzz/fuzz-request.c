/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include "fuzz.h"
#include "io/weir-chunk-decoder.h"
#include "io/weir-request-parser.h"

/* The first byte of an input says how large the pieces are that it comes in; the rest is
 * what a client sends. However it is cut, the same is understood; and what is understood
 * has nothing in it that the next server could understand otherwise. */

#define MAX_SIZE 4096
#define MAX_FIELDS 16

static WeirRequestResult
parse (WeirRequestParser *parser, char *data, gsize size, gsize piece)
{
  WeirRequestResult result = WEIR_REQUEST_MORE;

  for (gsize length = MIN (piece, size); result == WEIR_REQUEST_MORE;
       length = MIN (length + piece, size))
    {
      result = weir_request_parser_feed (parser, data, length);
      if (length == size)
        break;
    }
  return result;
}

static void
check_same (const WeirRequestHead *one, const WeirRequestHead *two)
{
  g_assert_cmpuint (one->status, ==, two->status);
  if (one->status != 0)
    return;
  g_assert_cmpuint (one->head_length, ==, two->head_length);
  g_assert_cmpuint (one->body_length, ==, two->body_length);
  g_assert_cmpint (one->framing, ==, two->framing);
  g_assert_cmpstr (one->authority, ==, two->authority);
  g_assert_cmpstr (one->target, ==, two->target);
  g_assert_cmpstr (one->upgrade, ==, two->upgrade);
}

static void
check_clean (const char *text, gsize length, gboolean spaces)
{
  for (gsize i = 0; i < length; i++)
    {
      guchar c = (guchar) text[i];

      g_assert_true (c > 0x20 || (spaces && (c == ' ' || c == '\t')));
      g_assert_cmpuint (c, !=, 0x7f);
    }
}

static void
check_head (WeirHead *head)
{
  guint n_fields;
  const WeirField *fields = weir_head_get_fields (head, &n_fields);
  const char *target = weir_head_get_target (head);

  g_assert_true (target[0] == '/' || strcmp (target, "*") == 0);
  check_clean (target, strlen (target), FALSE);
  check_clean (weir_head_get_method (head), strlen (weir_head_get_method (head)), FALSE);
  check_clean (weir_head_get_authority (head), strlen (weir_head_get_authority (head)), FALSE);
  g_assert_null (strpbrk (weir_head_get_authority (head), "/@?#\\ "));
  g_assert_cmpuint (n_fields, <=, MAX_FIELDS);
  for (guint i = 0; i < n_fields; i++)
    {
      g_assert_cmpuint (fields[i].name_length, >, 0);
      check_clean (fields[i].name, fields[i].name_length, FALSE);
      g_assert_null (memchr (fields[i].name, ':', fields[i].name_length));
      check_clean (fields[i].value, fields[i].value_length, TRUE);
    }
}

/* Returns the bytes read, or -1. */
static gssize
decode (const guint8 *data, gsize size, gsize piece, GString *body)
{
  WeirChunkDecoder decoder;
  const guint8 *at = data;
  WeirChunkResult result = WEIR_CHUNK_MORE;

  weir_chunk_decoder_init (&decoder);
  while (at < data + size && result == WEIR_CHUNK_MORE)
    {
      gsize length = MIN (piece, (gsize) (data + size - at));
      const guint8 *part;
      gsize part_length;

      while ((result = weir_chunk_decoder_next (&decoder, &at, &length, &part, &part_length)) ==
             WEIR_CHUNK_DATA)
        {
          g_assert_cmpuint (part_length, >, 0);
          g_string_append_len (body, (const char *) part, (gssize) part_length);
        }
    }
  return result == WEIR_CHUNK_BAD ? -1 : at - data;
}

static void
check_body (const guint8 *data, gsize size, gsize piece)
{
  g_autoptr (GString) one = g_string_new (NULL);
  g_autoptr (GString) two = g_string_new (NULL);
  WeirChunkDecoder decoder;
  gssize whole = decode (data, size, size, one);

  g_assert_cmpint (whole, ==, decode (data, size, piece, two));
  g_assert_true (g_string_equal (one, two));
  weir_chunk_decoder_init (&decoder);
  g_assert_cmpint (weir_chunk_decoder_accepts (&decoder, data, size), ==, whole >= 0);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (WeirRequestParser) one = weir_request_parser_new (MAX_SIZE, MAX_FIELDS);
  g_autoptr (WeirRequestParser) two = weir_request_parser_new (MAX_SIZE, MAX_FIELDS);
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  WeirRequestResult result;
  gsize piece;

  if (size < 2)
    return 0;
  piece = 1 + data[0] % 64;
  first = g_memdup2 (data + 1, --size);
  second = g_memdup2 (first, size);

  result = parse (one, first, size, size);
  g_assert_cmpint (result, ==, parse (two, second, size, piece));
  switch (result)
    {
    case WEIR_REQUEST_MORE:
      g_assert_cmpuint (size, <, MAX_SIZE);
      break;
    case WEIR_REQUEST_REFUSED:
      check_same (weir_request_parser_get_head (one), weir_request_parser_get_head (two));
      g_assert_cmpuint (weir_request_parser_get_head (one)->status, >=, 400);
      break;
    case WEIR_REQUEST_DONE:
      {
        g_autoptr (WeirHead) head = weir_request_parser_make_head (one, "local");
        gsize used = weir_request_parser_get_head (one)->head_length;

        check_same (weir_request_parser_get_head (one), weir_request_parser_get_head (two));
        check_head (head);
        check_body (data + 1 + used, size - used, piece);
      }
      break;
    }
  return 0;
}
