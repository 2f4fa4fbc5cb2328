/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-jwt-token.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <string.h>

#define SECRET "a secret of enough bytes for a test"
#define NOW G_GINT64_CONSTANT (1700000000)
#define A_SECOND G_USEC_PER_SEC

/* ---- making tokens, which only tests do ---- */

static char *
encode (gconstpointer data, gsize length)
{
  char *text = g_base64_encode (data, length);

  text[strcspn (text, "=")] = '\0';
  return g_strdelimit (g_strdelimit (text, "+", '-'), "/", '_');
}

static char *
join (const char *header, const char *claims)
{
  g_autofree char *a = encode (header, strlen (header));
  g_autofree char *b = encode (claims, strlen (claims));

  return g_strconcat (a, ".", b, NULL);
}

static char *
finish (const char *input, gconstpointer signature, gsize length)
{
  g_autofree char *text = encode (signature, length);

  return g_strconcat (input, ".", text, NULL);
}

static char *
sign_with (gnutls_mac_algorithm_t mac,
           gconstpointer secret,
           gsize length,
           const char *header,
           const char *claims)
{
  g_autofree char *input = join (header, claims);
  guint8 digest[64];

  g_assert_cmpint (gnutls_hmac_fast (mac, secret, length, input, strlen (input), digest), ==, 0);
  return finish (input, digest, gnutls_hmac_get_len (mac));
}

static char *
sign (const char *header, const char *claims)
{
  return sign_with (GNUTLS_MAC_SHA256, SECRET, strlen (SECRET), header, claims);
}

#define HS256 "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"

/* ---- checking them ---- */

static WeirJwtKeySet *
make_secret_set (void)
{
  WeirJwtKeySet *keys = weir_jwt_key_set_new ();
  g_autoptr (WeirJwtKey) key = weir_jwt_key_new_secret (SECRET, strlen (SECRET));

  weir_jwt_key_set_add (keys, key);
  return keys;
}

static WeirJwtVerdict
verify_at (WeirJwtKeySet *keys,
           const char *token,
           const WeirJwtRules *rules,
           gint64 now_us,
           WeirIdentity **identity,
           GError **error)
{
  static const WeirJwtRules none = { NULL };
  g_autoptr (WeirIdentity) own = NULL;
  g_autoptr (GError) own_error = NULL;
  gint64 expires = 0;
  WeirJwtVerdict verdict;

  verdict = weir_jwt_token_verify (token,
                                   strlen (token),
                                   keys,
                                   rules != NULL ? rules : &none,
                                   now_us,
                                   &own,
                                   &expires,
                                   &own_error);
  g_assert_true ((verdict == WEIR_JWT_VERIFIED) == (own != NULL));
  g_assert_true ((verdict == WEIR_JWT_VERIFIED) == (own_error == NULL));
  if (own_error != NULL && *token != '\0')
    g_assert_null (strstr (own_error->message, token));
  if (identity != NULL)
    *identity = g_steal_pointer (&own);
  if (error != NULL)
    *error = g_steal_pointer (&own_error);
  return verdict;
}

static gboolean
is_good (WeirJwtKeySet *keys, const char *token)
{
  return verify_at (keys, token, NULL, NOW * A_SECOND, NULL, NULL) == WEIR_JWT_VERIFIED;
}

/* ---- the examples of RFC 7515 and RFC 8037 ---- */

#define JOE                                                                                        \
  "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

