/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-http"

#include "http/weir-auth-stage-private.h"

#include "base/weir-identity-private.h"
#include "http/weir-concurrent.h"
#include "http/weir-exchange-private.h"
#include "http/weir-guard-stage-private.h"

struct _WeirAuthStage
{
  GObject parent_instance;

  WeirAuthenticator *authenticator;
  WeirAuthenticatorInterface *iface; /* its own */
  const char *name;                  /* interned */
};

static void weir_auth_stage_stage_init (WeirStageInterface *iface);
static void weir_auth_stage_concurrent_init (WeirConcurrentInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirAuthStage,
                               weir_auth_stage,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_STAGE, weir_auth_stage_stage_init)
                                   G_IMPLEMENT_INTERFACE (WEIR_TYPE_CONCURRENT,
                                                          weir_auth_stage_concurrent_init))

/* Anything else than a word about the credential is a fault of the authenticator: somebody
 * should know, and nobody gets in. */
static gboolean
is_about_credential (const GError *error)
{
  return g_error_matches (error, WEIR_ERROR, WEIR_ERROR_UNAUTHORIZED) ||
         g_error_matches (error, WEIR_ERROR, WEIR_ERROR_FORBIDDEN);
}

/* It cannot be read here, or is of somebody who is not known here. */
static gboolean
is_for_another (const GError *error)
{
  return g_error_matches (error, WEIR_ERROR, WEIR_ERROR_INVALID_ARGUMENT) ||
         g_error_matches (error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND);
}

static void
warn_of_failure (WeirAuthStage *self, const GError *error)
{
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_warning ("authenticator “%s”: %s", self->name, error->message);
}

static GError *
make_failure (WeirAuthStage *self)
{
  return g_error_new (WEIR_ERROR, WEIR_ERROR_FAILED, "The authenticator “%s” failed", self->name);
}

static WeirStageResult
refuse (WeirAuthStage *self, WeirExchange *exchange, GError *error)
{
  g_autoptr (GError) owned = error;

  if (weir_exchange_has_response (exchange))
    return WEIR_STAGE_RESPOND;
  /* Another one may; if none does, the guard refuses. */
  if (is_for_another (error))
    {
      weir_exchange_take_credential_error (exchange, g_steal_pointer (&owned));
      return WEIR_STAGE_CONTINUE;
    }
  if (error != NULL && is_about_credential (error))
    {
      weir_guard_refuse (exchange, error);
      return WEIR_STAGE_RESPOND;
    }
  if (error != NULL)
    warn_of_failure (self, error);
  g_clear_error (&owned);
  owned = make_failure (self);
  weir_exchange_set_response_error (exchange, owned);
  return WEIR_STAGE_RESPOND;
}

/* As weir_authenticator_try_authenticate(), which has to look who it is first. */
static WeirAuthentication
try_authenticate (WeirAuthStage *self,
                  WeirExchange *exchange,
                  WeirIdentity **identity,
                  GError **error)
{
  return self->iface->try_authenticate != NULL
             ? self->iface->try_authenticate (self->authenticator, exchange, identity, error)
             : WEIR_AUTHENTICATION_PENDING;
}

static WeirStageResult
weir_auth_stage_process (WeirStage *stage, WeirExchange *exchange)
{
  WeirAuthStage *self = WEIR_AUTH_STAGE (stage);
  WeirIdentity *identity = NULL;
  GError *error = NULL;

  if (weir_exchange_get_auth_policy (exchange) == WEIR_AUTH_PUBLIC ||
      weir_exchange_get_identity (exchange) != NULL)
    return WEIR_STAGE_CONTINUE;

  switch (try_authenticate (self, exchange, &identity, &error))
    {
    case WEIR_AUTHENTICATION_NONE:
      return WEIR_STAGE_CONTINUE;
    case WEIR_AUTHENTICATION_ACCEPTED:
      if (identity == NULL)
        break;
      weir_identity_take (identity, self->name);
      weir_exchange_take_identity (exchange, identity);
      return WEIR_STAGE_CONTINUE;
    case WEIR_AUTHENTICATION_PENDING:
      return WEIR_STAGE_PENDING;
    case WEIR_AUTHENTICATION_REFUSED:
      break;
    }
  return refuse (self, exchange, error);
}

static void
on_authenticated (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  WeirAuthStage *self = g_task_get_source_object (task);
  WeirExchange *exchange = g_task_get_task_data (task);
  g_autoptr (WeirIdentity) identity = NULL;
  GError *error = NULL;

  if (!weir_authenticator_authenticate_finish (self->authenticator, result, &identity, &error))
    {
      g_task_return_boolean (task, refuse (self, exchange, error) == WEIR_STAGE_RESPOND);
      return;
    }
  if (identity != NULL)
    {
      weir_identity_take (identity, self->name);
      weir_exchange_take_identity (exchange, g_steal_pointer (&identity));
    }
  g_task_return_boolean (task, FALSE);
}

static void
weir_auth_stage_handle (WeirStage *stage, WeirExchange *exchange, GTask *task)
{
  WeirAuthStage *self = WEIR_AUTH_STAGE (stage);

  g_task_set_task_data (task, g_object_ref (exchange), g_object_unref);
  weir_authenticator_authenticate_async (self->authenticator,
                                         exchange,
                                         g_task_get_cancellable (task),
                                         on_authenticated,
                                         g_object_ref (task));
}

static WeirPhase
weir_auth_stage_get_phase (WeirStage *stage)
{
  return WEIR_PHASE_AUTH;
}

static void
weir_auth_stage_stage_init (WeirStageInterface *iface)
{
  iface->process = weir_auth_stage_process;
  iface->handle = weir_auth_stage_handle;
  iface->get_phase = weir_auth_stage_get_phase;
}

static gboolean
weir_auth_stage_is_concurrent (WeirConcurrent *stage)
{
  return weir_concurrent_check (G_OBJECT (WEIR_AUTH_STAGE (stage)->authenticator));
}

static void
weir_auth_stage_concurrent_init (WeirConcurrentInterface *iface)
{
  iface->is_concurrent = weir_auth_stage_is_concurrent;
}

static void
weir_auth_stage_finalize (GObject *object)
{
  WeirAuthStage *self = WEIR_AUTH_STAGE (object);

  g_clear_object (&self->authenticator);

  G_OBJECT_CLASS (weir_auth_stage_parent_class)->finalize (object);
}

static void
weir_auth_stage_class_init (WeirAuthStageClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = weir_auth_stage_finalize;
}

static void
weir_auth_stage_init (WeirAuthStage *self)
{
}

WeirAuthStage *
weir_auth_stage_new (WeirAuthenticator *authenticator, const char *name)
{
  WeirAuthStage *self = g_object_new (WEIR_TYPE_AUTH_STAGE, NULL);

  self->authenticator = g_object_ref (authenticator);
  self->iface = WEIR_AUTHENTICATOR_GET_IFACE (authenticator);
  self->name = g_intern_string (name);
  return self;
}
