/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-runtime.h"
#include "base/weir-error.h"
#include "base/weir-task-private.h"

/**
 * WeirRuntime:
 *
 * Knows how to start workers in one language runtime, such as Deno.
 *
 * A runtime is an extension point: plugins implement it. It never runs a process of its
 * own for a worker; it says how one is started ([struct@Launch]) and the worker's
 * pool does the rest. All of its methods are called on the control thread.
 *
 * Since: 1.0
 */

/**
 * WeirRuntimeInterface:
 * @probe: finds the executable and checks its version. May block, but shortly. Returns
 *   text for a person, such as `deno 2.9.6 (/usr/bin/deno)`; the error says what to
 *   install and how.
 * @prepare: makes a revision ready to start: fetches the dependencies that are missing
 *   and checks that every local module exists. Must be cheap when there is nothing to
 *   do. Completes the task, now or later, with the absolute paths of all local files that
 *   the function is made of, by `g_task_return_pointer (task, paths, g_strfreev)`. The
 *   cancellable rides in the task.
 * @launch: gives the command for one worker. Never blocks; @prepare has succeeded for
 *   this revision before, or @get_standby_key gave a key for it; or the configuration is
 *   checked, and nothing comes of the command but the error that it may have.
 * @get_standby_key: says which *standby* can load this function: a process that was
 *   started beforehand and waits for its load command. Functions with the same key may be
 *   loaded into each other's standbys, so everything that is fixed when a process starts
 *   has to be part of the key. %NULL means that the function needs a process of its own,
 *   and the text in `reason` says why, in a few words for a person. Never blocks. It is
 *   asked before @prepare and after it; a function that has a key is loaded without
 *   waiting for @prepare, which then only has to tell its files. May be %NULL: this runtime
 *   has no standbys.
 * @launch_standby: gives the command for one standby, for any function with the key of
 *   this one. Its load command is empty. Never blocks.
 * @make_load_command: gives the load command of this function for a process that
 *   @launch_standby described. Never blocks.
 *
 * What a runtime has to know. The three methods about standbys go together: all of them
 * are there, or none.
 *
 * Since: 1.0
 */

G_DEFINE_INTERFACE (WeirRuntime, weir_runtime, G_TYPE_OBJECT)

static void
weir_runtime_default_init (WeirRuntimeInterface *iface)
{
}

static void
set_missing (GError **error, WeirRuntime *self, const char *method)
{
  g_set_error (error,
               WEIR_ERROR,
               WEIR_ERROR_NOT_SUPPORTED,
               "%s does not implement %s",
               G_OBJECT_TYPE_NAME (self),
               method);
}

/**
 * weir_runtime_probe:
 * @self: a runtime
 * @error: return location for an error
 *
 * Finds the runtime's executable and checks its version. Blocks shortly.
 *
 * Returns: (transfer full): text for a person, such as `deno 2.9.6 (/usr/bin/deno)`
 *
 * Since: 1.0
 */
