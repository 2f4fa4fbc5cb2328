/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib/gstdio.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>

#include "secret-store-cases.h"
#include "weir-file-secrets.h"
#include "weir-master-key.h"
#include "weir-secret-box.h"
#include "weir-sqlite-store.h"

static char *root;

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  weir_store_open_finish (WEIR_STORE (source), result, &error);
  g_assert_no_error (error);
  *(gboolean *) user_data = TRUE;
}

static WeirSecretStore *
make_store (const char *place)
{
  g_autofree char *file = g_strconcat (place, ".db", NULL);
  g_autofree char *path = g_build_filename (root, file, NULL);
  g_autofree char *key = g_build_filename (root, "keys", "master.key", NULL);
  g_autoptr (WeirStore) store = g_object_new (WEIR_TYPE_SQLITE_STORE, "path", path, NULL);
  gboolean opened = FALSE;

  weir_store_open_async (store, NULL, on_opened, &opened);
  while (!opened)
    g_main_context_iteration (NULL, TRUE);

  return g_object_new (WEIR_TYPE_FILE_SECRETS, "store", store, "key-file", key, NULL);
}

static void
test_at_rest (void)
{
  g_autofree char *path = g_build_filename (root, "at-rest.db", NULL);
  g_autofree char *log = g_strconcat (path, "-wal", NULL);
  g_autoptr (WeirSecretStore) store = make_store ("at-rest");
  g_autoptr (GError) error = NULL;
  const char *const files[] = { path, log };

  secret_store_open (store, &error);
  g_assert_no_error (error);
  secret_store_set (store, "A", "correct horse battery", &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *data = NULL;
      gsize length;

      if (!g_file_get_contents (files[i], &data, &length, NULL))
        continue;
      g_assert_null (memmem (data, length, "correct horse", strlen ("correct horse")));
    }
}

static void
test_no_store (void)
{
  g_autoptr (WeirSecretStore) store = g_object_new (WEIR_TYPE_FILE_SECRETS, NULL);
  g_autoptr (GError) error = NULL;

  secret_store_open (store, &error);
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_NOT_SUPPORTED);
}

/* ---- the box ---- */

static WeirRecord *
change_field (WeirRecord *record, const char *key, const char *field, GVariant *value)
{
  GVariantDict dict;
  g_autoptr (GVariant) held = g_variant_ref_sink (value);

  g_variant_dict_init (&dict, weir_record_get_fields (record));
  g_variant_dict_insert_value (&dict, field, held);

  return weir_record_new (WEIR_SECRET_KIND, key, NULL, g_variant_dict_end (&dict));
}

static void
check_refused (WeirSecretBox *box, WeirRecord *record, const char *words)
{
  g_autoptr (WeirRecord) held = record;
  g_autoptr (GError) error = NULL;

  g_assert_null (weir_secret_box_open (box, held, &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_box (void)
{
  const guint8 key[32] = { 1 };
  const guint8 other_key[32] = { 2 };
  g_autoptr (WeirSecretBox) box = weir_secret_box_new (key);
  g_autoptr (WeirSecretBox) other = weir_secret_box_new (other_key);
  g_autoptr (WeirSecret) secret = weir_secret_new ("user:1", "A", "value", 0);
  g_autoptr (WeirSecret) again = NULL;
  g_autoptr (WeirSecret) closed = NULL;
  g_autoptr (WeirRecord) record = weir_secret_box_close (box, secret);
  g_autoptr (WeirRecord) second = weir_secret_box_close (box, secret);
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *junk = g_malloc0 (40);

  again = weir_secret_box_open (box, record, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (weir_secret_get_value (again), ==, "value");
  closed = weir_secret_box_open (NULL, record, &error);
  g_assert_null (weir_secret_get_value (closed));

  /* No two look alike, not even of the same value. */
  g_assert_false (
      g_variant_equal (weir_record_get_fields (record), weir_record_get_fields (second)));

  check_refused (other, weir_record_ref (record), "another master key");
  check_refused (box,
                 change_field (record,
                               "user:1/A",
                               "closed",
                               g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, junk, 40, 1)),
                 "damaged");
  check_refused (box,
                 change_field (record,
                               "user:1/A",
                               "closed",
                               g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, junk, 3, 1)),
                 "damaged");
  check_refused (box,
                 change_field (record, "user:1/A", "nonce", g_variant_new_string ("x")),
                 "damaged");
  /* Moved to another name, or to another user. */
  check_refused (box,
                 change_field (record, "user:1/B", "name", g_variant_new_string ("B")),
                 "damaged");
  check_refused (box,
                 change_field (record, "user:2/A", "scope", g_variant_new_string ("user:2")),
                 "damaged");
  check_refused (box,
                 change_field (record, "user:2/A", "name", g_variant_new_string ("A")),
                 "no secret");
}

/* ---- the master key ---- */

static void
test_key (void)
{
  g_autofree char *path = g_build_filename (root, "new", "master.key", NULL);
  guint8 first[32], second[32];
  g_autoptr (GError) error = NULL;
  struct stat info;

  g_assert_false (weir_master_key_load (path, FALSE, first, &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND);
  g_clear_error (&error);
  weir_master_key_load (path, TRUE, first, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 0777, ==, 0600);
  g_assert_true (weir_master_key_load (path, TRUE, second, &error));
  g_assert_cmpmem (first, 32, second, 32);

  g_assert_cmpint (g_chmod (path, 0640), ==, 0);
  g_assert_false (weir_master_key_load (path, TRUE, second, &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_FORBIDDEN);
}

static void
check_key_file (const char *content, gsize length, gboolean good)
{
  g_autofree char *path = g_build_filename (root, "some.key", NULL);
  g_autoptr (GError) error = NULL;
  guint8 key[32];

  g_assert_true (
      g_file_set_contents_full (path, content, length, G_FILE_SET_CONTENTS_NONE, 0600, &error));
  g_assert_true (weir_master_key_load (path, TRUE, key, &error) == good);
  if (!good)
    {
      g_assert_error (error, WEIR_ERROR, WEIR_ERROR_FAILED);
      if (length > 4)
        g_assert_null (strstr (error->message, content));
    }
  g_unlink (path);
}

static void
test_key_files (void)
{
  g_autofree char *digits = g_strnfill (64, 'a');
  g_autofree char *line = g_strconcat (digits, "\r\n", NULL);
  g_autofree char *longer = g_strconcat (digits, "ab", NULL);
  g_autofree char *much = g_strnfill (100000, 'a');

  check_key_file (digits, 32, TRUE);
  check_key_file (digits, 64, TRUE);
  check_key_file (line, strlen (line), TRUE);
  check_key_file (longer, 66, FALSE);
  check_key_file (much, 100000, FALSE);
  check_key_file ("", 0, FALSE);
  check_key_file (digits, 63, FALSE);
  memset (digits, 'g', 64);
  check_key_file (digits, 64, FALSE);
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  const char *name;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_tree (child);
    }
  g_remove (path);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (sodium_init (), >=, 0);
  root = g_dir_make_tmp ("weir-secrets-XXXXXX", NULL);
  secret_store_cases_add ("secrets-file", make_store);
  g_test_add_func ("/secrets-file/at-rest", test_at_rest);
  g_test_add_func ("/secrets-file/no-store", test_no_store);
  g_test_add_func ("/secrets-file/box", test_box);
  g_test_add_func ("/secrets-file/key", test_key);
  g_test_add_func ("/secrets-file/key-files", test_key_files);
  status = g_test_run ();
  remove_tree (root);
  g_free (root);

  return status;
}
