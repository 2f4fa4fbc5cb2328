/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-function-environ-private.h"

#include "base/weir-json-text-private.h"

static char **
add (char **env, const char *name, const char *value)
{
  return g_environ_setenv (env, name, value, FALSE);
}

static char **
add_key (char **env, const char *name, const char *key)
{
  g_autoptr (GString) json = g_string_new ("{\"default\":");

  weir_json_append_string (json, key);
  g_string_append_c (json, '}');
  return add (env, name, json->str);
}

char **
weir_function_environ_complete (char **own,
                                const char *name,
                                const char *uri,
                                const WeirSupabaseKeys *keys)
{
  char **env = g_strdupv (own);

  env = add (env, "SUPABASE_URL", uri);
  env = add (env, "SUPABASE_ANON_KEY", keys->anon_token);
  env = add (env, "SUPABASE_SERVICE_ROLE_KEY", keys->service_role_token);
  env = add_key (env, "SUPABASE_PUBLISHABLE_KEYS", keys->publishable_key);
  env = add_key (env, "SUPABASE_SECRET_KEYS", keys->secret_key);
  env = add (env, "SUPABASE_JWKS", keys->jwks);
  env = add (env, "SUPABASE_DB_URL", "postgresql://postgres:postgres@127.0.0.1:54322/postgres");
  env = add (env, "SUPABASE_FUNCTION_SLUG", name);

  return env;
}
