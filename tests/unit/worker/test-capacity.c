/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <string.h>
#include "base/weir-error.h"
#include "store/weir-function-private.h"
#include "weir-fake-clock.h"
#include "weir-fake-process.h"
#include "weir-fake-runtime.h"
#include "weir-log-catcher.h"
#include "worker/weir-capacity-private.h"
#include "worker/weir-worker-private.h"

#define READY "{\"type\":\"ready\"}"
#define N_POOLS 5

typedef struct
{
  WeirFakeClock *clock;
  WeirFakeRuntime *runtime;
  WeirCapacity *capacity;
  GPtrArray *processes;
  WeirWorkerPool *pools[N_POOLS];
  gboolean waiting[N_POOLS];
  GString *trace;
  guint64 memory; /* of each worker */
  GPid heavy;     /* but of this one */
  guint64 heavy_memory;
  guint n_notices;
  guint min_workers;
  guint max_workers;
} Fixture;

static WeirProcess *
make_process (gpointer user_data)
{
  Fixture *self = user_data;
  WeirFakeProcess *process = weir_fake_process_new ();

  g_ptr_array_add (self->processes, g_object_ref (process));
  return WEIR_PROCESS (process);
}

static guint64
probe (GPid pid, gpointer user_data)
{
  Fixture *self = user_data;

  return pid == self->heavy ? self->heavy_memory : self->memory;
}

static void
on_notice (WeirCapacity *capacity, WeirWorker *worker, const char *text, Fixture *self)
{
  g_assert_true (g_str_has_suffix (text, "(worker_memory_mb)"));
  self->n_notices++;
}

static guint
index_of (Fixture *self, WeirWorkerPool *pool)
{
  guint i = 0;

  while (self->pools[i] != pool)
    i++;
  return i;
}

static void
note (Fixture *self, const char *word, WeirWorkerPool *pool)
{
  if (self->trace->len > 0)
    g_string_append_c (self->trace, ' ');
  g_string_append_printf (self->trace, "%s-%u", word, index_of (self, pool));
}

static void
on_added (WeirWorkerPool *pool, WeirWorker *worker, Fixture *self)
{
  note (self, "added", pool);
}

static void
on_ready (WeirWorkerPool *pool, WeirWorker *worker, Fixture *self)
{
  self->waiting[index_of (self, pool)] = FALSE;
  note (self, "ready", pool);
}

static void
on_gone (WeirWorkerPool *pool, WeirWorker *worker, Fixture *self)
{
  note (self, "gone", pool);
}

static void
on_crowded (WeirWorkerPool *pool, Fixture *self)
{
  note (self, "crowded", pool);
}

static void
on_declined (WeirWorkerPool *pool, Fixture *self)
{
  self->waiting[index_of (self, pool)] = FALSE;
  note (self, "declined", pool);
}

static void
on_failed (WeirWorkerPool *pool, const GError *error, WeirWorker *worker, Fixture *self)
{
  self->waiting[index_of (self, pool)] = FALSE;
  note (self, "failed", pool);
}

static void
set_value (GHashTable *values, GHashTable *origins, const char *name, guint value)
{
  g_hash_table_insert (values, g_strdup (name), g_variant_ref_sink (g_variant_new_int64 (value)));
  g_hash_table_insert (origins, g_strdup (name), g_strdup ("test"));
}

static WeirFunction *
make_function (Fixture *self, guint i, guint64 revision)
{
  GHashTable *values =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  GHashTable *origins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (WeirSettings) settings = NULL;
  g_autofree char *name = g_strdup_printf ("f%u", i);

  set_value (values, origins, "min_workers", self->min_workers);
  set_value (values, origins, "max_workers", self->max_workers);
  settings = weir_settings_new (values, origins);
  return weir_function_new (name, "/f", "/f", "/f/index.ts", settings, NULL, revision);
}

