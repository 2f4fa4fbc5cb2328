/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/weir-error.h"
#include "store/weir-function-private.h"
#include "weir-log-catcher.h"
#include "worker/weir-subprocess-private.h"
#include "worker/weir-worker-private.h"

typedef struct
{
  char *folder;
  char *socket;
  WeirWorker *worker;
  GString *states;
  GString *logs;
  gboolean exited;
  guint watchdog;
} Fixture;

static void
on_state_changed (WeirWorker *worker, WeirWorkerState from, WeirWorkerState to, Fixture *fixture)
{
  g_string_append_printf (fixture->states, "%s ", weir_worker_state_get_nick (to));
}

static void
on_exited (WeirWorker *worker, Fixture *fixture)
{
  fixture->exited = TRUE;
}

static void
on_log (WeirWorker *worker,
        const char *level,
        const char *message,
        const char *id,
        Fixture *fixture)
{
  g_string_append_printf (fixture->logs, "%s:%s:%s;", level, message, id);
}

static gboolean
on_watchdog (gpointer user_data)
{
  g_error ("the test takes too long");
  return G_SOURCE_REMOVE;
}

static WeirFunction *
make_function (const char *name)
{
  GHashTable *values =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  GHashTable *origins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (WeirSettings) settings = NULL;

  g_hash_table_insert (values,
                       g_strdup ("stop_timeout_ms"),
                       g_variant_ref_sink (g_variant_new_int64 (100)));
  if (g_str_equal (name, "silent"))
    g_hash_table_insert (values,
                         g_strdup ("boot_timeout_ms"),
                         g_variant_ref_sink (g_variant_new_int64 (100)));
  settings = weir_settings_new (values, origins);
  return weir_function_new (name, "/f", "/f", "/f/index.ts", settings, NULL, 1);
}

static WeirLaunch *
make_launch (const char *name, const char *socket)
{
  g_autofree char *script =
      g_test_build_filename (G_TEST_DIST, "integration", "child-worker.py", NULL);
  g_autofree char *command =
      g_strdup_printf ("{\"type\":\"load\",\"name\":\"%s\",\"socket\":\"%s\"}", name, socket);
  const char *argv[] = { "python3", "-S", script, NULL };

  return weir_launch_new (argv, NULL, "/", command, socket);
}

static void
set_up (Fixture *fixture, gconstpointer name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WeirFunction) function = make_function (name);
  g_autoptr (WeirLaunch) launch = NULL;
  g_autoptr (WeirProcess) process = weir_subprocess_new ();
  g_autoptr (WeirClock) clock = weir_clock_new ();

  fixture->folder = g_dir_make_tmp ("weir-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->socket = g_build_filename (fixture->folder, "w.sock", NULL);
  launch = make_launch (name, fixture->socket);
  fixture->worker = weir_worker_new (function, launch, process, clock);
  fixture->states = g_string_new (NULL);
  fixture->logs = g_string_new (NULL);
  g_signal_connect (fixture->worker, "state-changed", G_CALLBACK (on_state_changed), fixture);
  g_signal_connect (fixture->worker, "exited", G_CALLBACK (on_exited), fixture);
  g_signal_connect (fixture->worker, "log", G_CALLBACK (on_log), fixture);
  fixture->watchdog = g_timeout_add_seconds (30, on_watchdog, NULL);
  weir_worker_start (fixture->worker);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_source_remove (fixture->watchdog);
  g_assert_finalize_object (fixture->worker);
  g_assert_false (g_file_test (fixture->socket, G_FILE_TEST_EXISTS));
  g_assert_cmpint (g_rmdir (fixture->folder), ==, 0);
  g_free (fixture->folder);
  g_free (fixture->socket);
  g_string_free (fixture->states, TRUE);
  g_string_free (fixture->logs, TRUE);
  weir_log_catcher_assert ();
}

static void
wait_state (Fixture *fixture, WeirWorkerState state)
{
  while (weir_worker_get_state (fixture->worker) != state)
    g_main_context_iteration (NULL, TRUE);
}

static void
check_end (Fixture *fixture,
           const char *states,
           WeirWorkerExitReason reason,
           int code,
           const char *pattern)
{
  const GError *error;

  while (!fixture->exited)
    g_main_context_iteration (NULL, TRUE);
  error = weir_worker_get_error (fixture->worker);
  g_assert_cmpstr (fixture->states->str, ==, states);
  g_assert_cmpint (weir_worker_get_exit_reason (fixture->worker), ==, reason);
  if (pattern == NULL)
    {
      g_assert_no_error (error);
      return;
    }
  g_assert_error (error, WEIR_ERROR, code);
  if (!g_pattern_match_simple (pattern, error->message))
    g_error ("“%s” does not match “%s”", error->message, pattern);
}

