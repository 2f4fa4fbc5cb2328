/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-auth-stage-private.h"
#include "http/weir-cors-stage-private.h"
#include "http/weir-credential-stage-private.h"
#include "http/weir-guard-stage-private.h"
#include "weir-fake-route.h"
#include "weir-log-catcher.h"

#include <string.h>

/* Takes "Bearer good" and knows nothing of other schemes; "pending" and the rest as it says. */
#define TEST_TYPE_AUTHENTICATOR (test_authenticator_get_type ())
G_DECLARE_FINAL_TYPE (TestAuthenticator, test_authenticator, TEST, AUTHENTICATOR, GObject)

struct _TestAuthenticator
{
  GObject parent_instance;

  const char *prefix;
  gboolean cannot_read;
  gboolean cannot_read_later;
  GTask *kept;
  guint n_asked;
};

static GError *
new_error (int code)
{
  return g_error_new_literal (WEIR_ERROR, code, "of the authenticator");
}

static WeirAuthentication
test_try (WeirAuthenticator *authenticator,
          WeirExchange *exchange,
          WeirIdentity **identity,
          GError **error)
{
  TestAuthenticator *self = TEST_AUTHENTICATOR (authenticator);
  g_autofree char *token = weir_head_dup_bearer (weir_exchange_get_request (exchange));

  self->n_asked++;
  if (token == NULL || !g_str_has_prefix (token, self->prefix))
    return WEIR_AUTHENTICATION_NONE;
  if (self->cannot_read_later)
    return WEIR_AUTHENTICATION_PENDING;
  if (self->cannot_read)
    {
      *error = g_error_new (WEIR_ERROR, WEIR_ERROR_INVALID_ARGUMENT, "It cannot be read");
      return WEIR_AUTHENTICATION_REFUSED;
    }
  if (g_str_has_suffix (token, "-good"))
    {
      *identity = weir_identity_new (token);
      return WEIR_AUTHENTICATION_ACCEPTED;
    }
  if (g_str_has_suffix (token, "-later") || g_str_has_suffix (token, "-never"))
    return WEIR_AUTHENTICATION_PENDING;
  if (g_str_has_suffix (token, "-own"))
    weir_exchange_set_response_text (exchange, 418, NULL, "own");
  if (g_str_has_suffix (token, "-silent"))
    return WEIR_AUTHENTICATION_REFUSED;
  if (g_str_has_suffix (token, "-nobody"))
    return WEIR_AUTHENTICATION_ACCEPTED;
  *error = new_error (g_str_has_suffix (token, "-form")      ? WEIR_ERROR_INVALID_ARGUMENT
                      : g_str_has_suffix (token, "-unknown") ? WEIR_ERROR_NOT_FOUND
                      : g_str_has_suffix (token, "-fails")   ? WEIR_ERROR_FAILED
                      : g_str_has_suffix (token, "-not-you") ? WEIR_ERROR_FORBIDDEN
                                                             : WEIR_ERROR_UNAUTHORIZED);
  return WEIR_AUTHENTICATION_REFUSED;
}

static void
test_authenticate (WeirAuthenticator *authenticator, WeirExchange *exchange, GTask *task)
{
  TestAuthenticator *self = TEST_AUTHENTICATOR (authenticator);
  g_autofree char *token = weir_head_dup_bearer (weir_exchange_get_request (exchange));
  g_autoptr (WeirIdentity) identity = weir_identity_new (token);

  if (self->cannot_read_later)
    g_task_return_new_error (task, WEIR_ERROR, WEIR_ERROR_INVALID_ARGUMENT, "It cannot be read");
  else if (g_str_has_suffix (token, "-never"))
    self->kept = g_object_ref (task);
  else
    weir_task_return_identity (task, identity);
}

static void
test_authenticator_authenticator_init (WeirAuthenticatorInterface *iface)
{
  iface->try_authenticate = test_try;
  iface->authenticate = test_authenticate;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestAuthenticator,
                               test_authenticator,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_AUTHENTICATOR,
                                                      test_authenticator_authenticator_init))

static void
test_authenticator_finalize (GObject *object)
{
  g_clear_object (&TEST_AUTHENTICATOR (object)->kept);
  G_OBJECT_CLASS (test_authenticator_parent_class)->finalize (object);
}

static void
test_authenticator_class_init (TestAuthenticatorClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_authenticator_finalize;
}

static void
test_authenticator_init (TestAuthenticator *self)
{
}

/* The function: says what it sees. */
#define TEST_TYPE_FUNCTION (test_function_get_type ())
G_DECLARE_FINAL_TYPE (TestFunction, test_function, TEST, FUNCTION, GObject)

