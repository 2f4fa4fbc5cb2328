/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-suggest-private.h"

static const char *const known[] = { "max_connections",
                                     "max_fields",
                                     "head_timeout_ms",
                                     "env",
                                     NULL };

static void
test_near (void)
{
  g_assert_cmpstr (weir_suggest ("max_conections", known), ==, "max_connections");
  g_assert_cmpstr (weir_suggest ("max-connections", known), ==, "max_connections");
  g_assert_cmpstr (weir_suggest ("MAX_FIELDS", known), ==, "max_fields");
  g_assert_cmpstr (weir_suggest ("max_feilds", known), ==, "max_fields");
  g_assert_cmpstr (weir_suggest ("head_timeout", known), ==, "head_timeout_ms");
  g_assert_cmpstr (weir_suggest ("en", known), ==, "env");
}

static void
test_far (void)
{
  g_autofree char *long_word = g_strnfill (5000, 'x');
  const char *const long_known[] = { long_word, NULL };

  g_assert_null (weir_suggest ("colour", known));
  g_assert_null (weir_suggest ("", known));
  g_assert_null (weir_suggest ("e", known));
  g_assert_null (weir_suggest ("env", NULL));
  g_assert_null (weir_suggest (long_word, known));
  g_assert_null (weir_suggest ("env", long_known));
}

static void
test_text (void)
{
  g_autofree char *near = weir_suggest_text ("max_field", known);
  g_autofree char *far = weir_suggest_text ("colour", known);

  g_assert_cmpstr (near, ==, "; did you mean “max_fields”?");
  g_assert_cmpstr (far, ==, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/base/suggest/near", test_near);
  g_test_add_func ("/base/suggest/far", test_far);
  g_test_add_func ("/base/suggest/text", test_text);

  return g_test_run ();
}
