/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-sqlite-database.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* "Weir", so that a file of something else is not taken for ours. */
#define APPLICATION_ID 0x57656972
/* How long another program may hold the lock. */
#define BUSY_TIMEOUT_MS 5000
#define OPENING_POLL_US 2000
#define MAX_COMPLAINTS 100

/* Number n brings a file from n to n + 1. One that was released never changes again. */
static const char *const migrations[WEIR_SQLITE_SCHEMA] = {
  "CREATE TABLE record ("
  "  kind TEXT NOT NULL,"
  "  key TEXT NOT NULL,"
  "  name TEXT,"
  "  version INTEGER NOT NULL,"
  "  created INTEGER NOT NULL,"
  "  updated INTEGER NOT NULL,"
  "  fields BLOB NOT NULL,"
  "  PRIMARY KEY (kind, key)"
  ");"
  "CREATE UNIQUE INDEX record_name ON record (kind, name) WHERE name IS NOT NULL;",
};

WeirSqliteDatabase *
weir_sqlite_database_new (const char *path)
{
  WeirSqliteDatabase *self = g_new0 (WeirSqliteDatabase, 1);

  self->path = g_strdup (path);

  return self;
}

static void
close_file (WeirSqliteDatabase *self)
{
  if (self->db != NULL)
    sqlite3_close_v2 (self->db);
  self->db = NULL;
}

void
weir_sqlite_database_free (WeirSqliteDatabase *self)
{
  close_file (self);
  g_free (self->path);
  g_free (self);
}

/* ---- errors ---- */

static gboolean
is_damage (int code)
{
  return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

static void
fail_busy (WeirSqliteDatabase *self, GError **error)
{
  g_set_error (error,
               WEIR_ERROR,
               WEIR_ERROR_OVERLOADED,
               "%s: another program has held the lock for %d s",
               self->path,
               BUSY_TIMEOUT_MS / 1000);
}

gboolean
weir_sqlite_database_fail (WeirSqliteDatabase *self, GError **error)
{
  int code = self->db != NULL ? sqlite3_errcode (self->db) & 0xff : SQLITE_NOMEM;
  const char *words = self->db != NULL ? sqlite3_errmsg (self->db) : "out of memory";

  if (is_damage (code))
    g_set_error (error,
                 WEIR_ERROR,
                 WEIR_ERROR_FAILED,
                 "%s is damaged or is no store of Weir (%s): look at it with `weir store check`, "
                 "or move it away and start anew",
                 self->path,
                 words);
  else if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
    fail_busy (self, error);
  else
    g_set_error (error, WEIR_ERROR, WEIR_ERROR_FAILED, "%s: %s", self->path, words);

  return FALSE;
}

static gboolean
fail_errno (WeirSqliteDatabase *self, const char *what, GError **error)
{
  g_set_error (error,
               WEIR_ERROR,
               WEIR_ERROR_FAILED,
               "%s: cannot %s: %s",
               self->path,
               what,
               g_strerror (errno));
  return FALSE;
}

gboolean
weir_sqlite_database_exec (WeirSqliteDatabase *self, const char *sql, GError **error)
{
  if (sqlite3_exec (self->db, sql, NULL, NULL, NULL) != SQLITE_OK)
    return weir_sqlite_database_fail (self, error);

  return TRUE;
}

static gboolean
get_number (WeirSqliteDatabase *self, const char *sql, gint64 *number, GError **error)
{
  sqlite3_stmt *statement = NULL;
  gboolean ok = sqlite3_prepare_v2 (self->db, sql, -1, &statement, NULL) == SQLITE_OK &&
                sqlite3_step (statement) == SQLITE_ROW;

  if (ok)
    *number = sqlite3_column_int64 (statement, 0);
  else
    weir_sqlite_database_fail (self, error);
  sqlite3_finalize (statement);

  return ok;
}

/* ---- opening ---- */

static gboolean
make_folder (WeirSqliteDatabase *self, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (self->path);

  if (g_mkdir_with_parents (directory, 0700) != 0)
    return fail_errno (self, "make its folder", error);

  return TRUE;
}

/* SQLite would make the file with the umask's permissions; its log inherits those of the file. */
static gboolean
make_file (WeirSqliteDatabase *self, GError **error)
{
  int fd;

  if (g_file_test (self->path, G_FILE_TEST_EXISTS))
    return TRUE;
  fd = g_open (self->path, O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    return fail_errno (self, "make the file", error);
  close (fd);

  return TRUE;
}

static gboolean
check_file (WeirSqliteDatabase *self, GError **error)
{
  struct stat info;

  if (g_stat (self->path, &info) != 0)
    return fail_errno (self, "look at the file", error);
  if (!S_ISREG (info.st_mode))
    {
      g_set_error (error, WEIR_ERROR, WEIR_ERROR_FAILED, "%s is not a file", self->path);
      return FALSE;
    }
  if ((info.st_mode & 0077) != 0 && info.st_uid == geteuid () && g_chmod (self->path, 0600) != 0)
    return fail_errno (self, "take it from other users", error);

  return TRUE;
}

static gboolean
refuse_stranger (WeirSqliteDatabase *self, GError **error)
{
  g_set_error (error,
               WEIR_ERROR,
               WEIR_ERROR_FAILED,
               "%s is a database of another program, and is left alone",
               self->path);
  return FALSE;
}

static gboolean
check_owner (WeirSqliteDatabase *self, gint64 version, GError **error)
{
  gint64 id, n_tables;

  if (!get_number (self, "PRAGMA application_id", &id, error) ||
      !get_number (self, "SELECT count(*) FROM sqlite_schema", &n_tables, error))
    return FALSE;
  if (id != APPLICATION_ID && (id != 0 || version != 0 || n_tables != 0))
    return refuse_stranger (self, error);
  if (version > WEIR_SQLITE_SCHEMA)
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_NOT_SUPPORTED,
                   "%s was written by a newer Weir (its format is number %" G_GINT64_FORMAT
                   ", this one knows %d): use that version, or a copy from before",
                   self->path,
                   version,
                   WEIR_SQLITE_SCHEMA);
      return FALSE;
    }

  return TRUE;
}

