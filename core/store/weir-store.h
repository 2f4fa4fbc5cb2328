/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include "store/weir-record.h"

G_BEGIN_DECLS

/* What is remembered from one run to the next. Records instead of SQL: a new kind of them
 * needs nothing new of a store. All methods on the thread that made the store; what blocks
 * is done on a thread of the store's own.
 *
 * Signal "changed": records were written, by this program or by another one. */
#define WEIR_TYPE_STORE (weir_store_get_type ())

WEIR_AVAILABLE_IN_ALL
G_DECLARE_INTERFACE (WeirStore, weir_store, WEIR, STORE, GObject)

struct _WeirStoreInterface
{
  GTypeInterface g_iface;

  void (*open) (WeirStore *self, GTask *task);
  void (*apply) (WeirStore *self, GPtrArray *changes, GTask *task);
  void (*lookup) (WeirStore *self, const char *kind, const char *key, GTask *task);
  void (*list) (WeirStore *self, const char *kind, GTask *task);
  void (*check) (WeirStore *self, GTask *task);
  void (*backup) (WeirStore *self, const char *path, GTask *task);
  char *(*dup_location) (WeirStore *self);

  /*< private >*/
  gpointer padding[8];
};

/* The first thing to do. What is not there yet is made by the first change, not by this. */
WEIR_AVAILABLE_IN_ALL
void weir_store_open_async (WeirStore *self,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);
WEIR_AVAILABLE_IN_ALL
gboolean weir_store_open_finish (WeirStore *self, GAsyncResult *result, GError **error);
/* All of the changes or none. When it has succeeded they survive the loss of power. */
WEIR_AVAILABLE_IN_ALL
void weir_store_apply_async (WeirStore *self,
                             GPtrArray *changes,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
WEIR_AVAILABLE_IN_ALL
gboolean weir_store_apply_finish (WeirStore *self, GAsyncResult *result, GError **error);
/* Finish: WEIR_ERROR_NOT_FOUND when there is none. */
WEIR_AVAILABLE_IN_ALL
void weir_store_lookup_async (WeirStore *self,
                              const char *kind,
                              const char *key,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
WEIR_AVAILABLE_IN_ALL
WeirRecord *weir_store_lookup_finish (WeirStore *self, GAsyncResult *result, GError **error);
/* Sorted by key. */
WEIR_AVAILABLE_IN_ALL
void weir_store_list_async (WeirStore *self,
                            const char *kind,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);
WEIR_AVAILABLE_IN_ALL
GPtrArray *weir_store_list_finish (WeirStore *self, GAsyncResult *result, GError **error);
/* Reads all of it and says what is damaged; empty when nothing is. */
WEIR_AVAILABLE_IN_ALL
void weir_store_check_async (WeirStore *self,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
WEIR_AVAILABLE_IN_ALL
char **weir_store_check_finish (WeirStore *self, GAsyncResult *result, GError **error);
/* To a new file, while the store is in use. */
WEIR_AVAILABLE_IN_ALL
void weir_store_backup_async (WeirStore *self,
                              const char *path,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
WEIR_AVAILABLE_IN_ALL
gboolean weir_store_backup_finish (WeirStore *self, GAsyncResult *result, GError **error);
/* Where it keeps things, for a person: a path, an address without its password. */
WEIR_AVAILABLE_IN_ALL
char *weir_store_dup_location (WeirStore *self);
/* For implementations, on the thread that made the store. */
WEIR_AVAILABLE_IN_ALL
void weir_store_emit_changed (WeirStore *self);

G_END_DECLS