static const struct
{
  const char *name;
  const char *key;
  const char *token;
} examples[] = {
  { "hs256",
    "{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hc"
    "gUuTwjAzZr1Z9CAow\"}",
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." JOE
    ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" },
  { "rs256",
    "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_"
    "wWJcyQoTbji9k0l8W26mPd"
    "dxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9w"
    "Gzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxv"
    "b3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyu"
    "XpoQ\"}",
    "eyJhbGciOiJSUzI1NiJ9." JOE
    ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5"
    "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L"
    "07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUi"
    "pUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw" },
  { "es256",
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\","
    "\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\"}",
    "eyJhbGciOiJFUzI1NiJ9." JOE
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q" },
};

static void
test_example (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_autoptr (WeirJwtKeySet) keys = weir_jwt_key_set_new ();
  g_autoptr (WeirIdentity) identity = NULL;
  g_autoptr (GError) error = NULL;
  const gint64 end = G_GINT64_CONSTANT (1300819380) * A_SECOND;

  weir_jwt_key_set_read (keys, examples[i].key, strlen (examples[i].key), &error);
  g_assert_no_error (error);
  g_assert_cmpint (verify_at (keys, examples[i].token, NULL, end - 1, &identity, NULL),
                   ==,
                   WEIR_JWT_VERIFIED);
  g_assert_nonnull (strstr (weir_identity_get_claims (identity), "\"joe\""));
  verify_at (keys, examples[i].token, NULL, end, NULL, &error);
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_UNAUTHORIZED);
}

static void
test_ed25519 (void)
{
  static const char jwk[] =
      "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}";
  static const char input[] = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
  static const char text[] = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt"
                             "9g7sVvpAr_MuM0KAg";
  g_autoptr (WeirJwtObject) object = weir_jwt_object_parse (jwk, strlen (jwk), NULL);
  g_autoptr (WeirJwtKey) key = weir_jwt_key_new_jwk (object, NULL);
  gsize length;
  g_autofree guint8 *signature = weir_jwt_base64url_decode (text, strlen (text), &length);
  const WeirJwtAlgorithm *algorithm = weir_jwt_algorithm_find ("EdDSA");

  g_assert_true (weir_jwt_key_verify (key, algorithm, input, strlen (input), signature, length));
  g_assert_false (
      weir_jwt_key_verify (key, algorithm, input, strlen (input) - 1, signature, length));
}

/* ---- every algorithm, with keys of our own ---- */

typedef struct
{
  const char *name;
  gnutls_pk_algorithm_t kind;
  unsigned int size;
  gnutls_sign_algorithm_t sign;
  gsize half;
} Way;

static const Way ways[] = {
  { "RS256", GNUTLS_PK_RSA, 2048, GNUTLS_SIGN_RSA_SHA256, 0 },
  { "RS384", GNUTLS_PK_RSA, 2048, GNUTLS_SIGN_RSA_SHA384, 0 },
  { "RS512", GNUTLS_PK_RSA, 2048, GNUTLS_SIGN_RSA_SHA512, 0 },
  { "PS256", GNUTLS_PK_RSA, 2048, GNUTLS_SIGN_RSA_PSS_RSAE_SHA256, 0 },
  { "PS384", GNUTLS_PK_RSA, 2048, GNUTLS_SIGN_RSA_PSS_RSAE_SHA384, 0 },
  { "PS512", GNUTLS_PK_RSA, 2048, GNUTLS_SIGN_RSA_PSS_RSAE_SHA512, 0 },
  { "ES256",
    GNUTLS_PK_ECDSA,
    GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1),
    GNUTLS_SIGN_ECDSA_SHA256,
    32 },
  { "ES384",
    GNUTLS_PK_ECDSA,
    GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP384R1),
    GNUTLS_SIGN_ECDSA_SHA384,
    48 },
  { "ES512",
    GNUTLS_PK_ECDSA,
    GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP521R1),
    GNUTLS_SIGN_ECDSA_SHA512,
    66 },
  { "EdDSA",
    GNUTLS_PK_EDDSA_ED25519,
    GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_ED25519),
    GNUTLS_SIGN_EDDSA_ED25519,
    0 },
  { "EdDSA",
    GNUTLS_PK_EDDSA_ED448,
    GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_ED448),
    GNUTLS_SIGN_EDDSA_ED448,
    0 },
};

static void
put_number (guint8 *out, gsize half, const gnutls_datum_t *number)
{
  gsize skip = number->size > half ? number->size - half : 0;
  gsize length = number->size - skip;

  memset (out, 0, half);
  memcpy (out + half - length, number->data + skip, length);
}

