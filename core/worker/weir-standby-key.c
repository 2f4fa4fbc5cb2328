/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-standby-key-private.h"

static void
key_free (gpointer data)
{
  WeirStandbyKey *key = data;

  g_free (key->name);
  g_object_unref (key->function);
  g_free (key);
}

static WeirStandbyKey *
key_new (const char *name)
{
  WeirStandbyKey *key = g_new0 (WeirStandbyKey, 1);

  key->name = g_strdup (name);
  return key;
}

GPtrArray *
weir_standby_keys_new (void)
{
  return g_ptr_array_new_with_free_func (key_free);
}

WeirStandbyKey *
weir_standby_keys_get (GPtrArray *keys, guint i)
{
  return g_ptr_array_index (keys, i);
}

WeirStandbyKey *
weir_standby_keys_find (GPtrArray *keys, const char *name)
{
  for (guint i = 0; i < keys->len; i++)
    if (g_str_equal (weir_standby_keys_get (keys, i)->name, name))
      return weir_standby_keys_get (keys, i);
  return NULL;
}

WeirStandbyKey *
weir_standby_keys_use (GPtrArray *keys, const char *name, WeirFunction *function, gint64 now)
{
  WeirStandbyKey *key = weir_standby_keys_find (keys, name);
  guint position;

  if (key == NULL)
    key = key_new (name);
  else if (g_ptr_array_find (keys, key, &position))
    g_ptr_array_steal_index (keys, position);
  g_set_object (&key->function, function);
  key->used = now;
  key->resting = FALSE;
  g_ptr_array_add (keys, key);
  return key;
}

void
weir_standby_keys_add_resting (GPtrArray *keys, const char *name, WeirFunction *function)
{
  WeirStandbyKey *key = key_new (name);

  key->function = g_object_ref (function);
  key->resting = TRUE;
  g_ptr_array_insert (keys, 0, key);
}
