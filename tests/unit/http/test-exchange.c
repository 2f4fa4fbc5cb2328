/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-fake-transport.h"

#include <string.h>

#include "base/weir-spares-private.h"

#define KIB 1024

typedef struct
{
  GString *body;
  guint ends;
  guint disconnects;
  guint finished;
} Sink;

static void
sink_body (WeirExchange *exchange, const guint8 *data, gsize length, gpointer user_data)
{
  g_string_append_len (((Sink *) user_data)->body, (const char *) data, length);
  weir_exchange_grant (exchange, length);
}

static void
sink_end (WeirExchange *exchange, gpointer user_data)
{
  ((Sink *) user_data)->ends++;
}

static void
sink_writable (WeirExchange *exchange, gpointer user_data)
{
}

static void
sink_disconnected (WeirExchange *exchange, gpointer user_data)
{
  ((Sink *) user_data)->disconnects++;
}

static const WeirExchangeSink sink_vtable = { sink_body,
                                              sink_end,
                                              sink_writable,
                                              sink_disconnected };

static void
on_finished (WeirExchange *exchange, gpointer user_data)
{
  ((Sink *) user_data)->finished++;
}

static void
push (WeirExchange *exchange, gsize length)
{
  g_autofree guint8 *data = g_malloc (length);

  for (gsize i = 0; i < length; i++)
    data[i] = 'a' + i % 26;
  weir_exchange_push_body (exchange, data, length);
}

static void
test_body_waits_for_sink (void)
{
  g_autoptr (FakeTransport) fake = fake_transport_new ();
  g_autoptr (GString) body = g_string_new (NULL);
  Sink sink = { body };
  WeirExchange *exchange = fake_transport_request (fake, "POST", "/a", NULL, -1, NULL);

  weir_exchange_push_body (exchange, (const guint8 *) "one ", 4);
  weir_exchange_push_body (exchange, (const guint8 *) "two", 3);
  weir_exchange_end_body (exchange);
  g_assert_cmpuint (fake->granted, ==, 0);

  weir_exchange_set_sink (exchange, &sink_vtable, &sink);
  g_assert_cmpstr (body->str, ==, "one two");
  g_assert_cmpuint (sink.ends, ==, 1);
  g_assert_cmpuint (weir_exchange_get_bytes_received (exchange), ==, 7);

  /* Once more for another worker. */
  g_assert_true (weir_exchange_can_replay (exchange));
  weir_exchange_set_sink (exchange, NULL, NULL);
  weir_exchange_rewind (exchange);
  weir_exchange_set_sink (exchange, &sink_vtable, &sink);
  g_assert_cmpstr (body->str, ==, "one twoone two");
  g_assert_cmpuint (sink.ends, ==, 2);
}

static void
test_credit (void)
{
  g_autoptr (FakeTransport) fake = fake_transport_new ();
  g_autoptr (GString) body = g_string_new (NULL);
  Sink sink = { body };
  WeirExchange *exchange = fake_transport_request (fake, "POST", "/a", NULL, -1, NULL);
  gsize sent = 0;

  push (exchange, 60 * KIB);
  sent += 60 * KIB;
  weir_exchange_set_sink (exchange, &sink_vtable, &sink);
  g_assert_cmpuint (fake->granted, ==, 60 * KIB);
  g_assert_true (weir_exchange_can_replay (exchange));

  while (sent < 1024 * KIB)
    {
      push (exchange, 16 * KIB);
      sent += 16 * KIB;
      g_assert_cmpuint (fake->granted + WEIR_EXCHANGE_FIRST_CREDIT - sent, ==, 64 * KIB);
    }
  g_assert_false (weir_exchange_can_replay (exchange));
  g_assert_cmpuint (body->len, ==, sent);

  /* The same bytes are not paid for twice. */
  weir_exchange_grant (exchange, 64 * KIB);
  g_assert_cmpuint (fake->granted + WEIR_EXCHANGE_FIRST_CREDIT - sent, ==, 64 * KIB);
}

