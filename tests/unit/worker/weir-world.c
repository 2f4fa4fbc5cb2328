/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-world.h"

#include <signal.h>
#include <string.h>

#include "store/weir-function-private.h"
#include "weir-log-catcher.h"
#include "worker/weir-worker-private.h"

#define READY "{\"type\":\"ready\"}"
#define N_POOLS WEIR_WORLD_N_POOLS
#define MIB (1024 * 1024)

static guint64
probe (GPid pid, gpointer user_data)
{
  WeirWorld *self = user_data;

  return pid == self->heavy ? self->heavy_memory : self->memory;
}

static void
on_notice (WeirCapacity *capacity, WeirWorker *worker, const char *text, WeirWorld *self)
{
  g_assert_true (g_str_has_suffix (text, "(worker_memory_mb)"));
  self->n_notices++;
}

static guint
index_of (WeirWorld *self, WeirWorkerPool *pool)
{
  guint i = 0;

  while (self->pools[i] != pool)
    i++;
  return i;
}

static void
note (WeirWorld *self, const char *word, WeirWorkerPool *pool)
{
  if (self->trace->len > 0)
    g_string_append_c (self->trace, ' ');
  g_string_append_printf (self->trace, "%s-%u", word, index_of (self, pool));
}

static void
on_added (WeirWorkerPool *pool, WeirWorker *worker, WeirWorld *self)
{
  note (self, "added", pool);
  if (self->supervisor != NULL)
    weir_supervisor_add_worker (self->supervisor, worker);
}

static void
on_ready (WeirWorkerPool *pool, WeirWorker *worker, WeirWorld *self)
{
  self->waiting[index_of (self, pool)] = FALSE;
  note (self, "ready", pool);
}

static void
on_gone (WeirWorkerPool *pool, WeirWorker *worker, WeirWorld *self)
{
  note (self, "gone", pool);
}

static void
on_crowded (WeirWorkerPool *pool, WeirWorld *self)
{
  note (self, "crowded", pool);
}

static void
on_declined (WeirWorkerPool *pool, WeirWorld *self)
{
  self->waiting[index_of (self, pool)] = FALSE;
  note (self, "declined", pool);
}

static void
on_failed (WeirWorkerPool *pool, const GError *error, WeirWorker *worker, WeirWorld *self)
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

static const struct
{
  const char *name;
  guint value;
} limits[] = {
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
};

WeirFunction *
weir_world_make_function (WeirWorld *self, guint i, guint64 revision)
{
  GHashTable *values =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  GHashTable *origins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (WeirSettings) settings = NULL;
  g_autofree char *name = g_strdup_printf ("f%u", i);

  set_value (values, origins, "min_workers", self->min_workers);
  set_value (values, origins, "max_workers", self->max_workers);
  for (guint n = 0; self->supervised && n < G_N_ELEMENTS (limits); n++)
    set_value (values, origins, limits[n].name, limits[n].value);
  settings = weir_settings_new (values, origins);
  return weir_function_new (name, "/f", "/f", "/f/index.ts", settings, NULL, revision);
}

static void
make_pool (WeirWorld *self, guint i)
{
  g_autoptr (WeirFunction) function = weir_world_make_function (self, i, 1);

  self->pools[i] = weir_worker_pool_new (function,
                                         WEIR_RUNTIME (self->runtime),
                                         WEIR_CLOCK (self->clock),
                                         "/nonexistent/weir",
                                         weir_fake_process_factory,
                                         self->processes);
  weir_worker_pool_set_capacity (self->pools[i], self->capacity);
  g_signal_connect (self->pools[i], "worker-added", G_CALLBACK (on_added), self);
  g_signal_connect (self->pools[i], "ready", G_CALLBACK (on_ready), self);
  g_signal_connect (self->pools[i], "gone", G_CALLBACK (on_gone), self);
  g_signal_connect (self->pools[i], "crowded", G_CALLBACK (on_crowded), self);
  g_signal_connect (self->pools[i], "declined", G_CALLBACK (on_declined), self);
  g_signal_connect (self->pools[i], "failed", G_CALLBACK (on_failed), self);
}

