/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-deno-fetch.h"

#include "weir-deno-launch.h"

/* Two packages may want a third in ranges that differ. For modules that are known beforehand Deno
 * spares one of its versions if the other will do for both; for those that are imported while it
 * runs, as workers import functions, it does not. What the middle one names it finds packages for,
 * and since it never calls that, no line of the function runs here. */
#define PROGRAM                                                                                    \
  "await import(\"data:text/javascript,\" + "                                                      \
  "encodeURIComponent(`() => import(${JSON.stringify(Deno.args[0])})`))"

static void
on_exited (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (g_subprocess_wait_check_finish (G_SUBPROCESS (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  g_subprocess_force_exit (user_data);
}

void
weir_deno_fetch (const char *executable,
                 const char *deno_dir,
                 WeirFunction *function,
                 const WeirDenoPlan *plan,
                 GTask *task)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (
      G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  g_autoptr (GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);
  GCancellable *cancellable = g_task_get_cancellable (task);
  g_autoptr (GSubprocess) process = NULL;
  GError *error = NULL;

  g_ptr_array_add (argv, g_strdup (executable));
  g_ptr_array_add (argv, g_strdup ("eval"));
  weir_deno_append_graph_args (argv, plan);
  g_ptr_array_add (argv, g_strdup (PROGRAM));
  g_ptr_array_add (argv, g_filename_to_uri (weir_function_get_entrypoint (function), NULL, NULL));
  g_ptr_array_add (argv, NULL);
  g_subprocess_launcher_set_cwd (launcher, weir_function_get_directory (function));
  weir_deno_set_tool_environ (launcher, deno_dir);
  process = g_subprocess_launcher_spawnv (launcher, (const char *const *) argv->pdata, &error);
  if (process == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  if (cancellable != NULL)
    g_signal_connect_object (cancellable, "cancelled", G_CALLBACK (on_cancelled), process, 0);
  /* Not cancelled: what was killed must still be waited for. */
  g_subprocess_wait_check_async (process, NULL, on_exited, g_object_ref (task));
}
