/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-rate-key-private.h"

#include <arpa/inet.h>
#include <string.h>

#include "http/weir-exchange-private.h"

#define V4_MAPPED "\0\0\0\0\0\0\0\0\0\0\xff\xff"
/* Whose identities are keys, one for each caller. */
#define KEY_AUTHENTICATOR "key"
/* Whoever has one IPv6 address has the rest of its network as well. */
#define V6_NETWORK 8
#define V6_LENGTH 16

static void
format_address (GInetAddress *address, char out[INET6_ADDRSTRLEN])
{
  const guint8 *bytes = g_inet_address_to_bytes (address);
  guint8 network[V6_LENGTH] = { 0 };

  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4)
    inet_ntop (AF_INET, bytes, out, INET6_ADDRSTRLEN);
  else if (memcmp (bytes, V4_MAPPED, 12) == 0)
    inet_ntop (AF_INET, bytes + 12, out, INET6_ADDRSTRLEN);
  else
    {
      memcpy (network, bytes, V6_NETWORK);
      inet_ntop (AF_INET6, network, out, INET6_ADDRSTRLEN);
    }
}

/* In two strings, the first of which has no line break. */
static const char *
find_caller (WeirExchange *exchange, gboolean per_key, char *address, const char **caller)
{
  WeirIdentity *identity = weir_exchange_get_identity (exchange);
  GInetAddress *client = weir_exchange_get_client (exchange);

  /* The key of a token is the one that signed it, which all users have in common. */
  if (identity != NULL && per_key &&
      g_strcmp0 (weir_identity_get_authenticator (identity), KEY_AUTHENTICATOR) == 0 &&
      (*caller = weir_identity_get_key_id (identity)) != NULL)
    return "key";
  if (identity != NULL && (*caller = weir_identity_get_subject (identity)) != NULL)
    return "user";

  if (client != NULL)
    format_address (client, address);
  else
    g_strlcpy (address, "unix", INET6_ADDRSTRLEN);
  *caller = address;
  return "ip";
}

static char *
put (char *out, const char *text, gsize length, char end)
{
  memcpy (out, text, length);
  out[length] = end;
  return out + length + 1;
}

void
weir_rate_key_init (WeirRateKey *self,
                    WeirExchange *exchange,
                    const char *kind,
                    const char *scope,
                    gboolean per_key)
{
  char address[INET6_ADDRSTRLEN];
  const char *caller;
  const char *word = find_caller (exchange, per_key, address, &caller);
  gsize kind_length = strlen (kind);
  gsize scope_length = strlen (scope);
  gsize word_length = strlen (word);
  gsize caller_length = strlen (caller);
  gsize length = kind_length + scope_length + word_length + caller_length + 4;
  char *out;

  self->text = length <= sizeof self->room ? self->room : g_malloc (length);
  out = put (self->text, kind, kind_length, ' ');
  out = put (out, scope, scope_length, '\n');
  out = put (out, word, word_length, ' ');
  put (out, caller, caller_length, '\0');
}

void
weir_rate_key_clear (WeirRateKey *self)
{
  if (self->text != self->room)
    g_free (self->text);
}
