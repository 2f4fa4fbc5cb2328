/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>

#include "store/weir-function-private.h"
#include "weir-fake-clock.h"
#include "weir-fake-process.h"
#include "weir-fake-runtime.h"
#include "worker/weir-standby-pool-private.h"

#define BOOTED "{\"type\":\"standby\"}"

typedef struct
{
  WeirFakeClock *clock;
  WeirFakeRuntime *runtime;
  GPtrArray *processes;
  WeirStandbyPool *pool;
} Fixture;

static WeirFunction *
make_function (const char *name)
{
  g_autofree char *directory = g_build_filename ("/f", name, NULL);
  g_autofree char *entry = g_build_filename (directory, "index.ts", NULL);

  return weir_function_new (name, directory, "/f", entry, NULL, NULL, 1);
}

static void
set_up (Fixture *fixture, gconstpointer user_data)
{
  fixture->clock = weir_fake_clock_new ();
  fixture->runtime = weir_fake_runtime_new ();
  fixture->processes = g_ptr_array_new_with_free_func (g_object_unref);
  fixture->pool = weir_standby_pool_new (WEIR_RUNTIME (fixture->runtime),
                                         WEIR_CLOCK (fixture->clock),
                                         "/sockets",
                                         weir_fake_process_factory,
                                         fixture->processes);
  weir_standby_pool_configure (fixture->pool, 2, 4);
  weir_fake_runtime_set_key (fixture->runtime, "a");
}

static void
tear_down (Fixture *fixture, gconstpointer user_data)
{
  weir_standby_pool_shut_down (fixture->pool);
  g_assert_cmpuint (weir_fake_clock_get_n_armed (fixture->clock), ==, 0);
  g_object_unref (fixture->pool);
  g_object_unref (fixture->runtime);
  g_object_unref (fixture->clock);
  g_ptr_array_unref (fixture->processes);
}

static WeirFakeProcess *
nth (Fixture *fixture, guint i)
{
  g_assert_cmpuint (i, <, fixture->processes->len);
  return g_ptr_array_index (fixture->processes, i);
}

static void
boot_nth (Fixture *fixture, guint i)
{
  g_assert_true (weir_fake_process_answer (nth (fixture, i)));
  weir_fake_process_say (nth (fixture, i), BOOTED);
}

static void
prime (Fixture *fixture, const char *key)
{
  g_autoptr (WeirFunction) function = make_function (key);

  weir_fake_runtime_set_key (fixture->runtime, key);
  weir_standby_pool_prime (fixture->pool, function);
}

static void
expect (Fixture *fixture, const char *key)
{
  g_autoptr (WeirFunction) function = make_function (key);

  weir_fake_runtime_set_key (fixture->runtime, key);
  weir_standby_pool_expect (fixture->pool, function);
}

static WeirProcess *
claim (Fixture *fixture, const char *key, const char **reason)
{
  g_autoptr (WeirFunction) function = make_function (key);
  g_autoptr (WeirLaunch) launch = NULL;
  WeirProcess *process;

  weir_fake_runtime_set_key (fixture->runtime, key);
  process = weir_standby_pool_claim (fixture->pool, function, key, &launch, reason);
  g_assert_true ((process != NULL) == (launch != NULL));
  g_assert_true ((process != NULL) == (*reason == NULL));
  if (launch != NULL)
    g_assert_cmpstr (weir_fake_process_get_line (WEIR_FAKE_PROCESS (process)),
                     ==,
                     weir_launch_get_load_command (launch));
  return process;
}

static void
test_boots_one_after_the_other (Fixture *fixture, gconstpointer user_data)
{
  g_assert_cmpuint (fixture->processes->len, ==, 0);
  prime (fixture, "a");
  g_assert_cmpuint (fixture->processes->len, ==, 1);
  g_assert_true (weir_fake_process_answer (nth (fixture, 0)));
  g_assert_cmpuint (fixture->processes->len, ==, 1);
  weir_fake_process_say (nth (fixture, 0), BOOTED);
  g_assert_cmpuint (fixture->processes->len, ==, 2);
  boot_nth (fixture, 1);
  g_assert_cmpuint (fixture->processes->len, ==, 2);
  g_assert_cmpuint (weir_standby_pool_get_n_ready (fixture->pool), ==, 2);
}

