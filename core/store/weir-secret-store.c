/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "store/weir-secret-store.h"

#include "base/weir-error.h"
#include "base/weir-signal-private.h"
#include "base/weir-task-private.h"

/**
 * WeirSecretStore:
 *
 * Where the secrets of functions rest: a keyring, or an encrypted file.
 *
 * Each secret belongs to a scope: `system` for all functions, or `user:` and the id of a user.
 * All methods belong to the thread that made the store. An implementation gets a
 * [class@Gio.Task] for each call and answers it once, now or later; scopes, names and values
 * were checked before it sees them.
 *
 * Since: 1.0
 */
G_DEFINE_INTERFACE (WeirSecretStore, weir_secret_store, G_TYPE_OBJECT)

/**
 * WeirSecretStoreInterface:
 * @open: makes it ready and answers with %TRUE; [error@Weir.Error.NOT_SUPPORTED] when this
 *   machine has no such thing
 * @set: keeps all of the [struct@Weir.Secret]s, over those of the same names, and answers with
 *   %TRUE
 * @list: answers with a [struct@GLib.PtrArray] of the secrets of a scope, sorted by name
 * @remove: forgets them and answers with %TRUE; [error@Weir.Error.NOT_FOUND] when one of them
 *   is not there
 * @dup_location: where it keeps things, for a person
 *
 * What a secret store implements.
 *
 * Since: 1.0
 */

static guint changed_signal;

static void
weir_secret_store_default_init (WeirSecretStoreInterface *iface)
{
  /**
   * WeirSecretStore::changed:
   * @self: the secret store
   *
   * Secrets were set or removed, by this program or by another one.
   *
   * Since: 1.0
   */
  changed_signal = weir_signal_new (WEIR_TYPE_SECRET_STORE, "changed", 0);
}

/**
 * weir_secret_store_open_async:
 * @self: a secret store that was not opened yet
 * @cancellable: (nullable): given up
 * @callback: (scope async) (nullable): called when it is open, or cannot be opened
 * @user_data: for @callback
 *
 * Finds out whether the secret store can be used on this machine.
 *
 * Since: 1.0
 */
void
weir_secret_store_open_async (WeirSecretStore *self,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (WEIR_IS_SECRET_STORE (self));

  task = weir_task_new (self, cancellable, callback, user_data, weir_secret_store_open_async);
  if (WEIR_SECRET_STORE_GET_IFACE (self)->open != NULL)
    WEIR_SECRET_STORE_GET_IFACE (self)->open (self, task);
  else
    g_task_return_boolean (task, TRUE);
}

/**
 * weir_secret_store_open_finish:
 * @self: a secret store
 * @result: what the callback was given
 * @error: return location for an error: [error@Weir.Error.NOT_SUPPORTED], when this machine
 *   has no such thing
 *
 * Returns: whether it can be used
 *
 * Since: 1.0
 */
