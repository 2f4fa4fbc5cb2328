/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "weir-sqlite-database.h"
#include "weir-sqlite-store.h"

#define N_KEYS 1000

static char *
make_place (void)
{
  g_autoptr (GError) error = NULL;
  char *place = g_dir_make_tmp ("weir-sqlite-XXXXXX", &error);

  g_assert_no_error (error);

  return place;
}

static void
remove_place (char *place)
{
  g_autoptr (GDir) directory = g_dir_open (place, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *path = g_build_filename (place, name, NULL);

      g_unlink (path);
    }
  g_rmdir (place);
  g_free (place);
}

static GObject *
make_store (const char *place, gpointer user_data)
{
  g_autofree char *path = g_build_filename (place, "weir.db", NULL);

  return g_object_new (WEIR_TYPE_SQLITE_STORE, "path", path, NULL);
}

static void
apply_put (WeirSqliteDatabase *database, const char *key)
{
  g_autoptr (GPtrArray) changes =
      g_ptr_array_new_with_free_func ((GDestroyNotify) weir_change_unref);
  g_autoptr (WeirRecord) record =
      weir_record_new ("k", key, NULL, g_variant_new_array (G_VARIANT_TYPE ("{sv}"), NULL, 0));
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (changes, weir_change_new (WEIR_CHANGE_PUT, record));
  weir_sqlite_database_open (database, TRUE, &error);
  g_assert_no_error (error);
  weir_sqlite_records_apply (database, changes, &error);
  g_assert_no_error (error);
}

static void
check_open_fails (const char *path, int code, const char *words)
{
  WeirSqliteDatabase *database = weir_sqlite_database_new (path);
  g_autoptr (GError) error = NULL;

  g_assert_false (weir_sqlite_database_open (database, TRUE, &error));
  g_assert_error (error, WEIR_ERROR, code);
  g_assert_nonnull (strstr (error->message, words));
  g_assert_nonnull (strstr (error->message, path));
  weir_sqlite_database_free (database);
}

static void
test_file (void)
{
  char *place = make_place ();
  g_autofree char *path = g_build_filename (place, "new", "weir.db", NULL);
  g_autofree char *directory = g_path_get_dirname (path);
  WeirSqliteDatabase *database = weir_sqlite_database_new (path);
  g_autoptr (GError) error = NULL;
  struct stat info;

  /* Looking makes nothing. */
  g_assert_true (weir_sqlite_database_open (database, FALSE, &error));
  g_assert_cmpint (g_stat (directory, &info), ==, -1);

  umask (0);
  apply_put (database, "a");
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 0777, ==, 0600);
  g_assert_cmpint (g_stat (directory, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 0777, ==, 0700);
  {
    g_autofree char *log = g_strconcat (path, "-wal", NULL);

    g_assert_cmpint (g_stat (log, &info), ==, 0);
    g_assert_cmpuint (info.st_mode & 0777, ==, 0600);
  }
  weir_sqlite_database_free (database);

  /* One that somebody opened to others is taken back. */
  g_assert_cmpint (g_chmod (path, 0644), ==, 0);
  database = weir_sqlite_database_new (path);
  g_assert_true (weir_sqlite_database_open (database, FALSE, &error));
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 0777, ==, 0600);
  weir_sqlite_database_free (database);
  g_unlink (path);
  g_rmdir (directory);
  remove_place (place);
}

static void
run_sql (const char *path, const char *sql)
{
  sqlite3 *db = NULL;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (db);
}

static void
test_newer (void)
{
  char *place = make_place ();
  g_autofree char *path = g_build_filename (place, "weir.db", NULL);
  WeirSqliteDatabase *database = weir_sqlite_database_new (path);

  apply_put (database, "a");
  weir_sqlite_database_free (database);
  run_sql (path, "PRAGMA user_version = 7");
  check_open_fails (path, WEIR_ERROR_NOT_SUPPORTED, "newer Weir");
  remove_place (place);
}

