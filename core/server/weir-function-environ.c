/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-function-environ-private.h"

#include <string.h>

#include "base/weir-json-text-private.h"

#define FLUXBASE "FLUXBASE_"

/* What is the server's own business, with or without a way to misuse it. */
static const char *const blocked[] = { "ANON_KEY",
                                       "AUTH_JWT_SECRET",
                                       "DATABASE_ADMIN_PASSWORD",
                                       "DATABASE_ADMIN_URL",
                                       "DATABASE_PASSWORD",
                                       "DATABASE_URL",
                                       "EMAIL_MAILGUN_API_KEY",
                                       "EMAIL_SENDGRID_API_KEY",
                                       "EMAIL_SES_SECRET_ACCESS_KEY",
                                       "EMAIL_SMTP_PASSWORD",
                                       "ENCRYPTION_KEY",
                                       "SECURITY_SETUP_TOKEN",
                                       "SERVICE_ROLE_KEY",
                                       "STORAGE_S3_ACCESS_KEY",
                                       "STORAGE_S3_SECRET_KEY",
                                       NULL };

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

/* "stripe.key" is FLUXBASE_SECRET_STRIPE_KEY. */
static char **
add_secret (char **env, const char *line)
{
  const char *equals = strchr (line, '=');
  g_autofree char *name = g_ascii_strup (line, equals - line);
  g_autofree char *full = g_strconcat (FLUXBASE "SECRET_", g_strdelimit (name, ".-", '_'), NULL);

  return add (env, full, equals + 1);
}

static gboolean
is_shown (const char *line)
{
  g_autofree char *name = NULL;

  if (!g_str_has_prefix (line, FLUXBASE) || strchr (line, '=') == NULL ||
      !g_utf8_validate (line, -1, NULL))
    return FALSE;
  name = g_strndup (line + strlen (FLUXBASE), strcspn (line, "=") - strlen (FLUXBASE));
  return !g_strv_contains (blocked, name);
}

char **
weir_function_environ_add_fluxbase (char **env,
                                    const char *name,
                                    const char *namespace,
                                    const char *uri,
                                    const char *const *secrets,
                                    const char *const *host)
{
  env = add (env, FLUXBASE "URL", uri);
  env = add (env, FLUXBASE "BASE_URL", uri);
  env = add (env, FLUXBASE "FUNCTION_NAME", name);
  env = add (env, FLUXBASE "FUNCTION_NAMESPACE", namespace);
  for (gsize i = 0; secrets[i] != NULL; i++)
    env = add_secret (env, secrets[i]);
  for (gsize i = 0; host[i] != NULL; i++)
    if (is_shown (host[i]))
      {
        g_autofree char *variable = g_strndup (host[i], strcspn (host[i], "="));

        env = add (env, variable, host[i] + strlen (variable) + 1);
      }

  return env;
}
