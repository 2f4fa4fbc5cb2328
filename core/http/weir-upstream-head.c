/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-upstream-head-private.h"

#include <arpa/inet.h>
#include <string.h>

static char *
put_number (char *out, guint16 number)
{
  char digits[5];
  guint n = 0;

  do
    digits[n++] = '0' + number % 10;
  while ((number /= 10) > 0);
  while (n > 0)
    *out++ = digits[--n];
  return out;
}

static char *
put_v4 (char *out, const guint8 *bytes)
{
  for (guint i = 0; i < 4; i++)
    {
      if (i > 0)
        *out++ = '.';
      out = put_number (out, bytes[i]);
    }
  return out;
}

static char *
put_v6 (char *out, const guint8 *bytes)
{
  *out++ = '[';
  inet_ntop (AF_INET6, bytes, out, INET6_ADDRSTRLEN);
  out += strlen (out);
  *out++ = ']';
  return out;
}

static char *
put_address (char *out, GInetAddress *address, guint16 port)
{
  const guint8 *bytes = g_inet_address_to_bytes (address);

  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6)
    out = put_v6 (out, bytes);
  else
    out = put_v4 (out, bytes);
  *out++ = ':';
  return put_number (out, port);
}

void
weir_upstream_head_format_extra (WeirExchange *exchange, char *extra)
{
  GInetAddress *client = weir_exchange_get_client (exchange);
  const char *id = weir_exchange_get_request_id (exchange);
  char *out = extra;

  if (client != NULL)
    {
      out = g_stpcpy (out, "x-deno-client-address: ");
      out = put_address (out, client, weir_exchange_get_client_port (exchange));
      out = g_stpcpy (out, "\r\n");
    }
  if (id != NULL)
    {
      out = g_stpcpy (out, "x-request-id: ");
      out = g_stpcpy (out, id);
      out = g_stpcpy (out, "\r\n");
    }
  *out = '\0';
}

void
weir_upstream_head_fix_protocols (WeirHead *head)
{
  g_autofree char *given = NULL;
  g_auto (GStrv) names = NULL;
  g_autofree char *joined = NULL;

  if (weir_head_find (head, WEIR_FIELD_SEC_WEBSOCKET_PROTOCOL) == NULL)
    return;
  given = weir_head_dup (head, "sec-websocket-protocol");
  if (strchr (given, ',') == NULL)
    return;

  names = g_strsplit (given, ",", -1);
  for (guint i = 0; names[i] != NULL; i++)
    g_strstrip (names[i]);
  joined = g_strjoinv (", ", names);
  weir_head_set (head, "sec-websocket-protocol", joined);
}
