/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include "base/weir-error.h"
#include "store/weir-function-private.h"
#include "weir-fake-clock.h"
#include "weir-fake-process.h"
#include "weir-fake-runtime.h"
#include "weir-log-catcher.h"
#include "worker/weir-worker-pool-private.h"
#include "worker/weir-worker-private.h"

#define READY "{\"type\":\"ready\"}"
#define BROKEN "{\"type\":\"failed\",\"code\":\"syntax\",\"message\":\"broken\"}"

typedef struct
{
  WeirFakeClock *clock;
  WeirFakeRuntime *runtime;
  GPtrArray *processes;
  WeirWorkerPool *pool;
  GString *trace; /* the pool's signals */
  guint waiting;  /* demands that were neither met nor refused */
  GRand *rand;    /* handlers fire back */
  guint min_workers;
  guint max_workers; /* 0: the function has no settings */
  gboolean eager;
  guint max_requests;
  gboolean unedited; /* random walks leave the function as it is */
} Fixture;

static void
set_value (GHashTable *values, GHashTable *origins, const char *name, GVariant *value)
{
  g_hash_table_insert (values, g_strdup (name), g_variant_ref_sink (value));
  g_hash_table_insert (origins, g_strdup (name), g_strdup ("test"));
}

static WeirSettings *
make_settings (Fixture *fixture)
{
  GHashTable *values;
  GHashTable *origins;

  if (fixture->max_workers == 0)
    return NULL;
  values =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  origins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  set_value (values, origins, "min_workers", g_variant_new_int64 (fixture->min_workers));
  set_value (values, origins, "max_workers", g_variant_new_int64 (fixture->max_workers));
  set_value (values, origins, "max_requests", g_variant_new_int64 (fixture->max_requests));
  set_value (values, origins, "eager", g_variant_new_boolean (fixture->eager));
  return weir_settings_new (values, origins);
}

static WeirFunction *
make_function (Fixture *fixture, guint64 revision)
{
  g_autoptr (WeirSettings) settings = make_settings (fixture);

  return weir_function_new ("hello",
                            "/f/hello",
                            "/f",
                            "/f/hello/index.ts",
                            settings,
                            NULL,
                            revision);
}

G_GNUC_PRINTF (2, 3)
static void
note (Fixture *fixture, const char *format, ...)
{
  va_list args;

  if (fixture->trace->len > 0)
    g_string_append_c (fixture->trace, ' ');
  va_start (args, format);
  g_string_append_vprintf (fixture->trace, format, args);
  va_end (args);
}

static WeirWorker *
get_current (Fixture *fixture)
{
  return weir_worker_pool_get_serving (fixture->pool, 0);
}

static guint64
revision_of (WeirWorker *worker)
{
  return weir_function_get_revision (weir_worker_get_function (worker));
}

static void fire_back (Fixture *fixture);

static void
on_added (WeirWorkerPool *pool, WeirWorker *worker, Fixture *fixture)
{
  note (fixture, "added%d", (int) revision_of (worker));
  fire_back (fixture);
}

static void
on_ready (WeirWorkerPool *pool, WeirWorker *worker, Fixture *fixture)
{
  g_assert_true (weir_worker_pool_get_serving (pool, weir_worker_pool_get_n_serving (pool) - 1) ==
                 worker);
  fixture->waiting = 0;
  note (fixture, "ready%d", (int) revision_of (worker));
  fire_back (fixture);
}

static void
on_gone (WeirWorkerPool *pool, WeirWorker *worker, Fixture *fixture)
{
  for (guint i = 0; i < weir_worker_pool_get_n_serving (pool); i++)
    g_assert_true (weir_worker_pool_get_serving (pool, i) != worker);
  g_assert_cmpint (weir_worker_get_state (worker), >, WEIR_WORKER_STATE_BUSY);
  note (fixture, "gone%d", (int) revision_of (worker));
  fire_back (fixture);
}

static void
on_failed (WeirWorkerPool *pool, const GError *error, WeirWorker *worker, Fixture *fixture)
{
  g_assert_nonnull (error);
  g_assert_true (error->domain == WEIR_ERROR);
  g_assert_null (get_current (fixture));
  fixture->waiting = 0;
  note (fixture, "failed%s(%s)", worker != NULL ? "+" : "", error->message);
  fire_back (fixture);
}

static void
on_stale (WeirWorkerPool *pool, const GError *error, Fixture *fixture)
{
  g_assert_nonnull (get_current (fixture));
  fixture->waiting = 0;
  note (fixture, "stale(%s)", error->message);
  fire_back (fixture);
}

static void
on_declined (WeirWorkerPool *pool, Fixture *fixture)
{
  g_assert_nonnull (get_current (fixture));
  fixture->waiting = 0;
  if (fixture->max_workers > 0)
    note (fixture, "declined");
  fire_back (fixture);
}

static void
on_temperature (WeirWorkerPool *pool, Fixture *fixture)
{
  if (fixture->max_workers > 0)
    note (fixture, "%s", g_list_model_get_n_items (G_LIST_MODEL (pool)) > 0 ? "warm" : "cold");
  fire_back (fixture);
}

