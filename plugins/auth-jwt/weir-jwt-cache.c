/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-jwt-cache.h"

#include <gnutls/gnutls.h>
#include <string.h>

/* A longer one is checked each time: what is kept is bounded by more than their number. */
#define LONGEST 4096

/* A token as it was checked. To compare all of it takes less time than a digest of it would, and
 * leaves nothing to chance. */
typedef struct
{
  const char *text; /* in room, or with who asks */
  gsize length;
  gint64 expires_us;
  WeirIdentity *identity;
  char room[];
} Entry;

/* Two halves: when the young one is full it becomes the old one, and the old one goes. */
struct _WeirJwtCache
{
  guint half;
  GHashTable *young;
  GHashTable *old;
};

/* Of the end, where the signature is: there tokens that were found good do differ. */
static guint
entry_hash (gconstpointer data)
{
  const Entry *entry = data;
  guint64 words[2] = { 0 };
  gsize n = MIN (entry->length, sizeof words);

  memcpy (words, entry->text + entry->length - n, n);
  words[0] = (words[0] ^ words[1] * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)) *
             G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  return (guint) (words[0] >> 32);
}

/* Takes as long for a near miss as for a far one. */
static gboolean
entry_equal (gconstpointer a, gconstpointer b)
{
  const Entry *one = a;
  const Entry *other = b;
  guint64 difference = 0;
  gsize at = 0;

  if (one->length != other->length)
    return FALSE;
  for (; at + sizeof difference <= one->length; at += sizeof difference)
    {
      guint64 x, y;

      memcpy (&x, one->text + at, sizeof x);
      memcpy (&y, other->text + at, sizeof y);
      difference |= x ^ y;
    }
  for (; at < one->length; at++)
    difference |= (guint8) one->text[at] ^ (guint8) other->text[at];
  return difference == 0;
}

static Entry *
entry_new (const char *token, gsize length, WeirIdentity *identity, gint64 expires_us)
{
  Entry *self = g_malloc (sizeof (Entry) + length);

  memcpy (self->room, token, length);
  self->text = self->room;
  self->length = length;
  self->expires_us = expires_us;
  self->identity = weir_identity_ref (identity);
  return self;
}

static void
entry_free (gpointer data)
{
  Entry *self = data;

  weir_identity_unref (self->identity);
  gnutls_memset (self->room, 0, self->length);
  g_free (self);
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
  return self;
}

void
weir_jwt_cache_free (WeirJwtCache *self)
{
  g_hash_table_unref (self->young);
  g_hash_table_unref (self->old);
  g_free (self);
}

void
weir_jwt_cache_clear (WeirJwtCache *self)
{
  g_hash_table_remove_all (self->young);
  g_hash_table_remove_all (self->old);
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
  const Entry key = { .text = token, .length = length };
  Entry *entry;

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
  if (self->half > 0 && length <= LONGEST)
    insert (self, entry_new (token, length, identity, expires_us));
}
