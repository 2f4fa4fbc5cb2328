/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-jwt-token.h"

#include <math.h>
#include <string.h>

/* Years from now on, and far from where a double stops counting seconds. */
#define LAST_SECOND 1e11

typedef struct
{
  const char *text;
  gsize length;
} Part;

typedef struct
{
  WeirJwtObject *object;
  const WeirJwtAlgorithm *algorithm;
  char *key_id;
} Header;

static void
header_clear (Header *self)
{
  g_clear_pointer (&self->object, weir_jwt_object_free);
  g_free (self->key_id);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Header, header_clear)

static gboolean
refuse (GError **error, const char *why)
{
  g_set_error_literal (error, WEIR_ERROR, WEIR_ERROR_UNAUTHORIZED, why);
  return FALSE;
}

/* Another authenticator may take it, unless it is of an issuer whom this one is for. */
static gboolean
pass_on (const WeirJwtRules *rules, GError **error, const char *why)
{
  if (rules->issuers != NULL)
    return refuse (error, why);
  g_set_error_literal (error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND, why);
  return FALSE;
}

static gboolean
refuse_form (GError **error)
{
  g_set_error_literal (error,
                       WEIR_ERROR,
                       WEIR_ERROR_INVALID_ARGUMENT,
                       "The token is not a JSON Web Token");
  return FALSE;
}

/* ---- form ---- */

static gboolean
split (const char *text, gsize length, Part parts[3])
{
  const char *end = text + length;

  for (guint i = 0; i < 3; i++)
    {
      const char *dot = memchr (text, '.', end - text);

      if ((dot == NULL) != (i == 2))
        return FALSE;
      parts[i].text = text;
      parts[i].length = (dot != NULL ? dot : end) - text;
      text = dot != NULL ? dot + 1 : end;
    }
  return TRUE;
}

static gboolean
is_allowed (const WeirJwtRules *rules, const WeirJwtAlgorithm *algorithm)
{
  return rules->algorithms == NULL ||
         g_ptr_array_find (rules->algorithms, (gconstpointer) algorithm, NULL);
}

static WeirJwtObject *
decode_object (const Part *part, guint8 **json)
{
  gsize length;

  *json = weir_jwt_base64url_decode (part->text, part->length, &length);
  return *json != NULL ? weir_jwt_object_parse ((const char *) *json, length, NULL) : NULL;
}

/* With the text that the object is made of. */
static gboolean
read_header (const Part *part, Header *header, guint8 **json, GError **error)
{
  header->object = decode_object (part, json);
  return header->object != NULL || refuse_form (error);
}

static gboolean
check_header (Header *header, const WeirJwtRules *rules, GError **error)
{
  g_autofree char *name = weir_jwt_object_dup_string (header->object, "alg");
  const WeirJwtValue *key_id;

  header->algorithm = name != NULL ? weir_jwt_algorithm_find (name) : NULL;
  if (header->algorithm == NULL || !is_allowed (rules, header->algorithm))
    return pass_on (rules, error, "The token is signed in a way that is not taken");
  if (weir_jwt_object_find (header->object, "crit") != NULL)
    return refuse (error, "The token needs an extension that is not known");
  key_id = weir_jwt_object_find (header->object, "kid");
  header->key_id = weir_jwt_value_dup_string (key_id);
  if (key_id != NULL && header->key_id == NULL)
    return refuse (error, "The token names its key by something that is no string");
  return TRUE;
}

/* ---- claims ---- */

static gboolean
read_time (WeirJwtObject *claims, const char *name, gboolean *has, gint64 *us, GError **error)
{
  const WeirJwtValue *value = weir_jwt_object_find (claims, name);
  double seconds;

  *has = value != NULL;
  if (value == NULL)
    return TRUE;
  if (!weir_jwt_value_get_number (value, &seconds) || !isfinite (seconds))
    return refuse (error, "A time in the token is not a number");
  *us = (gint64) (CLAMP (seconds, -LAST_SECOND, LAST_SECOND) * G_USEC_PER_SEC);
  return TRUE;
}

static gboolean
check_times (WeirJwtObject *claims,
             const WeirJwtRules *rules,
             gint64 now_us,
             gint64 *expires_us,
             GError **error)
{
  gboolean has_end, has_start, has_birth;
  gint64 end, start, birth;

  if (!read_time (claims, "exp", &has_end, &end, error) ||
      !read_time (claims, "nbf", &has_start, &start, error) ||
      !read_time (claims, "iat", &has_birth, &birth, error))
    return FALSE;
  if (has_end && now_us >= end + rules->tolerance_us)
    return refuse (error, "The token has expired");
  if (has_start && now_us < start - rules->tolerance_us)
    return refuse (error, "The token is not valid yet");
  *expires_us = has_end ? end + rules->tolerance_us : G_MAXINT64;
  return TRUE;
}

static gboolean
is_one_of (const WeirJwtValue *value, const char *const *wanted)
{
  g_autofree char *text = weir_jwt_value_dup_string (value);

  return text != NULL && g_strv_contains (wanted, text);
}