static void
on_progress (WeirWorkerPool *pool, const char *text, Fixture *fixture)
{
  if (strstr (text, "again") != NULL)
    note (fixture, "backoff");
}

static void
on_log (WeirWorkerPool *pool,
        const char *level,
        const char *message,
        const char *id,
        Fixture *fixture)
{
  note (fixture, "log(%s,%s)", level, message);
}

static void
on_failure (WeirWorkerPool *pool,
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
  note (fixture, "failure(%s,%s,%u)", kind, message, line);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (WeirFunction) function = make_function (fixture, 1);

  fixture->clock = weir_fake_clock_new ();
  fixture->runtime = weir_fake_runtime_new ();
  fixture->processes = g_ptr_array_new_with_free_func (g_object_unref);
  fixture->trace = g_string_new (NULL);
  fixture->pool = weir_worker_pool_new (function,
                                        WEIR_RUNTIME (fixture->runtime),
                                        WEIR_CLOCK (fixture->clock),
                                        "/nonexistent/weir",
                                        weir_fake_process_factory,
                                        fixture->processes);
  g_signal_connect (fixture->pool, "worker-added", G_CALLBACK (on_added), fixture);
  g_signal_connect (fixture->pool, "ready", G_CALLBACK (on_ready), fixture);
  g_signal_connect (fixture->pool, "gone", G_CALLBACK (on_gone), fixture);
  g_signal_connect (fixture->pool, "failed", G_CALLBACK (on_failed), fixture);
  g_signal_connect (fixture->pool, "declined", G_CALLBACK (on_declined), fixture);
  g_signal_connect (fixture->pool, "warm", G_CALLBACK (on_temperature), fixture);
  g_signal_connect (fixture->pool, "cold", G_CALLBACK (on_temperature), fixture);
  g_signal_connect (fixture->pool, "stale", G_CALLBACK (on_stale), fixture);
  g_signal_connect (fixture->pool, "progress", G_CALLBACK (on_progress), fixture);
  g_signal_connect (fixture->pool, "log", G_CALLBACK (on_log), fixture);
  g_signal_connect (fixture->pool, "failure", G_CALLBACK (on_failure), fixture);
}

static void
turn (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static WeirFakeProcess *
process (Fixture *fixture, guint i)
{
  g_assert_cmpuint (i, <, fixture->processes->len);
  return g_ptr_array_index (fixture->processes, i);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  fixture->rand = NULL;
  weir_worker_pool_shut_down (fixture->pool, FALSE);
  while (weir_fake_runtime_finish (fixture->runtime, NULL))
    ;
  turn ();
  for (guint i = 0; i < fixture->processes->len; i++)
    {
      weir_fake_process_answer (process (fixture, i));
      weir_fake_process_exit (process (fixture, i), SIGTERM);
    }
  turn ();
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (fixture->pool)), ==, 0);
  g_assert_null (get_current (fixture));
  g_assert_finalize_object (fixture->pool);
  g_assert_cmpuint (weir_fake_clock_get_n_armed (fixture->clock), ==, 0);
  for (guint i = 0; i < fixture->processes->len; i++)
    g_assert_cmpint (G_OBJECT (process (fixture, i))->ref_count, ==, 1);
  g_ptr_array_unref (fixture->processes);
  g_assert_finalize_object (fixture->runtime);
  g_assert_finalize_object (fixture->clock);
  g_string_free (fixture->trace, TRUE);
  weir_log_catcher_assert ();
}

static void
check (Fixture *fixture, const char *trace)
{
  g_assert_cmpstr (fixture->trace->str, ==, trace);
  g_string_truncate (fixture->trace, 0);
}

static void
finish (Fixture *fixture, const char *error)
{
  g_assert_true (weir_fake_runtime_finish (fixture->runtime, error));
  turn ();
}

static void
boot (Fixture *fixture, guint i, const char *line)
{
  g_assert_true (weir_fake_process_answer (process (fixture, i)));
  weir_fake_process_say (process (fixture, i), line);
}

static void
start (Fixture *fixture)
{
  weir_worker_pool_demand (fixture->pool);
  finish (fixture, NULL);
  boot (fixture, 0, READY);
  check (fixture, "added1 ready1");
}

static void
edit (Fixture *fixture, guint64 revision)
{
  g_autoptr (WeirFunction) function = make_function (fixture, revision);

  weir_worker_pool_set_function (fixture->pool, function);
}

