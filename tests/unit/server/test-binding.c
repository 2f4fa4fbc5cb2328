/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a function's two halves tell each other, with data threads that turn when they are told. */

#include "server/weir-binding-private.h"
#include "store/weir-function-private.h"
#include "weir-fake-clock.h"
#include "weir-fake-process.h"
#include "weir-fake-runtime.h"
#include "weir-fake-transport.h"
#include "worker/weir-capacity-private.h"

#define READY "{\"type\":\"ready\"}"
#define N_THREADS 2
#define WATCHDOG_S 60

typedef struct
{
  WeirFakeClock *clock;
  WeirFakeRuntime *runtime;
  GPtrArray *processes;
  WeirCapacity *capacity;
  WeirWorkerPool *pool;
  FakeTransport *threads[N_THREADS]; /* for their loops */
  WeirBinding *binding;
} Fixture;

static WeirFunction *
make_function (void)
{
  GHashTable *values =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  GHashTable *origins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (WeirSettings) settings = NULL;

  g_hash_table_insert (values,
                       g_strdup ("queue_timeout_ms"),
                       g_variant_ref_sink (g_variant_new_int64 (20)));
  settings = weir_settings_new (values, origins);
  return weir_function_new ("hello", "/f/hello", "/f", "/f/hello/index.ts", settings, NULL, 1);
}

static WeirWorkerPool *
make_pool (Fixture *self)
{
  g_autoptr (WeirFunction) function = make_function ();
  WeirWorkerPool *pool = weir_worker_pool_new (function,
                                               WEIR_RUNTIME (self->runtime),
                                               WEIR_CLOCK (self->clock),
                                               "/tmp",
                                               weir_fake_process_factory,
                                               self->processes);

  weir_worker_pool_set_capacity (pool, self->capacity);
  return pool;
}

static guint64
no_memory (GPid pid, gpointer user_data)
{
  return 0;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (WeirCensor) censor = weir_censor_new ();
  g_autoptr (GPtrArray) engines = g_ptr_array_new_with_free_func (g_object_unref);

  self->clock = weir_fake_clock_new ();
  self->runtime = weir_fake_runtime_new ();
  self->processes = g_ptr_array_new_with_free_func (g_object_unref);
  self->capacity = weir_capacity_new (WEIR_CLOCK (self->clock), no_memory, NULL);
  self->pool = make_pool (self);
  for (guint i = 0; i < N_THREADS; i++)
    {
      self->threads[i] = fake_transport_new ();
      g_ptr_array_add (engines, g_object_ref (self->threads[i]->engine));
    }
  self->binding = weir_binding_new (engines, g_main_context_default (), self->pool, censor);
}

/* All threads do what they have to do. */
static void
turn (Fixture *self)
{
  gboolean busy = TRUE;

  while (busy)
    {
      busy = g_main_context_iteration (NULL, FALSE);
      for (guint i = 0; i < N_THREADS; i++)
        busy |= g_main_context_iteration (self->threads[i]->context, FALSE);
    }
}

static void
prepare (Fixture *self)
{
  turn (self);
  while (weir_fake_runtime_finish (self->runtime, NULL))
    turn (self);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  prepare (self);
  for (guint i = 0; i < self->processes->len; i++)
    {
      (void) weir_fake_process_answer (self->processes->pdata[i]);
      (void) weir_fake_process_exit (self->processes->pdata[i], 0);
    }
  turn (self);
  g_assert_finalize_object (self->binding);
  g_assert_finalize_object (self->pool);
  g_assert_finalize_object (self->capacity);
  for (guint i = 0; i < N_THREADS; i++)
    fake_transport_free (self->threads[i]);
  g_ptr_array_unref (self->processes);
  g_assert_finalize_object (self->runtime);
  g_assert_finalize_object (self->clock);
}

static FakeTransport *
ask_thread (Fixture *self, guint thread)
{
  FakeTransport *client = fake_transport_new ();

  fake_transport_request (client, "GET", "/hello", NULL, 0, NULL);
  weir_slot_dispatch (weir_binding_get_slot (self->binding, thread), client->exchange);
  return client;
}

static FakeTransport *
ask (Fixture *self)
{
  return ask_thread (self, 0);
}

