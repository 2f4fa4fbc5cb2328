/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-address-private.h"

#include <arpa/inet.h>

char *
weir_address_put_port (char *out, guint16 port)
{
  guint n = port >= 10000 ? 5 : port >= 1000 ? 4 : port >= 100 ? 3 : port >= 10 ? 2 : 1;

  for (guint i = n; i > 0; i--, port /= 10)
    out[i - 1] = '0' + port % 10;
  return out + n;
}

static char *
put_byte (char *out, guint8 byte)
{
  if (byte >= 100)
    *out++ = '0' + byte / 100;
  if (byte >= 10)
    *out++ = '0' + byte / 10 % 10;
  *out++ = '0' + byte % 10;
  return out;
}

static void
format_v4 (const guint8 *bytes, char *out)
{
  for (guint i = 0; i < 4; i++)
    {
      out = put_byte (out, bytes[i]);
      *out++ = '.';
    }
  out[-1] = '\0';
}

void
weir_address_format (GInetAddress *address, char text[WEIR_ADDRESS_SIZE])
{
  const guint8 *bytes = g_inet_address_to_bytes (address);

  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6)
    inet_ntop (AF_INET6, bytes, text, WEIR_ADDRESS_SIZE);
  else
    format_v4 (bytes, text);
}