static void
test_demand (Fixture *fixture, gconstpointer data)
{
  g_assert_null (weir_worker_pool_get_files (fixture->pool));
  for (guint i = 0; i < 5; i++)
    weir_worker_pool_demand (fixture->pool);
  g_assert_cmpuint (weir_fake_runtime_get_begun (fixture->runtime), ==, 1);
  finish (fixture, NULL);
  weir_worker_pool_demand (fixture->pool);
  check (fixture, "added1");
  g_assert_cmpstr (weir_worker_pool_get_files (fixture->pool)[0], ==, "/f/1.ts");
  boot (fixture, 0, READY);
  weir_worker_pool_demand (fixture->pool);
  check (fixture, "ready1");
  g_assert_cmpuint (fixture->processes->len, ==, 1);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (fixture->pool)), ==, 1);

  {
    g_autoptr (WeirWorker) worker = g_list_model_get_item (G_LIST_MODEL (fixture->pool), 0);
    const char *path = weir_worker_get_socket_path (worker);

    g_assert_true (worker == get_current (fixture));
    g_assert_true (g_str_has_prefix (path, "/nonexistent/weir/"));
    g_assert_true (g_str_has_suffix (path, ".sock"));
    g_assert_cmpuint (strlen (path), <, 100);
  }
  weir_fake_process_say (process (fixture, 0), "text");
  weir_fake_process_say (process (fixture, 0),
                         "{\"type\":\"error\",\"kind\":\"handler\",\"message\":\"m\",\"line\":7}");
  check (fixture, "log(info,text) failure(handler,m,7)");
}

static void
test_idle_and_again (Fixture *fixture, gconstpointer data)
{
  start (fixture);
  weir_fake_clock_advance (fixture->clock, 300000);
  check (fixture, "gone1");
  g_assert_null (get_current (fixture));
  weir_worker_pool_demand (fixture->pool); /* the old one is not even gone */
  check (fixture, "added1");
  g_assert_cmpuint (weir_fake_runtime_get_begun (fixture->runtime), ==, 1);
  weir_fake_process_exit (process (fixture, 0), 0);
  boot (fixture, 1, READY);
  check (fixture, "ready1");
}

static void
test_prepare_failed (Fixture *fixture, gconstpointer data)
{
  weir_worker_pool_demand (fixture->pool);
  finish (fixture, "no such module");
  check (fixture, "failed(no such module)");
  weir_worker_pool_demand (fixture->pool); /* at once */
  finish (fixture, NULL);
  boot (fixture, 0, READY);
  check (fixture, "added1 ready1");
}

static void
test_launch_failed (Fixture *fixture, gconstpointer data)
{
  weir_fake_runtime_refuse_launch (fixture->runtime, "no deno");
  weir_worker_pool_demand (fixture->pool);
  finish (fixture, NULL);
  check (fixture, "failed(no deno)");
}

static void
test_load_failed (Fixture *fixture, gconstpointer data)
{
  weir_worker_pool_demand (fixture->pool);
  finish (fixture, NULL);
  boot (fixture, 0, BROKEN);
  check (fixture, "added1 failed+(broken)"); /* said before the process is gone */
  weir_fake_process_exit (process (fixture, 0), 1 << 8);
  weir_worker_pool_demand (fixture->pool);
  boot (fixture, 1, READY);
  check (fixture, "added1 ready1");
}

static void
test_backoff (Fixture *fixture, gconstpointer data)
{
  const guint delays[] = { 0, 0, 100, 200, 400, 800, 1600, 3200, 5000, 5000 };

  weir_worker_pool_demand (fixture->pool);
  finish (fixture, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (delays); i++)
    {
      if (i > 0)
        weir_worker_pool_demand (fixture->pool);
      weir_worker_pool_demand (fixture->pool);
      if (delays[i] > 0)
        {
          check (fixture, i == 2 ? "backoff" : "");
          weir_fake_clock_advance (fixture->clock, delays[i] - 1);
          check (fixture, "");
          weir_fake_clock_advance (fixture->clock, 1);
        }
      check (fixture, "added1");
      boot (fixture, i, BROKEN);
      check (fixture, "failed+(broken)");
      weir_fake_process_exit (process (fixture, i), 1 << 8);
    }

  /* An edit is a new beginning. */
  weir_worker_pool_demand (fixture->pool);
  check (fixture, "");
  edit (fixture, 2);
  finish (fixture, NULL);
  boot (fixture, G_N_ELEMENTS (delays), READY);
  check (fixture, "added2 ready2");
}

static void
test_patience (Fixture *fixture, gconstpointer data)
{
  weir_worker_pool_demand (fixture->pool);
  finish (fixture, NULL);
  for (guint i = 0; i < 5; i++)
    {
      weir_worker_pool_demand (fixture->pool);
      boot (fixture, i, BROKEN);
      weir_fake_process_exit (process (fixture, i), 1 << 8);
      check (fixture, "added1 failed+(broken)");
      weir_fake_clock_advance (fixture->clock, 1000); /* slow enough to be tried at once */
    }
}

static void
test_withdraw (Fixture *fixture, gconstpointer data)
{
  weir_worker_pool_demand (fixture->pool);
  weir_worker_pool_withdraw (fixture->pool);
  finish (fixture, NULL);
  check (fixture, "");
  weir_worker_pool_demand (fixture->pool);
  weir_worker_pool_withdraw (fixture->pool); /* it boots already */
  check (fixture, "added1");
  boot (fixture, 0, READY);
  check (fixture, "ready1");
  weir_worker_pool_withdraw (fixture->pool);
  check (fixture, "");
}

