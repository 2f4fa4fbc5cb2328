/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-http"

#include "http/weir-trusted-proxies-private.h"

#include <string.h>

#define MAPPED_LENGTH 12

struct _WeirTrustedProxies
{
  GPtrArray *masks; /* GInetAddressMask */
  gboolean trusts_unix;
};

WeirTrustedProxies *
weir_trusted_proxies_new (const char *const *networks)
{
  WeirTrustedProxies *self = g_new0 (WeirTrustedProxies, 1);

  self->masks = g_ptr_array_new_with_free_func (g_object_unref);
  for (; networks != NULL && *networks != NULL; networks++)
    {
      g_autoptr (GError) error = NULL;
      GInetAddressMask *mask;

      if (strcmp (*networks, "unix") == 0)
        {
          self->trusts_unix = TRUE;
          continue;
        }
      mask = g_inet_address_mask_new_from_string (*networks, &error);
      if (mask != NULL)
        g_ptr_array_add (self->masks, mask);
      else
        g_warning ("A trusted proxy is left out: %s", error->message);
    }
  return self;
}

void
weir_trusted_proxies_free (WeirTrustedProxies *self)
{
  g_ptr_array_unref (self->masks);
  g_free (self);
}

/* On a socket for both families an IPv4 peer has an IPv6 address that hides its own. */
static GInetAddress *
unmap (GInetAddress *address)
{
  static const guint8 mapped[MAPPED_LENGTH] = { [10] = 0xff, [11] = 0xff };
  const guint8 *bytes = g_inet_address_to_bytes (address);

  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6 &&
      memcmp (bytes, mapped, MAPPED_LENGTH) == 0)
    return g_inet_address_new_from_bytes (bytes + MAPPED_LENGTH, G_SOCKET_FAMILY_IPV4);
  return g_object_ref (address);
}

gboolean
weir_trusted_proxies_match (WeirTrustedProxies *self, GInetAddress *address)
{
  g_autoptr (GInetAddress) plain = NULL;

  if (address == NULL)
    return self->trusts_unix;
  if (self->masks->len == 0)
    return FALSE;

  plain = unmap (address);
  for (guint i = 0; i < self->masks->len; i++)
    if (g_inet_address_mask_matches (self->masks->pdata[i], plain))
      return TRUE;
  return FALSE;
}
