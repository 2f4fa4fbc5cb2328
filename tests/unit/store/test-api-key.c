/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "store/weir-api-key.h"

#include <string.h>

#include "base/weir-error.h"

static WeirApiKey *
generate (const char *name, gboolean test, gint64 expires, char **key)
{
  const char *const scopes[] = { "function:invoke", NULL };
  g_autoptr (GError) error = NULL;
  WeirApiKey *self = weir_api_key_generate (name, test, "pro", scopes, expires, key, &error);

  g_assert_no_error (error);

  return self;
}

static void
check_text (const char *key, const char *prefix)
{
  g_assert_true (g_str_has_prefix (key, prefix));
  g_assert_cmpuint (strlen (key), ==, strlen (prefix) + 32);
  for (const char *p = key + strlen (prefix); *p != '\0'; p++)
    g_assert_true (g_ascii_isalnum (*p));
}

static void
test_generate (void)
{
  g_autofree char *key = NULL;
  g_autofree char *digest = NULL;
  g_autofree char *prefix = NULL;
  g_autoptr (WeirApiKey) self = generate ("ci", FALSE, 0, &key);

  check_text (key, "flx_live_");
  digest = weir_api_key_digest (key);
  prefix = g_strndup (key, 13);
  g_assert_cmpstr (weir_api_key_get_name (self), ==, "ci");
  g_assert_cmpstr (weir_api_key_get_hash (self), ==, digest);
  g_assert_cmpstr (weir_api_key_get_prefix (self), ==, prefix);
  g_assert_cmpstr (weir_api_key_get_plan (self), ==, "pro");
  g_assert_true (g_strv_contains (weir_api_key_get_scopes (self), "function:invoke"));
  g_assert_true (g_str_has_prefix (weir_api_key_get_id (self), "key_"));
  g_assert_cmpint (weir_api_key_get_created (self), >, 0);
  g_assert_cmpint (weir_api_key_get_last_used (self), ==, 0);
}

static void
test_no_two_alike (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < 1000; i++)
    {
      char *key = NULL;
      g_autoptr (WeirApiKey) self = generate ("ci", TRUE, 0, &key);

      check_text (key, "flx_test_");
      g_assert_true (g_hash_table_add (seen, key));
      g_assert_true (g_hash_table_add (seen, g_strdup (weir_api_key_get_id (self))));
    }
}

static void
test_names (void)
{
  g_autofree char *long_name = g_strnfill (257, 'a');
  const char *const bad[] = { "", "a\nb", "\x1b[31m", "\xff", long_name };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *key = NULL;

      g_assert_null (weir_api_key_generate (bad[i], FALSE, NULL, NULL, 0, &key, &error));
      g_assert_error (error, WEIR_ERROR, WEIR_ERROR_INVALID_ARGUMENT);
      g_assert_null (key);
    }
}

static void
test_record (void)
{
  g_autofree char *key = NULL;
  g_autoptr (WeirApiKey) self = generate ("ci", FALSE, 5000, &key);
  g_autoptr (WeirApiKey) used = weir_api_key_use (self, 777);
  g_autoptr (WeirRecord) record = weir_api_key_to_record (used);
  g_autoptr (WeirApiKey) again = NULL;
  g_autofree char *text = g_variant_print (weir_record_get_fields (record), TRUE);
  g_autoptr (GError) error = NULL;

  /* The key itself goes nowhere. */
  g_assert_null (strstr (text, key));
  g_assert_cmpstr (weir_record_get_name (record), ==, "ci");

  again = weir_api_key_new_from_record (record, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (weir_api_key_get_id (again), ==, weir_api_key_get_id (self));
  g_assert_cmpstr (weir_api_key_get_hash (again), ==, weir_api_key_get_hash (self));
  g_assert_cmpint (weir_api_key_get_created (again), ==, weir_api_key_get_created (self));
  g_assert_cmpint (weir_api_key_get_expires (again), ==, 5000);
  g_assert_cmpint (weir_api_key_get_last_used (again), ==, 777);
  g_assert_cmpstrv (weir_api_key_get_scopes (again), weir_api_key_get_scopes (self));
}

static void
test_validity (void)
{
  g_autofree char *key = NULL;
  g_autoptr (WeirApiKey) self = generate ("ci", FALSE, 5000, &key);
  g_autoptr (WeirApiKey) revoked = weir_api_key_revoke (self, 100);
  g_autoptr (WeirApiKey) again = weir_api_key_revoke (revoked, 200);
  g_autoptr (WeirRecord) record = weir_api_key_to_record (revoked);

  g_assert_true (weir_api_key_is_valid (self, 4999));
  g_assert_false (weir_api_key_is_valid (self, 5000));
  g_assert_false (weir_api_key_is_valid (revoked, 50));
  g_assert_cmpint (weir_api_key_get_revoked (again), ==, 100);
  /* The name is free again. */
  g_assert_null (weir_record_get_name (record));
}

static void
check_refused (const char *kind, const char *fields)
{
  g_autoptr (GVariant) value = g_variant_parse (G_VARIANT_TYPE_VARDICT, fields, NULL, NULL, NULL);
  g_autoptr (WeirRecord) record = weir_record_new (kind, "key_1", NULL, value);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (value);
  g_assert_null (weir_api_key_new_from_record (record, &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_FAILED);
}

static void
test_no_key (void)
{
  check_refused ("api-key", "@a{sv} {}");
  check_refused ("api-key", "{'name': <1>, 'hash': <'x'>, 'prefix': <'x'>}");
  check_refused ("api-key", "{'name': <'a'>, 'hash': <'short'>, 'prefix': <'x'>}");
  check_refused ("setting", "{'name': <'a'>}");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/api-key/generate", test_generate);
  g_test_add_func ("/api-key/no-two-alike", test_no_two_alike);
  g_test_add_func ("/api-key/names", test_names);
  g_test_add_func ("/api-key/record", test_record);
  g_test_add_func ("/api-key/validity", test_validity);
  g_test_add_func ("/api-key/no-key", test_no_key);

  return g_test_run ();
}