/* Not tried again for nobody, but told to whoever reads the log. */
static void
test_withdraw_from_failures (Fixture *fixture, gconstpointer data)
{
  weir_worker_pool_demand (fixture->pool);
  finish (fixture, NULL);
  weir_worker_pool_withdraw (fixture->pool);
  weir_fake_process_answer (process (fixture, 0));
  weir_fake_process_exit (process (fixture, 0), SIGSEGV);
  g_assert_true (g_str_has_prefix (fixture->trace->str, "added1 failed+("));
  g_string_truncate (fixture->trace, 0);

  weir_worker_pool_demand (fixture->pool);
  boot (fixture, 1, BROKEN);
  weir_fake_process_exit (process (fixture, 1), 1 << 8);
  weir_worker_pool_demand (fixture->pool);
  check (fixture, "added1 failed+(broken) backoff");
  weir_worker_pool_withdraw (fixture->pool);
  weir_fake_clock_advance (fixture->clock, 10000);
  check (fixture, "");
}

static void
test_crash (Fixture *fixture, gconstpointer data)
{
  start (fixture);
  weir_fake_clock_advance (fixture->clock, 5000);
  weir_fake_process_exit (process (fixture, 0), SIGSEGV);
  check (fixture, "gone1");
  weir_worker_pool_demand (fixture->pool);
  check (fixture, "added1");
  boot (fixture, 1, READY);

  /* Asked for before the exit was seen: a new one comes by itself. */
  weir_worker_pool_demand (fixture->pool);
  weir_fake_process_exit (process (fixture, 1), SIGSEGV);
  check (fixture, "ready1 gone1 added1");
  boot (fixture, 2, READY);

  /* The second crash within a second. */
  weir_fake_process_exit (process (fixture, 2), SIGSEGV);
  weir_worker_pool_demand (fixture->pool);
  check (fixture, "ready1 gone1 backoff");
  weir_fake_clock_advance (fixture->clock, 100);
  check (fixture, "added1");
}

static void
test_reload (Fixture *fixture, gconstpointer data)
{
  WeirWorker *old;

  start (fixture);
  old = get_current (fixture);
  g_assert_true (weir_gate_lease (weir_worker_get_gate (old), G_MAXUINT));
  edit (fixture, 2);
  finish (fixture, NULL);
  g_assert_true (get_current (fixture) == old);
  boot (fixture, 1, READY);
  check (fixture, "added2 ready2 gone1");
  g_assert_cmpint (weir_worker_get_state (old), ==, WEIR_WORKER_STATE_DRAINING);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (fixture->pool)), ==, 2);
  g_assert_cmpstr (weir_worker_pool_get_files (fixture->pool)[0], ==, "/f/2.ts");
  weir_gate_release (weir_worker_get_gate (old));
  turn ();
  weir_fake_process_exit (process (fixture, 0), 0);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (fixture->pool)), ==, 1);
  check (fixture, "");
}

static void
test_stale (Fixture *fixture, gconstpointer data)
{
  start (fixture);
  edit (fixture, 2);
  finish (fixture, "missing");
  check (fixture, "stale(missing)");
  edit (fixture, 3);
  finish (fixture, NULL);
  boot (fixture, 1, BROKEN);
  check (fixture, "added3 stale(broken)");
  weir_fake_process_exit (process (fixture, 1), 1 << 8);
  weir_worker_pool_demand (fixture->pool); /* the old one serves */
  check (fixture, "");
  edit (fixture, 4);
  finish (fixture, NULL);
  boot (fixture, 2, READY);
  check (fixture, "added4 ready4 gone1");
}

static void
test_stale_then_gone (Fixture *fixture, gconstpointer data)
{
  start (fixture);
  edit (fixture, 2);
  finish (fixture, NULL);
  weir_fake_clock_advance (fixture->clock, 2000);
  weir_fake_process_exit (process (fixture, 0), SIGSEGV);
  check (fixture, "added2 gone1");
  boot (fixture, 1, BROKEN);
  check (fixture, "failed+(broken)");
  weir_fake_process_exit (process (fixture, 1), 1 << 8);
}

static void
test_quick_edits (Fixture *fixture, gconstpointer data)
{
  start (fixture);
  edit (fixture, 2);
  edit (fixture, 3);
  finish (fixture, NULL); /* of 2: cancelled */
  check (fixture, "");
  finish (fixture, NULL);
  check (fixture, "added3");
  weir_fake_process_answer (process (fixture, 1));
  edit (fixture, 4);
  weir_fake_process_say (process (fixture, 1), READY); /* too late */
  g_assert_cmpstr (weir_fake_process_get_trace (process (fixture, 1)), ==, "spawn term");
  weir_fake_process_exit (process (fixture, 1), 0);
  finish (fixture, NULL);
  boot (fixture, 2, READY);
  check (fixture, "added4 ready4 gone1");
}

