/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include "store/weir-secret.h"

G_BEGIN_DECLS

/* Where secrets rest. All methods on the thread that made it; what blocks is done elsewhere.
 * The core checks scopes, names and values before an implementation sees them.
 *
 * Signal "changed": secrets were set or removed, by this program or by another one. */
#define WEIR_TYPE_SECRET_STORE (weir_secret_store_get_type ())

WEIR_AVAILABLE_IN_ALL
G_DECLARE_INTERFACE (WeirSecretStore, weir_secret_store, WEIR, SECRET_STORE, GObject)

struct _WeirSecretStoreInterface
{
  GTypeInterface g_iface;

  void (*open) (WeirSecretStore *self, GTask *task);
  void (*set) (WeirSecretStore *self, GPtrArray *secrets, GTask *task);
  void (*list) (WeirSecretStore *self, const char *scope, gboolean with_values, GTask *task);
  void (*remove) (WeirSecretStore *self, const char *scope, const char *const *names, GTask *task);
  char *(*dup_location) (WeirSecretStore *self);

  /*< private >*/
  gpointer padding[8];
};

/* WEIR_ERROR_NOT_SUPPORTED when there is no such thing on this machine. */
WEIR_AVAILABLE_IN_ALL
void weir_secret_store_open_async (WeirSecretStore *self,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
WEIR_AVAILABLE_IN_ALL
gboolean
weir_secret_store_open_finish (WeirSecretStore *self, GAsyncResult *result, GError **error);
/* secrets: (element-type WeirSecret), all with a value. */
WEIR_AVAILABLE_IN_ALL
void weir_secret_store_set_async (WeirSecretStore *self,
                                  GPtrArray *secrets,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
WEIR_AVAILABLE_IN_ALL
gboolean weir_secret_store_set_finish (WeirSecretStore *self, GAsyncResult *result, GError **error);
/* scope: whose; sorted by name. */
WEIR_AVAILABLE_IN_ALL
void weir_secret_store_list_async (WeirSecretStore *self,
                                   const char *scope,
                                   gboolean with_values,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
WEIR_AVAILABLE_IN_ALL
GPtrArray *
weir_secret_store_list_finish (WeirSecretStore *self, GAsyncResult *result, GError **error);
/* WEIR_ERROR_NOT_FOUND when one of them is not there; then none is removed. */
WEIR_AVAILABLE_IN_ALL
void weir_secret_store_remove_async (WeirSecretStore *self,
                                     const char *scope,
                                     const char *const *names,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
WEIR_AVAILABLE_IN_ALL
gboolean
weir_secret_store_remove_finish (WeirSecretStore *self, GAsyncResult *result, GError **error);
/* For a person: "the keyring", a path. */
WEIR_AVAILABLE_IN_ALL
char *weir_secret_store_dup_location (WeirSecretStore *self);
/* For implementations, on the thread that made the store. */
WEIR_AVAILABLE_IN_ALL
void weir_secret_store_emit_changed (WeirSecretStore *self);

G_END_DECLS
