/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-jwt-key.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#define SMALLEST_RSA_BITS 2048
#define LARGEST_RSA_BITS 16384
#define LARGEST_DIGEST 64

typedef enum
{
  FAMILY_HMAC,
  FAMILY_RSA,
  FAMILY_EC,
  FAMILY_EDDSA,
} Family;

struct _WeirJwtAlgorithm
{
  const char *name;
  Family family;
  gnutls_mac_algorithm_t mac;
  gnutls_sign_algorithm_t sign;
  gnutls_ecc_curve_t curve;
  gsize half; /* bytes of each of the two numbers of a signature */
};

static const WeirJwtAlgorithm algorithms[] = {
  { "HS256", FAMILY_HMAC, GNUTLS_MAC_SHA256, 0, 0, 0 },
  { "HS384", FAMILY_HMAC, GNUTLS_MAC_SHA384, 0, 0, 0 },
  { "HS512", FAMILY_HMAC, GNUTLS_MAC_SHA512, 0, 0, 0 },
  { "RS256", FAMILY_RSA, 0, GNUTLS_SIGN_RSA_SHA256, 0, 0 },
  { "RS384", FAMILY_RSA, 0, GNUTLS_SIGN_RSA_SHA384, 0, 0 },
  { "RS512", FAMILY_RSA, 0, GNUTLS_SIGN_RSA_SHA512, 0, 0 },
  { "PS256", FAMILY_RSA, 0, GNUTLS_SIGN_RSA_PSS_RSAE_SHA256, 0, 0 },
  { "PS384", FAMILY_RSA, 0, GNUTLS_SIGN_RSA_PSS_RSAE_SHA384, 0, 0 },
  { "PS512", FAMILY_RSA, 0, GNUTLS_SIGN_RSA_PSS_RSAE_SHA512, 0, 0 },
  { "ES256", FAMILY_EC, 0, GNUTLS_SIGN_ECDSA_SHA256, GNUTLS_ECC_CURVE_SECP256R1, 32 },
  { "ES384", FAMILY_EC, 0, GNUTLS_SIGN_ECDSA_SHA384, GNUTLS_ECC_CURVE_SECP384R1, 48 },
  { "ES512", FAMILY_EC, 0, GNUTLS_SIGN_ECDSA_SHA512, GNUTLS_ECC_CURVE_SECP521R1, 66 },
  { "EdDSA", FAMILY_EDDSA, 0, 0, 0, 0 },
};

static const struct
{
  const char *name;
  gnutls_ecc_curve_t curve;
} curves[] = {
  { "P-256", GNUTLS_ECC_CURVE_SECP256R1 }, { "P-384", GNUTLS_ECC_CURVE_SECP384R1 },
  { "P-521", GNUTLS_ECC_CURVE_SECP521R1 }, { "Ed25519", GNUTLS_ECC_CURVE_ED25519 },
  { "Ed448", GNUTLS_ECC_CURVE_ED448 },
};

struct _WeirJwtKey
{
  Family family;
  char *id;
  const WeirJwtAlgorithm *only; /* NULL: all of the family */
  gnutls_ecc_curve_t curve;
  gnutls_pubkey_t public_key;
  guint8 *secret;
  gsize secret_length;
};

const WeirJwtAlgorithm *
weir_jwt_algorithm_find (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (algorithms); i++)
    if (strcmp (algorithms[i].name, name) == 0)
      return &algorithms[i];
  return NULL;
}

/* ---- base64url ---- */

static int
get_sextet (char c)
{
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  return c == '-' ? 62 : c == '_' ? 63 : -1;
}

guint8 *
weir_jwt_base64url_decode (const char *text, gsize length, gsize *decoded)
{
  g_autofree guint8 *data = g_malloc (length / 4 * 3 + 4);
  guint32 bits = 0;
  guint n_bits = 0;
  gsize n = 0;

  for (gsize i = 0; i < length; i++)
    {
      int sextet = get_sextet (text[i]);

      if (sextet < 0)
        return NULL;
      bits = (bits << 6 | (guint32) sextet) & 0xffffff;
      n_bits += 6;
      if (n_bits >= 8)
        {
          n_bits -= 8;
          data[n++] = bits >> n_bits;
        }
    }
  /* One sextet alone is nothing, and bits that are left over would be a second spelling. */
  if (n_bits >= 6 || (bits & ((1u << n_bits) - 1)) != 0)
    return NULL;
  data[n] = '\0';
  *decoded = n;
  return g_steal_pointer (&data);
}

