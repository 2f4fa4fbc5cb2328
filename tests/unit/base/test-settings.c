/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-settings.h"

static WeirSettings *
make_settings (void)
{
  GHashTable *values =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  GHashTable *origins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  GVariantBuilder table;

  g_variant_builder_init (&table, G_VARIANT_TYPE ("a{ss}"));
  g_variant_builder_add (&table, "{ss}", "A", "1");
  g_variant_builder_add (&table, "{ss}", "B", "x=y");

  g_hash_table_insert (values, g_strdup ("text"), g_variant_new_string ("hello"));
  g_hash_table_insert (values, g_strdup ("number"), g_variant_ref_sink (g_variant_new_int64 (-7)));
  g_hash_table_insert (values, g_strdup ("flag"), g_variant_new_boolean (TRUE));
  g_hash_table_insert (values, g_strdup ("list"), g_variant_new_parsed ("['a', 'b']"));
  g_hash_table_insert (values, g_strdup ("table"), g_variant_builder_end (&table));
  g_hash_table_insert (origins, g_strdup ("text"), g_strdup ("weir.toml:12"));

  return weir_settings_new (values, origins);
}

static void
assert_strv (char **actual, const char *expected)
{
  g_autofree char *joined = g_strjoinv ("|", actual);

  g_assert_cmpstr (joined, ==, expected);
  g_strfreev (actual);
}

static void
test_values (void)
{
  g_autoptr (WeirSettings) settings = make_settings ();

  assert_strv (weir_settings_dup_names (settings), "flag|list|number|table|text");
  g_assert_cmpstr (weir_settings_get_string (settings, "text"), ==, "hello");
  g_assert_cmpint (weir_settings_get_integer (settings, "number"), ==, -7);
  g_assert_true (weir_settings_get_boolean (settings, "flag"));
  assert_strv (weir_settings_dup_strv (settings, "list"), "a|b");
  assert_strv (weir_settings_dup_environ (settings, "table"), "A=1|B=x=y");
  g_assert_cmpstr (weir_settings_get_origin (settings, "text"), ==, "weir.toml:12");
  g_assert_cmpstr (weir_settings_get_origin (settings, "flag"), ==, "built-in");
  g_assert_nonnull (weir_settings_get_value (settings, "number"));
}

static void
test_absent (void)
{
  g_autoptr (WeirSettings) settings = make_settings ();

  g_assert_null (weir_settings_get_value (settings, "none"));
  g_assert_null (weir_settings_get_origin (settings, "none"));
  g_assert_null (weir_settings_get_string (settings, "none"));
  g_assert_cmpint (weir_settings_get_integer (settings, "none"), ==, 0);
  g_assert_false (weir_settings_get_boolean (settings, "none"));
  assert_strv (weir_settings_dup_strv (settings, "none"), "");
  assert_strv (weir_settings_dup_environ (settings, "none"), "");
}

static void
test_other_type (void)
{
  g_autoptr (WeirSettings) settings = make_settings ();

  g_assert_null (weir_settings_get_string (settings, "number"));
  g_assert_cmpint (weir_settings_get_integer (settings, "text"), ==, 0);
  g_assert_false (weir_settings_get_boolean (settings, "text"));
  assert_strv (weir_settings_dup_strv (settings, "text"), "");
  assert_strv (weir_settings_dup_environ (settings, "list"), "");
}

static void
test_boxed (void)
{
  g_autoptr (WeirSettings) settings = make_settings ();
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, WEIR_TYPE_SETTINGS);
  g_value_set_boxed (&value, settings);
  g_assert_true (g_value_get_boxed (&value) == settings);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/base/settings/values", test_values);
  g_test_add_func ("/base/settings/absent", test_absent);
  g_test_add_func ("/base/settings/other-type", test_other_type);
  g_test_add_func ("/base/settings/boxed", test_boxed);

  return g_test_run ();
}