struct _TestFunction
{
  GObject parent_instance;
};

static WeirStageResult
test_function_process (WeirStage *stage, WeirExchange *exchange)
{
  WeirHead *head = weir_exchange_get_request (exchange);
  WeirIdentity *identity = weir_exchange_get_identity (exchange);
  g_autofree char *claims = weir_head_dup (head, "x-auth-claims");
  g_autofree char *authorization = weir_head_dup (head, "authorization");
  g_autofree char *text =
      g_strdup_printf ("%s by %s, %s, %s",
                       identity != NULL ? weir_identity_get_subject (identity) : "nobody",
                       identity != NULL ? weir_identity_get_authenticator (identity) : "nobody",
                       claims != NULL ? claims : "-",
                       authorization != NULL ? authorization : "-");

  weir_exchange_set_response_text (exchange, 200, NULL, text);
  return WEIR_STAGE_RESPOND;
}

static void
test_function_stage_init (WeirStageInterface *iface)
{
  iface->process = test_function_process;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestFunction,
                               test_function,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_STAGE, test_function_stage_init))

static void
test_function_class_init (TestFunctionClass *klass)
{
}

static void
test_function_init (TestFunction *self)
{
}

/* ---- fixture ---- */

typedef struct
{
  FakeTransport *fake;
  GMainContext *control;
  WeirPipeline *pipeline;
  FakeRoute *route;
  TestAuthenticator *first;
  TestAuthenticator *second;
} Fixture;

static const WeirGatewayKeys gateway = { "sb_publishable_p", "sb_secret_s", "a-good", "s-good" };

static void
add (Fixture *self, gpointer stage)
{
  weir_pipeline_add_stage (self->pipeline, stage);
  g_object_unref (stage);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->fake = fake_transport_new ();
  self->control = g_main_context_new ();
  self->pipeline = weir_pipeline_new (self->control);
  weir_pipeline_set_stage_timeout (self->pipeline, 50);
  self->route = fake_route_new ();
  self->first = g_object_new (TEST_TYPE_AUTHENTICATOR, NULL);
  self->first->prefix = "a";
  self->second = g_object_new (TEST_TYPE_AUTHENTICATOR, NULL);
  self->second->prefix = "";

  weir_pipeline_add_stage (self->pipeline, WEIR_STAGE (self->route));
  add (self, weir_cors_stage_new ());
  add (self, weir_credential_stage_new (WEIR_AUTH_REQUIRED, &gateway));
  add (self, weir_auth_stage_new (WEIR_AUTHENTICATOR (self->first), "first"));
  add (self, weir_auth_stage_new (WEIR_AUTHENTICATOR (self->second), "second"));
  add (self, weir_guard_stage_new ());
  add (self, g_object_new (TEST_TYPE_FUNCTION, NULL));
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  if (self->first->kept != NULL)
    weir_task_return_identity (self->first->kept, NULL);
  g_clear_object (&self->first->kept);
  while (g_main_context_iteration (self->control, FALSE))
    ;
  fake_transport_turn (self->fake);
  g_assert_finalize_object (self->pipeline);
  fake_transport_free (self->fake);
  g_assert_finalize_object (self->route);
  g_assert_finalize_object (self->first);
  g_assert_finalize_object (self->second);
  g_main_context_unref (self->control);
}

static void
set_function (Fixture *self, WeirDialect dialect, const char *options)
{
  fake_route_set_options (self->route, options);
  self->route->dialect = dialect;
}

static void
ask (Fixture *self,
     const char *method,
     const char *target,
     const char *headers,
     const char *upgrade)
{
  fake_transport_ask (self->fake, self->pipeline, self->control, method, target, headers, upgrade);
}

static void
check (Fixture *self, const char *headers, guint status, const char *part)
{
  ask (self, "GET", "/hello", headers, NULL);
  g_assert_cmpuint (self->fake->status, ==, status);
  if (strstr (self->fake->body->str, part) == NULL)
    g_error ("%s: %s", headers, self->fake->body->str);
}

#define GOOD "a-good by first, eyJzdWIiOiJhLWdvb2QifQ, Bearer a-good"

static void
test_required (Fixture *self, gconstpointer data)
{
  set_function (self, WEIR_DIALECT_WEIR, "{}");
  check (self, "authorization: Bearer a-good\n", 200, GOOD);
  check (self, "authorization: Bearer b-good\n", 200, "b-good by second");
  check (self, "authorization: Bearer a-later\n", 200, "a-later by first");
  check (self, "", 401, "\"unauthorized\"");
  g_assert_nonnull (strstr (self->fake->headers, "www-authenticate: Bearer"));
  check (self, "authorization: Basic a-good\n", 401, "does not say who calls");
  check (self, "authorization: Bearer a-bad\n", 401, "of the authenticator");
  check (self, "authorization: Bearer a-form\n", 401, "of the authenticator");
  check (self, "authorization: Bearer a-not-you\n", 403, "of the authenticator");
  check (self, "authorization: Bearer a-own\n", 418, "own");
}