static void
test_claim_and_refill (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (WeirProcess) process = NULL;
  const char *reason;

  prime (fixture, "a");
  boot_nth (fixture, 0);
  boot_nth (fixture, 1);
  process = claim (fixture, "a", &reason);
  g_assert_true (process == WEIR_PROCESS (nth (fixture, 0)));
  g_assert_cmpstr (weir_fake_process_get_trace (nth (fixture, 0)), ==, "spawn");
  g_assert_cmpuint (fixture->processes->len, ==, 2);
  weir_fake_clock_advance (fixture->clock, WEIR_STANDBY_REFILL_MS - 1);
  g_assert_cmpuint (fixture->processes->len, ==, 2);
  weir_fake_clock_advance (fixture->clock, 1);
  g_assert_cmpuint (fixture->processes->len, ==, 3);

  /* It is another's now: its end is nobody's business here. */
  weir_fake_process_exit (nth (fixture, 0), 0);
  g_assert_cmpuint (weir_standby_pool_get_n_standbys (fixture->pool), ==, 2);
}

static void
test_claim_of_none (Fixture *fixture, gconstpointer user_data)
{
  const char *reason;

  g_assert_null (claim (fixture, "a", &reason));
  g_assert_cmpstr (reason, ==, "no standby was ready");
  weir_fake_clock_advance (fixture->clock, WEIR_STANDBY_REFILL_MS);
  g_assert_cmpuint (fixture->processes->len, ==, 1);
  weir_standby_pool_configure (fixture->pool, 0, 4);
  g_assert_cmpuint (weir_standby_pool_get_n_standbys (fixture->pool), ==, 0);
  g_assert_null (claim (fixture, "a", &reason));
  g_assert_cmpstr (reason, ==, "standbys are off");
}

/* One that still boots is ahead of one that has not begun. */
static void
test_claim_while_booting (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (WeirProcess) process = NULL;
  const char *reason;

  prime (fixture, "a");
  g_assert_null (claim (fixture, "a", &reason));
  g_assert_true (weir_fake_process_answer (nth (fixture, 0)));
  process = claim (fixture, "a", &reason);
  g_assert_nonnull (process);
  weir_fake_clock_advance (fixture->clock, WEIR_STANDBY_BOOT_MS);
  g_assert_false (weir_fake_process_was_killed (nth (fixture, 0)));
}

static void
test_keys_share_what_there_is (Fixture *fixture, gconstpointer user_data)
{
  prime (fixture, "a");
  boot_nth (fixture, 0);
  boot_nth (fixture, 1);
  prime (fixture, "b");
  boot_nth (fixture, 2);
  boot_nth (fixture, 3);
  g_assert_cmpuint (weir_standby_pool_get_n_ready (fixture->pool), ==, 4);

  /* The one used longest ago gives one up, and no more than that. */
  prime (fixture, "c");
  g_assert_true (weir_fake_process_was_killed (nth (fixture, 0)));
  boot_nth (fixture, 4);
  g_assert_false (weir_fake_process_was_killed (nth (fixture, 1)));
  g_assert_cmpuint (weir_standby_pool_get_n_standbys (fixture->pool), <=, 4);
}

static void
test_unused_keys_rest (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (WeirProcess) process = NULL;
  const char *reason;

  prime (fixture, "a");
  boot_nth (fixture, 0);
  boot_nth (fixture, 1);
  weir_fake_clock_advance (fixture->clock, WEIR_STANDBY_KEEP_MS / 2);
  prime (fixture, "b");
  boot_nth (fixture, 2);
  boot_nth (fixture, 3);
  weir_fake_clock_advance (fixture->clock, WEIR_STANDBY_KEEP_MS / 2);
  g_assert_false (weir_fake_process_was_killed (nth (fixture, 0)));
  g_assert_true (weir_fake_process_was_killed (nth (fixture, 1)));
  g_assert_cmpuint (weir_standby_pool_get_n_standbys (fixture->pool), ==, 3);
  weir_fake_clock_advance (fixture->clock, WEIR_STANDBY_KEEP_MS);
  g_assert_cmpuint (weir_standby_pool_get_n_keys (fixture->pool), ==, 2);
  g_assert_cmpuint (weir_standby_pool_get_n_standbys (fixture->pool), ==, 2);

  /* However long it was. */
  process = claim (fixture, "a", &reason);
  g_assert_true (process == WEIR_PROCESS (nth (fixture, 0)));
  weir_fake_clock_advance (fixture->clock, WEIR_STANDBY_REFILL_MS);
  boot_nth (fixture, 4);
  boot_nth (fixture, 5);
  g_assert_cmpuint (weir_standby_pool_get_n_standbys (fixture->pool), ==, 3);
}

