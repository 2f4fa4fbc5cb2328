/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "weir-log-catcher.h"
#include "worker/weir-line-reader-private.h"
#include "worker/weir-spawn-private.h"
#include "worker/weir-subprocess-private.h"

typedef struct
{
  WeirProcess *process;
  GPtrArray *output;
  GPtrArray *errors;
  GError *spawn_error;
  int pid;
  int status;
  gboolean exited;
} Fixture;

static void
on_spawned (WeirProcess *process, int pid, Fixture *fixture)
{
  fixture->pid = pid;
}

static void
on_spawn_failed (WeirProcess *process, const GError *error, Fixture *fixture)
{
  fixture->spawn_error = g_error_copy (error);
}

static void
on_output (WeirProcess *process, const char *line, Fixture *fixture)
{
  g_assert_cmpint (fixture->pid, >, 0);
  g_assert_false (fixture->exited);
  g_ptr_array_add (fixture->output, g_strdup (line));
}

static void
on_error_output (WeirProcess *process, const char *line, Fixture *fixture)
{
  g_assert_false (fixture->exited);
  g_ptr_array_add (fixture->errors, g_strdup (line));
}

static void
on_exited (WeirProcess *process, int status, Fixture *fixture)
{
  fixture->status = status;
  fixture->exited = TRUE;
}

static gboolean
on_watchdog (gpointer user_data)
{
  g_error ("the test takes too long");
  return G_SOURCE_REMOVE;
}

static guint watchdog;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->process = weir_subprocess_factory (NULL);
  fixture->output = g_ptr_array_new_with_free_func (g_free);
  fixture->errors = g_ptr_array_new_with_free_func (g_free);
  g_signal_connect (fixture->process, "spawned", G_CALLBACK (on_spawned), fixture);
  g_signal_connect (fixture->process, "spawn-failed", G_CALLBACK (on_spawn_failed), fixture);
  g_signal_connect (fixture->process, "output", G_CALLBACK (on_output), fixture);
  g_signal_connect (fixture->process, "error-output", G_CALLBACK (on_error_output), fixture);
  g_signal_connect (fixture->process, "exited", G_CALLBACK (on_exited), fixture);
  watchdog = g_timeout_add_seconds (20, on_watchdog, NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_source_remove (watchdog);
  g_assert_finalize_object (fixture->process);
  g_ptr_array_unref (fixture->output);
  g_ptr_array_unref (fixture->errors);
  g_clear_error (&fixture->spawn_error);
  weir_log_catcher_assert ();
}

static void
run (Fixture *fixture, const char *directory, const char *const *environ_, const char *script)
{
  const char *argv[] = { "/bin/sh", "-c", script, NULL };
  g_autoptr (WeirLaunch) launch = weir_launch_new (argv, environ_, directory, "{}", "/x.sock");

  weir_process_spawn (fixture->process, launch);
  g_assert_cmpint (fixture->pid, ==, 0); /* the answer comes later */
  while (fixture->pid == 0 && fixture->spawn_error == NULL)
    g_main_context_iteration (NULL, TRUE);
}

static void
wait_exit (Fixture *fixture)
{
  while (!fixture->exited)
    g_main_context_iteration (NULL, TRUE);
}

static void
wait_lines (Fixture *fixture, guint n)
{
  while (fixture->output->len < n)
    g_main_context_iteration (NULL, TRUE);
}

static const char *
line (GPtrArray *lines, guint i)
{
  g_assert_cmpuint (i, <, lines->len);
  return g_ptr_array_index (lines, i);
}

static void
test_lines (Fixture *fixture, gconstpointer data)
{
  run (fixture,
       "/",
       NULL,
       "echo one; echo two >&2; printf 'thr\\377ee\\r\\n'; printf last; exit 3");
  wait_exit (fixture);
  g_assert_no_error (fixture->spawn_error);
  g_assert_cmpuint (fixture->output->len, ==, 3);
  g_assert_cmpstr (line (fixture->output, 0), ==, "one");
  g_assert_cmpstr (line (fixture->output, 1), ==, "thr\357\277\275ee");
  g_assert_cmpstr (line (fixture->output, 2), ==, "last");
  g_assert_cmpstr (line (fixture->errors, 0), ==, "two");
  g_assert_true (WIFEXITED (fixture->status));
  g_assert_cmpint (WEXITSTATUS (fixture->status), ==, 3);
}

