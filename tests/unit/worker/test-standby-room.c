/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "store/weir-function-private.h"
#include "weir-world.h"
#include "worker/weir-standby-pool-private.h"

#define BOOTED "{\"type\":\"standby\"}"
#define MIB (G_GUINT64_CONSTANT (1024) * 1024)

/* Standbys beside the workers of a world, under the same bounds. */
typedef struct
{
  WeirWorld world;
  WeirStandbyPool *standbys;
  GPtrArray *processes;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  weir_world_set_up (&self->world, data);
  self->processes = g_ptr_array_new_with_free_func (g_object_unref);
  self->standbys = weir_standby_pool_new (WEIR_RUNTIME (self->world.runtime),
                                          WEIR_CLOCK (self->world.clock),
                                          "/sockets",
                                          weir_fake_process_factory,
                                          self->processes);
  weir_standby_pool_set_capacity (self->standbys, self->world.capacity);
  weir_standby_pool_configure (self->standbys, 4, 4);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_assert_finalize_object (self->standbys);
  g_ptr_array_unref (self->processes);
  weir_world_tear_down (&self->world, data);
}

static void
prime (Fixture *self, const char *key)
{
  g_autoptr (WeirFunction) function = weir_world_make_function (&self->world, 0, 1);

  weir_fake_runtime_set_key (self->world.runtime, key);
  weir_standby_pool_prime (self->standbys, function);
  weir_fake_runtime_set_key (self->world.runtime, NULL);
}

/* Boots all that may be there. */
static void
boot_all (Fixture *self)
{
  for (guint i = 0; i < self->processes->len; i++)
    {
      WeirFakeProcess *process = g_ptr_array_index (self->processes, i);

      if (weir_fake_process_was_killed (process) || !weir_fake_process_answer (process))
        continue;
      weir_fake_process_say (process, BOOTED);
    }
}

static void
expect (Fixture *self, guint n_standbys)
{
  boot_all (self);
  g_assert_cmpuint (weir_standby_pool_get_n_standbys (self->standbys), ==, n_standbys);
  g_assert_cmpuint (weir_standby_pool_get_n_ready (self->standbys), ==, n_standbys);
}

static void
end_worker (Fixture *self, guint i)
{
  weir_fake_process_exit (weir_world_process (&self->world, i), 0);
  weir_world_turn ();
}

static void
test_count (Fixture *self, gconstpointer data)
{
  weir_capacity_set_limits (self->world.capacity, 3, 0);
  prime (self, "a");
  expect (self, 3);

  weir_world_serve (&self->world, 0);
  expect (self, 2);
  g_assert_true (weir_fake_process_was_killed (self->processes->pdata[0]));
  weir_world_serve (&self->world, 1);
  weir_world_serve (&self->world, 2);
  expect (self, 0);

  end_worker (self, 1);
  expect (self, 1);
  weir_capacity_set_limits (self->world.capacity, 2, 0);
  expect (self, 0);
  weir_capacity_set_limits (self->world.capacity, 0, 0);
  expect (self, 4);
}

/* No worker waits for a standby to go. */
static void
test_workers_come_first (Fixture *self, gconstpointer data)
{
  weir_capacity_set_limits (self->world.capacity, 1, 0);
  prime (self, "a");
  expect (self, 1);
  weir_world_serve (&self->world, 0);
  weir_world_check (&self->world, "added-0 ready-0");
  expect (self, 0);
}

static void
test_memory (Fixture *self, gconstpointer data)
{
  self->world.memory = 20 * MIB;
  weir_capacity_set_limits (self->world.capacity, 0, 3 * WEIR_STANDBY_BYTES);
  prime (self, "a");
  expect (self, 3);

  weir_world_serve (&self->world, 0);
  weir_fake_clock_advance (self->world.clock, 1000); /* it is looked at once a second */
  expect (self, 1);
  self->world.memory = 40 * MIB;
  weir_fake_clock_advance (self->world.clock, 1000);
  expect (self, 0);
  self->world.memory = 10 * MIB;
  weir_fake_clock_advance (self->world.clock, 1000);
  expect (self, 2);
}

/* What is used stays. */
static void
test_oldest_key_first (Fixture *self, gconstpointer data)
{
  weir_standby_pool_configure (self->standbys, 2, 4);
  prime (self, "a");
  expect (self, 2);
  prime (self, "b");
  expect (self, 4);
  weir_capacity_set_limits (self->world.capacity, 2, 0);
  expect (self, 2);
  for (guint i = 0; i < 4; i++)
    g_assert_true (weir_fake_process_was_killed (self->processes->pdata[i]) == (i < 2));
}

#define ADD(name, function)                                                                        \
  g_test_add ("/worker/standby-room/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("count", test_count);
  ADD ("workers-first", test_workers_come_first);
  ADD ("memory", test_memory);
  ADD ("oldest-key-first", test_oldest_key_first);
  return g_test_run ();
}
