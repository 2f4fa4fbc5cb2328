/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
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
  gboolean wanted; /* asked for, neither answered nor withdrawn */
  WeirGate *gates[2];
  WeirUpstream *workers[2];
} Fixture;

static void
on_demand (WeirSlot *slot, gboolean wanted, gpointer user_data)
{
  Fixture *self = user_data;

  g_assert_true (wanted || self->wanted);
  self->wanted = wanted;
  if (wanted)
    self->demands++;
  else
    self->withdrawals++;
}

static void
on_activity (gpointer user_data)
{
}

static WeirFunction *
make_function_with (const char *name, gint64 value, const char *other, gint64 other_value)
{
  GHashTable *values =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  GHashTable *origins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (WeirSettings) settings = NULL;

  g_hash_table_insert (values, g_strdup (name), g_variant_ref_sink (g_variant_new_int64 (value)));
  g_hash_table_insert (origins, g_strdup (name), g_strdup ("test"));
  if (other != NULL)
    {
      g_hash_table_insert (values,
                           g_strdup (other),
                           g_variant_ref_sink (g_variant_new_int64 (other_value)));
      g_hash_table_insert (origins, g_strdup (other), g_strdup ("test"));
    }
  settings = weir_settings_new (values, origins);
  return g_object_new (WEIR_TYPE_FUNCTION, "name", "hello", "settings", settings, NULL);
}

static WeirFunction *
make_function (guint timeout_ms)
{
  return make_function_with ("request_timeout_ms", timeout_ms, NULL, 0);
}

static void
set_options (WeirSlot *slot, const char *name, gint64 value, const char *other, gint64 other_value)
{
  g_autoptr (WeirFunction) function = make_function_with (name, value, other, other_value);

  weir_slot_set_function (slot, function);
}

/* The one worker now, in place of those before. */
static void
set_upstream (WeirSlot *slot, WeirUpstream *upstream)
{
  weir_slot_clear (slot);
  if (upstream != NULL)
    weir_slot_add_upstream (slot, upstream);
}

static void
set_timeout (Fixture *self, guint timeout_ms)
{
  g_autoptr (WeirFunction) function = make_function (timeout_ms);

  weir_slot_set_function (self->slot, function);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->fake = fake_transport_new ();
  self->slot = weir_slot_new (self->fake->engine, "hello", on_demand, self);
  for (guint i = 0; i < 2; i++)
    {
      self->gates[i] = weir_gate_new (on_activity, NULL, NULL);
      self->workers[i] = fake_upstream_new (self->gates[i]);
    }
  set_timeout (self, 0);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpuint (weir_gate_get_in_flight (self->gates[i]), ==, 0);
      weir_gate_unref (self->gates[i]);
    }
  set_upstream (self->slot, NULL);
  weir_slot_unref (self->slot);
  for (guint i = 0; i < 2; i++)
    weir_upstream_unref (self->workers[i]);
  fake_transport_free (self->fake);
}

static void
start_worker (Fixture *self, guint i)
{
  set_upstream (self->slot, self->workers[i]);
}

static WeirExchange *
dispatch (Fixture *self, const char *method, gint64 length, const char *upgrade)
{
  WeirExchange *exchange =
      fake_transport_request (self->fake, method, "/hello?x", NULL, length, upgrade);

  weir_exchange_set_request_id (exchange, "id-1");
  weir_slot_dispatch (self->slot, exchange);
  return exchange;
}

static WeirUpstreamCall *
get_call (Fixture *self, guint worker, guint n)
{
  return fake_upstream_get_call (self->workers[worker], n);
}

static void
assert_answered (Fixture *self)
{
  g_assert_cmpuint (self->fake->status, ==, 200);
  g_assert_cmpstr (self->fake->body->str, ==, "ok");
  g_assert_cmpint (weir_exchange_get_state (self->fake->exchange), ==, WEIR_EXCHANGE_STATE_DONE);
}

static void
test_plain (Fixture *self, gconstpointer data)
{
  WeirUpstreamCall *call;

  start_worker (self, 0);
  dispatch (self, "GET", 0, NULL);
  g_assert_cmpuint (self->demands, ==, 0);
  g_assert_cmpuint (weir_gate_get_in_flight (self->gates[0]), ==, 1);
  call = get_call (self, 0, 0);
  g_assert_cmpstr (call->request, ==, "GET http://example.org:9000/hello?x");
  g_assert_cmpstr (call->extra,
                   ==,
                   "x-deno-client-address: 127.0.0.9:4711\r\nx-request-id: id-1\r\n");
  g_assert_true (call->body_ended);
  weir_slot_set_stale (self->slot, "broken\nedit");
  fake_call_head (call, 200, 2);
  fake_call_body (call, "ok");
  fake_call_end (call);
  assert_answered (self);
  g_assert_nonnull (strstr (self->fake->headers, "x-from: worker\n"));
  g_assert_nonnull (strstr (self->fake->headers, "x-request-id: id-1\n"));
  g_assert_nonnull (strstr (self->fake->headers, "x-weir-stale: broken edit\n"));
  g_assert_nonnull (weir_exchange_get_function (self->fake->exchange));
}

static void
test_v6 (Fixture *self, gconstpointer data)
{
  self->fake->peer = "2001:db8::ff";
  start_worker (self, 0);
  dispatch (self, "GET", 0, NULL);
  g_assert_cmpstr (get_call (self, 0, 0)->extra,
                   ==,
                   "x-deno-client-address: [2001:db8::ff]:4711\r\nx-request-id: id-1\r\n");
  fake_call_answer (get_call (self, 0, 0));
}

