/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-upstream-head-private.h"

#include <string.h>

#include "http/weir-address-private.h"
#include "http/weir-exchange-private.h"

#define PUT(out, text) put (out, text, sizeof (text) - 1)

static char *
put (char *out, const char *text, gsize length)
{
  memcpy (out, text, length);
  return out + length;
}

static char *
put_client (char *out, const char *text, guint16 port)
{
  gboolean is_v6 = strchr (text, ':') != NULL;

  out = PUT (out, "x-deno-client-address: ");
  if (is_v6)
    *out++ = '[';
  out = put (out, text, strlen (text));
  if (is_v6)
    *out++ = ']';
  *out++ = ':';
  out = weir_address_put_port (out, port);
  return PUT (out, "\r\n");
}

void
weir_upstream_head_format_extra (WeirExchange *exchange, char *extra)
{
  const char *client = weir_exchange_get_client_text (exchange);
  const char *id = weir_exchange_get_request_id (exchange);
  char *out = extra;

  if (client != NULL)
    out = put_client (out, client, weir_exchange_get_client_port (exchange));
  if (id != NULL)
    {
      out = PUT (out, "x-request-id: ");
      out = put (out, id, strlen (id));
      out = PUT (out, "\r\n");
    }
  *out = '\0';
}

char *
weir_upstream_head_dup_with_secrets (WeirExchange *exchange, const char *extra)
{
  const char *secrets = weir_exchange_get_user_secrets (exchange);

  if (secrets == NULL)
    return NULL;
  return g_strconcat (extra, "x-deno-worker-user-secrets: ", secrets, "\r\n", NULL);
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
