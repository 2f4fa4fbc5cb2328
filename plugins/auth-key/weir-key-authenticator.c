/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-key-authenticator.h"

#include <json-glib/json-glib.h>

#include "weir-key-credential.h"
#include "weir-key-rules.h"
#include "weir-key-source.h"

#define A_DAY_MS 86400000

struct _WeirKeyAuthenticator
{
  GObject parent_instance;

  guint last_used_interval_ms;
  WeirStore *store;
  WeirKeySource *source; /* from the store on */
};

typedef enum
{
  PROP_STORE = 1,
  PROP_LAST_USED_INTERVAL_MS,
} Property;

static GParamSpec *properties[PROP_LAST_USED_INTERVAL_MS + 1];

static void weir_key_authenticator_authenticator_init (WeirAuthenticatorInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirKeyAuthenticator,
                               weir_key_authenticator,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_AUTHENTICATOR,
                                                      weir_key_authenticator_authenticator_init)
                                   G_IMPLEMENT_INTERFACE (WEIR_TYPE_CONCURRENT, NULL))

/* ---- the check ---- */

static WeirAuthentication
refuse (GError **error, WeirError code, const char *why)
{
  g_set_error_literal (error, WEIR_ERROR, code, why);
  return WEIR_AUTHENTICATION_REFUSED;
}

/* Clients of Fluxbase want to know which scope. */
static WeirAuthentication
refuse_scope (WeirExchange *exchange, const char *scope, GError **error)
{
  if (weir_exchange_get_dialect (exchange) == WEIR_DIALECT_FLUXBASE)
    {
      g_autoptr (JsonNode) word = json_node_init_string (json_node_alloc (), scope);
      g_autofree char *text = json_to_string (word, FALSE);
      g_autofree char *body =
          g_strdup_printf ("{\"error\":\"Insufficient permissions\",\"required_scope\":%s}", text);

      weir_exchange_set_response_text (exchange, 403, "application/json", body);
    }
  g_set_error (error, WEIR_ERROR, WEIR_ERROR_FORBIDDEN, "The API key lacks the scope “%s”", scope);
  return WEIR_AUTHENTICATION_REFUSED;
}

static WeirAuthentication
judge (WeirExchange *exchange, const WeirKeyEntry *entry, gint64 now_ms, GError **error)
{
  WeirFunction *function = weir_exchange_get_function (exchange);
  const char *scope = NULL;

  if (weir_api_key_get_revoked (entry->key) != 0)
    return refuse (error, WEIR_ERROR_UNAUTHORIZED, "The API key was revoked");
  if (!weir_api_key_is_valid (entry->key, now_ms))
    return refuse (error, WEIR_ERROR_UNAUTHORIZED, "The API key has expired");
  if (function == NULL || weir_key_rules_allow (entry->key, function, &scope))
    return WEIR_AUTHENTICATION_ACCEPTED;
  if (scope != NULL)
    return refuse_scope (exchange, scope, error);
  return refuse (error, WEIR_ERROR_FORBIDDEN, "The API key is not for this function");
}

static WeirAuthentication
look_up (WeirKeyAuthenticator *self,
         WeirExchange *exchange,
         const WeirKeyRing *ring,
         const WeirKeyCredential *credential,
         gboolean may_wait,
         WeirIdentity **identity,
         GError **error)
{
  const WeirKeyEntry *entry = credential->length > 0
                                  ? weir_key_ring_find (ring, credential->text, credential->length)
                                  : NULL;
  gint64 now = g_get_real_time ();
  WeirAuthentication verdict;

  /* Another program may just have made it. */
  if (entry == NULL && may_wait && credential->kind == WEIR_KEY_CREDENTIAL_KEY &&
      weir_key_source_may_look (self->source, g_get_monotonic_time ()))
    return WEIR_AUTHENTICATION_PENDING;
  if (entry == NULL)
    return credential->kind == WEIR_KEY_CREDENTIAL_KEY
               ? refuse (error, WEIR_ERROR_UNAUTHORIZED, "There is no such API key")
               : refuse (error, WEIR_ERROR_INVALID_ARGUMENT, "The credential is no API key");

  verdict = judge (exchange, entry, now / 1000, error);
  if (verdict != WEIR_AUTHENTICATION_ACCEPTED)
    return verdict;
  weir_key_source_use (self->source, entry, now);
  *identity = weir_identity_ref (entry->identity);
  return WEIR_AUTHENTICATION_ACCEPTED;
}

