/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include "fuzz.h"
#include "worker/weir-response-parser-private.h"

/* The first byte of an input says what was asked for (1: by HEAD, 2: with an upgrade) and,
 * in its upper half, how large the pieces are that it comes in; the rest is what a worker
 * answers. However it is cut, it must be understood in the same way. */

typedef struct
{
  GString *text; /* all that was understood */
  WeirResponseEvent last;
  gsize consumed;
} Understood;

static void
check_head (WeirHead *head)
{
  guint n_fields;
  const WeirField *fields = weir_head_get_fields (head, &n_fields);

  g_assert_cmpuint (weir_head_get_status (head), >=, 100);
  g_assert_cmpuint (weir_head_get_status (head), <=, 999);
  for (guint i = 0; i < n_fields; i++)
    {
      const WeirField *field = &fields[i];

      g_assert_cmpuint (field->name_length, >, 0);
      g_assert_cmpuint (field->id, ==, weir_field_id_lookup (field->name, field->name_length));
      g_assert_true (field->id != WEIR_FIELD_CONNECTION && field->id != WEIR_FIELD_KEEP_ALIVE &&
                     field->id != WEIR_FIELD_TRANSFER_ENCODING &&
                     field->id != WEIR_FIELD_CONTENT_LENGTH && field->id != WEIR_FIELD_UPGRADE &&
                     field->id != WEIR_FIELD_TE && field->id != WEIR_FIELD_TRAILER &&
                     field->id != WEIR_FIELD_PROXY_CONNECTION);
      for (guint at = 0; at < field->name_length; at++)
        g_assert_true (g_ascii_isgraph (field->name[at]) && field->name[at] != ':');
      for (guint at = 0; at < field->value_length; at++)
        g_assert_true (field->value[at] != '\r' && field->value[at] != '\n' &&
                       field->value[at] != '\0');
    }
}

static void
note_head (Understood *understood, WeirResponseParser *parser)
{
  guint n_fields;
  const WeirField *fields = weir_head_get_fields (parser->head, &n_fields);

  check_head (parser->head);
  g_string_append_printf (understood->text,
                          "%u %" G_GINT64_FORMAT "\n",
                          weir_head_get_status (parser->head),
                          parser->body_length);
  for (guint i = 0; i < n_fields; i++)
    {
      g_string_append_len (understood->text, fields[i].name, fields[i].name_length);
      g_string_append_c (understood->text, ':');
      g_string_append_len (understood->text, fields[i].value, fields[i].value_length);
      g_string_append_c (understood->text, '\n');
    }
}

/* One piece, in memory of its own, so that a sanitizer sees a read past its end. */
static gsize
take_piece (Understood *understood, WeirResponseParser *parser, const guint8 *data, gsize size)
{
  g_autofree guint8 *copy = g_memdup2 (data, size);
  const guint8 *at = copy;
  gsize left = size;

  while (TRUE)
    {
      const guint8 *piece = NULL;
      gsize length = 0;

      understood->last = weir_response_parser_next (parser, &at, &left, &piece, &length);
      switch (understood->last)
        {
        case WEIR_RESPONSE_HEAD:
          note_head (understood, parser);
          break;
        case WEIR_RESPONSE_BODY:
          g_assert_cmpuint (length, >, 0);
          g_assert_true (piece >= copy && piece + length <= copy + size);
          g_string_append_len (understood->text, (const char *) piece, (gssize) length);
          break;
        case WEIR_RESPONSE_UPGRADE:
          note_head (understood, parser);
          return size - left;
        case WEIR_RESPONSE_MORE:
          g_assert_cmpuint (left, ==, 0);
          return size;
        case WEIR_RESPONSE_BAD:
          g_assert_nonnull (parser->problem);
          return size - left;
        case WEIR_RESPONSE_END:
          return size - left;
        }
    }
}

static Understood
understand (guint8 asked, const guint8 *data, gsize size, gsize piece)
{
  Understood understood = { .text = g_string_new (NULL), .last = WEIR_RESPONSE_MORE };
  WeirResponseParser parser;

  weir_response_parser_init (&parser);
  weir_response_parser_start (&parser, (asked & 1) != 0, (asked & 2) != 0);
  while (understood.last == WEIR_RESPONSE_MORE && understood.consumed < size)
    {
      gsize length = MIN (piece, size - understood.consumed);

      understood.consumed += take_piece (&understood, &parser, data + understood.consumed, length);
    }
  if (understood.last == WEIR_RESPONSE_MORE)
    understood.last = weir_response_parser_finish (&parser);
  weir_response_parser_clear (&parser);
  return understood;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  Understood whole;
  Understood cut;

  if (size == 0)
    return 0;
  whole = understand (data[0], data + 1, size - 1, G_MAXSIZE);
  cut = understand (data[0], data + 1, size - 1, (gsize) (data[0] >> 4) + 1);
  g_assert_cmpint (whole.last, ==, cut.last);
  if (whole.last != WEIR_RESPONSE_BAD)
    g_assert_cmpuint (whole.consumed, ==, cut.consumed);
  g_assert_cmpmem (whole.text->str, whole.text->len, cut.text->str, cut.text->len);
  g_string_free (whole.text, TRUE);
  g_string_free (cut.text, TRUE);
  return 0;
}