/* Those that rest have what the others leave. */
static void
test_resting_keys_come_last (Fixture *fixture, gconstpointer user_data)
{
  weir_standby_pool_configure (fixture->pool, 2, 3);
  prime (fixture, "a");
  boot_nth (fixture, 0);
  boot_nth (fixture, 1);
  expect (fixture, "a");
  g_assert_cmpuint (weir_standby_pool_get_n_keys (fixture->pool), ==, 1);
  expect (fixture, "b");
  boot_nth (fixture, 2);
  expect (fixture, "c");
  g_assert_cmpuint (weir_standby_pool_get_n_keys (fixture->pool), ==, 3);
  g_assert_cmpuint (fixture->processes->len, ==, 3);

  prime (fixture, "d");
  g_assert_cmpuint (fixture->processes->len, ==, 4);
  g_assert_true (weir_fake_process_was_killed (nth (fixture, 2)));
  boot_nth (fixture, 3);
  boot_nth (fixture, 4); /* in place of the second one of "a" */
  g_assert_cmpuint (weir_standby_pool_get_n_ready (fixture->pool), ==, 3);
}

static void
test_failures_wait_longer_and_longer (Fixture *fixture, gconstpointer user_data)
{
  prime (fixture, "a");
  for (guint i = 0; i < 4; i++)
    {
      g_assert_true (weir_fake_process_refuse (nth (fixture, i), "no memory"));
      weir_fake_clock_advance (fixture->clock, (WEIR_STANDBY_BACKOFF_MIN_MS << i) - 1);
      g_assert_cmpuint (fixture->processes->len, ==, i + 1);
      weir_fake_clock_advance (fixture->clock, 1);
      g_assert_cmpuint (fixture->processes->len, ==, i + 2);
    }

  /* The fifth boots, and dies while it waits. */
  boot_nth (fixture, 4);
  weir_fake_process_exit (nth (fixture, 4), SIGSEGV);
  weir_fake_clock_advance (fixture->clock, WEIR_STANDBY_BACKOFF_MAX_MS);
  g_assert_cmpuint (fixture->processes->len, >, 5);
}

static void
test_boot_that_hangs (Fixture *fixture, gconstpointer user_data)
{
  prime (fixture, "a");
  g_assert_true (weir_fake_process_answer (nth (fixture, 0)));
  weir_fake_clock_advance (fixture->clock, WEIR_STANDBY_BOOT_MS);
  g_assert_true (weir_fake_process_was_killed (nth (fixture, 0)));
}

static void
test_replaced_revision (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (WeirFunction) first = make_function ("one");
  g_autoptr (WeirFunction) second = make_function ("one");
  g_autoptr (WeirFunction) third = make_function ("one");

  weir_standby_pool_prime (fixture->pool, first);
  boot_nth (fixture, 0);
  weir_standby_pool_replace (fixture->pool, first, second);
  g_assert_false (weir_fake_process_was_killed (nth (fixture, 0)));

  weir_fake_runtime_set_key (fixture->runtime, "another");
  weir_standby_pool_replace (fixture->pool, second, third);
  g_assert_true (weir_fake_process_was_killed (nth (fixture, 0)));
  weir_fake_clock_advance (fixture->clock, WEIR_STANDBY_REFILL_MS);
  g_assert_cmpuint (weir_standby_pool_get_n_standbys (fixture->pool), ==, 1);

  weir_fake_runtime_set_key (fixture->runtime, NULL);
  weir_standby_pool_replace (fixture->pool, third, first);
  g_assert_cmpuint (weir_standby_pool_get_n_keys (fixture->pool), ==, 0);
}

static void
test_recheck (Fixture *fixture, gconstpointer user_data)
{
  prime (fixture, "a");
  boot_nth (fixture, 0);
  boot_nth (fixture, 1);
  weir_standby_pool_recheck (fixture->pool);
  g_assert_cmpuint (weir_standby_pool_get_n_ready (fixture->pool), ==, 2);

  weir_fake_runtime_set_key (fixture->runtime, "a, and another function");
  weir_standby_pool_recheck (fixture->pool);
  g_assert_cmpuint (weir_standby_pool_get_n_standbys (fixture->pool), ==, 0);
  g_assert_cmpuint (weir_standby_pool_get_n_keys (fixture->pool), ==, 1);
  weir_fake_clock_advance (fixture->clock, WEIR_STANDBY_REFILL_MS);
  g_assert_cmpuint (weir_standby_pool_get_n_standbys (fixture->pool), ==, 1);

  weir_fake_runtime_set_key (fixture->runtime, NULL);
  weir_standby_pool_recheck (fixture->pool);
  g_assert_cmpuint (weir_standby_pool_get_n_keys (fixture->pool), ==, 0);

  expect (fixture, "b");
  weir_fake_clock_advance (fixture->clock, WEIR_STANDBY_REFILL_MS);
  boot_nth (fixture, fixture->processes->len - 1);
  g_assert_cmpuint (weir_standby_pool_get_n_ready (fixture->pool), ==, 1);
  weir_fake_runtime_set_key (fixture->runtime, "b, and another function");
  weir_standby_pool_recheck (fixture->pool);
  g_assert_cmpuint (weir_standby_pool_get_n_keys (fixture->pool), ==, 1);
  weir_fake_clock_advance (fixture->clock, WEIR_STANDBY_REFILL_MS);
  g_assert_cmpuint (weir_standby_pool_get_n_standbys (fixture->pool), ==, 1);
}

