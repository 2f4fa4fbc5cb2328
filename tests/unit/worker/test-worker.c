/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include "base/weir-error.h"
#include "store/weir-function-private.h"
#include "weir-fake-clock.h"
#include "weir-fake-process.h"
#include "weir-log-catcher.h"
#include "worker/weir-worker-private.h"

typedef struct
{
  WeirFakeClock *clock;
  WeirFakeProcess *process;
  WeirWorker *worker;
  GString *states;
  GString *logs;
  GString *failures;
  guint exits;
} Fixture;

static WeirFunction *
make_function (void)
{
  GHashTable *values =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  GHashTable *origins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (WeirSettings) settings = NULL;

  g_hash_table_insert (values,
                       g_strdup ("memory_limit_mb"),
                       g_variant_ref_sink (g_variant_new_int64 (64)));
  g_hash_table_insert (values,
                       g_strdup ("idle_timeout_ms"),
                       g_variant_ref_sink (g_variant_new_int64 (60000)));
  g_hash_table_insert (values,
                       g_strdup ("background_task_timeout_ms"),
                       g_variant_ref_sink (g_variant_new_int64 (120000)));
  settings = weir_settings_new (values, origins);
  return weir_function_new ("hello", "/f/hello", "/f", "/f/hello/index.ts", settings, NULL, 1);
}

static void
on_state_changed (WeirWorker *worker, WeirWorkerState from, WeirWorkerState to, Fixture *fixture)
{
  g_assert_cmpint (weir_worker_get_state (worker), ==, to);
  g_string_append_printf (fixture->states,
                          "%s%s",
                          fixture->states->len > 0 ? " " : "",
                          weir_worker_state_get_nick (to));
}

static void
on_exited (WeirWorker *worker, Fixture *fixture)
{
  g_assert_cmpint (weir_worker_get_pid (worker), ==, 0);
  g_assert_cmpint (weir_worker_get_exit_reason (worker), !=, WEIR_WORKER_EXIT_REASON_NONE);
  fixture->exits++;
}

static void
on_log (WeirWorker *worker,
        const char *level,
        const char *message,
        const char *id,
        Fixture *fixture)
{
  g_string_append_printf (fixture->logs, "%s:%s:%s;", level, message, id != NULL ? id : "-");
}

