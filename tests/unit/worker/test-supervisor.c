/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include "base/weir-error.h"
#include "store/weir-function-private.h"
#include "weir-fake-clock.h"
#include "weir-fake-process.h"
#include "weir-fake-usage.h"
#include "weir-log-catcher.h"
#include "worker/weir-supervisor-private.h"
#include "worker/weir-worker-private.h"

#define MIB (1024 * 1024)

typedef struct
{
  WeirFakeClock *clock;
  WeirFakeUsage *usage;
  WeirResourceSample *sample;
  WeirSupervisor *supervisor;
  WeirFakeProcess *process;
  WeirWorker *worker;
  WeirGate *gate;
  GString *notices;
  guint unhealthy;
} Fixture;

typedef struct
{
  const char *name;
  gint64 value;
} Option;

static const Option story_options[] = {
  { "cpu_soft_ms", 1000 },     { "cpu_hard_ms", 2000 },      { "memory_limit_mb", 100 },
  { "wall_clock_ms", 60000 },  { "drain_timeout_ms", 5000 }, { "background_task_timeout_ms", 3000 },
  { "stop_timeout_ms", 1000 }, { "idle_timeout_ms", 0 },     { NULL, 0 },
};

static const Option health_options[] = {
  { "health_check_interval_ms", 1000 },
  { "health_check_timeout_ms", 200 },
  { "health_check_failures", 2 },
  { "idle_timeout_ms", 5000 },
  { NULL, 0 },
};

static const Option careless_options[] = {
  { "idle_timeout_ms", 1000 },
  { "background_task_keeps_alive", -1 },
  { "websocket_keeps_alive", -1 },
  { "background_task_timeout_ms", 0 },
  { NULL, 0 },
};

/* -1 is FALSE. */
static WeirFunction *
make_function (const Option *options)
{
  GHashTable *values =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  GHashTable *origins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (WeirSettings) settings = NULL;

  for (; options->name != NULL; options++)
    g_hash_table_insert (values,
                         g_strdup (options->name),
                         g_variant_ref_sink (options->value < 0
                                                 ? g_variant_new_boolean (FALSE)
                                                 : g_variant_new_int64 (options->value)));
  settings = weir_settings_new (values, origins);
  return weir_function_new ("hello", "/f/hello", "/f", "/f/hello/index.ts", settings, NULL, 1);
}

static void
on_notice (WeirSupervisor *supervisor, WeirWorker *worker, const char *text, Fixture *fixture)
{
  g_string_append (fixture->notices, text);
  g_string_append_c (fixture->notices, ';');
}

static void
on_unhealthy (WeirWorker *worker, guint failures, Fixture *fixture)
{
  g_assert_cmpint (weir_worker_get_state (worker), ==, WEIR_WORKER_STATE_KILLING);
  fixture->unhealthy = failures;
}