/* An adapter may have more at hand when it is told that somebody wants it. */
static void
test_push_from_grant (void)
{
  g_autoptr (FakeTransport) fake = fake_transport_new ();
  g_autoptr (GString) body = g_string_new (NULL);
  Sink sink = { body };
  WeirExchange *exchange = fake_transport_request (fake, "POST", "/a", NULL, -1, NULL);

  weir_exchange_push_body (exchange, (const guint8 *) "one ", 4);
  fake->push_on_grant = "two ";
  weir_exchange_set_sink (exchange, &sink_vtable, &sink);
  g_assert_cmpstr (body->str, ==, "one two ");
  fake->push_on_grant = "four";
  weir_exchange_push_body (exchange, (const guint8 *) "three ", 6);
  g_assert_cmpstr (body->str, ==, "one two three four");
}

static void
test_no_credit_for_short_bodies (void)
{
  g_autoptr (FakeTransport) fake = fake_transport_new ();
  g_autoptr (GString) body = g_string_new (NULL);
  Sink sink = { body };
  WeirExchange *exchange = fake_transport_request (fake, "POST", "/a", NULL, 100, NULL);

  weir_exchange_set_sink (exchange, &sink_vtable, &sink);
  push (exchange, 100);
  weir_exchange_end_body (exchange);
  g_assert_cmpuint (fake->granted, ==, 0);
  g_assert_cmpuint (sink.ends, ==, 1);
}

static void
test_prepared (void)
{
  g_autoptr (FakeTransport) fake = fake_transport_new ();
  Sink sink = { NULL };
  WeirExchange *exchange = fake_transport_request (fake, "GET", "/a/b?c=d", NULL, 0, NULL);

  weir_exchange_set_finished (exchange, on_finished, &sink);
  g_assert_cmpstr (weir_exchange_get_path (exchange), ==, "/a/b");
  g_assert_false (weir_exchange_has_response (exchange));
  weir_exchange_set_request_id (exchange, "id-1");
  weir_exchange_set_response_header (exchange, "X-Mine", "yes");
  weir_exchange_set_response_header (exchange, "Content-Type", "text/html");
  weir_exchange_set_response_text (exchange, 201, "text/plain", "first");
  weir_exchange_set_response_text (exchange, 202, "text/plain", "second");
  fake->hold_sent = TRUE;
  weir_exchange_send_response (exchange);
  g_assert_cmpstr (fake->trace->str, ==, "head body end");
  g_assert_cmpuint (fake->status, ==, 202);
  g_assert_cmpint (fake->length, ==, 6);
  g_assert_cmpstr (fake->body->str, ==, "second");
  g_assert_nonnull (strstr (fake->headers, "x-request-id: id-1\n"));
  g_assert_nonnull (strstr (fake->headers, "X-Mine: yes\n"));
  g_assert_nonnull (strstr (fake->headers, "text/html\n"));
  g_assert_null (strstr (fake->headers, "text/plain"));
  g_assert_cmpint (weir_exchange_get_state (exchange), ==, WEIR_EXCHANGE_STATE_RESPONDING);
  g_assert_cmpuint (sink.finished, ==, 0);

  weir_exchange_sent (exchange);
  weir_exchange_sent (exchange);
  weir_exchange_disconnect (exchange, NULL);
  g_assert_cmpint (weir_exchange_get_state (exchange), ==, WEIR_EXCHANGE_STATE_DONE);
  g_assert_cmpuint (sink.finished, ==, 1);
  g_assert_cmpuint (weir_exchange_get_bytes_sent (exchange), ==, 6);
}

static void
test_head_has_no_body (void)
{
  g_autoptr (FakeTransport) fake = fake_transport_new ();
  WeirExchange *exchange = fake_transport_request (fake, "HEAD", "/", NULL, 0, NULL);

  weir_exchange_set_response_text (exchange, 200, "text/plain", "hello");
  weir_exchange_send_response (exchange);
  g_assert_cmpstr (fake->trace->str, ==, "head end");
  g_assert_cmpint (fake->length, ==, 5);
}

