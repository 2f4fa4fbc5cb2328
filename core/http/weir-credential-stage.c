/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-credential-stage-private.h"
#include "http/weir-concurrent.h"

#include <string.h>

#include "base/weir-settings-private.h"
#include "base/weir-text-private.h"
#include "http/weir-route-stage-private.h"

#define APIKEY "apikey"
#define OPAQUE_BEARER "Bearer sb_"
#define TOKEN_PROTOCOL "jwt-"

struct _WeirCredentialStage
{
  GObject parent_instance;

  WeirAuthPolicy fallback;
  gboolean open;
  gboolean everywhere;
  gboolean is_gateway;
  char *publishable_key;
  char *secret_key;
  char *anon_bearer;
  char *service_role_bearer;
};

static void weir_credential_stage_stage_init (WeirStageInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirCredentialStage,
                               weir_credential_stage,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_STAGE,
                                                      weir_credential_stage_stage_init)
                                   G_IMPLEMENT_INTERFACE (WEIR_TYPE_CONCURRENT, NULL))

static WeirAuthPolicy
get_policy (WeirCredentialStage *self, WeirExchange *exchange)
{
  WeirFunction *function = weir_exchange_get_function (exchange);
  const char *text;

  if (self->open || (!self->everywhere && weir_exchange_get_route (exchange) == NULL))
    return WEIR_AUTH_PUBLIC;
  /* Whether a page may ask is not for its visitor to prove. */
  if (weir_exchange_get_dialect (exchange) == WEIR_DIALECT_SUPABASE &&
      g_strcmp0 (weir_head_get_method (weir_exchange_get_request (exchange)), "OPTIONS") == 0)
    return WEIR_AUTH_PUBLIC;
  if (function == NULL)
    return self->fallback;

  text = weir_settings_peek_string (weir_function_get_settings (function), WEIR_SETTING_AUTH);
  if (text == NULL)
    return self->fallback;
  if (weir_text_equals (text, "public"))
    return WEIR_AUTH_PUBLIC;
  return weir_text_equals (text, "optional") ? WEIR_AUTH_OPTIONAL : WEIR_AUTH_REQUIRED;
}

static const WeirField *
find_apikey (WeirHead *head)
{
  const WeirField *fields;
  guint n_fields;

  fields = weir_head_get_fields (head, &n_fields);
  for (guint i = 0; i < n_fields; i++)
    if (fields[i].id == WEIR_FIELD_OTHER && fields[i].name_length == strlen (APIKEY) &&
        g_ascii_strncasecmp (fields[i].name, APIKEY, strlen (APIKEY)) == 0)
      return &fields[i];
  return NULL;
}

/* Takes as long for a near miss as for a far one. */
static gboolean
is_key (const char *text, gsize length, const char *key)
{
  guint8 difference = 0;

  if (key == NULL || strlen (key) != length)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    difference |= (guint8) text[i] ^ (guint8) key[i];
  return difference == 0;
}

static void
set_authorization (WeirHead *head, const char *value)
{
  if (value == NULL)
    weir_head_remove_id (head, WEIR_FIELD_AUTHORIZATION);
  else
    weir_head_set (head, "authorization", value);
}

/* As the gateway of the local stack does: the functions' own gate knows tokens only. */
static void
rewrite_keys (WeirCredentialStage *self, WeirHead *head)
{
  const gsize scheme = strlen ("Bearer ");
  const WeirField *bearer = weir_head_find (head, WEIR_FIELD_AUTHORIZATION);
  const WeirField *apikey;
  const char *text;
  gsize length;

  if (bearer != NULL && (bearer->value_length < strlen (OPAQUE_BEARER) ||
                         strncmp (bearer->value, OPAQUE_BEARER, strlen (OPAQUE_BEARER)) != 0))
    return;

  apikey = find_apikey (head);
  if (apikey == NULL && bearer == NULL)
    return;
  text = apikey != NULL ? apikey->value : bearer->value + scheme;
  length = apikey != NULL ? apikey->value_length : bearer->value_length - scheme;

  if (is_key (text, length, self->secret_key))
    set_authorization (head, self->service_role_bearer);
  else if (is_key (text, length, self->publishable_key))
    set_authorization (head, self->anon_bearer);
  else if (apikey != NULL)
    {
      g_autofree char *raw = g_strndup (text, length);

      set_authorization (head, *raw != '\0' ? raw : NULL);
    }
}

