/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

/* What a byte of a head may be part of. */
#define WEIR_TEXT_TOKEN 1  /* RFC 9110 §5.6.2 */
#define WEIR_TEXT_TARGET 2 /* the target of a request, in any form */
#define WEIR_TEXT_VALUE 4  /* a field's value: no control character but the tab */
#define WEIR_TEXT_HOST 8   /* RFC 3986 §3.2.2: a name, but for what is percent-encoded */

extern const guint8 weir_text_classes[256];

static inline gboolean
weir_text_is (char c, guint8 text_class)
{
  return (weir_text_classes[(guchar) c] & text_class) != 0;
}

/* Returns where the first byte lies that is not of the class, or length. */
static inline gsize
weir_text_skip (const char *text, gsize length, guint8 text_class)
{
  gsize at = 0;

  while (at < length && weir_text_is (text[at], text_class))
    at++;
  return at;
}

/* The top bit of each byte that is a control character, the tab included; below the first of
 * them, which is all that counts, there is no mistake. */
static inline guint64
weir_text_find_control (const char *text)
{
  const guint64 ones = G_GUINT64_CONSTANT (0x0101010101010101);
  const guint64 tops = ones << 7;
  guint64 word, del;

  memcpy (&word, text, 8);
  word = GUINT64_FROM_LE (word);
  del = word ^ (ones * 0x7f);
  return (((word - ones * 0x20) & ~word) | ((del - ones) & ~del)) & tops;
}

typedef guint8 WeirTextBlock __attribute__ ((vector_size (16)));

/* Sixteen bytes: all bits of those that are control characters, the tab included. */
static inline WeirTextBlock
weir_text_mark_controls (const char *text)
{
  WeirTextBlock block;

  memcpy (&block, text, sizeof block);
  return (WeirTextBlock) (block < 0x20) | (WeirTextBlock) (block == 0x7f);
}

static inline gboolean
weir_text_is_unmarked (WeirTextBlock found)
{
  guint64 halves[2];

  memcpy (halves, &found, sizeof halves);
  return (halves[0] | halves[1]) == 0;
}

/* Whether there is none in sixty-four. */
static inline gboolean
weir_text_is_long_plain (const char *text)
{
  return weir_text_is_unmarked (
      weir_text_mark_controls (text) | weir_text_mark_controls (text + 16) |
      weir_text_mark_controls (text + 32) | weir_text_mark_controls (text + 48));
}

/* Whether no byte is a control character. FALSE says nothing when there is a tab. The last bytes
 * are looked at together with some of those before, twice: that is faster than one by one. */
static inline gboolean
weir_text_is_plain (const char *text, gsize length)
{
  gsize at = 0;

  if (length < 8)
    return weir_text_skip (text, length, WEIR_TEXT_VALUE) == length;
  if (length < 16)
    return (weir_text_find_control (text) | weir_text_find_control (text + length - 8)) == 0;
  for (; at + 64 <= length; at += 64)
    if (!weir_text_is_long_plain (text + at))
      return FALSE;
  for (; at + 16 <= length; at += 16)
    if (!weir_text_is_unmarked (weir_text_mark_controls (text + at)))
      return FALSE;
  return weir_text_is_unmarked (weir_text_mark_controls (text + length - 16));
}

/* As weir_text_skip() for values, which most bytes of a head are in: many bytes at a time. */
static inline gsize
weir_text_skip_value (const char *text, gsize length)
{
  gsize at = 0;

  while (at + 64 <= length && weir_text_is_long_plain (text + at))
    at += 64;
  while (at + 16 <= length && weir_text_is_unmarked (weir_text_mark_controls (text + at)))
    at += 16;
  while (at + 8 <= length)
    {
      guint64 found = weir_text_find_control (text + at);

      if (found == 0)
        {
          at += 8;
          continue;
        }
      at += (gsize) __builtin_ctzll (found) / 8;
      if (text[at] != '\t')
        return at;
      at++;
    }
  return at + weir_text_skip (text + at, length - at, WEIR_TEXT_VALUE);
}

/* strcmp() == 0, without a call for most that differ. */
static inline gboolean
weir_text_equals (const char *text, const char *word)
{
  return *text == *word && strcmp (text, word) == 0;
}

/* Whether it cannot be taken for more than one line. */
static inline gboolean
weir_text_is_line (const char *text, gsize length)
{
  if (weir_text_is_plain (text, length))
    return TRUE;
  for (gsize i = 0; i < length; i++)
    {
      if (text[i] == '\r' || text[i] == '\n' || text[i] == '\0')
        return FALSE;
    }
  return TRUE;
}

G_END_DECLS