static void
assert_over (FakeTransport *client, guint status)
{
  g_assert_cmpuint (client->status, ==, status);
  fake_transport_free (client);
}

static WeirFakeProcess *
boot (Fixture *self)
{
  WeirFakeProcess *process;

  prepare (self);
  g_assert_cmpuint (self->processes->len, >, 0);
  process = self->processes->pdata[self->processes->len - 1];
  g_assert_true (weir_fake_process_answer (process));
  return process;
}

/* Who waits is told when the function cannot start, and when it goes. */
static void
test_waiting (Fixture *self, gconstpointer data)
{
  FakeTransport *client = ask (self);

  weir_fake_process_say (boot (self),
                         "{\"type\":\"failed\",\"code\":\"syntax\",\"message\":\"broken\"}");
  turn (self);
  assert_over (client, 503);

  client = ask (self);
  turn (self);
  g_assert_cmpuint (client->status, ==, 0);
  weir_binding_remove (self->binding);
  turn (self);
  assert_over (client, 404);
}

/* Nobody says of a server that ends that the client has gone, or that there is no function. */
static void
test_server_ends (Fixture *self, gconstpointer data)
{
  FakeTransport *client = ask (self);

  turn (self);
  weir_binding_stop (self->binding);
  turn (self);
  assert_over (client, 503);
  client = ask (self);
  turn (self);
  assert_over (client, 503);
}

/* A stage may have taken its time over a request, whose function went meanwhile. */
static void
test_late (Fixture *self, gconstpointer data)
{
  FakeTransport *client;

  weir_worker_pool_demand (self->pool);
  weir_fake_process_say (boot (self), READY);
  turn (self);
  weir_binding_remove (self->binding);
  turn (self);
  client = ask (self);
  turn (self);
  assert_over (client, 404);
}

/* It is kept as long as a data thread may call it, and no longer. */
static void
test_over (Fixture *self, gconstpointer data)
{
  FakeTransport *client = ask (self);
  WeirFakeProcess *process = boot (self);
  WeirSlot *slot = weir_slot_ref (weir_binding_get_slot (self->binding, 0));

  weir_fake_process_say (process, READY);
  weir_exchange_disconnect (client->exchange, NULL);
  fake_transport_free (client);
  turn (self);
  g_assert_false (weir_binding_is_over (self->binding));
  weir_binding_remove (self->binding);
  turn (self);
  g_assert_false (weir_binding_is_over (self->binding)); /* its worker is there */
  weir_fake_process_exit (process, 0);
  turn (self);
  g_assert_false (weir_binding_is_over (self->binding)); /* who holds the slot may ask */
  weir_slot_unref (slot);
  g_assert_true (weir_binding_is_over (self->binding));
}

static gboolean
on_watchdog (gpointer user_data)
{
  g_error ("Nobody told the client that it takes too long");
  return G_SOURCE_REMOVE;
}

/* While others leave no room, nobody waits for longer than in a queue; whoever asked first. */
static void
test_crowded (Fixture *self, gconstpointer data)
{
  g_autoptr (WeirWorkerPool) other = make_pool (self);
  guint watchdog = g_timeout_add_seconds (WATCHDOG_S, on_watchdog, NULL);
  FakeTransport *clients[N_THREADS];

  weir_capacity_set_limits (self->capacity, 1, 0);
  weir_worker_pool_demand (other);
  weir_fake_process_say (boot (self), READY);
  turn (self);
  for (guint i = 0; i < N_THREADS; i++)
    {
      clients[i] = ask_thread (self, i);
      prepare (self);
    }
  for (guint i = 0; i < N_THREADS; i++)
    {
      while (clients[i]->status == 0)
        turn (self);
      assert_over (clients[i], 503);
    }
  g_source_remove (watchdog);
  weir_worker_pool_shut_down (other, FALSE);
}

#define ADD(name, func) g_test_add ("/server/binding/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  ADD ("waiting", test_waiting);
  ADD ("server-ends", test_server_ends);
  ADD ("late", test_late);
  ADD ("over", test_over);
  ADD ("crowded", test_crowded);
  return g_test_run ();
}
