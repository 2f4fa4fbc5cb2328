/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "weir-key-ring.h"
#include "weir-log-catcher.h"

static GPtrArray *
new_records (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) weir_record_unref);
}

/* Returns the text of the key. */
static char *
add_key (GPtrArray *records, const char *name, const char *plan)
{
  g_autoptr (GError) error = NULL;
  char *text = NULL;
  g_autoptr (WeirApiKey) key = weir_api_key_generate (name, FALSE, plan, NULL, 0, &text, &error);

  g_assert_no_error (error);
  g_ptr_array_add (records, weir_api_key_to_record (key));
  return text;
}

static void
add_damaged (GPtrArray *records, const char *id, const char *hash)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  g_variant_builder_add (&builder, "{sv}", "name", g_variant_new_string (id));
  g_variant_builder_add (&builder, "{sv}", "hash", g_variant_new_string (hash));
  g_variant_builder_add (&builder, "{sv}", "prefix", g_variant_new_string ("flx_"));
  g_ptr_array_add (records,
                   weir_record_new (WEIR_API_KEY_KIND, id, id, g_variant_builder_end (&builder)));
}

static void
test_finds (void)
{
  g_autoptr (GPtrArray) records = new_records ();
  g_autofree char *first = add_key (records, "first", NULL);
  g_autofree char *second = add_key (records, "second", "pro");
  g_autoptr (WeirKeyRing) ring = weir_key_ring_new (records, NULL);
  const WeirKeyEntry *entry = weir_key_ring_find (ring, second, strlen (second));

  g_assert_nonnull (entry);
  g_assert_cmpstr (weir_api_key_get_name (entry->key), ==, "second");
  g_assert_cmpstr (weir_identity_get_subject (entry->identity),
                   ==,
                   weir_api_key_get_id (entry->key));
  g_assert_cmpstr (weir_identity_get_key_id (entry->identity),
                   ==,
                   weir_api_key_get_id (entry->key));
  g_assert_cmpstr (weir_identity_get_plan (entry->identity), ==, "pro");
  g_assert_nonnull (strstr (weir_identity_get_claims (entry->identity), "\"plan\":\"pro\""));

  entry = weir_key_ring_find (ring, first, strlen (first));
  g_assert_cmpstr (weir_api_key_get_name (entry->key), ==, "first");
  g_assert_null (weir_identity_get_plan (entry->identity));

  g_assert_null (weir_key_ring_find (ring, first, strlen (first) - 1));
  first[12] ^= 1;
  g_assert_null (weir_key_ring_find (ring, first, strlen (first)));
  g_assert_null (weir_key_ring_find (ring, "", 0));
}

static void
test_leaves_out_what_is_no_key (void)
{
  static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
  g_autoptr (GPtrArray) records = new_records ();
  g_autofree char *text = NULL;
  g_autofree char *letters = g_strdup (zeros);
  g_autoptr (WeirKeyRing) ring = NULL;

  memset (letters, 'g', 64);
  add_damaged (records, "key_short", "00");
  add_damaged (records, "key_letters", letters);
  text = add_key (records, "good", NULL);
  weir_log_catcher_expect ("A key is left out:*");
  weir_log_catcher_expect ("A key is left out:*digest*");
  ring = weir_key_ring_new (records, NULL);
  weir_log_catcher_assert ();
  g_assert_cmpuint (weir_key_ring_get_n_entries (ring), ==, 1);
  g_assert_nonnull (weir_key_ring_find (ring, text, strlen (text)));
}

/* A use that is not written yet is not lost with the ring. */
static void
test_keeps_uses (void)
{
  g_autoptr (GPtrArray) records = new_records ();
  g_autofree char *text = add_key (records, "a", NULL);
  g_autoptr (WeirKeyRing) before = weir_key_ring_new (records, NULL);
  const WeirKeyEntry *entry = weir_key_ring_find (before, text, strlen (text));
  g_autoptr (WeirApiKey) revoked = weir_api_key_revoke (entry->key, 1);
  g_autoptr (WeirRecord) record = weir_api_key_to_record (revoked);
  g_autoptr (WeirRecord) newer = weir_record_new_stored (WEIR_API_KEY_KIND,
                                                         weir_record_get_key (record),
                                                         NULL,
                                                         weir_record_get_fields (record),
                                                         7,
                                                         1,
                                                         2);
  g_autoptr (WeirKeyRing) same = weir_key_ring_new (records, before);
  g_autoptr (WeirKeyRing) after = NULL;
  const WeirKeyEntry *other;

  g_assert_true (weir_key_ring_find (same, text, strlen (text)) == entry);
  g_assert_true (weir_key_use_mark (entry->use, 42));
  g_assert_false (weir_key_use_mark (entry->use, 42));

  g_ptr_array_set_size (records, 0);
  g_ptr_array_add (records, weir_record_ref (newer));
  after = weir_key_ring_new (records, before);
  other = weir_key_ring_find (after, text, strlen (text));
  g_assert_true (other != entry);
  g_assert_cmpint (weir_api_key_get_revoked (other->key), ==, 1);
  g_assert_cmpuint (weir_key_use_get (other->use), ==, 42);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  weir_log_catcher_install ();

  g_test_add_func ("/key-ring/finds", test_finds);
  g_test_add_func ("/key-ring/leaves-out-what-is-no-key", test_leaves_out_what_is_no_key);
  g_test_add_func ("/key-ring/keeps-uses", test_keeps_uses);

  return g_test_run ();
}
