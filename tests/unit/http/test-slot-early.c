/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Requests that are sent to a worker that does not serve yet. */

#include <string.h>
#include "http/weir-exchange-private.h"
#include "http/weir-slot-private.h"
#include "weir-fake-transport.h"
#include "weir-fake-upstream.h"

typedef struct
{
  FakeTransport *fake;
  WeirSlot *slot;
  guint demands;
  guint withdrawals;
  WeirGate *gates[2];
  WeirUpstream *workers[2];
} Fixture;

static void
on_demand (WeirSlot *slot, gboolean wanted, gpointer user_data)
{
  Fixture *self = user_data;

  if (wanted)
    self->demands++;
  else
    self->withdrawals++;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (WeirFunction) function = g_object_new (WEIR_TYPE_FUNCTION, "name", "hello", NULL);

  self->fake = fake_transport_new ();
  self->slot = weir_slot_new (self->fake->engine, "hello", on_demand, self);
  weir_slot_set_function (self->slot, function);
  for (guint i = 0; i < 2; i++)
    {
      self->gates[i] = weir_gate_new (NULL, NULL, NULL);
      self->workers[i] = fake_upstream_new (self->gates[i]);
      fake_upstream_set_early (self->workers[i], TRUE);
    }
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpuint (weir_gate_get_in_flight (self->gates[i]), ==, 0);
      weir_gate_unref (self->gates[i]);
    }
  weir_slot_clear (self->slot);
  weir_slot_unref (self->slot);
  for (guint i = 0; i < 2; i++)
    weir_upstream_unref (self->workers[i]);
  fake_transport_free (self->fake);
}

static WeirExchange *
dispatch (Fixture *self, const char *method, gint64 length, const char *upgrade)
{
  WeirExchange *exchange =
      fake_transport_request (self->fake, method, "/hello", NULL, length, upgrade);

  weir_slot_dispatch (self->slot, exchange);
  return exchange;
}

static WeirExchange *
post (Fixture *self)
{
  WeirExchange *exchange = dispatch (self, "POST", 3, NULL);

  weir_exchange_push_body (exchange, (const guint8 *) "abc", 3);
  weir_exchange_end_body (exchange);
  return exchange;
}

static WeirUpstreamCall *
get_call (Fixture *self, guint worker, guint n)
{
  return fake_upstream_get_call (self->workers[worker], n);
}

static guint
count_calls (Fixture *self, guint worker)
{
  return fake_upstream_get_n_calls (self->workers[worker]);
}

/* The worker says that it serves. */
static void
make_ready (Fixture *self, guint worker)
{
  g_autoptr (WeirUpstream) early = weir_slot_steal_early (self->slot, self->gates[worker]);

  g_assert_true (early == NULL || early == self->workers[worker]);
  fake_upstream_set_early (self->workers[worker], FALSE);
  weir_slot_add_upstream (self->slot, self->workers[worker]);
}

static void
assert_answered (Fixture *self)
{
  g_assert_cmpuint (self->fake->status, ==, 200);
  g_assert_cmpstr (self->fake->body->str, ==, "ok");
  g_assert_cmpint (weir_exchange_get_state (self->fake->exchange), ==, WEIR_EXCHANGE_STATE_DONE);
}

static void
test_held (Fixture *self, gconstpointer data)
{
  post (self);
  weir_slot_send_early (self->slot, self->workers[0]);
  g_assert_cmpstr (get_call (self, 0, 0)->written->str, ==, "abc");
  g_assert_true (get_call (self, 0, 0)->body_ended);
  g_assert_cmpuint (weir_gate_get_in_flight (self->gates[0]), ==, 0);
  make_ready (self, 0);
  g_assert_cmpuint (weir_gate_get_in_flight (self->gates[0]), ==, 1);
  fake_call_answer (get_call (self, 0, 0));
  assert_answered (self);
  g_assert_cmpuint (count_calls (self, 0), ==, 1);
  g_assert_cmpuint (weir_gate_get_answered (self->gates[0]), ==, 1);
  g_assert_cmpuint (self->demands, ==, 1);
  g_assert_cmpuint (self->withdrawals, ==, 0);
}

