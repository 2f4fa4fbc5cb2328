/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-secret-box.h"

#include <sodium.h>
#include <string.h>

/* Eight characters that part our keys from those that others derive of the same one. */
#define CONTEXT "weirscrt"
#define FORMAT "weir-secret-1"
#define MARK_LENGTH 8

#define KEY_LENGTH crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define NONCE_LENGTH crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_LENGTH crypto_aead_xchacha20poly1305_ietf_ABYTES

G_STATIC_ASSERT (sizeof CONTEXT - 1 == crypto_kdf_CONTEXTBYTES);
G_STATIC_ASSERT (crypto_kdf_KEYBYTES == 32);

struct _WeirSecretBox
{
  guint8 *master; /* in memory that is not swapped and not dumped */
  guint8 mark[MARK_LENGTH];
};

WeirSecretBox *
weir_secret_box_new (const guint8 *master_key)
{
  WeirSecretBox *self = g_new0 (WeirSecretBox, 1);
  guint8 derived[crypto_kdf_BYTES_MIN];

  self->master = sodium_malloc (crypto_kdf_KEYBYTES);
  if (self->master == NULL)
    g_error ("Out of memory");
  memcpy (self->master, master_key, crypto_kdf_KEYBYTES);
  /* By which a secret tells that it was closed with another key; it says nothing about it. */
  crypto_kdf_derive_from_key (derived, sizeof derived, 0, "weirmark", self->master);
  memcpy (self->mark, derived, MARK_LENGTH);

  return self;
}

void
weir_secret_box_free (WeirSecretBox *self)
{
  sodium_free (self->master);
  g_free (self);
}

static void
derive_key (WeirSecretBox *self, const char *scope, guint8 *key)
{
  guint8 digest[crypto_generichash_BYTES];
  guint64 number;

  crypto_generichash (digest, sizeof digest, (const guint8 *) scope, strlen (scope), NULL, 0);
  memcpy (&number, digest, sizeof number);
  crypto_kdf_derive_from_key (key, KEY_LENGTH, GUINT64_FROM_LE (number), CONTEXT, self->master);
}

/* Scopes and names have no NUL in them, so no two pairs look the same. */
static GByteArray *
make_associated (const char *scope, const char *name)
{
  GByteArray *bytes = g_byte_array_new ();

  g_byte_array_append (bytes, (const guint8 *) FORMAT, sizeof FORMAT);
  g_byte_array_append (bytes, (const guint8 *) scope, strlen (scope) + 1);
  g_byte_array_append (bytes, (const guint8 *) name, strlen (name) + 1);

  return bytes;
}

char *
weir_secret_box_dup_record_key (const char *scope, const char *name)
{
  return g_strconcat (scope, "/", name, NULL);
}

static GVariant *
make_bytes (const guint8 *data, gsize length)
{
  return g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, data, length, 1);
}

WeirRecord *
weir_secret_box_close (WeirSecretBox *self, WeirSecret *secret)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  const char *scope = weir_secret_get_scope (secret);
  const char *name = weir_secret_get_name (secret);
  const char *value = weir_secret_get_value (secret);
  g_autofree char *record_key = weir_secret_box_dup_record_key (scope, name);
  g_autoptr (GByteArray) associated = make_associated (scope, name);
  g_autofree guint8 *closed = g_malloc (strlen (value) + TAG_LENGTH);
  guint8 key[KEY_LENGTH];
  guint8 nonce[NONCE_LENGTH];
  unsigned long long length;

  randombytes_buf (nonce, sizeof nonce);
  derive_key (self, scope, key);
  crypto_aead_xchacha20poly1305_ietf_encrypt (closed,
                                              &length,
                                              (const guint8 *) value,
                                              strlen (value),
                                              associated->data,
                                              associated->len,
                                              NULL,
                                              nonce,
                                              key);
  explicit_bzero (key, sizeof key);

  g_variant_builder_add (&builder, "{sv}", "scope", g_variant_new_string (scope));
  g_variant_builder_add (&builder, "{sv}", "name", g_variant_new_string (name));
  g_variant_builder_add (&builder, "{sv}", "format", g_variant_new_string (FORMAT));
  g_variant_builder_add (&builder, "{sv}", "mark", make_bytes (self->mark, MARK_LENGTH));
  g_variant_builder_add (&builder, "{sv}", "nonce", make_bytes (nonce, sizeof nonce));
  g_variant_builder_add (&builder, "{sv}", "closed", make_bytes (closed, length));

  return weir_record_new (WEIR_SECRET_KIND, record_key, NULL, g_variant_builder_end (&builder));
}

