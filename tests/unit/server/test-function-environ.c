/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-function-environ-private.h"

#include <string.h>

static void
test_adds (void)
{
  char *own[] = { (char *) "A=1", NULL };
  g_autoptr (WeirSupabaseKeys) keys = weir_supabase_keys_new (NULL, NULL);
  g_auto (GStrv) env = weir_function_environ_complete (own, "hello", "http://127.0.0.1:9000", keys);

  g_assert_cmpstr (g_environ_getenv (env, "A"), ==, "1");
  g_assert_cmpstr (g_environ_getenv (env, "SUPABASE_URL"), ==, "http://127.0.0.1:9000");
  g_assert_cmpstr (g_environ_getenv (env, "SUPABASE_FUNCTION_SLUG"), ==, "hello");
  /* To the byte: these are in many people's files. */
  g_assert_cmpstr (g_environ_getenv (env, "SUPABASE_ANON_KEY"),
                   ==,
                   "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJzdXBhYmFzZS1kZW1vIiwicm9sZSI6"
                   "ImFub24iLCJleHAiOjE5ODM4MTI5OTZ9.CRXP1A7WOeoJeXxjNni43kdQwgnWNReilDMblYTn_I0");
  g_assert_cmpstr (g_environ_getenv (env, "SUPABASE_SERVICE_ROLE_KEY"),
                   ==,
                   "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJzdXBhYmFzZS1kZW1vIiwicm9sZSI6"
                   "InNlcnZpY2Vfcm9sZSIsImV4cCI6MTk4MzgxMjk5Nn0.EGIM96RAZx35lJzdJsyH-qQwv8Hdp7fsn3"
                   "W0YpN81IU");
  g_assert_nonnull (
      strstr (g_environ_getenv (env, "SUPABASE_JWKS"), "b81269f1-21d8-4f2e-b719-c2240a840d90"));
  g_assert_cmpstr (g_environ_getenv (env, "SUPABASE_SECRET_KEYS"),
                   ==,
                   "{\"default\":\"sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz\"}");
}

static void
test_own_wins (void)
{
  char *own[] = { (char *) "SUPABASE_URL=http://elsewhere", NULL };
  g_autoptr (WeirSupabaseKeys) keys = weir_supabase_keys_new (NULL, NULL);
  g_auto (GStrv) env = weir_function_environ_complete (own, "hello", "http://127.0.0.1:9000", keys);

  g_assert_cmpstr (g_environ_getenv (env, "SUPABASE_URL"), ==, "http://elsewhere");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/server/function-environ/adds", test_adds);
  g_test_add_func ("/server/function-environ/own-wins", test_own_wins);

  return g_test_run ();
}
