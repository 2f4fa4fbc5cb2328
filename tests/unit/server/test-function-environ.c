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

static void
test_fluxbase (void)
{
  static const char *const secrets[] = { "stripe.key=sk", "A-b=c=d", NULL };
  static const char *const host[] = { "PATH=/bin",
                                      "FLUXBASE_PLAN=large",
                                      "FLUXBASE_URL=http://elsewhere",
                                      "FLUXBASE_OWN=host",
                                      "FLUXBASE_DATABASE_PASSWORD=p1",
                                      "FLUXBASE_DATABASE_ADMIN_PASSWORD=p2",
                                      "FLUXBASE_DATABASE_URL=p3",
                                      "FLUXBASE_DATABASE_ADMIN_URL=p4",
                                      "FLUXBASE_AUTH_JWT_SECRET=p5",
                                      "FLUXBASE_STORAGE_S3_SECRET_KEY=p6",
                                      "FLUXBASE_STORAGE_S3_ACCESS_KEY=p7",
                                      "FLUXBASE_EMAIL_SMTP_PASSWORD=p8",
                                      "FLUXBASE_EMAIL_SENDGRID_API_KEY=p9",
                                      "FLUXBASE_EMAIL_MAILGUN_API_KEY=p10",
                                      "FLUXBASE_EMAIL_SES_SECRET_ACCESS_KEY=p11",
                                      "FLUXBASE_SECURITY_SETUP_TOKEN=p12",
                                      "FLUXBASE_ENCRYPTION_KEY=p13",
                                      "FLUXBASE_SERVICE_ROLE_KEY=p14",
                                      "FLUXBASE_ANON_KEY=p15",
                                      "FLUXBASE_BAD=\xff",
                                      "FLUXBASEX=1",
                                      "fluxbase_plan=small",
                                      "FLUXBASE_NOTHING",
                                      NULL };
  char **own = g_environ_setenv (NULL, "FLUXBASE_OWN", "file", TRUE);
  g_auto (GStrv) env =
      weir_function_environ_add_fluxbase (own, "f", "shop", "http://here", secrets, host);
  g_autofree char *joined = g_strjoinv (" ", env);

  g_assert_cmpstr (joined,
                   ==,
                   "FLUXBASE_OWN=file FLUXBASE_URL=http://here FLUXBASE_BASE_URL=http://here "
                   "FLUXBASE_FUNCTION_NAME=f FLUXBASE_FUNCTION_NAMESPACE=shop "
                   "FLUXBASE_SECRET_STRIPE_KEY=sk FLUXBASE_SECRET_A_B=c=d FLUXBASE_PLAN=large");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/server/function-environ/adds", test_adds);
  g_test_add_func ("/server/function-environ/own-wins", test_own_wins);
  g_test_add_func ("/server/function-environ/fluxbase", test_fluxbase);

  return g_test_run ();
}