static void
check_secrets (Fixture *self, gboolean takes, const char *told)
{
  g_autoptr (GBytes) secrets = g_bytes_new ("e30=", 5);
  WeirExchange *exchange = fake_transport_request (self->fake, "GET", "/hello", NULL, 0, NULL);
  g_autofree char *extra =
      g_strconcat ("x-deno-client-address: 127.0.0.9:4711\r\nx-request-id: id-1\r\n", told, NULL);

  g_assert_true (weir_slot_may_take_secrets (self->slot));
  weir_upstream_set_takes_secrets (self->workers[0], takes);
  start_worker (self, 0);
  g_assert_true (weir_slot_may_take_secrets (self->slot) == takes);
  weir_exchange_set_request_id (exchange, "id-1");
  weir_exchange_set_user_secrets (exchange, secrets);
  weir_slot_dispatch (self->slot, exchange);
  g_assert_cmpstr (get_call (self, 0, 0)->extra, ==, extra);
  fake_call_answer (get_call (self, 0, 0));
}

static void
test_secrets (Fixture *self, gconstpointer data)
{
  check_secrets (self, TRUE, "x-deno-worker-user-secrets: e30=\r\n");
}

/* A function whose form has no place for them is not told. */
static void
test_no_secrets (Fixture *self, gconstpointer data)
{
  check_secrets (self, FALSE, "");
}

static void
test_waits (Fixture *self, gconstpointer data)
{
  WeirExchange *exchange = dispatch (self, "POST", 3, NULL);

  g_assert_cmpuint (self->demands, ==, 1);
  weir_exchange_push_body (exchange, (const guint8 *) "abc", 3);
  weir_exchange_end_body (exchange);
  start_worker (self, 0);
  g_assert_cmpstr (get_call (self, 0, 0)->written->str, ==, "abc");
  g_assert_true (get_call (self, 0, 0)->body_ended);
  fake_call_answer (get_call (self, 0, 0));
  assert_answered (self);
}

static void
test_boot_fails (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = g_error_new (WEIR_ERROR, WEIR_ERROR_BOOT_FAILED, "Syntax");

  dispatch (self, "GET", 0, NULL);
  weir_slot_fail (self->slot, error);
  g_assert_cmpuint (self->fake->status, ==, 503);
  g_assert_error (weir_exchange_get_error (self->fake->exchange),
                  WEIR_ERROR,
                  WEIR_ERROR_BOOT_FAILED);
}

static void
test_asks_again (Fixture *self, gconstpointer data)
{
  dispatch (self, "GET", 0, NULL);
  g_assert_cmpuint (self->demands, ==, 1);
  set_upstream (self->slot, NULL);
  g_assert_cmpuint (self->demands, ==, 2);
  start_worker (self, 0);
  fake_call_answer (get_call (self, 0, 0));
}

static void
test_closed_gate (Fixture *self, gconstpointer data)
{
  start_worker (self, 0);
  weir_gate_close (self->gates[0]);
  dispatch (self, "GET", 0, NULL);
  g_assert_cmpuint (fake_upstream_get_n_calls (self->workers[0]), ==, 0);
  g_assert_cmpuint (self->demands, ==, 1);
  start_worker (self, 1);
  g_assert_true (fake_upstream_is_closed (self->workers[0]));
  fake_call_answer (get_call (self, 1, 0));
  assert_answered (self);
}

static void
test_overloaded (Fixture *self, gconstpointer data)
{
  FakeTransport *others[1024];
  g_autoptr (GError) error = g_error_new (WEIR_ERROR, WEIR_ERROR_BOOT_FAILED, "no");

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      others[i] = fake_transport_new ();
      fake_transport_request (others[i], "GET", "/", NULL, 0, NULL);
      weir_slot_dispatch (self->slot, others[i]->exchange);
    }
  dispatch (self, "GET", 0, NULL);
  g_assert_cmpuint (self->fake->status, ==, 503);
  g_assert_cmpuint (self->demands, ==, 1);

  weir_exchange_disconnect (others[7]->exchange, NULL);
  weir_slot_fail (self->slot, error);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_assert_cmpuint (others[i]->status, ==, i == 7 ? 0 : 503);
      fake_transport_free (others[i]);
    }
}

/* The worker only closed a connection that idled. */
static void
test_reconnects (Fixture *self, gconstpointer data)
{
  WeirExchange *exchange;

  start_worker (self, 0);
  exchange = dispatch (self, "POST", 3, NULL);
  weir_exchange_push_body (exchange, (const guint8 *) "abc", 3);
  weir_exchange_end_body (exchange);
  fake_call_fail (get_call (self, 0, 0), WEIR_ERROR_WORKER_FAILED, TRUE);
  g_assert_cmpuint (fake_upstream_get_n_calls (self->workers[0]), ==, 2);
  g_assert_cmpstr (get_call (self, 0, 1)->written->str, ==, "abc");
  fake_call_answer (get_call (self, 0, 1));
  assert_answered (self);
}