static gboolean
is_for (const WeirJwtValue *value, const char *const *wanted)
{
  g_autoptr (GArray) list = NULL;

  if (value == NULL)
    return FALSE;
  if (value->kind == WEIR_JWT_STRING)
    return is_one_of (value, wanted);
  list = weir_jwt_value_list (value);
  for (guint i = 0; list != NULL && i < list->len; i++)
    if (is_one_of (&g_array_index (list, WeirJwtValue, i), wanted))
      return TRUE;
  return FALSE;
}

static gboolean
is_string_or_nothing (WeirJwtObject *claims, const char *name)
{
  const WeirJwtValue *value = weir_jwt_object_find (claims, name);

  return value == NULL || value->kind == WEIR_JWT_STRING;
}

/* What the token says of itself, which nobody has confirmed: good for no more than to find out
 * whose keys could. */
static gboolean
check_issuer (WeirJwtObject *claims, const WeirJwtRules *rules, GError **error)
{
  const WeirJwtValue *issuer = weir_jwt_object_find (claims, "iss");

  if (rules->issuers == NULL ||
      (issuer != NULL && issuer->kind == WEIR_JWT_STRING && is_one_of (issuer, rules->issuers)))
    return TRUE;
  g_set_error_literal (error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND, "The token is of another issuer");
  return FALSE;
}

static gboolean
check_names (WeirJwtObject *claims, const WeirJwtRules *rules, GError **error)
{
  if (!is_string_or_nothing (claims, "iss") || !is_string_or_nothing (claims, "sub"))
    return refuse (error, "A name in the token is not a string");
  if (rules->audiences != NULL && !is_for (weir_jwt_object_find (claims, "aud"), rules->audiences))
    return refuse (error, "The token is for another audience");
  return TRUE;
}

static WeirIdentity *
make_identity (WeirJwtObject *claims, const char *json, WeirJwtKey *key)
{
  g_autofree char *subject = weir_jwt_object_dup_string (claims, "sub");
  g_autofree char *role = weir_jwt_object_dup_string (claims, "role");

  if (subject == NULL)
    subject = weir_jwt_object_dup_string (claims, "user_id");
  return weir_identity_new_full (subject, role, json, weir_jwt_key_get_id (key));
}

static WeirJwtVerdict
verify_signature (const char *text,
                  const Part parts[3],
                  WeirJwtKeySet *keys,
                  const WeirJwtRules *rules,
                  const Header *header,
                  WeirJwtKey **key,
                  GError **error)
{
  gsize length;
  g_autofree guint8 *signature =
      weir_jwt_base64url_decode (parts[2].text, parts[2].length, &length);
  WeirJwtVerdict verdict;

  if (signature == NULL)
    return refuse (error, "The token cannot be read"), WEIR_JWT_FORGED;
  verdict = weir_jwt_key_set_verify (keys,
                                     header->algorithm,
                                     header->key_id,
                                     text,
                                     parts[0].length + 1 + parts[1].length,
                                     signature,
                                     length,
                                     key);
  switch (verdict)
    {
    case WEIR_JWT_VERIFIED:
      break;
    case WEIR_JWT_NO_KEY:
      pass_on (rules, error, "There is no key to check the token with");
      break;
    case WEIR_JWT_FORGED:
      refuse (error, "The signature of the token is wrong");
      break;
    }
  return verdict;
}

WeirJwtVerdict
weir_jwt_token_verify (const char *text,
                       gsize length,
                       WeirJwtKeySet *keys,
                       const WeirJwtRules *rules,
                       gint64 now_us,
                       WeirIdentity **identity,
                       gint64 *expires_us,
                       GError **error)
{
  Part parts[3];
  g_autofree guint8 *header_json = NULL;
  g_autofree guint8 *json = NULL;
  g_auto (Header) header = { NULL };
  g_autoptr (WeirJwtObject) claims = NULL;
  WeirJwtVerdict verdict;
  WeirJwtKey *key = NULL;

  if (length > WEIR_JWT_MAX_TOKEN)
    return refuse (error, "The token is too long"), WEIR_JWT_FORGED;
  if (!split (text, length, parts))
    return refuse_form (error), WEIR_JWT_FORGED;
  if (!read_header (&parts[0], &header, &header_json, error))
    return WEIR_JWT_FORGED;
  claims = decode_object (&parts[1], &json);
  if (claims == NULL)
    return refuse (error, "The token cannot be read"), WEIR_JWT_FORGED;
  if (!check_issuer (claims, rules, error) || !check_header (&header, rules, error))
    return WEIR_JWT_FORGED;

  verdict = verify_signature (text, parts, keys, rules, &header, &key, error);
  if (verdict != WEIR_JWT_VERIFIED)
    return verdict;
  if (!check_times (claims, rules, now_us, expires_us, error) ||
      !check_names (claims, rules, error))
    return WEIR_JWT_FORGED;
  *identity = make_identity (claims, (const char *) json, key);
  return WEIR_JWT_VERIFIED;
}