static void
test_stranger (void)
{
  char *place = make_place ();
  g_autofree char *path = g_build_filename (place, "weir.db", NULL);

  run_sql (path, "CREATE TABLE things (a)");
  check_open_fails (path, WEIR_ERROR_FAILED, "another program");
  remove_place (place);
}

static void
test_not_a_database (void)
{
  char *place = make_place ();
  g_autofree char *path = g_build_filename (place, "weir.db", NULL);
  g_autofree char *text = g_strnfill (5000, 'x');

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  check_open_fails (path, WEIR_ERROR_FAILED, "damaged");
  remove_place (place);
}

static void
test_damage (void)
{
  char *place = make_place ();
  g_autofree char *path = g_build_filename (place, "weir.db", NULL);
  WeirSqliteDatabase *database = weir_sqlite_database_new (path);
  g_autoptr (GPtrArray) records = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) lines = NULL;
  g_autofree guint8 *junk = g_malloc (4096);
  struct stat info;
  int fd;

  for (guint i = 0; i < 500; i++)
    {
      g_autofree char *key = g_strdup_printf ("%080u", i);

      apply_put (database, key);
    }
  weir_sqlite_database_free (database);

  memset (junk, 0xa5, 4096);
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  fd = g_open (path, O_WRONLY, 0);
  for (off_t at = 4096; at + 4096 <= info.st_size; at += 8192)
    g_assert_cmpint (pwrite (fd, junk, 4096, at), ==, 4096);
  close (fd);

  database = weir_sqlite_database_new (path);
  lines = weir_sqlite_database_check (database, &error);
  if (lines != NULL)
    {
      g_assert_cmpuint (g_strv_length (lines), >, 0);
      records = weir_sqlite_records_list (database, "k", &error);
      g_assert_null (records);
    }
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_FAILED);
  weir_sqlite_database_free (database);
  remove_place (place);
}

static void
test_backup (void)
{
  char *place = make_place ();
  g_autofree char *path = g_build_filename (place, "weir.db", NULL);
  g_autofree char *copy = g_build_filename (place, "copy.db", NULL);
  WeirSqliteDatabase *database = weir_sqlite_database_new (path);
  g_autoptr (WeirRecord) record = NULL;
  g_autoptr (GError) error = NULL;
  struct stat info;

  g_assert_false (weir_sqlite_database_backup (database, copy, &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND);
  g_clear_error (&error);

  apply_put (database, "a");
  weir_sqlite_database_backup (database, copy, &error);
  g_assert_no_error (error);
  weir_sqlite_database_free (database);
  g_assert_cmpint (g_stat (copy, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 0777, ==, 0600);

  database = weir_sqlite_database_new (copy);
  record = weir_sqlite_records_lookup (database, "k", "a", &error);
  g_assert_no_error (error);
  weir_sqlite_database_free (database);
  remove_place (place);
}

/* ---- kill -9 ---- */

static void
on_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree char *name = user_data;
  g_autoptr (GError) error = NULL;

  weir_store_apply_finish (WEIR_STORE (source), result, &error);
  g_assert_no_error (error);
  /* To the kernel before the next is asked for: this line is the promise. */
  g_assert_cmpint (write (STDOUT_FILENO, name, strlen (name)), ==, (int) strlen (name));
}

/* The child: makes keys, in groups of different sizes, and says which it was promised. */
static void G_GNUC_NORETURN
make_keys (const char *path)
{
  g_autoptr (WeirStore) store = g_object_new (WEIR_TYPE_SQLITE_STORE, "path", path, NULL);

  for (guint i = 0; i < N_KEYS; i++)
    {
      g_autoptr (GPtrArray) changes =
          g_ptr_array_new_with_free_func ((GDestroyNotify) weir_change_unref);
      g_autofree char *name = g_strdup_printf ("%04u", i);
      g_autofree char *secret = NULL;
      g_autoptr (WeirApiKey) key =
          weir_api_key_generate (name, FALSE, NULL, NULL, 0, &secret, NULL);
      g_autoptr (WeirRecord) record = weir_api_key_to_record (key);

      g_ptr_array_add (changes, weir_change_new (WEIR_CHANGE_CREATE, record));
      weir_store_apply_async (store, changes, NULL, on_written, g_strconcat (name, "\n", NULL));
      if (i % 7 == 0)
        g_main_context_iteration (NULL, TRUE);
    }
  while (TRUE)
    g_main_context_iteration (NULL, TRUE);
}

static GHashTable *
read_names (const char *path)
{
  WeirSqliteDatabase *database = weir_sqlite_database_new (path);
  GHashTable *names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) damage = weir_sqlite_database_check (database, &error);
  g_autoptr (GPtrArray) records = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (damage), ==, 0);
  records = weir_sqlite_records_list (database, WEIR_API_KEY_KIND, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < records->len; i++)
    {
      g_autoptr (WeirApiKey) key = weir_api_key_new_from_record (records->pdata[i], &error);

      g_assert_no_error (error);
      g_hash_table_add (names, g_strdup (weir_api_key_get_name (key)));
    }
  weir_sqlite_database_free (database);

  return names;
}