/* What a worker that lives on has dropped without a word, it may have done. */
static void
test_reconnects_when_it_is_safe (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *method;
    gboolean fresh;
    gboolean unread;
    guint n_calls;
  } cases[] = {
    { "POST", TRUE, FALSE, 1 },   { "PATCH", TRUE, FALSE, 1 }, { "POST", FALSE, FALSE, 2 },
    { "POST", TRUE, TRUE, 2 },    { "GET", TRUE, FALSE, 2 },   { "PUT", TRUE, FALSE, 2 },
    { "DELETE", TRUE, FALSE, 2 },
  };

  start_worker (self, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint before = fake_upstream_get_n_calls (self->workers[0]);
      FakeTransport *client = fake_transport_new ();
      WeirUpstreamCall *call;

      fake_transport_request (client, cases[i].method, "/", NULL, 0, NULL);
      weir_slot_dispatch (self->slot, client->exchange);
      call = get_call (self, 0, before);
      call->fresh = cases[i].fresh;
      call->unread = cases[i].unread;
      fake_call_fail (call, WEIR_ERROR_WORKER_FAILED, TRUE);
      g_assert_cmpuint (fake_upstream_get_n_calls (self->workers[0]) - before,
                        ==,
                        cases[i].n_calls);
      if (cases[i].n_calls == 2)
        fake_call_answer (get_call (self, 0, before + 1));
      else
        weir_exchange_disconnect (client->exchange, NULL);
      fake_transport_free (client);
    }
  /* What was posted is still on its way. */
  while (g_main_context_iteration (self->fake->context, FALSE))
    ;
}

/* That it is told to end makes no difference: the next worker gets it. */
static void
test_moves_what_is_unsafe (Fixture *self, gconstpointer data)
{
  start_worker (self, 0);
  dispatch (self, "POST", 0, NULL);
  get_call (self, 0, 0)->fresh = TRUE;
  fake_call_fail (get_call (self, 0, 0), WEIR_ERROR_WORKER_FAILED, TRUE);
  set_upstream (self->slot, NULL);
  start_worker (self, 1);
  fake_call_answer (get_call (self, 1, 0));
  assert_answered (self);
}

static void
test_moves (Fixture *self, gconstpointer data)
{
  WeirExchange *exchange;

  start_worker (self, 0);
  exchange = dispatch (self, "POST", 3, NULL);
  weir_exchange_push_body (exchange, (const guint8 *) "abc", 3);
  fake_call_fail (get_call (self, 0, 0), WEIR_ERROR_WORKER_FAILED, TRUE);
  fake_call_fail (get_call (self, 0, 1), WEIR_ERROR_WORKER_FAILED, TRUE);
  weir_exchange_end_body (exchange);
  g_assert_cmpuint (weir_gate_get_in_flight (self->gates[0]), ==, 0);

  /* The control plane has noticed, and starts another. */
  set_upstream (self->slot, NULL);
  g_assert_cmpuint (self->demands, ==, 1);
  start_worker (self, 1);
  g_assert_cmpstr (get_call (self, 1, 0)->written->str, ==, "abc");
  g_assert_true (get_call (self, 1, 0)->body_ended);
  fake_call_answer (get_call (self, 1, 0));
  assert_answered (self);
  g_assert_cmpuint (fake_upstream_get_n_calls (self->workers[0]), ==, 2);
}

static void
tell_exit (Fixture *self, guint worker, int code)
{
  g_autoptr (GError) error = g_error_new_literal (WEIR_ERROR, code, "It went over its memory");

  weir_slot_set_exit_error (self->slot, self->gates[worker], error);
}

static void
test_moves_once (Fixture *self, gconstpointer data)
{
  start_worker (self, 0);
  dispatch (self, "GET", 0, NULL);
  weir_gate_close (self->gates[0]);
  fake_call_fail (get_call (self, 0, 0), WEIR_ERROR_WORKER_FAILED, TRUE);
  g_assert_cmpuint (self->demands, ==, 1);
  start_worker (self, 1);
  weir_gate_condemn (self->gates[1], WEIR_BLAME_ONE);
  fake_call_fail (get_call (self, 1, 0), WEIR_ERROR_WORKER_FAILED, TRUE);
  g_assert_cmpuint (self->fake->status, ==, 0);
  tell_exit (self, 0, WEIR_ERROR_FAILED);
  g_assert_cmpuint (self->fake->status, ==, 0);
  tell_exit (self, 1, WEIR_ERROR_WORKER_LIMIT);
  g_assert_cmpuint (self->fake->status, ==, 546);
}

static void
test_exit_error_first (Fixture *self, gconstpointer data)
{
  start_worker (self, 0);
  dispatch (self, "GET", 0, NULL);
  tell_exit (self, 0, WEIR_ERROR_WORKER_LIMIT);
  fake_call_fail (get_call (self, 0, 0), WEIR_ERROR_WORKER_FAILED, FALSE);
  g_assert_cmpuint (self->fake->status, ==, 546);
}

/* What it was killed for may have been this very request. */
static void
test_condemned_is_not_moved (Fixture *self, gconstpointer data)
{
  start_worker (self, 0);
  dispatch (self, "GET", 0, NULL);
  weir_gate_condemn (self->gates[0], WEIR_BLAME_ONE);
  fake_call_fail (get_call (self, 0, 0), WEIR_ERROR_WORKER_FAILED, TRUE);
  set_upstream (self->slot, NULL);
  start_worker (self, 1);
  g_assert_cmpuint (fake_upstream_get_n_calls (self->workers[1]), ==, 0);
  tell_exit (self, 0, WEIR_ERROR_WORKER_LIMIT);
  g_assert_cmpuint (self->fake->status, ==, 546);
}

static void
test_touched_is_not_retried (Fixture *self, gconstpointer data)
{
  start_worker (self, 0);
  dispatch (self, "GET", 0, NULL);
  fake_call_fail (get_call (self, 0, 0), WEIR_ERROR_WORKER_FAILED, FALSE);
  start_worker (self, 1);
  g_assert_cmpuint (fake_upstream_get_n_calls (self->workers[1]), ==, 0);
  tell_exit (self, 0, WEIR_ERROR_WORKER_FAILED);
  g_assert_cmpuint (self->fake->status, ==, 500);
}