/* ---- keys ---- */

static WeirJwtKey *
key_new (Family family)
{
  WeirJwtKey *self = g_atomic_rc_box_new0 (WeirJwtKey);

  self->family = family;
  return self;
}

static void
key_clear (gpointer data)
{
  WeirJwtKey *self = data;

  if (self->public_key != NULL)
    gnutls_pubkey_deinit (self->public_key);
  if (self->secret != NULL)
    gnutls_memset (self->secret, 0, self->secret_length);
  g_free (self->secret);
  g_free (self->id);
}

WeirJwtKey *
weir_jwt_key_ref (WeirJwtKey *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
weir_jwt_key_unref (WeirJwtKey *self)
{
  g_atomic_rc_box_release_full (self, key_clear);
}

const char *
weir_jwt_key_get_id (WeirJwtKey *self)
{
  return self->id;
}

WeirJwtKey *
weir_jwt_key_new_secret (const char *secret, gsize length)
{
  WeirJwtKey *self = key_new (FAMILY_HMAC);

  self->secret = g_malloc (length + 1);
  memcpy (self->secret, secret, length);
  self->secret_length = length;
  return self;
}

static gboolean
refuse (GError **error, const char *why)
{
  g_set_error_literal (error, WEIR_ERROR, WEIR_ERROR_INVALID_ARGUMENT, why);
  return FALSE;
}

/* Takes the family and the curve from the key itself. */
static gboolean
classify (WeirJwtKey *self, GError **error)
{
  unsigned int bits = 0;
  int kind = gnutls_pubkey_get_pk_algorithm (self->public_key, &bits);

  if (kind == GNUTLS_PK_RSA)
    {
      self->family = FAMILY_RSA;
      return (bits >= SMALLEST_RSA_BITS && bits <= LARGEST_RSA_BITS) ||
             refuse (error, "An RSA key must have 2048 to 16384 bits");
    }
  if (kind != GNUTLS_PK_ECDSA && kind != GNUTLS_PK_EDDSA_ED25519 && kind != GNUTLS_PK_EDDSA_ED448)
    return refuse (error, "A key must be RSA, EC, Ed25519 or Ed448");
  if (gnutls_pubkey_export_ecc_raw2 (self->public_key, &self->curve, NULL, NULL, 0) < 0)
    return refuse (error, "The key cannot be read");
  self->family = kind == GNUTLS_PK_ECDSA ? FAMILY_EC : FAMILY_EDDSA;
  for (gsize i = 0; i < G_N_ELEMENTS (curves); i++)
    if (curves[i].curve == self->curve)
      return TRUE;
  return refuse (error, "The curve of the key is not one that tokens are signed with");
}

static gboolean
import_certificate (gnutls_pubkey_t key, const gnutls_datum_t *data)
{
  gnutls_x509_crt_t certificate;
  int status;

  if (gnutls_x509_crt_init (&certificate) < 0)
    return FALSE;
  status = gnutls_x509_crt_import (certificate, data, GNUTLS_X509_FMT_PEM);
  if (status >= 0)
    status = gnutls_pubkey_import_x509 (key, certificate, 0);
  gnutls_x509_crt_deinit (certificate);
  return status >= 0;
}

WeirJwtKey *
weir_jwt_key_new_pem (const char *text, gsize length, GError **error)
{
  g_autoptr (WeirJwtKey) self = key_new (FAMILY_RSA);
  gnutls_datum_t data = { (unsigned char *) text, (unsigned int) length };

  if (gnutls_pubkey_init (&self->public_key) < 0 ||
      (gnutls_pubkey_import (self->public_key, &data, GNUTLS_X509_FMT_PEM) < 0 &&
       !import_certificate (self->public_key, &data)))
    {
      refuse (error, "Not a public key in PEM (“BEGIN PUBLIC KEY” or “BEGIN CERTIFICATE”)");
      return NULL;
    }
  return classify (self, error) ? g_steal_pointer (&self) : NULL;
}

/* ---- JWK ---- */

static guint8 *
dup_number (WeirJwtObject *jwk, const char *name, gnutls_datum_t *number)
{
  g_autofree char *text = weir_jwt_object_dup_string (jwk, name);
  guint8 *data = NULL;
  gsize length = 0;

  if (text != NULL)
    data = weir_jwt_base64url_decode (text, strlen (text), &length);
  number->data = data;
  number->size = length;
  if (length == 0)
    g_clear_pointer (&data, g_free);
  return data;
}

static gboolean
read_rsa (WeirJwtKey *self, WeirJwtObject *jwk)
{
  gnutls_datum_t modulus, exponent;
  g_autofree guint8 *n = dup_number (jwk, "n", &modulus);
  g_autofree guint8 *e = dup_number (jwk, "e", &exponent);

  return n != NULL && e != NULL && gnutls_pubkey_init (&self->public_key) >= 0 &&
         gnutls_pubkey_import_rsa_raw (self->public_key, &modulus, &exponent) >= 0;
}

static gboolean
read_curve (WeirJwtKey *self, WeirJwtObject *jwk, gboolean has_y)
{
  g_autofree char *name = weir_jwt_object_dup_string (jwk, "crv");
  gnutls_datum_t x, y;
  g_autofree guint8 *x_data = dup_number (jwk, "x", &x);
  g_autofree guint8 *y_data = has_y ? dup_number (jwk, "y", &y) : NULL;

  if (name == NULL || x_data == NULL || (has_y && y_data == NULL))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (curves); i++)
    if (strcmp (curves[i].name, name) == 0)
      return g_str_has_prefix (name, "P-") == has_y &&
             gnutls_pubkey_init (&self->public_key) >= 0 &&
             gnutls_pubkey_import_ecc_raw (self->public_key,
                                           curves[i].curve,
                                           &x,
                                           has_y ? &y : NULL) >= 0;
  return FALSE;
}

