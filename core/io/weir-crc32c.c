/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "io/weir-crc32c-private.h"

/* Of half a byte each, for what is summed up here is short and rare. */
static const guint32 remainders[16] = {
  0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
  0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

guint32
weir_crc32c (guint32 before, const guint8 *data, gsize length)
{
  guint32 sum = ~before;

  for (gsize i = 0; i < length; i++)
    {
      sum ^= data[i];
      sum = sum >> 4 ^ remainders[sum & 0xf];
      sum = sum >> 4 ^ remainders[sum & 0xf];
    }
  return ~sum;
}
