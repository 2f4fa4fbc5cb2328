/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include "base/weir-text-private.h"
#include "http/weir-exchange-private.h"
#include "http/weir-concurrent.h"
#include "http/weir-route-stage-private.h"

#define METHODS "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
#define HEALTH_METHODS "GET, HEAD"
#define INTERNAL_PREFIX "x-deno-worker-"
#define SUPABASE_HINT                                                                              \
  "In weir.toml: `[defaults.env]` and `SUPABASE_URL = \"http://127.0.0.1:54321\"`, for instance."

struct _WeirRouteStage
{
  GObject parent_instance;

  WeirRouter *router;
};

static void weir_route_stage_stage_init (WeirStageInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirRouteStage,
                               weir_route_stage,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_STAGE, weir_route_stage_stage_init)
                                   G_IMPLEMENT_INTERFACE (WEIR_TYPE_CONCURRENT, NULL))

static WeirStageResult
respond_method (WeirExchange *exchange, const char *method, const char *allowed)
{
  g_autoptr (GError) error = g_error_new (WEIR_ERROR,
                                          WEIR_ERROR_METHOD_NOT_ALLOWED,
                                          "The method %s is not taken here",
                                          method);

  weir_exchange_set_response_error (exchange, error);
  weir_exchange_set_response_header (exchange, "allow", allowed);
  return WEIR_STAGE_RESPOND;
}

static WeirStageResult
respond_wrong_method (WeirExchange *exchange, const char *method, guint methods)
{
  g_autofree char *allowed = weir_router_dup_allowed (methods);

  return respond_method (exchange, method, allowed);
}

/* What else a Supabase project answers under the address that functions know as SUPABASE_URL. */
static const char *
find_supabase_api (const char *path)
{
  static const char *const apis[] = {
    "/rest/v1", "/auth/v1", "/storage/v1", "/realtime/v1", "/graphql/v1",
  };

  for (guint i = 0; i < G_N_ELEMENTS (apis); i++)
    {
      gsize length = strlen (apis[i]);

      if (strncmp (path, apis[i], length) == 0 && (path[length] == '/' || path[length] == '\0'))
        return apis[i];
    }
  return NULL;
}

static GError *
new_not_found (WeirExchange *exchange, const WeirRoute *route)
{
  const char *path = weir_exchange_get_path (exchange);
  const char *api = find_supabase_api (path);

  switch (route->dialect)
    {
    case WEIR_DIALECT_FLUXBASE:
      return g_error_new_literal (WEIR_ERROR,
                                  WEIR_ERROR_NOT_FOUND,
                                  route->kind == WEIR_ROUTE_NO_FUNCTION ? "Function not found"
                                                                        : "Not Found");
    case WEIR_DIALECT_FLUX:
      return g_error_new (WEIR_ERROR,
                          WEIR_ERROR_NOT_FOUND,
                          "%s %s is not registered",
                          weir_head_get_method (weir_exchange_get_request (exchange)),
                          path);
    case WEIR_DIALECT_WEIR:
    case WEIR_DIALECT_SUPABASE:
      break;
    }
  if (api != NULL)
    return g_error_new (WEIR_ERROR,
                        WEIR_ERROR_NOT_FOUND,
                        "Functions are served here, not %s: tell them by SUPABASE_URL where it is",
                        api);
  return g_error_new (WEIR_ERROR, WEIR_ERROR_NOT_FOUND, "There is no function at %s", path);
}

static WeirStageResult
prepare_none (WeirRouteStage *self, WeirExchange *exchange, const WeirRoute *route)
{
  const char *path = weir_exchange_get_path (exchange);
  g_autoptr (GError) error = new_not_found (exchange, route);
  const char *nearest = NULL;

  weir_exchange_set_response_error (exchange, error);
  if (find_supabase_api (path) != NULL)
    weir_exchange_set_hint (exchange, SUPABASE_HINT);
  else if (route->dialect == WEIR_DIALECT_WEIR && self->router != NULL)
    nearest = weir_router_find_nearest (self->router, path);
  if (nearest != NULL)
    {
      g_autofree char *hint = g_strdup_printf ("Did you mean /%s?", nearest);

      weir_exchange_set_hint (exchange, hint);
    }
  /* A stage of the embedding program may know the path all the same; the pipeline sends
   * what is prepared here when none does. */
  return WEIR_STAGE_CONTINUE;
}

static WeirStageResult
respond_health (WeirExchange *exchange, const char *method, const char *json)
{
  if (strcmp (method, "GET") != 0 && strcmp (method, "HEAD") != 0)
    return respond_method (exchange, method, HEALTH_METHODS);

  weir_exchange_set_response_text (exchange, 200, "application/json", json);
  weir_exchange_set_response_header (exchange, "cache-control", "no-store");
  return WEIR_STAGE_RESPOND;
}

/* "*" is about the server, not about a function. */
static WeirStageResult
respond_asterisk (WeirExchange *exchange, const char *method)
{
  g_autoptr (GError) error = NULL;

  if (strcmp (method, "OPTIONS") == 0)
    {
      weir_exchange_set_response (exchange, 204, NULL, NULL);
      weir_exchange_set_response_header (exchange, "allow", METHODS);
      return WEIR_STAGE_RESPOND;
    }

  error = g_error_new (WEIR_ERROR, WEIR_ERROR_BAD_REQUEST, "%s cannot be asked of *", method);
  weir_exchange_set_response_error (exchange, error);
  return WEIR_STAGE_RESPOND;
}