static void
test_long_body_is_not_retried (Fixture *self, gconstpointer data)
{
  g_autofree guint8 *piece = g_malloc0 (64 * 1024);
  WeirExchange *exchange;

  start_worker (self, 0);
  exchange = dispatch (self, "POST", -1, NULL);
  weir_exchange_push_body (exchange, piece, 64 * 1024);
  weir_exchange_push_body (exchange, piece, 1);
  weir_gate_close (self->gates[0]);
  fake_call_fail (get_call (self, 0, 0), WEIR_ERROR_WORKER_FAILED, TRUE);
  start_worker (self, 1);
  g_assert_cmpuint (fake_upstream_get_n_calls (self->workers[1]), ==, 0);
  tell_exit (self, 0, WEIR_ERROR_WORKER_FAILED);
  g_assert_cmpuint (self->fake->status, ==, 500);
}

static void
test_hold_ends (Fixture *self, gconstpointer data)
{
  start_worker (self, 0);
  dispatch (self, "GET", 0, NULL);
  fake_call_fail (get_call (self, 0, 0), WEIR_ERROR_WORKER_FAILED, FALSE);
  fake_transport_finish (self->fake);
  g_assert_cmpuint (self->fake->status, ==, 500);
}

static void
test_bad_gateway (Fixture *self, gconstpointer data)
{
  start_worker (self, 0);
  dispatch (self, "GET", 0, NULL);
  fake_call_fail (get_call (self, 0, 0), WEIR_ERROR_BAD_GATEWAY, FALSE);
  g_assert_cmpuint (self->fake->status, ==, 502);
}

static void
test_breaks_off (Fixture *self, gconstpointer data)
{
  start_worker (self, 0);
  dispatch (self, "GET", 0, NULL);
  fake_call_head (get_call (self, 0, 0), 200, -1);
  fake_call_body (get_call (self, 0, 0), "half");
  fake_call_fail (get_call (self, 0, 0), WEIR_ERROR_WORKER_FAILED, FALSE);
  g_assert_cmpstr (self->fake->trace->str, ==, "head body abort");
}

static void
test_times_out (Fixture *self, gconstpointer data)
{
  set_timeout (self, 20);
  start_worker (self, 0);
  dispatch (self, "GET", 0, NULL);
  fake_transport_finish (self->fake);
  g_assert_cmpuint (self->fake->status, ==, 504);
  g_assert_cmpint (get_call (self, 0, 0)->state, ==, FAKE_CALL_CANCELLED);
}

static void
test_times_out_waiting (Fixture *self, gconstpointer data)
{
  set_timeout (self, 20);
  dispatch (self, "GET", 0, NULL);
  fake_transport_finish (self->fake);
  g_assert_cmpuint (self->fake->status, ==, 504);
  start_worker (self, 0);
  g_assert_cmpuint (fake_upstream_get_n_calls (self->workers[0]), ==, 0);
}

static void
test_times_out_late (Fixture *self, gconstpointer data)
{
  set_timeout (self, 20);
  start_worker (self, 0);
  dispatch (self, "GET", 0, NULL);
  fake_call_head (get_call (self, 0, 0), 200, -1);
  fake_transport_finish (self->fake);
  g_assert_cmpstr (self->fake->trace->str, ==, "head abort");
  g_assert_cmpint (get_call (self, 0, 0)->state, ==, FAKE_CALL_CANCELLED);
}

static void
test_client_gone (Fixture *self, gconstpointer data)
{
  WeirExchange *exchange;

  start_worker (self, 0);
  exchange = dispatch (self, "GET", 0, NULL);
  weir_exchange_disconnect (exchange, NULL);
  g_assert_cmpint (get_call (self, 0, 0)->state, ==, FAKE_CALL_CANCELLED);
  g_assert_cmpuint (weir_gate_get_in_flight (self->gates[0]), ==, 0);
}

static void
test_client_gone_in_body (Fixture *self, gconstpointer data)
{
  start_worker (self, 0);
  dispatch (self, "GET", 0, NULL);
  self->fake->gone_on_body = TRUE;
  fake_call_head (get_call (self, 0, 0), 200, -1);
  fake_call_body (get_call (self, 0, 0), "x");
  g_assert_cmpint (get_call (self, 0, 0)->state, ==, FAKE_CALL_CANCELLED);
}

static void
test_backpressure (Fixture *self, gconstpointer data)
{
  WeirExchange *exchange;
  WeirUpstreamCall *call;

  start_worker (self, 0);
  exchange = dispatch (self, "POST", -1, NULL);
  call = get_call (self, 0, 0);

  call->queued = 300 * 1024;
  weir_exchange_push_body (exchange, (const guint8 *) "abc", 3);
  g_assert_cmpuint (self->fake->granted, ==, 0);
  call->callbacks->writable (call, call->user_data);
  g_assert_cmpuint (self->fake->granted, ==, 3);

  self->fake->queued = 300 * 1024;
  fake_call_head (call, 200, -1);
  fake_call_body (call, "ok");
  g_assert_true (call->paused);
  self->fake->queued = 0;
  weir_exchange_writable (exchange);
  g_assert_false (call->paused);
  fake_call_end (call);
  assert_answered (self);
}