static GBytes *
make_signature (gnutls_privkey_t key, const Way *way, const char *input, GBytes **der)
{
  const gnutls_datum_t data = { (unsigned char *) input, strlen (input) };
  gnutls_datum_t signature;
  gnutls_datum_t r, s;
  guint8 raw[132];

  g_assert_cmpint (gnutls_privkey_sign_data2 (key, way->sign, 0, &data, &signature), ==, 0);
  *der = g_bytes_new (signature.data, signature.size);
  if (way->half == 0)
    {
      gnutls_free (signature.data);
      return g_bytes_ref (*der);
    }
  g_assert_cmpint (gnutls_decode_rs_value (&signature, &r, &s), ==, 0);
  put_number (raw, way->half, &r);
  put_number (raw + way->half, way->half, &s);
  gnutls_free (signature.data);
  gnutls_free (r.data);
  gnutls_free (s.data);
  return g_bytes_new (raw, 2 * way->half);
}

static char *
export_pem (gnutls_privkey_t key)
{
  gnutls_pubkey_t public_key;
  gnutls_datum_t pem;
  char *text;

  gnutls_pubkey_init (&public_key);
  g_assert_cmpint (gnutls_pubkey_import_privkey (public_key, key, 0, 0), ==, 0);
  g_assert_cmpint (gnutls_pubkey_export2 (public_key, GNUTLS_X509_FMT_PEM, &pem), ==, 0);
  text = g_strndup ((char *) pem.data, pem.size);
  gnutls_free (pem.data);
  gnutls_pubkey_deinit (public_key);
  return text;
}

static void
test_way (gconstpointer data)
{
  const Way *way = data;
  gnutls_privkey_t key;
  g_autofree char *header = g_strdup_printf ("{\"alg\":\"%s\"}", way->name);
  g_autofree char *input = join (header, "{\"sub\":\"ada\",\"role\":\"admin\"}");
  g_autofree char *pem = NULL;
  g_autofree char *token = NULL;
  g_autofree char *token_der = NULL;
  g_autofree char *confused = NULL;
  g_autofree char *input_more = g_strconcat (input, "A", NULL);
  g_autofree char *forged = NULL;
  g_autoptr (GBytes) der = NULL;
  g_autoptr (GBytes) signature = NULL;
  g_autoptr (WeirJwtKeySet) keys = weir_jwt_key_set_new ();
  g_autoptr (WeirIdentity) identity = NULL;
  g_autoptr (GError) error = NULL;

  gnutls_privkey_init (&key);
  g_assert_cmpint (gnutls_privkey_generate (key, way->kind, way->size, 0), ==, 0);
  pem = export_pem (key);
  g_assert_true (weir_jwt_key_set_read (keys, pem, strlen (pem), &error));
  g_assert_no_error (error);

  signature = make_signature (key, way, input, &der);
  token = finish (input, g_bytes_get_data (signature, NULL), g_bytes_get_size (signature));
  verify_at (keys, token, NULL, NOW * A_SECOND, &identity, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (weir_identity_get_subject (identity), ==, "ada");
  g_assert_cmpstr (weir_identity_get_role (identity), ==, "admin");

  forged = finish (input_more, g_bytes_get_data (signature, NULL), g_bytes_get_size (signature));
  g_assert_false (is_good (keys, forged));

  /* A signature has one spelling. */
  token_der = finish (input, g_bytes_get_data (der, NULL), g_bytes_get_size (der));
  g_assert_true (is_good (keys, token_der) == (way->half == 0));

  /* The public key is no secret, whatever the token says. */
  for (guint i = 0; i < 3; i++)
    {
      static const gnutls_mac_algorithm_t macs[] = { GNUTLS_MAC_SHA256,
                                                     GNUTLS_MAC_SHA384,
                                                     GNUTLS_MAC_SHA512 };
      static const char *const names[] = { "HS256", "HS384", "HS512" };
      g_autofree char *other = g_strdup_printf ("{\"alg\":\"%s\"}", names[i]);

      g_free (confused);
      confused = sign_with (macs[i], pem, strlen (pem), other, "{}");
      g_assert_false (is_good (keys, confused));
    }
  gnutls_privkey_deinit (key);
}

/* Nought is no number of a signature. */
static void
test_zero_signature (void)
{
  g_autoptr (WeirJwtKeySet) keys = weir_jwt_key_set_new ();
  g_autofree char *input = join ("{\"alg\":\"ES256\"}", "{}");
  static const guint8 zeros[64];
  static const gsize lengths[] = { 0, 1, 63, 64 };

  g_assert_true (weir_jwt_key_set_read (keys, examples[2].key, strlen (examples[2].key), NULL));
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autofree char *token = finish (input, zeros, lengths[i]);

      g_assert_false (is_good (keys, token));
    }
}