/* An edit while the first worker boots: whoever waits gets the new one. */
static void
test_edit_while_booting (Fixture *fixture, gconstpointer data)
{
  weir_worker_pool_demand (fixture->pool);
  finish (fixture, NULL);
  weir_fake_process_answer (process (fixture, 0));
  edit (fixture, 2);
  finish (fixture, NULL);
  boot (fixture, 1, READY);
  check (fixture, "added1 added2 ready2");
}

static void
test_edit_at_rest (Fixture *fixture, gconstpointer data)
{
  edit (fixture, 2);
  g_assert_cmpuint (weir_fake_runtime_get_begun (fixture->runtime), ==, 0);
  weir_worker_pool_demand (fixture->pool);
  finish (fixture, NULL);
  boot (fixture, 0, READY);
  check (fixture, "added2 ready2");
}

static void
set_up_three (Fixture *fixture, gconstpointer data)
{
  fixture->max_workers = 3;
  fixture->min_workers = GPOINTER_TO_UINT (data);
  set_up (fixture, NULL);
}

static void
start_three (Fixture *fixture)
{
  weir_worker_pool_demand (fixture->pool);
  finish (fixture, NULL);
  boot (fixture, 0, READY);
  weir_worker_pool_demand (fixture->pool);
  boot (fixture, 1, READY);
  weir_worker_pool_demand (fixture->pool);
  boot (fixture, 2, READY);
  g_string_truncate (fixture->trace, 0);
}

static void
test_growth (Fixture *fixture, gconstpointer data)
{
  weir_worker_pool_demand (fixture->pool);
  finish (fixture, NULL);
  boot (fixture, 0, READY);
  check (fixture, "added1 ready1 warm");
  weir_worker_pool_demand (fixture->pool);
  weir_worker_pool_demand (fixture->pool); /* the one that boots will do */
  check (fixture, "added1");
  boot (fixture, 1, READY);
  check (fixture, "ready1");
  weir_worker_pool_demand (fixture->pool);
  boot (fixture, 2, READY);
  check (fixture, "added1 ready1");
  weir_worker_pool_demand (fixture->pool);
  check (fixture, "declined");
  g_assert_cmpuint (weir_worker_pool_get_n_serving (fixture->pool), ==, 3);

  weir_fake_clock_advance (fixture->clock, 300000);
  check (fixture, "gone1 gone1 gone1");
  for (guint i = 0; i < 3; i++)
    weir_fake_process_exit (process (fixture, i), 0);
  check (fixture, "cold");
}

static void
test_growth_fails (Fixture *fixture, gconstpointer data)
{
  weir_worker_pool_demand (fixture->pool);
  finish (fixture, NULL);
  boot (fixture, 0, READY);
  weir_worker_pool_demand (fixture->pool);
  boot (fixture, 1, BROKEN);
  check (fixture, "added1 ready1 warm added1 declined");
  weir_fake_process_exit (process (fixture, 1), 1 << 8);
  weir_worker_pool_demand (fixture->pool);
  boot (fixture, 2, READY);
  check (fixture, "added1 ready1");
}

static void
test_reload_all (Fixture *fixture, gconstpointer data)
{
  start_three (fixture);
  edit (fixture, 2);
  finish (fixture, NULL);
  check (fixture, "added2");
  g_assert_cmpuint (weir_worker_pool_get_n_serving (fixture->pool), ==, 3);
  boot (fixture, 3, READY);
  check (fixture, "ready2 gone1 gone1 gone1");
  g_assert_cmpuint (weir_worker_pool_get_n_serving (fixture->pool), ==, 1);
  weir_worker_pool_demand (fixture->pool); /* though the old ones still drain */
  boot (fixture, 4, READY);
  check (fixture, "added2 ready2");
}

static void
test_stale_does_not_grow (Fixture *fixture, gconstpointer data)
{
  weir_worker_pool_demand (fixture->pool);
  finish (fixture, NULL);
  boot (fixture, 0, READY);
  edit (fixture, 2);
  finish (fixture, "broken");
  check (fixture, "added1 ready1 warm stale(broken)");
  weir_worker_pool_demand (fixture->pool);
  check (fixture, "declined");
  weir_worker_pool_retire (fixture->pool);
  check (fixture, "gone1");
  weir_worker_pool_demand (fixture->pool);
  finish (fixture, "broken");
  check (fixture, "failed(broken)");
}

static void
test_minimum (Fixture *fixture, gconstpointer data)
{
  weir_worker_pool_demand (fixture->pool);
  finish (fixture, NULL);
  boot (fixture, 0, READY);
  check (fixture, "added1 ready1 warm added1"); /* by itself */
  boot (fixture, 1, READY);
  weir_worker_pool_demand (fixture->pool);
  boot (fixture, 2, READY);
  check (fixture, "ready1 added1 ready1");

  weir_fake_clock_advance (fixture->clock, 3000000);
  check (fixture, "gone1"); /* the last one */
  weir_fake_process_exit (process (fixture, 2), 0);
  weir_fake_process_exit (process (fixture, 0), SIGKILL);
  check (fixture, "gone1 added1"); /* replaced at once */
  boot (fixture, 3, READY);
  check (fixture, "ready1");

  edit (fixture, 2);
  finish (fixture, NULL);
  boot (fixture, 4, READY);
  check (fixture, "added2 ready2 gone1 gone1 added2");
}