static void
test_killed (gconstpointer data)
{
  const guint n_promises = GPOINTER_TO_UINT (data);
  char *place = make_place ();
  g_autofree char *path = g_build_filename (place, "weir.db", NULL);
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  const char *const argv[] = { program, "--make-keys", path, NULL };
  g_autoptr (GHashTable) names = NULL;
  g_autoptr (GString) promised = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) lines = NULL;
  char buffer[256];
  gssize n;
  GPid pid;
  int out;

  g_spawn_async_with_pipes (NULL,
                            (char **) argv,
                            NULL,
                            G_SPAWN_DO_NOT_REAP_CHILD,
                            NULL,
                            NULL,
                            &pid,
                            NULL,
                            &out,
                            NULL,
                            &error);
  g_assert_no_error (error);
  while (promised->len < n_promises * 5 && (n = read (out, buffer, sizeof buffer)) > 0)
    g_string_append_len (promised, buffer, n);
  g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
  /* What it said before it died counts too. */
  while ((n = read (out, buffer, sizeof buffer)) > 0)
    g_string_append_len (promised, buffer, n);
  g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);
  close (out);

  names = read_names (path);
  lines = g_strsplit (promised->str, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), >, n_promises);
  for (guint i = 0; lines[i + 1] != NULL; i++)
    g_assert_true (g_hash_table_contains (names, lines[i]));
  g_test_message ("%u promised, %u kept", g_strv_length (lines) - 1, g_hash_table_size (names));
  remove_place (place);
}

int
main (int argc, char **argv)
{
  if (argc == 3 && g_str_equal (argv[1], "--make-keys"))
    make_keys (argv[2]);

  g_test_init (&argc, &argv, NULL);
  weir_conformance_add_store ("sqlite", make_store, NULL);
  g_test_add_func ("/store-sqlite/file", test_file);
  g_test_add_func ("/store-sqlite/newer", test_newer);
  g_test_add_func ("/store-sqlite/stranger", test_stranger);
  g_test_add_func ("/store-sqlite/not-a-database", test_not_a_database);
  g_test_add_func ("/store-sqlite/damage", test_damage);
  g_test_add_func ("/store-sqlite/backup", test_backup);
  g_test_add_data_func ("/store-sqlite/killed/early", GUINT_TO_POINTER (1), test_killed);
  g_test_add_data_func ("/store-sqlite/killed/middle", GUINT_TO_POINTER (300), test_killed);
  g_test_add_data_func ("/store-sqlite/killed/late", GUINT_TO_POINTER (900), test_killed);

  return g_test_run ();
}
