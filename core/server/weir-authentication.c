/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-authentication-private.h"

#include <string.h>

#include "http/weir-auth-stage-private.h"
#include "http/weir-credential-stage-private.h"
#include "http/weir-guard-stage-private.h"
#include "server/weir-extensions-private.h"
#include "server/weir-supabase-keys-private.h"

#define TABLE "authenticators."
/* Not a plugin's name: the keys of the project, checked by the authenticator of JSON Web
 * Tokens. */
#define SUPABASE "supabase"

void
weir_named_authenticator_free (WeirNamedAuthenticator *self)
{
  g_free (self->name);
  g_object_unref (self->authenticator);
  g_free (self);
}

/* Those with a table, in the order of their names. A table without options is one as well. */
static void
add_tables (WeirSettings *settings, GPtrArray *names)
{
  g_auto (GStrv) options = weir_settings_dup_names (settings);

  for (guint i = 0; options[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (options[i], ".", 3);

      if (!g_str_has_prefix (options[i], TABLE) || g_strv_length (parts) < 2 ||
          g_ptr_array_find_with_equal_func (names, parts[1], g_str_equal, NULL))
        continue;
      g_ptr_array_add (names, g_strdup (parts[1]));
    }
}

static GPtrArray *
list_names (WeirConfig *config)
{
  WeirSettings *settings = weir_config_get_server_settings (config);
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  g_auto (GStrv) listed = NULL;

  if (weir_settings_get_value (settings, "auth.authenticators") == NULL)
    {
      if (weir_config_get_supabase_auth (config) != NULL)
        g_ptr_array_add (names, g_strdup (SUPABASE));
      add_tables (settings, names);
      return names;
    }
  listed = weir_settings_dup_strv (settings, "auth.authenticators");
  for (guint i = 0; listed[i] != NULL; i++)
    g_ptr_array_add (names, g_strdup (listed[i]));
  return names;
}

static gboolean
check_names (WeirConfig *config, GPtrArray *names, GError **error)
{
  for (guint i = 0; i < names->len; i++)
    {
      guint first;

      g_ptr_array_find_with_equal_func (names, names->pdata[i], g_str_equal, &first);
      if (first == i)
        continue;
      g_set_error (error,
                   WEIR_PLUGIN_ERROR,
                   WEIR_PLUGIN_ERROR_CONFLICT,
                   "%s: auth.authenticators has “%s” twice",
                   weir_settings_get_origin (weir_config_get_server_settings (config),
                                             "auth.authenticators"),
                   (char *) names->pdata[i]);
      return FALSE;
    }
  return TRUE;
}

static void
add_stage (GPtrArray *stages, WeirAuthenticator *authenticator, const char *name)
{
  g_ptr_array_add (stages, weir_auth_stage_new (authenticator, name));
}

/* ---- of a Supabase project ---- */

static gboolean
add_jwt (WeirPluginEngine *plugins,
         WeirConfig *config,
         const char *name,
         GVariantDict *dict,
         GPtrArray *stages,
         GError **error)
{
  g_autoptr (WeirAuthenticator) authenticator = NULL;
  g_autoptr (GVariant) options = NULL;

  g_variant_dict_insert (dict, "strict_scheme", "b", TRUE);
  options = g_variant_ref_sink (g_variant_dict_end (dict));
  authenticator = weir_extensions_make_authenticator_with (plugins, config, "jwt", options, error);
  if (authenticator == NULL)
    return FALSE;
  add_stage (stages, authenticator, name);
  return TRUE;
}

static gboolean
add_third_party (WeirPluginEngine *plugins,
                 WeirConfig *config,
                 const WeirSupabaseIssuer *issuer,
                 GPtrArray *stages,
                 GError **error)
{
  static const char *const algorithms[] = { "ES256", "RS256", NULL };
  const char *const audience[] = { issuer->audience, NULL };
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "issuer_url", "s", issuer->url);
  g_variant_dict_insert_value (&dict, "algorithms", g_variant_new_strv (algorithms, -1));
  if (issuer->audience != NULL)
    g_variant_dict_insert_value (&dict, "audience", g_variant_new_strv (audience, -1));
  if (add_jwt (plugins, config, issuer->provider, &dict, stages, error))
    return TRUE;
  g_prefix_error (error, "%s: ", issuer->origin);
  return FALSE;
}

/* Those of third parties first: they know theirs by the issuer, and the project's own keys are
 * for the rest. */
