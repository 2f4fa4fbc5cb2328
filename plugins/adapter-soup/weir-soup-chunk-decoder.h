/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Takes chunked coding off a request body, by the letter: no sign, no "0x", no bare line
 * feed, bounded extensions and trailers. Plain data: a copy of it can look ahead. */
typedef struct
{
  guint state;
  guint digits;
  guint extra; /* bytes of extensions and trailers so far */
  guint64 left;
} WeirSoupChunkDecoder;

void weir_soup_chunk_decoder_init (WeirSoupChunkDecoder *self);
/* Reads from data until it has a piece of the body, the end, or nothing more to read.
 * Returns how many bytes were read, or -1 when they break the rules. piece, piece_length:
 * (out) a part of data. */
gssize weir_soup_chunk_decoder_feed (WeirSoupChunkDecoder *self,
                                     const guint8 *data,
                                     gsize length,
                                     const guint8 **piece,
                                     gsize *piece_length);
gboolean weir_soup_chunk_decoder_is_done (WeirSoupChunkDecoder *self);
/* Whether all of data can be read from here on, without moving. */
gboolean weir_soup_chunk_decoder_accepts (const WeirSoupChunkDecoder *self,
                                          const guint8 *data,
                                          gsize length);

G_END_DECLS
