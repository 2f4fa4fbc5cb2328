/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-address-private.h"

#include <arpa/inet.h>

char *
weir_address_put_port (char *out, guint16 port)
{
  char digits[5];
  guint n = 0;

  do
    digits[n++] = '0' + port % 10;
  while ((port /= 10) > 0);
  while (n > 0)
    *out++ = digits[--n];
  return out;
}

static void
format_v4 (const guint8 *bytes, char *out)
{
  for (guint i = 0; i < 4; i++)
    {
      if (i > 0)
        *out++ = '.';
      out = weir_address_put_port (out, bytes[i]);
    }
  *out = '\0';
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