static void
test_disconnect (void)
{
  g_autoptr (FakeTransport) fake = fake_transport_new ();
  g_autoptr (GString) body = g_string_new (NULL);
  g_autoptr (GError) error = g_error_new (WEIR_ERROR, WEIR_ERROR_BAD_REQUEST, "bad chunk");
  Sink sink = { body };
  WeirExchange *exchange = fake_transport_request (fake, "POST", "/", NULL, -1, NULL);

  weir_exchange_set_finished (exchange, on_finished, &sink);
  weir_exchange_set_sink (exchange, &sink_vtable, &sink);
  weir_exchange_disconnect (exchange, error);
  weir_exchange_disconnect (exchange, NULL);
  g_assert_cmpuint (sink.disconnects, ==, 1);
  g_assert_cmpuint (sink.finished, ==, 1);
  g_assert_cmpint (weir_exchange_get_state (exchange), ==, WEIR_EXCHANGE_STATE_ABORTED);
  g_assert_error (weir_exchange_get_error (exchange), WEIR_ERROR, WEIR_ERROR_BAD_REQUEST);

  /* Whatever is late does not reach the transport. */
  push (exchange, 10);
  weir_exchange_end_body (exchange);
  weir_exchange_grant (exchange, 10);
  weir_exchange_set_response_text (exchange, 200, NULL, "late");
  weir_exchange_send_response (exchange);
  weir_exchange_abort (exchange, NULL);
  g_assert_cmpstr (fake->trace->str, ==, "");
  g_assert_cmpuint (sink.finished, ==, 1);
}

static void
test_abort (void)
{
  g_autoptr (FakeTransport) fake = fake_transport_new ();
  g_autoptr (WeirHead) head = weir_head_new ();
  Sink sink = { NULL };
  WeirExchange *exchange = fake_transport_request (fake, "GET", "/", NULL, 0, NULL);

  weir_exchange_set_finished (exchange, on_finished, &sink);
  weir_head_set_status (head, 200);
  weir_exchange_send_head (exchange, head, -1);
  weir_exchange_send_body (exchange, (const guint8 *) "x", 1);
  weir_exchange_abort (exchange, NULL);
  weir_exchange_abort (exchange, NULL);
  g_assert_cmpstr (fake->trace->str, ==, "head body abort");
  g_assert_cmpuint (sink.finished, ==, 1);
}

static void
test_properties (void)
{
  g_autoptr (FakeTransport) fake = fake_transport_new ();
  WeirExchange *exchange = fake_transport_request (fake, "GET", "/", NULL, 0, NULL);
  g_autofree char *id = NULL;
  WeirExchangeState state;
  WeirDialect dialect;
  WeirFunction *function;

  weir_exchange_set_dialect (exchange, WEIR_DIALECT_FLUX);
  weir_exchange_set_request_id (exchange, "abc");
  g_object_get (exchange,
                "state",
                &state,
                "dialect",
                &dialect,
                "request-id",
                &id,
                "function",
                &function,
                NULL);
  g_assert_cmpint (state, ==, WEIR_EXCHANGE_STATE_OPEN);
  g_assert_cmpint (dialect, ==, WEIR_DIALECT_FLUX);
  g_assert_cmpstr (id, ==, "abc");
  g_assert_null (function);
  g_object_run_dispose (G_OBJECT (exchange));
  g_object_run_dispose (G_OBJECT (exchange));
}

static WeirExchange *
make_exchange (FakeTransport *fake, const char *target)
{
  WeirExchange *exchange = fake_transport_request (fake, "GET", target, NULL, 0, NULL);

  fake->exchange = NULL;
  return exchange;
}

