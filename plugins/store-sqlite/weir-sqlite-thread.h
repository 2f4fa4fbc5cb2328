/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <weir.h>

G_BEGIN_DECLS

/* The thread that the file belongs to. It answers tasks, in the order they came. */
typedef struct _WeirSqliteThread WeirSqliteThread;

/* Called on that thread, after the answer was given. */
typedef void (*WeirSqliteChangedFunc) (gpointer user_data);

WeirSqliteThread *
weir_sqlite_thread_new (const char *path, WeirSqliteChangedFunc changed, gpointer user_data);
/* Ends it after what it has to do. */
void weir_sqlite_thread_free (WeirSqliteThread *self);

void weir_sqlite_thread_open (WeirSqliteThread *self, GTask *task);
void weir_sqlite_thread_apply (WeirSqliteThread *self, GPtrArray *changes, GTask *task);
void
weir_sqlite_thread_lookup (WeirSqliteThread *self, const char *kind, const char *key, GTask *task);
void weir_sqlite_thread_list (WeirSqliteThread *self, const char *kind, GTask *task);
void weir_sqlite_thread_check (WeirSqliteThread *self, GTask *task);
void weir_sqlite_thread_backup (WeirSqliteThread *self, const char *path, GTask *task);
/* The file may have been written by somebody else. */
void weir_sqlite_thread_poll (WeirSqliteThread *self);

G_END_DECLS
