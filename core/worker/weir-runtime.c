/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-runtime.h"
#include "base/weir-error.h"

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
 *   this revision before.
 *
 * What a runtime has to know.
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

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, weir_runtime_prepare_async);
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
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, weir_runtime_prepare_async), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * weir_runtime_launch:
 * @self: a runtime
 * @function: a revision that was prepared
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