static gboolean
read_secret (WeirJwtKey *self, WeirJwtObject *jwk)
{
  gnutls_datum_t secret;

  self->family = FAMILY_HMAC;
  self->secret = dup_number (jwk, "k", &secret);
  self->secret_length = secret.size;
  return self->secret != NULL && self->secret_length >= WEIR_JWT_SHORTEST_SECRET;
}

static gboolean
is_for_signatures (WeirJwtObject *jwk)
{
  const WeirJwtValue *use = weir_jwt_object_find (jwk, "use");
  const WeirJwtValue *key_ops = weir_jwt_object_find (jwk, "key_ops");
  g_autofree char *text = weir_jwt_value_dup_string (use);
  g_autoptr (GArray) list = NULL;

  if (use != NULL && g_strcmp0 (text, "sig") != 0)
    return FALSE;
  if (key_ops == NULL)
    return TRUE;
  list = weir_jwt_value_list (key_ops);
  for (guint i = 0; list != NULL && i < list->len; i++)
    {
      g_autofree char *word = weir_jwt_value_dup_string (&g_array_index (list, WeirJwtValue, i));

      if (g_strcmp0 (word, "verify") == 0 || g_strcmp0 (word, "sign") == 0)
        return TRUE;
    }
  return FALSE;
}

static gboolean
read_algorithm (WeirJwtKey *self, WeirJwtObject *jwk)
{
  const WeirJwtValue *value = weir_jwt_object_find (jwk, "alg");
  g_autofree char *name = weir_jwt_value_dup_string (value);

  if (value == NULL)
    return TRUE;
  self->only = name != NULL ? weir_jwt_algorithm_find (name) : NULL;
  return self->only != NULL && weir_jwt_key_allows (self, self->only);
}

