/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-jwt-key-set.h"

#include <string.h>

#define MAX_KEYS 100
/* Of a token that does not name its key. */
#define MAX_TRIES 8

struct _WeirJwtKeySet
{
  GPtrArray *keys;
};

WeirJwtKeySet *
weir_jwt_key_set_new (void)
{
  WeirJwtKeySet *self = g_atomic_rc_box_new0 (WeirJwtKeySet);

  self->keys = g_ptr_array_new_with_free_func ((GDestroyNotify) weir_jwt_key_unref);
  return self;
}

WeirJwtKeySet *
weir_jwt_key_set_ref (WeirJwtKeySet *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
key_set_clear (gpointer data)
{
  g_ptr_array_unref (((WeirJwtKeySet *) data)->keys);
}

void
weir_jwt_key_set_unref (WeirJwtKeySet *self)
{
  g_atomic_rc_box_release_full (self, key_set_clear);
}

void
weir_jwt_key_set_add (WeirJwtKeySet *self, WeirJwtKey *key)
{
  g_ptr_array_add (self->keys, weir_jwt_key_ref (key));
}

void
weir_jwt_key_set_add_all (WeirJwtKeySet *self, WeirJwtKeySet *other)
{
  for (guint i = 0; i < other->keys->len; i++)
    weir_jwt_key_set_add (self, other->keys->pdata[i]);
}

static gboolean
refuse (GError **error, const char *why)
{
  g_set_error_literal (error, WEIR_ERROR, WEIR_ERROR_INVALID_ARGUMENT, why);
  return FALSE;
}

static gboolean
read_set (WeirJwtKeySet *self, const WeirJwtValue *keys, GError **error)
{
  g_autoptr (GArray) list = weir_jwt_value_list (keys);
  guint before = self->keys->len;

  if (list == NULL)
    return refuse (error, "“keys” of a JWK set is an array");
  if (list->len > MAX_KEYS)
    return refuse (error, "The JWK set has more than 100 keys");
  for (guint i = 0; i < list->len; i++)
    {
      const WeirJwtValue *value = &g_array_index (list, WeirJwtValue, i);
      g_autoptr (WeirJwtObject) jwk = weir_jwt_object_parse (value->text, value->length, error);
      g_autoptr (WeirJwtKey) key = NULL;

      if (jwk == NULL)
        return FALSE;
      key = weir_jwt_key_new_jwk (jwk, NULL);
      if (key != NULL)
        weir_jwt_key_set_add (self, key);
    }
  return self->keys->len > before || refuse (error, "No key of the JWK set can check signatures");
}

gboolean
weir_jwt_key_set_read (WeirJwtKeySet *self, const char *text, gsize length, GError **error)
{
  g_autoptr (WeirJwtObject) object = NULL;
  g_autoptr (WeirJwtKey) key = NULL;
  const WeirJwtValue *keys;

  if (g_strstr_len (text, length, "-----BEGIN ") != NULL)
    key = weir_jwt_key_new_pem (text, length, error);
  else
    {
      object = weir_jwt_object_parse (text, length, error);
      if (object == NULL)
        return FALSE;
      keys = weir_jwt_object_find (object, "keys");
      if (keys != NULL)
        return read_set (self, keys, error);
      key = weir_jwt_key_new_jwk (object, error);
    }
  if (key == NULL)
    return FALSE;
  weir_jwt_key_set_add (self, key);
  return TRUE;
}

/* A key without a name may be meant by any token. */
static gboolean
is_candidate (WeirJwtKey *key, const WeirJwtAlgorithm *algorithm, const char *id)
{
  const char *own = weir_jwt_key_get_id (key);

  return weir_jwt_key_allows (key, algorithm) &&
         (id == NULL || own == NULL || strcmp (id, own) == 0);
}

WeirJwtVerdict
weir_jwt_key_set_verify (WeirJwtKeySet *self,
                         const WeirJwtAlgorithm *algorithm,
                         const char *id,
                         const char *data,
                         gsize length,
                         const guint8 *signature,
                         gsize signature_length,
                         WeirJwtKey **key)
{
  gboolean named = FALSE;
  guint tries = 0;

  for (guint i = 0; i < self->keys->len && tries < MAX_TRIES; i++)
    {
      WeirJwtKey *candidate = self->keys->pdata[i];

      if (!is_candidate (candidate, algorithm, id))
        continue;
      tries++;
      named = named || id == NULL || weir_jwt_key_get_id (candidate) != NULL;
      if (weir_jwt_key_verify (candidate, algorithm, data, length, signature, signature_length))
        {
          *key = candidate;
          return WEIR_JWT_VERIFIED;
        }
    }
  return named ? WEIR_JWT_FORGED : WEIR_JWT_NO_KEY;
}