/* What the first cannot read the second perhaps can; what nobody can is refused, even where
 * callers need not say who they are. */
static void
test_cannot_read (Fixture *self, gconstpointer data)
{
  set_function (self, WEIR_DIALECT_WEIR, "{}");
  self->first->cannot_read = TRUE;
  check (self, "authorization: Bearer a-good\n", 200, "a-good by second");
  check (self, "authorization: Bearer a-later\n", 200, "a-later by second");
  check (self, "authorization: Bearer a-bad\n", 401, "of the authenticator");
  self->second->prefix = "-";
  check (self, "authorization: Bearer a-good\n", 401, "It cannot be read");
  check (self, "", 401, "does not say who calls");
  set_function (self, WEIR_DIALECT_WEIR, "{'auth': <'optional'>}");
  check (self, "authorization: Bearer a-good\n", 401, "It cannot be read");
  check (self, "", 200, "nobody");
  self->first->cannot_read_later = TRUE;
  check (self, "authorization: Bearer a-good\n", 401, "It cannot be read");
  self->second->prefix = "";
  check (self, "authorization: Bearer a-good\n", 200, "a-good by second");
}

/* Who can read it, but does not know whose it is, leaves it to the next as well, and has the
 * better word for it in the end. */
static void
test_unknown (Fixture *self, gconstpointer data)
{
  set_function (self, WEIR_DIALECT_WEIR, "{}");
  self->second->prefix = "";
  check (self, "authorization: Bearer a-unknown\n", 401, "of the authenticator");
  g_assert_cmpuint (self->second->n_asked, ==, 1);
  self->first->cannot_read = TRUE;
  check (self, "authorization: Bearer a-unknown\n", 401, "of the authenticator");
  self->second->cannot_read = TRUE;
  check (self, "authorization: Bearer a-unknown\n", 401, "It cannot be read");
  self->first->cannot_read = FALSE;
  check (self, "authorization: Bearer a-unknown\n", 401, "of the authenticator");
  set_function (self, WEIR_DIALECT_SUPABASE, "{'auth': <'optional'>}");
  check (self, "authorization: Bearer a-unknown\n", 401, "{\"msg\":\"Invalid JWT\"}");
}

static void
test_one_decides (Fixture *self, gconstpointer data)
{
  set_function (self, WEIR_DIALECT_WEIR, "{}");
  check (self, "authorization: Bearer a-bad\n", 401, "");
  g_assert_cmpuint (self->second->n_asked, ==, 0);
  check (self, "authorization: Bearer a-good\n", 200, "");
  g_assert_cmpuint (self->second->n_asked, ==, 0);
}

static void
test_fails_closed (Fixture *self, gconstpointer data)
{
  set_function (self, WEIR_DIALECT_WEIR, "{'auth': <'optional'>}");
  weir_log_catcher_expect ("*first*of the authenticator*");
  check (self, "authorization: Bearer a-fails\n", 500, "failed");
  weir_log_catcher_assert ();
  check (self, "authorization: Bearer a-silent\n", 500, "failed");
  check (self, "authorization: Bearer a-nobody\n", 500, "failed");
  check (self, "authorization: Bearer a-never\n", 504, "");
}

static void
test_optional_and_public (Fixture *self, gconstpointer data)
{
  set_function (self, WEIR_DIALECT_WEIR, "{'auth': <'optional'>}");
  check (self, "", 200, "nobody by nobody, -, -");
  check (self, "authorization: Bearer a-bad\n", 401, "");
  check (self, "authorization: Bearer a-good\n", 200, GOOD);

  set_function (self, WEIR_DIALECT_WEIR, "{'auth': <'public'>}");
  self->first->n_asked = 0;
  check (self, "authorization: Bearer a-bad\n", 200, "nobody by nobody, -, Bearer a-bad");
  g_assert_cmpuint (self->first->n_asked, ==, 0);

  g_clear_object (&self->route->function);
  check (self, "authorization: Bearer a-bad\n", 200, "nobody");
}

