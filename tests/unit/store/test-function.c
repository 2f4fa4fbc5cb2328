/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "store/weir-function-private.h"

static WeirSettings *
make_settings (void)
{
  return weir_settings_new (g_hash_table_new (g_str_hash, g_str_equal),
                            g_hash_table_new (g_str_hash, g_str_equal));
}

static void
test_new (void)
{
  const char *const expected[] = { "A=1", "B=2", NULL };
  g_autoptr (WeirSettings) settings = make_settings ();
  g_autoptr (WeirFunction) function =
      weir_function_new ("hello", "/f/hello", "/f", "/f/hello/index.ts", settings, expected, 7);

  g_assert_cmpstr (weir_function_get_name (function), ==, "hello");
  g_assert_cmpstr (weir_function_get_directory (function), ==, "/f/hello");
  g_assert_cmpstr (weir_function_get_root (function), ==, "/f");
  g_assert_cmpstr (weir_function_get_entrypoint (function), ==, "/f/hello/index.ts");
  g_assert_true (weir_function_get_settings (function) == settings);
  g_assert_cmpstrv (weir_function_get_environ (function), expected);
  g_assert_cmpuint (weir_function_get_revision (function), ==, 7);
}

static void
test_properties (void)
{
  const char *const expected[] = { "A=1", NULL };
  g_autoptr (WeirFunction) function = g_object_new (WEIR_TYPE_FUNCTION,
                                                    "name",
                                                    "a",
                                                    "directory",
                                                    "/f",
                                                    "environ",
                                                    expected,
                                                    "revision",
                                                    G_GUINT64_CONSTANT (3),
                                                    NULL);
  g_autofree char *name = NULL;
  g_autofree char *directory = NULL;
  g_autofree char *root = NULL;
  g_autofree char *entrypoint = NULL;
  g_autoptr (WeirSettings) settings = NULL;
  g_auto (GStrv) lines = NULL;
  guint64 revision;

  /* clang-format off */
  g_object_get (function,
                "name", &name,
                "directory", &directory,
                "root", &root,
                "entrypoint", &entrypoint,
                "settings", &settings,
                "environ", &lines,
                "revision", &revision,
                NULL);
  /* clang-format on */
  g_assert_cmpstr (name, ==, "a");
  g_assert_cmpstr (directory, ==, "/f");
  g_assert_cmpstr (root, ==, "/f");
  g_assert_cmpstr (entrypoint, ==, "");
  g_assert_nonnull (settings);
  g_assert_cmpstrv (lines, expected);
  g_assert_cmpuint (revision, ==, 3);
}

static void
test_empty (void)
{
  g_autoptr (WeirFunction) function = g_object_new (WEIR_TYPE_FUNCTION, NULL);

  g_assert_cmpstr (weir_function_get_name (function), ==, "");
  g_assert_nonnull (weir_function_get_settings (function));
  g_assert_null (weir_function_get_environ (function)[0]);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/store/function/new", test_new);
  g_test_add_func ("/store/function/properties", test_properties);
  g_test_add_func ("/store/function/empty", test_empty);

  return g_test_run ();
}
