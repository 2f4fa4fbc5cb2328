/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-function-environ-private.h"

/* Public by design: every local development stack has the same ones, signed with a secret
 * that is printed in its manual. They open nothing but a database on this machine. */
#define JWT_HEADER "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
#define ANON_KEY                                                                                   \
  JWT_HEADER ".eyJpc3MiOiJzdXBhYmFzZS1kZW1vIiwicm9sZSI6ImFub24iLCJleHAiOjE5ODM4MTI5OTZ9"           \
             ".CRXP1A7WOeoJeXxjNni43kdQwgnWNReilDMblYTn_I0"
#define SERVICE_ROLE_KEY                                                                           \
  JWT_HEADER ".eyJpc3MiOiJzdXBhYmFzZS1kZW1vIiwicm9sZSI6InNlcnZpY2Vfcm9sZSIsImV4cCI6MTk4MzgxMjk5Nn" \
             "0.EGIM96RAZx35lJzdJsyH-qQwv8Hdp7fsn3W0YpN81IU"
#define PUBLISHABLE_KEY "sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH"
#define SECRET_KEY "sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz"

static char **
add (char **env, const char *name, const char *value)
{
  return g_environ_setenv (env, name, value, FALSE);
}

char **
weir_function_environ_complete (char **own, const char *name, const char *uri)
{
  char **env = g_strdupv (own);

  env = add (env, "SUPABASE_URL", uri);
  env = add (env, "SUPABASE_ANON_KEY", ANON_KEY);
  env = add (env, "SUPABASE_SERVICE_ROLE_KEY", SERVICE_ROLE_KEY);
  env = add (env, "SUPABASE_PUBLISHABLE_KEYS", "{\"default\":\"" PUBLISHABLE_KEY "\"}");
  env = add (env, "SUPABASE_SECRET_KEYS", "{\"default\":\"" SECRET_KEY "\"}");
  env = add (env, "SUPABASE_DB_URL", "postgresql://postgres:postgres@127.0.0.1:54322/postgres");
  env = add (env, "SUPABASE_FUNCTION_SLUG", name);

  return env;
}
