/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-sqlite-database.h"

static gint64
now (void)
{
  return g_get_real_time () / 1000;
}

/* In one byte order, so that a file can be carried to another machine. */
static GVariant *
to_disk (GVariant *fields)
{
  g_autoptr (GVariant) normal = g_variant_get_normal_form (fields);

#if G_BYTE_ORDER == G_BIG_ENDIAN
  return g_variant_byteswap (normal);
#else
  return g_steal_pointer (&normal);
#endif
}

static GVariant *
from_disk (const void *data, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (GVariant) fields =
      g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE_VARDICT, bytes, FALSE));

  if (!g_variant_is_normal_form (fields))
    return NULL;
#if G_BYTE_ORDER == G_BIG_ENDIAN
  return g_variant_byteswap (fields);
#else
  return g_steal_pointer (&fields);
#endif
}

static gboolean
prepare (WeirSqliteDatabase *self, const char *sql, sqlite3_stmt **statement, GError **error)
{
  if (sqlite3_prepare_v2 (self->db, sql, -1, statement, NULL) == SQLITE_OK)
    return TRUE;

  return weir_sqlite_database_fail (self, error);
}

static void
bind_text (sqlite3_stmt *statement, int at, const char *text)
{
  if (text != NULL)
    sqlite3_bind_text (statement, at, text, -1, SQLITE_TRANSIENT);
  else
    sqlite3_bind_null (statement, at);
}

/* ---- reading ---- */

#define COLUMNS "kind, key, name, version, created, updated, fields"

static WeirRecord *
read_row (WeirSqliteDatabase *self, sqlite3_stmt *row, GError **error)
{
  const char *kind = (const char *) sqlite3_column_text (row, 0);
  const char *key = (const char *) sqlite3_column_text (row, 1);
  const void *data = sqlite3_column_blob (row, 6);
  g_autoptr (GVariant) fields = from_disk (data, sqlite3_column_bytes (row, 6));

  if (kind == NULL || key == NULL || *kind == '\0' || *key == '\0' || fields == NULL)
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_FAILED,
                   "%s: the record “%s” of the kind “%s” is damaged",
                   self->path,
                   key != NULL ? key : "",
                   kind != NULL ? kind : "");
      return NULL;
    }

  return weir_record_new_stored (kind,
                                 key,
                                 (const char *) sqlite3_column_text (row, 2),
                                 fields,
                                 sqlite3_column_int64 (row, 3),
                                 sqlite3_column_int64 (row, 4),
                                 sqlite3_column_int64 (row, 5));
}

static gboolean
set_not_found (const char *kind, const char *key, GError **error)
{
  g_set_error (error,
               WEIR_ERROR,
               WEIR_ERROR_NOT_FOUND,
               "There is no “%s” of the kind “%s”",
               key,
               kind);
  return FALSE;
}

WeirRecord *
weir_sqlite_records_lookup (WeirSqliteDatabase *self,
                            const char *kind,
                            const char *key,
                            GError **error)
{
  sqlite3_stmt *statement = NULL;
  WeirRecord *record = NULL;
  int code;

  if (!weir_sqlite_database_open (self, FALSE, error))
    return NULL;
  if (self->db == NULL)
    {
      set_not_found (kind, key, error);
      return NULL;
    }
  if (!prepare (self,
                "SELECT " COLUMNS " FROM record WHERE kind = ?1 AND key = ?2",
                &statement,
                error))
    return NULL;

  bind_text (statement, 1, kind);
  bind_text (statement, 2, key);
  code = sqlite3_step (statement);
  if (code == SQLITE_ROW)
    record = read_row (self, statement, error);
  else if (code == SQLITE_DONE)
    set_not_found (kind, key, error);
  else
    weir_sqlite_database_fail (self, error);
  sqlite3_finalize (statement);

  return record;
}

GPtrArray *
weir_sqlite_records_list (WeirSqliteDatabase *self, const char *kind, GError **error)
{
  g_autoptr (GPtrArray) records =
      g_ptr_array_new_with_free_func ((GDestroyNotify) weir_record_unref);
  sqlite3_stmt *statement = NULL;
  gboolean ok = TRUE;
  int code;

  if (!weir_sqlite_database_open (self, FALSE, error))
    return NULL;
  if (self->db == NULL)
    return g_steal_pointer (&records);
  if (!prepare (self,
                "SELECT " COLUMNS " FROM record WHERE kind = ?1 ORDER BY key",
                &statement,
                error))
    return NULL;

  bind_text (statement, 1, kind);
  while (ok && (code = sqlite3_step (statement)) != SQLITE_DONE)
    {
      WeirRecord *record = NULL;

      if (code == SQLITE_ROW)
        record = read_row (self, statement, error);
      else
        weir_sqlite_database_fail (self, error);
      ok = record != NULL;
      if (ok)
        g_ptr_array_add (records, record);
    }
  sqlite3_finalize (statement);

  return ok ? g_steal_pointer (&records) : NULL;
}

/* ---- writing ---- */

