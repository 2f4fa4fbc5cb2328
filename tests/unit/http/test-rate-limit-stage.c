/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-rate-limit-stage-private.h"

#include <string.h>

#include "base/weir-identity-private.h"
#include "weir-fake-route.h"
#include "weir-log-catcher.h"

/* A limiter that does as the test says and keeps the last key that it was asked about. */
typedef enum
{
  ALLOW,
  REFUSE,
  ALLOW_LATER,
  REFUSE_LATER,
  FAIL_LATER,
  DROP,
  NEVER,
} Manner;

#define TEST_TYPE_LIMITER (test_limiter_get_type ())
G_DECLARE_FINAL_TYPE (TestLimiter, test_limiter, TEST, LIMITER, GObject)

struct _TestLimiter
{
  GObject parent_instance;

  Manner manner;
  char *key;
  GTask *kept;
  guint n_asked;
};

static gboolean
test_limiter_decide (WeirRateLimiter *limiter,
                     const char *key,
                     const WeirRateLimits *limits,
                     gint64 now,
                     WeirRateDecision *decision)
{
  TestLimiter *self = TEST_LIMITER (limiter);

  g_free (self->key);
  self->key = g_strdup (key);
  if (self->manner > REFUSE)
    return FALSE;
  self->n_asked++;
  *decision = (WeirRateDecision){ self->manner == ALLOW, 5, 0, 3600, 40, 30 };
  return TRUE;
}

static void
return_decision (GTask *task, gboolean allowed)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, WEIR_TYPE_RATE_DECISION);
  g_value_take_boxed (&value, weir_rate_decision_new (allowed, 7, 0, 60, 9, 8));
  g_task_return_value (task, &value);
}

static void
test_limiter_check (WeirRateLimiter *limiter,
                    const char *key,
                    const WeirRateLimits *limits,
                    GTask *task)
{
  TestLimiter *self = TEST_LIMITER (limiter);

  self->n_asked++;
  switch (self->manner)
    {
    case ALLOW:
    case REFUSE:
      g_assert_not_reached ();
    case ALLOW_LATER:
      return_decision (task, TRUE);
      break;
    case REFUSE_LATER:
      return_decision (task, FALSE);
      break;
    case FAIL_LATER:
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED, "Nobody there");
      break;
    case DROP:
      break;
    case NEVER:
      self->kept = g_object_ref (task);
      break;
    }
}

static void
test_limiter_rate_limiter_init (WeirRateLimiterInterface *iface)
{
  iface->decide = test_limiter_decide;
  iface->check = test_limiter_check;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestLimiter,
                               test_limiter,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_RATE_LIMITER,
                                                      test_limiter_rate_limiter_init))

static void
test_limiter_finalize (GObject *object)
{
  TestLimiter *self = TEST_LIMITER (object);

  g_free (self->key);
  g_clear_object (&self->kept);

  G_OBJECT_CLASS (test_limiter_parent_class)->finalize (object);
}

static void
test_limiter_class_init (TestLimiterClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_limiter_finalize;
}

static void
test_limiter_init (TestLimiter *self)
{
}

typedef struct
{
  FakeTransport *fake;
  GMainContext *control;
  WeirPipeline *pipeline;
  FakeRoute *route;
  TestLimiter *rates;
  TestLimiter *windows;
  WeirRateLimitStage *stage;
} Fixture;

static void
set_up (Fixture *self, gboolean fail_open)
{
  self->fake = fake_transport_new ();
  self->control = g_main_context_new ();
  self->pipeline = weir_pipeline_new (self->control);
  self->route = fake_route_new ();
  self->rates = g_object_new (TEST_TYPE_LIMITER, NULL);
  self->windows = g_object_new (TEST_TYPE_LIMITER, NULL);
  self->stage = weir_rate_limit_stage_new (WEIR_RATE_LIMITER (self->rates),
                                           WEIR_RATE_LIMITER (self->windows),
                                           fail_open);
  weir_pipeline_add_stage (self->pipeline, WEIR_STAGE (self->stage));
  weir_pipeline_add_stage (self->pipeline, WEIR_STAGE (self->route));
}