static void
read_exactly (FakeTransport *fake, int fd, const char *expected)
{
  g_autoptr (GString) got = g_string_new (NULL);

  while (got->len < strlen (expected))
    {
      char buffer[64];
      gssize n;

      fake_transport_turn (fake);
      n = recv (fd, buffer, sizeof buffer, MSG_DONTWAIT);
      g_assert_cmpint (n, !=, 0);
      if (n > 0)
        g_string_append_len (got, buffer, n);
    }
  g_assert_cmpstr (got->str, ==, expected);
}

static void
test_upgrade (Fixture *self, gconstpointer data)
{
  int client[2], worker[2];
  WeirExchange *exchange;

  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM, 0, client));
  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM, 0, worker));
  set_timeout (self, 1000000);
  start_worker (self, 0);
  self->fake->upgrade_fd = client[0];
  self->fake->early = g_bytes_new ("early?", 6);
  exchange = fake_transport_request (self->fake,
                                     "GET",
                                     "/ws",
                                     "Sec-WebSocket-Protocol: a,b ,c\nSec-WebSocket-Protocol: d",
                                     0,
                                     "websocket");
  weir_slot_dispatch (self->slot, exchange);
  g_assert_cmpstr (get_call (self, 0, 0)->request, ==, "GET http://example.org:9000/ws websocket");
  g_assert_cmpstr (get_call (self, 0, 0)->protocols, ==, "a, b, c, d");
  fake_call_upgrade (get_call (self, 0, 0), worker[0], "early!");
  g_assert_cmpuint (self->fake->status, ==, 101);
  g_assert_cmpint (weir_exchange_get_state (exchange), ==, WEIR_EXCHANGE_STATE_RESPONDING);
  g_assert_cmpuint (weir_gate_get_in_flight (self->gates[0]), ==, 0);
  g_assert_cmpuint (weir_gate_get_sockets (self->gates[0]), ==, 1);

  read_exactly (self->fake, client[1], "early!");
  read_exactly (self->fake, worker[1], "early?");
  g_assert_cmpint (send (worker[1], "hello", 5, 0), ==, 5);
  read_exactly (self->fake, client[1], "hello");

  close (worker[1]);
  fake_transport_finish (self->fake);
  g_assert_cmpint (weir_exchange_get_state (exchange), ==, WEIR_EXCHANGE_STATE_DONE);
  g_assert_cmpuint (weir_exchange_get_bytes_sent (exchange), ==, 11);
  g_assert_cmpuint (weir_exchange_get_bytes_received (exchange), ==, 6);
  g_assert_cmpuint (weir_gate_get_sockets (self->gates[0]), ==, 0);
  close (client[1]);
}

static void
test_upgrade_refused_by_adapter (Fixture *self, gconstpointer data)
{
  int worker[2];
  char c;

  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM, 0, worker));
  start_worker (self, 0);
  dispatch (self, "GET", 0, "websocket");
  fake_call_upgrade (get_call (self, 0, 0), worker[0], "");
  g_assert_cmpuint (self->fake->status, ==, 501);
  g_assert_cmpint (recv (worker[1], &c, 1, 0), ==, 0);
  close (worker[1]);
}

/* ---- several workers, and a queue ---- */

/* More exchanges than the fixture has, all on its engine's slot. */
static FakeTransport *
send_another (Fixture *self, const char *upgrade)
{
  FakeTransport *other = fake_transport_new ();

  fake_transport_request (other, "GET", "/hello", NULL, 0, upgrade);
  weir_slot_dispatch (self->slot, other->exchange);
  return other;
}

static void
leave (FakeTransport *other)
{
  weir_exchange_disconnect (other->exchange, NULL);
  fake_transport_free (other);
}

static void
test_least_loaded (Fixture *self, gconstpointer data)
{
  FakeTransport *others[4];

  set_options (self->slot, "max_workers", 2, NULL, 0);
  weir_slot_add_upstream (self->slot, self->workers[0]);
  others[0] = send_another (self, NULL);
  g_assert_cmpuint (self->demands, ==, 0);
  others[1] = send_another (self, NULL); /* goes on at once, and asks for one more */
  g_assert_cmpuint (fake_upstream_get_n_calls (self->workers[0]), ==, 2);
  g_assert_cmpuint (self->demands, ==, 1);
  others[2] = send_another (self, NULL);
  g_assert_cmpuint (self->demands, ==, 1);
  weir_slot_add_upstream (self->slot, self->workers[1]);
  others[3] = send_another (self, NULL);
  g_assert_cmpuint (fake_upstream_get_n_calls (self->workers[1]), ==, 1);
  g_assert_cmpuint (self->demands, ==, 1); /* there may be two */
  for (guint i = 0; i < 4; i++)
    leave (others[i]);

  /* Of idle ones the first, so that the second can go. */
  others[0] = send_another (self, NULL);
  g_assert_cmpuint (fake_upstream_get_n_calls (self->workers[0]), ==, 4);
  leave (others[0]);
  weir_slot_remove_upstream (self->slot, self->gates[0]);
  g_assert_true (fake_upstream_is_closed (self->workers[0]));
  others[0] = send_another (self, NULL);
  g_assert_cmpuint (fake_upstream_get_n_calls (self->workers[1]), ==, 2);
  leave (others[0]);
}

static void
test_declined (Fixture *self, gconstpointer data)
{
  FakeTransport *others[3];

  set_options (self->slot, "max_workers", 2, NULL, 0);
  weir_slot_add_upstream (self->slot, self->workers[0]);
  others[0] = send_another (self, NULL);
  others[1] = send_another (self, NULL);
  g_assert_cmpuint (self->demands, ==, 1);
  weir_slot_decline (self->slot);
  others[2] = send_another (self, NULL);
  g_assert_cmpuint (self->demands, ==, 1); /* not at every request */
  for (guint i = 0; i < 3; i++)
    leave (others[i]);
}

