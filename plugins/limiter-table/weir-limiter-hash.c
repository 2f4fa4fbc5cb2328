/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-limiter-hash.h"

#include <string.h>

static inline guint64
rotate (guint64 x, guint bits)
{
  return x << bits | x >> (64 - bits);
}

static inline void
mix (guint64 v[4], guint rounds)
{
  for (guint i = 0; i < rounds; i++)
    {
      v[0] += v[1];
      v[1] = rotate (v[1], 13) ^ v[0];
      v[0] = rotate (v[0], 32);
      v[2] += v[3];
      v[3] = rotate (v[3], 16) ^ v[2];
      v[0] += v[3];
      v[3] = rotate (v[3], 21) ^ v[0];
      v[2] += v[1];
      v[1] = rotate (v[1], 17) ^ v[2];
      v[2] = rotate (v[2], 32);
    }
}

static inline void
take (guint64 v[4], guint64 word)
{
  v[3] ^= word;
  mix (v, 2);
  v[0] ^= word;
}

void
weir_limiter_hash (const guint64 secret[2], const char *data, gsize length, guint64 out[2])
{
  guint64 v[4] = {
    secret[0] ^ G_GUINT64_CONSTANT (0x736f6d6570736575),
    secret[1] ^ G_GUINT64_CONSTANT (0x646f72616e646f6d) ^ 0xee,
    secret[0] ^ G_GUINT64_CONSTANT (0x6c7967656e657261),
    secret[1] ^ G_GUINT64_CONSTANT (0x7465646279746573),
  };
  guint64 last = (guint64) length << 56;
  guint64 word = 0;
  gsize i;

  for (i = 0; i + 8 <= length; i += 8)
    {
      memcpy (&word, data + i, 8);
      take (v, GUINT64_FROM_LE (word));
    }
  word = 0;
  if (i < length)
    memcpy (&word, data + i, length - i);
  take (v, last | GUINT64_FROM_LE (word));

  v[2] ^= 0xee;
  mix (v, 4);
  out[0] = v[0] ^ v[1] ^ v[2] ^ v[3];
  v[1] ^= 0xdd;
  mix (v, 4);
  out[1] = v[0] ^ v[1] ^ v[2] ^ v[3];
}