static void
test_minimum_fails (Fixture *fixture, gconstpointer data)
{
  weir_worker_pool_demand (fixture->pool);
  finish (fixture, "broken");
  check (fixture, "failed(broken)");
  weir_fake_clock_advance (fixture->clock, 100000); /* nobody asked again */
  check (fixture, "");
  edit (fixture, 2); /* but somebody did */
  finish (fixture, NULL);
  boot (fixture, 0, READY);
  check (fixture, "added2 ready2 warm added2");
}

static void
test_eager (Fixture *fixture, gconstpointer data)
{
  weir_worker_pool_start (fixture->pool); /* as it was made: not eager */
  g_assert_cmpuint (weir_fake_runtime_get_begun (fixture->runtime), ==, 0);
  fixture->eager = TRUE;
  edit (fixture, 2);
  weir_worker_pool_start (fixture->pool);
  finish (fixture, NULL);
  boot (fixture, 0, READY);
  check (fixture, "added2 ready2 warm");
  weir_fake_clock_advance (fixture->clock, 300000);
  weir_fake_process_exit (process (fixture, 0), 0);
  check (fixture, "gone2 cold");
}

static void
test_eager_is_not_withdrawn (Fixture *fixture, gconstpointer data)
{
  fixture->eager = TRUE;
  edit (fixture, 2);
  weir_worker_pool_start (fixture->pool);
  weir_worker_pool_withdraw (fixture->pool);
  finish (fixture, NULL);
  check (fixture, "added2");
}

/* Who comes next gets another one, though the first is still busy. */
static void
test_max_requests (Fixture *fixture, gconstpointer data)
{
  WeirGate *gate;

  fixture->max_requests = 1;
  edit (fixture, 2);
  weir_worker_pool_demand (fixture->pool);
  finish (fixture, NULL);
  boot (fixture, 0, READY);
  check (fixture, "added2 ready2 warm");
  gate = weir_worker_get_gate (get_current (fixture));
  g_assert_true (weir_gate_lease (gate, G_MAXUINT));
  turn ();
  check (fixture, "gone2");
  weir_worker_pool_demand (fixture->pool);
  boot (fixture, 1, READY);
  check (fixture, "added2 ready2");
  g_assert_cmpstr (weir_fake_process_get_trace (process (fixture, 0)), ==, "spawn");
  weir_gate_release (gate);
  turn ();
  g_assert_cmpstr (weir_fake_process_get_trace (process (fixture, 0)), ==, "spawn term");
}

static void
test_shut_down (Fixture *fixture, gconstpointer data)
{
  WeirWorker *worker;

  start (fixture);
  worker = get_current (fixture);
  g_assert_true (weir_gate_lease (weir_worker_get_gate (worker), G_MAXUINT));
  weir_worker_pool_shut_down (fixture->pool, TRUE);
  check (fixture, "gone1");
  g_assert_cmpstr (weir_fake_process_get_trace (process (fixture, 0)), ==, "spawn");
  weir_gate_release (weir_worker_get_gate (worker));
  turn ();
  g_assert_cmpstr (weir_fake_process_get_trace (process (fixture, 0)), ==, "spawn term");
  weir_worker_pool_demand (fixture->pool);
  edit (fixture, 2);
  check (fixture, "");
}

static void
test_shut_down_waiting (Fixture *fixture, gconstpointer data)
{
  weir_worker_pool_demand (fixture->pool);
  finish (fixture, NULL);
  weir_worker_pool_shut_down (fixture->pool, TRUE);
  check (fixture, "added1 failed(The server is shutting down)");
}

static void
fire_back (Fixture *fixture)
{
  static guint64 revision = 1000;

  if (fixture->rand == NULL)
    return;
  switch (g_rand_int_range (fixture->rand, 0, 30))
    {
    case 0:
    case 1:
      weir_worker_pool_demand (fixture->pool);
      break;
    case 2:
      edit (fixture, revision++);
      break;
    case 3:
      if (g_rand_int_range (fixture->rand, 0, 10) == 0)
        weir_worker_pool_shut_down (fixture->pool, g_rand_boolean (fixture->rand));
      break;
    case 4:
      weir_worker_pool_withdraw (fixture->pool);
      break;
    default:
      break;
    }
}

static void
act_on_process (Fixture *fixture, GRand *rand)
{
  WeirFakeProcess *any;
  guint back;

  if (fixture->processes->len == 0)
    return;
  back = g_rand_int_range (rand, 0, 3);
  any = process (fixture, fixture->processes->len - 1 - MIN (fixture->processes->len - 1, back));
  switch (g_rand_int_range (rand, 0, 12))
    {
    case 0:
      weir_fake_process_refuse (any, "no");
      break;
    case 1:
      weir_fake_process_say (any, BROKEN);
      break;
    case 2:
      weir_fake_process_exit (any, SIGSEGV);
      break;
    case 3:
    case 4:
    case 5:
      weir_fake_process_say (any, READY);
      break;
    default:
      weir_fake_process_answer (any);
    }
}