static void
test_dialects (Fixture *self, gconstpointer data)
{
  set_function (self, WEIR_DIALECT_FLUX, "{}");
  check (self,
         "",
         401,
         "{\"error\":\"unauthorized\",\"message\":\"Missing X-API-Key or Authorization header\"}");
  check (self, "authorization: Bearer a-bad\n", 401, "\"Invalid or revoked API key\"");
  set_function (self, WEIR_DIALECT_FLUXBASE, "{}");
  check (self, "", 401, "{\"error\":\"Authentication required\"");
  check (self, "authorization: Bearer a-bad\n", 401, "\"Invalid or expired Bearer token\"");
  set_function (self, WEIR_DIALECT_SUPABASE, "{}");
  check (self, "", 401, "{\"msg\":\"Error: Missing authorization header\"}");
  g_assert_null (strstr (self->fake->headers, "www-authenticate"));
  check (self,
         "authorization: Basic x\n",
         401,
         "{\"msg\":\"Error: Auth header is not 'Bearer {token}'\"}");
  check (self, "authorization: Bearer a-bad\n", 401, "{\"msg\":\"Invalid JWT\"}");
  check (self, "authorization: Bearer a-form\n", 401, "{\"msg\":\"TypeError: Invalid Token or");
}

static void
test_gateway (Fixture *self, gconstpointer data)
{
  set_function (self, WEIR_DIALECT_SUPABASE, "{}");
  check (self, "apikey: sb_publishable_p\n", 200, "Bearer a-good");
  check (self, "ApiKey: sb_secret_s\n", 200, "Bearer s-good");
  check (self, "authorization: Bearer sb_secret_s\n", 200, "Bearer s-good");
  check (self, "authorization: Bearer sb_x\napikey: sb_secret_s\n", 200, "Bearer s-good");
  check (self, "authorization: Bearer a-good\napikey: sb_secret_s\n", 200, "Bearer a-good");
  check (self, "apikey: sb_secret_\n", 401, "Auth header is not");
  check (self, "apikey: sb_secret_t\n", 401, "Auth header is not");
  check (self, "apikey: \n", 401, "Missing authorization header");
  ask (self, "OPTIONS", "/hello", "", NULL);
  g_assert_cmpuint (self->fake->status, ==, 200);

  set_function (self, WEIR_DIALECT_WEIR, "{}");
  check (self, "apikey: sb_secret_s\n", 401, "");
  ask (self, "OPTIONS", "/hello", "", NULL);
  g_assert_cmpuint (self->fake->status, ==, 401);
}

static void
check_upgrade (Fixture *self, const char *target, const char *headers, const char *part)
{
  ask (self, "GET", target, headers, "websocket");
  g_assert_nonnull (strstr (self->fake->body->str, part));
}

static void
test_upgrade (Fixture *self, gconstpointer data)
{
  set_function (self, WEIR_DIALECT_WEIR, "{}");
  check_upgrade (self, "/hello?jwt=a-good&x", "", GOOD);
  check_upgrade (self, "/hello?token=a-good", "", GOOD);
  check_upgrade (self, "/hello", "sec-websocket-protocol: echo, jwt-a-good \n", GOOD);
  check_upgrade (self, "/hello?jwt=a-good", "authorization: Bearer a-bad\n", "unauthorized");
  check_upgrade (self, "/hello", "sec-websocket-protocol: xjwt-a-good, jwt-\n", "unauthorized");
  check_upgrade (self, "/hello?jwt=a%0Agood", "", "unauthorized");
  check (self, "sec-websocket-protocol: jwt-a-good\n", 401, "");
  ask (self, "GET", "/hello?jwt=a-good", "", NULL);
  g_assert_cmpuint (self->fake->status, ==, 401);
}

/* ---- CORS ---- */

#define PREFLIGHT                                                                                  \
  "origin: http://a.test\naccess-control-request-method: POST\n"                                   \
  "access-control-request-headers: x-y\n"

static void
check_header (Fixture *self, const char *part, gboolean there)
{
  if ((strstr (self->fake->headers, part) != NULL) != there)
    g_error ("“%s”: %s", part, self->fake->headers);
}