void
weir_world_set_up (WeirWorld *self, gconstpointer data)
{
  self->clock = weir_fake_clock_new ();
  self->runtime = weir_fake_runtime_new ();
  self->capacity = weir_capacity_new (WEIR_CLOCK (self->clock), probe, self);
  g_signal_connect (self->capacity, "notice", G_CALLBACK (on_notice), self);
  self->processes = g_ptr_array_new_with_free_func (g_object_unref);
  self->trace = g_string_new (NULL);
  self->max_workers = MAX (self->max_workers, 2);
  if (self->supervised)
    {
      self->usage = weir_fake_usage_new ();
      *weir_fake_usage_get_sample (self->usage) =
          (WeirResourceSample){ 200000, 20 * MIB, 540 * MIB };
      self->supervisor =
          weir_supervisor_new (WEIR_CLOCK (self->clock), WEIR_RESOURCE_USAGE (self->usage));
    }
  for (guint i = 0; i < N_POOLS; i++)
    make_pool (self, i);
}

void
weir_world_turn (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

WeirFakeProcess *
weir_world_process (WeirWorld *self, guint i)
{
  g_assert_cmpuint (i, <, self->processes->len);
  return g_ptr_array_index (self->processes, i);
}

void
weir_world_tear_down (WeirWorld *self, gconstpointer data)
{
  for (guint i = 0; i < N_POOLS; i++)
    weir_worker_pool_shut_down (self->pools[i], FALSE);
  while (weir_fake_runtime_finish (self->runtime, NULL))
    ;
  weir_world_turn ();
  for (guint i = 0; i < self->processes->len; i++)
    {
      weir_fake_process_answer (weir_world_process (self, i));
      weir_fake_process_exit (weir_world_process (self, i), SIGTERM);
    }
  weir_world_turn ();
  for (guint i = 0; i < N_POOLS; i++)
    {
      g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (self->pools[i])), ==, 0);
      g_assert_finalize_object (self->pools[i]);
    }
  g_assert_finalize_object (self->capacity);
  if (self->supervised)
    {
      g_assert_finalize_object (self->supervisor);
      g_assert_finalize_object (self->usage);
    }
  g_assert_cmpuint (weir_fake_clock_get_n_armed (self->clock), ==, 0);
  g_ptr_array_unref (self->processes);
  g_assert_finalize_object (self->runtime);
  g_assert_finalize_object (self->clock);
  g_string_free (self->trace, TRUE);
  weir_log_catcher_assert ();
}

void
weir_world_check (WeirWorld *self, const char *trace)
{
  g_assert_cmpstr (self->trace->str, ==, trace);
  g_string_truncate (self->trace, 0);
}

void
weir_world_demand (WeirWorld *self, guint i)
{
  self->waiting[i] = TRUE;
  weir_worker_pool_demand (self->pools[i]);
  while (weir_fake_runtime_finish (self->runtime, NULL))
    ;
  weir_world_turn ();
}

void
weir_world_withdraw (WeirWorld *self, guint i)
{
  self->waiting[i] = FALSE;
  weir_worker_pool_withdraw (self->pools[i]);
}

/* The world as it should be: what was started is ready, what was told to end has ended. */
void
weir_world_behave (WeirWorld *self)
{
  guint n = self->processes->len;

  for (guint i = 0; i < n; i++)
    {
      if (weir_fake_process_answer (weir_world_process (self, i)))
        weir_fake_process_say (weir_world_process (self, i), READY);
      if (g_str_has_suffix (weir_fake_process_get_trace (weir_world_process (self, i)), "term") ||
          weir_fake_process_was_killed (weir_world_process (self, i)))
        weir_fake_process_exit (weir_world_process (self, i), 0);
    }
}

WeirGate *
weir_world_gate (WeirWorld *self, guint i)
{
  return weir_worker_get_gate (weir_worker_pool_get_serving (self->pools[i], 0));
}

/* One request, and the time after which it is known to be over. */
void
weir_world_use (WeirWorld *self, guint i)
{
  g_assert_true (weir_gate_lease (weir_world_gate (self, i), G_MAXUINT));
  weir_world_turn ();
  weir_gate_release (weir_world_gate (self, i));
  weir_fake_clock_advance (self->clock, 50);
}

void
weir_world_serve (WeirWorld *self, guint i)
{
  weir_world_demand (self, i);
  weir_world_behave (self);
  weir_world_use (self, i);
}