/* Serves one as far as it can be without a pipeline, and leaves something in every corner. */
static void
use_exchange (WeirExchange *exchange, FakeTransport *fake)
{
  g_autoptr (GInetAddress) client = g_inet_address_new_from_string ("192.0.2.1");
  g_autoptr (GError) error = g_error_new_literal (WEIR_ERROR, WEIR_ERROR_FAILED, "No");

  weir_exchange_set_request_id (exchange, "abc");
  weir_exchange_set_dialect (exchange, WEIR_DIALECT_FLUX);
  weir_exchange_set_client (exchange, client, 4712);
  g_assert_cmpstr (weir_exchange_get_client_text (exchange), ==, "192.0.2.1");
  weir_exchange_take_identity (exchange, weir_identity_new ("somebody"));
  weir_exchange_set_forwarded (exchange);
  weir_exchange_set_vary_origin (exchange);
  weir_exchange_set_auth_policy (exchange, WEIR_AUTH_REQUIRED);
  weir_exchange_take_credential_error (exchange, g_error_copy (error));
  weir_exchange_set_route (exchange, g_strdup ("route"), g_free);
  weir_exchange_set_response_header (exchange, "x-from", "before");
  weir_exchange_set_response_error (exchange, error);
  weir_exchange_set_hint (exchange, "Do not");
  weir_exchange_take (exchange);
  weir_exchange_send_response (exchange);
  weir_exchange_sent (exchange);
  g_assert_cmpint (weir_exchange_get_state (exchange), ==, WEIR_EXCHANGE_STATE_DONE);
  g_assert_cmpuint (weir_exchange_get_bytes_sent (exchange), >, 0);
}

static void
assert_new (WeirExchange *exchange, const char *target)
{
  g_assert_cmpuint (G_OBJECT (exchange)->ref_count, ==, 1);
  g_assert_cmpint (weir_exchange_get_state (exchange), ==, WEIR_EXCHANGE_STATE_OPEN);
  g_assert_cmpstr (weir_exchange_get_path (exchange), ==, target);
  g_assert_cmpstr (weir_exchange_get_client_text (exchange), ==, "127.0.0.9");
  g_assert_cmpuint (weir_exchange_get_client_port (exchange), ==, 4711);
  g_assert_cmpint (weir_exchange_get_dialect (exchange), ==, WEIR_DIALECT_WEIR);
  g_assert_cmpint (weir_exchange_get_auth_policy (exchange), ==, WEIR_AUTH_PUBLIC);
  g_assert_null (weir_exchange_get_request_id (exchange));
  g_assert_null (weir_exchange_get_identity (exchange));
  g_assert_null (weir_exchange_get_error (exchange));
  g_assert_null (weir_exchange_get_credential_error (exchange));
  g_assert_null (weir_exchange_get_route (exchange));
  g_assert_false (weir_exchange_is_forwarded (exchange));
  g_assert_false (weir_exchange_has_response (exchange));
  g_assert_true (weir_exchange_is_free (exchange));
  g_assert_cmpuint (weir_exchange_get_status (exchange), ==, 0);
  g_assert_cmpuint (weir_exchange_get_bytes_sent (exchange), ==, 0);
}

static void
test_released (void)
{
  g_autoptr (FakeTransport) fake = fake_transport_new ();
  WeirExchange *first = make_exchange (fake, "/a");
  WeirExchange *second;
  gboolean is_same;

  use_exchange (first, fake);
  weir_exchange_release (first);
  g_clear_pointer (&fake->headers, g_free);
  second = make_exchange (fake, "/b");
  is_same = second == first;
  g_assert_true (is_same == (WEIR_MOST_SPARES > 0));
  assert_new (second, "/b");

  weir_exchange_set_response_text (second, 200, NULL, "fine");
  weir_exchange_send_response (second);
  g_assert_null (fake->headers == NULL ? NULL : strstr (fake->headers, "x-from"));
  g_assert_null (fake->headers == NULL ? NULL : strstr (fake->headers, "vary"));
  weir_exchange_release (second);
}

static void
count (gpointer data)
{
  ++*(guint *) data;
}

/* More than are kept; and those that are go with their thread. */
static gpointer
release_many (gpointer n_gone)
{
  FakeTransport *fake = fake_transport_new ();
  WeirExchange *all[WEIR_MOST_SPARES + 2];

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    {
      all[i] = make_exchange (fake, "/");
      weir_exchange_set_route (all[i], n_gone, count);
    }
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    weir_exchange_release (all[i]);
  fake_transport_free (fake);
  return NULL;
}