static void
set_up_open (Fixture *self, gconstpointer data)
{
  set_up (self, TRUE);
}

static void
set_up_closed (Fixture *self, gconstpointer data)
{
  set_up (self, FALSE);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  if (self->rates->kept != NULL)
    return_decision (self->rates->kept, TRUE);
  g_clear_object (&self->rates->kept);
  while (g_main_context_iteration (self->control, FALSE))
    ;
  fake_transport_turn (self->fake);
  g_object_unref (self->route);
  g_object_unref (self->stage);
  g_assert_finalize_object (self->pipeline);
  fake_transport_free (self->fake);
  g_assert_finalize_object (self->rates);
  g_assert_finalize_object (self->windows);
  g_main_context_unref (self->control);
}

/* Nobody answers behind the stage: what it lets through is a 404. */
static guint
request (Fixture *self, const char *method, const char *headers, const char *limit, gboolean shared)
{
  g_autofree char *options = g_strdup_printf ("{'rate_limit': <'%s'>, 'rate_limit_shared': <%s>}",
                                              limit,
                                              shared ? "true" : "false");

  fake_route_set_options (self->route, limit != NULL ? options : "@a{sv} {}");
  fake_transport_ask (self->fake, self->pipeline, self->control, method, "/hello", headers, NULL);
  return self->fake->status;
}

static void
assert_header (Fixture *self, const char *line)
{
  if (strstr (self->fake->headers, line) == NULL)
    g_error ("no “%s” in %s", line, self->fake->headers);
}

static void
test_decides (Fixture *self, gconstpointer data)
{
  g_assert_cmpuint (request (self, "GET", NULL, NULL, FALSE), ==, 404);
  g_assert_cmpuint (request (self, "GET", NULL, "off", FALSE), ==, 404);
  g_assert_cmpuint (self->rates->n_asked + self->windows->n_asked, ==, 0);

  g_assert_cmpuint (request (self, "GET", NULL, "60/min burst 5", FALSE), ==, 404);
  g_assert_cmpuint (self->rates->n_asked, ==, 1);
  g_assert_cmpuint (request (self, "GET", NULL, "5/hour", FALSE), ==, 404);
  g_assert_cmpuint (self->windows->n_asked, ==, 1);
  g_assert_cmpstr (self->windows->key, ==, "function hello\nip 127.0.0.9");
  g_assert_cmpuint (request (self, "GET", NULL, "5/hour", TRUE), ==, 404);
  g_assert_cmpstr (self->windows->key, ==, "shared 5/hour\nip 127.0.0.9");
}

static void
assert_caller (Fixture *self,
               const char *authenticator,
               const char *subject,
               const char *key_id,
               const char *rate_caller,
               const char *window_caller)
{
  g_autofree char *rate = g_strconcat ("function hello\n", rate_caller, NULL);
  g_autofree char *window = g_strconcat ("function hello\n", window_caller, NULL);

  g_clear_pointer (&self->route->identity, weir_identity_unref);
  self->route->identity = weir_identity_new_full (subject, "anon", NULL, key_id);
  weir_identity_take (self->route->identity, g_intern_string (authenticator));
  request (self, "GET", NULL, "60/min burst 5", FALSE);
  g_assert_cmpstr (self->rates->key, ==, rate);
  request (self, "GET", NULL, "5/hour", FALSE);
  g_assert_cmpstr (self->windows->key, ==, window);
}

/* A plan belongs to a key; windows count users. */
static void
test_callers (Fixture *self, gconstpointer data)
{
  assert_caller (self, "jwt", "u1", "kid", "user u1", "user u1");
  assert_caller (self, "jwt", NULL, "kid", "ip 127.0.0.9", "ip 127.0.0.9");
  assert_caller (self, "key", NULL, "k1", "key k1", "ip 127.0.0.9");
  assert_caller (self, "key", "u1", "k1", "key k1", "user u1");
}