gboolean
weir_secret_store_open_finish (WeirSecretStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (weir_task_is_of (result, self, weir_secret_store_open_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static gboolean
check_secrets (GPtrArray *secrets, GError **error)
{
  for (guint i = 0; i < secrets->len; i++)
    {
      WeirSecret *secret = g_ptr_array_index (secrets, i);
      const char *name = weir_secret_get_name (secret);
      const char *value = weir_secret_get_value (secret);

      g_return_val_if_fail (value != NULL, FALSE);

      if (!weir_secret_check_scope (weir_secret_get_scope (secret), error) ||
          !weir_secret_check_name (name, error) || !weir_secret_check_value (name, value, error))
        return FALSE;
    }

  return TRUE;
}

/**
 * weir_secret_store_set_async:
 * @self: a secret store that is open
 * @secrets: (element-type WeirSecret): what to keep, each with its value
 * @cancellable: (nullable): not waiting any more
 * @callback: (scope async) (nullable): called when they are kept
 * @user_data: for @callback
 *
 * Keeps secrets, over those of the same scope and name.
 *
 * Since: 1.0
 */
void
weir_secret_store_set_async (WeirSecretStore *self,
                             GPtrArray *secrets,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (WEIR_IS_SECRET_STORE (self));
  g_return_if_fail (secrets != NULL);

  task = weir_task_new (self, cancellable, callback, user_data, weir_secret_store_set_async);
  if (!check_secrets (secrets, &error))
    g_task_return_error (task, error);
  else if (WEIR_SECRET_STORE_GET_IFACE (self)->set != NULL)
    WEIR_SECRET_STORE_GET_IFACE (self)->set (self, secrets, task);
  else
    weir_task_return_unsupported (task);
}

/**
 * weir_secret_store_set_finish:
 * @self: a secret store
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Returns: whether all of them are kept
 *
 * Since: 1.0
 */
gboolean
weir_secret_store_set_finish (WeirSecretStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (weir_task_is_of (result, self, weir_secret_store_set_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * weir_secret_store_list_async:
 * @self: a secret store that is open
 * @scope: whose secrets
 * @with_values: whether the values are wanted as well
 * @cancellable: (nullable): not waiting any more
 * @callback: (scope async) (nullable): called with the secrets
 * @user_data: for @callback
 *
 * Looks for the secrets of a scope.
 *
 * Since: 1.0
 */
void
weir_secret_store_list_async (WeirSecretStore *self,
                              const char *scope,
                              gboolean with_values,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (WEIR_IS_SECRET_STORE (self));
  g_return_if_fail (scope != NULL);

  task = weir_task_new (self, cancellable, callback, user_data, weir_secret_store_list_async);
  if (!weir_secret_check_scope (scope, &error))
    g_task_return_error (task, error);
  else if (WEIR_SECRET_STORE_GET_IFACE (self)->list != NULL)
    WEIR_SECRET_STORE_GET_IFACE (self)->list (self, scope, with_values, task);
  else
    weir_task_return_unsupported (task);
}

/**
 * weir_secret_store_list_finish:
 * @self: a secret store
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Returns: (transfer container) (element-type WeirSecret): the secrets, sorted by name, or
 *   %NULL with an error
 *
 * Since: 1.0
 */
GPtrArray *
weir_secret_store_list_finish (WeirSecretStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (weir_task_is_of (result, self, weir_secret_store_list_async), NULL);

  return weir_task_propagate_boxed (G_TASK (result), G_TYPE_PTR_ARRAY, error);
}

/**
 * weir_secret_store_remove_async:
 * @self: a secret store that is open
 * @scope: whose secrets
 * @names: (array zero-terminated=1): which of them
 * @cancellable: (nullable): not waiting any more
 * @callback: (scope async) (nullable): called when they are forgotten
 * @user_data: for @callback
 *
 * Forgets secrets.
 *
 * Since: 1.0
 */
void
weir_secret_store_remove_async (WeirSecretStore *self,
                                const char *scope,
                                const char *const *names,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (WEIR_IS_SECRET_STORE (self));
  g_return_if_fail (scope != NULL && names != NULL);

  task = weir_task_new (self, cancellable, callback, user_data, weir_secret_store_remove_async);
  if (!weir_secret_check_scope (scope, &error))
    g_task_return_error (task, error);
  else if (WEIR_SECRET_STORE_GET_IFACE (self)->remove != NULL)
    WEIR_SECRET_STORE_GET_IFACE (self)->remove (self, scope, names, task);
  else
    weir_task_return_unsupported (task);
}

/**
 * weir_secret_store_remove_finish:
 * @self: a secret store
 * @result: what the callback was given
 * @error: return location for an error: [error@Weir.Error.NOT_FOUND], when one of them is not
 *   there, and then none is removed
 *
 * Returns: whether they are forgotten
 *
 * Since: 1.0
 */
gboolean
weir_secret_store_remove_finish (WeirSecretStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (weir_task_is_of (result, self, weir_secret_store_remove_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * weir_secret_store_dup_location:
 * @self: a secret store
 *
 * Returns: (transfer full): where it keeps things, for a person
 *
 * Since: 1.0
 */
char *
weir_secret_store_dup_location (WeirSecretStore *self)
{
  WeirSecretStoreInterface *iface;

  g_return_val_if_fail (WEIR_IS_SECRET_STORE (self), NULL);

  iface = WEIR_SECRET_STORE_GET_IFACE (self);
  return iface->dup_location != NULL ? iface->dup_location (self)
                                     : g_strdup (G_OBJECT_TYPE_NAME (self));
}

/**
 * weir_secret_store_emit_changed:
 * @self: a secret store
 *
 * Emits [signal@Weir.SecretStore::changed]: for implementations, on the thread that made it.
 *
 * Since: 1.0
 */
void
weir_secret_store_emit_changed (WeirSecretStore *self)
{
  g_return_if_fail (WEIR_IS_SECRET_STORE (self));

  g_signal_emit (self, changed_signal, 0);
}
