/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-request-id-stage-private.h"
#include "http/weir-route-stage-private.h"
#include "weir-fake-transport.h"

#include <string.h>

/* Answers "/teapot", forbids "/helo" and lets the rest pass. */
#define TEST_TYPE_TEAPOT (test_teapot_get_type ())
G_DECLARE_FINAL_TYPE (TestTeapot, test_teapot, TEST, TEAPOT, GObject)

struct _TestTeapot
{
  GObject parent_instance;
};

static WeirStageResult
test_teapot_process (WeirStage *stage, WeirExchange *exchange)
{
  const char *path = weir_exchange_get_path (exchange);

  if (strcmp (path, "/teapot") == 0)
    {
      g_autofree char *claims =
          weir_head_dup (weir_exchange_get_request (exchange), "x-auth-claims");

      g_assert_null (claims);
      weir_exchange_set_response_text (exchange, 418, "text/plain", "short and stout");
      return WEIR_STAGE_RESPOND;
    }
  if (strcmp (path, "/helo") == 0)
    {
      g_autoptr (GError) error = g_error_new_literal (WEIR_ERROR, WEIR_ERROR_FORBIDDEN, "No");

      weir_exchange_set_response_error (exchange, error);
      return WEIR_STAGE_RESPOND;
    }
  return WEIR_STAGE_CONTINUE;
}

static void
test_teapot_stage_init (WeirStageInterface *iface)
{
  iface->process = test_teapot_process;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestTeapot,
                               test_teapot,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_STAGE, test_teapot_stage_init))

static void
test_teapot_class_init (TestTeapotClass *klass)
{
}

static void
test_teapot_init (TestTeapot *self)
{
}

typedef struct
{
  FakeTransport *fake;
  WeirPipeline *pipeline;
  WeirRouteStage *route;
} Fixture;

static void
on_demand (WeirSlot *slot, gboolean wanted, gpointer user_data)
{
}

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) slots = g_ptr_array_new_with_free_func ((GDestroyNotify) weir_slot_unref);
  g_autoptr (WeirRouter) router = NULL;
  g_autoptr (WeirRequestIdStage) request_id = weir_request_id_stage_new ();

  self->fake = fake_transport_new ();
  self->pipeline = weir_pipeline_new (NULL);
  self->route = weir_route_stage_new ();
  g_ptr_array_add (slots, weir_slot_new (self->fake->engine, "hello", on_demand, NULL));
  router = weir_router_new (slots);
  weir_route_stage_set_router (self->route, router);
  weir_pipeline_add_stage (self->pipeline, WEIR_STAGE (self->route));
  weir_pipeline_add_stage (self->pipeline, WEIR_STAGE (request_id));
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  weir_exchange_set_route (self->fake->exchange, NULL, NULL);
  weir_route_stage_set_router (self->route, NULL);
  g_object_unref (self->route);
  g_assert_finalize_object (self->pipeline);
  fake_transport_free (self->fake);
}

/* There is no dispatch stage: what is routed to a function ends as 404 with the route kept. */
static void
request (Fixture *self, const char *method, const char *target, const char *headers)
{
  if (self->fake->exchange != NULL)
    {
      weir_exchange_set_route (self->fake->exchange, NULL, NULL);
      g_assert_finalize_object (g_steal_pointer (&self->fake->exchange));
      g_string_truncate (self->fake->body, 0);
      g_string_truncate (self->fake->trace, 0);
    }
  fake_transport_request (self->fake, method, target, headers, 0, NULL);
  weir_pipeline_begin (self->pipeline, self->fake->exchange);
}

static void
assert_target (Fixture *self, const char *target, const char *seen)
{
  request (self, "GET", target, NULL);
  g_assert_nonnull (weir_route_stage_get_slot (self->fake->exchange));
  g_assert_cmpstr (weir_head_get_target (weir_exchange_get_request (self->fake->exchange)),
                   ==,
                   seen);
}