static void
test_waits_for_its_turn (Fixture *self, gconstpointer data)
{
  FakeTransport *others[4];

  set_options (self->slot, "max_concurrency", 1, "queue_size", 2);
  start_worker (self, 0);
  others[0] = send_another (self, NULL);
  others[1] = send_another (self, NULL);
  others[2] = send_another (self, NULL);
  others[3] = send_another (self, NULL);
  g_assert_cmpuint (self->demands, ==, 0); /* one is all there may be */
  g_assert_cmpuint (fake_upstream_get_n_calls (self->workers[0]), ==, 1);
  g_assert_cmpuint (others[3]->status, ==, 503);
  g_assert_nonnull (strstr (others[3]->headers, "retry-after: 1\n"));

  fake_call_answer (get_call (self, 0, 0));
  fake_transport_turn (self->fake);
  g_assert_cmpuint (fake_upstream_get_n_calls (self->workers[0]), ==, 2);
  g_assert_cmpuint (others[1]->status, ==, 0);
  weir_exchange_disconnect (others[2]->exchange, NULL); /* out of the queue */
  fake_call_answer (get_call (self, 0, 1));
  g_assert_cmpuint (others[1]->status, ==, 200);
  fake_transport_turn (self->fake);
  g_assert_cmpuint (fake_upstream_get_n_calls (self->workers[0]), ==, 2);
  for (guint i = 0; i < 4; i++)
    fake_transport_free (others[i]);
}

static void
test_waits_too_long (Fixture *self, gconstpointer data)
{
  FakeTransport *other;

  set_options (self->slot, "max_concurrency", 1, "queue_timeout_ms", 20);
  start_worker (self, 0);
  other = send_another (self, NULL);
  dispatch (self, "GET", 0, NULL);
  fake_transport_finish (self->fake);
  g_assert_cmpuint (self->fake->status, ==, 503);
  leave (other);
}

static void
test_withdraws (Fixture *self, gconstpointer data)
{
  FakeTransport *others[3];

  others[0] = send_another (self, NULL);
  others[1] = send_another (self, NULL);
  g_assert_cmpuint (self->demands, ==, 1);
  leave (others[0]);
  g_assert_cmpuint (self->withdrawals, ==, 0);
  leave (others[1]);
  g_assert_cmpuint (self->withdrawals, ==, 1);
  others[0] = send_another (self, NULL);
  g_assert_cmpuint (self->demands, ==, 2);

  /* One more is of use while the others work, whoever has gone. */
  set_options (self->slot, "max_workers", 2, "max_concurrency", 1);
  weir_slot_add_upstream (self->slot, self->workers[0]);
  g_assert_cmpuint (fake_upstream_get_n_calls (self->workers[0]), ==, 1);
  others[1] = send_another (self, NULL);
  g_assert_cmpuint (self->demands, ==, 3);
  leave (others[1]);
  g_assert_cmpuint (self->withdrawals, ==, 1);

  others[1] = send_another (self, NULL);
  others[2] = send_another (self, NULL);
  weir_slot_remove_upstream (self->slot, self->gates[0]);
  g_assert_cmpuint (self->demands, ==, 4);
  leave (others[0]);
  leave (others[1]);
  g_assert_cmpuint (self->withdrawals, ==, 1);
  leave (others[2]);
  g_assert_cmpuint (self->withdrawals, ==, 2);
  fake_transport_turn (self->fake);
}

/* One more was wanted while others worked. That they rest when it is on its way is no reason to end
 * it: they will work again. */
static void
test_grows_at_rest (Fixture *self, gconstpointer data)
{
  FakeTransport *other;

  set_options (self->slot, "max_workers", 2, NULL, 0);
  start_worker (self, 0);
  dispatch (self, "GET", 0, NULL);
  other = send_another (self, NULL);
  g_assert_cmpuint (self->demands, ==, 1);
  fake_call_answer (get_call (self, 0, 0));
  fake_call_answer (get_call (self, 0, 1));
  weir_slot_send_early (self->slot, self->workers[1]);
  g_assert_cmpuint (self->withdrawals, ==, 0);
  g_assert_cmpuint (fake_upstream_get_n_calls (self->workers[1]), ==, 0);
  fake_transport_free (other);
}

static void
test_withdraws_in_time (Fixture *self, gconstpointer data)
{
  set_timeout (self, 20);
  dispatch (self, "GET", 0, NULL);
  fake_transport_finish (self->fake);
  g_assert_cmpuint (self->fake->status, ==, 504);
  g_assert_cmpuint (self->withdrawals, ==, 1);
}

/* Time counts only when nobody starts one. */
static void
test_crowded (Fixture *self, gconstpointer data)
{
  set_options (self->slot, "queue_timeout_ms", 20, NULL, 0);
  dispatch (self, "GET", 0, NULL);
  weir_slot_set_crowded (self->slot);
  fake_transport_finish (self->fake);
  g_assert_cmpuint (self->fake->status, ==, 503);
}