static void
test_refuses (Fixture *self, gconstpointer data)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autofree char *reset = g_strdup_printf ("x-ratelimit-reset: %" G_GINT64_FORMAT, now + 40);
  g_autofree char *later = g_strdup_printf ("x-ratelimit-reset: %" G_GINT64_FORMAT, now + 41);

  self->windows->manner = REFUSE;
  self->route->dialect = WEIR_DIALECT_FLUXBASE;
  g_assert_cmpuint (request (self, "POST", NULL, "5/hour", FALSE), ==, 429);
  assert_header (self, "retry-after: 30\n");
  assert_header (self, "x-ratelimit-limit: 5\n");
  assert_header (self, "x-ratelimit-remaining: 0\n");
  g_assert_true (strstr (self->fake->headers, reset) != NULL ||
                 strstr (self->fake->headers, later) != NULL);
  g_assert_cmpstr (self->fake->body->str,
                   ==,
                   "{\"error\":\"Rate limit exceeded: 5 requests per hour\","
                   "\"code\":\"RATE_LIMIT_EXCEEDED\",\"retry_after\":30}");

  self->route->dialect = WEIR_DIALECT_FLUX;
  g_assert_cmpuint (request (self, "POST", NULL, "5/hour", FALSE), ==, 429);
  g_assert_cmpstr (self->fake->body->str,
                   ==,
                   "{\"error\":\"rate_limit_exceeded\","
                   "\"message\":\"Rate limit exceeded: 5 requests per hour\","
                   "\"retry_after\":30}");
}

static void
test_preflight (Fixture *self, gconstpointer data)
{
  const char *ask = "origin: http://a\naccess-control-request-method: PUT\n";

  self->windows->manner = REFUSE;
  g_assert_cmpuint (request (self, "OPTIONS", ask, "5/hour", FALSE), ==, 404);
  g_assert_cmpuint (request (self, "OPTIONS", NULL, "5/hour", FALSE), ==, 429);
  g_assert_cmpuint (request (self, "POST", ask, "5/hour", FALSE), ==, 429);
}

static void
test_later (Fixture *self, gconstpointer data)
{
  self->rates->manner = ALLOW_LATER;
  g_assert_cmpuint (request (self, "GET", NULL, "60/min burst 5", FALSE), ==, 404);
  self->rates->manner = REFUSE_LATER;
  g_assert_cmpuint (request (self, "GET", NULL, "60/min burst 5", FALSE), ==, 429);
  assert_header (self, "retry-after: 8\n");
  g_assert_cmpuint (self->rates->n_asked, ==, 2);
}

static void
test_failures (Fixture *self, gconstpointer data)
{
  guint status = GPOINTER_TO_UINT (data);

  weir_log_catcher_expect ("*rate limiter fails*Nobody there*");
  self->rates->manner = FAIL_LATER;
  g_assert_cmpuint (request (self, "GET", NULL, "60/min burst 5", FALSE), ==, status);
  weir_log_catcher_assert ();
  /* Said once, not for each call. */
  self->rates->manner = DROP;
  g_assert_cmpuint (request (self, "GET", NULL, "60/min burst 5", FALSE), ==, status);
  weir_rate_limit_stage_set_timeout (self->stage, 1);
  self->rates->manner = NEVER;
  g_assert_cmpuint (request (self, "GET", NULL, "60/min burst 5", FALSE), ==, status);
}