char *
weir_runtime_probe (WeirRuntime *self, GError **error)
{
  WeirRuntimeInterface *iface;

  g_return_val_if_fail (WEIR_IS_RUNTIME (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  iface = WEIR_RUNTIME_GET_IFACE (self);
  if (iface->probe != NULL)
    return iface->probe (self, error);
  set_missing (error, self, "probe");
  return NULL;
}

/**
 * weir_runtime_prepare_async:
 * @self: a runtime
 * @function: the revision to prepare
 * @cancellable: (nullable): gives up early
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Makes a revision ready to start: fetches the dependencies that are missing and checks
 * that every local module exists.
 *
 * Since: 1.0
 */
void
weir_runtime_prepare_async (WeirRuntime *self,
                            WeirFunction *function,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  WeirRuntimeInterface *iface;

  g_return_if_fail (WEIR_IS_RUNTIME (self));
  g_return_if_fail (WEIR_IS_FUNCTION (function));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = weir_task_new (self, cancellable, callback, user_data, weir_runtime_prepare_async);
  if (g_task_return_error_if_cancelled (task))
    return;

  iface = WEIR_RUNTIME_GET_IFACE (self);
  if (iface->prepare != NULL)
    {
      iface->prepare (self, function, task);
    }
  else
    {
      GError *error = NULL;

      set_missing (&error, self, "prepare");
      g_task_return_error (task, error);
    }
}

/**
 * weir_runtime_prepare_finish:
 * @self: a runtime
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Ends what [method@Runtime.prepare_async] began. Errors are
 * [error@Weir.Error.BOOT_FAILED] when a module or a dependency is missing.
 *
 * Returns: (transfer full) (array zero-terminated=1): absolute paths of all local files
 *   that the function is made of
 *
 * Since: 1.0
 */
char **
weir_runtime_prepare_finish (WeirRuntime *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (WEIR_IS_RUNTIME (self), NULL);
  g_return_val_if_fail (weir_task_is_of (result, self, weir_runtime_prepare_async), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * weir_runtime_launch:
 * @self: a runtime
 * @function: a revision that was prepared, or that is only looked at to check the configuration
 * @socket_path: where the worker shall listen
 * @error: return location for an error
 *
 * Gives the command for one worker. Does not block.
 *
 * Returns: (transfer full): how to start the worker
 *
 * Since: 1.0
 */
WeirLaunch *
weir_runtime_launch (WeirRuntime *self,
                     WeirFunction *function,
                     const char *socket_path,
                     GError **error)
{
  WeirRuntimeInterface *iface;

  g_return_val_if_fail (WEIR_IS_RUNTIME (self), NULL);
  g_return_val_if_fail (WEIR_IS_FUNCTION (function), NULL);
  g_return_val_if_fail (socket_path != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  iface = WEIR_RUNTIME_GET_IFACE (self);
  if (iface->launch != NULL)
    return iface->launch (self, function, socket_path, error);
  set_missing (error, self, "launch");
  return NULL;
}

/**
 * weir_runtime_get_standby_key:
 * @self: a runtime
 * @function: a revision
 * @reason: (out) (optional) (nullable) (transfer full): return location for the words that
 *   say why there is no key
 *
 * Says which standby can load a function. Does not block.
 *
 * Returns: (transfer full) (nullable): the same text for all functions that can be loaded
 *   by the same process, or %NULL if this one needs a process of its own
 *
 * Since: 1.0
 */
char *
weir_runtime_get_standby_key (WeirRuntime *self, WeirFunction *function, char **reason)
{
  WeirRuntimeInterface *iface;
  g_autofree char *said = NULL;
  g_autofree char *key = NULL;

  g_return_val_if_fail (WEIR_IS_RUNTIME (self), NULL);
  g_return_val_if_fail (WEIR_IS_FUNCTION (function), NULL);

  iface = WEIR_RUNTIME_GET_IFACE (self);
  if (iface->get_standby_key != NULL && iface->launch_standby != NULL &&
      iface->make_load_command != NULL)
    key = iface->get_standby_key (self, function, &said);
  else
    said = g_strdup ("its runtime has no standbys");
  if (reason != NULL)
    *reason = key == NULL ? g_steal_pointer (&said) : NULL;
  return g_steal_pointer (&key);
}

/**
 * weir_runtime_launch_standby:
 * @self: a runtime
 * @function: a revision that has a standby key
 * @socket_path: where the worker shall listen once it has loaded a function
 * @error: return location for an error
 *
 * Gives the command for one standby. Does not block.
 *
 * Returns: (transfer full): how to start the standby; its load command is empty
 *
 * Since: 1.0
 */
WeirLaunch *
weir_runtime_launch_standby (WeirRuntime *self,
                             WeirFunction *function,
                             const char *socket_path,
                             GError **error)
{
  WeirRuntimeInterface *iface;

  g_return_val_if_fail (WEIR_IS_RUNTIME (self), NULL);
  g_return_val_if_fail (WEIR_IS_FUNCTION (function), NULL);
  g_return_val_if_fail (socket_path != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  iface = WEIR_RUNTIME_GET_IFACE (self);
  if (iface->launch_standby != NULL)
    return iface->launch_standby (self, function, socket_path, error);
  set_missing (error, self, "launch_standby");
  return NULL;
}

/**
 * weir_runtime_make_load_command:
 * @self: a runtime
 * @function: a revision that has the key of the standby
 * @launch: how the standby was started
 * @error: return location for an error
 *
 * Gives the line that makes a standby load a function. It carries the function's
 * environment, secrets included: it must never be logged. Does not block.
 *
 * Returns: (transfer full): one line of JSON without the newline
 *
 * Since: 1.0
 */
char *
weir_runtime_make_load_command (WeirRuntime *self,
                                WeirFunction *function,
                                WeirLaunch *launch,
                                GError **error)
{
  WeirRuntimeInterface *iface;

  g_return_val_if_fail (WEIR_IS_RUNTIME (self), NULL);
  g_return_val_if_fail (WEIR_IS_FUNCTION (function), NULL);
  g_return_val_if_fail (launch != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  iface = WEIR_RUNTIME_GET_IFACE (self);
  if (iface->make_load_command != NULL)
    return iface->make_load_command (self, function, launch, error);
  set_missing (error, self, "make_load_command");
  return NULL;
}