static void
make_pool (Fixture *self, guint i)
{
  g_autoptr (WeirFunction) function = make_function (self, i, 1);

  self->pools[i] = weir_worker_pool_new (function,
                                         WEIR_RUNTIME (self->runtime),
                                         WEIR_CLOCK (self->clock),
                                         "/nonexistent/weir",
                                         make_process,
                                         self);
  weir_worker_pool_set_capacity (self->pools[i], self->capacity);
  g_signal_connect (self->pools[i], "worker-added", G_CALLBACK (on_added), self);
  g_signal_connect (self->pools[i], "ready", G_CALLBACK (on_ready), self);
  g_signal_connect (self->pools[i], "gone", G_CALLBACK (on_gone), self);
  g_signal_connect (self->pools[i], "crowded", G_CALLBACK (on_crowded), self);
  g_signal_connect (self->pools[i], "declined", G_CALLBACK (on_declined), self);
  g_signal_connect (self->pools[i], "failed", G_CALLBACK (on_failed), self);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->clock = weir_fake_clock_new ();
  self->runtime = weir_fake_runtime_new ();
  self->capacity = weir_capacity_new (WEIR_CLOCK (self->clock), probe, self);
  g_signal_connect (self->capacity, "notice", G_CALLBACK (on_notice), self);
  self->processes = g_ptr_array_new_with_free_func (g_object_unref);
  self->trace = g_string_new (NULL);
  self->max_workers = MAX (self->max_workers, 2);
  for (guint i = 0; i < N_POOLS; i++)
    make_pool (self, i);
}

static void
turn (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static WeirFakeProcess *
process (Fixture *self, guint i)
{
  g_assert_cmpuint (i, <, self->processes->len);
  return g_ptr_array_index (self->processes, i);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < N_POOLS; i++)
    weir_worker_pool_shut_down (self->pools[i], FALSE);
  while (weir_fake_runtime_finish (self->runtime, NULL))
    ;
  turn ();
  for (guint i = 0; i < self->processes->len; i++)
    {
      weir_fake_process_answer (process (self, i));
      weir_fake_process_exit (process (self, i), SIGTERM);
    }
  turn ();
  for (guint i = 0; i < N_POOLS; i++)
    {
      g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (self->pools[i])), ==, 0);
      g_assert_finalize_object (self->pools[i]);
    }
  g_assert_finalize_object (self->capacity);
  g_assert_cmpuint (weir_fake_clock_get_n_armed (self->clock), ==, 0);
  g_ptr_array_unref (self->processes);
  g_assert_finalize_object (self->runtime);
  g_assert_finalize_object (self->clock);
  g_string_free (self->trace, TRUE);
  weir_log_catcher_assert ();
}

static void
check (Fixture *self, const char *trace)
{
  g_assert_cmpstr (self->trace->str, ==, trace);
  g_string_truncate (self->trace, 0);
}

static void
demand (Fixture *self, guint i)
{
  self->waiting[i] = TRUE;
  weir_worker_pool_demand (self->pools[i]);
  while (weir_fake_runtime_finish (self->runtime, NULL))
    ;
  turn ();
}

/* The world as it should be: what was started is ready, what was told to end has ended. */
static void
behave (Fixture *self)
{
  guint n = self->processes->len;

  for (guint i = 0; i < n; i++)
    {
      if (weir_fake_process_answer (process (self, i)))
        weir_fake_process_say (process (self, i), READY);
      if (g_str_has_suffix (weir_fake_process_get_trace (process (self, i)), "term") ||
          weir_fake_process_was_killed (process (self, i)))
        weir_fake_process_exit (process (self, i), 0);
    }
}

static WeirGate *
gate (Fixture *self, guint i)
{
  return weir_worker_get_gate (weir_worker_pool_get_serving (self->pools[i], 0));
}

/* One request, and the time after which it is known to be over. */
static void
use (Fixture *self, guint i)
{
  g_assert_true (weir_gate_lease (gate (self, i)));
  turn ();
  weir_gate_release (gate (self, i));
  weir_fake_clock_advance (self->clock, 50);
}

static void
serve (Fixture *self, guint i)
{
  demand (self, i);
  behave (self);
  use (self, i);
}

static void
test_idle_goes (Fixture *self, gconstpointer data)
{
  weir_capacity_set_limits (self->capacity, 1, 0);
  serve (self, 0);
  check (self, "added-0 ready-0");
  demand (self, 1);
  check (self, "gone-0 crowded-1");
  g_assert_cmpstr (weir_fake_process_get_trace (process (self, 0)), ==, "spawn term");
  weir_fake_process_exit (process (self, 0), 0);
  check (self, "added-1");
  behave (self);
  check (self, "ready-1");
}

