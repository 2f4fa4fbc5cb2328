/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <glib.h>

G_BEGIN_DECLS

/* Takes the chunked coding off a body, byte by byte where it must and without a copy.
 * Strict: a size is hexadecimal digits and nothing else, a line ends in CR LF. Trailers
 * are checked and dropped. */
typedef struct
{
  guint state;
  guint digits;
  guint64 left;     /* of the chunk */
  gsize extensions; /* bytes of extensions and trailers so far */
} WeirChunkDecoder;

typedef enum
{
  WEIR_CHUNK_MORE, /* everything is consumed */
  WEIR_CHUNK_DATA, /* a piece of body */
  WEIR_CHUNK_END,  /* the last chunk and the trailers are consumed */
  WEIR_CHUNK_BAD,
} WeirChunkResult;

void weir_chunk_decoder_init (WeirChunkDecoder *self);
/* Moves data and length on; the piece points into the data. */
WeirChunkResult weir_chunk_decoder_next (WeirChunkDecoder *self,
                                         const guint8 **data,
                                         gsize *length,
                                         const guint8 **piece,
                                         gsize *piece_length);

G_END_DECLS