static gboolean
get_state (WeirSqliteDatabase *self,
           WeirRecord *record,
           guint64 *version, /* 0: it is not there */
           GError **error)
{
  sqlite3_stmt *statement = NULL;
  int code;

  if (!prepare (self, "SELECT version FROM record WHERE kind = ?1 AND key = ?2", &statement, error))
    return FALSE;
  bind_text (statement, 1, weir_record_get_kind (record));
  bind_text (statement, 2, weir_record_get_key (record));
  code = sqlite3_step (statement);
  *version = code == SQLITE_ROW ? sqlite3_column_int64 (statement, 0) : 0;
  sqlite3_finalize (statement);

  return code == SQLITE_ROW || code == SQLITE_DONE || weir_sqlite_database_fail (self, error);
}

static gboolean
check_state (WeirChange *change, guint64 version, GError **error)
{
  WeirRecord *record = weir_change_get_record (change);
  guint64 wanted = weir_record_get_version (record);
  const char *kind = weir_record_get_kind (record);
  const char *key = weir_record_get_key (record);

  switch (weir_change_get_action (change))
    {
    case WEIR_CHANGE_CREATE:
      if (version == 0)
        return TRUE;
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_EXISTS,
                   "There is a “%s” of the kind “%s” already",
                   key,
                   kind);
      return FALSE;
    case WEIR_CHANGE_UPDATE:
    case WEIR_CHANGE_REMOVE:
      if (version == 0)
        return set_not_found (kind, key, error);
      if (wanted == 0 || wanted == version)
        return TRUE;
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_INVALID_STATE,
                   "Somebody else has changed “%s” of the kind “%s” meanwhile",
                   key,
                   kind);
      return FALSE;
    case WEIR_CHANGE_PUT:
      return TRUE;
    }

  return FALSE;
}

static gboolean
finish_write (WeirSqliteDatabase *self, WeirRecord *record, sqlite3_stmt *statement, GError **error)
{
  int code = sqlite3_step (statement);

  sqlite3_finalize (statement);
  if (code == SQLITE_DONE)
    return TRUE;
  if (code != SQLITE_CONSTRAINT || weir_record_get_name (record) == NULL)
    return weir_sqlite_database_fail (self, error);

  g_set_error (error,
               WEIR_ERROR,
               WEIR_ERROR_EXISTS,
               "There is one of the kind “%s” named “%s” already",
               weir_record_get_kind (record),
               weir_record_get_name (record));
  return FALSE;
}

static gboolean
write_record (WeirSqliteDatabase *self, WeirRecord *record, guint64 version, GError **error)
{
  g_autoptr (GVariant) fields = to_disk (weir_record_get_fields (record));
  sqlite3_stmt *statement = NULL;

  /* The time of the first writing stays. */
  if (!prepare (self,
                "INSERT INTO record (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6) "
                "ON CONFLICT (kind, key) DO UPDATE SET "
                "name = ?3, version = ?4, updated = ?5, fields = ?6",
                &statement,
                error))
    return FALSE;
  bind_text (statement, 1, weir_record_get_kind (record));
  bind_text (statement, 2, weir_record_get_key (record));
  bind_text (statement, 3, weir_record_get_name (record));
  sqlite3_bind_int64 (statement, 4, version + 1);
  sqlite3_bind_int64 (statement, 5, now ());
  sqlite3_bind_blob64 (statement,
                       6,
                       g_variant_get_size (fields) > 0 ? g_variant_get_data (fields) : "",
                       g_variant_get_size (fields),
                       SQLITE_TRANSIENT);

  return finish_write (self, record, statement, error);
}

static gboolean
remove_record (WeirSqliteDatabase *self, WeirRecord *record, GError **error)
{
  sqlite3_stmt *statement = NULL;

  if (!prepare (self, "DELETE FROM record WHERE kind = ?1 AND key = ?2", &statement, error))
    return FALSE;
  bind_text (statement, 1, weir_record_get_kind (record));
  bind_text (statement, 2, weir_record_get_key (record));

  return finish_write (self, record, statement, error);
}

static gboolean
apply_one (WeirSqliteDatabase *self, WeirChange *change, GError **error)
{
  WeirRecord *record = weir_change_get_record (change);
  guint64 version;

  if (!get_state (self, record, &version, error) || !check_state (change, version, error))
    return FALSE;
  if (weir_change_get_action (change) == WEIR_CHANGE_REMOVE)
    return remove_record (self, record, error);

  return write_record (self, record, version, error);
}

/* Inside of a transaction; what cannot be done leaves no trace. */
gboolean
weir_sqlite_records_apply (WeirSqliteDatabase *self, GPtrArray *changes, GError **error)
{
  gboolean ok = TRUE;

  if (!weir_sqlite_database_exec (self, "SAVEPOINT changes", error))
    return FALSE;
  for (guint i = 0; ok && i < changes->len; i++)
    ok = apply_one (self, changes->pdata[i], error);
  if (ok)
    return weir_sqlite_database_exec (self, "RELEASE changes", error);

  sqlite3_exec (self->db, "ROLLBACK TO changes; RELEASE changes", NULL, NULL, NULL);
  return FALSE;
}
