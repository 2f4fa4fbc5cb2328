/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-error.h"
#include "weir-log-catcher.h"
#include "weir-world.h"
#include "worker/weir-worker-private.h"

static void
test_idle_goes (WeirWorld *self, gconstpointer data)
{
  weir_capacity_set_limits (self->capacity, 1, 0);
  weir_world_serve (self, 0);
  weir_world_check (self, "added-0 ready-0");
  weir_world_demand (self, 1);
  weir_world_check (self, "gone-0 crowded-1");
  g_assert_cmpstr (weir_fake_process_get_trace (weir_world_process (self, 0)), ==, "spawn term");
  weir_fake_process_exit (weir_world_process (self, 0), 0);
  weir_world_check (self, "added-1");
  weir_world_behave (self);
  weir_world_check (self, "ready-1");
}

static void
test_busy_stays (WeirWorld *self, gconstpointer data)
{
  weir_capacity_set_limits (self->capacity, 1, 0);
  weir_world_serve (self, 0);
  g_assert_true (weir_gate_lease (weir_world_gate (self, 0), G_MAXUINT));
  weir_world_turn ();
  weir_world_demand (self, 1);
  weir_fake_clock_advance (self->clock, 10000);
  weir_world_check (self, "added-0 ready-0 crowded-1");
  weir_gate_release (weir_world_gate (self, 0));
  weir_fake_clock_advance (self->clock, 10); /* before its worker knows */
  weir_world_check (self, "gone-0");
  weir_world_behave (self);
  weir_world_check (self, "added-1");
}

static void
test_oldest_first (WeirWorld *self, gconstpointer data)
{
  weir_capacity_set_limits (self->capacity, 3, 0);
  for (guint i = 0; i < 3; i++)
    weir_world_serve (self, i);
  weir_world_use (self, 0);
  g_string_truncate (self->trace, 0);
  weir_world_demand (self, 3);
  weir_world_check (self, "gone-1 crowded-3");
  weir_world_demand (self, 4);
  weir_world_check (self, "gone-2 crowded-4");
  weir_world_behave (self);
  weir_world_behave (self);
  weir_world_check (self, "added-3 added-4 ready-3 ready-4");
}

/* One that has just started is there for a request that is on its way. */
static void
test_grace (WeirWorld *self, gconstpointer data)
{
  weir_capacity_set_limits (self->capacity, 1, 0);
  weir_world_demand (self, 0);
  weir_world_behave (self);
  weir_world_demand (self, 1);
  weir_fake_clock_advance (self->clock, 900);
  weir_world_check (self, "added-0 ready-0 crowded-1");
  weir_fake_clock_advance (self->clock, 200);
  weir_world_check (self, "gone-0");
}

static void
set_up_minimum (WeirWorld *self, gconstpointer data)
{
  self->min_workers = 1;
  weir_world_set_up (self, data);
}

static void
test_minimum (WeirWorld *self, gconstpointer data)
{
  weir_capacity_set_limits (self->capacity, 2, 0);
  weir_world_serve (self, 0);
  weir_world_demand (self, 0);
  weir_world_behave (self);
  weir_world_use (self, 0);
  weir_world_check (self, "added-0 ready-0 added-0 ready-0");
  weir_fake_clock_advance (self->clock, 1000);
  weir_world_demand (self, 1);
  weir_world_check (self, "gone-0 crowded-1"); /* one of the two */
  weir_world_behave (self);
  weir_world_behave (self);
  weir_world_use (self, 1);
  weir_world_check (self, "added-1 ready-1");
  weir_world_demand (self, 2);
  weir_fake_clock_advance (self->clock, 100000);
  weir_world_check (self, "crowded-2");
}

static void
test_first_before_further (WeirWorld *self, gconstpointer data)
{
  weir_capacity_set_limits (self->capacity, 1, 0);
  weir_world_serve (self, 0);
  g_assert_true (weir_gate_lease (weir_world_gate (self, 0), G_MAXUINT));
  weir_world_turn ();
  weir_world_demand (self, 0);
  weir_world_demand (self, 1);
  weir_world_check (self, "added-0 ready-0 crowded-0 crowded-1");
  weir_capacity_set_limits (self->capacity, 2, 0);
  weir_world_check (self, "added-1");
  weir_gate_release (weir_world_gate (self, 0));
  weir_capacity_set_limits (self->capacity, 3, 0); /* it is not busy any more */
  weir_world_check (self, "declined-0");
}

