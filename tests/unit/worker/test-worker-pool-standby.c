/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>

#include "base/weir-error.h"
#include "store/weir-function-private.h"
#include "weir-fake-clock.h"
#include "weir-fake-process.h"
#include "weir-fake-runtime.h"
#include "worker/weir-worker-pool-private.h"
#include "worker/weir-worker-private.h"

#define BOOTED "{\"type\":\"standby\"}"
#define READY "{\"type\":\"ready\"}"
#define FAILED(code) "{\"type\":\"failed\",\"code\":\"" code "\",\"message\":\"no\"}"

/* A pool and standbys, whose processes are all in one list. */
typedef struct
{
  WeirFakeClock *clock;
  WeirFakeRuntime *runtime;
  GPtrArray *processes;
  WeirStandbyPool *standbys;
  WeirWorkerPool *pool;
  WeirFunction *function;
  guint ready;
  guint failed;
  guint files_changed;
} Fixture;

static WeirFunction *
make_function (guint64 revision)
{
  return weir_function_new ("f", "/f/f", "/f", "/f/f/index.ts", NULL, NULL, revision);
}

static void
count (Fixture *fixture, guint *counter)
{
  (*counter)++;
}

static void
on_ready (WeirWorkerPool *pool, WeirWorker *worker, Fixture *fixture)
{
  count (fixture, &fixture->ready);
}

static void
on_failed (WeirWorkerPool *pool, const GError *error, WeirWorker *worker, Fixture *fixture)
{
  count (fixture, &fixture->failed);
}

static void
on_files_changed (WeirWorkerPool *pool, Fixture *fixture)
{
  count (fixture, &fixture->files_changed);
}

static void
set_up (Fixture *fixture, gconstpointer user_data)
{
  fixture->clock = weir_fake_clock_new ();
  fixture->runtime = weir_fake_runtime_new ();
  fixture->processes = g_ptr_array_new_with_free_func (g_object_unref);
  fixture->standbys = weir_standby_pool_new (WEIR_RUNTIME (fixture->runtime),
                                             WEIR_CLOCK (fixture->clock),
                                             "/sockets",
                                             weir_fake_process_factory,
                                             fixture->processes);
  weir_standby_pool_configure (fixture->standbys, 1, 1);
  weir_fake_runtime_set_key (fixture->runtime, "a");
  fixture->function = make_function (1);
  fixture->pool = weir_worker_pool_new (fixture->function,
                                        WEIR_RUNTIME (fixture->runtime),
                                        WEIR_CLOCK (fixture->clock),
                                        "/sockets",
                                        weir_fake_process_factory,
                                        fixture->processes);
  weir_worker_pool_set_standbys (fixture->pool, fixture->standbys);
  g_signal_connect (fixture->pool, "ready", G_CALLBACK (on_ready), fixture);
  g_signal_connect (fixture->pool, "failed", G_CALLBACK (on_failed), fixture);
  g_signal_connect (fixture->pool, "files-changed", G_CALLBACK (on_files_changed), fixture);
  weir_standby_pool_prime (fixture->standbys, fixture->function);
}

static WeirFakeProcess *
nth (Fixture *fixture, guint i)
{
  g_assert_cmpuint (i, <, fixture->processes->len);
  return g_ptr_array_index (fixture->processes, i);
}

static void
tear_down (Fixture *fixture, gconstpointer user_data)
{
  weir_standby_pool_shut_down (fixture->standbys);
  weir_worker_pool_shut_down (fixture->pool, FALSE);
  for (guint i = 0; i < fixture->processes->len; i++)
    {
      weir_fake_process_answer (nth (fixture, i));
      weir_fake_process_exit (nth (fixture, i), 0);
    }
  while (weir_fake_runtime_finish (fixture->runtime, NULL))
    while (g_main_context_iteration (NULL, FALSE))
      ;
  g_assert_cmpuint (weir_fake_clock_get_n_armed (fixture->clock), ==, 0);
  g_object_unref (fixture->pool);
  g_object_unref (fixture->standbys);
  g_object_unref (fixture->function);
  g_object_unref (fixture->runtime);
  g_object_unref (fixture->clock);
  g_ptr_array_unref (fixture->processes);
}

