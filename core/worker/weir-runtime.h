/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include "store/weir-function.h"
#include "worker/weir-launch.h"

G_BEGIN_DECLS

/* Knows how to start workers in one language runtime. Used on the control thread. */
#define WEIR_TYPE_RUNTIME (weir_runtime_get_type ())

WEIR_AVAILABLE_IN_ALL
G_DECLARE_INTERFACE (WeirRuntime, weir_runtime, WEIR, RUNTIME, GObject)

struct _WeirRuntimeInterface
{
  GTypeInterface g_iface;

  /* Finds the executable and checks its version. Blocking, short. Returns text for a
   * person, "deno 2.9.6 (/usr/bin/deno)"; the error says what to install and how. */
  char *(*probe) (WeirRuntime *self, GError **error);
  /* Makes a revision ready to start: fetches dependencies that are missing (saying so in
   * MESSAGE log lines), checks that every local module exists. Task result: the absolute
   * paths of all local files that the function is made of, as G_TYPE_STRV, through
   * g_task_return_pointer (char **, g_strfreev). Must be cheap when there is nothing to do. */
  void (*prepare) (WeirRuntime *self, WeirFunction *function, GTask *task);
  /* The command for one worker. Never blocks; prepare() came before, for this revision. */
  WeirLaunch *(*launch) (WeirRuntime *self,
                         WeirFunction *function,
                         const char *socket_path,
                         GError **error);
  /* Which standby can load this function: processes with the same key are alike. NULL: none
   * can, and reason (transfer full, for a person) says why. Never blocks; may be asked before
   * prepare(), and a function that has a key may be launched and loaded before it too. */
  char *(*get_standby_key) (WeirRuntime *self, WeirFunction *function, char **reason);
  /* A process that waits for its load command, for any function with the key of this one. */
  WeirLaunch *(*launch_standby) (WeirRuntime *self,
                                 WeirFunction *function,
                                 const char *socket_path,
                                 GError **error);
  /* The load command of this function for a process that launch_standby() described. */
  char *(*make_load_command) (WeirRuntime *self,
                              WeirFunction *function,
                              WeirLaunch *launch,
                              GError **error);

  /*< private >*/
  gpointer padding[5];
};

WEIR_AVAILABLE_IN_ALL
char *weir_runtime_probe (WeirRuntime *self, GError **error);
WEIR_AVAILABLE_IN_ALL
void weir_runtime_prepare_async (WeirRuntime *self,
                                 WeirFunction *function,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
WEIR_AVAILABLE_IN_ALL
char **weir_runtime_prepare_finish (WeirRuntime *self, GAsyncResult *result, GError **error);
WEIR_AVAILABLE_IN_ALL
WeirLaunch *weir_runtime_launch (WeirRuntime *self,
                                 WeirFunction *function,
                                 const char *socket_path,
                                 GError **error);
WEIR_AVAILABLE_IN_ALL
char *weir_runtime_get_standby_key (WeirRuntime *self, WeirFunction *function, char **reason);
WEIR_AVAILABLE_IN_ALL
WeirLaunch *weir_runtime_launch_standby (WeirRuntime *self,
                                         WeirFunction *function,
                                         const char *socket_path,
                                         GError **error);
WEIR_AVAILABLE_IN_ALL
char *weir_runtime_make_load_command (WeirRuntime *self,
                                      WeirFunction *function,
                                      WeirLaunch *launch,
                                      GError **error);

G_END_DECLS
