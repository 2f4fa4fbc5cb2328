/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-mask.h"

static void
check (WeirMask *mask, const char *text, const char *expected)
{
  g_autofree char *shown = weir_mask_apply (mask, text);

  g_assert_cmpstr (shown, ==, expected);
}

static void
test_apply (void)
{
  const char *const values[] = { "hunter2", "hunter", "ab", "", "abc", "\xc3\xa9t\xc3\xa9", NULL };
  g_autoptr (WeirMask) mask = weir_mask_new (values);

  check (mask, "", "");
  check (mask, "nothing here", "nothing here");
  check (mask, "hunter2", "***");
  check (mask, "hunter3 and hunter2!", "***3 and ***!");
  check (mask, "hunter2hunter2", "******");
  check (mask, "ab abc abcabd", "ab *** ***abd");
  check (mask, "hunte", "hunte");
  check (mask, "l'\xc3\xa9t\xc3\xa9.", "l'***.");
}

static void
test_none (void)
{
  const char *const values[] = { "1", "ab", NULL };
  g_autoptr (WeirMask) mask = weir_mask_new (values);

  check (mask, "1 ab 1", "1 ab 1");
}

static void
test_names (void)
{
  const char *const secret[] = { "API_KEY",     "apiKey",        "DB_PASSWORD", "GITHUB_TOKEN",
                                 "OAUTH_STATE", "my_credential", "PRIVATE_X",   "SECRET" };
  const char *const open[] = { "PORT", "URL", "", "LOG_LEVEL", "PASS" };

  for (guint i = 0; i < G_N_ELEMENTS (secret); i++)
    g_assert_true (weir_mask_is_secret_name (secret[i]));
  for (guint i = 0; i < G_N_ELEMENTS (open); i++)
    g_assert_false (weir_mask_is_secret_name (open[i]));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mask/apply", test_apply);
  g_test_add_func ("/mask/none", test_none);
  g_test_add_func ("/mask/names", test_names);

  return g_test_run ();
}