static void
finish_preparing (Fixture *fixture, const char *error)
{
  g_assert_true (weir_fake_runtime_finish (fixture->runtime, error));
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
boot_standby (Fixture *fixture, guint i)
{
  g_assert_true (weir_fake_process_answer (nth (fixture, i)));
  weir_fake_process_say (nth (fixture, i), BOOTED);
}

static WeirWorker *
get_worker (Fixture *fixture)
{
  g_autoptr (WeirWorker) worker = g_list_model_get_item (G_LIST_MODEL (fixture->pool), 0);

  return worker; /* the list keeps it */
}

static void
test_claims (Fixture *fixture, gconstpointer user_data)
{
  boot_standby (fixture, 0);
  weir_worker_pool_demand (fixture->pool);
  g_assert_cmpstr (weir_fake_process_get_trace (nth (fixture, 0)), ==, "spawn again");
  g_assert_cmpstr (weir_fake_process_get_line (nth (fixture, 0)), ==, "{\"revision\":1}");
  g_assert_cmpuint (weir_fake_runtime_get_begun (fixture->runtime), ==, 0);
  weir_fake_process_say (nth (fixture, 0), READY);
  g_assert_cmpuint (fixture->ready, ==, 1);
  g_assert_cmpint (weir_worker_get_start_kind (get_worker (fixture)),
                   ==,
                   WEIR_WORKER_START_KIND_STANDBY);
  g_assert_null (weir_worker_get_start_reason (get_worker (fixture)));

  /* What it is made of is found out when it serves. */
  g_assert_true (weir_worker_pool_is_collecting (fixture->pool));
  weir_fake_clock_advance (fixture->clock, 100);
  g_assert_cmpuint (weir_fake_runtime_get_begun (fixture->runtime), ==, 1);
  finish_preparing (fixture, NULL);
  g_assert_cmpuint (fixture->files_changed, ==, 1);
  g_assert_false (weir_worker_pool_is_collecting (fixture->pool));
  g_assert_cmpstr (weir_worker_pool_get_files (fixture->pool)[0], ==, "/f/1.ts");
}

static void
test_spawns_without (Fixture *fixture, gconstpointer user_data)
{
  weir_standby_pool_configure (fixture->standbys, 0, 0);
  weir_worker_pool_demand (fixture->pool);
  g_assert_cmpuint (fixture->processes->len, ==, 2);
  g_assert_cmpint (weir_worker_get_start_kind (get_worker (fixture)),
                   ==,
                   WEIR_WORKER_START_KIND_SPAWNED);
  g_assert_cmpstr (weir_worker_get_start_reason (get_worker (fixture)), ==, "standbys are off");
}

/* Nothing is tried before it is prepared when no standby could load it. */
static void
test_prepares_without_key (Fixture *fixture, gconstpointer user_data)
{
  weir_fake_runtime_set_key (fixture->runtime, NULL);
  weir_worker_pool_demand (fixture->pool);
  g_assert_cmpuint (weir_fake_runtime_get_begun (fixture->runtime), ==, 1);
  finish_preparing (fixture, NULL);
  g_assert_cmpstr (weir_worker_get_start_reason (get_worker (fixture)), ==, "the test says so");
}

static void
test_standby_that_dies (Fixture *fixture, gconstpointer user_data)
{
  boot_standby (fixture, 0);
  weir_worker_pool_demand (fixture->pool);
  weir_fake_process_exit (nth (fixture, 0), SIGKILL);
  g_assert_cmpuint (fixture->failed, ==, 0);
  g_assert_true (weir_fake_process_answer (nth (fixture, 1)));
  weir_fake_process_say (nth (fixture, 1), READY);
  g_assert_cmpuint (fixture->ready, ==, 1);
  g_assert_cmpstr (weir_worker_get_start_reason (get_worker (fixture)), ==, "its standby died");
}

static void
test_fetches_and_tries_again (Fixture *fixture, gconstpointer user_data)
{
  boot_standby (fixture, 0);
  weir_worker_pool_demand (fixture->pool);
  weir_fake_process_say (nth (fixture, 0), FAILED ("not-cached"));
  weir_fake_process_exit (nth (fixture, 0), 1 << 8);
  g_assert_cmpuint (weir_fake_runtime_get_begun (fixture->runtime), ==, 1);
  finish_preparing (fixture, NULL);
  g_assert_cmpuint (fixture->failed, ==, 0);
  g_assert_true (weir_fake_process_answer (nth (fixture, fixture->processes->len - 1)));
  weir_fake_process_say (nth (fixture, fixture->processes->len - 1), READY);
  g_assert_cmpuint (fixture->ready, ==, 1);

  /* It is known now: it is not looked at a second time. */
  weir_fake_clock_advance (fixture->clock, 1000);
  g_assert_cmpuint (weir_fake_runtime_get_begun (fixture->runtime), ==, 1);
}

static void
test_tries_once_only (Fixture *fixture, gconstpointer user_data)
{
  boot_standby (fixture, 0);
  weir_worker_pool_demand (fixture->pool);
  weir_fake_process_say (nth (fixture, 0), FAILED ("not-cached"));
  weir_fake_process_exit (nth (fixture, 0), 1 << 8);
  finish_preparing (fixture, NULL);
  g_assert_true (weir_fake_process_answer (nth (fixture, fixture->processes->len - 1)));
  weir_fake_process_say (nth (fixture, fixture->processes->len - 1), FAILED ("not-cached"));
  g_assert_cmpuint (fixture->failed, ==, 1);
}

static void
test_fault_of_the_code (Fixture *fixture, gconstpointer user_data)
{
  guint processes;

  boot_standby (fixture, 0);
  weir_worker_pool_demand (fixture->pool);
  weir_fake_process_say (nth (fixture, 0), FAILED ("threw"));
  weir_fake_process_exit (nth (fixture, 0), 1 << 8);
  processes = fixture->processes->len;
  finish_preparing (fixture, NULL);
  g_assert_cmpuint (fixture->failed, ==, 1);
  g_assert_cmpuint (fixture->processes->len, ==, processes); /* not run twice */
}

static void
test_newer_revision_while_collecting (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (WeirFunction) second = make_function (2);

  boot_standby (fixture, 0);
  weir_worker_pool_demand (fixture->pool);
  weir_fake_process_say (nth (fixture, 0), READY);
  weir_fake_clock_advance (fixture->clock, 100);
  weir_worker_pool_set_function (fixture->pool, second);
  finish_preparing (fixture, NULL); /* of the first one: cancelled */
  g_assert_cmpuint (fixture->files_changed, ==, 0);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/worker/worker-pool-standby/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("claims", test_claims);
  ADD ("spawns-without", test_spawns_without);
  ADD ("prepares-without-key", test_prepares_without_key);
  ADD ("standby-that-dies", test_standby_that_dies);
  ADD ("fetches-and-tries-again", test_fetches_and_tries_again);
  ADD ("tries-once-only", test_tries_once_only);
  ADD ("fault-of-the-code", test_fault_of_the_code);
  ADD ("newer-revision", test_newer_revision_while_collecting);
  return g_test_run ();
}