/* ---- attacks ---- */

typedef struct
{
  const char *name;
  const char *header;
  const char *claims;
  gboolean good;
  int code; /* of the error */
} Case;

static const Case cases[] = {
  { "plain", HS256, "{}", TRUE, 0 },
  { "none", "{\"alg\":\"none\"}", "{}", FALSE, WEIR_ERROR_NOT_FOUND },
  { "None", "{\"alg\":\"None\"}", "{}", FALSE, WEIR_ERROR_NOT_FOUND },
  { "no-alg", "{\"typ\":\"JWT\"}", "{}", FALSE, WEIR_ERROR_NOT_FOUND },
  { "alg-number", "{\"alg\":256}", "{}", FALSE, WEIR_ERROR_NOT_FOUND },
  { "alg-lower", "{\"alg\":\"hs256\"}", "{}", FALSE, WEIR_ERROR_NOT_FOUND },
  { "alg-of-another-kind", "{\"alg\":\"RS256\"}", "{}", FALSE, WEIR_ERROR_NOT_FOUND },
  { "alg-twice", "{\"alg\":\"HS256\",\"alg\":\"none\"}", "{}", FALSE, WEIR_ERROR_INVALID_ARGUMENT },
  { "header-array", "[]", "{}", FALSE, WEIR_ERROR_INVALID_ARGUMENT },
  { "header-empty", "", "{}", FALSE, WEIR_ERROR_INVALID_ARGUMENT },
  { "crit", "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", "{}", FALSE, WEIR_ERROR_UNAUTHORIZED },
  { "own-key",
    "{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"},\"jku\":\"https://evil.test/\"}",
    "{}",
    TRUE,
    0 }, /* they are not looked at */
  { "kid-path",
    "{\"alg\":\"HS256\",\"kid\":\"../../../dev/null\"}",
    "{}",
    TRUE,
    0 }, /* a name that a secret without a name is not asked for */
  { "kid-number", "{\"alg\":\"HS256\",\"kid\":1}", "{}", FALSE, WEIR_ERROR_UNAUTHORIZED },
  { "claims-array", HS256, "[]", FALSE, WEIR_ERROR_UNAUTHORIZED },
  { "claims-empty", HS256, "", FALSE, WEIR_ERROR_UNAUTHORIZED },
  { "claims-twice",
    HS256,
    "{\"role\":\"anon\",\"role\":\"admin\"}",
    FALSE,
    WEIR_ERROR_UNAUTHORIZED },
  { "exp-past", HS256, "{\"exp\":1699999999}", FALSE, WEIR_ERROR_UNAUTHORIZED },
  { "exp-now", HS256, "{\"exp\":1700000000}", FALSE, WEIR_ERROR_UNAUTHORIZED },
  { "exp-soon", HS256, "{\"exp\":1700000000.5}", TRUE, 0 },
  { "exp-string", HS256, "{\"exp\":\"1800000000\"}", FALSE, WEIR_ERROR_UNAUTHORIZED },
  { "exp-null", HS256, "{\"exp\":null}", FALSE, WEIR_ERROR_UNAUTHORIZED },
  { "exp-huge", HS256, "{\"exp\":1e300}", TRUE, 0 },
  { "exp-infinite", HS256, "{\"exp\":1e999}", FALSE, WEIR_ERROR_UNAUTHORIZED },
  { "exp-negative", HS256, "{\"exp\":-1e300}", FALSE, WEIR_ERROR_UNAUTHORIZED },
  { "nbf-now", HS256, "{\"nbf\":1700000000}", TRUE, 0 },
  { "nbf-future", HS256, "{\"nbf\":1700000001}", FALSE, WEIR_ERROR_UNAUTHORIZED },
  { "iat-array", HS256, "{\"iat\":[]}", FALSE, WEIR_ERROR_UNAUTHORIZED },
  { "sub-number", HS256, "{\"sub\":7}", FALSE, WEIR_ERROR_UNAUTHORIZED },
  { "iss-array", HS256, "{\"iss\":[\"a\"]}", FALSE, WEIR_ERROR_UNAUTHORIZED },
};

