/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-cors-stage-private.h"
#include "http/weir-concurrent.h"

#include <string.h>

#include "base/weir-settings-private.h"
#include "base/weir-text-private.h"
#include "http/weir-exchange-private.h"

#define ALLOW "access-control-allow-"
#define MAX_ORIGIN 1024
#define ALL_METHODS "GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS,TRACE,CONNECT"

static const char *const supabase_origins[] = { "*", NULL };
static const char *const fluxbase_origins[] = { "http://localhost:5173",
                                                "http://localhost:8080",
                                                NULL };

/* What a dialect has always done, for functions that say nothing of their own. */
typedef struct
{
  const char *const *origins; /* NULL: none may, "*": all may */
  const char *methods;
  const char *headers; /* NULL: those that are asked for */
  gboolean credentials;
  gint64 max_age;
  guint preflight_status;
} Rule;

static const Rule rules[] = {
  [WEIR_DIALECT_WEIR] = { NULL, "GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS", NULL, FALSE, 0, 204 },
  [WEIR_DIALECT_SUPABASE] = { supabase_origins, ALL_METHODS, NULL, FALSE, 0, 200 },
  [WEIR_DIALECT_FLUXBASE] = { fluxbase_origins,
                              "GET, POST, PUT, PATCH, DELETE, OPTIONS",
                              "Origin, Content-Type, Accept, Authorization, X-Request-ID, "
                              "X-CSRF-Token, X-Impersonation-Token, Prefer, apikey, x-client-app",
                              TRUE,
                              300,
                              204 },
  [WEIR_DIALECT_FLUX] = { NULL,
                          "GET, POST, PUT, DELETE, OPTIONS",
                          "Content-Type, Authorization, X-API-Key",
                          FALSE,
                          0,
                          204 },
};

struct _WeirCorsStage
{
  GObject parent_instance;
};

static void weir_cors_stage_stage_init (WeirStageInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirCorsStage,
                               weir_cors_stage,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_STAGE, weir_cors_stage_stage_init)
                                   G_IMPLEMENT_INTERFACE (WEIR_TYPE_CONCURRENT, NULL))

/* One request, and what its function says. */
typedef struct
{
  WeirExchange *exchange;
  WeirHead *head;
  WeirSettings *settings; /* NULL without a function */
  const WeirField *origin;
  const Rule *rule;
  gboolean is_preflight;
  gboolean is_flux;
} Ask;

static const WeirField *
find_field (WeirHead *head, const char *name)
{
  gsize length = strlen (name);
  const WeirField *fields;
  guint n_fields;

  fields = weir_head_get_fields (head, &n_fields);
  for (guint i = 0; i < n_fields; i++)
    if (fields[i].name_length == length && g_ascii_strncasecmp (fields[i].name, name, length) == 0)
      return &fields[i];
  return NULL;
}

static GVariant *
get_list (Ask *ask, const char *name)
{
  return ask->settings != NULL ? weir_settings_get_value (ask->settings, name) : NULL;
}

static char *
dup_list (Ask *ask, const char *name, const char *fallback)
{
  g_auto (GStrv) words = NULL;

  if (get_list (ask, name) == NULL)
    return g_strdup (fallback);
  words = weir_settings_dup_strv (ask->settings, name);
  return g_strjoinv (", ", words);
}

static gboolean
allows_credentials (Ask *ask)
{
  gboolean fallback = ask->rule->credentials;

  return ask->settings != NULL
             ? weir_settings_peek_boolean (ask->settings, WEIR_SETTING_CORS_CREDENTIALS, fallback)
             : fallback;
}

/* ---- origins ---- */

typedef enum
{
  ORIGIN_FOREIGN,
  ORIGIN_LISTED,
  ORIGIN_ANY,
  ORIGIN_UNSAID, /* CORS is not configured: the function's own business */
} Origin;

static gboolean
is_origin (const WeirField *field, const char *listed)
{
  return field != NULL && strlen (listed) == field->value_length &&
         strncmp (listed, field->value, field->value_length) == 0;
}

static Origin
look_up_in (Ask *ask, const char *const *origins)
{
  gboolean found = FALSE;

  for (guint i = 0; origins[i] != NULL; i++)
    {
      if (weir_text_equals (origins[i], "*"))
        return ORIGIN_ANY;
      found = found || is_origin (ask->origin, origins[i]);
    }
  return found ? ORIGIN_LISTED : ORIGIN_FOREIGN;
}

static const char *
get_asked_method (Ask *ask)
{
  const WeirField *field;

  if (!ask->is_preflight)
    return weir_head_get_method (ask->head);
  field = find_field (ask->head, "access-control-request-method");
  return field->value_length == 3 && strncmp (field->value, "GET", 3) == 0 ? "GET" : "";
}