static void
test_good (Fixture *fixture, gconstpointer data)
{
  wait_state (fixture, WEIR_WORKER_STATE_IDLE);
  g_assert_true (g_file_test (fixture->socket, G_FILE_TEST_EXISTS));
  g_assert_cmpstr (fixture->logs->str, ==, "info:about to be ready:r-1;");
  g_assert_cmpint (kill (weir_worker_get_pid (fixture->worker), 0), ==, 0);
  weir_worker_retire (fixture->worker);
  check_end (fixture,
             "spawning booting idle stopping exited ",
             WEIR_WORKER_EXIT_REASON_RETIRED,
             0,
             NULL);
}

static void
test_deaf (Fixture *fixture, gconstpointer data)
{
  wait_state (fixture, WEIR_WORKER_STATE_IDLE);
  weir_worker_stop (fixture->worker);
  check_end (fixture,
             "spawning booting idle stopping killing exited ",
             WEIR_WORKER_EXIT_REASON_REQUESTED,
             0,
             NULL);
}

static void
test_broken (Fixture *fixture, gconstpointer data)
{
  check_end (fixture,
             "spawning booting stopping exited ",
             WEIR_WORKER_EXIT_REASON_LOAD,
             WEIR_ERROR_BOOT_FAILED,
             "/f/index.ts:2:5: Unexpected token\n  2 | let = 1;\n    |     ^");
}

static void
test_silent (Fixture *fixture, gconstpointer data)
{
  check_end (fixture,
             "spawning booting killing exited ",
             WEIR_WORKER_EXIT_REASON_BOOT_TIMEOUT,
             WEIR_ERROR_BOOT_FAILED,
             "*boot_timeout_ms*");
}

static void
test_crash (Fixture *fixture, gconstpointer data)
{
  check_end (fixture,
             "spawning booting idle exited ",
             WEIR_WORKER_EXIT_REASON_CRASH,
             WEIR_ERROR_WORKER_FAILED,
             "*by signal 11*thread panicked*");
}

static void
test_memory (Fixture *fixture, gconstpointer data)
{
  check_end (fixture,
             "spawning booting idle exited ",
             WEIR_WORKER_EXIT_REASON_LIMIT_MEMORY,
             WEIR_ERROR_WORKER_LIMIT,
             "*out of memory*");
}

static void
on_server_spawned (WeirProcess *process, int pid, int *place)
{
  *place = pid;
}

/* Another copy of this program, which starts a worker and is then killed. */
static int
be_a_server (void)
{
  const char *argv[] = { "/bin/sh", "-c", "echo up; while :; do :; done", NULL };
  g_autoptr (WeirLaunch) launch = weir_launch_new (argv, NULL, NULL, "{}", "/x.sock");
  g_autoptr (WeirProcess) process = weir_subprocess_new ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autofree char *text = NULL;
  int pid = 0;

  g_signal_connect (process, "spawned", G_CALLBACK (on_server_spawned), &pid);
  g_signal_connect_swapped (process, "output", G_CALLBACK (g_main_loop_quit), loop);
  weir_process_spawn (process, launch);
  g_main_loop_run (loop);
  text = g_strdup_printf ("%d\n", pid);
  g_assert_cmpint (write (STDOUT_FILENO, text, strlen (text)), >, 0);
  pause ();
  return 0;
}

static char *program;

static void
test_server_killed (void)
{
  char *argv[] = { program, (char *) "--server", NULL };
  g_autoptr (GError) error = NULL;
  GPid server;
  char text[16] = "";
  int out, worker;

  g_assert_true (g_spawn_async_with_pipes (NULL,
                                           argv,
                                           NULL,
                                           G_SPAWN_DO_NOT_REAP_CHILD,
                                           NULL,
                                           NULL,
                                           &server,
                                           NULL,
                                           &out,
                                           NULL,
                                           &error));
  g_assert_no_error (error);
  g_assert_cmpint (read (out, text, sizeof text - 1), >, 1);
  worker = atoi (text);
  g_assert_cmpint (kill (worker, 0), ==, 0);
  g_assert_cmpint (kill (server, SIGKILL), ==, 0);
  g_assert_cmpint (waitpid (server, NULL, 0), ==, server);
  /* Its end may take the kernel a moment, and the corpse belongs to init. */
  for (gint64 end = g_get_monotonic_time () + 10 * G_TIME_SPAN_SECOND;;)
    {
      g_autofree char *path = g_strdup_printf ("/proc/%d/stat", worker);
      g_autofree char *stat = NULL;

      if (!g_file_get_contents (path, &stat, NULL, NULL) || strstr (stat, ") Z ") != NULL)
        break;
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      g_thread_yield ();
    }
  close (out);
}

static void
add (const char *name, void (*test) (Fixture *fixture, gconstpointer data))
{
  g_autofree char *path = g_strdup_printf ("/worker/child/%s", name);

  g_test_add (path, Fixture, name, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  program = argv[0];
  if (argc == 2 && g_str_equal (argv[1], "--server"))
    return be_a_server ();
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  weir_log_catcher_install ();
  add ("good", test_good);
  add ("deaf", test_deaf);
  add ("broken", test_broken);
  add ("silent", test_silent);
  add ("crash", test_crash);
  add ("memory", test_memory);
  g_test_add_func ("/worker/child/server-killed", test_server_killed);
  return g_test_run ();
}
