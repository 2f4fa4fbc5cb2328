/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include "fuzz.h"
#include "weir-soup-chunk-decoder.h"
#include "weir-soup-head-scanner.h"
#include "weir-soup-request.h"

/* The first byte of an input says how large the pieces are that it comes in; the rest is
 * what a client sends. However it is cut, the same is understood; and what is understood
 * has nothing in it that the next server could understand otherwise. */

#define MAX_SIZE 4096
#define MAX_FIELDS 16

static WeirSoupScan
scan (WeirSoupHeadScanner *scanner, const char *data, gsize size, gsize piece)
{
  WeirSoupScan result = WEIR_SOUP_SCAN_MORE;

  for (gsize length = MIN (piece, size); result == WEIR_SOUP_SCAN_MORE;
       length = MIN (length + piece, size))
    {
      result = weir_soup_head_scanner_feed (scanner, data, length);
      if (length == size)
        break;
    }
  return result;
}

static void
check_same (const WeirSoupHeadScanner *one, const WeirSoupHeadScanner *two)
{
  g_assert_cmpuint (one->status, ==, two->status);
  if (one->status != 0)
    return;
  g_assert_cmpuint (one->position, ==, two->position);
  g_assert_cmpmem (one->fields->data,
                   one->fields->len * sizeof (WeirSoupSpan),
                   two->fields->data,
                   two->fields->len * sizeof (WeirSoupSpan));
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

static gssize
decode (const guint8 *data, gsize size, gsize piece, GString *body)
{
  WeirSoupChunkDecoder decoder;
  gsize position = 0;

  weir_soup_chunk_decoder_init (&decoder);
  while (position < size && !weir_soup_chunk_decoder_is_done (&decoder))
    {
      const guint8 *part;
      gsize part_length;
      gssize used = weir_soup_chunk_decoder_feed (&decoder,
                                                  data + position,
                                                  MIN (piece, size - position),
                                                  &part,
                                                  &part_length);

      if (used < 0)
        return -1;
      g_assert_cmpint (used, >, 0);
      if (part_length > 0)
        g_string_append_len (body, (const char *) part, (gssize) part_length);
      position += (gsize) used;
    }
  return (gssize) position;
}

static void
check_body (const guint8 *data, gsize size, gsize piece)
{
  g_autoptr (GString) one = g_string_new (NULL);
  g_autoptr (GString) two = g_string_new (NULL);
  WeirSoupChunkDecoder decoder;
  gssize whole = decode (data, size, size, one);

  g_assert_cmpint (whole, ==, decode (data, size, piece, two));
  g_assert_true (g_string_equal (one, two));
  weir_soup_chunk_decoder_init (&decoder);
  g_assert_cmpint (weir_soup_chunk_decoder_accepts (&decoder, data, size), ==, whole >= 0);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  WeirSoupHeadScanner one, two;
  WeirSoupRequest request;
  g_autofree char *copy = NULL;
  gsize piece;

  if (size < 2)
    return 0;
  piece = 1 + data[0] % 64;
  copy = g_memdup2 (data + 1, --size);

  weir_soup_head_scanner_init (&one, MAX_SIZE, MAX_FIELDS);
  weir_soup_head_scanner_init (&two, MAX_SIZE, MAX_FIELDS);
  g_assert_cmpint (scan (&one, copy, size, size), ==, scan (&two, copy, size, piece));
  check_same (&one, &two);
  if (weir_soup_head_scanner_feed (&one, copy, size) == WEIR_SOUP_SCAN_MORE)
    g_assert_cmpuint (size, <, MAX_SIZE);

  weir_soup_head_scanner_reset (&two);
  if (scan (&two, copy, size, size) == WEIR_SOUP_SCAN_DONE)
    {
      check_body (data + 1 + two.position, size - two.position, piece);
      if (weir_soup_request_read (&request, &two, copy))
        {
          g_autoptr (WeirHead) head = weir_soup_request_make_head (&request, &two, copy, "local");

          check_head (head);
        }
      else
        g_assert_cmpuint (request.status, >=, 400);
    }
  weir_soup_head_scanner_clear (&one);
  weir_soup_head_scanner_clear (&two);
  return 0;
}