static void
act (Fixture *fixture, GRand *rand, guint64 *revision, GPtrArray *leases)
{
  guint n_serving = weir_worker_pool_get_n_serving (fixture->pool);
  WeirWorker *current =
      weir_worker_pool_get_serving (fixture->pool, g_rand_int_range (rand, 0, n_serving + 1));

  switch (g_rand_int_range (rand, 0, 12))
    {
    case 0:
    case 1:
      weir_worker_pool_demand (fixture->pool);
      break;
    case 10:
      weir_worker_pool_withdraw (fixture->pool);
      break;
    case 2:
      if (!fixture->unedited && g_rand_int_range (rand, 0, 4) == 0)
        edit (fixture, ++*revision);
      break;
    case 3:
      weir_fake_runtime_finish (fixture->runtime,
                                g_rand_int_range (rand, 0, 5) == 0 ? "unprepared" : NULL);
      turn ();
      break;
    case 4:
      if (current != NULL && weir_gate_lease (weir_worker_get_gate (current), G_MAXUINT))
        g_ptr_array_add (leases, weir_gate_ref (weir_worker_get_gate (current)));
      break;
    case 5:
      if (leases->len > 0)
        {
          guint i = g_rand_int_range (rand, 0, leases->len);

          weir_gate_release (g_ptr_array_index (leases, i));
          g_ptr_array_remove_index_fast (leases, i);
        }
      break;
    case 6:
      turn ();
      break;
    case 7:
      weir_fake_clock_advance (
          fixture->clock,
          g_rand_int_range (rand, 0, 20) == 0 ? 400000 : g_rand_int_range (rand, 0, 300));
      break;
    default:
      act_on_process (fixture, rand);
    }
}

/* Those that take leases are those that serve; all are of one revision. */
static void
check_invariants (Fixture *fixture)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (fixture->pool));
  guint n_serving = 0;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (WeirWorker) worker = g_list_model_get_item (G_LIST_MODEL (fixture->pool), i);
      WeirWorkerState state = weir_worker_get_state (worker);
      gboolean serves = state == WEIR_WORKER_STATE_IDLE || state == WEIR_WORKER_STATE_BUSY;
      gboolean listed = FALSE;

      g_assert_cmpint (state, !=, WEIR_WORKER_STATE_EXITED);
      for (guint j = 0; j < weir_worker_pool_get_n_serving (fixture->pool); j++)
        listed |= weir_worker_pool_get_serving (fixture->pool, j) == worker;
      g_assert_cmpint (serves, ==, listed);
      if (!serves)
        continue;
      n_serving++;
      /* What only the data thread knows as yet is on its way. */
      g_assert_true (!weir_gate_is_closed (weir_worker_get_gate (worker)) ||
                     weir_gate_is_spent (weir_worker_get_gate (worker)));
      g_assert_true (revision_of (worker) == revision_of (get_current (fixture)));
    }
  g_assert_cmpuint (n_serving, ==, weir_worker_pool_get_n_serving (fixture->pool));
  g_assert_cmpuint (n_serving, <=, MAX (fixture->max_workers, 1));
}

/* Whoever asks is answered, if the world behaves from now on. */
static void
check_answered (Fixture *fixture)
{
  fixture->rand = NULL;
  fixture->waiting = 1;
  weir_worker_pool_demand (fixture->pool);
  for (guint i = 0; i < 20 && fixture->waiting > 0; i++)
    {
      while (weir_fake_runtime_finish (fixture->runtime, NULL))
        ;
      turn ();
      for (guint j = 0; j < fixture->processes->len; j++)
        {
          weir_fake_process_answer (process (fixture, j));
          weir_fake_process_say (process (fixture, j), READY);
        }
      weir_fake_clock_advance (fixture->clock, 5000);
    }
  g_assert_cmpuint (fixture->waiting, ==, 0);
}

/* Nobody asks any more: what boots may become ready, or not, and there is no other. */
static void
check_withdrawn (Fixture *fixture)
{
  guint n_processes = fixture->processes->len;

  weir_worker_pool_withdraw (fixture->pool);
  for (guint i = 0; i < 20; i++)
    {
      while (weir_fake_runtime_finish (fixture->runtime, NULL))
        ;
      turn ();
      for (guint j = 0; j < fixture->processes->len; j++)
        {
          weir_fake_process_answer (process (fixture, j));
          weir_fake_process_exit (process (fixture, j), SIGSEGV);
        }
      weir_fake_clock_advance (fixture->clock, 5000);
    }
  g_assert_cmpuint (fixture->processes->len, ==, n_processes);
  g_assert_cmpuint (weir_worker_pool_get_n_serving (fixture->pool), ==, 0);
}

