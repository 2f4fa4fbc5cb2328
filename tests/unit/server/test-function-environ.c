/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-function-environ-private.h"

static void
test_adds (void)
{
  char *own[] = { (char *) "A=1", NULL };
  g_auto (GStrv) env = weir_function_environ_complete (own, "hello", "http://127.0.0.1:9000");

  g_assert_cmpstr (g_environ_getenv (env, "A"), ==, "1");
  g_assert_cmpstr (g_environ_getenv (env, "SUPABASE_URL"), ==, "http://127.0.0.1:9000");
  g_assert_cmpstr (g_environ_getenv (env, "SUPABASE_FUNCTION_SLUG"), ==, "hello");
  g_assert_true (g_str_has_prefix (g_environ_getenv (env, "SUPABASE_ANON_KEY"), "eyJ"));
  g_assert_cmpstr (g_environ_getenv (env, "SUPABASE_SECRET_KEYS"),
                   ==,
                   "{\"default\":\"sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz\"}");
}

static void
test_own_wins (void)
{
  char *own[] = { (char *) "SUPABASE_URL=http://elsewhere", NULL };
  g_auto (GStrv) env = weir_function_environ_complete (own, "hello", "http://127.0.0.1:9000");

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
