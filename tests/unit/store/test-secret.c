/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "store/weir-secret.h"

#include <string.h>

#include "base/weir-error.h"

static void
test_values (void)
{
  g_autoptr (WeirSecret) secret = weir_secret_new ("system", "A", "value", 7);
  g_autoptr (WeirSecret) bare = weir_secret_new ("system", "A", NULL, 0);

  g_assert_cmpstr (weir_secret_get_scope (secret), ==, "system");
  g_assert_cmpstr (weir_secret_get_name (secret), ==, "A");
  g_assert_cmpstr (weir_secret_get_value (secret), ==, "value");
  g_assert_cmpint (weir_secret_get_updated (secret), ==, 7);
  g_assert_null (weir_secret_get_value (bare));
}

static void
test_names (void)
{
  const char *const good[] = { "A", "_", "api_key", "api.key-2", "Supabase_URL" };
  const char *const bad[] = { "", "1A", "-a", "a b", "a=b", "a/b", "\xc3\xa9", "a\n" };
  g_autofree char *long_name = g_strnfill (257, 'A');
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      weir_secret_check_name (good[i], &error);
      g_assert_no_error (error);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_assert_false (weir_secret_check_name (bad[i], &error));
      g_assert_error (error, WEIR_ERROR, WEIR_ERROR_INVALID_ARGUMENT);
      g_clear_error (&error);
    }
  g_assert_false (weir_secret_check_name (long_name, NULL));
  g_assert_false (weir_secret_check_name ("SUPABASE_URL", &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_FORBIDDEN);
}

static void
test_scopes (void)
{
  const char *const good[] = { "system", "user:1", "user:2f0e-aa" };
  const char *const bad[] = { "", "user", "user:", "system ", "user:a b", "user:a/b", "else" };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (weir_secret_check_scope (good[i], NULL));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (weir_secret_check_scope (bad[i], NULL));
}

static void
test_secret_values (void)
{
  g_autofree char *long_value = g_strnfill (64 * 1024 + 1, 'x');
  const char *broken = "hunter2\xff";
  g_autoptr (GError) error = NULL;

  g_assert_true (weir_secret_check_value ("A", "", NULL));
  g_assert_true (weir_secret_check_value ("A", "line\nline", NULL));
  g_assert_false (weir_secret_check_value ("A", long_value, NULL));
  g_assert_false (weir_secret_check_value ("A", broken, &error));
  g_assert_null (strstr (error->message, "hunter2"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/secret/values", test_values);
  g_test_add_func ("/secret/names", test_names);
  g_test_add_func ("/secret/scopes", test_scopes);
  g_test_add_func ("/secret/checked-values", test_secret_values);

  return g_test_run ();
}