static void
test_sockets (Fixture *self, gconstpointer data)
{
  g_autoptr (WeirSocketBudget) budget = weir_socket_budget_new (2);
  FakeTransport *others[4];

  set_options (self->slot, "max_websockets", 1, "max_workers", 2);
  weir_slot_set_socket_budget (self->slot, budget);
  start_worker (self, 0);
  others[0] = send_another (self, "websocket");
  others[1] = send_another (self, "websocket");
  g_assert_cmpuint (self->demands, ==, 1);
  g_assert_cmpuint (fake_upstream_get_n_calls (self->workers[0]), ==, 1);
  weir_slot_add_upstream (self->slot, self->workers[1]);
  g_assert_cmpuint (fake_upstream_get_n_calls (self->workers[1]), ==, 1);
  others[2] = send_another (self, "websocket"); /* in all */
  g_assert_cmpuint (others[2]->status, ==, 503);
  weir_socket_budget_set_maximum (budget, 0);
  others[3] = send_another (self, "websocket"); /* in each */
  g_assert_cmpuint (others[3]->status, ==, 503);
  dispatch (self, "GET", 0, NULL); /* what is no WebSocket has room */
  fake_call_answer (get_call (self, 0, 1));
  assert_answered (self);
  for (guint i = 0; i < 4; i++)
    leave (others[i]);
  others[0] = send_another (self, "websocket");
  g_assert_cmpuint (fake_upstream_get_n_calls (self->workers[0]), ==, 3);
  leave (others[0]);
}

static void
test_sizes (Fixture *self, gconstpointer data)
{
  FakeTransport *others[3];

  set_options (self->slot, "request_size_limit", 5, "response_size_limit", 3);
  start_worker (self, 0);
  dispatch (self, "POST", 6, NULL);
  g_assert_cmpuint (self->fake->status, ==, 413);
  g_assert_cmpuint (fake_upstream_get_n_calls (self->workers[0]), ==, 0);

  others[0] = fake_transport_new ();
  fake_transport_request (others[0], "POST", "/hello", NULL, -1, NULL);
  weir_slot_dispatch (self->slot, others[0]->exchange);
  weir_exchange_push_body (others[0]->exchange, (const guint8 *) "12345", 5);
  g_assert_cmpuint (others[0]->status, ==, 0);
  weir_exchange_push_body (others[0]->exchange, (const guint8 *) "6", 1);
  g_assert_cmpuint (others[0]->status, ==, 413);
  g_assert_cmpint (get_call (self, 0, 0)->state, ==, FAKE_CALL_CANCELLED);

  others[1] = send_another (self, NULL);
  fake_call_head (get_call (self, 0, 1), 200, 4);
  g_assert_cmpuint (others[1]->status, ==, 502);

  others[2] = send_another (self, NULL);
  fake_call_head (get_call (self, 0, 2), 200, -1);
  fake_call_body (get_call (self, 0, 2), "123");
  fake_call_body (get_call (self, 0, 2), "4");
  g_assert_cmpstr (others[2]->trace->str, ==, "head body abort");
  for (guint i = 0; i < 3; i++)
    fake_transport_free (others[i]);
}

static void
test_stats (Fixture *self, gconstpointer data)
{
  g_autoptr (WeirFunctionStats) stats = NULL;
  FakeTransport *other;
  gsize n_buckets;

  dispatch (self, "GET", 0, NULL); /* a cold one */
  start_worker (self, 0);
  fake_call_answer (get_call (self, 0, 0));
  other = send_another (self, NULL);
  fake_call_head (get_call (self, 0, 1), 500, 0);
  fake_call_end (get_call (self, 0, 1));
  fake_transport_free (other);

  stats = weir_function_stats_new (3);
  weir_slot_add_stats (self->slot, stats);
  g_assert_cmpuint (weir_function_stats_get_requests (stats), ==, 2);
  g_assert_cmpuint (weir_function_stats_get_errors (stats), ==, 1);
  g_assert_cmpuint (weir_function_stats_get_bytes_sent (stats), ==, 2);
  g_assert_cmpuint (weir_function_stats_get_restarts (stats), ==, 3);
  g_assert_cmpuint (weir_function_stats_get_count (stats, WEIR_LATENCY_TOTAL), ==, 2);
  g_assert_cmpuint (weir_function_stats_get_count (stats, WEIR_LATENCY_QUEUE), ==, 1);
  g_assert_cmpuint (weir_function_stats_get_count (stats, WEIR_LATENCY_COLD), ==, 1);
  g_assert_nonnull (weir_function_stats_get_buckets (stats, WEIR_LATENCY_TOTAL, &n_buckets));
  g_assert_cmpuint (n_buckets, ==, 15);
}

static void
walk_upstream (Fixture *self, WeirSlot *slot, WeirUpstream *upstream)
{
  g_autoptr (WeirUpstream) early = NULL;

  if (upstream != NULL)
    early = weir_slot_steal_early (slot, weir_upstream_get_gate (upstream));
  self->wanted = FALSE;
  weir_slot_clear (slot);
  if (upstream == NULL)
    return;
  self->wanted = FALSE;
  weir_slot_add_upstream (slot, upstream);
}

/* Then it is about to say that it is ready, whoever has gone meanwhile. */
static gboolean
answers_early (WeirSlot *slot, WeirGate *const gates[3])
{
  gboolean answers = FALSE;

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (WeirUpstream) early = weir_slot_steal_early (slot, gates[i]);

      answers |= early != NULL && weir_gate_get_total (gates[i]) > 0;
    }
  return answers;
}

/* Whatever happens in whatever order: each lease comes back once, each exchange ends, and
 * nothing is asked for when nobody is left. */