static void
test_busy_stays (Fixture *self, gconstpointer data)
{
  weir_capacity_set_limits (self->capacity, 1, 0);
  serve (self, 0);
  g_assert_true (weir_gate_lease (gate (self, 0)));
  turn ();
  demand (self, 1);
  weir_fake_clock_advance (self->clock, 10000);
  check (self, "added-0 ready-0 crowded-1");
  weir_gate_release (gate (self, 0));
  weir_fake_clock_advance (self->clock, 10); /* before its worker knows */
  check (self, "gone-0");
  behave (self);
  check (self, "added-1");
}

static void
test_oldest_first (Fixture *self, gconstpointer data)
{
  weir_capacity_set_limits (self->capacity, 3, 0);
  for (guint i = 0; i < 3; i++)
    serve (self, i);
  use (self, 0);
  g_string_truncate (self->trace, 0);
  demand (self, 3);
  check (self, "gone-1 crowded-3");
  demand (self, 4);
  check (self, "gone-2 crowded-4");
  behave (self);
  behave (self);
  check (self, "added-3 added-4 ready-3 ready-4");
}

/* One that has just started is there for a request that is on its way. */
static void
test_grace (Fixture *self, gconstpointer data)
{
  weir_capacity_set_limits (self->capacity, 1, 0);
  demand (self, 0);
  behave (self);
  demand (self, 1);
  weir_fake_clock_advance (self->clock, 900);
  check (self, "added-0 ready-0 crowded-1");
  weir_fake_clock_advance (self->clock, 200);
  check (self, "gone-0");
}

static void
set_up_minimum (Fixture *self, gconstpointer data)
{
  self->min_workers = 1;
  set_up (self, data);
}

static void
test_minimum (Fixture *self, gconstpointer data)
{
  weir_capacity_set_limits (self->capacity, 2, 0);
  serve (self, 0);
  demand (self, 0);
  behave (self);
  use (self, 0);
  check (self, "added-0 ready-0 added-0 ready-0");
  weir_fake_clock_advance (self->clock, 1000);
  demand (self, 1);
  check (self, "gone-0 crowded-1"); /* one of the two */
  behave (self);
  behave (self);
  use (self, 1);
  check (self, "added-1 ready-1");
  demand (self, 2);
  weir_fake_clock_advance (self->clock, 100000);
  check (self, "crowded-2");
}

static void
test_first_before_further (Fixture *self, gconstpointer data)
{
  weir_capacity_set_limits (self->capacity, 1, 0);
  serve (self, 0);
  g_assert_true (weir_gate_lease (gate (self, 0)));
  turn ();
  demand (self, 0);
  demand (self, 1);
  check (self, "added-0 ready-0 crowded-0 crowded-1");
  weir_capacity_set_limits (self->capacity, 2, 0);
  check (self, "added-1");
  weir_gate_release (gate (self, 0));
  weir_capacity_set_limits (self->capacity, 3, 0); /* it is not busy any more */
  check (self, "declined-0");
}

static void
test_memory (Fixture *self, gconstpointer data)
{
  self->memory = 100;
  weir_capacity_set_limits (self->capacity, 0, 250);
  serve (self, 0);
  weir_fake_clock_advance (self->clock, 250);
  serve (self, 1);
  weir_fake_clock_advance (self->clock, 250);
  check (self, "added-0 ready-0 added-1 ready-1");
  demand (self, 2);
  check (self, "gone-0 crowded-2");
  behave (self);
  check (self, "added-2");
}

static void
serve_three (Fixture *self)
{
  self->memory = 100;
  weir_capacity_set_limits (self->capacity, 0, 1000);
  for (guint i = 0; i < 3; i++)
    serve (self, i);
  g_string_truncate (self->trace, 0);
}

static void
grow (Fixture *self, guint i, guint64 memory)
{
  self->heavy = weir_worker_get_pid (weir_worker_pool_get_serving (self->pools[i], 0));
  self->heavy_memory = memory;
  weir_fake_clock_advance (self->clock, 1000);
  behave (self);
}