/* The word that it serves takes another way, and comes later. */
static void
test_answered_first (Fixture *self, gconstpointer data)
{
  dispatch (self, "GET", 0, NULL);
  weir_slot_send_early (self->slot, self->workers[0]);
  fake_call_head (get_call (self, 0, 0), 200, 2);
  g_assert_cmpuint (weir_gate_get_in_flight (self->gates[0]), ==, 1);
  fake_call_body (get_call (self, 0, 0), "ok");
  fake_call_end (get_call (self, 0, 0));
  assert_answered (self);
  g_assert_cmpuint (self->withdrawals, ==, 0);
  make_ready (self, 0);
  g_assert_cmpuint (self->demands, ==, 1);
}

/* Only the first of those who wait. */
static void
test_one (Fixture *self, gconstpointer data)
{
  g_autoptr (FakeTransport) other = fake_transport_new ();

  dispatch (self, "GET", 0, NULL);
  weir_slot_dispatch (self->slot, fake_transport_request (other, "GET", "/", NULL, 0, NULL));
  weir_slot_send_early (self->slot, self->workers[0]);
  g_assert_cmpuint (count_calls (self, 0), ==, 1);
  make_ready (self, 0);
  g_assert_cmpuint (count_calls (self, 0), ==, 2);
  fake_call_answer (get_call (self, 0, 0));
  fake_call_answer (get_call (self, 0, 1));
  assert_answered (self);
  g_assert_cmpuint (other->status, ==, 200);
}

/* The process ended, or took a server of its own. */
static void
test_dropped (Fixture *self, gconstpointer data)
{
  post (self);
  weir_slot_send_early (self->slot, self->workers[0]);
  fake_call_fail (get_call (self, 0, 0), WEIR_ERROR_WORKER_FAILED, TRUE);
  g_assert_cmpuint (self->fake->status, ==, 0);
  g_assert_cmpuint (weir_gate_get_losses (self->gates[0]), ==, 0);

  /* Not a second time. */
  weir_slot_send_early (self->slot, self->workers[1]);
  g_assert_cmpuint (count_calls (self, 1), ==, 0);
  make_ready (self, 1);
  g_assert_cmpstr (get_call (self, 1, 0)->written->str, ==, "abc");
  fake_call_answer (get_call (self, 1, 0));
  assert_answered (self);
}

static void
test_another_start (Fixture *self, gconstpointer data)
{
  post (self);
  weir_slot_send_early (self->slot, self->workers[0]);
  weir_slot_send_early (self->slot, self->workers[1]);
  g_assert_cmpint (get_call (self, 0, 0)->state, ==, FAKE_CALL_CANCELLED);
  make_ready (self, 1);
  fake_call_answer (get_call (self, 1, 0));
  assert_answered (self);
}

/* A server of node:http has not got what came before it. */
static void
test_not_kept (Fixture *self, gconstpointer data)
{
  post (self);
  weir_slot_send_early (self->slot, self->workers[0]);
  fake_upstream_set_early (self->workers[1], FALSE);
  weir_slot_add_upstream (self->slot, self->workers[1]);
  g_assert_cmpint (get_call (self, 0, 0)->state, ==, FAKE_CALL_CANCELLED);
  g_assert_cmpstr (get_call (self, 1, 0)->written->str, ==, "abc");
  fake_call_answer (get_call (self, 1, 0));
  assert_answered (self);
}

/* It ends already, and has answered all the same. */
static void
test_gate_closed (Fixture *self, gconstpointer data)
{
  dispatch (self, "GET", 0, NULL);
  weir_slot_send_early (self->slot, self->workers[0]);
  weir_gate_close (self->gates[0]);
  fake_call_answer (get_call (self, 0, 0));
  assert_answered (self);
}