static void
test_random_walks (Fixture *self, gconstpointer data)
{
  for (guint walk = 0; walk < 2000; walk++)
    {
      FakeTransport *fake = fake_transport_new ();
      WeirSlot *slot = weir_slot_new (fake->engine, "hello", on_demand, self);
      WeirGate *gates[3];
      WeirUpstream *workers[3];
      WeirExchange *exchange;
      guint current = 0;
      gboolean has_body;

      for (guint i = 0; i < 3; i++)
        {
          gates[i] = weir_gate_new (on_activity, NULL, NULL);
          workers[i] = fake_upstream_new (gates[i]);
          fake_upstream_set_early (workers[i], TRUE);
        }
      if (g_test_rand_bit ())
        set_upstream (slot, workers[0]);
      has_body = g_test_rand_bit ();
      exchange = fake_transport_request (fake, "POST", "/", NULL, has_body ? -1 : 0, NULL);
      weir_slot_dispatch (slot, exchange);

      for (guint step = 0; step < 12; step++)
        {
          g_autoptr (GError) error = g_error_new (WEIR_ERROR, WEIR_ERROR_WORKER_FAILED, "x");
          guint worker = g_test_rand_int_range (0, 3);
          guint n = fake_upstream_get_n_calls (workers[worker]);
          WeirUpstreamCall *call = n > 0 ? fake_upstream_get_call (workers[worker], n - 1) : NULL;
          gboolean is_open = call != NULL && call->state == FAKE_CALL_OPEN;

          switch (g_test_rand_int_range (0, 12))
            {
            case 0:
              current = MIN (current + 1, 2);
              walk_upstream (self, slot, workers[current]);
              break;
            case 1:
              walk_upstream (self, slot, NULL);
              break;
            case 2:
              self->wanted = FALSE;
              weir_slot_fail (slot, error);
              break;
            case 3:
              weir_slot_set_exit_error (slot, gates[worker], error);
              break;
            case 4:
              weir_gate_close (gates[worker]);
              break;
            case 5:
              if (is_open)
                fake_call_fail (call, WEIR_ERROR_WORKER_FAILED, TRUE);
              break;
            case 6:
              if (is_open && weir_exchange_get_state (exchange) == WEIR_EXCHANGE_STATE_OPEN)
                fake_call_head (call, 200, -1);
              break;
            case 7:
              if (is_open && weir_exchange_get_state (exchange) == WEIR_EXCHANGE_STATE_RESPONDING)
                fake_call_end (call);
              break;
            case 8:
              if (has_body && weir_exchange_get_bytes_received (exchange) < 60000)
                weir_exchange_push_body (exchange, (const guint8 *) "abcd", 4);
              break;
            case 9:
              if (is_open)
                fake_call_fail (call, WEIR_ERROR_WORKER_FAILED, FALSE);
              break;
            case 10:
              if (g_test_rand_int_range (0, 4) == 0)
                weir_exchange_disconnect (exchange, NULL);
              break;
            case 11:
              weir_slot_send_early (slot, workers[worker]);
              break;
            }
        }

      weir_exchange_disconnect (exchange, NULL);
      g_assert_false (self->wanted && !answers_early (slot, gates));
      for (guint i = 0; i < 3; i++)
        g_assert_cmpuint (weir_gate_get_in_flight (gates[i]), ==, 0);
      set_upstream (slot, NULL);
      weir_slot_unref (slot);
      for (guint i = 0; i < 3; i++)
        {
          weir_upstream_unref (workers[i]);
          weir_gate_unref (gates[i]);
        }
      fake_transport_free (fake);
    }
}

#define ADD(name, func) g_test_add ("/http/slot/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  ADD ("plain", test_plain);
  ADD ("v6", test_v6);
  ADD ("secrets", test_secrets);
  ADD ("no-secrets", test_no_secrets);
  ADD ("waits", test_waits);
  ADD ("boot-fails", test_boot_fails);
  ADD ("asks-again", test_asks_again);
  ADD ("closed-gate", test_closed_gate);
  ADD ("overloaded", test_overloaded);
  ADD ("reconnects", test_reconnects);
  ADD ("reconnects-when-it-is-safe", test_reconnects_when_it_is_safe);
  ADD ("moves-what-is-unsafe", test_moves_what_is_unsafe);
  ADD ("moves", test_moves);
  ADD ("moves-once", test_moves_once);
  ADD ("exit-error-first", test_exit_error_first);
  ADD ("condemned-is-not-moved", test_condemned_is_not_moved);
  ADD ("touched-is-not-retried", test_touched_is_not_retried);
  ADD ("long-body-is-not-retried", test_long_body_is_not_retried);
  ADD ("hold-ends", test_hold_ends);
  ADD ("bad-gateway", test_bad_gateway);
  ADD ("breaks-off", test_breaks_off);
  ADD ("times-out", test_times_out);
  ADD ("times-out-waiting", test_times_out_waiting);
  ADD ("times-out-late", test_times_out_late);
  ADD ("client-gone", test_client_gone);
  ADD ("client-gone-in-body", test_client_gone_in_body);
  ADD ("backpressure", test_backpressure);
  ADD ("upgrade", test_upgrade);
  ADD ("upgrade-refused-by-adapter", test_upgrade_refused_by_adapter);
  ADD ("least-loaded", test_least_loaded);
  ADD ("declined", test_declined);
  ADD ("waits-for-its-turn", test_waits_for_its_turn);
  ADD ("waits-too-long", test_waits_too_long);
  ADD ("crowded", test_crowded);
  ADD ("withdraws", test_withdraws);
  ADD ("grows-at-rest", test_grows_at_rest);
  ADD ("withdraws-in-time", test_withdraws_in_time);
  ADD ("sockets", test_sockets);
  ADD ("sizes", test_sizes);
  ADD ("stats", test_stats);
  ADD ("random-walks", test_random_walks);
  return g_test_run ();
}