WeirJwtKey *
weir_jwt_key_new_jwk (WeirJwtObject *jwk, GError **error)
{
  g_autoptr (WeirJwtKey) self = key_new (FAMILY_RSA);
  g_autofree char *kind = weir_jwt_object_dup_string (jwk, "kty");
  gboolean read = FALSE;

  if (!is_for_signatures (jwk))
    {
      refuse (error, "The key is not for signatures");
      return NULL;
    }
  if (g_strcmp0 (kind, "oct") == 0)
    read = read_secret (self, jwk);
  else if (g_strcmp0 (kind, "RSA") == 0)
    read = read_rsa (self, jwk);
  else if (g_strcmp0 (kind, "EC") == 0)
    read = read_curve (self, jwk, TRUE);
  else if (g_strcmp0 (kind, "OKP") == 0)
    read = read_curve (self, jwk, FALSE);

  if (!read)
    refuse (error, "The key is incomplete, or of a kind that is not known");
  else if (self->public_key == NULL || classify (self, error))
    {
      self->id = weir_jwt_object_dup_string (jwk, "kid");
      if (read_algorithm (self, jwk))
        return g_steal_pointer (&self);
      refuse (error, "The key is not for the algorithm that it names");
    }
  return NULL;
}

/* ---- signatures ---- */

gboolean
weir_jwt_key_allows (WeirJwtKey *self, const WeirJwtAlgorithm *algorithm)
{
  if (algorithm->family != self->family || (self->only != NULL && self->only != algorithm))
    return FALSE;
  return self->family != FAMILY_EC || algorithm->curve == self->curve;
}

static gboolean
verify_hmac (WeirJwtKey *self,
             const WeirJwtAlgorithm *algorithm,
             const char *data,
             gsize length,
             const guint8 *signature,
             gsize signature_length)
{
  guint8 digest[LARGEST_DIGEST];

  return gnutls_hmac_get_len (algorithm->mac) == signature_length &&
         gnutls_hmac_fast (algorithm->mac,
                           self->secret,
                           self->secret_length,
                           data,
                           length,
                           digest) >= 0 &&
         gnutls_memcmp (digest, signature, signature_length) == 0;
}

/* The bytes of a positive number, without zeros in front. */
static gnutls_datum_t
get_number (const guint8 *data, gsize length)
{
  gnutls_datum_t number;

  while (length > 1 && *data == 0)
    {
      data++;
      length--;
    }
  number.data = (unsigned char *) data;
  number.size = length;
  return number;
}

static gboolean
verify_public (WeirJwtKey *self,
               gnutls_sign_algorithm_t sign,
               const char *data,
               gsize length,
               const gnutls_datum_t *signature)
{
  const gnutls_datum_t signed_data = { (unsigned char *) data, (unsigned int) length };

  return gnutls_pubkey_verify_data2 (self->public_key, sign, 0, &signed_data, signature) >= 0;
}

static gboolean
verify_ec (WeirJwtKey *self,
           const WeirJwtAlgorithm *algorithm,
           const char *data,
           gsize length,
           const guint8 *signature,
           gsize signature_length)
{
  gnutls_datum_t r, s, der;
  gboolean ok;

  if (signature_length != 2 * algorithm->half)
    return FALSE;
  r = get_number (signature, algorithm->half);
  s = get_number (signature + algorithm->half, algorithm->half);
  if (gnutls_encode_rs_value (&der, &r, &s) < 0)
    return FALSE;
  ok = verify_public (self, algorithm->sign, data, length, &der);
  gnutls_free (der.data);
  return ok;
}

gboolean
weir_jwt_key_verify (WeirJwtKey *self,
                     const WeirJwtAlgorithm *algorithm,
                     const char *data,
                     gsize length,
                     const guint8 *signature,
                     gsize signature_length)
{
  const gnutls_datum_t plain = { (unsigned char *) signature, (unsigned int) signature_length };

  if (!weir_jwt_key_allows (self, algorithm))
    return FALSE;
  switch (self->family)
    {
    case FAMILY_HMAC:
      return verify_hmac (self, algorithm, data, length, signature, signature_length);
    case FAMILY_RSA:
      return verify_public (self, algorithm->sign, data, length, &plain);
    case FAMILY_EC:
      return verify_ec (self, algorithm, data, length, signature, signature_length);
    case FAMILY_EDDSA:
      return verify_public (self,
                            self->curve == GNUTLS_ECC_CURVE_ED448 ? GNUTLS_SIGN_EDDSA_ED448
                                                                  : GNUTLS_SIGN_EDDSA_ED25519,
                            data,
                            length,
                            &plain);
    }
  return FALSE;
}