static void
on_failure (WeirWorker *worker,
            const char *kind,
            const char *message,
            const char *stack,
            const char *file,
            guint line,
            guint column,
            const char *source,
            const char *id,
            Fixture *fixture)
{
  g_string_append_printf (fixture->failures, "%s:%s:%s:%u:%u;", kind, message, file, line, column);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  const char *argv[] = { "/bin/true", NULL };
  g_autoptr (WeirFunction) function = make_function ();
  g_autoptr (WeirLaunch) launch =
      weir_launch_new (argv, NULL, NULL, "{\"type\":\"load\"}", "/nonexistent/weir/a.sock");

  fixture->clock = weir_fake_clock_new ();
  fixture->process = weir_fake_process_new ();
  fixture->worker = weir_worker_new (function,
                                     launch,
                                     WEIR_PROCESS (fixture->process),
                                     WEIR_CLOCK (fixture->clock));
  fixture->states = g_string_new (NULL);
  fixture->logs = g_string_new (NULL);
  fixture->failures = g_string_new (NULL);
  g_signal_connect (fixture->worker, "state-changed", G_CALLBACK (on_state_changed), fixture);
  g_signal_connect (fixture->worker, "exited", G_CALLBACK (on_exited), fixture);
  g_signal_connect (fixture->worker, "log", G_CALLBACK (on_log), fixture);
  g_signal_connect (fixture->worker, "failure", G_CALLBACK (on_failure), fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_assert_finalize_object (fixture->worker);
  g_assert_finalize_object (fixture->process);
  g_assert_cmpuint (weir_fake_clock_get_n_armed (fixture->clock), ==, 0);
  g_assert_finalize_object (fixture->clock);
  g_string_free (fixture->states, TRUE);
  g_string_free (fixture->logs, TRUE);
  g_string_free (fixture->failures, TRUE);
  weir_log_catcher_assert ();
}

static void
turn (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
boot (Fixture *fixture)
{
  weir_worker_start (fixture->worker);
  g_assert_true (weir_fake_process_answer (fixture->process));
  g_assert_cmpstr (weir_fake_process_get_line (fixture->process), ==, "{\"type\":\"load\"}");
  g_assert_cmpint (weir_worker_get_pid (fixture->worker), >, 1000);
  weir_fake_process_say (fixture->process, "{\"type\":\"ready\",\"form\":\"serve\",\"load_ms\":1}");
  g_assert_cmpint (weir_worker_get_state (fixture->worker), ==, WEIR_WORKER_STATE_IDLE);
}

static void
lease (Fixture *fixture)
{
  g_assert_true (weir_gate_lease (weir_worker_get_gate (fixture->worker), G_MAXUINT));
  turn ();
}

static void
give_back (Fixture *fixture)
{
  weir_gate_release (weir_worker_get_gate (fixture->worker));
  turn ();
}

static void
check_end (Fixture *fixture,
           const char *states,
           const char *trace,
           WeirWorkerExitReason reason,
           int code,
           const char *pattern)
{
  const GError *error = weir_worker_get_error (fixture->worker);

  g_assert_cmpstr (fixture->states->str, ==, states);
  g_assert_cmpstr (weir_fake_process_get_trace (fixture->process), ==, trace);
  g_assert_cmpuint (fixture->exits, ==, 1);
  g_assert_cmpint (weir_worker_get_exit_reason (fixture->worker), ==, reason);
  g_assert_true (weir_gate_is_closed (weir_worker_get_gate (fixture->worker)));
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
test_idle (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  weir_fake_clock_advance (fixture->clock, 59999);
  g_assert_cmpstr (weir_fake_process_get_trace (fixture->process), ==, "spawn");
  weir_fake_clock_advance (fixture->clock, 1);
  weir_fake_process_exit (fixture->process, 0);
  check_end (fixture,
             "spawning booting idle stopping exited",
             "spawn term",
             WEIR_WORKER_EXIT_REASON_IDLE,
             0,
             NULL);
}

static void
test_idle_waits_for_tasks (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  weir_fake_process_say (fixture->process, "{\"type\":\"task\",\"pending\":2}");
  weir_fake_clock_advance (fixture->clock, 100000);
  g_assert_cmpint (weir_worker_get_state (fixture->worker), ==, WEIR_WORKER_STATE_IDLE);
  weir_fake_process_say (fixture->process, "{\"type\":\"task\",\"pending\":0}");
  weir_fake_clock_advance (fixture->clock, 20000);
  weir_fake_process_exit (fixture->process, 0);
  check_end (fixture,
             "spawning booting idle stopping exited",
             "spawn term",
             WEIR_WORKER_EXIT_REASON_IDLE,
             0,
             NULL);
}

static void
test_busy_and_back (Fixture *fixture, gconstpointer data)
{
  guint in_flight = 0;

  boot (fixture);
  lease (fixture);
  g_assert_cmpint (weir_worker_get_state (fixture->worker), ==, WEIR_WORKER_STATE_BUSY);
  weir_fake_clock_advance (fixture->clock, 1000000);
  g_object_get (fixture->worker, "in-flight", &in_flight, NULL);
  g_assert_cmpuint (in_flight, ==, 1);
  give_back (fixture);
  lease (fixture); /* between two samples: still busy */
  give_back (fixture);
  weir_fake_clock_advance (fixture->clock, 20);
  g_assert_cmpint (weir_worker_get_state (fixture->worker), ==, WEIR_WORKER_STATE_BUSY);
  weir_fake_clock_advance (fixture->clock, 20);
  g_assert_cmpint (weir_worker_get_state (fixture->worker), ==, WEIR_WORKER_STATE_IDLE);

  /* Leased at the very moment of the idle deadline: the lease wins. */
  weir_fake_clock_advance (fixture->clock, 59990);
  g_assert_true (weir_gate_lease (weir_worker_get_gate (fixture->worker), G_MAXUINT));
  weir_fake_clock_advance (fixture->clock, 10);
  g_assert_cmpint (weir_worker_get_state (fixture->worker), ==, WEIR_WORKER_STATE_BUSY);
  give_back (fixture);

  weir_worker_stop (fixture->worker);
  weir_fake_clock_advance (fixture->clock, 5000);
  weir_fake_process_exit (fixture->process, SIGKILL);
  check_end (fixture,
             "spawning booting idle busy idle busy stopping killing exited",
             "spawn term kill",
             WEIR_WORKER_EXIT_REASON_REQUESTED,
             0,
             NULL);
}

static void
test_retire_idle (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  weir_worker_retire (fixture->worker);
  weir_worker_retire (fixture->worker);
  weir_fake_process_exit (fixture->process, 0);
  check_end (fixture,
             "spawning booting idle stopping exited",
             "spawn term",
             WEIR_WORKER_EXIT_REASON_RETIRED,
             0,
             NULL);
}

static void
test_retire_busy (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  g_assert_true (
      weir_gate_lease (weir_worker_get_gate (fixture->worker), G_MAXUINT)); /* not told yet */
  weir_worker_retire (fixture->worker);
  g_assert_false (weir_gate_lease (weir_worker_get_gate (fixture->worker), G_MAXUINT));
  turn ();
  weir_fake_clock_advance (fixture->clock, 14000);
  g_assert_cmpstr (weir_fake_process_get_trace (fixture->process), ==, "spawn");
  give_back (fixture);
  weir_fake_process_exit (fixture->process, 0);
  check_end (fixture,
             "spawning booting idle busy draining stopping exited",
             "spawn term",
             WEIR_WORKER_EXIT_REASON_RETIRED,
             0,
             NULL);
}

static void
test_retire_just_vacant (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  lease (fixture);
  give_back (fixture);
  weir_worker_retire (fixture->worker);
  weir_fake_process_exit (fixture->process, 0);
  check_end (fixture,
             "spawning booting idle busy draining stopping exited",
             "spawn term",
             WEIR_WORKER_EXIT_REASON_RETIRED,
             0,
             NULL);
}

static void
test_drain_timeout (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  lease (fixture);
  weir_worker_retire (fixture->worker);
  weir_fake_clock_advance (fixture->clock, 15000);
  weir_fake_clock_advance (fixture->clock, 5000);
  weir_fake_process_exit (fixture->process, SIGKILL);
  give_back (fixture);
  check_end (fixture,
             "spawning booting idle busy draining stopping killing exited",
             "spawn term kill",
             WEIR_WORKER_EXIT_REASON_RETIRED,
             WEIR_ERROR_WORKER_FAILED,
             "*with 1 requests in flight*drain_timeout_ms*");
}

static void
test_boot_timeout (Fixture *fixture, gconstpointer data)
{
  weir_worker_start (fixture->worker);
  weir_fake_process_answer (fixture->process);
  weir_fake_clock_advance (fixture->clock, 10000);
  weir_fake_process_say (fixture->process, "{\"type\":\"ready\"}"); /* too late */
  weir_fake_process_exit (fixture->process, SIGKILL);
  check_end (fixture,
             "spawning booting killing exited",
             "spawn kill",
             WEIR_WORKER_EXIT_REASON_BOOT_TIMEOUT,
             WEIR_ERROR_BOOT_FAILED,
             "*10000 ms (boot_timeout_ms)*");
}

static void
test_spawn_timeout (Fixture *fixture, gconstpointer data)
{
  weir_worker_start (fixture->worker);
  weir_fake_clock_advance (fixture->clock, 5000);
  g_assert_cmpstr (weir_fake_process_get_trace (fixture->process), ==, "spawn");
  weir_fake_process_answer (fixture->process);
  weir_fake_process_exit (fixture->process, SIGKILL);
  check_end (fixture,
             "spawning killing exited",
             "spawn kill",
             WEIR_WORKER_EXIT_REASON_SPAWN,
             WEIR_ERROR_BOOT_FAILED,
             "*5000 ms (spawn_timeout_ms)*");
}

static void
test_spawn_failed (Fixture *fixture, gconstpointer data)
{
  weir_worker_start (fixture->worker);
  weir_fake_process_refuse (fixture->process, "no such program");
  check_end (fixture,
             "spawning exited",
             "spawn",
             WEIR_WORKER_EXIT_REASON_SPAWN,
             WEIR_ERROR_BOOT_FAILED,
             "no such program");
}

static void
test_never_started (Fixture *fixture, gconstpointer data)
{
  weir_worker_stop (fixture->worker);
  check_end (fixture, "exited", "", WEIR_WORKER_EXIT_REASON_REQUESTED, 0, NULL);
}

static void
test_load_failed (Fixture *fixture, gconstpointer data)
{
  weir_worker_start (fixture->worker);
  weir_fake_process_answer (fixture->process);
  weir_fake_process_say (fixture->process,
                         "{\"type\":\"failed\",\"code\":\"syntax\",\"message\":\"Expression "
                         "expected\",\"file\":\"/f/hello/index.ts\",\"line\":12,\"column\":3,"
                         "\"source\":\"\\tx = ;\"}");
  weir_fake_process_say (fixture->process, "{\"type\":\"ready\"}");
  weir_fake_process_exit (fixture->process, 1 << 8);
  check_end (fixture,
             "spawning booting stopping exited",
             "spawn term",
             WEIR_WORKER_EXIT_REASON_LOAD,
             WEIR_ERROR_BOOT_FAILED,
             "/f/hello/index.ts:12:3: Expression expected\n  12 | \tx = ;\n     | \t ^");
}

static void
test_load_threw (Fixture *fixture, gconstpointer data)
{
  weir_worker_start (fixture->worker);
  weir_fake_process_answer (fixture->process);
  weir_fake_process_say (fixture->process,
                         "{\"type\":\"failed\",\"code\":\"threw\",\"message\":\"Error: boom\"}");
  weir_fake_clock_advance (fixture->clock, 5000); /* and does not end by itself */
  weir_fake_process_exit (fixture->process, SIGKILL);
  check_end (fixture,
             "spawning booting stopping killing exited",
             "spawn term kill",
             WEIR_WORKER_EXIT_REASON_LOAD,
             WEIR_ERROR_WORKER_FAILED,
             "Error: boom");
}

static void
test_crash (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  lease (fixture);
  weir_fake_process_say_error (fixture->process, "thread 'main' panicked");
  weir_fake_process_exit (fixture->process, SIGSEGV);
  give_back (fixture);
  check_end (fixture,
             "spawning booting idle busy exited",
             "spawn",
             WEIR_WORKER_EXIT_REASON_CRASH,
             WEIR_ERROR_WORKER_FAILED,
             "*unexpectedly, by signal 11*:\nthread 'main' panicked");
}

static void
test_crash_booting (Fixture *fixture, gconstpointer data)
{
  g_autofree char *line = g_strnfill (1500, 'x');
  g_autofree char *words = NULL;

  weir_worker_start (fixture->worker);
  weir_fake_process_answer (fixture->process);
  for (guint i = 0; i < 3; i++)
    weir_fake_process_say_error (fixture->process, line);
  weir_fake_process_exit (fixture->process, 3 << 8);
  words = weir_worker_dup_last_words (fixture->worker);
  g_assert_cmpuint (strlen (words), ==, 2047);
  check_end (fixture,
             "spawning booting exited",
             "spawn",
             WEIR_WORKER_EXIT_REASON_CRASH,
             WEIR_ERROR_BOOT_FAILED,
             "*while it was loading the function, with exit code 3:\nxxx*");
}

static void
check_out_of_memory (Fixture *fixture)
{
  check_end (fixture,
             "spawning booting idle exited",
             "spawn",
             WEIR_WORKER_EXIT_REASON_LIMIT_MEMORY,
             WEIR_ERROR_WORKER_LIMIT,
             "*memory_limit_mb is 64*");
}

static void
test_out_of_memory (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  weir_fake_process_say_error (fixture->process, "a warning");
  weir_fake_process_say_error (fixture->process, "#"); /* V8 frames its last words */
  weir_fake_process_say_error (fixture->process, "<--- Last few GCs --->");
  weir_fake_process_say_error (fixture->process, "[1:0x1] 150 ms: Mark-Compact");
  weir_fake_process_say_error (fixture->process,
                               "# Fatal JavaScript out of memory: Reached heap limit");
  weir_fake_process_exit (fixture->process, SIGTRAP);
  g_assert_cmpstr (fixture->logs->str, ==, "info:a warning:-;");
  check_out_of_memory (fixture);
}

/* Another thread of V8 was quicker to end it. */
static void
test_out_of_memory_cut_short (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  weir_fake_process_say_error (fixture->process, "<--- Last few GCs --->");
  weir_fake_process_exit (fixture->process, SIGSEGV);
  check_out_of_memory (fixture);
}

static void
test_pressed (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  weir_worker_set_pressed (fixture->worker, TRUE);
  weir_fake_process_exit (fixture->process, GPOINTER_TO_INT (data));
  check_out_of_memory (fixture);
}

static void
test_abort_without_a_word (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  weir_fake_process_say_error (fixture->process, "a warning");
  weir_fake_clock_advance (fixture->clock, 1000);
  weir_fake_process_exit (fixture->process, SIGABRT);
  check_out_of_memory (fixture);
}

static void
test_abort_with_a_word (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  weir_fake_process_say_error (fixture->process, "free(): invalid pointer");
  weir_fake_process_exit (fixture->process, SIGABRT);
  check_end (fixture,
             "spawning booting idle exited",
             "spawn",
             WEIR_WORKER_EXIT_REASON_CRASH,
             WEIR_ERROR_WORKER_FAILED,
             "*unexpectedly, by signal 6*:\nfree(): invalid pointer");
}

/* A function that writes what V8 would, and lives. */
static void
test_no_dump (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  weir_fake_process_say_error (fixture->process, "# Fatal error in the order of a customer");
  weir_fake_clock_advance (fixture->clock, 1000);
  weir_fake_process_say_error (fixture->process, "spawn thread: Cannot allocate memory");
  weir_fake_process_say_error (fixture->process, "more");
  g_assert_cmpstr (fixture->logs->str,
                   ==,
                   "info:spawn thread: Cannot allocate memory:-;info:more:-;");
  weir_worker_stop (fixture->worker);
  weir_fake_process_exit (fixture->process, 0);
}

static void
test_limit (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  weir_worker_limit (fixture->worker, WEIR_WORKER_EXIT_REASON_LIMIT_CPU);
  weir_worker_limit (fixture->worker, WEIR_WORKER_EXIT_REASON_LIMIT_WALL);
  weir_worker_retire (fixture->worker);
  weir_fake_process_exit (fixture->process, SIGKILL);
  check_end (fixture,
             "spawning booting idle killing exited",
             "spawn kill",
             WEIR_WORKER_EXIT_REASON_LIMIT_CPU,
             WEIR_ERROR_WORKER_LIMIT,
             "*processor time*");
}

static void
test_says (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  weir_fake_process_say (fixture->process, "plain");
  weir_fake_process_say (fixture->process,
                         "{\"type\":\"log\",\"level\":\"warn\",\"message\":\"m\","
                         "\"request_id\":\"r1\"}");
  weir_fake_process_say_error (fixture->process, "from stderr");
  weir_fake_process_say (fixture->process,
                         "{\"type\":\"error\",\"kind\":\"handler\",\"message\":\"Error: x\","
                         "\"file\":\"/a.ts\",\"line\":1,\"column\":2}");
  weir_fake_process_say (fixture->process, "{\"type\":\"ready\"}"); /* a second one */
  g_assert_cmpstr (fixture->logs->str, ==, "info:plain:-;warn:m:r1;info:from stderr:-;");
  g_assert_cmpstr (fixture->failures->str, ==, "handler:Error: x:/a.ts:1:2;");
  weir_worker_stop (fixture->worker);
  weir_fake_process_exit (fixture->process, 0);
}

/* One event of the world or of the pool. */
static void
act (Fixture *fixture, GRand *rand, guint *leases)
{
  static const int statuses[] = { 0, 1 << 8, SIGKILL, SIGSEGV };
  WeirWorkerState state = weir_worker_get_state (fixture->worker);

  switch (g_rand_int_range (rand, 0, 14))
    {
    case 0:
      if (state == WEIR_WORKER_STATE_NEW)
        weir_worker_start (fixture->worker);
      break;
    case 1:
      weir_fake_process_answer (fixture->process);
      break;
    case 2:
      if (g_rand_int_range (rand, 0, 8) == 0)
        weir_fake_process_refuse (fixture->process, "no");
      break;
    case 3:
    case 4:
      weir_fake_process_say (fixture->process, "{\"type\":\"ready\"}");
      break;
    case 5:
      if (g_rand_int_range (rand, 0, 8) == 0)
        weir_fake_process_say (fixture->process, "{\"type\":\"failed\"}");
      break;
    case 6:
    case 7:
      if (weir_gate_lease (weir_worker_get_gate (fixture->worker), G_MAXUINT))
        (*leases)++;
      break;
    case 8:
      if (*leases > 0)
        {
          (*leases)--;
          weir_gate_release (weir_worker_get_gate (fixture->worker));
        }
      break;
    case 9:
      turn ();
      break;
    case 10:
      weir_fake_clock_advance (fixture->clock, g_rand_int_range (rand, 0, 200));
      break;
    case 11:
      if (g_rand_int_range (rand, 0, 10) == 0)
        weir_fake_clock_advance (fixture->clock, g_rand_int_range (rand, 0, 100000));
      break;
    case 12:
      if (g_rand_int_range (rand, 0, 20) == 0)
        weir_fake_process_exit (fixture->process, statuses[g_rand_int_range (rand, 0, 4)]);
      break;
    default:
      switch (g_rand_int_range (rand, 0, 40))
        {
        case 0:
          weir_worker_retire (fixture->worker);
          break;
        case 1:
          weir_worker_stop (fixture->worker);
          break;
        case 2:
          if (state >= WEIR_WORKER_STATE_BOOTING)
            weir_worker_limit (fixture->worker, WEIR_WORKER_EXIT_REASON_LIMIT_WALL);
          break;
        default:
          break;
        }
    }
}

/* A handler that does something to the worker that tells it something. */
static void
on_change_fire_back (WeirWorker *worker, WeirWorkerState from, WeirWorkerState to, GRand *rand)
{
  switch (g_rand_int_range (rand, 0, 30))
    {
    case 0:
      weir_worker_retire (worker);
      break;
    case 1:
      weir_worker_stop (worker);
      break;
    case 2:
      if (to >= WEIR_WORKER_STATE_BOOTING)
        weir_worker_limit (worker, WEIR_WORKER_EXIT_REASON_LIMIT_CPU);
      break;
    default:
      break;
    }
}

static void
on_notify_fire_back (WeirWorker *worker, GParamSpec *pspec, GRand *rand)
{
  if (g_rand_int_range (rand, 0, 30) == 0)
    weir_worker_stop (worker);
}

/* Any illegal event is a critical, and that ends the test. */
static void
test_walks (void)
{
  guint walks = g_test_thorough () ? 20000 : 2000;
  guint32 seed = g_test_rand_int ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);

  g_test_message ("seed %u", seed);
  for (guint walk = 0; walk < walks; walk++)
    {
      Fixture fixture = { 0 };
      guint leases = 0;

      set_up (&fixture, NULL);
      g_signal_connect (fixture.worker, "state-changed", G_CALLBACK (on_change_fire_back), rand);
      g_signal_connect (fixture.worker, "notify", G_CALLBACK (on_notify_fire_back), rand);
      for (guint i = 0; i < 200; i++)
        {
          act (&fixture, rand, &leases);
          if (weir_worker_get_state (fixture.worker) == WEIR_WORKER_STATE_EXITED)
            g_assert_false (weir_fake_process_is_running (fixture.process));
        }

      /* However it stands, told to stop it ends. */
      weir_worker_stop (fixture.worker);
      weir_fake_process_answer (fixture.process);
      weir_fake_clock_advance (fixture.clock, 5000);
      if (weir_fake_process_is_running (fixture.process))
        g_assert_true (weir_fake_process_was_killed (fixture.process));
      weir_fake_process_exit (fixture.process, SIGKILL);
      while (leases-- > 0)
        weir_gate_release (weir_worker_get_gate (fixture.worker));
      turn ();
      g_assert_cmpint (weir_worker_get_state (fixture.worker), ==, WEIR_WORKER_STATE_EXITED);
      g_assert_cmpuint (fixture.exits, ==, 1);
      tear_down (&fixture, NULL);
    }
}

static void
bring_to (Fixture *fixture, WeirWorkerState state)
{
  if (state == WEIR_WORKER_STATE_NEW)
    return;
  weir_worker_start (fixture->worker);
  if (state == WEIR_WORKER_STATE_SPAWNING)
    return;
  weir_fake_process_answer (fixture->process);
  if (state == WEIR_WORKER_STATE_BOOTING)
    return;
  weir_fake_process_say (fixture->process, "{\"type\":\"ready\"}");
  if (state == WEIR_WORKER_STATE_BUSY || state == WEIR_WORKER_STATE_DRAINING)
    lease (fixture);
  if (state == WEIR_WORKER_STATE_DRAINING)
    weir_worker_retire (fixture->worker);
  if (state == WEIR_WORKER_STATE_STOPPING)
    weir_worker_stop (fixture->worker);
  if (state == WEIR_WORKER_STATE_KILLING)
    weir_worker_limit (fixture->worker, WEIR_WORKER_EXIT_REASON_LIMIT_CPU);
  if (state == WEIR_WORKER_STATE_EXITED)
    weir_fake_process_exit (fixture->process, 0);
}

static void
test_dispose (void)
{
  for (guint state = 0; state < WEIR_WORKER_N_STATES; state++)
    {
      Fixture fixture = { 0 };
      gboolean live = state >= WEIR_WORKER_STATE_SPAWNING && state <= WEIR_WORKER_STATE_KILLING;

      set_up (&fixture, NULL);
      bring_to (&fixture, state);
      g_assert_cmpint (weir_worker_get_state (fixture.worker), ==, state);
      if (live)
        weir_log_catcher_expect ("*dropped while*its process is killed");
      for (guint i = 0; i < 3; i++)
        g_object_run_dispose (G_OBJECT (fixture.worker));
      if (live && state != WEIR_WORKER_STATE_SPAWNING)
        g_assert_true (weir_fake_process_was_killed (fixture.process));

      weir_worker_retire (fixture.worker); /* none of it does anything now */
      weir_worker_stop (fixture.worker);
      weir_fake_process_say (fixture.process, "{\"type\":\"ready\"}");
      weir_fake_process_exit (fixture.process, 0);
      turn ();
      g_assert_cmpint (weir_worker_get_state (fixture.worker), ==, state);
      tear_down (&fixture, NULL);
    }
}

/* The data thread may keep the gate, and a message may be under way. */
static void
test_gate_outlives (Fixture *fixture, gconstpointer data)
{
  g_autoptr (WeirGate) gate = weir_gate_ref (weir_worker_get_gate (fixture->worker));

  boot (fixture);
  g_assert_true (weir_gate_lease (gate, G_MAXUINT));
  weir_worker_stop (fixture->worker);
  weir_fake_process_exit (fixture->process, 0);
  tear_down (fixture, NULL);
  weir_gate_release (gate);
  turn ();
  set_up (fixture, NULL);
}

static gpointer
lease_until_closed (gpointer gate)
{
  guint64 leases = 0;

  while (weir_gate_lease (gate, G_MAXUINT))
    {
      leases++;
      weir_gate_release (gate);
      if (leases % 64 == 0)
        g_thread_yield ();
    }
  return NULL;
}

/* Two planes at once: whatever their order, nothing is in flight when it is told to end. */
static void
test_two_threads (void)
{
  for (guint round = 0; round < 30; round++)
    {
      Fixture fixture = { 0 };
      WeirGate *gate;
      GThread *thread;

      set_up (&fixture, NULL);
      boot (&fixture);
      gate = weir_gate_ref (weir_worker_get_gate (fixture.worker));
      thread = g_thread_new ("data", lease_until_closed, gate);
      for (guint i = 0; i < 50; i++)
        {
          turn ();
          weir_fake_clock_advance (fixture.clock, 7);
        }
      weir_worker_retire (fixture.worker);
      while (weir_worker_get_state (fixture.worker) != WEIR_WORKER_STATE_STOPPING)
        turn (); /* no time passes: the gate tells it, or it was vacant */
      g_assert_cmpuint (weir_gate_get_in_flight (gate), ==, 0);
      g_thread_join (thread);
      weir_fake_process_exit (fixture.process, 0);
      g_assert_no_error (weir_worker_get_error (fixture.worker));
      turn ();
      weir_gate_unref (gate);
      tear_down (&fixture, NULL);
    }
}

static void
add (const char *path, void (*test) (Fixture *fixture, gconstpointer data))
{
  g_test_add (path, Fixture, NULL, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  const int aborts[] = { SIGTRAP, SIGABRT, SIGILL, SIGSEGV, SIGBUS };

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  weir_log_catcher_install ();
  add ("/worker/worker/idle", test_idle);
  add ("/worker/worker/idle-waits-for-tasks", test_idle_waits_for_tasks);
  add ("/worker/worker/busy-and-back", test_busy_and_back);
  add ("/worker/worker/retire-idle", test_retire_idle);
  add ("/worker/worker/retire-busy", test_retire_busy);
  add ("/worker/worker/retire-just-vacant", test_retire_just_vacant);
  add ("/worker/worker/drain-timeout", test_drain_timeout);
  add ("/worker/worker/boot-timeout", test_boot_timeout);
  add ("/worker/worker/spawn-timeout", test_spawn_timeout);
  add ("/worker/worker/spawn-failed", test_spawn_failed);
  add ("/worker/worker/never-started", test_never_started);
  add ("/worker/worker/load-failed", test_load_failed);
  add ("/worker/worker/load-threw", test_load_threw);
  add ("/worker/worker/crash", test_crash);
  add ("/worker/worker/crash-booting", test_crash_booting);
  add ("/worker/worker/out-of-memory", test_out_of_memory);
  add ("/worker/worker/out-of-memory-cut-short", test_out_of_memory_cut_short);
  for (guint i = 0; i < G_N_ELEMENTS (aborts); i++)
    {
      g_autofree char *path = g_strdup_printf ("/worker/worker/pressed/%d", aborts[i]);

      g_test_add (path, Fixture, GINT_TO_POINTER (aborts[i]), set_up, test_pressed, tear_down);
    }
  add ("/worker/worker/abort-without-a-word", test_abort_without_a_word);
  add ("/worker/worker/abort-with-a-word", test_abort_with_a_word);
  add ("/worker/worker/no-dump", test_no_dump);
  add ("/worker/worker/limit", test_limit);
  add ("/worker/worker/says", test_says);
  add ("/worker/worker/gate-outlives", test_gate_outlives);
  g_test_add_func ("/worker/worker/walks", test_walks);
  g_test_add_func ("/worker/worker/dispose", test_dispose);
  g_test_add_func ("/worker/worker/two-threads", test_two_threads);
  return g_test_run ();
}
