/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-supabase-signer-private.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "config/weir-config.h"

#define P256_LENGTH 32
#define N_RSA_MEMBERS 8

G_DEFINE_AUTO_CLEANUP_FREE_FUNC (gnutls_privkey_t, gnutls_privkey_deinit, NULL)
G_DEFINE_AUTO_CLEANUP_FREE_FUNC (gnutls_pubkey_t, gnutls_pubkey_deinit, NULL)

char *
weir_supabase_encode (gconstpointer data, gsize length)
{
  char *text = g_base64_encode (data, length);

  text[strcspn (text, "=")] = '\0';
  g_strdelimit (text, "+", '-');
  return g_strdelimit (text, "/", '_');
}

static gboolean
refuse (const char *why, GError **error)
{
  g_set_error (error,
               WEIR_CONFIG_ERROR,
               WEIR_CONFIG_ERROR_SYNTAX,
               "the first signing key cannot sign: %s",
               why);
  return FALSE;
}

/* The bytes of a member that is base64url; NULL: there is none, or it is something else. */
static GBytes *
dup_member (JsonObject *key, const char *member)
{
  const char *value = json_object_get_string_member_with_default (key, member, "");
  g_autoptr (GString) text = g_string_new (value);
  gsize length;
  guchar *data;

  if (text->len == 0 || text->str[strspn (text->str, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_")])
    return NULL;
  g_strdelimit (text->str, "-", '+');
  g_strdelimit (text->str, "_", '/');
  while (text->len % 4 != 0)
    g_string_append_c (text, '=');
  data = g_base64_decode (text->str, &length);
  return g_bytes_new_take (data, length);
}

/* All of them, or none and FALSE. */
static gboolean
read_members (JsonObject *key, const char *const *members, GBytes **bytes, gnutls_datum_t *data)
{
  for (guint i = 0; members[i] != NULL; i++)
    {
      gsize length;

      bytes[i] = dup_member (key, members[i]);
      if (bytes[i] == NULL)
        return FALSE;
      data[i].data = (guchar *) g_bytes_get_data (bytes[i], &length);
      data[i].size = length;
    }
  return TRUE;
}

static gboolean
import (gnutls_privkey_t private_key, gboolean is_rsa, const gnutls_datum_t *d)
{
  return (is_rsa ? gnutls_privkey_import_rsa_raw (private_key,
                                                  &d[0],
                                                  &d[1],
                                                  &d[2],
                                                  &d[3],
                                                  &d[4],
                                                  &d[5],
                                                  &d[6],
                                                  &d[7])
                 : gnutls_privkey_import_ecc_raw (private_key,
                                                  GNUTLS_ECC_CURVE_SECP256R1,
                                                  &d[0],
                                                  &d[1],
                                                  &d[2])) >= 0;
}

/* The public half as it is written there: functions check by that one. */
static gboolean
import_public (gnutls_pubkey_t public_key, gboolean is_rsa, const gnutls_datum_t *d)
{
  return (is_rsa ? gnutls_pubkey_import_rsa_raw (public_key, &d[0], &d[1])
                 : gnutls_pubkey_import_ecc_raw (public_key,
                                                 GNUTLS_ECC_CURVE_SECP256R1,
                                                 &d[0],
                                                 &d[1])) >= 0;
}

static gboolean
load (gnutls_privkey_t private_key,
      gnutls_pubkey_t public_key,
      JsonObject *key,
      gboolean is_rsa,
      GError **error)
{
  static const char *const rsa[] = { "n", "e", "d", "p", "q", "qi", "dp", "dq", NULL };
  static const char *const ec[] = { "x", "y", "d", NULL };
  GBytes *bytes[N_RSA_MEMBERS] = { NULL };
  gnutls_datum_t data[N_RSA_MEMBERS] = { { NULL } };
  gboolean ok;

  if (!is_rsa &&
      g_strcmp0 (json_object_get_string_member_with_default (key, "crv", ""), "P-256") != 0)
    return refuse ("it is for another curve than P-256", error);
  ok = read_members (key, is_rsa ? rsa : ec, bytes, data);
  if (!ok)
    refuse ("its private part is not there, or not base64url", error);
  else if (!import (private_key, is_rsa, data) || !import_public (public_key, is_rsa, data))
    ok = refuse ("its numbers are no key", error);
  for (guint i = 0; i < N_RSA_MEMBERS; i++)
    g_clear_pointer (&bytes[i], g_bytes_unref);
  return ok;
}

/* As RFC 7518 wants it: both numbers in their full length, one after the other. */
static gboolean
put_number (guint8 *place, const gnutls_datum_t *number)
{
  const guint8 *start = number->data;
  gsize length = number->size;

  for (; length > 0 && *start == 0; length--)
    start++;
  if (length > P256_LENGTH)
    return FALSE;
  memcpy (place + P256_LENGTH - length, start, length);
  return TRUE;
}

static char *
encode_ecdsa (const gnutls_datum_t *der)
{
  guint8 raw[2 * P256_LENGTH] = { 0 };
  gnutls_datum_t r = { NULL };
  gnutls_datum_t s = { NULL };
  gboolean ok = gnutls_decode_rs_value (der, &r, &s) >= 0 && put_number (raw, &r) &&
                put_number (raw + P256_LENGTH, &s);

  gnutls_free (r.data);
  gnutls_free (s.data);
  return ok ? weir_supabase_encode (raw, sizeof raw) : NULL;
}

static char *
make_input (JsonObject *key, gboolean is_rsa, const char *claims)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *header = NULL;
  g_autofree char *first = NULL;
  g_autofree char *second = weir_supabase_encode (claims, strlen (claims));

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "alg");
  json_builder_add_string_value (builder, is_rsa ? "RS256" : "ES256");
  if (json_object_has_member (key, "kid"))
    {
      json_builder_set_member_name (builder, "kid");
      json_builder_add_value (builder, json_object_dup_member (key, "kid"));
    }
  json_builder_set_member_name (builder, "typ");
  json_builder_add_string_value (builder, "JWT");
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  header = json_to_string (root, FALSE);
  first = weir_supabase_encode (header, strlen (header));
  return g_strconcat (first, ".", second, NULL);
}

char *
weir_supabase_sign (JsonObject *key, const char *claims, GError **error)
{
  gboolean is_rsa =
      g_strcmp0 (json_object_get_string_member_with_default (key, "kty", ""), "RSA") == 0;
  g_autofree char *input = make_input (key, is_rsa, claims);
  gnutls_sign_algorithm_t algorithm = is_rsa ? GNUTLS_SIGN_RSA_SHA256 : GNUTLS_SIGN_ECDSA_SHA256;
  const gnutls_datum_t data = { (guchar *) input, strlen (input) };
  g_auto (gnutls_privkey_t) private_key = NULL;
  g_auto (gnutls_pubkey_t) public_key = NULL;
  gnutls_datum_t signature = { NULL };
  g_autofree char *encoded = NULL;

  gnutls_privkey_init (&private_key);
  gnutls_pubkey_init (&public_key);
  if (!load (private_key, public_key, key, is_rsa, error))
    return NULL;
  if (gnutls_privkey_sign_data2 (private_key,
                                 algorithm,
                                 GNUTLS_PRIVKEY_FLAG_REPRODUCIBLE,
                                 &data,
                                 &signature) >= 0 &&
      gnutls_pubkey_verify_data2 (public_key, algorithm, 0, &data, &signature) >= 0)
    encoded =
        is_rsa ? weir_supabase_encode (signature.data, signature.size) : encode_ecdsa (&signature);
  gnutls_free (signature.data);
  if (encoded != NULL)
    return g_strconcat (input, ".", encoded, NULL);
  refuse ("its numbers are no key", error);
  return NULL;
}
