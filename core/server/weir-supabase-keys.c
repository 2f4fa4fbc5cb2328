/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-supabase-keys-private.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "config/weir-config.h"
#include "server/weir-supabase-signer-private.h"

/* Public by design: every local development stack has the same ones, and they are printed in
 * its manual. They open nothing but a database on this machine. */
#define SECRET "super-secret-jwt-token-with-at-least-32-characters-long"
#define PUBLISHABLE_KEY "sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH"
#define SECRET_KEY "sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz"
#define JWT_HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define JWT_CLAIMS(role) "{\"iss\":\"supabase-demo\",\"role\":\"" role "\",\"exp\":1983812996}"
#define SIGNING_KEY                                                                                \
  "{\"kty\":\"EC\",\"kid\":\"b81269f1-21d8-4f2e-b719-c2240a840d90\",\"use\":\"sig\","              \
  "\"key_ops\":[\"verify\"],\"alg\":\"ES256\",\"ext\":true,\"crv\":\"P-256\","                     \
  "\"x\":\"M5Sjqn5zwC9Kl1zVfUUGvv9boQjCGd45G8sdopBExB4\","                                         \
  "\"y\":\"P6IXMvA2WYXSHSOMTBH2jsw_9rrzGy89FjPf6oOsIxQ\"}"

static char *
sign (const char *secret, const char *claims)
{
  g_autofree char *header = weir_supabase_encode (JWT_HEADER, strlen (JWT_HEADER));
  g_autofree char *payload = weir_supabase_encode (claims, strlen (claims));
  g_autofree char *input = g_strconcat (header, ".", payload, NULL);
  g_autofree char *signature = NULL;
  GHmac *hmac = g_hmac_new (G_CHECKSUM_SHA256, (const guchar *) secret, strlen (secret));
  guint8 digest[32];
  gsize length = sizeof digest;

  g_hmac_update (hmac, (const guchar *) input, strlen (input));
  g_hmac_get_digest (hmac, digest, &length);
  g_hmac_unref (hmac);
  signature = weir_supabase_encode (digest, length);
  return g_strconcat (input, ".", signature, NULL);
}

/* ---- signing keys ---- */

/* Nothing of the private part gets past this. */
static char *
format_public (JsonObject *key)
{
  static const char *const members[] = { "kty", "kid", "use", "alg", "ext", "crv",
                                         "x",   "y",   "n",   "e",   NULL };
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *copy = json_object_new ();
  JsonArray *operations = json_array_new ();

  for (guint i = 0; members[i] != NULL; i++)
    if (json_object_has_member (key, members[i]))
      json_object_set_member (copy, members[i], json_object_dup_member (key, members[i]));
  json_array_add_string_element (operations, "verify");
  json_object_set_array_member (copy, "key_ops", operations);
  json_node_take_object (node, copy);
  return json_to_string (node, FALSE);
}

/* Those that config.toml does not give. */
static gboolean
sign_tokens (WeirSupabaseKeys *self, const char *path, JsonObject *key, GError **error)
{
  if (self->anon_token == NULL)
    self->anon_token = weir_supabase_sign (key, JWT_CLAIMS ("anon"), error);
  if (self->anon_token != NULL && self->service_role_token == NULL)
    self->service_role_token = weir_supabase_sign (key, JWT_CLAIMS ("service_role"), error);
  if (self->anon_token != NULL && self->service_role_token != NULL)
    return TRUE;
  g_prefix_error (error, "auth.signing_keys_path %s: ", path);
  return FALSE;
}

static gboolean
fail_signing_keys (const char *path, GError **error)
{
  g_set_error (error,
               WEIR_CONFIG_ERROR,
               WEIR_CONFIG_ERROR_SYNTAX,
               "%s: not an array of keys of kind “EC” or “RSA”, as `supabase gen signing-key` "
               "writes it",
               path);
  return FALSE;
}