/* Nothing is passed on but what the launch says. */
static void
test_surroundings (Fixture *fixture, gconstpointer data)
{
  const char *environ_[] = { "WEIR_A=b c", "PATH=/usr/bin:/bin", NULL };
  g_autofree char *group = NULL;
  int inherited = dup (STDERR_FILENO);
  struct sigaction before, ignore = { .sa_handler = SIG_IGN };

  /* Of the signals it is a child of the shell that speaks: it has inherited both masks, and
   * the shell itself blocks all signals for a moment while it makes a child. */
  sigaction (SIGUSR1, &ignore, &before);
  run (fixture,
       "/usr",
       environ_,
       "env | grep -v -e ^PWD= -e ^_= -e ^OLDPWD= -e ^SHLVL= | sort; pwd; ls /proc/$$/fd; "
       "cut -d' ' -f5 /proc/$$/stat; grep -e SigBlk -e SigIgn /proc/self/status");
  wait_exit (fixture);
  sigaction (SIGUSR1, &before, NULL);
  close (inherited);
  g_assert_cmpstr (line (fixture->output, 0), ==, "PATH=/usr/bin:/bin");
  g_assert_cmpstr (line (fixture->output, 1), ==, "WEIR_A=b c");
  g_assert_cmpstr (line (fixture->output, 2), ==, "/usr");
  for (guint fd = 0; fd < 3; fd++)
    g_assert_cmpint (atoi (line (fixture->output, 3 + fd)), ==, fd);
  group = g_strdup_printf ("%d", fixture->pid);
  g_assert_cmpstr (line (fixture->output, 6), ==, group);
  g_assert_cmpstr (line (fixture->output, 7), ==, "SigBlk:\t0000000000000000");
  g_assert_cmpstr (line (fixture->output, 8), ==, "SigIgn:\t0000000000000000");
}

