/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "io/weir-chunk-decoder.h"

#include <string.h>

#define MOST_DIGITS 15 /* 60 bits: no sum of two can overflow */
#define MOST_EXTRA (16 * 1024)

/**
 * WeirChunkDecoder: (skip)
 *
 * Takes the chunked coding off the body of a message. Plain data, a field of whoever reads
 * one. C only.
 *
 * Since: 1.0
 */

/**
 * WeirChunkResult: (skip)
 * @WEIR_CHUNK_MORE: everything was read, and there is more to come
 * @WEIR_CHUNK_DATA: there is a piece of the body
 * @WEIR_CHUNK_END: the body and its trailers have come to their end
 * @WEIR_CHUNK_BAD: the rules are broken; nothing that follows can be trusted
 *
 * What a decoder found.
 *
 * Since: 1.0
 */

typedef enum
{
  STATE_SIZE,
  STATE_EXTENSION,
  STATE_SIZE_LF,
  STATE_DATA,
  STATE_DATA_CR,
  STATE_DATA_LF,
  STATE_TRAILER_START,
  STATE_TRAILER_NAME,
  STATE_TRAILER_VALUE,
  STATE_TRAILER_LF,
  STATE_END_LF,
  STATE_END,
  STATE_BAD,
} State;

/**
 * weir_chunk_decoder_init: (skip)
 * @self: a decoder
 *
 * Makes it ready for the first byte of a body.
 *
 * Since: 1.0
 */
void
weir_chunk_decoder_init (WeirChunkDecoder *self)
{
  *self = (WeirChunkDecoder){ .state = STATE_SIZE };
}

static State
take_size (WeirChunkDecoder *self, guint8 c)
{
  int digit = g_ascii_xdigit_value ((char) c);

  if (digit >= 0)
    {
      if (++self->digits > MOST_DIGITS)
        return STATE_BAD;
      self->left = self->left << 4 | (guint) digit;
      return STATE_SIZE;
    }
  if (self->digits == 0)
    return STATE_BAD;
  if (c == '\r')
    return STATE_SIZE_LF;
  return c == ';' ? STATE_EXTENSION : STATE_BAD;
}

/* Text that nobody reads; it must be bounded and have no control characters. */
static State
take_text (WeirChunkDecoder *self, guint8 c, State here, State after)
{
  if (c == '\r')
    return after;
  if ((c < 0x20 && c != '\t') || c == 0x7f || ++self->extra > MOST_EXTRA)
    return STATE_BAD;
  return here;
}

static gboolean
is_token (guint8 c)
{
  return g_ascii_isalnum (c) || (c != 0 && strchr ("!#$%&'*+-.^_`|~", c) != NULL);
}

static State
take_name (WeirChunkDecoder *self, guint8 c)
{
  if (c == '\r' && self->state == STATE_TRAILER_START)
    return STATE_END_LF;
  if (c == ':' && self->state == STATE_TRAILER_NAME)
    return STATE_TRAILER_VALUE;
  if (!is_token (c) || ++self->extra > MOST_EXTRA)
    return STATE_BAD;
  return STATE_TRAILER_NAME;
}

static State
take (WeirChunkDecoder *self, guint8 c)
{
  switch ((State) self->state)
    {
    case STATE_SIZE:
      return take_size (self, c);
    case STATE_EXTENSION:
      return take_text (self, c, STATE_EXTENSION, STATE_SIZE_LF);
    case STATE_SIZE_LF:
      if (c != '\n')
        return STATE_BAD;
      self->digits = 0;
      return self->left > 0 ? STATE_DATA : STATE_TRAILER_START;
    case STATE_DATA_CR:
      return c == '\r' ? STATE_DATA_LF : STATE_BAD;
    case STATE_DATA_LF:
      return c == '\n' ? STATE_SIZE : STATE_BAD;
    case STATE_TRAILER_START:
    case STATE_TRAILER_NAME:
      return take_name (self, c);
    case STATE_TRAILER_VALUE:
      return take_text (self, c, STATE_TRAILER_VALUE, STATE_TRAILER_LF);
    case STATE_TRAILER_LF:
      return c == '\n' ? STATE_TRAILER_START : STATE_BAD;
    case STATE_END_LF:
      return c == '\n' ? STATE_END : STATE_BAD;
    case STATE_DATA:
    case STATE_END:
    case STATE_BAD:
      break;
    }
  return STATE_BAD;
}

/**
 * weir_chunk_decoder_next: (skip)
 * @self: a decoder
 * @data: (inout): what is to be read; moved on
 * @length: (inout): bytes of @data that are left
 * @piece: (out): with %WEIR_CHUNK_DATA, a part of @data
 * @piece_length: (out): its length
 *
 * Reads until there is a piece of the body, its end, or nothing more to read.
 *
 * Returns: what was found
 *
 * Since: 1.0
 */
WeirChunkResult
weir_chunk_decoder_next (WeirChunkDecoder *self,
                         const guint8 **data,
                         gsize *length,
                         const guint8 **piece,
                         gsize *piece_length)
{
  while (self->state<STATE_END && * length> 0)
    {
      if (self->state == STATE_DATA)
        {
          *piece = *data;
          *piece_length = MIN (self->left, *length);
          *data += *piece_length;
          *length -= *piece_length;
          self->left -= *piece_length;
          if (self->left == 0)
            self->state = STATE_DATA_CR;
          return WEIR_CHUNK_DATA;
        }
      self->state = take (self, **data);
      *data += 1;
      *length -= 1;
    }
  if (self->state == STATE_END)
    return WEIR_CHUNK_END;
  return self->state == STATE_BAD ? WEIR_CHUNK_BAD : WEIR_CHUNK_MORE;
}

/**
 * weir_chunk_decoder_accepts: (skip)
 * @self: a decoder
 * @data: (array length=length): what would be read next
 * @length: bytes in @data
 *
 * Looks ahead: nothing is consumed.
 *
 * Returns: whether all of @data follows the rules, up to the end of the body
 *
 * Since: 1.0
 */
gboolean
weir_chunk_decoder_accepts (const WeirChunkDecoder *self, const guint8 *data, gsize length)
{
  WeirChunkDecoder ahead = *self;
  WeirChunkResult result;
  const guint8 *piece;
  gsize piece_length;

  do
    result = weir_chunk_decoder_next (&ahead, &data, &length, &piece, &piece_length);
  while (result == WEIR_CHUNK_DATA);
  return result != WEIR_CHUNK_BAD;
}
