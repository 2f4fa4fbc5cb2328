/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include <glib.h>
#include "base/weir-version.h"

G_BEGIN_DECLS

/* Takes the chunked coding off a body, byte by byte where it must and without a copy.
 * Strict: a size is hexadecimal digits and nothing else, a line ends in CR LF, extensions
 * and trailers are bounded. Trailers are checked and dropped. Plain data: a copy of it can
 * look ahead. */
typedef struct
{
  /*< private >*/
  guint state;
  guint digits;
  guint64 left; /* of the chunk */
  gsize extra;  /* bytes of extensions and trailers so far */
} WeirChunkDecoder;

typedef enum
{
  WEIR_CHUNK_MORE, /* everything is consumed */
  WEIR_CHUNK_DATA, /* a piece of body */
  WEIR_CHUNK_END,  /* the last chunk and the trailers are consumed */
  WEIR_CHUNK_BAD,
} WeirChunkResult;

WEIR_AVAILABLE_IN_ALL
void weir_chunk_decoder_init (WeirChunkDecoder *self);
/* Moves data and length on; the piece points into the data. */
WEIR_AVAILABLE_IN_ALL
WeirChunkResult weir_chunk_decoder_next (WeirChunkDecoder *self,
                                         const guint8 **data,
                                         gsize *length,
                                         const guint8 **piece,
                                         gsize *piece_length);
/* Whether all of data can be read from here on, without moving. */
WEIR_AVAILABLE_IN_ALL
gboolean
weir_chunk_decoder_accepts (const WeirChunkDecoder *self, const guint8 *data, gsize length);

G_END_DECLS