static void
test_spawn_failed (Fixture *fixture, gconstpointer data)
{
  const char *argv[] = { "/nonexistent/weir", NULL };
  g_autoptr (WeirLaunch) launch = weir_launch_new (argv, NULL, NULL, "{}", "/x.sock");

  weir_process_spawn (fixture->process, launch);
  while (fixture->spawn_error == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_error (fixture->spawn_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (fixture->spawn_error->message, "/nonexistent/weir"));
  g_assert_cmpint (fixture->pid, ==, 0);
  g_assert_cmpint (waitpid (-1, NULL, WNOHANG), ==, -1); /* no zombie */
}

static void
test_no_folder (Fixture *fixture, gconstpointer data)
{
  run (fixture, "/nonexistent/folder", NULL, "true");
  g_assert_error (fixture->spawn_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (fixture->spawn_error->message, "/nonexistent/folder"));
}

static void
test_input (Fixture *fixture, gconstpointer data)
{
  g_autofree char *big = g_strnfill (300000, 'x');

  run (fixture, "/", NULL, "read a; read b; echo \"$a ${#b}\"; cat >/dev/null; echo eof");
  weir_process_write_line (fixture->process, "hello");
  weir_process_write_line (fixture->process, big); /* more than a pipe holds */
  wait_lines (fixture, 1);
  g_assert_cmpstr (line (fixture->output, 0), ==, "hello 300000");
  weir_process_send_signal (fixture->process, SIGKILL);
  wait_exit (fixture);
  g_assert_true (WIFSIGNALED (fixture->status));
  weir_process_write_line (fixture->process, "too late");
  weir_process_send_signal (fixture->process, SIGTERM);
}

/* The other end is closed: no SIGPIPE, no error, and the exit is still seen. */
static void
test_broken_input (Fixture *fixture, gconstpointer data)
{
  run (fixture, "/", NULL, "exec 0<&-; echo closed; sleep 60");
  wait_lines (fixture, 1);
  for (guint i = 0; i < 3; i++)
    weir_process_write_line (fixture->process, "hello");
  weir_process_send_signal (fixture->process, SIGTERM);
  wait_exit (fixture);
  g_assert_cmpint (WTERMSIG (fixture->status), ==, SIGTERM);
}

/* It never reads: what waits for it is bounded. */
static void
test_stuck_input (Fixture *fixture, gconstpointer data)
{
  g_autofree char *big = g_strnfill (1024 * 1024, 'x');

  run (fixture, "/", NULL, "echo up; sleep 60");
  wait_lines (fixture, 1);
  for (guint i = 0; i < 20; i++)
    weir_process_write_line (fixture->process, big);
  weir_process_send_signal (fixture->process, SIGKILL);
  wait_exit (fixture);
}

/* Written before the end, read after it; and what it has started goes with it. */
static void
test_last_lines (Fixture *fixture, gconstpointer data)
{
  int grandchild;

  run (fixture,
       "/",
       NULL,
       "sleep 600 & echo $!; i=0; while [ $i -lt 500 ]; do echo line $i; i=$((i+1)); done; "
       "kill -9 $$");
  wait_exit (fixture);
  g_assert_cmpint (WTERMSIG (fixture->status), ==, SIGKILL);
  g_assert_cmpuint (fixture->output->len, ==, 501);
  g_assert_cmpstr (line (fixture->output, 500), ==, "line 499");

  grandchild = atoi (line (fixture->output, 0));
  while (TRUE)
    {
      g_autofree char *path = g_strdup_printf ("/proc/%d/stat", grandchild);
      g_autofree char *stat = NULL;

      if (!g_file_get_contents (path, &stat, NULL, NULL) || strstr (stat, ") Z ") != NULL)
        break;
      g_main_context_iteration (NULL, FALSE);
    }
}

static void
test_long_line (Fixture *fixture, gconstpointer data)
{
  run (fixture,
       "/",
       NULL,
       "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo after; head -c 2000000 /dev/zero | tr "
       "'\\0' y");
  wait_exit (fixture);
  g_assert_cmpuint (fixture->output->len, ==, 3);
  g_assert_cmpuint (strlen (line (fixture->output, 0)), ==, WEIR_LINE_MAX);
  g_assert_cmpstr (line (fixture->output, 1), ==, "after");
  g_assert_cmpuint (strlen (line (fixture->output, 2)), ==, WEIR_LINE_MAX);
}

static void
test_dropped (Fixture *fixture, gconstpointer data)
{
  int pid;

  run (fixture, "/", NULL, "echo up; sleep 600");
  wait_lines (fixture, 1);
  pid = fixture->pid;
  for (guint i = 0; i < 3; i++)
    g_object_run_dispose (G_OBJECT (fixture->process));
  while (kill (pid, 0) == 0) /* killed and reaped */
    g_main_context_iteration (NULL, TRUE);
}

typedef struct
{
  const char *script;
  pid_t thread;
  GPid pid;
  int pipes[3];
} Made;

static gpointer
spawn_and_leave (gpointer data)
{
  Made *made = data;
  const char *argv[] = { "/bin/sh", "-c", made->script, NULL };
  g_autoptr (WeirLaunch) launch = weir_launch_new (argv, NULL, NULL, "{}", "/x.sock");
  g_autoptr (GError) error = NULL;

  weir_spawn (launch, &made->pid, made->pipes, &error);
  g_assert_no_error (error);
  made->thread = gettid ();
  return NULL;
}

/* What the kernel does when a thread ends is done when there is no trace of it any more. */
static void
make_in_thread (Made *made)
{
  g_autofree char *path = NULL;

  g_thread_join (g_thread_new ("leaves", spawn_and_leave, made));
  path = g_strdup_printf ("/proc/self/task/%d", made->thread);
  while (access (path, F_OK) == 0)
    g_thread_yield ();
}

typedef struct
{
  int policy;
  Made made;
} Patient;

static gpointer
spawn_patiently (gpointer data)
{
  const struct sched_param none = { 0 };
  Patient *patient = data;

  if (sched_setscheduler (0, patient->policy, &none) != 0)
    return NULL;
  return spawn_and_leave (&patient->made);
}

static int
read_policy_of_child (int policy)
{
  Patient patient = { .policy = policy, .made.script = "cut -d' ' -f41 /proc/self/stat" };
  char c = '\0';

  g_thread_join (g_thread_new ("patient", spawn_patiently, &patient));
  if (patient.made.pid == 0)
    return -1;
  while (read (patient.made.pipes[1], &c, 1) < 0 && errno == EAGAIN)
    g_thread_yield ();
  for (guint i = 0; i < G_N_ELEMENTS (patient.made.pipes); i++)
    close (patient.made.pipes[i]);
  while (waitpid (patient.made.pid, NULL, 0) < 0 && errno == EINTR)
    ;
  return c - '0';
}

/* A program that lets its workers go first must not have workers that let others go first. */
static void
test_patience (Fixture *fixture, gconstpointer data)
{
  if (sched_getscheduler (0) != SCHED_OTHER ||
      read_policy_of_child (SCHED_BATCH | SCHED_RESET_ON_FORK) == -1)
    {
      g_test_skip ("policies of scheduling are somebody else's");
      return;
    }
  g_assert_cmpint (read_policy_of_child (SCHED_BATCH | SCHED_RESET_ON_FORK), ==, SCHED_OTHER);
  g_assert_cmpint (read_policy_of_child (SCHED_OTHER), ==, SCHED_OTHER);
}

/* Whoever embeds the server may start it in a thread that ends. */
static void
test_thread_gone (Fixture *fixture, gconstpointer data)
{
  Made made = { .script = "read line; echo \"$line\"" };
  int status = 0;
  char c;

  make_in_thread (&made);
  g_assert_cmpint (write (made.pipes[0], "x\n", 2), ==, 2);
  c = '\0';
  while (read (made.pipes[1], &c, 1) < 0 && errno == EAGAIN)
    g_thread_yield ();
  g_assert_cmpint (c, ==, 'x');
  for (guint i = 0; i < G_N_ELEMENTS (made.pipes); i++)
    close (made.pipes[i]);
  while (waitpid (made.pid, &status, 0) < 0 && errno == EINTR)
    ;
  g_assert_true (WIFEXITED (status));
}

#define SERVER "/worker/child/server-gone/subprocess/server"

/* In a process of its own. */
static void
test_server (void)
{
  Made made = { .script = "while :; do :; done" };

  if (!g_test_subprocess ())
    return;
  make_in_thread (&made);
  kill (getpid (), SIGKILL);
}

static void
test_server_gone (Fixture *fixture, gconstpointer data)
{
  int status = 0;

  g_assert_cmpint (prctl (PR_SET_CHILD_SUBREAPER, 1), ==, 0);
  g_test_trap_subprocess (SERVER, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_failed ();
  while (waitpid (-1, &status, 0) < 0 && errno == EINTR) /* its child is ours now */
    ;
  g_assert_true (WIFSIGNALED (status));
  g_assert_cmpint (WTERMSIG (status), ==, SIGKILL);
}

/* Not /worker/subprocess: GLib passes over paths with that word. */
static void
add (const char *path, void (*test) (Fixture *fixture, gconstpointer data))
{
  g_test_add (path, Fixture, NULL, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  weir_log_catcher_install ();
  add ("/worker/child/lines", test_lines);
  add ("/worker/child/surroundings", test_surroundings);
  add ("/worker/child/spawn-failed", test_spawn_failed);
  add ("/worker/child/no-folder", test_no_folder);
  add ("/worker/child/input", test_input);
  add ("/worker/child/broken-input", test_broken_input);
  add ("/worker/child/stuck-input", test_stuck_input);
  add ("/worker/child/last-lines", test_last_lines);
  add ("/worker/child/long-line", test_long_line);
  add ("/worker/child/dropped", test_dropped);
  add ("/worker/child/patience", test_patience);
  add ("/worker/child/thread-gone", test_thread_gone);
  add ("/worker/child/server-gone", test_server_gone);
  g_test_add_func (SERVER, test_server);
  return g_test_run ();
}
