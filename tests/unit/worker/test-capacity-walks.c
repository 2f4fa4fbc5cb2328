/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Pools, their capacity and their supervisor together, whatever comes. */

#include <signal.h>

#include "weir-log-catcher.h"
#include "weir-world.h"
#include "worker/weir-worker-private.h"

#define N_POOLS WEIR_WORLD_N_POOLS

static guint
count_live (WeirWorld *self)
{
  guint n = 0;

  for (guint i = 0; i < N_POOLS; i++)
    n += g_list_model_get_n_items (G_LIST_MODEL (self->pools[i]));
  return n;
}

static void
compute (WeirWorld *self, GRand *rand)
{
  WeirResourceSample *sample = weir_fake_usage_get_sample (self->usage);
  guint ms = g_rand_int_range (rand, 0, 120);

  sample->cpu += ms * g_rand_int_range (rand, 0, 1001);
  weir_fake_clock_advance (self->clock, ms);
}

/* The running one says something, or takes more than before. */
static void
misbehave (WeirWorld *self, GRand *rand)
{
  WeirFakeProcess *process;
  g_autofree char *line = NULL;

  switch (g_rand_int_range (rand, 0, 4))
    {
    case 0:
      weir_fake_usage_get_sample (self->usage)->memory =
          g_rand_int_range (rand, 10, 76) * 1048576LL;
      break;
    case 1:
      self->memory = g_rand_int_range (rand, 10, 500);
      break;
    case 2:
      line = g_strdup_printf ("{\"type\":\"task\",\"pending\":%d}", g_rand_int_range (rand, 0, 3));
      if (self->processes->len == 0)
        break;
      process = weir_world_process (self, g_rand_int_range (rand, 0, self->processes->len));
      if (weir_fake_process_is_running (process))
        weir_fake_process_say (process, line);
      break;
    default:
      compute (self, rand);
    }
}

static void
act (WeirWorld *self, GRand *rand, GPtrArray *leases)
{
  guint i = g_rand_int_range (rand, 0, N_POOLS);
  guint n = weir_worker_pool_get_n_serving (self->pools[i]);
  WeirWorker *worker =
      n > 0 ? weir_worker_pool_get_serving (self->pools[i], g_rand_int_range (rand, 0, n)) : NULL;

  switch (g_rand_int_range (rand, 0, self->supervised ? 15 : 11))
    {
    case 10:
      weir_world_withdraw (self, i);
      break;
    case 14:
    case 11:
    case 12:
    case 13:
      misbehave (self, rand);
      break;
    case 0:
    case 1:
      weir_world_demand (self, i);
      break;
    case 2:
    case 3:
      if (worker != NULL && weir_gate_lease (weir_worker_get_gate (worker), G_MAXUINT))
        g_ptr_array_add (leases, weir_gate_ref (weir_worker_get_gate (worker)));
      weir_world_turn ();
      break;
    case 4:
    case 5:
      if (leases->len > 0)
        {
          if (g_rand_boolean (rand))
            weir_gate_note_answer (leases->pdata[0]);
          weir_gate_release (leases->pdata[0]);
          g_ptr_array_remove_index (leases, 0);
        }
      weir_world_turn ();
      break;
    case 6:
      weir_fake_clock_advance (self->clock, g_rand_int_range (rand, 0, 2000));
      break;
    case 7:
      if (self->processes->len > 0 && g_rand_int_range (rand, 0, 3) == 0)
        weir_fake_process_exit (
            weir_world_process (self, g_rand_int_range (rand, 0, self->processes->len)),
            SIGSEGV);
      break;
    default:
      weir_world_behave (self);
    }
  g_assert_cmpuint (count_live (self), <=, 3);
}

static gboolean
is_anybody_waiting (WeirWorld *self)
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
      WeirWorld self = { 0 };
      g_autoptr (GPtrArray) leases =
          g_ptr_array_new_with_free_func ((GDestroyNotify) weir_gate_unref);

      self.max_workers = g_rand_int_range (rand, 1, 4);
      self.supervised = walk % 2 == 1;
      weir_world_set_up (&self, NULL);
      weir_capacity_set_limits (self.capacity, 3, self.supervised ? 1000 : 0);
      for (guint i = 0; i < 200; i++)
        act (&self, rand, leases);
      while (leases->len > 0)
        {
          weir_gate_release (leases->pdata[0]);
          g_ptr_array_remove_index (leases, 0);
        }
      weir_world_turn ();
      for (guint i = 0; i < 60 && is_anybody_waiting (&self); i++)
        {
          weir_world_behave (&self);
          weir_fake_clock_advance (self.clock, 1100);
          weir_world_turn ();
        }
      g_assert_false (is_anybody_waiting (&self));
      weir_world_tear_down (&self, NULL);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  weir_log_catcher_install ();
  g_test_add_func ("/worker/capacity/walks", test_walks);
  return g_test_run ();
}
