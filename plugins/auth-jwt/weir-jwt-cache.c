/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-jwt-cache.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#define DIGEST_LENGTH 32

typedef struct
{
  guint8 digest[DIGEST_LENGTH];
  gint64 expires_us;
  WeirIdentity *identity;
} Entry;

/* Two halves: when the young one is full it becomes the old one, and the old one goes. */
struct _WeirJwtCache
{
  guint half;
  gnutls_hash_hd_t hash; /* kept: to make one takes longer than to use it */
  GHashTable *young;
  GHashTable *old;
};

static guint
entry_hash (gconstpointer data)
{
  guint hash;

  memcpy (&hash, ((const Entry *) data)->digest, sizeof hash);
  return hash;
}

static gboolean
entry_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (((const Entry *) a)->digest, ((const Entry *) b)->digest, DIGEST_LENGTH) == 0;
}

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  weir_identity_unref (entry->identity);
  g_free (entry);
}

static GHashTable *
new_half (void)
{
  return g_hash_table_new_full (entry_hash, entry_equal, entry_free, NULL);
}

WeirJwtCache *
weir_jwt_cache_new (guint size)
{
  WeirJwtCache *self = g_new0 (WeirJwtCache, 1);

  self->half = size > 0 ? MAX (size / 2, 1) : 0;
  self->young = new_half ();
  self->old = new_half ();
  if (self->half > 0 && gnutls_hash_init (&self->hash, GNUTLS_DIG_SHA256) < 0)
    self->half = 0;
  return self;
}

void
weir_jwt_cache_free (WeirJwtCache *self)
{
  g_hash_table_unref (self->young);
  g_hash_table_unref (self->old);
  if (self->hash != NULL)
    gnutls_hash_deinit (self->hash, NULL);
  g_free (self);
}

void
weir_jwt_cache_clear (WeirJwtCache *self)
{
  g_hash_table_remove_all (self->young);
  g_hash_table_remove_all (self->old);
}

static gboolean
get_digest (WeirJwtCache *self, const char *token, gsize length, Entry *entry)
{
  if (gnutls_hash (self->hash, token, length) < 0)
    return FALSE;
  gnutls_hash_output (self->hash, entry->digest); /* and begins anew */
  return TRUE;
}

static void
insert (WeirJwtCache *self, Entry *entry)
{
  if (g_hash_table_size (self->young) >= self->half)
    {
      g_hash_table_unref (self->old);
      self->old = self->young;
      self->young = new_half ();
    }
  g_hash_table_add (self->young, entry);
}

WeirIdentity *
weir_jwt_cache_find (WeirJwtCache *self, const char *token, gsize length, gint64 now_us)
{
  Entry key;
  Entry *entry;

  if (self->half == 0 || !get_digest (self, token, length, &key))
    return NULL;
  entry = g_hash_table_lookup (self->young, &key);
  if (entry == NULL)
    {
      entry = g_hash_table_lookup (self->old, &key);
      if (entry == NULL)
        return NULL;
      g_hash_table_steal (self->old, entry);
      insert (self, entry);
    }
  if (now_us >= entry->expires_us)
    {
      g_hash_table_remove (self->young, entry);
      return NULL;
    }
  return weir_identity_ref (entry->identity);
}

void
weir_jwt_cache_add (WeirJwtCache *self,
                    const char *token,
                    gsize length,
                    WeirIdentity *identity,
                    gint64 expires_us)
{
  Entry *entry;

  if (self->half == 0)
    return;
  entry = g_new0 (Entry, 1);
  entry->expires_us = expires_us;
  entry->identity = weir_identity_ref (identity);
  if (get_digest (self, token, length, entry))
    insert (self, entry);
  else
    entry_free (entry);
}