static GVariant *
look_up_bytes (WeirRecord *record, const char *name, gsize minimum, gsize maximum)
{
  g_autoptr (GVariant) value =
      g_variant_lookup_value (weir_record_get_fields (record), name, G_VARIANT_TYPE_BYTESTRING);

  if (value == NULL || g_variant_get_size (value) < minimum || g_variant_get_size (value) > maximum)
    return NULL;

  return g_steal_pointer (&value);
}

static char *
decrypt (WeirSecretBox *self, WeirRecord *record, const char *scope, const char *name)
{
  g_autoptr (GVariant) nonce = look_up_bytes (record, "nonce", NONCE_LENGTH, NONCE_LENGTH);
  g_autoptr (GVariant) closed = look_up_bytes (record, "closed", TAG_LENGTH, G_MAXSIZE);
  g_autoptr (GByteArray) associated = make_associated (scope, name);
  guint8 key[KEY_LENGTH];
  unsigned long long length;
  g_autofree char *value = NULL;
  int failed;

  if (nonce == NULL || closed == NULL)
    return NULL;

  value = g_malloc0 (g_variant_get_size (closed) - TAG_LENGTH + 1);
  derive_key (self, scope, key);
  failed = crypto_aead_xchacha20poly1305_ietf_decrypt ((guint8 *) value,
                                                       &length,
                                                       NULL,
                                                       g_variant_get_data (closed),
                                                       g_variant_get_size (closed),
                                                       associated->data,
                                                       associated->len,
                                                       g_variant_get_data (nonce),
                                                       key);
  explicit_bzero (key, sizeof key);
  if (failed != 0 || strlen (value) != length)
    return NULL;

  return g_steal_pointer (&value);
}

static gboolean
has_mark (WeirSecretBox *self, WeirRecord *record)
{
  g_autoptr (GVariant) mark = look_up_bytes (record, "mark", MARK_LENGTH, MARK_LENGTH);

  return mark != NULL && memcmp (g_variant_get_data (mark), self->mark, MARK_LENGTH) == 0;
}

WeirSecret *
weir_secret_box_open (WeirSecretBox *self, WeirRecord *record, GError **error)
{
  GVariant *fields = weir_record_get_fields (record);
  g_autofree char *record_key = NULL;
  g_autofree char *value = NULL;
  const char *scope = NULL;
  const char *name = NULL;
  WeirSecret *secret;

  if (g_variant_lookup (fields, "scope", "&s", &scope) &&
      g_variant_lookup (fields, "name", "&s", &name))
    record_key = weir_secret_box_dup_record_key (scope, name);
  if (g_strcmp0 (record_key, weir_record_get_key (record)) != 0)
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_FAILED,
                   "The record “%s” is no secret",
                   weir_record_get_key (record));
      return NULL;
    }
  if (self != NULL)
    value = decrypt (self, record, scope, name);
  if (self != NULL && value == NULL)
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_FAILED,
                   has_mark (self, record)
                       ? "The secret %s is damaged: set it again"
                       : "The secret %s was encrypted with another master key: bring that one "
                         "back, or set the secret again",
                   name);
      return NULL;
    }

  secret = weir_secret_new (scope, name, value, weir_record_get_updated (record));
  if (value != NULL)
    explicit_bzero (value, strlen (value));

  return secret;
}
