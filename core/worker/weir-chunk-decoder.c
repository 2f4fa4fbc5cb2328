/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-chunk-decoder-private.h"

#define MOST_DIGITS 15
#define MOST_EXTENSIONS (16 * 1024)

typedef enum
{
  STATE_SIZE,
  STATE_EXTENSION,
  STATE_SIZE_LF,
  STATE_DATA,
  STATE_DATA_CR,
  STATE_DATA_LF,
  STATE_TRAILER_START,
  STATE_TRAILER,
  STATE_TRAILER_LF,
  STATE_END_LF,
  STATE_END,
  STATE_BAD,
} State;

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
  if ((c < 0x20 && c != '\t') || c == 0x7f || ++self->extensions > MOST_EXTENSIONS)
    return STATE_BAD;
  return here;
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
      return take_text (self, c, STATE_TRAILER, STATE_END_LF);
    case STATE_TRAILER:
      return take_text (self, c, STATE_TRAILER, STATE_TRAILER_LF);
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