/* Whoever is asked for again and again is not served later for it. */
static void
test_keeps_its_place (WeirWorld *self, gconstpointer data)
{
  weir_capacity_set_limits (self->capacity, 1, 0);
  weir_world_serve (self, 0);
  g_assert_true (weir_gate_lease (weir_world_gate (self, 0), G_MAXUINT));
  weir_world_turn ();
  weir_world_demand (self, 1);
  weir_world_demand (self, 2);
  weir_world_demand (self, 1);
  weir_world_check (self, "added-0 ready-0 crowded-1 crowded-2 crowded-1");
  weir_capacity_set_limits (self->capacity, 2, 0);
  weir_world_check (self, "added-1");
  weir_world_demand (self, 2);
  weir_world_check (self, "crowded-2");
  weir_capacity_set_limits (self->capacity, 3, 0);
  weir_world_check (self, "added-2");
  weir_gate_release (weir_world_gate (self, 0));
}

static void
test_memory (WeirWorld *self, gconstpointer data)
{
  self->memory = 100;
  weir_capacity_set_limits (self->capacity, 0, 250);
  weir_world_serve (self, 0);
  weir_fake_clock_advance (self->clock, 250);
  weir_world_serve (self, 1);
  weir_fake_clock_advance (self->clock, 250);
  weir_world_check (self, "added-0 ready-0 added-1 ready-1");
  weir_world_demand (self, 2);
  weir_world_check (self, "gone-0 crowded-2");
  weir_world_behave (self);
  weir_world_check (self, "added-2");
}

static void
serve_three (WeirWorld *self)
{
  self->memory = 100;
  weir_capacity_set_limits (self->capacity, 0, 1000);
  for (guint i = 0; i < 3; i++)
    weir_world_serve (self, i);
  g_string_truncate (self->trace, 0);
}

static void
grow (WeirWorld *self, guint i, guint64 memory)
{
  self->heavy = weir_worker_get_pid (weir_worker_pool_get_serving (self->pools[i], 0));
  self->heavy_memory = memory;
  weir_fake_clock_advance (self->clock, 1000);
  weir_world_behave (self);
}

static void
test_growing_within (WeirWorld *self, gconstpointer data)
{
  serve_three (self);
  grow (self, 1, 800);
  weir_world_check (self, "");
  g_assert_cmpuint (self->n_notices, ==, 0);
}

/* The idle one of before is enough. */
static void
test_growing_ends_the_idle (WeirWorld *self, gconstpointer data)
{
  serve_three (self);
  g_assert_true (weir_gate_lease (weir_world_gate (self, 2), G_MAXUINT));
  weir_world_turn ();
  grow (self, 2, 850);
  weir_world_check (self, "gone-0");
  g_assert_cmpuint (self->n_notices, ==, 1);
  grow (self, 2, 850);
  weir_world_check (self, "");
  weir_gate_release (weir_world_gate (self, 2));
}

static void
hold (WeirWorld *self, guint i)
{
  g_assert_true (weir_gate_lease (weir_world_gate (self, i), G_MAXUINT));
  weir_world_turn ();
}

/* All are in use: the largest finishes what it has. */
static void
test_growing_drains_the_largest (WeirWorld *self, gconstpointer data)
{
  g_autoptr (WeirWorker) worker = NULL;

  serve_three (self);
  worker = g_object_ref (weir_worker_pool_get_serving (self->pools[1], 0));
  for (guint i = 0; i < 3; i++)
    hold (self, i);
  grow (self, 1, 900);
  weir_world_check (self, "gone-1");
  g_assert_cmpint (weir_worker_get_state (worker), ==, WEIR_WORKER_STATE_DRAINING);
  g_assert_cmpint (weir_worker_get_exit_reason (worker), ==, WEIR_WORKER_EXIT_REASON_LIMIT_MEMORY);
  weir_gate_release (weir_worker_get_gate (worker));
  weir_world_turn ();
  for (guint i = 0; i < 3; i += 2)
    weir_gate_release (weir_world_gate (self, i));
}