static Origin
look_up_built_in (Ask *ask)
{
  /* Everybody may read; while nobody is listed, everybody who is named may do the rest. */
  if (ask->is_flux)
    return g_strcmp0 (get_asked_method (ask), "GET") == 0 ? ORIGIN_ANY : ORIGIN_LISTED;
  if (ask->rule->origins == NULL)
    return ORIGIN_UNSAID;
  return look_up_in (ask, ask->rule->origins);
}

static Origin
look_up (Ask *ask)
{
  const char *const *origins =
      ask->settings != NULL ? weir_settings_peek_strv (ask->settings, WEIR_SETTING_CORS_ORIGINS)
                            : NULL;

  if (origins == NULL)
    return look_up_built_in (ask);
  return origins[0] != NULL ? look_up_in (ask, origins) : ORIGIN_UNSAID;
}

/* ---- answers ---- */

static void
set_origin (Ask *ask, Origin origin)
{
  if (origin == ORIGIN_ANY)
    {
      weir_exchange_set_response_header (ask->exchange, ALLOW "origin", "*");
      return;
    }
  weir_exchange_set_vary_origin (ask->exchange);
  if (origin == ORIGIN_FOREIGN || ask->origin == NULL || ask->origin->value_length > MAX_ORIGIN)
    return;

  weir_exchange_copy_response_field (ask->exchange, ALLOW "origin", ask->origin);
  if (allows_credentials (ask))
    weir_exchange_set_response_header (ask->exchange, ALLOW "credentials", "true");
}

static void
set_asked_headers (Ask *ask)
{
  const WeirField *field = find_field (ask->head, "access-control-request-headers");

  if (field != NULL)
    weir_exchange_copy_response_field (ask->exchange, ALLOW "headers", field);
}

static WeirStageResult
respond_preflight (Ask *ask)
{
  g_autofree char *methods = dup_list (ask, "cors_methods", ask->rule->methods);
  g_autofree char *headers = dup_list (ask, "cors_headers", ask->rule->headers);
  gint64 max_age =
      ask->settings != NULL ? weir_settings_get_integer (ask->settings, "cors_max_age") : 0;

  if (max_age == 0)
    max_age = ask->rule->max_age;

  weir_exchange_set_response (ask->exchange, ask->rule->preflight_status, NULL, NULL);
  weir_exchange_set_response_header (ask->exchange, ALLOW "methods", methods);
  if (headers != NULL)
    weir_exchange_set_response_header (ask->exchange, ALLOW "headers", headers);
  else
    set_asked_headers (ask);
  if (max_age > 0)
    {
      g_autofree char *seconds = g_strdup_printf ("%" G_GINT64_FORMAT, max_age);

      weir_exchange_set_response_header (ask->exchange, "access-control-max-age", seconds);
    }
  return WEIR_STAGE_RESPOND;
}

static gboolean
is_preflight (Ask *ask)
{
  const char *method = weir_head_get_method (ask->head);

  return ask->origin != NULL && method != NULL && weir_text_equals (method, "OPTIONS") &&
         find_field (ask->head, "access-control-request-method") != NULL;
}

static WeirStageResult
weir_cors_stage_process (WeirStage *stage, WeirExchange *exchange)
{
  WeirDialect dialect = weir_exchange_get_dialect (exchange);
  WeirFunction *function = weir_exchange_get_function (exchange);
  Ask ask = { .exchange = exchange, .head = weir_exchange_get_request (exchange) };
  Origin origin;

  ask.settings = function != NULL ? weir_function_get_settings (function) : NULL;
  ask.origin = weir_head_find (ask.head, WEIR_FIELD_ORIGIN);
  ask.rule = &rules[dialect];
  ask.is_flux = dialect == WEIR_DIALECT_FLUX;
  ask.is_preflight = is_preflight (&ask);

  origin = look_up (&ask);
  if (origin == ORIGIN_UNSAID)
    return WEIR_STAGE_CONTINUE;
  set_origin (&ask, origin);
  return ask.is_preflight ? respond_preflight (&ask) : WEIR_STAGE_CONTINUE;
}

static WeirPhase
weir_cors_stage_get_phase (WeirStage *stage)
{
  return WEIR_PHASE_ROUTE;
}

static void
weir_cors_stage_stage_init (WeirStageInterface *iface)
{
  iface->process = weir_cors_stage_process;
  iface->get_phase = weir_cors_stage_get_phase;
}

static void
weir_cors_stage_class_init (WeirCorsStageClass *klass)
{
}

static void
weir_cors_stage_init (WeirCorsStage *self)
{
}

WeirCorsStage *
weir_cors_stage_new (void)
{
  return g_object_new (WEIR_TYPE_CORS_STAGE, NULL);
}