static void
test_case (gconstpointer data)
{
  const Case *row = data;
  g_autoptr (WeirJwtKeySet) keys = make_secret_set ();
  g_autofree char *token = sign (row->header, row->claims);
  g_autoptr (GError) error = NULL;

  verify_at (keys, token, NULL, NOW * A_SECOND, NULL, &error);
  if (row->good)
    g_assert_no_error (error);
  else
    g_assert_error (error, WEIR_ERROR, row->code);
}

static void
test_forms (void)
{
  g_autoptr (WeirJwtKeySet) keys = make_secret_set ();
  g_autofree char *good = sign (HS256, "{\"sub\":\"ada\"}");
  g_autofree char *padded = g_strconcat (good, "=", NULL);
  g_autofree char *spaced = g_strconcat (" ", good, NULL);
  g_autofree char *four = g_strconcat (good, ".", NULL);
  g_autofree char *unsigned_token = g_strndup (good, strrchr (good, '.') - good + 1);
  g_autofree char *two_parts = g_strndup (good, strrchr (good, '.') - good);
  g_autofree char *spelt = g_strdup (good);
  gsize last = strlen (spelt) - 1;
  const char *const bad[] = { "",     ".",  "..",      "...",          "a.b.c", padded,
                              spaced, four, two_parts, unsigned_token, spelt };

  g_assert_true (is_good (keys, good));
  /* 32 bytes leave two bits over: the next letter would stand for the same bytes. */
  spelt[last] =
      spelt[last] == 'Z' || spelt[last] == 'z' || spelt[last] == '9' ? '-' : spelt[last] + 1;
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (is_good (keys, bad[i]));
}

static void
test_huge (void)
{
  g_autoptr (WeirJwtKeySet) keys = make_secret_set ();
  g_autofree char *filler = g_strnfill (WEIR_JWT_MAX_TOKEN, 'a');
  g_autofree char *claims = g_strdup_printf ("{\"a\":\"%s\"}", filler);
  g_autofree char *token = sign (HS256, claims);

  g_assert_false (is_good (keys, token));
}

static void
test_rules (void)
{
  static const char *const issuers[] = { "https://a.test/", "b", NULL };
  static const char *const audiences[] = { "app", NULL };
  g_autoptr (GPtrArray) algorithms = g_ptr_array_new ();
  WeirJwtRules rules = { NULL, issuers, audiences, 10 * A_SECOND };
  static const struct
  {
    const char *claims;
    gboolean good;
  } rows[] = {
    { "{\"iss\":\"b\",\"aud\":\"app\"}", TRUE },
    { "{\"iss\":\"b\",\"aud\":[\"x\",\"app\"]}", TRUE },
    { "{\"iss\":\"c\",\"aud\":\"app\"}", FALSE },
    { "{\"aud\":\"app\"}", FALSE },
    { "{\"iss\":\"b\",\"aud\":\"ap\"}", FALSE },
    { "{\"iss\":\"b\",\"aud\":[]}", FALSE },
    { "{\"iss\":\"b\",\"aud\":[[\"app\"]]}", FALSE },
    { "{\"iss\":\"b\",\"aud\":{\"app\":1}}", FALSE },
    { "{\"iss\":\"b\"}", FALSE },
    { "{\"iss\":\"b\",\"aud\":\"app\",\"exp\":1699999991}", TRUE },
    { "{\"iss\":\"b\",\"aud\":\"app\",\"exp\":1699999990}", FALSE },
    { "{\"iss\":\"b\",\"aud\":\"app\",\"nbf\":1700000010}", TRUE },
    { "{\"iss\":\"b\",\"aud\":\"app\",\"nbf\":1700000011}", FALSE },
  };
  g_autoptr (WeirJwtKeySet) keys = make_secret_set ();
  g_autofree char *good = sign (HS256, rows[0].claims);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *token = sign (HS256, rows[i].claims);

      g_assert_cmpint (verify_at (keys, token, &rules, NOW * A_SECOND, NULL, NULL) ==
                           WEIR_JWT_VERIFIED,
                       ==,
                       rows[i].good);
    }

  rules.algorithms = algorithms;
  g_ptr_array_add (algorithms, (gpointer) weir_jwt_algorithm_find ("HS512"));
  g_assert_cmpint (verify_at (keys, good, &rules, NOW * A_SECOND, NULL, NULL),
                   !=,
                   WEIR_JWT_VERIFIED);
}

