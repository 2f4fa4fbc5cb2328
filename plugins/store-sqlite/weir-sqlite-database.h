/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <sqlite3.h>
#include <weir.h>

G_BEGIN_DECLS

/* The numbers of the migrations that this version knows; a file with a higher one is refused. */
#define WEIR_SQLITE_SCHEMA 1

/* One file, on one thread. */
typedef struct
{
  char *path;
  sqlite3 *db; /* NULL while there is no file */
  guint64 data_version;
} WeirSqliteDatabase;

WeirSqliteDatabase *weir_sqlite_database_new (const char *path);
void weir_sqlite_database_free (WeirSqliteDatabase *self);
/* create: make the file where there is none. Without it, no file is no error. */
gboolean weir_sqlite_database_open (WeirSqliteDatabase *self, gboolean create, GError **error);
/* Whether another program wrote since this was last asked. Opens a file that came to be. */
gboolean weir_sqlite_database_poll (WeirSqliteDatabase *self, gboolean *changed, GError **error);
/* Damage as lines of text (NULL-terminated), or NULL with an error. */
char **weir_sqlite_database_check (WeirSqliteDatabase *self, GError **error);
gboolean weir_sqlite_database_backup (WeirSqliteDatabase *self, const char *path, GError **error);
gboolean weir_sqlite_database_exec (WeirSqliteDatabase *self, const char *sql, GError **error);
/* Makes an error of what SQLite has just said. Returns FALSE. */
gboolean weir_sqlite_database_fail (WeirSqliteDatabase *self, GError **error);

/* ---- records ---- */

gboolean weir_sqlite_records_apply (WeirSqliteDatabase *self, GPtrArray *changes, GError **error);
WeirRecord *weir_sqlite_records_lookup (WeirSqliteDatabase *self,
                                        const char *kind,
                                        const char *key,
                                        GError **error);
GPtrArray *weir_sqlite_records_list (WeirSqliteDatabase *self, const char *kind, GError **error);

G_END_DECLS
