/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-native-census.h"

struct _WeirNativeCensus
{
  gatomicrefcount refs;
  gint count; /* atomic */
  GMutex lock;
  GHashTable *addresses; /* bytes of an address to how many connections; under the lock */
};

WeirNativeCensus *
weir_native_census_new (void)
{
  WeirNativeCensus *self = g_new0 (WeirNativeCensus, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  self->addresses =
      g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
  return self;
}

WeirNativeCensus *
weir_native_census_ref (WeirNativeCensus *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
weir_native_census_unref (WeirNativeCensus *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_hash_table_unref (self->addresses);
  g_mutex_clear (&self->lock);
  g_free (self);
}

gboolean
weir_native_census_enter (WeirNativeCensus *self, guint most)
{
  gint count;

  do
    {
      count = g_atomic_int_get (&self->count);
      if ((guint) count >= most)
        return FALSE;
    }
  while (!g_atomic_int_compare_and_exchange (&self->count, count, count + 1));
  return TRUE;
}

void
weir_native_census_leave (WeirNativeCensus *self)
{
  g_atomic_int_add (&self->count, -1);
}

static GBytes *
make_key (GInetAddress *peer)
{
  return g_bytes_new (g_inet_address_to_bytes (peer), g_inet_address_get_native_size (peer));
}

gboolean
weir_native_census_enter_from (WeirNativeCensus *self, GInetAddress *peer, guint most)
{
  g_autoptr (GBytes) key = make_key (peer);
  guint count;

  g_mutex_lock (&self->lock);
  count = GPOINTER_TO_UINT (g_hash_table_lookup (self->addresses, key));
  if (count < most)
    g_hash_table_replace (self->addresses, g_steal_pointer (&key), GUINT_TO_POINTER (count + 1));
  g_mutex_unlock (&self->lock);
  return count < most;
}

void
weir_native_census_leave_from (WeirNativeCensus *self, GInetAddress *peer)
{
  g_autoptr (GBytes) key = make_key (peer);
  guint count;

  g_mutex_lock (&self->lock);
  count = GPOINTER_TO_UINT (g_hash_table_lookup (self->addresses, key));
  if (count > 1)
    g_hash_table_replace (self->addresses, g_steal_pointer (&key), GUINT_TO_POINTER (count - 1));
  else
    g_hash_table_remove (self->addresses, key);
  g_mutex_unlock (&self->lock);
}