static void
test_targets (Fixture *self, gconstpointer data)
{
  assert_target (self, "/hello", "/");
  assert_target (self, "/hello/", "/");
  assert_target (self, "/hello/world", "/world");
  assert_target (self, "/hello?x=1", "/?x=1");
  assert_target (self, "/functions/v1/hello", "/hello");
  assert_target (self, "/functions/v1/hello/7?x=1", "/hello/7?x=1");
  g_assert_cmpstr (weir_exchange_get_path (self->fake->exchange), ==, "/functions/v1/hello/7");
  g_assert_cmpint (weir_exchange_get_dialect (self->fake->exchange), ==, WEIR_DIALECT_SUPABASE);
}

static void
test_health (Fixture *self, gconstpointer data)
{
  request (self, "GET", "/_weir/health", NULL);
  g_assert_cmpuint (self->fake->status, ==, 200);
  g_assert_cmpstr (self->fake->body->str,
                   ==,
                   "{\"status\":\"ok\",\"version\":\"" WEIR_VERSION_S "\"}");
  request (self, "HEAD", "/_weir/health", NULL);
  g_assert_cmpstr (self->fake->body->str, ==, "");
  request (self, "POST", "/_weir/health", NULL);
  g_assert_cmpuint (self->fake->status, ==, 405);
  g_assert_nonnull (strstr (self->fake->headers, "allow: GET, HEAD\n"));
  request (self, "GET", "/functions/v1/_internal/health", NULL);
  g_assert_cmpstr (self->fake->body->str, ==, "{\"message\":\"ok\"}");
}

static void
test_not_found (Fixture *self, gconstpointer data)
{
  request (self, "GET", "/functions/v1/nobody", NULL);
  g_assert_cmpuint (self->fake->status, ==, 404);
  g_assert_cmpstr (self->fake->body->str, ==, "Function not found");
  request (self, "GET", "/api/v1/functions", NULL);
  g_assert_nonnull (strstr (self->fake->body->str, "\"error\":\"Not Found\""));
  request (self, "GET", "/helo", NULL);
  g_assert_nonnull (strstr (self->fake->body->str, "Did you mean /hello?"));
  request (self, "GET", "/something-else", NULL);
  g_assert_nonnull (strstr (self->fake->body->str, "weir list"));
  g_assert_nonnull (strstr (self->fake->headers, "x-request-id: "));
}

/* A function that was told nothing else looks for its database here. */
static void
test_supabase_apis (Fixture *self, gconstpointer data)
{
  request (self, "GET", "/rest/v1/people?select=*", NULL);
  g_assert_cmpuint (self->fake->status, ==, 404);
  g_assert_nonnull (strstr (self->fake->body->str, "not /rest/v1: tell them by SUPABASE_URL"));
  g_assert_nonnull (strstr (self->fake->body->str, "[defaults.env]"));
  request (self, "POST", "/auth/v1", NULL);
  g_assert_nonnull (strstr (self->fake->body->str, "not /auth/v1"));
  request (self, "GET", "/rest/v10", NULL);
  g_assert_null (strstr (self->fake->body->str, "SUPABASE_URL"));
}

/* That no function is there is the answer only when no stage has one. */
static void
test_stage_answers (Fixture *self, gconstpointer data)
{
  g_autoptr (TestTeapot) teapot = g_object_new (TEST_TYPE_TEAPOT, NULL);

  weir_pipeline_add_stage (self->pipeline, WEIR_STAGE (teapot));
  request (self, "GET", "/teapot", "x-auth-claims: forged\n");
  g_assert_cmpuint (self->fake->status, ==, 418);
  g_assert_cmpstr (self->fake->body->str, ==, "short and stout");
  request (self, "GET", "/helo", NULL);
  g_assert_cmpuint (self->fake->status, ==, 403);
  g_assert_null (strstr (self->fake->body->str, "Did you mean"));
  request (self, "GET", "/functions/v1/nobody", NULL);
  g_assert_cmpuint (self->fake->status, ==, 404);
  g_assert_cmpstr (self->fake->body->str, ==, "Function not found");
}