static void
test_growing_kills_the_largest (WeirWorld *self, gconstpointer data)
{
  g_autoptr (WeirWorker) worker = NULL;

  serve_three (self);
  worker = g_object_ref (weir_worker_pool_get_serving (self->pools[1], 0));
  for (guint i = 0; i < 3; i++)
    hold (self, i);
  grow (self, 1, 2000);
  weir_world_check (self, "gone-1");
  g_assert_error (weir_worker_get_error (worker), WEIR_ERROR, WEIR_ERROR_WORKER_LIMIT);
  g_assert_cmpint (weir_worker_get_state (worker), ==, WEIR_WORKER_STATE_EXITED);
  for (guint i = 0; i < 3; i += 2)
    weir_gate_release (weir_world_gate (self, i));
}

/* Or nothing would ever start. */
static void
test_little_memory (WeirWorld *self, gconstpointer data)
{
  self->memory = 100;
  weir_capacity_set_limits (self->capacity, 0, 10);
  weir_world_serve (self, 0);
  weir_world_demand (self, 1);
  weir_world_behave (self);
  weir_world_behave (self);
  weir_world_check (self, "added-0 ready-0 gone-0 crowded-1 added-1 ready-1");
}

static void
test_reload_needs_no_room (WeirWorld *self, gconstpointer data)
{
  g_autoptr (WeirFunction) function = weir_world_make_function (self, 0, 2);

  weir_capacity_set_limits (self->capacity, 1, 0);
  weir_world_serve (self, 0);
  weir_worker_pool_set_function (self->pools[0], function);
  weir_fake_runtime_finish (self->runtime, NULL);
  weir_world_turn ();
  weir_world_behave (self);
  weir_world_check (self, "added-0 ready-0 added-0 ready-0 gone-0");
}

static void
test_shut_down_waiting (WeirWorld *self, gconstpointer data)
{
  weir_capacity_set_limits (self->capacity, 1, 0);
  weir_world_serve (self, 0);
  g_assert_true (weir_gate_lease (weir_world_gate (self, 0), G_MAXUINT));
  weir_world_turn ();
  weir_world_demand (self, 1);
  weir_worker_pool_shut_down (self->pools[1], TRUE);
  weir_world_check (self, "added-0 ready-0 crowded-1 failed-1");
  weir_gate_release (weir_world_gate (self, 0));
  weir_fake_clock_advance (self->clock, 1000);
  weir_world_check (self, "");
}

/* Whoever waits for room and is left by those who asked makes room for nobody. */
static void
test_withdraw (WeirWorld *self, gconstpointer data)
{
  weir_capacity_set_limits (self->capacity, 1, 0);
  weir_world_serve (self, 0);
  g_assert_true (weir_gate_lease (weir_world_gate (self, 0), G_MAXUINT));
  weir_world_turn ();
  weir_world_demand (self, 1);
  weir_world_demand (self, 2);
  weir_world_withdraw (self, 1);
  weir_world_check (self, "added-0 ready-0 crowded-1 crowded-2");
  weir_world_withdraw (self, 2);
  weir_gate_release (weir_world_gate (self, 0));
  weir_fake_clock_advance (self->clock, 1000);
  weir_world_check (self, "");
  weir_world_demand (self, 1);
  weir_world_check (self, "gone-0 crowded-1");
}

#define ADD(name, up, func)                                                                        \
  g_test_add ("/worker/capacity/" name, WeirWorld, NULL, up, func, weir_world_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  weir_log_catcher_install ();
  ADD ("idle-goes", weir_world_set_up, test_idle_goes);
  ADD ("busy-stays", weir_world_set_up, test_busy_stays);
  ADD ("oldest-first", weir_world_set_up, test_oldest_first);
  ADD ("grace", weir_world_set_up, test_grace);
  ADD ("minimum", set_up_minimum, test_minimum);
  ADD ("first-before-further", weir_world_set_up, test_first_before_further);
  ADD ("keeps-its-place", weir_world_set_up, test_keeps_its_place);
  ADD ("memory", weir_world_set_up, test_memory);
  ADD ("little-memory", weir_world_set_up, test_little_memory);
  ADD ("growing/within", weir_world_set_up, test_growing_within);
  ADD ("growing/ends-the-idle", weir_world_set_up, test_growing_ends_the_idle);
  ADD ("growing/drains-the-largest", weir_world_set_up, test_growing_drains_the_largest);
  ADD ("growing/kills-the-largest", weir_world_set_up, test_growing_kills_the_largest);
  ADD ("reload-needs-no-room", weir_world_set_up, test_reload_needs_no_room);
  ADD ("shut-down-waiting", weir_world_set_up, test_shut_down_waiting);
  ADD ("withdraw", weir_world_set_up, test_withdraw);
  return g_test_run ();
}