static void
test_walks (void)
{
  guint walks = g_test_thorough () ? 20000 : 1500;
  guint32 seed = g_test_rand_int ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  guint64 revision = 1;

  g_test_message ("seed %u", seed);
  for (guint walk = 0; walk < walks; walk++)
    {
      Fixture fixture = { 0 };
      g_autoptr (GPtrArray) leases =
          g_ptr_array_new_with_free_func ((GDestroyNotify) weir_gate_unref);

      fixture.max_workers = g_rand_int_range (rand, 0, 4);
      fixture.min_workers = g_rand_int_range (rand, 0, 3);
      fixture.max_requests = MAX (g_rand_int_range (rand, 0, 6), 3) - 3;
      set_up (&fixture, NULL);
      fixture.rand = walk % 2 == 0 ? rand : NULL;
      fixture.unedited = walk % 4 == 3;
      for (guint i = 0; i < 150; i++)
        {
          act (&fixture, rand, &revision, leases);
          check_invariants (&fixture);
        }
      while (leases->len > 0)
        {
          weir_gate_release (g_ptr_array_index (leases, 0));
          g_ptr_array_remove_index (leases, 0);
        }
      if (walk % 4 == 3 && fixture.min_workers == 0)
        check_withdrawn (&fixture);
      if (walk % 2 == 1) /* never shut down */
        check_answered (&fixture);
      tear_down (&fixture, NULL);
    }
}

static void
test_dropped (Fixture *fixture, gconstpointer data)
{
  start (fixture);
  weir_log_catcher_expect ("*dropped while idle*");
  for (guint i = 0; i < 3; i++)
    g_object_run_dispose (G_OBJECT (fixture->pool));
  weir_worker_pool_demand (fixture->pool);
  edit (fixture, 2);
  g_assert_true (weir_fake_process_was_killed (process (fixture, 0)));
}

static void
test_long_path (void)
{
  Fixture fixture = { 0 };
  g_autofree char *directory = g_strnfill (90, 'd');
  g_autoptr (WeirFunction) function = make_function (&fixture, 1);

  set_up (&fixture, NULL);
  g_assert_finalize_object (fixture.pool);
  directory[0] = '/';
  fixture.pool = weir_worker_pool_new (function,
                                       WEIR_RUNTIME (fixture.runtime),
                                       WEIR_CLOCK (fixture.clock),
                                       directory,
                                       weir_fake_process_factory,
                                       fixture.processes);
  g_signal_connect (fixture.pool, "failed", G_CALLBACK (on_failed), &fixture);
  weir_worker_pool_demand (fixture.pool);
  finish (&fixture, NULL);
  g_assert_true (g_str_has_prefix (fixture.trace->str, "failed(The path of the folder"));
  tear_down (&fixture, NULL);
}

static void
add (const char *path, void (*test) (Fixture *fixture, gconstpointer data))
{
  g_test_add (path, Fixture, NULL, set_up, test, tear_down);
}

static void
add_three (const char *path, guint min_workers, void (*test) (Fixture *fixture, gconstpointer data))
{
  g_test_add (path, Fixture, GUINT_TO_POINTER (min_workers), set_up_three, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  weir_log_catcher_install ();
  add ("/worker/pool/demand", test_demand);
  add ("/worker/pool/idle-and-again", test_idle_and_again);
  add ("/worker/pool/prepare-failed", test_prepare_failed);
  add ("/worker/pool/launch-failed", test_launch_failed);
  add ("/worker/pool/load-failed", test_load_failed);
  add ("/worker/pool/backoff", test_backoff);
  add ("/worker/pool/patience", test_patience);
  add ("/worker/pool/withdraw", test_withdraw);
  add ("/worker/pool/withdraw-from-failures", test_withdraw_from_failures);
  add ("/worker/pool/crash", test_crash);
  add ("/worker/pool/reload", test_reload);
  add ("/worker/pool/stale", test_stale);
  add ("/worker/pool/stale-then-gone", test_stale_then_gone);
  add ("/worker/pool/quick-edits", test_quick_edits);
  add ("/worker/pool/edit-while-booting", test_edit_while_booting);
  add ("/worker/pool/edit-at-rest", test_edit_at_rest);
  add ("/worker/pool/shut-down", test_shut_down);
  add ("/worker/pool/shut-down-waiting", test_shut_down_waiting);
  add ("/worker/pool/dropped", test_dropped);
  add_three ("/worker/pool/growth", 0, test_growth);
  add_three ("/worker/pool/growth-fails", 0, test_growth_fails);
  add_three ("/worker/pool/reload-all", 0, test_reload_all);
  add_three ("/worker/pool/stale-does-not-grow", 0, test_stale_does_not_grow);
  add_three ("/worker/pool/minimum", 2, test_minimum);
  add_three ("/worker/pool/minimum-fails", 2, test_minimum_fails);
  add_three ("/worker/pool/max-requests", 0, test_max_requests);
  add_three ("/worker/pool/eager", 0, test_eager);
  add_three ("/worker/pool/eager-is-not-withdrawn", 0, test_eager_is_not_withdrawn);
  g_test_add_func ("/worker/pool/long-path", test_long_path);
  g_test_add_func ("/worker/pool/walks", test_walks);
  return g_test_run ();
}
