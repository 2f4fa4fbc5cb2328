/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a function's two halves tell each other, with a data thread that turns when it is told. */

#include "server/weir-binding-private.h"
#include "store/weir-function-private.h"
#include "weir-fake-clock.h"
#include "weir-fake-process.h"
#include "weir-fake-runtime.h"
#include "weir-fake-transport.h"

#define READY "{\"type\":\"ready\"}"

typedef struct
{
  WeirFakeClock *clock;
  WeirFakeRuntime *runtime;
  GPtrArray *processes;
  WeirWorkerPool *pool;
  FakeTransport *data; /* for its loop */
  WeirBinding *binding;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (WeirCensor) censor = weir_censor_new ();
  g_autoptr (GPtrArray) engines = g_ptr_array_new ();
  g_autoptr (WeirFunction) function =
      weir_function_new ("hello", "/f/hello", "/f", "/f/hello/index.ts", NULL, NULL, 1);

  self->clock = weir_fake_clock_new ();
  self->runtime = weir_fake_runtime_new ();
  self->processes = g_ptr_array_new_with_free_func (g_object_unref);
  self->pool = weir_worker_pool_new (function,
                                     WEIR_RUNTIME (self->runtime),
                                     WEIR_CLOCK (self->clock),
                                     "/tmp",
                                     weir_fake_process_factory,
                                     self->processes);
  self->data = fake_transport_new ();
  g_ptr_array_add (engines, self->data->engine);
  self->binding = weir_binding_new (engines, g_main_context_default (), self->pool, censor);
}

/* Both threads do all that they have to do. */
static void
turn (Fixture *self)
{
  while (g_main_context_iteration (self->data->context, FALSE) ||
         g_main_context_iteration (NULL, FALSE))
    ;
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  turn (self);
  while (weir_fake_runtime_finish (self->runtime, NULL))
    turn (self);
  for (guint i = 0; i < self->processes->len; i++)
    {
      (void) weir_fake_process_answer (self->processes->pdata[i]);
      (void) weir_fake_process_exit (self->processes->pdata[i], 0);
    }
  turn (self);
  g_assert_finalize_object (self->binding);
  g_assert_finalize_object (self->pool);
  fake_transport_free (self->data);
  g_ptr_array_unref (self->processes);
  g_assert_finalize_object (self->runtime);
  g_assert_finalize_object (self->clock);
}

static FakeTransport *
ask (Fixture *self)
{
  FakeTransport *client = fake_transport_new ();

  fake_transport_request (client, "GET", "/hello", NULL, 0, NULL);
  weir_slot_dispatch (weir_binding_get_slot (self->binding, 0), client->exchange);
  return client;
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

  turn (self);
  while (weir_fake_runtime_finish (self->runtime, NULL))
    turn (self);
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

#define ADD(name, func) g_test_add ("/server/binding/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  ADD ("waiting", test_waiting);
  ADD ("server-ends", test_server_ends);
  ADD ("late", test_late);
  ADD ("over", test_over);
  return g_test_run ();
}