static void
test_start_fails (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = g_error_new (WEIR_ERROR, WEIR_ERROR_BOOT_FAILED, "Syntax");

  dispatch (self, "GET", 0, NULL);
  weir_slot_send_early (self->slot, self->workers[0]);
  weir_slot_fail (self->slot, error);
  g_assert_cmpuint (self->fake->status, ==, 503);
  g_assert_cmpint (get_call (self, 0, 0)->state, ==, FAKE_CALL_CANCELLED);
  g_assert_null (weir_slot_steal_early (self->slot, self->gates[0]));
}

static void
test_client_gone (Fixture *self, gconstpointer data)
{
  WeirExchange *exchange = dispatch (self, "GET", 0, NULL);

  weir_slot_send_early (self->slot, self->workers[0]);
  weir_exchange_disconnect (exchange, NULL);
  g_assert_cmpint (get_call (self, 0, 0)->state, ==, FAKE_CALL_CANCELLED);
  g_assert_cmpuint (self->withdrawals, ==, 1);
}

/* What is no HTTP will not become any when it is sent again. */
static void
test_invalid (Fixture *self, gconstpointer data)
{
  dispatch (self, "GET", 0, NULL);
  weir_slot_send_early (self->slot, self->workers[0]);
  fake_call_fail (get_call (self, 0, 0), WEIR_ERROR_BAD_GATEWAY, FALSE);
  g_assert_cmpuint (self->fake->status, ==, 502);
}

static void
assert_not_early (Fixture *self)
{
  weir_slot_send_early (self->slot, self->workers[0]);
  g_assert_cmpuint (count_calls (self, 0), ==, 0);
  g_assert_null (weir_slot_steal_early (self->slot, self->gates[0]));
  weir_exchange_disconnect (self->fake->exchange, NULL);
}

static void
test_not_upgrades (Fixture *self, gconstpointer data)
{
  dispatch (self, "GET", 0, "websocket");
  assert_not_early (self);
}

static void
test_not_half (Fixture *self, gconstpointer data)
{
  WeirExchange *exchange = dispatch (self, "POST", 6, NULL);

  weir_exchange_push_body (exchange, (const guint8 *) "abc", 3);
  assert_not_early (self);
}

static void
test_not_with_secrets (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) secrets = g_bytes_new ("e30=", 5);
  WeirExchange *exchange = fake_transport_request (self->fake, "GET", "/hello", NULL, 0, NULL);

  weir_exchange_set_user_secrets (exchange, secrets);
  weir_slot_dispatch (self->slot, exchange);
  assert_not_early (self);
}

/* Who may take so many has to count them all. */
static void
test_not_counted (Fixture *self, gconstpointer data)
{
  weir_gate_set_most_leases (self->gates[0], 1);
  dispatch (self, "GET", 0, NULL);
  assert_not_early (self);
}

static void
test_nobody (Fixture *self, gconstpointer data)
{
  weir_slot_send_early (self->slot, self->workers[0]);
  g_assert_cmpuint (count_calls (self, 0), ==, 0);
  make_ready (self, 0);
  dispatch (self, "GET", 0, NULL);
  fake_call_answer (get_call (self, 0, 0));
  assert_answered (self);
}

#define ADD(name, func)                                                                            \
  g_test_add ("/http/slot/early/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  ADD ("held", test_held);
  ADD ("answered-first", test_answered_first);
  ADD ("one", test_one);
  ADD ("dropped", test_dropped);
  ADD ("another-start", test_another_start);
  ADD ("not-kept", test_not_kept);
  ADD ("gate-closed", test_gate_closed);
  ADD ("start-fails", test_start_fails);
  ADD ("client-gone", test_client_gone);
  ADD ("invalid", test_invalid);
  ADD ("not/upgrades", test_not_upgrades);
  ADD ("not/half", test_not_half);
  ADD ("not/with-secrets", test_not_with_secrets);
  ADD ("not/counted", test_not_counted);
  ADD ("nobody", test_nobody);
  return g_test_run ();
}