static gboolean
read_signing_keys (WeirSupabaseKeys *self, const char *path, GString *keys, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonArray *array;

  if (!json_parser_load_from_file (parser, path, error))
    {
      g_prefix_error (error, "auth.signing_keys_path: ");
      return FALSE;
    }
  if (json_parser_get_root (parser) == NULL ||
      !JSON_NODE_HOLDS_ARRAY (json_parser_get_root (parser)))
    return fail_signing_keys (path, error);
  array = json_node_get_array (json_parser_get_root (parser));
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);
      g_autofree char *text = NULL;
      const char *kind;

      if (!JSON_NODE_HOLDS_OBJECT (node))
        return fail_signing_keys (path, error);
      kind = json_object_get_string_member_with_default (json_node_get_object (node), "kty", "");
      if (g_strcmp0 (kind, "EC") != 0 && g_strcmp0 (kind, "RSA") != 0)
        return fail_signing_keys (path, error);
      if (i == 0 && !sign_tokens (self, path, json_node_get_object (node), error))
        return FALSE;
      text = format_public (json_node_get_object (node));
      g_string_append_printf (keys, "%s%s", i > 0 ? "," : "", text);
    }
  return keys->len > 0 || fail_signing_keys (path, error);
}

static gboolean
make_jwks (WeirSupabaseKeys *self, const WeirSupabaseAuth *auth, GError **error)
{
  g_autoptr (GString) keys = g_string_new (NULL);
  g_autofree char *secret = NULL;

  if (auth != NULL && auth->signing_keys_path != NULL)
    {
      if (!read_signing_keys (self, auth->signing_keys_path, keys, error))
        {
          g_prefix_error (error, "%s: ", auth->signing_keys_origin);
          return FALSE;
        }
      self->public_jwks = g_strdup_printf ("{\"keys\":[%s]}", keys->str);
      self->jwks = g_strdup (self->public_jwks);
      return TRUE;
    }
  secret = weir_supabase_encode (self->jwt_secret, strlen (self->jwt_secret));
  self->public_jwks = g_strdup ("{\"keys\":[" SIGNING_KEY "]}");
  self->jwks =
      g_strdup_printf ("{\"keys\":[" SIGNING_KEY ",{\"kty\":\"oct\",\"k\":\"%s\"}]}", secret);
  return TRUE;
}

static char *
pick (const char *set, const char *well_known)
{
  return g_strdup (set != NULL ? set : well_known);
}

WeirSupabaseKeys *
weir_supabase_keys_new (const WeirSupabaseAuth *auth, GError **error)
{
  static const WeirSupabaseAuth nothing = { NULL };
  g_autoptr (WeirSupabaseKeys) self = g_new0 (WeirSupabaseKeys, 1);
  const WeirSupabaseAuth *set = auth != NULL ? auth : &nothing;

  self->jwt_secret = pick (set->jwt_secret, SECRET);
  self->publishable_key = pick (set->publishable_key, PUBLISHABLE_KEY);
  self->secret_key = pick (set->secret_key, SECRET_KEY);
  self->anon_token = g_strdup (set->anon_key);
  self->service_role_token = g_strdup (set->service_role_key);
  if (!make_jwks (self, auth, error))
    return NULL;
  if (self->anon_token == NULL)
    self->anon_token = sign (self->jwt_secret, JWT_CLAIMS ("anon"));
  if (self->service_role_token == NULL)
    self->service_role_token = sign (self->jwt_secret, JWT_CLAIMS ("service_role"));
  return g_steal_pointer (&self);
}

void
weir_supabase_keys_free (WeirSupabaseKeys *self)
{
  g_free (self->jwt_secret);
  g_free (self->anon_token);
  g_free (self->service_role_token);
  g_free (self->publishable_key);
  g_free (self->secret_key);
  g_free (self->public_jwks);
  g_free (self->jwks);
  g_free (self);
}