static void
set_plans (Fixture *self, const char *name, const char *limits)
{
  GHashTable *values =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  GHashTable *origins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (WeirSettings) settings = NULL;
  g_autoptr (WeirRatePlans) plans = NULL;

  g_hash_table_insert (values,
                       g_strconcat ("rate_limits.", name, NULL),
                       g_variant_ref_sink (g_variant_new_string (limits)));
  g_hash_table_insert (values,
                       g_strdup ("rate_limits.alias"),
                       g_variant_ref_sink (g_variant_new_string (name)));
  settings = weir_settings_new (values, origins);
  plans = weir_rate_plans_new (settings);
  weir_rate_limit_stage_set_plans (self->stage, plans, NULL);
}

static void
set_caller (Fixture *self, const char *key_id, const char *plan)
{
  g_autoptr (WeirIdentity) identity = weir_identity_new_full ("u1", NULL, NULL, key_id);

  g_clear_pointer (&self->route->identity, weir_identity_unref);
  self->route->identity = weir_identity_copy_with_plan (identity, plan);
  weir_identity_take (self->route->identity, g_intern_string ("key"));
}

/* Who is on a plan is limited by that, over all functions, and not by the function. */
static void
test_plans (Fixture *self, gconstpointer data)
{
  set_plans (self, "pro", "1000/min burst 2000");
  set_caller (self, "k1", "pro");
  g_assert_cmpuint (request (self, "GET", NULL, "5/hour", FALSE), ==, 404);
  g_assert_cmpuint (self->windows->n_asked, ==, 0);
  g_assert_cmpstr (self->rates->key, ==, "plan pro\nkey k1");
  g_assert_cmpuint (request (self, "GET", NULL, NULL, TRUE), ==, 404);
  g_assert_cmpuint (self->rates->n_asked, ==, 2);
  g_assert_cmpuint (request (self, "GET", NULL, "off", FALSE), ==, 404);
  g_assert_cmpuint (self->rates->n_asked, ==, 2);

  set_caller (self, "k2", "alias");
  self->rates->manner = REFUSE;
  g_assert_cmpuint (request (self, "GET", NULL, NULL, FALSE), ==, 429);
  g_assert_cmpstr (self->rates->key, ==, "plan alias\nkey k2");
  self->rates->manner = REFUSE_LATER;
  g_assert_cmpuint (request (self, "GET", NULL, NULL, FALSE), ==, 429);

  set_plans (self, "pro", "100/hour");
  set_caller (self, "k1", "pro");
  g_assert_cmpuint (request (self, "GET", NULL, NULL, FALSE), ==, 404);
  g_assert_cmpstr (self->windows->key, ==, "plan pro\nkey k1");
}

static void
test_unknown_plan (Fixture *self, gconstpointer data)
{
  guint status = GPOINTER_TO_UINT (data);

  set_plans (self, "pro", "1000/min burst 2000");
  set_caller (self, "k1", "gone");
  weir_log_catcher_expect ("*k1 is on the plan*gone*");
  g_assert_cmpuint (request (self, "GET", NULL, "5/hour", FALSE), ==, status);
  weir_log_catcher_assert ();
  g_assert_cmpuint (self->rates->n_asked + self->windows->n_asked, ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  weir_log_catcher_install ();

#define ADD(path, fixture, data, func)                                                             \
  g_test_add ("/rate-limit-stage/" path, Fixture, data, set_up_##fixture, func, tear_down)
  ADD ("decides", open, NULL, test_decides);
  ADD ("callers", open, NULL, test_callers);
  ADD ("refuses", open, NULL, test_refuses);
  ADD ("preflight", open, NULL, test_preflight);
  ADD ("later", closed, NULL, test_later);
  ADD ("fails-open", open, GUINT_TO_POINTER (404), test_failures);
  ADD ("fails-closed", closed, GUINT_TO_POINTER (503), test_failures);
  ADD ("plans", open, NULL, test_plans);
  ADD ("unknown-plan-open", open, GUINT_TO_POINTER (404), test_unknown_plan);
  ADD ("unknown-plan-closed", closed, GUINT_TO_POINTER (503), test_unknown_plan);
  return g_test_run ();
}
