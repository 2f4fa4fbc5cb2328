/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-soup-chunk-decoder.h"

enum
{
  SIZE,
  EXTENSION,
  SIZE_LF,
  DATA,
  DATA_CR,
  DATA_LF,
  TRAILER,
  TRAILER_NAME,
  TRAILER_VALUE,
  TRAILER_LF,
  END_LF,
  DONE,
};

#define MAX_DIGITS 15 /* 60 bits: no sum of two can overflow */
#define MAX_EXTRA 8192

void
weir_soup_chunk_decoder_init (WeirSoupChunkDecoder *self)
{
  *self = (WeirSoupChunkDecoder){ .state = SIZE };
}

gboolean
weir_soup_chunk_decoder_is_done (WeirSoupChunkDecoder *self)
{
  return self->state == DONE;
}

static gboolean
expect (WeirSoupChunkDecoder *self, guint8 c, guint8 wanted, guint next)
{
  self->state = next;
  return c == wanted;
}

static gboolean
step_size (WeirSoupChunkDecoder *self, guint8 c)
{
  int digit = g_ascii_xdigit_value ((char) c);

  if (digit >= 0)
    {
      self->left = self->left * 16 + digit;
      return ++self->digits <= MAX_DIGITS;
    }
  if (self->digits == 0)
    return FALSE;
  if (c == '\r')
    self->state = SIZE_LF;
  else if (c == ';')
    self->state = EXTENSION;
  else
    return FALSE;
  return TRUE;
}

static gboolean
is_text (guint8 c)
{
  return c == '\t' || (c >= 0x20 && c != 0x7f);
}

static gboolean
step_extra (WeirSoupChunkDecoder *self, guint8 c)
{
  if (++self->extra > MAX_EXTRA)
    return FALSE;

  switch (self->state)
    {
    case EXTENSION:
      if (c == '\r')
        self->state = SIZE_LF;
      return c == '\r' || is_text (c);
    case TRAILER:
      self->state = c == '\r' ? END_LF : TRAILER_NAME;
      return c == '\r' || g_ascii_isalnum (c) || c == '-' || c == '_';
    case TRAILER_NAME:
      if (c == ':')
        self->state = TRAILER_VALUE;
      return c == ':' || g_ascii_isalnum (c) || c == '-' || c == '_' || c == '.';
    default: /* TRAILER_VALUE */
      if (c == '\r')
        self->state = TRAILER_LF;
      return c == '\r' || is_text (c);
    }
}

static gboolean
step (WeirSoupChunkDecoder *self, guint8 c)
{
  switch (self->state)
    {
    case SIZE:
      return step_size (self, c);
    case SIZE_LF:
      return expect (self, c, '\n', self->left > 0 ? DATA : TRAILER);
    case DATA_CR:
      return expect (self, c, '\r', DATA_LF);
    case DATA_LF:
      self->digits = 0;
      return expect (self, c, '\n', SIZE);
    case TRAILER_LF:
      return expect (self, c, '\n', TRAILER);
    case END_LF:
      return expect (self, c, '\n', DONE);
    default:
      return step_extra (self, c);
    }
}

gssize
weir_soup_chunk_decoder_feed (WeirSoupChunkDecoder *self,
                              const guint8 *data,
                              gsize length,
                              const guint8 **piece,
                              gsize *piece_length)
{
  gsize position = 0;

  *piece = NULL;
  *piece_length = 0;

  while (position < length && self->state != DONE)
    {
      if (self->state == DATA)
        {
          gsize take = MIN (self->left, length - position);

          *piece = data + position;
          *piece_length = take;
          self->left -= take;
          if (self->left == 0)
            self->state = DATA_CR;
          return (gssize) (position + take);
        }
      if (!step (self, data[position]))
        return -1;
      position++;
    }

  return (gssize) position;
}

gboolean
weir_soup_chunk_decoder_accepts (const WeirSoupChunkDecoder *self, const guint8 *data, gsize length)
{
  WeirSoupChunkDecoder ahead = *self;

  while (length > 0 && !weir_soup_chunk_decoder_is_done (&ahead))
    {
      const guint8 *piece;
      gsize piece_length;
      gssize used = weir_soup_chunk_decoder_feed (&ahead, data, length, &piece, &piece_length);

      if (used < 0)
        return FALSE;
      data += used;
      length -= (gsize) used;
    }
  return TRUE;
}
