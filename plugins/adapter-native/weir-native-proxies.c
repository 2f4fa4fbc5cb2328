/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-plugin-adapter-native"

#include "weir-native-proxies.h"

#include <string.h>

struct _WeirNativeProxies
{
  GPtrArray *masks; /* GInetAddressMask */
  gboolean has_unix;
};

WeirNativeProxies *
weir_native_proxies_new (const char *const *networks)
{
  WeirNativeProxies *self = g_new0 (WeirNativeProxies, 1);

  self->masks = g_ptr_array_new_with_free_func (g_object_unref);
  for (; networks != NULL && *networks != NULL; networks++)
    {
      g_autoptr (GError) error = NULL;
      GInetAddressMask *mask;

      if (strcmp (*networks, "unix") == 0)
        {
          self->has_unix = TRUE;
          continue;
        }
      mask = g_inet_address_mask_new_from_string (*networks, &error);
      if (mask != NULL)
        g_ptr_array_add (self->masks, mask);
      else
        g_warning ("A proxy is left out: %s", error->message);
    }
  return self;
}

void
weir_native_proxies_free (WeirNativeProxies *self)
{
  g_ptr_array_unref (self->masks);
  g_free (self);
}

gboolean
weir_native_proxies_match (WeirNativeProxies *self, GInetAddress *peer)
{
  if (peer == NULL)
    return self->has_unix;
  for (guint i = 0; i < self->masks->len; i++)
    if (g_inet_address_mask_matches (self->masks->pdata[i], peer))
      return TRUE;
  return FALSE;
}
