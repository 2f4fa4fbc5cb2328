/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "store/weir-store.h"

#include "base/weir-error.h"
#include "base/weir-signal-private.h"
#include "base/weir-task-private.h"

/**
 * WeirStore:
 *
 * What is remembered from one run of a server to the next: API keys, settings, secrets that
 * were encrypted before they came here.
 *
 * A store keeps [struct@Weir.Record]s and knows nothing of their meaning. A change that was
 * acknowledged survives whatever happens to the program or to the machine.
 *
 * All methods belong to the thread that made the store, and answers come there too. An
 * implementation gets a [class@Gio.Task] for each call and answers it once, now or later:
 * with %TRUE, with a value (see [method@Gio.Task.return_value]), or with an error of the
 * domain [error@Weir.Error]. A call whose task is dropped unanswered has failed.
 *
 * Since: 1.0
 */
G_DEFINE_INTERFACE (WeirStore, weir_store, G_TYPE_OBJECT)

/**
 * WeirStoreInterface:
 * @open: makes the store ready; answers with %TRUE. What does not exist yet is not made
 * @apply: does all of the [struct@Weir.Change]s or none, and answers with %TRUE when that is
 *   durable; [error@Weir.Error.EXISTS] when a key or a name is taken,
 *   [error@Weir.Error.NOT_FOUND] when a record is not there, and
 *   [error@Weir.Error.INVALID_STATE] when it has another version
 * @lookup: answers with the [struct@Weir.Record], or with [error@Weir.Error.NOT_FOUND]
 * @list: answers with a [struct@GLib.PtrArray] of all records of a kind, sorted by key
 * @check: answers with an array of strings: what is damaged
 * @backup: writes a copy of everything to a file that must not exist, and answers with %TRUE
 * @dup_location: where the store keeps things, for a person
 *
 * What a store implements.
 *
 * Since: 1.0
 */

static guint changed_signal;

static void
weir_store_default_init (WeirStoreInterface *iface)
{
  /**
   * WeirStore::changed:
   * @self: the store
   *
   * Records were written, by this program or by another one that uses the same store.
   *
   * Since: 1.0
   */
  changed_signal = weir_signal_new (WEIR_TYPE_STORE, "changed", 0);
}

/**
 * weir_store_open_async:
 * @self: a store that was not opened yet
 * @cancellable: (nullable): given up
 * @callback: (scope async) (nullable): called when it is open, or cannot be opened
 * @user_data: for @callback
 *
 * Makes the store ready: brings an older one up to date, and finds out what is wrong with a
 * damaged one. A store that does not exist yet is opened too, and is made by the first change.
 *
 * Since: 1.0
 */
void
weir_store_open_async (WeirStore *self,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (WEIR_IS_STORE (self));

  task = weir_task_new (self, cancellable, callback, user_data, weir_store_open_async);
  if (WEIR_STORE_GET_IFACE (self)->open != NULL)
    WEIR_STORE_GET_IFACE (self)->open (self, task);
  else
    g_task_return_boolean (task, TRUE);
}

/**
 * weir_store_open_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Returns: whether the store can be used
 *
 * Since: 1.0
 */
