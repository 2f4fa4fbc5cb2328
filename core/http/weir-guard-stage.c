/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-guard-stage-private.h"
#include "http/weir-concurrent.h"

#include <string.h>

#include "base/weir-identity-private.h"
#include "http/weir-exchange-private.h"

#define CLAIMS_NAME "x-auth-claims"

struct _WeirGuardStage
{
  GObject parent_instance;
};

static void weir_guard_stage_stage_init (WeirStageInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirGuardStage,
                               weir_guard_stage,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_STAGE, weir_guard_stage_stage_init)
                                   G_IMPLEMENT_INTERFACE (WEIR_TYPE_CONCURRENT, NULL))

/* What the local stack's own gate says, word for word: it takes the scheme as it is spelt. */
static const char *
get_supabase_words (WeirExchange *exchange, const GError *cause)
{
  const WeirField *field =
      weir_head_find (weir_exchange_get_request (exchange), WEIR_FIELD_AUTHORIZATION);

  if (g_error_matches (cause, WEIR_ERROR, WEIR_ERROR_INVALID_ARGUMENT))
    return "TypeError: Invalid Token or Protected Header formatting";
  if (cause != NULL)
    return "Invalid JWT";
  if (field == NULL || field->value_length == 0)
    return "Error: Missing authorization header";
  if (field->value_length < 6 || strncmp (field->value, "Bearer", 6) != 0 ||
      (field->value_length > 6 && field->value[6] != ' '))
    return "Error: Auth header is not 'Bearer {token}'";
  if (field->value_length <= 7)
    return "TypeError: Invalid Token or Protected Header formatting";
  return "Invalid JWT";
}

static const char *
get_words (WeirExchange *exchange, const GError *cause)
{
  switch (weir_exchange_get_dialect (exchange))
    {
    case WEIR_DIALECT_SUPABASE:
      return get_supabase_words (exchange, cause);
    case WEIR_DIALECT_FLUXBASE:
      return cause != NULL ? "Invalid or expired Bearer token" : "Authentication required";
    case WEIR_DIALECT_FLUX:
      return cause != NULL ? "Invalid or revoked API key"
                           : "Missing X-API-Key or Authorization header";
    case WEIR_DIALECT_WEIR:
      break;
    }
  return cause != NULL ? cause->message : "The request does not say who calls";
}

void
weir_guard_refuse (WeirExchange *exchange, const GError *cause)
{
  gboolean forbidden = g_error_matches (cause, WEIR_ERROR, WEIR_ERROR_FORBIDDEN);
  g_autoptr (GError) error =
      g_error_new_literal (WEIR_ERROR,
                           forbidden ? WEIR_ERROR_FORBIDDEN : WEIR_ERROR_UNAUTHORIZED,
                           forbidden ? cause->message : get_words (exchange, cause));

  weir_exchange_set_response_error (exchange, error);
  if (!forbidden && weir_exchange_get_dialect (exchange) != WEIR_DIALECT_SUPABASE)
    weir_exchange_set_response_header (exchange, "www-authenticate", "Bearer");
}

static WeirStageResult
weir_guard_stage_process (WeirStage *stage, WeirExchange *exchange)
{
  WeirIdentity *identity = weir_exchange_get_identity (exchange);
  const GError *cause = weir_exchange_get_credential_error (exchange);

  if (identity != NULL)
    {
      gsize length;
      const char *claims = weir_identity_get_encoded (identity, &length);

      /* The exchange keeps the identity, and with it what the head borrows. */
      weir_head_add_borrowed (weir_exchange_get_request (exchange),
                              WEIR_FIELD_X_AUTH_CLAIMS,
                              CLAIMS_NAME,
                              strlen (CLAIMS_NAME),
                              claims,
                              length);
      return WEIR_STAGE_CONTINUE;
    }
  if (cause == NULL && weir_exchange_get_auth_policy (exchange) != WEIR_AUTH_REQUIRED)
    return WEIR_STAGE_CONTINUE;

  weir_guard_refuse (exchange, cause);
  return WEIR_STAGE_RESPOND;
}

static WeirPhase
weir_guard_stage_get_phase (WeirStage *stage)
{
  return WEIR_PHASE_AUTH;
}

static void
weir_guard_stage_stage_init (WeirStageInterface *iface)
{
  iface->process = weir_guard_stage_process;
  iface->get_phase = weir_guard_stage_get_phase;
}

static void
weir_guard_stage_class_init (WeirGuardStageClass *klass)
{
}

static void
weir_guard_stage_init (WeirGuardStage *self)
{
}

WeirGuardStage *
weir_guard_stage_new (void)
{
  return g_object_new (WEIR_TYPE_GUARD_STAGE, NULL);
}