static void
test_cors_configured (Fixture *self, gconstpointer data)
{
  set_function (self,
                WEIR_DIALECT_WEIR,
                "{'cors_origins': <['http://b.test', 'http://a.test']>, 'cors_max_age': <@x 60>,"
                " 'cors_methods': <['GET', 'POST']>, 'cors_headers': <['x-a', 'x-b']>,"
                " 'cors_credentials': <true>}");
  ask (self, "OPTIONS", "/hello", PREFLIGHT, NULL);
  g_assert_cmpuint (self->fake->status, ==, 204);
  check_header (self, "access-control-allow-origin: http://a.test\n", TRUE);
  check_header (self, "access-control-allow-methods: GET, POST\n", TRUE);
  check_header (self, "access-control-allow-headers: x-a, x-b\n", TRUE);
  check_header (self, "access-control-allow-credentials: true\n", TRUE);
  check_header (self, "access-control-max-age: 60\n", TRUE);
  check_header (self, "vary: Origin\n", TRUE);
  g_assert_cmpuint (self->first->n_asked, ==, 0);

  ask (self, "GET", "/hello", "origin: http://a.test\nauthorization: Bearer a-good\n", NULL);
  check_header (self, "access-control-allow-origin: http://a.test\n", TRUE);
  ask (self, "GET", "/hello", "origin: http://a.test\n", NULL);
  g_assert_cmpuint (self->fake->status, ==, 401);
  check_header (self, "access-control-allow-origin: http://a.test\n", TRUE);
  ask (self, "GET", "/hello", "origin: http://a.test.evil\nauthorization: Bearer a-good\n", NULL);
  check_header (self, "access-control-allow", FALSE);
  check_header (self, "vary: Origin\n", TRUE);
  ask (self, "GET", "/hello", "authorization: Bearer a-good\n", NULL);
  check_header (self, "vary: Origin\n", TRUE);
}

static void
test_cors_any (Fixture *self, gconstpointer data)
{
  set_function (self, WEIR_DIALECT_WEIR, "{'cors_origins': <['*']>, 'cors_credentials': <true>}");
  ask (self, "OPTIONS", "/hello", PREFLIGHT, NULL);
  check_header (self, "access-control-allow-origin: *\n", TRUE);
  check_header (self, "access-control-allow-credentials", FALSE);
  check_header (self, "access-control-allow-headers: x-y\n", TRUE);
  check_header (self, "vary", FALSE);
}

static void
test_cors_off (Fixture *self, gconstpointer data)
{
  static const char *const options[] = { "{'auth': <'public'>}",
                                         "{'auth': <'public'>, 'cors_origins': <@as []>}" };

  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    {
      set_function (self, i == 0 ? WEIR_DIALECT_WEIR : WEIR_DIALECT_SUPABASE, options[i]);
      ask (self, "OPTIONS", "/hello", PREFLIGHT, NULL);
      g_assert_cmpuint (self->fake->status, ==, 200);
      check_header (self, "access-control", FALSE);
      check_header (self, "vary", FALSE);
    }
}

static void
test_cors_dialects (Fixture *self, gconstpointer data)
{
  set_function (self, WEIR_DIALECT_SUPABASE, "{}");
  ask (self, "OPTIONS", "/hello", PREFLIGHT, NULL);
  g_assert_cmpuint (self->fake->status, ==, 200);
  check_header (self, "access-control-allow-origin: *\n", TRUE);
  check_header (self, "access-control-allow-headers: x-y\n", TRUE);

  set_function (self, WEIR_DIALECT_FLUXBASE, "{}");
  ask (self, "OPTIONS", "/hello", PREFLIGHT, NULL);
  check_header (self, "access-control-allow-origin", FALSE);
  ask (self,
       "OPTIONS",
       "/hello",
       "origin: http://localhost:5173\naccess-control-request-method: GET\n",
       NULL);
  g_assert_cmpuint (self->fake->status, ==, 204);
  check_header (self, "access-control-allow-origin: http://localhost:5173\n", TRUE);
  check_header (self, "access-control-allow-credentials: true\n", TRUE);
  check_header (self, "access-control-max-age: 300\n", TRUE);

  set_function (self, WEIR_DIALECT_FLUX, "{}");
  ask (self, "OPTIONS", "/hello", PREFLIGHT, NULL);
  check_header (self, "access-control-allow-origin: http://a.test\n", TRUE);
  ask (self, "GET", "/hello", "origin: http://a.test\n", NULL);
  check_header (self, "access-control-allow-origin: *\n", TRUE);
}

#define ADD(path, func)                                                                            \
  g_test_add ("/http/auth-stages/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  weir_log_catcher_install ();
  ADD ("required", test_required);
  ADD ("cannot-read", test_cannot_read);
  ADD ("unknown", test_unknown);
  ADD ("one-decides", test_one_decides);
  ADD ("fails-closed", test_fails_closed);
  ADD ("optional-and-public", test_optional_and_public);
  ADD ("dialects", test_dialects);
  ADD ("gateway", test_gateway);
  ADD ("upgrade", test_upgrade);
  ADD ("cors-configured", test_cors_configured);
  ADD ("cors-any", test_cors_any);
  ADD ("cors-off", test_cors_off);
  ADD ("cors-dialects", test_cors_dialects);

  return g_test_run ();
}