/* What is perhaps another authenticator's, and what is nobody's. */
static void
test_of_another (void)
{
  static const char *const issuers[] = { "https://a.test/", NULL };
  const WeirJwtRules rules = { NULL, issuers, NULL, 0 };
  const WeirJwtRules any = { NULL };
  static const struct
  {
    const char *header;
    const char *claims;
    const char *secret;
    gboolean any;
    int code; /* 0: good */
  } rows[] = {
    { HS256, "{\"iss\":\"https://a.test/\"}", SECRET, FALSE, 0 },
    { HS256,
      "{\"iss\":\"https://a.test/\"}",
      "a secret of somebody else",
      FALSE,
      WEIR_ERROR_UNAUTHORIZED },
    { HS256, "{\"iss\":\"https://b.test/\"}", SECRET, FALSE, WEIR_ERROR_NOT_FOUND },
    { HS256, "{\"iss\":\"https://a.test\"}", SECRET, FALSE, WEIR_ERROR_NOT_FOUND },
    { HS256, "{\"iss\":[\"https://a.test/\"]}", SECRET, FALSE, WEIR_ERROR_NOT_FOUND },
    { HS256, "{}", SECRET, FALSE, WEIR_ERROR_NOT_FOUND },
    /* Whose it is comes before how it is signed. */
    { "{\"alg\":\"RS256\"}", "{\"iss\":\"https://b.test/\"}", SECRET, FALSE, WEIR_ERROR_NOT_FOUND },
    { "{\"alg\":\"RS256\"}",
      "{\"iss\":\"https://a.test/\"}",
      SECRET,
      FALSE,
      WEIR_ERROR_UNAUTHORIZED },
    { HS256, "{\"iss\":\"https://a.test/\",\"exp\":1}", SECRET, FALSE, WEIR_ERROR_UNAUTHORIZED },
    { "{\"alg\":\"ES256\",\"kid\":\"x\"}", "{}", SECRET, TRUE, WEIR_ERROR_NOT_FOUND },
    { HS256, "{}", "a secret of somebody else", TRUE, WEIR_ERROR_UNAUTHORIZED },
    { "{\"alg\":\"HS256\",\"kid\":\"x\"}",
      "{}",
      "a secret of somebody else",
      TRUE,
      WEIR_ERROR_NOT_FOUND },
  };
  g_autoptr (WeirJwtKeySet) keys = make_secret_set ();

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *token = sign_with (GNUTLS_MAC_SHA256,
                                          rows[i].secret,
                                          strlen (rows[i].secret),
                                          rows[i].header,
                                          rows[i].claims);
      g_autoptr (GError) error = NULL;

      verify_at (keys, token, rows[i].any ? &any : &rules, NOW * A_SECOND, NULL, &error);
      if (rows[i].code == 0)
        g_assert_no_error (error);
      else
        g_assert_error (error, WEIR_ERROR, rows[i].code);
    }
}

/* ---- sets of keys ---- */