static gboolean
run_migrations (WeirSqliteDatabase *self, GError **error)
{
  g_autofree char *mark =
      g_strdup_printf ("PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
                       APPLICATION_ID,
                       WEIR_SQLITE_SCHEMA);
  gint64 version;

  if (!get_number (self, "PRAGMA user_version", &version, error) ||
      !check_owner (self, version, error))
    return FALSE;
  for (gint64 i = version; i < WEIR_SQLITE_SCHEMA; i++)
    if (!weir_sqlite_database_exec (self, migrations[i], error))
      return FALSE;

  return weir_sqlite_database_exec (self, mark, error);
}

/* Two programs may come at the same time: the number counts that is read under the lock. */
static gboolean
migrate (WeirSqliteDatabase *self, GError **error)
{
  gint64 version;

  if (!get_number (self, "PRAGMA user_version", &version, error) ||
      !check_owner (self, version, error))
    return FALSE;
  if (version == WEIR_SQLITE_SCHEMA)
    return TRUE;

  if (!weir_sqlite_database_exec (self, "BEGIN IMMEDIATE", error))
    return FALSE;
  if (run_migrations (self, error))
    return TRUE;
  sqlite3_exec (self->db, "ROLLBACK", NULL, NULL, NULL);

  return FALSE;
}

