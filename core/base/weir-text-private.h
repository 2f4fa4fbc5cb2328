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

/* The same for values, which most bytes of a head are in: eight bytes at a time, as long as
 * none of them is a control character. */
static inline gsize
weir_text_skip_value (const char *text, gsize length)
{
  const guint64 ones = G_GUINT64_CONSTANT (0x0101010101010101);
  const guint64 tops = ones << 7;
  gsize at = 0;

  for (; at + 8 <= length; at += 8)
    {
      guint64 word, low, del;

      memcpy (&word, text + at, 8);
      low = (word - ones * 0x20) & ~word & tops;
      del = word ^ (ones * 0x7f);
      del = (del - ones) & ~del & tops;
      if ((low | del) != 0)
        break;
    }
  return at + weir_text_skip (text + at, length - at, WEIR_TEXT_VALUE);
}

G_END_DECLS