static void
turn (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
set_up (Fixture *fixture, gconstpointer options)
{
  const char *argv[] = { "/bin/true", NULL };
  g_autoptr (WeirFunction) function = make_function (options);
  g_autoptr (WeirLaunch) launch =
      weir_launch_new (argv, NULL, NULL, "{\"type\":\"load\"}", "/nonexistent/weir/a.sock");

  fixture->clock = weir_fake_clock_new ();
  fixture->usage = weir_fake_usage_new ();
  fixture->sample = weir_fake_usage_get_sample (fixture->usage);
  *fixture->sample = (WeirResourceSample){ 200000, 20 * MIB, 540 * MIB };
  fixture->supervisor =
      weir_supervisor_new (WEIR_CLOCK (fixture->clock), WEIR_RESOURCE_USAGE (fixture->usage));
  fixture->process = weir_fake_process_new ();
  fixture->worker = weir_worker_new (function,
                                     launch,
                                     WEIR_PROCESS (fixture->process),
                                     WEIR_CLOCK (fixture->clock));
  fixture->gate = weir_worker_get_gate (fixture->worker);
  fixture->notices = g_string_new (NULL);
  fixture->unhealthy = 0;
  g_signal_connect (fixture->supervisor, "notice", G_CALLBACK (on_notice), fixture);
  g_signal_connect (fixture->worker, "unhealthy", G_CALLBACK (on_unhealthy), fixture);
  weir_supervisor_add_worker (fixture->supervisor, fixture->worker);
}

static void
boot (Fixture *fixture)
{
  weir_worker_start (fixture->worker);
  weir_fake_process_answer (fixture->process);
  weir_fake_process_say (fixture->process, "{\"type\":\"ready\"}");
  g_assert_cmpint (weir_worker_get_state (fixture->worker), ==, WEIR_WORKER_STATE_IDLE);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  if (weir_fake_process_is_running (fixture->process))
    {
      weir_worker_stop (fixture->worker);
      weir_fake_process_exit (fixture->process, 0);
    }
  g_assert_finalize_object (fixture->worker);
  g_assert_finalize_object (fixture->supervisor);
  g_assert_finalize_object (fixture->process);
  g_assert_finalize_object (fixture->usage);
  g_assert_cmpuint (weir_fake_clock_get_n_armed (fixture->clock), ==, 0);
  g_assert_finalize_object (fixture->clock);
  g_string_free (fixture->notices, TRUE);
  weir_log_catcher_assert ();
}

static void
lease (Fixture *fixture)
{
  g_assert_true (weir_gate_lease (fixture->gate, G_MAXUINT));
  turn ();
}

static void
give_up (Fixture *fixture)
{
  weir_gate_release (fixture->gate);
  turn ();
}

static void
answer (Fixture *fixture)
{
  weir_gate_note_answer (fixture->gate);
  give_up (fixture);
}

/* Both clocks go on: the worker computes for a share of the time, in hundredths. */
static void
compute (Fixture *fixture, guint ms, guint share)
{
  for (guint i = 0; i < ms; i += 10)
    {
      fixture->sample->cpu += 100 * share;
      weir_fake_clock_advance (fixture->clock, 10);
      turn ();
    }
}

static void
assert_state (Fixture *fixture, WeirWorkerState state)
{
  g_assert_cmpstr (weir_worker_state_get_nick (weir_worker_get_state (fixture->worker)),
                   ==,
                   weir_worker_state_get_nick (state));
}

static void
assert_line (Fixture *fixture, const char *line)
{
  g_assert_cmpstr (weir_fake_process_get_line (fixture->process), ==, line);
}

/* Drained for too long is nobody's alone, whatever it was retired for. */
static WeirBlame
blame_for (WeirWorkerExitReason reason)
{
  if (reason == WEIR_WORKER_EXIT_REASON_LIMIT_MEMORY || reason == WEIR_WORKER_EXIT_REASON_UNHEALTHY)
    return WEIR_BLAME_LIFE;
  if (reason == WEIR_WORKER_EXIT_REASON_BACKGROUND_TIMEOUT)
    return WEIR_BLAME_NOBODY;
  return reason == WEIR_WORKER_EXIT_REASON_LIMIT_WALL ? WEIR_BLAME_ALL : WEIR_BLAME_ONE;
}

static void
assert_over (Fixture *fixture, WeirWorkerExitReason reason, int code, const char *pattern)
{
  const GError *error = weir_worker_get_error (fixture->worker);

  assert_state (fixture, WEIR_WORKER_STATE_KILLING);
  g_assert_cmpint (weir_worker_get_exit_reason (fixture->worker), ==, reason);
  g_assert_error (error, WEIR_ERROR, code);
  if (!g_pattern_match_simple (pattern, error->message))
    g_error ("“%s” does not match “%s”", error->message, pattern);
  g_assert_true (weir_gate_get_blame (fixture->gate) == blame_for (reason));
  weir_fake_process_exit (fixture->process, SIGKILL);
  g_assert_cmpint (weir_worker_get_exit_reason (fixture->worker), ==, reason);
}

static void
test_rests (Fixture *fixture, gconstpointer data)
{
  guint read;

  boot (fixture);
  g_assert_cmpint (weir_fake_usage_get_memory_limit (fixture->usage), ==, 672 * MIB);
  read = weir_fake_usage_get_n_read (fixture->usage);
  weir_fake_clock_advance (fixture->clock, 10000);
  g_assert_cmpuint (weir_fake_usage_get_n_read (fixture->usage), ==, read);
  lease (fixture);
  g_assert_cmpint (weir_fake_usage_get_cpu_limit (fixture->usage), ==, 6); /* 0.2 + 2 + 3 */
  answer (fixture);
  compute (fixture, 200, 0);
  g_assert_cmpint (weir_fake_usage_get_cpu_limit (fixture->usage), ==, -1);
  read = weir_fake_usage_get_n_read (fixture->usage);
  weir_fake_clock_advance (fixture->clock, 10000);
  g_assert_cmpuint (weir_fake_usage_get_n_read (fixture->usage), ==, read);
}

static void
test_cpu (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  lease (fixture);
  compute (fixture, 990, 100);
  assert_state (fixture, WEIR_WORKER_STATE_BUSY);
  compute (fixture, 60, 100);
  assert_state (fixture, WEIR_WORKER_STATE_DRAINING);
  g_assert_true (g_pattern_match_simple ("hello-* computed for 10?? ms*cpu_soft_ms is 1000*",
                                         fixture->notices->str));
  compute (fixture, 800, 100);
  assert_line (fixture, "{\"type\":\"unload\",\"reason\":\"cpu\"}");
  assert_state (fixture, WEIR_WORKER_STATE_DRAINING);
  compute (fixture, 150, 100);
  assert_over (fixture,
               WEIR_WORKER_EXIT_REASON_LIMIT_CPU,
               WEIR_ERROR_WORKER_LIMIT,
               "*computed for 20?? ms*cpu_hard_ms is 2000*");
  give_up (fixture);
}

static void
test_cpu_soft_is_harmless (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  lease (fixture);
  compute (fixture, 1100, 100);
  answer (fixture);
  assert_state (fixture, WEIR_WORKER_STATE_STOPPING);
  assert_line (fixture, "{\"type\":\"stop\",\"reason\":\"cpu\",\"tasks_ms\":3000}");
  g_assert_cmpint (weir_worker_get_exit_reason (fixture->worker),
                   ==,
                   WEIR_WORKER_EXIT_REASON_LIMIT_CPU);
  weir_fake_process_exit (fixture->process, 0);
  g_assert_no_error (weir_worker_get_error (fixture->worker));
}

/* Ten times the limit, and well. */
static void
test_busy_worker_is_well (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  lease (fixture);
  for (guint i = 0; i < 50; i++)
    {
      compute (fixture, 400, 100);
      lease (fixture);
      answer (fixture);
    }
  assert_state (fixture, WEIR_WORKER_STATE_BUSY);
  answer (fixture);
  /* A pause is forgotten, too. */
  compute (fixture, 200, 0);
  for (guint i = 0; i < 20; i++)
    {
      lease (fixture);
      compute (fixture, 500, 100);
      answer (fixture);
      compute (fixture, 200, 0);
    }
  assert_state (fixture, WEIR_WORKER_STATE_IDLE);
  g_assert_cmpstr (fixture->notices->str, ==, "");
}

/* In a socket's handler, say, on a machine where others compute as well. */
static void
test_crowded_out (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  lease (fixture);
  weir_gate_add_socket (fixture->gate);
  answer (fixture);
  compute (fixture, 10000, 5);
  weir_fake_usage_set_running (fixture->usage, TRUE);
  compute (fixture, 19500, 5);
  assert_state (fixture, WEIR_WORKER_STATE_IDLE);
  compute (fixture, 1000, 5);
  assert_state (fixture, WEIR_WORKER_STATE_STOPPING);
  g_assert_cmpint (weir_worker_get_exit_reason (fixture->worker),
                   ==,
                   WEIR_WORKER_EXIT_REASON_LIMIT_CPU);
  weir_gate_remove_socket (fixture->gate);
}

/* Clients who give up are no answers, and a worker without clients may compute all the same. */
static void
test_given_up (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  lease (fixture);
  compute (fixture, 300, 100);
  give_up (fixture);
  compute (fixture, 300, 100);
  assert_state (fixture, WEIR_WORKER_STATE_IDLE);
  lease (fixture);
  compute (fixture, 300, 100);
  give_up (fixture);
  compute (fixture, 200, 100);
  assert_state (fixture, WEIR_WORKER_STATE_STOPPING);
  g_assert_cmpint (weir_worker_get_exit_reason (fixture->worker),
                   ==,
                   WEIR_WORKER_EXIT_REASON_LIMIT_CPU);
}

/* The time between two looks. */
static void
serve (Fixture *fixture, guint answers, guint in_flight)
{
  for (guint i = 0; i < in_flight; i++)
    lease (fixture);
  for (guint i = 0; i < answers; i++)
    weir_gate_note_answer (fixture->gate);
  compute (fixture, WEIR_SUPERVISOR_INTERVAL_MS, 50);
  for (guint i = 0; i < in_flight; i++)
    give_up (fixture);
}

static void
test_rush (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  lease (fixture);
  serve (fixture, 1000, 0); /* one after the other */
  serve (fixture, 50, 10);  /* slow ones */
  g_assert_false (weir_fake_usage_is_patient (fixture->usage));
  serve (fixture, 1000, 10);
  g_assert_true (weir_fake_usage_is_patient (fixture->usage));
  for (guint i = 0; i < 3; i++)
    serve (fixture, 1000, 0);
  serve (fixture, 1000, 10);
  for (guint i = 0; i < 3; i++)
    serve (fixture, 0, 1);
  g_assert_true (weir_fake_usage_is_patient (fixture->usage));
  serve (fixture, 0, 1);
  g_assert_false (weir_fake_usage_is_patient (fixture->usage));

  serve (fixture, 1000, 10);
  g_assert_true (weir_fake_usage_is_patient (fixture->usage));
  answer (fixture);
  compute (fixture, 500, 0);
  g_assert_false (weir_fake_usage_is_patient (fixture->usage));
}

static void
test_socket (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  lease (fixture);
  weir_gate_add_socket (fixture->gate);
  answer (fixture);
  for (guint i = 0; i < 20; i++)
    {
      compute (fixture, 300, 100);
      compute (fixture, 200, 0);
    }
  assert_state (fixture, WEIR_WORKER_STATE_IDLE);
  compute (fixture, 1100, 100);
  assert_state (fixture, WEIR_WORKER_STATE_STOPPING);
  weir_gate_remove_socket (fixture->gate);
}

static void
test_memory (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  lease (fixture);
  fixture->sample->memory = 20 * MIB + 89 * MIB;
  fixture->sample->reserved += 40 * MIB;
  compute (fixture, 100, 0);
  g_assert_cmpint (weir_fake_usage_get_memory_limit (fixture->usage),
                   ==,
                   (580 - 89) * MIB + 100 * MIB / 16 * 15);
  assert_line (fixture, "{\"type\":\"load\"}");
  fixture->sample->memory = 20 * MIB + 90 * MIB;
  compute (fixture, 100, 0);
  assert_line (fixture, "{\"type\":\"unload\",\"reason\":\"memory\"}");
  assert_state (fixture, WEIR_WORKER_STATE_BUSY);
  fixture->sample->memory = 20 * MIB + 100 * MIB;
  compute (fixture, 50, 0);
  assert_state (fixture, WEIR_WORKER_STATE_BUSY);
  g_assert_cmpint (weir_fake_usage_get_memory_limit (fixture->usage), ==, 584 * MIB);
  compute (fixture, 50, 100);
  assert_state (fixture, WEIR_WORKER_STATE_BUSY);
  compute (fixture, 50, 100);
  assert_over (fixture,
               WEIR_WORKER_EXIT_REASON_LIMIT_MEMORY,
               WEIR_ERROR_WORKER_LIMIT,
               "*took 100 MiB*memory_limit_mb is 100*");
  give_up (fixture);
}

/* On a machine that has no time for it, a worker cannot collect its garbage at once. */
static void
test_memory_of_garbage (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  lease (fixture);
  fixture->sample->memory = 20 * MIB + 120 * MIB;
  compute (fixture, 900, 5);
  assert_state (fixture, WEIR_WORKER_STATE_BUSY);
  fixture->sample->memory = 20 * MIB + 60 * MIB;
  compute (fixture, 100, 5);
  fixture->sample->memory = 20 * MIB + 120 * MIB;
  compute (fixture, 900, 5);
  assert_state (fixture, WEIR_WORKER_STATE_BUSY);
  compute (fixture, 200, 5);
  assert_over (fixture,
               WEIR_WORKER_EXIT_REASON_LIMIT_MEMORY,
               WEIR_ERROR_WORKER_LIMIT,
               "*took 120 MiB*memory_limit_mb is 100*");
  give_up (fixture);
}

/* Not every allocator says why it gives up. */
static void
test_memory_abort (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  lease (fixture);
  fixture->sample->reserved += 60 * MIB;
  compute (fixture, 100, 0);
  weir_fake_process_exit (fixture->process, SIGABRT);
  g_assert_cmpint (weir_worker_get_exit_reason (fixture->worker),
                   ==,
                   WEIR_WORKER_EXIT_REASON_LIMIT_MEMORY);
  g_assert_cmpint (weir_gate_get_blame (fixture->gate), ==, WEIR_BLAME_LIFE);
  give_up (fixture);
}

static void
test_kernel_ends_it (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  lease (fixture);
  weir_fake_process_exit (fixture->process, SIGXCPU);
  g_assert_cmpint (weir_worker_get_exit_reason (fixture->worker),
                   ==,
                   WEIR_WORKER_EXIT_REASON_LIMIT_CPU);
  g_assert_error (weir_worker_get_error (fixture->worker), WEIR_ERROR, WEIR_ERROR_WORKER_LIMIT);
  give_up (fixture);
}

static void
test_wall (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  weir_fake_clock_advance (fixture->clock, 53999);
  assert_line (fixture, "{\"type\":\"load\"}");
  weir_fake_clock_advance (fixture->clock, 1);
  assert_line (fixture, "{\"type\":\"unload\",\"reason\":\"wall_clock\"}");
  assert_state (fixture, WEIR_WORKER_STATE_IDLE);
  weir_fake_clock_advance (fixture->clock, 6000);
  assert_state (fixture, WEIR_WORKER_STATE_STOPPING);
  assert_line (fixture, "{\"type\":\"stop\",\"reason\":\"wall_clock\",\"tasks_ms\":3000}");
  g_assert_true (g_pattern_match_simple ("*served for 60000 ms*", fixture->notices->str));
  weir_fake_process_exit (fixture->process, 0);
  g_assert_no_error (weir_worker_get_error (fixture->worker));
}

static void
test_wall_does_not_drain (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  lease (fixture);
  compute (fixture, 64900, 0);
  assert_state (fixture, WEIR_WORKER_STATE_DRAINING);
  compute (fixture, 100, 0);
  assert_over (fixture,
               WEIR_WORKER_EXIT_REASON_LIMIT_WALL,
               WEIR_ERROR_WORKER_LIMIT,
               "*wall_clock_ms*");
  give_up (fixture);
}

static void
test_tasks (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  lease (fixture);
  weir_fake_process_say (fixture->process, "{\"type\":\"task\",\"pending\":1}");
  answer (fixture);
  compute (fixture, 2900, 0);
  assert_state (fixture, WEIR_WORKER_STATE_IDLE);
  lease (fixture); /* the time begins anew */
  answer (fixture);
  compute (fixture, 2900, 0);
  assert_state (fixture, WEIR_WORKER_STATE_IDLE);
  compute (fixture, 200, 0);
  assert_state (fixture, WEIR_WORKER_STATE_STOPPING);
  assert_line (fixture, "{\"type\":\"stop\",\"reason\":\"early_drop\",\"tasks_ms\":0}");
  weir_fake_clock_advance (fixture->clock, 1000);
  assert_over (fixture,
               WEIR_WORKER_EXIT_REASON_BACKGROUND_TIMEOUT,
               WEIR_ERROR_WORKER_FAILED,
               "*1 background tasks*3000 ms after its last request*");
}

static void
test_stop_waits_for_tasks (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  weir_fake_process_say (fixture->process, "{\"type\":\"task\",\"pending\":1}");
  weir_worker_retire (fixture->worker);
  assert_state (fixture, WEIR_WORKER_STATE_STOPPING);
  weir_fake_clock_advance (fixture->clock, 2000);
  weir_fake_process_say (fixture->process, "{\"type\":\"task\",\"pending\":0}");
  weir_fake_clock_advance (fixture->clock, 500);
  /* A flood of tasks buys no more time than one. */
  for (guint i = 0; i < 100; i++)
    {
      weir_fake_process_say (fixture->process, "{\"type\":\"task\",\"pending\":1}");
      weir_fake_process_say (fixture->process, "{\"type\":\"task\",\"pending\":0}");
    }
  weir_fake_process_say (fixture->process, "{\"type\":\"task\",\"pending\":1}");
  weir_fake_clock_advance (fixture->clock, 1499);
  assert_state (fixture, WEIR_WORKER_STATE_STOPPING);
  weir_fake_clock_advance (fixture->clock, 1);
  assert_state (fixture, WEIR_WORKER_STATE_KILLING);
}

static void
test_careless (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  weir_fake_process_say (fixture->process, "{\"type\":\"task\",\"pending\":1}");
  weir_gate_add_socket (fixture->gate);
  weir_fake_clock_advance (fixture->clock, 1000);
  assert_state (fixture, WEIR_WORKER_STATE_STOPPING);
  assert_line (fixture, "{\"type\":\"stop\",\"reason\":\"early_drop\"}");
  weir_gate_remove_socket (fixture->gate);
}

static void
test_healthy (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  for (guint i = 1; i <= 3; i++)
    {
      g_autofree char *ping = g_strdup_printf ("{\"type\":\"ping\",\"id\":%u}", i);
      g_autofree char *pong = g_strdup_printf ("{\"type\":\"pong\",\"id\":%u}", i);

      weir_fake_clock_advance (fixture->clock, 1000);
      assert_line (fixture, ping);
      weir_fake_clock_advance (fixture->clock, 199);
      weir_fake_process_say (fixture->process, pong);
    }
  /* Nobody asked for it: being asked for its health is no request. */
  weir_fake_clock_advance (fixture->clock, 1404);
  assert_state (fixture, WEIR_WORKER_STATE_STOPPING);
  g_assert_cmpuint (fixture->unhealthy, ==, 0);
}

static void
test_unhealthy (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  lease (fixture);
  compute (fixture, 1200, 0); /* one failure */
  weir_fake_process_say (fixture->process, "{\"type\":\"pong\",\"id\":1}");
  compute (fixture, 1000, 0);
  weir_fake_process_say (fixture->process, "{\"type\":\"pong\",\"id\":2}"); /* in time */
  compute (fixture, 2300, 0);
  assert_state (fixture, WEIR_WORKER_STATE_BUSY);
  compute (fixture, 110, 0);
  g_assert_cmpuint (fixture->unhealthy, ==, 2);
  assert_over (fixture,
               WEIR_WORKER_EXIT_REASON_UNHEALTHY,
               WEIR_ERROR_WORKER_FAILED,
               "*2 health checks in a row*");
  give_up (fixture);
}

/* ---- whatever comes ---- */

static const Option walk_options[] = {
  { "cpu_soft_ms", 200 },
  { "cpu_hard_ms", 400 },
  { "memory_limit_mb", 50 },
  { "wall_clock_ms", 3000 },
  { "drain_timeout_ms", 500 },
  { "background_task_timeout_ms", 700 },
  { "stop_timeout_ms", 300 },
  { "idle_timeout_ms", 1000 },
  { "health_check_interval_ms", 300 },
  { "health_check_timeout_ms", 100 },
  { "health_check_failures", 2 },
  { NULL, 0 },
};

static void
act (Fixture *fixture, GRand *rand, guint *leases, guint *sockets)
{
  g_autofree char *line = NULL;

  switch (g_rand_int_range (rand, 0, 13))
    {
    case 0:
      weir_fake_process_answer (fixture->process);
      break;
    case 1:
      weir_fake_process_say (fixture->process, "{\"type\":\"ready\"}");
      break;
    case 2:
    case 3:
      if (weir_gate_lease (fixture->gate, G_MAXUINT))
        (*leases)++;
      break;
    case 4:
    case 5:
      if (*leases > 0)
        {
          (*leases)--;
          if (g_rand_boolean (rand))
            weir_gate_note_answer (fixture->gate);
          weir_gate_release (fixture->gate);
        }
      break;
    case 6:
      line = g_strdup_printf ("{\"type\":\"task\",\"pending\":%d}", g_rand_int_range (rand, 0, 3));
      weir_fake_process_say (fixture->process, line);
      break;
    case 7:
      line = g_strdup_printf ("{\"type\":\"pong\",\"id\":%d}", g_rand_int_range (rand, 0, 6));
      weir_fake_process_say (fixture->process, line);
      break;
    case 8:
      if (*leases > 0 && g_rand_boolean (rand))
        {
          weir_gate_add_socket (fixture->gate);
          (*sockets)++;
          (*leases)--;
          weir_gate_release (fixture->gate);
        }
      else if (*sockets > 0)
        {
          (*sockets)--;
          weir_gate_remove_socket (fixture->gate);
        }
      break;
    case 9:
      fixture->sample->memory = g_rand_int_range (rand, 10, 76) * MIB;
      break;
    case 10:
      if (g_rand_int_range (rand, 0, 30) == 0)
        weir_fake_process_exit (fixture->process, g_rand_boolean (rand) ? SIGABRT : 0);
      break;
    case 11:
      if (g_rand_int_range (rand, 0, 60) == 0)
        weir_worker_retire (fixture->worker);
      break;
    default:
      compute (fixture, g_rand_int_range (rand, 0, 120), g_rand_int_range (rand, 0, 101));
    }
}

/* A handler that ends what it is told about. */
static void
on_change_fire_back (WeirWorker *worker, WeirWorkerState from, WeirWorkerState to, GRand *rand)
{
  if (g_rand_int_range (rand, 0, 40) == 0)
    weir_worker_kill (worker,
                      WEIR_WORKER_EXIT_REASON_REQUESTED,
                      g_error_new_literal (WEIR_ERROR, WEIR_ERROR_WORKER_FAILED, "away with it"));
}

static void
test_walks (void)
{
  guint walks = g_test_thorough () ? 10000 : 1000;
  guint32 seed = g_test_rand_int ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);

  g_test_message ("seed %u", seed);
  for (guint walk = 0; walk < walks; walk++)
    {
      Fixture fixture = { 0 };
      guint leases = 0, sockets = 0;

      set_up (&fixture, walk_options);
      g_signal_connect (fixture.worker, "state-changed", G_CALLBACK (on_change_fire_back), rand);
      weir_worker_start (fixture.worker);
      for (guint i = 0; i < 150; i++)
        act (&fixture, rand, &leases, &sockets);

      /* Whatever it does, it does not live for ever. */
      weir_fake_process_answer (fixture.process);
      compute (&fixture, 20000, 0);
      if (weir_fake_process_is_running (fixture.process))
        g_assert_true (weir_fake_process_was_killed (fixture.process));
      weir_fake_process_exit (fixture.process, SIGKILL);
      assert_state (&fixture, WEIR_WORKER_STATE_EXITED);
      g_assert_cmpint (weir_worker_get_exit_reason (fixture.worker),
                       !=,
                       WEIR_WORKER_EXIT_REASON_NONE);
      while (leases-- > 0)
        weir_gate_release (fixture.gate);
      while (sockets-- > 0)
        weir_gate_remove_socket (fixture.gate);
      turn ();
      tear_down (&fixture, NULL);
    }
}