static void
test_growing_within (Fixture *self, gconstpointer data)
{
  serve_three (self);
  grow (self, 1, 800);
  check (self, "");
  g_assert_cmpuint (self->n_notices, ==, 0);
}

/* The idle one of before is enough. */
static void
test_growing_ends_the_idle (Fixture *self, gconstpointer data)
{
  serve_three (self);
  g_assert_true (weir_gate_lease (gate (self, 2)));
  turn ();
  grow (self, 2, 850);
  check (self, "gone-0");
  g_assert_cmpuint (self->n_notices, ==, 1);
  grow (self, 2, 850);
  check (self, "");
  weir_gate_release (gate (self, 2));
}

static void
hold (Fixture *self, guint i)
{
  g_assert_true (weir_gate_lease (gate (self, i)));
  turn ();
}

/* All are in use: the largest finishes what it has. */
static void
test_growing_drains_the_largest (Fixture *self, gconstpointer data)
{
  g_autoptr (WeirWorker) worker = NULL;

  serve_three (self);
  worker = g_object_ref (weir_worker_pool_get_serving (self->pools[1], 0));
  for (guint i = 0; i < 3; i++)
    hold (self, i);
  grow (self, 1, 900);
  check (self, "gone-1");
  g_assert_cmpint (weir_worker_get_state (worker), ==, WEIR_WORKER_STATE_DRAINING);
  g_assert_cmpint (weir_worker_get_exit_reason (worker), ==, WEIR_WORKER_EXIT_REASON_LIMIT_MEMORY);
  weir_gate_release (weir_worker_get_gate (worker));
  turn ();
  for (guint i = 0; i < 3; i += 2)
    weir_gate_release (gate (self, i));
}

static void
test_growing_kills_the_largest (Fixture *self, gconstpointer data)
{
  g_autoptr (WeirWorker) worker = NULL;

  serve_three (self);
  worker = g_object_ref (weir_worker_pool_get_serving (self->pools[1], 0));
  for (guint i = 0; i < 3; i++)
    hold (self, i);
  grow (self, 1, 2000);
  check (self, "gone-1");
  g_assert_error (weir_worker_get_error (worker), WEIR_ERROR, WEIR_ERROR_WORKER_LIMIT);
  g_assert_cmpint (weir_worker_get_state (worker), ==, WEIR_WORKER_STATE_EXITED);
  for (guint i = 0; i < 3; i += 2)
    weir_gate_release (gate (self, i));
}

/* Or nothing would ever start. */
static void
test_little_memory (Fixture *self, gconstpointer data)
{
  self->memory = 100;
  weir_capacity_set_limits (self->capacity, 0, 10);
  serve (self, 0);
  demand (self, 1);
  behave (self);
  behave (self);
  check (self, "added-0 ready-0 gone-0 crowded-1 added-1 ready-1");
}

static void
test_reload_needs_no_room (Fixture *self, gconstpointer data)
{
  g_autoptr (WeirFunction) function = make_function (self, 0, 2);

  weir_capacity_set_limits (self->capacity, 1, 0);
  serve (self, 0);
  weir_worker_pool_set_function (self->pools[0], function);
  weir_fake_runtime_finish (self->runtime, NULL);
  turn ();
  behave (self);
  check (self, "added-0 ready-0 added-0 ready-0 gone-0");
}

static void
test_shut_down_waiting (Fixture *self, gconstpointer data)
{
  weir_capacity_set_limits (self->capacity, 1, 0);
  serve (self, 0);
  g_assert_true (weir_gate_lease (gate (self, 0)));
  turn ();
  demand (self, 1);
  weir_worker_pool_shut_down (self->pools[1], TRUE);
  check (self, "added-0 ready-0 crowded-1 failed-1");
  weir_gate_release (gate (self, 0));
  weir_fake_clock_advance (self->clock, 1000);
  check (self, "");
}

/* ---- walks ---- */

static guint
count_live (Fixture *self)
{
  guint n = 0;

  for (guint i = 0; i < N_POOLS; i++)
    n += g_list_model_get_n_items (G_LIST_MODEL (self->pools[i]));
  return n;
}