static char *
dup_token_of (const WeirField *field)
{
  const char *end = field->value + field->value_length;
  const char *p;

  for (p = field->value; p < end;)
    {
      const char *stop = memchr (p, ',', end - p);

      if (stop == NULL)
        stop = end;
      while (p < stop && (*p == ' ' || *p == '\t'))
        p++;
      if ((gsize) (stop - p) > strlen (TOKEN_PROTOCOL) &&
          strncmp (p, TOKEN_PROTOCOL, strlen (TOKEN_PROTOCOL)) == 0)
        {
          g_autofree char *token =
              g_strndup (p + strlen (TOKEN_PROTOCOL), stop - p - strlen (TOKEN_PROTOCOL));

          return g_strdup (g_strchomp (token));
        }
      p = stop + 1;
    }
  return NULL;
}

/* Several fields are one list. */
static char *
dup_protocol_token (WeirHead *head)
{
  char *token = NULL;
  const WeirField *fields;
  guint n_fields;

  fields = weir_head_get_fields (head, &n_fields);
  for (guint i = 0; i < n_fields && token == NULL; i++)
    if (fields[i].id == WEIR_FIELD_SEC_WEBSOCKET_PROTOCOL)
      token = dup_token_of (&fields[i]);
  return token;
}

/* A page cannot set a header for a WebSocket. */
static void
take_upgrade_token (WeirHead *head)
{
  g_autofree char *token = dup_protocol_token (head);
  g_autofree char *value = NULL;

  if (token == NULL)
    token = weir_head_dup_query (head, "jwt");
  if (token == NULL)
    token = weir_head_dup_query (head, "token");
  if (token == NULL || *token == '\0' ||
      token[strspn (token, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-._~+/=")] != '\0')
    return;
  value = g_strconcat ("Bearer ", token, NULL);
  weir_head_set (head, "authorization", value);
}

static WeirStageResult
weir_credential_stage_process (WeirStage *stage, WeirExchange *exchange)
{
  WeirCredentialStage *self = WEIR_CREDENTIAL_STAGE (stage);
  WeirHead *head = weir_exchange_get_request (exchange);
  WeirAuthPolicy policy = get_policy (self, exchange);

  weir_exchange_set_auth_policy (exchange, policy);
  if (policy != WEIR_AUTH_PUBLIC && weir_exchange_get_upgrade (exchange) != NULL &&
      weir_head_find (head, WEIR_FIELD_AUTHORIZATION) == NULL)
    take_upgrade_token (head);
  if (self->is_gateway && weir_exchange_get_dialect (exchange) == WEIR_DIALECT_SUPABASE)
    rewrite_keys (self, head);
  return WEIR_STAGE_CONTINUE;
}

static WeirPhase
weir_credential_stage_get_phase (WeirStage *stage)
{
  return WEIR_PHASE_AUTH;
}

static void
weir_credential_stage_stage_init (WeirStageInterface *iface)
{
  iface->process = weir_credential_stage_process;
  iface->get_phase = weir_credential_stage_get_phase;
}

static void
weir_credential_stage_finalize (GObject *object)
{
  WeirCredentialStage *self = WEIR_CREDENTIAL_STAGE (object);

  g_free (self->publishable_key);
  g_free (self->secret_key);
  g_free (self->anon_bearer);
  g_free (self->service_role_bearer);

  G_OBJECT_CLASS (weir_credential_stage_parent_class)->finalize (object);
}

static void
weir_credential_stage_class_init (WeirCredentialStageClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = weir_credential_stage_finalize;
}

static void
weir_credential_stage_init (WeirCredentialStage *self)
{
}

WeirCredentialStage *
weir_credential_stage_new (WeirAuthPolicy fallback, const WeirGatewayKeys *keys)
{
  WeirCredentialStage *self = g_object_new (WEIR_TYPE_CREDENTIAL_STAGE, NULL);

  self->fallback = fallback;
  if (keys == NULL)
    return self;

  self->is_gateway = TRUE;
  self->publishable_key = g_strdup (keys->publishable_key);
  self->secret_key = g_strdup (keys->secret_key);
  self->anon_bearer = g_strconcat ("Bearer ", keys->anon_token, NULL);
  self->service_role_bearer = g_strconcat ("Bearer ", keys->service_role_token, NULL);
  return self;
}

void
weir_credential_stage_set_everywhere (WeirCredentialStage *self, gboolean everywhere)
{
  self->everywhere = everywhere;
}

void
weir_credential_stage_set_open (WeirCredentialStage *self, gboolean open)
{
  self->open = open;
}