/* The server may let go of it first. */
static void
test_dispose (Fixture *fixture, gconstpointer data)
{
  boot (fixture);
  lease (fixture);
  for (guint i = 0; i < 3; i++)
    g_object_run_dispose (G_OBJECT (fixture->supervisor));
  compute (fixture, 3000, 100);
  assert_state (fixture, WEIR_WORKER_STATE_BUSY);
  give_up (fixture);
}

static void
add (const char *path, const Option *options, void (*test) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, options, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  weir_log_catcher_install ();
  add ("/worker/supervisor/rests", story_options, test_rests);
  add ("/worker/supervisor/cpu", story_options, test_cpu);
  add ("/worker/supervisor/cpu-soft-is-harmless", story_options, test_cpu_soft_is_harmless);
  add ("/worker/supervisor/busy-worker-is-well", story_options, test_busy_worker_is_well);
  add ("/worker/supervisor/crowded-out", story_options, test_crowded_out);
  add ("/worker/supervisor/given-up", story_options, test_given_up);
  add ("/worker/supervisor/rush", story_options, test_rush);
  add ("/worker/supervisor/socket", story_options, test_socket);
  add ("/worker/supervisor/memory", story_options, test_memory);
  add ("/worker/supervisor/memory-of-garbage", story_options, test_memory_of_garbage);
  add ("/worker/supervisor/memory-abort", story_options, test_memory_abort);
  add ("/worker/supervisor/kernel-ends-it", story_options, test_kernel_ends_it);
  add ("/worker/supervisor/wall", story_options, test_wall);
  add ("/worker/supervisor/wall-does-not-drain", story_options, test_wall_does_not_drain);
  add ("/worker/supervisor/tasks", story_options, test_tasks);
  add ("/worker/supervisor/stop-waits-for-tasks", story_options, test_stop_waits_for_tasks);
  add ("/worker/supervisor/careless", careless_options, test_careless);
  add ("/worker/supervisor/healthy", health_options, test_healthy);
  add ("/worker/supervisor/unhealthy", health_options, test_unhealthy);
  add ("/worker/supervisor/dispose", story_options, test_dispose);
  g_test_add_func ("/worker/supervisor/walks", test_walks);
  return g_test_run ();
}