gboolean
weir_store_open_finish (WeirStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (weir_task_is_of (result, self, weir_store_open_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * weir_store_apply_async:
 * @self: a store that is open
 * @changes: (element-type WeirChange): what to do, in this order
 * @cancellable: (nullable): not waiting any more; the changes may have been made all the same
 * @callback: (scope async) (nullable): called when they are durable, or none was made
 * @user_data: for @callback
 *
 * Makes all of the changes or none.
 *
 * Since: 1.0
 */
void
weir_store_apply_async (WeirStore *self,
                        GPtrArray *changes,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (WEIR_IS_STORE (self));
  g_return_if_fail (changes != NULL);

  task = weir_task_new (self, cancellable, callback, user_data, weir_store_apply_async);
  if (WEIR_STORE_GET_IFACE (self)->apply != NULL)
    WEIR_STORE_GET_IFACE (self)->apply (self, changes, task);
  else
    weir_task_return_unsupported (task);
}

/**
 * weir_store_apply_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: return location for an error: [error@Weir.Error.EXISTS], when a key or a name is
 *   taken, [error@Weir.Error.NOT_FOUND], when a record is not there, and
 *   [error@Weir.Error.INVALID_STATE], when somebody else changed it meanwhile
 *
 * Returns: whether all of the changes were made and are durable; if not, none was made
 *
 * Since: 1.0
 */
gboolean
weir_store_apply_finish (WeirStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (weir_task_is_of (result, self, weir_store_apply_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * weir_store_lookup_async:
 * @self: a store that is open
 * @kind: the kind of a record
 * @key: its key
 * @cancellable: (nullable): not waiting any more
 * @callback: (scope async) (nullable): called with the record
 * @user_data: for @callback
 *
 * Looks for one record.
 *
 * Since: 1.0
 */
void
weir_store_lookup_async (WeirStore *self,
                         const char *kind,
                         const char *key,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (WEIR_IS_STORE (self));
  g_return_if_fail (kind != NULL && key != NULL);

  task = weir_task_new (self, cancellable, callback, user_data, weir_store_lookup_async);
  if (WEIR_STORE_GET_IFACE (self)->lookup != NULL)
    WEIR_STORE_GET_IFACE (self)->lookup (self, kind, key, task);
  else
    weir_task_return_unsupported (task);
}

/**
 * weir_store_lookup_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: return location for an error: [error@Weir.Error.NOT_FOUND], when there is none
 *
 * Returns: (transfer full): the record, or %NULL with an error
 *
 * Since: 1.0
 */
WeirRecord *
weir_store_lookup_finish (WeirStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (weir_task_is_of (result, self, weir_store_lookup_async), NULL);

  return weir_task_propagate_boxed (G_TASK (result), WEIR_TYPE_RECORD, error);
}

/**
 * weir_store_list_async:
 * @self: a store that is open
 * @kind: a kind of records
 * @cancellable: (nullable): not waiting any more
 * @callback: (scope async) (nullable): called with the records
 * @user_data: for @callback
 *
 * Looks for all records of a kind.
 *
 * Since: 1.0
 */
void
weir_store_list_async (WeirStore *self,
                       const char *kind,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (WEIR_IS_STORE (self));
  g_return_if_fail (kind != NULL);

  task = weir_task_new (self, cancellable, callback, user_data, weir_store_list_async);
  if (WEIR_STORE_GET_IFACE (self)->list != NULL)
    WEIR_STORE_GET_IFACE (self)->list (self, kind, task);
  else
    weir_task_return_unsupported (task);
}

/**
 * weir_store_list_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Returns: (transfer container) (element-type WeirRecord): the records, sorted by key, or
 *   %NULL with an error
 *
 * Since: 1.0
 */
GPtrArray *
weir_store_list_finish (WeirStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (weir_task_is_of (result, self, weir_store_list_async), NULL);

  return weir_task_propagate_boxed (G_TASK (result), G_TYPE_PTR_ARRAY, error);
}

/**
 * weir_store_check_async:
 * @self: a store that is open
 * @cancellable: (nullable): not waiting any more
 * @callback: (scope async) (nullable): called with what was found
 * @user_data: for @callback
 *
 * Reads everything and looks for damage.
 *
 * Since: 1.0
 */
void
weir_store_check_async (WeirStore *self,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (WEIR_IS_STORE (self));

  task = weir_task_new (self, cancellable, callback, user_data, weir_store_check_async);
  if (WEIR_STORE_GET_IFACE (self)->check != NULL)
    WEIR_STORE_GET_IFACE (self)->check (self, task);
  else
    weir_task_return_unsupported (task);
}

/**
 * weir_store_check_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Returns: (transfer full) (array zero-terminated=1): what is damaged, one line each, empty
 *   when nothing is; or %NULL with an error
 *
 * Since: 1.0
 */
char **
weir_store_check_finish (WeirStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (weir_task_is_of (result, self, weir_store_check_async), NULL);

  return weir_task_propagate_boxed (G_TASK (result), G_TYPE_STRV, error);
}

/**
 * weir_store_backup_async:
 * @self: a store that is open
 * @path: (type filename): the file to write, which must not exist
 * @cancellable: (nullable): not waiting any more
 * @callback: (scope async) (nullable): called when the file is complete
 * @user_data: for @callback
 *
 * Writes a copy of everything, as it is at one moment. The store can be used meanwhile.
 *
 * Since: 1.0
 */
void
weir_store_backup_async (WeirStore *self,
                         const char *path,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (WEIR_IS_STORE (self));
  g_return_if_fail (path != NULL);

  task = weir_task_new (self, cancellable, callback, user_data, weir_store_backup_async);
  if (WEIR_STORE_GET_IFACE (self)->backup != NULL)
    WEIR_STORE_GET_IFACE (self)->backup (self, path, task);
  else
    weir_task_return_unsupported (task);
}

/**
 * weir_store_backup_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: return location for an error: [error@Weir.Error.EXISTS], when there is such a file
 *
 * Returns: whether the copy is complete and durable
 *
 * Since: 1.0
 */
gboolean
weir_store_backup_finish (WeirStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (weir_task_is_of (result, self, weir_store_backup_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * weir_store_dup_location:
 * @self: a store
 *
 * Returns: (transfer full): where it keeps things, for a person: a path, or an address
 *
 * Since: 1.0
 */
char *
weir_store_dup_location (WeirStore *self)
{
  WeirStoreInterface *iface;

  g_return_val_if_fail (WEIR_IS_STORE (self), NULL);

  iface = WEIR_STORE_GET_IFACE (self);
  return iface->dup_location != NULL ? iface->dup_location (self)
                                     : g_strdup (G_OBJECT_TYPE_NAME (self));
}

/**
 * weir_store_emit_changed:
 * @self: a store
 *
 * Emits [signal@Weir.Store::changed]: for implementations, on the thread that made the store.
 *
 * Since: 1.0
 */
void
weir_store_emit_changed (WeirStore *self)
{
  g_return_if_fail (WEIR_IS_STORE (self));

  g_signal_emit (self, changed_signal, 0);
}
