/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-key-ring.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <json-glib/json-glib.h>
#include <string.h>

/* An entry is found by the digest that it begins with. */
G_STATIC_ASSERT (G_STRUCT_OFFSET (WeirKeyEntry, digest) == 0);

struct _WeirKeyRing
{
  GPtrArray *entries;    /* WeirKeyEntry */
  GHashTable *by_digest; /* WeirKeyEntry, borrowed, as in the next one */
  GHashTable *by_id;
};

/* ---- digests ---- */

static guint
hash_digest (gconstpointer data)
{
  guint hash;

  memcpy (&hash, data, sizeof hash);
  return hash;
}

static gboolean
equal_digests (gconstpointer a, gconstpointer b)
{
  const guint8 *one = a;
  const guint8 *two = b;
  guint8 difference = 0;

  for (guint i = 0; i < WEIR_KEY_DIGEST_LENGTH; i++)
    difference |= one[i] ^ two[i];
  return difference == 0;
}

static gboolean
read_digest (const char *hexadecimal, guint8 *digest)
{
  for (guint i = 0; i < WEIR_KEY_DIGEST_LENGTH; i++)
    {
      int high = g_ascii_xdigit_value (hexadecimal[2 * i]);
      int low = high < 0 ? -1 : g_ascii_xdigit_value (hexadecimal[2 * i + 1]);

      if (low < 0)
        return FALSE;
      digest[i] = high << 4 | low;
    }
  return hexadecimal[2 * WEIR_KEY_DIGEST_LENGTH] == '\0';
}

/* ---- entries ---- */

static void
entry_clear (gpointer data)
{
  WeirKeyEntry *entry = data;

  weir_api_key_unref (entry->key);
  weir_identity_unref (entry->identity);
  weir_key_use_unref (entry->use);
}

static void
entry_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, entry_clear);
}

static void
add_string (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

static char *
make_claims (WeirApiKey *key)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  const char *const *scopes = weir_api_key_get_scopes (key);

  json_builder_begin_object (builder);
  add_string (builder, "key_id", weir_api_key_get_id (key));
  add_string (builder, "role", "api_key");
  add_string (builder, "name", weir_api_key_get_name (key));
  json_builder_set_member_name (builder, "scopes");
  json_builder_begin_array (builder);
  for (guint i = 0; scopes[i] != NULL; i++)
    json_builder_add_string_value (builder, scopes[i]);
  json_builder_end_array (builder);
  if (weir_api_key_get_plan (key) != NULL)
    add_string (builder, "plan", weir_api_key_get_plan (key));
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}

static WeirIdentity *
make_identity (WeirApiKey *key)
{
  const char *id = weir_api_key_get_id (key);
  g_autofree char *claims = make_claims (key);
  g_autoptr (WeirIdentity) identity = weir_identity_new_full (id, "api_key", claims, id);

  return weir_identity_copy_with_plan (identity, weir_api_key_get_plan (key));
}

/* NULL: it is no key. known: what was there of it before, or NULL. */
static WeirKeyEntry *
entry_new (WeirRecord *record, WeirKeyEntry *known)
{
  guint8 digest[WEIR_KEY_DIGEST_LENGTH];
  g_autoptr (GError) error = NULL;
  g_autoptr (WeirApiKey) key = weir_api_key_new_from_record (record, &error);
  WeirKeyEntry *entry;

  if (key == NULL || !read_digest (weir_api_key_get_hash (key), digest))
    {
      g_warning ("A key is left out: %s",
                 error != NULL ? error->message : "its digest cannot be read");
      return NULL;
    }
  entry = g_atomic_rc_box_new0 (WeirKeyEntry);
  memcpy (entry->digest, digest, sizeof digest);
  entry->version = weir_record_get_version (record);
  entry->identity = make_identity (key);
  entry->key = g_steal_pointer (&key);
  entry->use = known != NULL ? weir_key_use_ref (known->use) : weir_key_use_new ();
  return entry;
}

static WeirKeyEntry *
make_entry (WeirRecord *record, WeirKeyRing *before)
{
  WeirKeyEntry *known =
      before != NULL ? g_hash_table_lookup (before->by_id, weir_record_get_key (record)) : NULL;

  if (known != NULL && known->version == weir_record_get_version (record))
    return g_atomic_rc_box_acquire (known);
  return entry_new (record, known);
}

WeirKeyRing *
weir_key_ring_new (GPtrArray *records, WeirKeyRing *before)
{
  WeirKeyRing *self = g_new0 (WeirKeyRing, 1);

  self->entries = g_ptr_array_new_with_free_func (entry_unref);
  self->by_digest = g_hash_table_new (hash_digest, equal_digests);
  self->by_id = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < records->len; i++)
    {
      WeirKeyEntry *entry = make_entry (records->pdata[i], before);

      if (entry == NULL)
        continue;
      g_ptr_array_add (self->entries, entry);
      g_hash_table_add (self->by_digest, entry);
      g_hash_table_insert (self->by_id, (char *) weir_api_key_get_id (entry->key), entry);
    }
  return self;
}

void
weir_key_ring_free (WeirKeyRing *self)
{
  g_hash_table_unref (self->by_digest);
  g_hash_table_unref (self->by_id);
  g_ptr_array_unref (self->entries);
  g_free (self);
}

const WeirKeyEntry *
weir_key_ring_find (const WeirKeyRing *self, const char *text, gsize length)
{
  guint8 digest[WEIR_KEY_DIGEST_LENGTH];

  if (gnutls_hash_fast (GNUTLS_DIG_SHA256, text, length, digest) < 0)
    return NULL;
  return g_hash_table_lookup (self->by_digest, digest);
}

guint
weir_key_ring_get_n_entries (const WeirKeyRing *self)
{
  return self->entries->len;
}

const WeirKeyEntry *
weir_key_ring_get_entry (const WeirKeyRing *self, guint index)
{
  return self->entries->pdata[index];
}