static void
test_released_many (void)
{
  guint n_gone = 0;

  g_thread_join (g_thread_new ("many", release_many, &n_gone));
  g_assert_cmpuint (n_gone, ==, WEIR_MOST_SPARES + 2);
}

static void
count_closure (gpointer data, GClosure *closure)
{
  count (data);
}

static void
on_notify (WeirExchange *exchange, GParamSpec *pspec, gpointer user_data)
{
  g_assert_not_reached ();
}

static void
count_object (gpointer data, GObject *where_it_was)
{
  count (data);
}

typedef void (*Tie) (WeirExchange *exchange, guint *n_gone);

static void
tie_data (WeirExchange *exchange, guint *n_gone)
{
  g_object_set_data_full (G_OBJECT (exchange), "test", n_gone, count);
}

static void
tie_watcher (WeirExchange *exchange, guint *n_gone)
{
  g_object_weak_ref (G_OBJECT (exchange), count_object, n_gone);
}

static void
tie_handler (WeirExchange *exchange, guint *n_gone)
{
  g_signal_connect_data (exchange,
                         "notify::state",
                         G_CALLBACK (on_notify),
                         n_gone,
                         count_closure,
                         0);
}

/* What is tied to an exchange ends with it. */
static void
test_released_with_ties (gconstpointer data)
{
  g_autoptr (FakeTransport) fake = fake_transport_new ();
  WeirExchange *exchange = make_exchange (fake, "/a");
  guint n_gone = 0;

  ((Tie) data) (exchange, &n_gone);
  weir_exchange_release (exchange);
  g_assert_cmpuint (n_gone, ==, 1);
}

static void
test_released_with_weak_reference (void)
{
  g_autoptr (FakeTransport) fake = fake_transport_new ();
  WeirExchange *exchange = make_exchange (fake, "/a");
  GWeakRef weak;

  g_weak_ref_init (&weak, exchange);
  weir_exchange_release (exchange);
  g_assert_null (g_weak_ref_get (&weak));
  g_weak_ref_clear (&weak);
}

/* Who keeps one keeps that one, whatever comes after it. */
static void
test_released_and_kept (void)
{
  g_autoptr (FakeTransport) fake = fake_transport_new ();
  WeirExchange *kept = make_exchange (fake, "/a");
  WeirExchange *next;

  weir_exchange_set_request_id (kept, "abc");
  g_object_ref (kept);
  weir_exchange_release (kept);
  next = make_exchange (fake, "/b");
  g_assert_true (next != kept);
  g_assert_cmpstr (weir_exchange_get_path (kept), ==, "/a");
  g_assert_cmpstr (weir_exchange_get_request_id (kept), ==, "abc");
  g_assert_finalize_object (kept);
  weir_exchange_release (next);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/http/exchange/body-waits-for-sink", test_body_waits_for_sink);
  g_test_add_func ("/http/exchange/credit", test_credit);
  g_test_add_func ("/http/exchange/push-from-grant", test_push_from_grant);
  g_test_add_func ("/http/exchange/no-credit-for-short-bodies", test_no_credit_for_short_bodies);
  g_test_add_func ("/http/exchange/prepared", test_prepared);
  g_test_add_func ("/http/exchange/head-has-no-body", test_head_has_no_body);
  g_test_add_func ("/http/exchange/disconnect", test_disconnect);
  g_test_add_func ("/http/exchange/abort", test_abort);
  g_test_add_func ("/http/exchange/properties", test_properties);
  g_test_add_func ("/http/exchange/released", test_released);
  g_test_add_func ("/http/exchange/released/many", test_released_many);
  g_test_add_data_func ("/http/exchange/released/with-data", tie_data, test_released_with_ties);
  g_test_add_data_func ("/http/exchange/released/with-watcher",
                        tie_watcher,
                        test_released_with_ties);
  g_test_add_data_func ("/http/exchange/released/with-handler",
                        tie_handler,
                        test_released_with_ties);
  g_test_add_func ("/http/exchange/released/with-weak-reference",
                   test_released_with_weak_reference);
  g_test_add_func ("/http/exchange/released/and-kept", test_released_and_kept);
  return g_test_run ();
}
