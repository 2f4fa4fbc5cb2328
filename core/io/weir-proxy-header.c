/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "io/weir-proxy-header.h"

#include <string.h>

#include "io/weir-crc32c-private.h"

/**
 * WeirProxyHeader: (skip)
 *
 * What a proxy says about its client. C only.
 *
 * Since: 1.0
 */

/**
 * WeirProxyResult: (skip)
 * @WEIR_PROXY_MORE: there must be more bytes
 * @WEIR_PROXY_DONE: the header is complete
 * @WEIR_PROXY_BAD: it is none; the connection must be closed without an answer
 *
 * How far a header got.
 *
 * Since: 1.0
 */

#define SIGNATURE_LENGTH 12
#define FIXED_LENGTH 16
#define EXTENSION_LENGTH 3
#define EXTENSION_CHECKSUM 0x03
#define CHECKSUM_LENGTH 4

/* Version 2 in the upper half. */
#define COMMAND_LOCAL 0x20
#define COMMAND_PROXY 0x21

/* Family and transport. Datagrams have no place on a stream, and what is not known here would
 * have to be guessed at. */
#define CLIENT_UNKNOWN 0x00
#define CLIENT_TCP4 0x11
#define CLIENT_TCP6 0x21
#define CLIENT_UNIX 0x31

static const guint8 signature[SIGNATURE_LENGTH] = {
  '\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n',
};

static guint16
read_number (const guint8 *data)
{
  return (guint16) (data[0] << 8 | data[1]);
}

/* Bytes that the addresses of a client take; G_MAXSIZE for one that is not known. */
static gsize
get_addresses_length (guint8 client)
{
  switch (client)
    {
    case CLIENT_UNKNOWN:
      return 0;
    case CLIENT_TCP4:
      return 2 * 4 + 2 * 2;
    case CLIENT_TCP6:
      return 2 * 16 + 2 * 2;
    case CLIENT_UNIX:
      return 2 * 108;
    default:
      return G_MAXSIZE;
    }
}

/* The checksum is that of the whole header, in which it counts as zero itself. */
static gboolean
check_sum (const guint8 *header, gsize length, const guint8 *place)
{
  static const guint8 zeros[CHECKSUM_LENGTH];
  const guint8 *rest = place + CHECKSUM_LENGTH;
  guint32 said;
  guint32 sum = weir_crc32c (0, header, (gsize) (place - header));

  sum = weir_crc32c (sum, zeros, CHECKSUM_LENGTH);
  sum = weir_crc32c (sum, rest, (gsize) (header + length - rest));
  memcpy (&said, place, CHECKSUM_LENGTH);
  return GUINT32_FROM_BE (said) == sum;
}

/* All but a checksum are skipped, but they must fill exactly what is left behind the addresses. */
static gboolean
check_extensions (const guint8 *header, gsize length, gsize at)
{
  while (length - at >= EXTENSION_LENGTH)
    {
      guint16 size = read_number (header + at + 1);
      guint8 kind = header[at];

      at += EXTENSION_LENGTH;
      if (size > length - at)
        return FALSE;
      if (kind == EXTENSION_CHECKSUM &&
          (size != CHECKSUM_LENGTH || !check_sum (header, length, header + at)))
        return FALSE;
      at += size;
    }
  return at == length;
}

/* The source comes first, then the destination, and then the ports of both. */
static void
read_client (WeirProxyHeader *self, guint8 client, const guint8 *data)
{
  gsize address_length = client == CLIENT_TCP4 ? 4 : 16;

  self->told = client != CLIENT_UNKNOWN;
  if (client != CLIENT_TCP4 && client != CLIENT_TCP6)
    return;
  self->family = client == CLIENT_TCP4 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6;
  memcpy (self->address, data, address_length);
  self->port = read_number (data + 2 * address_length);
}

static WeirProxyResult
read_rest (WeirProxyHeader *self, const guint8 *data)
{
  gsize rest = self->length - FIXED_LENGTH;
  gsize addresses = get_addresses_length (data[13]);

  /* What a proxy says of itself is not looked at, whatever it is. */
  if (data[12] == COMMAND_LOCAL)
    return WEIR_PROXY_DONE;
  if (addresses > rest)
    return WEIR_PROXY_BAD;
  /* Of a client that is not known the length covers whatever it likes. */
  if (data[13] != CLIENT_UNKNOWN &&
      !check_extensions (data, self->length, FIXED_LENGTH + addresses))
    return WEIR_PROXY_BAD;
  read_client (self, data[13], data + FIXED_LENGTH);
  return WEIR_PROXY_DONE;
}

/**
 * weir_proxy_header_read: (skip)
 * @self: where to put what it says
 * @data: (array length=length): all that came on the connection so far
 * @length: bytes in @data
 *
 * Reads the header that a proxy sends before anything else. Any thread.
 *
 * Returns: how far it got
 *
 * Since: 1.0
 */
WeirProxyResult
weir_proxy_header_read (WeirProxyHeader *self, const guint8 *data, gsize length)
{
  *self = (WeirProxyHeader){ .family = G_SOCKET_FAMILY_INVALID };
  if (memcmp (data, signature, MIN (length, SIGNATURE_LENGTH)) != 0 ||
      (length > 12 && data[12] != COMMAND_LOCAL && data[12] != COMMAND_PROXY) ||
      (length > 13 && data[12] == COMMAND_PROXY && get_addresses_length (data[13]) == G_MAXSIZE))
    return WEIR_PROXY_BAD;
  if (length < FIXED_LENGTH)
    return WEIR_PROXY_MORE;

  self->length = FIXED_LENGTH + read_number (data + 14);
  if (self->length > WEIR_PROXY_HEADER_MAX)
    return WEIR_PROXY_BAD;
  if (length < self->length)
    return WEIR_PROXY_MORE;
  return read_rest (self, data);
}
