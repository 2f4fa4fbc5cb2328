/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-runtime-deno"

#include "weir-deno-prepare.h"
#include "weir-deno-launch.h"

typedef struct
{
  char *name; /* of the function */
  GSubprocess *process;
  GOutputStream *output;
  GDataInputStream *progress;
  GString *complaints;
  guint pending;
  GError *error;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  g_clear_object (&job->process);
  g_clear_object (&job->output);
  g_clear_object (&job->progress);
  g_clear_error (&job->error);
  if (job->complaints != NULL)
    g_string_free (job->complaints, TRUE);
  g_free (job->name);
  g_free (job);
}

static void
answer (GTask *task)
{
  Job *job = g_task_get_task_data (task);
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *text = NULL;
  GError *error = NULL;
  WeirDenoInfo *info;

  if (g_task_return_error_if_cancelled (task))
    return;
  if (job->error != NULL)
    {
      g_task_return_error (task, g_steal_pointer (&job->error));
      return;
    }
  if (!g_subprocess_get_if_exited (job->process) ||
      g_subprocess_get_exit_status (job->process) != 0)
    {
      g_task_return_new_error (task,
                               WEIR_ERROR,
                               WEIR_ERROR_BOOT_FAILED,
                               "Deno cannot read the modules of \"%s\": %s",
                               job->name,
                               g_strstrip (job->complaints->str));
      return;
    }
  bytes = g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (job->output));
  text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  info = weir_deno_info_parse (text, &error);
  if (info == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, info, (GDestroyNotify) weir_deno_info_free);
}

/* The process, its output and its messages end in any order. */
static void
finish_part (GTask *task, GError *error)
{
  Job *job = g_task_get_task_data (task);

  if (error != NULL && job->error == NULL)
    {
      job->error = error;
      g_subprocess_force_exit (job->process);
    }
  else
    {
      g_clear_error (&error);
    }
  if (--job->pending == 0)
    answer (task);
}

static void
on_exited (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  g_subprocess_wait_finish (G_SUBPROCESS (source), result, &error);
  finish_part (task, error);
}

static void
on_output (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  g_output_stream_splice_finish (G_OUTPUT_STREAM (source), result, &error);
  finish_part (task, error);
}

static void read_progress (GTask *task);

static void
on_progress (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Job *job = g_task_get_task_data (task);
  GError *error = NULL;
  g_autofree char *line =
      g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (source), result, NULL, &error);
  g_autofree char *download = NULL;

  if (line == NULL)
    {
      finish_part (task, error);
      return;
    }
  download = weir_deno_info_parse_download (line);
  if (download != NULL)
    g_message ("%s: fetching %s", job->name, download);
  else if (!g_str_has_prefix (line, "Download ") && job->complaints->len < 16384)
    g_string_append_printf (job->complaints, "%s\n", line);
  read_progress (task);
}

static void
read_progress (GTask *task)
{
  Job *job = g_task_get_task_data (task);

  g_data_input_stream_read_line_async (job->progress,
                                       g_task_get_priority (task),
                                       g_task_get_cancellable (task),
                                       on_progress,
                                       g_object_ref (task));
}

static void
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  g_subprocess_force_exit (user_data);
}

static void
follow (GTask *task)
{
  Job *job = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);

  job->pending = 3;
  if (cancellable != NULL)
    g_signal_connect_object (cancellable, "cancelled", G_CALLBACK (on_cancelled), job->process, 0);
  /* Not cancelled: what was killed must still be waited for. */
  g_subprocess_wait_async (job->process, NULL, on_exited, g_object_ref (task));
  g_output_stream_splice_async (job->output,
                                g_subprocess_get_stdout_pipe (job->process),
                                G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET,
                                g_task_get_priority (task),
                                cancellable,
                                on_output,
                                g_object_ref (task));
  read_progress (task);
}

static GSubprocess *
spawn (const char *const *argv, const char *deno_dir, const char *directory, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);

  g_subprocess_launcher_set_cwd (launcher, directory);
  weir_deno_set_tool_environ (launcher, deno_dir);
  return g_subprocess_launcher_spawnv (launcher, argv, error);
}

static char **
make_argv (const char *executable, WeirFunction *function, const WeirDenoPlan *plan)
{
  GPtrArray *argv = g_ptr_array_new ();

  g_ptr_array_add (argv, g_strdup (executable));
  g_ptr_array_add (argv, g_strdup ("info"));
  g_ptr_array_add (argv, g_strdup ("--json"));
  weir_deno_append_graph_args (argv, plan);
  /* As a URI: in a path Deno takes "%" for an escape. */
  g_ptr_array_add (argv, g_filename_to_uri (weir_function_get_entrypoint (function), NULL, NULL));
  g_ptr_array_add (argv, NULL);
  return (char **) g_ptr_array_free (argv, FALSE);
}

void
weir_deno_prepare (const char *executable,
                   const char *deno_dir,
                   WeirFunction *function,
                   const WeirDenoPlan *plan,
                   GTask *task)
{
  g_auto (GStrv) argv = make_argv (executable, function, plan);
  GError *error = NULL;
  Job *job = g_new0 (Job, 1);

  job->name = g_strdup (weir_function_get_name (function));
  job->complaints = g_string_new (NULL);
  g_task_set_task_data (task, job, job_free);
  job->process =
      spawn ((const char *const *) argv, deno_dir, weir_function_get_directory (function), &error);
  if (job->process == NULL)
    {
      g_prefix_error (&error, "Cannot run %s: ", executable);
      g_task_return_error (task, error);
      return;
    }
  job->output = g_memory_output_stream_new_resizable ();
  job->progress = g_data_input_stream_new (g_subprocess_get_stderr_pipe (job->process));
  follow (task);
}