static void
test_methods (Fixture *self, gconstpointer data)
{
  static const char *const refused[] = { "TRACE", "CONNECT", "get", "PROPFIND" };
  static const char *const taken[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" };

  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      request (self, refused[i], "/hello", NULL);
      g_assert_cmpuint (self->fake->status, ==, 405);
      g_assert_nonnull (strstr (self->fake->headers, "allow: GET, HEAD, POST"));
    }
  for (gsize i = 0; i < G_N_ELEMENTS (taken); i++)
    {
      request (self, taken[i], "/hello", NULL);
      g_assert_nonnull (weir_route_stage_get_slot (self->fake->exchange));
    }
  request (self, "OPTIONS", "*", NULL);
  g_assert_cmpuint (self->fake->status, ==, 204);
  request (self, "GET", "*", NULL);
  g_assert_cmpuint (self->fake->status, ==, 400);
}

static void
test_internal_headers (Fixture *self, gconstpointer data)
{
  WeirHead *head;

  request (self,
           "GET",
           "/hello",
           "X-Deno-Worker-URL: http://evil/\nX-Deno-Client-Address: 1.2.3.4:5\nAccept: "
           "*/*\nx-deno-worker-host: evil\nX-Auth-Claims: e30\nX-Request-Id: no good");
  head = weir_exchange_get_request (self->fake->exchange);
  g_assert_false (weir_head_has (head, "x-deno-worker-url"));
  g_assert_false (weir_head_has (head, "x-deno-worker-host"));
  g_assert_false (weir_head_has (head, "x-deno-client-address"));
  g_assert_false (weir_head_has (head, "x-auth-claims"));
  g_assert_false (weir_head_has (head, "x-request-id"));
  g_assert_true (weir_head_has (head, "accept"));
}

static void
assert_id (Fixture *self, const char *headers, const char *expected)
{
  request (self, "GET", "/hello", headers);
  g_assert_cmpstr (weir_exchange_get_request_id (self->fake->exchange), ==, expected);
}

#define TRACE "0af7651916cd43dd8448eb211c80319c"

static void
test_request_id (Fixture *self, gconstpointer data)
{
  g_autofree char *long_id = g_strnfill (65, 'a');
  g_autofree char *long_header = g_strconcat ("x-request-id: ", long_id, NULL);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  assert_id (self, "X-Request-ID: My.id_1-2", "My.id_1-2");
  assert_id (self, "traceparent: 00-" TRACE "-b7ad6b7169203331-01", TRACE);
  assert_id (self, "traceparent: 01-" TRACE "-b7ad6b7169203331-01-more", TRACE);
  assert_id (self, "x-request-id: a\ntraceparent: 00-" TRACE "-b7ad6b7169203331-01", "a");

  for (guint i = 0; i < 1000; i++)
    {
      static const char *const bad[] = {
        "x-request-id: a b",
        "x-request-id: a\"b",
        NULL,
        "traceparent: 00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "traceparent: ff-" TRACE "-b7ad6b7169203331-01",
        "traceparent: 00-" TRACE "-b7ad6b7169203331-01-more",
        "traceparent: 00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "traceparent: nonsense",
      };
      const char *id;

      request (self, "GET", "/hello", i == 0 ? long_header : bad[i % G_N_ELEMENTS (bad)]);
      id = weir_exchange_get_request_id (self->fake->exchange);
      g_assert_cmpuint (strlen (id), ==, 24);
      g_assert_true (g_hash_table_add (seen, g_strdup (id)));
    }
}

#define ADD(name, func)                                                                            \
  g_test_add ("/http/route-stage/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  ADD ("targets", test_targets);
  ADD ("health", test_health);
  ADD ("not-found", test_not_found);
  ADD ("supabase-apis", test_supabase_apis);
  ADD ("stage-answers", test_stage_answers);
  ADD ("methods", test_methods);
  ADD ("internal-headers", test_internal_headers);
  ADD ("request-id", test_request_id);
  return g_test_run ();
}