/* Whatever happens in whatever order: never more than there may be, never one that is both
 * here and given away, and a timer whenever something is still to come. */
static void
check (Fixture *fixture, GPtrArray *claimed)
{
  guint alive = 0;

  for (guint i = 0; i < fixture->processes->len; i++)
    {
      WeirFakeProcess *process = g_ptr_array_index (fixture->processes, i);
      gboolean away = g_ptr_array_find (claimed, process, NULL);

      alive += weir_fake_process_is_running (process) && !away &&
               !weir_fake_process_was_killed (process);
      if (away)
        g_assert_false (weir_fake_process_was_killed (process));
    }
  g_assert_cmpuint (alive, <=, weir_standby_pool_get_n_standbys (fixture->pool));
  g_assert_cmpuint (weir_standby_pool_get_n_standbys (fixture->pool), <=, 4);
}

static void
step (Fixture *fixture, GRand *rand, GPtrArray *claimed)
{
  static const char *const keys[] = { "a", "b", "c" };
  const char *key = keys[g_rand_int_range (rand, 0, G_N_ELEMENTS (keys))];
  WeirFakeProcess *any = NULL;
  WeirProcess *process;
  const char *reason;

  if (fixture->processes->len > 0)
    any = nth (fixture, g_rand_int_range (rand, 0, fixture->processes->len));
  switch (g_rand_int_range (rand, 0, 9))
    {
    case 0:
      prime (fixture, key);
      break;
    case 6:
      expect (fixture, key);
      break;
    case 1:
      process = claim (fixture, key, &reason);
      if (process != NULL)
        g_ptr_array_add (claimed, process);
      break;
    case 2:
      weir_fake_clock_advance (fixture->clock, g_rand_int_range (rand, 1, 100));
      break;
    case 3:
      weir_fake_clock_advance (fixture->clock, g_rand_int_range (rand, 1, 700000));
      break;
    case 4:
      if (any != NULL)
        weir_fake_process_exit (any, 9);
      break;
    case 5:
      weir_standby_pool_configure (fixture->pool,
                                   g_rand_int_range (rand, 0, 4),
                                   g_rand_int_range (rand, 0, 5));
      break;
    default:
      /* One that was dropped before it was there is the test's alone now. */
      if (any != NULL && G_OBJECT (any)->ref_count > 1)
        weir_fake_process_answer (any);
      if (any != NULL && g_rand_boolean (rand))
        weir_fake_process_say (any, BOOTED);
      break;
    }
}

static void
test_random_walks (void)
{
  for (guint seed = 0; seed < 300; seed++)
    {
      g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
      g_autoptr (GPtrArray) claimed = g_ptr_array_new_with_free_func (g_object_unref);
      Fixture fixture = { 0 };

      set_up (&fixture, NULL);
      for (guint i = 0; i < 200; i++)
        {
          step (&fixture, rand, claimed);
          check (&fixture, claimed);
        }
      tear_down (&fixture, NULL);
    }
}

#define ADD(name, function)                                                                        \
  g_test_add ("/worker/standby-pool/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("one-after-the-other", test_boots_one_after_the_other);
  ADD ("claim-and-refill", test_claim_and_refill);
  ADD ("claim-of-none", test_claim_of_none);
  ADD ("claim-while-booting", test_claim_while_booting);
  ADD ("keys-share", test_keys_share_what_there_is);
  ADD ("unused-keys-rest", test_unused_keys_rest);
  ADD ("resting-keys-come-last", test_resting_keys_come_last);
  ADD ("failures", test_failures_wait_longer_and_longer);
  ADD ("boot-that-hangs", test_boot_that_hangs);
  ADD ("replaced-revision", test_replaced_revision);
  ADD ("recheck", test_recheck);
  g_test_add_func ("/worker/standby-pool/random-walks", test_random_walks);
  return g_test_run ();
}