static void
test_key_set (void)
{
  static const char set[] = "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"one\",\"alg\":\"HS256\",\"k\":"
                            "\"b25lb25lb25lb25lb25lb25l\"},"
                            "{\"kty\":\"oct\",\"kid\":\"two\",\"k\":\"dHdvdHdvdHdvdHdvdHdvdHdv\"},"
                            "{\"kty\":\"oct\",\"kid\":\"enc\",\"use\":\"enc\",\"k\":\"AAAA\"},"
                            "{\"kty\":\"new\",\"kid\":\"new\"}]}";
  g_autoptr (WeirJwtKeySet) keys = weir_jwt_key_set_new ();
  g_autoptr (GError) error = NULL;
  const char one[] = "oneoneoneoneoneone", two[] = "twotwotwotwotwotwo";
  g_autofree char *first =
      sign_with (GNUTLS_MAC_SHA256, one, strlen (one), "{\"alg\":\"HS256\",\"kid\":\"one\"}", "{}");
  g_autofree char *wrong_way =
      sign_with (GNUTLS_MAC_SHA512, one, strlen (one), "{\"alg\":\"HS512\",\"kid\":\"one\"}", "{}");
  g_autofree char *crossed =
      sign_with (GNUTLS_MAC_SHA256, two, strlen (two), "{\"alg\":\"HS256\",\"kid\":\"one\"}", "{}");
  g_autofree char *unnamed =
      sign_with (GNUTLS_MAC_SHA384, two, strlen (two), "{\"alg\":\"HS384\"}", "{}");
  g_autofree char *unknown = sign_with (GNUTLS_MAC_SHA256,
                                        two,
                                        strlen (two),
                                        "{\"alg\":\"HS256\",\"kid\":\"three\"}",
                                        "{}");
  g_autoptr (WeirIdentity) identity = NULL;

  g_assert_true (weir_jwt_key_set_read (keys, set, strlen (set), &error));
  g_assert_no_error (error);
  g_assert_cmpint (verify_at (keys, first, NULL, NOW, &identity, NULL), ==, WEIR_JWT_VERIFIED);
  g_assert_cmpstr (weir_identity_get_key_id (identity), ==, "one");
  g_assert_cmpint (verify_at (keys, wrong_way, NULL, NOW, NULL, NULL), ==, WEIR_JWT_NO_KEY);
  g_assert_cmpint (verify_at (keys, crossed, NULL, NOW, NULL, NULL), ==, WEIR_JWT_FORGED);
  g_assert_cmpint (verify_at (keys, unnamed, NULL, NOW, NULL, NULL), ==, WEIR_JWT_VERIFIED);
  g_assert_cmpint (verify_at (keys, unknown, NULL, NOW, NULL, NULL), ==, WEIR_JWT_NO_KEY);
}

static void
test_bad_keys (void)
{
  static const char *const bad[] = {
    "",
    "{}",
    "{\"keys\":{}}",
    "{\"keys\":[]}",
    "{\"keys\":[1]}",
    "{\"kty\":\"oct\"}",
    "{\"kty\":\"oct\",\"k\":\"\"}",
    "{\"kty\":\"oct\",\"k\":\"a=\"}",
    "{\"kty\":\"oct\",\"k\":\"MTIzNDU2Nzg5MDEyMzQ1\"}", /* 15 bytes */
    "{\"kty\":\"oct\",\"k\":\"AAAA\",\"alg\":\"RS256\"}",
    "{\"kty\":\"oct\",\"k\":\"AAAA\",\"alg\":\"none\"}",
    "{\"kty\":\"oct\",\"k\":\"AAAA\",\"key_ops\":[\"encrypt\"]}",
    "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", /* too small */
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\"}",
    "{\"kty\":\"EC\",\"crv\":\"Ed25519\",\"x\":\"AA\",\"y\":\"AA\"}",
    "{\"kty\":\"OKP\",\"crv\":\"P-256\",\"x\":\"AA\"}",
    "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (WeirJwtKeySet) keys = weir_jwt_key_set_new ();
      g_autoptr (GError) error = NULL;

      g_assert_false (weir_jwt_key_set_read (keys, bad[i], strlen (bad[i]), &error));
      g_assert_error (error, WEIR_ERROR, WEIR_ERROR_INVALID_ARGUMENT);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (examples); i++)
    {
      g_autofree char *path = g_strconcat ("/auth-jwt/token/rfc7515/", examples[i].name, NULL);

      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_example);
    }
  g_test_add_func ("/auth-jwt/token/rfc8037", test_ed25519);
  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      g_autofree char *path = g_strdup_printf ("/auth-jwt/token/way/%u-%s", i, ways[i].name);

      g_test_add_data_func (path, &ways[i], test_way);
    }
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/auth-jwt/token/case/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/auth-jwt/token/zero-signature", test_zero_signature);
  g_test_add_func ("/auth-jwt/token/forms", test_forms);
  g_test_add_func ("/auth-jwt/token/huge", test_huge);
  g_test_add_func ("/auth-jwt/token/rules", test_rules);
  g_test_add_func ("/auth-jwt/token/of-another", test_of_another);
  g_test_add_func ("/auth-jwt/token/key-set", test_key_set);
  g_test_add_func ("/auth-jwt/token/bad-keys", test_bad_keys);

  return g_test_run ();
}
