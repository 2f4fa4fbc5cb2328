/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-runtime-deno"

#include "weir-deno-bundle.h"

#include <errno.h>
#include <glib/gstdio.h>

#include "weir-deno-folder.h"
#include "weir-deno-launch.h"

#define FILE_NAME "index.js"

typedef struct
{
  char *name; /* of the function */
  char *work; /* folder, beside the final one: the source map has relative paths */
  char *final;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  weir_deno_folder_remove (job->work);
  g_free (job->name);
  g_free (job->work);
  g_free (job->final);
  g_free (job);
}

/* import.meta.main is of no meaning in a bundle, and nobody could see an unexported handler. */
gboolean
weir_deno_bundle_is_wanted (WeirFunction *function, const WeirDenoPlan *plan)
{
  return weir_settings_get_boolean (weir_function_get_settings (function), "bundle") &&
         !plan->is_main && !plan->unexported;
}

char *
weir_deno_bundle_get_folder (const char *own_path)
{
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, own_path, -1);

  return g_build_filename (g_get_user_cache_dir (), "weir", "bundles", digest, NULL);
}

/* All that goes into it but for packages, whose versions do not change once fetched. */
static char *
make_digest (const char *executable, WeirFunction *function, const WeirDenoPlan *plan)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  const char *words[] = { executable,
                          weir_function_get_entrypoint (function),
                          plan->import_map,
                          plan->config != NULL ? plan->config : "" };

  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    g_checksum_update (checksum, (const guchar *) words[i], strlen (words[i]) + 1);
  for (guint i = 0; plan->files[i] != NULL; i++)
    {
      g_autofree char *text = NULL;
      gsize length = 0;

      g_checksum_update (checksum, (const guchar *) plan->files[i], strlen (plan->files[i]) + 1);
      if (g_file_get_contents (plan->files[i], &text, &length, NULL))
        g_checksum_update (checksum, (const guchar *) text, length);
    }
  if (plan->config != NULL)
    {
      g_autofree char *text = NULL;
      gsize length = 0;

      if (g_file_get_contents (plan->config, &text, &length, NULL))
        g_checksum_update (checksum, (const guchar *) text, length);
    }
  return g_strdup (g_checksum_get_string (checksum));
}

/* Bundles of revisions before; a worker has read its own when it loaded it. */
static void
remove_others (const char *final)
{
  g_autofree char *folder = g_path_get_dirname (final);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (!g_str_equal (path, final))
        weir_deno_folder_remove (path);
    }
}

static void
fail (GTask *task, const char *name, const char *complaint)
{
  const char *hint = "";

  if (strstr (complaint, "unrecognized subcommand") != NULL ||
      strstr (complaint, "is removed") != NULL || strstr (complaint, "was removed") != NULL)
    hint = "; this Deno cannot bundle: use a newer one, or take bundle = true away";
  else if (strstr (complaint, "esbuild") != NULL)
    hint = "; Deno fetches its bundler once from npm, and needs the network for that";
  g_task_return_new_error (task,
                           WEIR_ERROR,
                           WEIR_ERROR_BOOT_FAILED,
                           "Deno cannot bundle \"%s\": %s%s",
                           name,
                           complaint,
                           hint);
}

static void
on_bundled (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Job *job = g_task_get_task_data (task);
  GSubprocess *process = G_SUBPROCESS (source);
  g_autofree char *complaints = NULL;
  GError *error = NULL;

  if (!g_subprocess_communicate_utf8_finish (process, result, NULL, &complaints, &error))
    {
      g_subprocess_force_exit (process);
      g_task_return_error (task, error);
      return;
    }
  if (!g_subprocess_get_if_exited (process) || g_subprocess_get_exit_status (process) != 0)
    {
      fail (task, job->name, g_strstrip (complaints));
      return;
    }
  if (g_rename (job->work, job->final) != 0 && !g_file_test (job->final, G_FILE_TEST_IS_DIR))
    {
      g_task_return_new_error (task,
                               WEIR_ERROR,
                               WEIR_ERROR_FAILED,
                               "Cannot make %s: %s",
                               job->final,
                               g_strerror (errno));
      return;
    }
  remove_others (job->final);
  g_task_return_pointer (task, g_build_filename (job->final, FILE_NAME, NULL), g_free);
}

static GSubprocess *
spawn (const char *executable,
       const char *deno_dir,
       WeirFunction *function,
       const WeirDenoPlan *plan,
       const char *output,
       GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (
      G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_autoptr (GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (argv, g_strdup (executable));
  g_ptr_array_add (argv, g_strdup ("bundle"));
  g_ptr_array_add (argv, g_strdup ("--quiet"));
  weir_deno_append_graph_args (argv, plan);
  g_ptr_array_add (argv, g_strdup ("--sourcemap=linked"));
  g_ptr_array_add (argv, g_strdup_printf ("--output=%s", output));
  g_ptr_array_add (argv, g_filename_to_uri (weir_function_get_entrypoint (function), NULL, NULL));
  g_ptr_array_add (argv, NULL);
  g_subprocess_launcher_set_cwd (launcher, weir_function_get_directory (function));
  weir_deno_set_tool_environ (launcher, deno_dir);
  return g_subprocess_launcher_spawnv (launcher, (const char *const *) argv->pdata, error);
}

void
weir_deno_bundle (const char *executable,
                  const char *deno_dir,
                  const char *own_path,
                  WeirFunction *function,
                  const WeirDenoPlan *plan,
                  GTask *task)
{
  g_autofree char *digest = make_digest (executable, function, plan);
  g_autofree char *folder = weir_deno_bundle_get_folder (own_path);
  g_autofree char *output = NULL;
  g_autoptr (GSubprocess) process = NULL;
  GError *error = NULL;
  Job *job = g_new0 (Job, 1);

  job->name = g_strdup (weir_function_get_name (function));
  job->final = g_build_filename (folder, digest, NULL);
  job->work = g_strdup_printf ("%s/.%08x", folder, g_random_int ());
  g_task_set_task_data (task, job, job_free);
  output = g_build_filename (job->final, FILE_NAME, NULL);
  if (g_file_test (output, G_FILE_TEST_IS_REGULAR))
    {
      g_task_return_pointer (task, g_steal_pointer (&output), g_free);
      return;
    }
  if (g_mkdir_with_parents (job->work, 0700) != 0)
    {
      g_task_return_new_error (task,
                               WEIR_ERROR,
                               WEIR_ERROR_FAILED,
                               "Cannot make the folder %s: %s",
                               job->work,
                               g_strerror (errno));
      return;
    }
  g_free (output);
  output = g_build_filename (job->work, FILE_NAME, NULL);
  process = spawn (executable, deno_dir, function, plan, output, &error);
  if (process == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  g_subprocess_communicate_utf8_async (process,
                                       NULL,
                                       g_task_get_cancellable (task),
                                       on_bundled,
                                       g_object_ref (task));
}