static gboolean
set_up (WeirSqliteDatabase *self, GError **error)
{
  gint64 version;

  sqlite3_extended_result_codes (self->db, 0);
  sqlite3_busy_timeout (self->db, BUSY_TIMEOUT_MS);
  /* What a damaged or forged file can make SQLite do is kept small. */
  sqlite3_db_config (self->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config (self->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);

  /* Whose file it is comes first: the mode of a stranger's is not changed. */
  if (!get_number (self, "PRAGMA user_version", &version, error) ||
      !check_owner (self, version, error) ||
      !weir_sqlite_database_exec (self,
                                  "PRAGMA journal_mode = WAL;"
                                  "PRAGMA synchronous = FULL;"
                                  "PRAGMA secure_delete = ON;"
                                  "PRAGMA cell_size_check = ON",
                                  error) ||
      !migrate (self, error) || !get_number (self, "PRAGMA data_version", &version, error))
    return FALSE;
  self->data_version = version;

  return TRUE;
}

/* One program at a time makes a file or changes its mode and format: SQLite does not wait for the
 * lock in the middle of a change to the log, and a file half made looks like a stranger's. The
 * folder is locked, since closing any descriptor of the file itself would drop SQLite's locks. */
static int
lock_folder (WeirSqliteDatabase *self, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (self->path);
  gint64 deadline = g_get_monotonic_time () + BUSY_TIMEOUT_MS * 1000;
  int fd = g_open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

  if (fd < 0)
    {
      fail_errno (self, "open its folder", error);
      return -1;
    }
  while (flock (fd, LOCK_EX | LOCK_NB) != 0)
    {
      if (errno != EWOULDBLOCK && errno != EINTR)
        break; /* A file system without such locks: SQLite's own must do. */
      if (g_get_monotonic_time () > deadline)
        {
          close (fd);
          fail_busy (self, error);
          return -1;
        }
      g_usleep (OPENING_POLL_US);
    }

  return fd;
}

static gboolean
open_locked (WeirSqliteDatabase *self, GError **error)
{
  if (!make_file (self, error) || !check_file (self, error))
    return FALSE;

  if (sqlite3_open_v2 (self->path, &self->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ==
          SQLITE_OK &&
      set_up (self, error))
    return TRUE;

  if (error != NULL && *error == NULL)
    weir_sqlite_database_fail (self, error);
  close_file (self);

  return FALSE;
}

gboolean
weir_sqlite_database_open (WeirSqliteDatabase *self, gboolean create, GError **error)
{
  gboolean ok;
  int folder;

  if (self->db != NULL)
    return TRUE;
  if (!create && !g_file_test (self->path, G_FILE_TEST_EXISTS))
    return TRUE;
  if (!make_folder (self, error))
    return FALSE;
  folder = lock_folder (self, error);
  if (folder < 0)
    return FALSE;
  ok = open_locked (self, error);
  close (folder);

  return ok;
}

gboolean
weir_sqlite_database_poll (WeirSqliteDatabase *self, gboolean *changed, GError **error)
{
  gint64 version;

  *changed = FALSE;
  if (self->db == NULL)
    {
      if (!weir_sqlite_database_open (self, FALSE, error))
        return FALSE;
      *changed = self->db != NULL;
      return TRUE;
    }

  if (!get_number (self, "PRAGMA data_version", &version, error))
    return FALSE;
  *changed = (guint64) version != self->data_version;
  self->data_version = version;

  return TRUE;
}

/* ---- looking after it ---- */

char **
weir_sqlite_database_check (WeirSqliteDatabase *self, GError **error)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  sqlite3_stmt *statement = NULL;
  int code;

  if (!weir_sqlite_database_open (self, FALSE, error))
    return NULL;
  if (self->db == NULL)
    return g_new0 (char *, 1);

  code = sqlite3_prepare_v2 (self->db, "PRAGMA integrity_check", -1, &statement, NULL);
  while (code == SQLITE_OK || code == SQLITE_ROW)
    {
      code = sqlite3_step (statement);
      if (code == SQLITE_ROW && lines->len < MAX_COMPLAINTS)
        g_ptr_array_add (lines, g_strdup ((const char *) sqlite3_column_text (statement, 0)));
    }
  if (code != SQLITE_DONE && !is_damage (code & 0xff))
    {
      weir_sqlite_database_fail (self, error);
      sqlite3_finalize (statement);
      return NULL;
    }
  if (code != SQLITE_DONE)
    g_ptr_array_add (lines, g_strdup (sqlite3_errmsg (self->db)));
  sqlite3_finalize (statement);

  if (lines->len == 1 && g_strcmp0 (lines->pdata[0], "ok") == 0)
    g_ptr_array_set_size (lines, 0);
  g_ptr_array_add (lines, NULL);
  g_ptr_array_set_free_func (lines, NULL);

  return (char **) g_ptr_array_free (g_steal_pointer (&lines), FALSE);
}

static gboolean
copy_all (WeirSqliteDatabase *self, sqlite3 *target, GError **error)
{
  sqlite3_backup *backup = sqlite3_backup_init (target, "main", self->db, "main");
  int code = backup != NULL ? sqlite3_backup_step (backup, -1) : sqlite3_errcode (target);

  if (backup != NULL)
    sqlite3_backup_finish (backup);
  if (code == SQLITE_DONE &&
      sqlite3_exec (target, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) == SQLITE_OK)
    return TRUE;

  g_set_error (error,
               WEIR_ERROR,
               WEIR_ERROR_FAILED,
               "Cannot copy %s: %s",
               self->path,
               code != SQLITE_DONE ? sqlite3_errstr (code) : sqlite3_errmsg (target));
  return FALSE;
}

static gboolean
sync_path (const char *path, int flags)
{
  int fd = g_open (path, flags | O_CLOEXEC, 0);
  gboolean ok = fd >= 0 && fsync (fd) == 0;

  if (fd >= 0)
    close (fd);

  return ok;
}

/* The copy gets its name when it is whole, and never replaces anything. */
static gboolean
publish (const char *draft, const char *path, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);

  if (sync_path (draft, O_RDONLY) && link (draft, path) == 0 &&
      sync_path (directory, O_RDONLY | O_DIRECTORY))
    return TRUE;

  g_set_error (error,
               WEIR_ERROR,
               errno == EEXIST ? WEIR_ERROR_EXISTS : WEIR_ERROR_FAILED,
               "Cannot write %s: %s",
               path,
               g_strerror (errno));
  return FALSE;
}

gboolean
weir_sqlite_database_backup (WeirSqliteDatabase *self, const char *path, GError **error)
{
  g_autofree char *draft = g_strdup_printf ("%s.XXXXXX", path);
  sqlite3 *target = NULL;
  gboolean ok;
  int fd;

  if (!weir_sqlite_database_open (self, FALSE, error))
    return FALSE;
  if (self->db == NULL)
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_NOT_FOUND,
                   "There is nothing to copy: %s does not exist yet",
                   self->path);
      return FALSE;
    }
  if (g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, WEIR_ERROR, WEIR_ERROR_EXISTS, "%s is there already", path);
      return FALSE;
    }

  fd = g_mkstemp_full (draft, O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0)
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_FAILED,
                   "Cannot write beside %s: %s",
                   path,
                   g_strerror (errno));
      return FALSE;
    }
  close (fd);

  ok = sqlite3_open_v2 (draft, &target, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
       copy_all (self, target, error);
  if (!ok && error != NULL && *error == NULL)
    g_set_error (error, WEIR_ERROR, WEIR_ERROR_FAILED, "Cannot write %s", draft);
  sqlite3_close_v2 (target);
  ok = ok && publish (draft, path, error);
  g_unlink (draft);

  return ok;
}