static gboolean
add_supabase (WeirPluginEngine *plugins,
              WeirConfig *config,
              WeirSupabaseKeys *keys,
              GPtrArray *stages,
              GError **error)
{
  static const char *const algorithms[] = { "HS256", "ES256", "RS256", NULL };
  const WeirSupabaseAuth *auth = weir_config_get_supabase_auth (config);
  GPtrArray *issuers;
  GVariantDict dict;

  if (keys == NULL)
    {
      g_set_error (error,
                   WEIR_PLUGIN_ERROR,
                   WEIR_PLUGIN_ERROR_NOT_FOUND,
                   "%s: the authenticator “supabase” is for Supabase projects, which this is not",
                   weir_settings_get_origin (weir_config_get_server_settings (config),
                                             "auth.authenticators"));
      return FALSE;
    }
  issuers = auth->third_party;
  for (guint i = 0; issuers != NULL && i < issuers->len; i++)
    if (!add_third_party (plugins, config, issuers->pdata[i], stages, error))
      return FALSE;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "secret", "s", keys->jwt_secret);
  g_variant_dict_insert (&dict, "jwks", "s", keys->public_jwks);
  g_variant_dict_insert_value (&dict, "algorithms", g_variant_new_strv (algorithms, -1));
  if (add_jwt (plugins, config, SUPABASE, &dict, stages, error))
    return TRUE;
  if (auth->signing_keys_path != NULL)
    g_prefix_error (error,
                    "%s: auth.signing_keys_path %s: ",
                    auth->signing_keys_origin,
                    auth->signing_keys_path);
  return FALSE;
}

/* ---- all of them ---- */

static gboolean
add_configured (WeirPluginEngine *plugins,
                WeirStores *stores,
                WeirConfig *config,
                const char *name,
                GPtrArray *stages,
                GError **error)
{
  g_autoptr (WeirAuthenticator) authenticator =
      weir_extensions_make_authenticator (plugins, config, name, error);

  if (authenticator == NULL || !weir_stores_lend (stores, config, authenticator, error))
    return FALSE;
  add_stage (stages, authenticator, name);
  return TRUE;
}

static gboolean
add (WeirPluginEngine *plugins,
     WeirStores *stores,
     WeirConfig *config,
     WeirSupabaseKeys *keys,
     const char *name,
     GPtrArray *stages,
     GError **error)
{
  if (strcmp (name, SUPABASE) == 0)
    return add_supabase (plugins, config, keys, stages, error);
  return add_configured (plugins, stores, config, name, stages, error);
}

static gboolean
add_all (WeirPluginEngine *plugins,
         WeirStores *stores,
         WeirConfig *config,
         WeirSupabaseKeys *keys,
         GPtrArray *names,
         GPtrArray *stages,
         GError **error)
{
  if (!check_names (config, names, error))
    return FALSE;
  for (guint i = 0; i < names->len; i++)
    if (!add (plugins, stores, config, keys, names->pdata[i], stages, error))
      return FALSE;
  return TRUE;
}

/* NULL without an error where there are none. */
static WeirSupabaseKeys *
make_keys (WeirConfig *config, GError **error)
{
  const WeirSupabaseAuth *auth = weir_config_get_supabase_auth (config);

  return auth != NULL ? weir_supabase_keys_new (auth, error) : NULL;
}

void
weir_authentication_check (WeirPluginEngine *plugins,
                           WeirStores *stores,
                           WeirConfig *config,
                           GPtrArray *problems)
{
  g_autoptr (GPtrArray) names = list_names (config);
  g_autoptr (GPtrArray) stages = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GError) names_error = NULL;
  g_autoptr (GError) keys_error = NULL;
  g_autoptr (WeirSupabaseKeys) keys = make_keys (config, &keys_error);

  if (!check_names (config, names, &names_error))
    g_ptr_array_add (problems, g_strdup (names_error->message));
  if (keys_error != NULL)
    g_ptr_array_add (problems, g_strdup (keys_error->message));
  for (guint i = 0; i < names->len; i++)
    {
      g_autoptr (GError) error = NULL;

      if (keys_error != NULL && strcmp (names->pdata[i], SUPABASE) == 0)
        continue;
      if (!add (plugins, stores, config, keys, names->pdata[i], stages, &error))
        g_ptr_array_add (problems, g_strdup (error->message));
    }
}

gboolean
weir_authentication_append_stages (WeirPluginEngine *plugins,
                                   WeirStores *stores,
                                   WeirConfig *config,
                                   GPtrArray *given,
                                   GPtrArray *stages,
                                   GError **error)
{
  gboolean open =
      !weir_settings_get_boolean (weir_config_get_server_settings (config), "auth.verify_jwt");
  g_autoptr (GPtrArray) names = list_names (config);
  g_autoptr (GError) keys_error = NULL;
  g_autoptr (WeirSupabaseKeys) keys = make_keys (config, &keys_error);
  WeirGatewayKeys gateway = { NULL };
  WeirCredentialStage *credential;
  gboolean any = names->len + given->len > 0;

  if (keys_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&keys_error));
      return FALSE;
    }
  if (keys != NULL)
    {
      gateway.publishable_key = keys->publishable_key;
      gateway.secret_key = keys->secret_key;
      gateway.anon_token = keys->anon_token;
      gateway.service_role_token = keys->service_role_token;
    }

  credential = weir_credential_stage_new (any ? WEIR_AUTH_REQUIRED : WEIR_AUTH_PUBLIC,
                                          keys != NULL ? &gateway : NULL);
  weir_credential_stage_set_open (credential, open);
  g_ptr_array_add (stages, credential);
  if (!open && !add_all (plugins, stores, config, keys, names, stages, error))
    return FALSE;
  for (guint i = 0; i < given->len; i++)
    {
      WeirNamedAuthenticator *named = given->pdata[i];

      add_stage (stages, named->authenticator, named->name);
    }
  g_ptr_array_add (stages, weir_guard_stage_new ());
  return TRUE;
}