static WeirAuthentication
check (WeirKeyAuthenticator *self,
       WeirExchange *exchange,
       gboolean may_wait,
       WeirIdentity **identity,
       GError **error)
{
  g_auto (WeirKeyCredential) credential = { WEIR_KEY_CREDENTIAL_NONE };
  WeirAuthentication verdict = WEIR_AUTHENTICATION_PENDING;
  const WeirKeyRing *ring;

  weir_key_credential_find (&credential, weir_exchange_get_request (exchange));
  if (credential.kind == WEIR_KEY_CREDENTIAL_NONE)
    return WEIR_AUTHENTICATION_NONE;
  if (credential.kind == WEIR_KEY_CREDENTIAL_MALFORMED)
    return refuse (error, WEIR_ERROR_UNAUTHORIZED, "That is not one API key");
  if (self->source == NULL)
    return refuse (error, WEIR_ERROR_FAILED, "There is no store to look for API keys in");

  ring = weir_key_source_enter (self->source);
  if (ring != NULL)
    verdict = look_up (self, exchange, ring, &credential, may_wait, identity, error);
  weir_key_source_leave (self->source);
  return verdict;
}

static WeirAuthentication
weir_key_authenticator_try_authenticate (WeirAuthenticator *authenticator,
                                         WeirExchange *exchange,
                                         WeirIdentity **identity,
                                         GError **error)
{
  return check (WEIR_KEY_AUTHENTICATOR (authenticator), exchange, TRUE, identity, error);
}

static void
on_keys (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (WeirIdentity) identity = NULL;
  g_autoptr (GError) unread = NULL;
  GError *error = NULL;

  if (g_task_return_error_if_cancelled (task))
    return;
  weir_key_source_wait_finish (WEIR_KEY_SOURCE (source), result, &unread);
  /* Keys that were read before are in force when they cannot be read again. */
  if (check (g_task_get_source_object (task),
             g_task_get_task_data (task),
             FALSE,
             &identity,
             &error) == WEIR_AUTHENTICATION_PENDING &&
      unread != NULL)
    error = g_steal_pointer (&unread);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    weir_task_return_identity (task, identity);
}

static void
weir_key_authenticator_authenticate (WeirAuthenticator *authenticator,
                                     WeirExchange *exchange,
                                     GTask *task)
{
  WeirKeyAuthenticator *self = WEIR_KEY_AUTHENTICATOR (authenticator);

  g_task_set_task_data (task, g_object_ref (exchange), g_object_unref);
  weir_key_source_wait_async (self->source, on_keys, g_object_ref (task));
}

static void
weir_key_authenticator_authenticator_init (WeirAuthenticatorInterface *iface)
{
  iface->try_authenticate = weir_key_authenticator_try_authenticate;
  iface->authenticate = weir_key_authenticator_authenticate;
}

/* ---- the object ---- */

static void
set_store (WeirKeyAuthenticator *self, WeirStore *store)
{
  if (self->source != NULL)
    weir_key_source_close (self->source);
  g_clear_object (&self->source);
  g_set_object (&self->store, store);
  if (store != NULL)
    self->source = weir_key_source_new (store, self->last_used_interval_ms);
}

static void
weir_key_authenticator_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WeirKeyAuthenticator *self = WEIR_KEY_AUTHENTICATOR (object);

  switch ((Property) id)
    {
    case PROP_STORE:
      g_value_set_object (value, self->store);
      break;
    case PROP_LAST_USED_INTERVAL_MS:
      g_value_set_uint (value, self->last_used_interval_ms);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
weir_key_authenticator_set_property (GObject *object,
                                     guint id,
                                     const GValue *value,
                                     GParamSpec *pspec)
{
  WeirKeyAuthenticator *self = WEIR_KEY_AUTHENTICATOR (object);

  switch ((Property) id)
    {
    case PROP_STORE:
      set_store (self, g_value_get_object (value));
      break;
    case PROP_LAST_USED_INTERVAL_MS:
      self->last_used_interval_ms = g_value_get_uint (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
weir_key_authenticator_finalize (GObject *object)
{
  WeirKeyAuthenticator *self = WEIR_KEY_AUTHENTICATOR (object);

  g_clear_object (&self->source);
  g_clear_object (&self->store);

  G_OBJECT_CLASS (weir_key_authenticator_parent_class)->finalize (object);
}

static void
weir_key_authenticator_class_init (WeirKeyAuthenticatorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = weir_key_authenticator_get_property;
  object_class->set_property = weir_key_authenticator_set_property;
  object_class->finalize = weir_key_authenticator_finalize;

  properties[PROP_STORE] =
      g_param_spec_object ("store", NULL, NULL, WEIR_TYPE_STORE, flags | G_PARAM_EXPLICIT_NOTIFY);
  properties[PROP_LAST_USED_INTERVAL_MS] = g_param_spec_uint ("last-used-interval-ms",
                                                              NULL,
                                                              NULL,
                                                              100,
                                                              A_DAY_MS,
                                                              10000,
                                                              flags | G_PARAM_CONSTRUCT_ONLY);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
weir_key_authenticator_init (WeirKeyAuthenticator *self)
{
}