static gboolean
is_internal (const WeirField *field)
{
  return field->id == WEIR_FIELD_X_AUTH_CLAIMS || field->id == WEIR_FIELD_X_DENO_CLIENT_ADDRESS ||
         (field->id == WEIR_FIELD_OTHER && field->name_length >= sizeof (INTERNAL_PREFIX) - 1 &&
          g_ascii_strncasecmp (field->name, INTERNAL_PREFIX, sizeof (INTERNAL_PREFIX) - 1) == 0);
}

/* Functions believe these fields, so no client may send them. It happens here, before a stage
 * that finds out who calls can set its own. */
static void
strip_internal (WeirHead *head)
{
  guint n_fields;
  const WeirField *fields = weir_head_get_fields (head, &n_fields);

  for (guint i = n_fields; i > 0; i--)
    if (is_internal (&fields[i - 1]))
      {
        g_autofree char *name = g_strndup (fields[i - 1].name, fields[i - 1].name_length);

        weir_head_remove (head, name);
        fields = weir_head_get_fields (head, &n_fields);
        i = n_fields + 1;
      }
}

static void
rewrite_target (WeirHead *head, gsize strip)
{
  const char *rest = weir_head_get_target (head) + strip;

  if (*rest == '/')
    weir_head_set_target (head, rest);
  else if (*rest == '\0')
    weir_head_set_target (head, "/");
  else
    {
      g_autofree char *target = g_strconcat ("/", rest, NULL);

      weir_head_set_target (head, target);
    }
}

static WeirStageResult
enter_function (WeirExchange *exchange, const WeirRoute *route)
{
  WeirHead *head = weir_exchange_get_request (exchange);
  WeirFunction *function = weir_slot_get_function (route->slot);

  weir_exchange_set_route (exchange, weir_slot_ref (route->slot), (GDestroyNotify) weir_slot_unref);
  if (function != NULL)
    weir_exchange_set_function (exchange, function);
  strip_internal (head);
  rewrite_target (head, route->strip);
  return WEIR_STAGE_CONTINUE;
}

static WeirStageResult
weir_route_stage_process (WeirStage *stage, WeirExchange *exchange)
{
  WeirRouteStage *self = WEIR_ROUTE_STAGE (stage);
  WeirHead *head = weir_exchange_get_request (exchange);
  const char *method = weir_head_get_method (head);
  const char *target = weir_head_get_target (head);
  WeirRoute route = { WEIR_ROUTE_NONE, WEIR_DIALECT_WEIR, NULL, 0 };

  if (target != NULL && weir_text_equals (target, "*"))
    return respond_asterisk (exchange, method);

  if (self->router != NULL && target != NULL)
    weir_router_match (self->router, method, target, &route);
  if (route.dialect != WEIR_DIALECT_WEIR)
    weir_exchange_set_dialect (exchange, route.dialect);
  if (weir_router_get_method (method) == 0)
    return respond_method (exchange, method, METHODS);

  switch (route.kind)
    {
    case WEIR_ROUTE_FUNCTION:
      return enter_function (exchange, &route);
    case WEIR_ROUTE_HEALTH:
      return respond_health (exchange,
                             method,
                             "{\"status\":\"ok\",\"version\":\"" WEIR_VERSION_S "\"}");
    case WEIR_ROUTE_SUPABASE_HEALTH:
      return respond_health (exchange, method, "{\"message\":\"ok\"}");
    case WEIR_ROUTE_METHOD:
      return respond_wrong_method (exchange, method, route.methods);
    case WEIR_ROUTE_NO_FUNCTION:
    case WEIR_ROUTE_NONE:
      break;
    }
  strip_internal (head);
  return prepare_none (self, exchange, &route);
}

static WeirPhase
weir_route_stage_get_phase (WeirStage *stage)
{
  return WEIR_PHASE_ROUTE;
}

static void
weir_route_stage_stage_init (WeirStageInterface *iface)
{
  iface->process = weir_route_stage_process;
  iface->get_phase = weir_route_stage_get_phase;
}

static void
weir_route_stage_finalize (GObject *object)
{
  WeirRouteStage *self = WEIR_ROUTE_STAGE (object);

  g_clear_pointer (&self->router, weir_router_unref);

  G_OBJECT_CLASS (weir_route_stage_parent_class)->finalize (object);
}

static void
weir_route_stage_class_init (WeirRouteStageClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = weir_route_stage_finalize;
}

static void
weir_route_stage_init (WeirRouteStage *self)
{
}

WeirRouteStage *
weir_route_stage_new (void)
{
  return g_object_new (WEIR_TYPE_ROUTE_STAGE, NULL);
}

void
weir_route_stage_set_router (WeirRouteStage *self, WeirRouter *router)
{
  WeirRouter *old = self->router;

  self->router = router != NULL ? weir_router_ref (router) : NULL;
  g_clear_pointer (&old, weir_router_unref);
}

WeirSlot *
weir_route_stage_get_slot (WeirExchange *exchange)
{
  return weir_exchange_get_route (exchange);
}