static void
act (Fixture *self, GRand *rand, GPtrArray *leases)
{
  guint i = g_rand_int_range (rand, 0, N_POOLS);
  guint n = weir_worker_pool_get_n_serving (self->pools[i]);
  WeirWorker *worker =
      n > 0 ? weir_worker_pool_get_serving (self->pools[i], g_rand_int_range (rand, 0, n)) : NULL;

  switch (g_rand_int_range (rand, 0, 10))
    {
    case 0:
    case 1:
      demand (self, i);
      break;
    case 2:
    case 3:
      if (worker != NULL && weir_gate_lease (weir_worker_get_gate (worker)))
        g_ptr_array_add (leases, weir_gate_ref (weir_worker_get_gate (worker)));
      turn ();
      break;
    case 4:
    case 5:
      if (leases->len > 0)
        {
          weir_gate_release (leases->pdata[0]);
          g_ptr_array_remove_index (leases, 0);
        }
      turn ();
      break;
    case 6:
      weir_fake_clock_advance (self->clock, g_rand_int_range (rand, 0, 2000));
      break;
    case 7:
      if (self->processes->len > 0 && g_rand_int_range (rand, 0, 3) == 0)
        weir_fake_process_exit (process (self, g_rand_int_range (rand, 0, self->processes->len)),
                                SIGSEGV);
      break;
    default:
      behave (self);
    }
  g_assert_cmpuint (count_live (self), <=, 3);
}

static gboolean
is_anybody_waiting (Fixture *self)
{
  for (guint i = 0; i < N_POOLS; i++)
    if (self->waiting[i] && weir_worker_pool_get_n_serving (self->pools[i]) == 0)
      return TRUE;
  return FALSE;
}

/* Never more than there may be; and when requests end, everybody gets a turn. */
static void
test_walks (void)
{
  guint walks = g_test_thorough () ? 10000 : 700;
  guint32 seed = g_test_rand_int ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);

  g_test_message ("seed %u", seed);
  for (guint walk = 0; walk < walks; walk++)
    {
      Fixture self = { 0 };
      g_autoptr (GPtrArray) leases =
          g_ptr_array_new_with_free_func ((GDestroyNotify) weir_gate_unref);

      self.max_workers = g_rand_int_range (rand, 1, 4);
      set_up (&self, NULL);
      weir_capacity_set_limits (self.capacity, 3, 0);
      for (guint i = 0; i < 200; i++)
        act (&self, rand, leases);
      while (leases->len > 0)
        {
          weir_gate_release (leases->pdata[0]);
          g_ptr_array_remove_index (leases, 0);
        }
      turn ();
      for (guint i = 0; i < 60 && is_anybody_waiting (&self); i++)
        {
          behave (&self);
          weir_fake_clock_advance (self.clock, 1100);
          turn ();
        }
      g_assert_false (is_anybody_waiting (&self));
      tear_down (&self, NULL);
    }
}

#define ADD(name, up, func)                                                                        \
  g_test_add ("/worker/capacity/" name, Fixture, NULL, up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  weir_log_catcher_install ();
  ADD ("idle-goes", set_up, test_idle_goes);
  ADD ("busy-stays", set_up, test_busy_stays);
  ADD ("oldest-first", set_up, test_oldest_first);
  ADD ("grace", set_up, test_grace);
  ADD ("minimum", set_up_minimum, test_minimum);
  ADD ("first-before-further", set_up, test_first_before_further);
  ADD ("memory", set_up, test_memory);
  ADD ("little-memory", set_up, test_little_memory);
  ADD ("growing/within", set_up, test_growing_within);
  ADD ("growing/ends-the-idle", set_up, test_growing_ends_the_idle);
  ADD ("growing/drains-the-largest", set_up, test_growing_drains_the_largest);
  ADD ("growing/kills-the-largest", set_up, test_growing_kills_the_largest);
  ADD ("reload-needs-no-room", set_up, test_reload_needs_no_room);
  ADD ("shut-down-waiting", set_up, test_shut_down_waiting);
  g_test_add_func ("/worker/capacity/walks", test_walks);
  return g_test_run ();
}
