/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-jwt-authenticator.h"

#include <string.h>

#include "weir-jwt-cache.h"
#include "weir-jwt-credential.h"
#include "weir-jwt-source.h"
#include "weir-jwt-token.h"

struct _WeirJwtAuthenticator
{
  GObject parent_instance;

  char *secret;
  char *key;
  char *key_file;
  char *jwks;
  char *jwks_url;
  char *issuer_url;
  guint jwks_refresh_ms;
  guint jwks_retry_ms;
  char **algorithms;
  char **issuer;
  char **audience;
  guint clock_tolerance_ms;
  WeirJwtLocation token_location;
  char *token_name;
  gboolean strict_scheme;
  guint cache_size;

  WeirJwtRules rules;
  WeirJwtSource *source;
  GMutex lock; /* the cache */
  WeirJwtCache *cache;
};

enum
{
  PROP_SECRET = 1,
  PROP_KEY,
  PROP_KEY_FILE,
  PROP_JWKS,
  PROP_JWKS_URL,
  PROP_ISSUER_URL,
  PROP_JWKS_REFRESH_MS,
  PROP_JWKS_RETRY_MS,
  PROP_ALGORITHMS,
  PROP_ISSUER,
  PROP_AUDIENCE,
  PROP_CLOCK_TOLERANCE_MS,
  PROP_TOKEN_LOCATION,
  PROP_TOKEN_NAME,
  PROP_STRICT_SCHEME,
  PROP_CACHE_SIZE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void weir_jwt_authenticator_initable_init (GInitableIface *iface);
static void weir_jwt_authenticator_authenticator_init (WeirAuthenticatorInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirJwtAuthenticator,
                               weir_jwt_authenticator,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE,
                                                      weir_jwt_authenticator_initable_init)
                                   G_IMPLEMENT_INTERFACE (WEIR_TYPE_AUTHENTICATOR,
                                                          weir_jwt_authenticator_authenticator_init)
                                       G_IMPLEMENT_INTERFACE (WEIR_TYPE_CONCURRENT, NULL))

/* ---- the check ---- */

static WeirIdentity *
find_cached (WeirJwtAuthenticator *self, const WeirJwtCredential *credential, gint64 now)
{
  WeirIdentity *identity;

  g_mutex_lock (&self->lock);
  identity = weir_jwt_cache_find (self->cache, credential->text, credential->length, now);
  g_mutex_unlock (&self->lock);
  return identity;
}

/* Keys may be withdrawn while a token is checked with them. The cache is cleared after they are:
 * who finds them in force behind its lock comes before that. */
static void
remember (WeirJwtAuthenticator *self,
          const WeirJwtCredential *credential,
          WeirJwtKeySet *keys,
          WeirIdentity *identity,
          gint64 expires)
{
  g_autoptr (WeirJwtKeySet) current = NULL;

  g_mutex_lock (&self->lock);
  current = weir_jwt_source_get_keys (self->source);
  if (current == keys)
    weir_jwt_cache_add (self->cache, credential->text, credential->length, identity, expires);
  g_mutex_unlock (&self->lock);
}

static WeirAuthentication
check (WeirJwtAuthenticator *self,
       WeirExchange *exchange,
       gboolean may_wait,
       WeirIdentity **identity,
       GError **error)
{
  const WeirJwtPlace place = { self->token_location, self->token_name, self->strict_scheme };
  g_auto (WeirJwtCredential) credential = { NULL };
  g_autoptr (WeirJwtKeySet) keys = NULL;
  g_autoptr (GError) local = NULL;
  gint64 now = g_get_real_time ();
  gint64 expires = 0;
  WeirJwtVerdict verdict;

  switch (weir_jwt_credential_find (&credential, weir_exchange_get_request (exchange), &place))
    {
    case WEIR_JWT_FOUND_NOTHING:
      return WEIR_AUTHENTICATION_NONE;
    case WEIR_JWT_FOUND_SEVERAL:
      g_set_error_literal (error,
                           WEIR_ERROR,
                           WEIR_ERROR_UNAUTHORIZED,
                           "There is more than one token in the request");
      return WEIR_AUTHENTICATION_REFUSED;
    case WEIR_JWT_FOUND_ONE:
      break;
    }

  *identity = find_cached (self, &credential, now);
  if (*identity != NULL)
    return WEIR_AUTHENTICATION_ACCEPTED;

  keys = weir_jwt_source_get_keys (self->source);
  verdict = weir_jwt_token_verify (credential.text,
                                   credential.length,
                                   keys,
                                   &self->rules,
                                   now,
                                   identity,
                                   &expires,
                                   &local);
  if (verdict == WEIR_JWT_VERIFIED)
    {
      remember (self, &credential, keys, *identity, expires);
      return WEIR_AUTHENTICATION_ACCEPTED;
    }
  if (verdict == WEIR_JWT_NO_KEY && may_wait && weir_jwt_source_can_wait (self->source))
    return WEIR_AUTHENTICATION_PENDING;
  g_propagate_error (error, g_steal_pointer (&local));
  return WEIR_AUTHENTICATION_REFUSED;
}

static WeirAuthentication
weir_jwt_authenticator_try_authenticate (WeirAuthenticator *authenticator,
                                         WeirExchange *exchange,
                                         WeirIdentity **identity,
                                         GError **error)
{
  return check (WEIR_JWT_AUTHENTICATOR (authenticator), exchange, TRUE, identity, error);
}

static void
on_keys (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  WeirJwtAuthenticator *self = g_task_get_source_object (task);
  g_autoptr (WeirIdentity) identity = NULL;
  GError *error = NULL;

  if (g_task_return_error_if_cancelled (task))
    return;
  switch (check (self, g_task_get_task_data (task), FALSE, &identity, &error))
    {
    case WEIR_AUTHENTICATION_NONE:
    case WEIR_AUTHENTICATION_PENDING:
      weir_task_return_identity (task, NULL);
      break;
    case WEIR_AUTHENTICATION_ACCEPTED:
      weir_task_return_identity (task, identity);
      break;
    case WEIR_AUTHENTICATION_REFUSED:
      g_task_return_error (task, error);
      break;
    }
}

static void
weir_jwt_authenticator_authenticate (WeirAuthenticator *authenticator,
                                     WeirExchange *exchange,
                                     GTask *task)
{
  WeirJwtAuthenticator *self = WEIR_JWT_AUTHENTICATOR (authenticator);

  g_task_set_task_data (task, g_object_ref (exchange), g_object_unref);
  weir_jwt_source_wait_async (self->source, on_keys, g_object_ref (task));
}

static void
weir_jwt_authenticator_authenticator_init (WeirAuthenticatorInterface *iface)
{
  iface->try_authenticate = weir_jwt_authenticator_try_authenticate;
  iface->authenticate = weir_jwt_authenticator_authenticate;
}

/* ---- construction ---- */

static gboolean
read_algorithms (WeirJwtAuthenticator *self, GError **error)
{
  if (self->algorithms == NULL)
    return TRUE;
  self->rules.algorithms = g_ptr_array_new ();
  for (guint i = 0; self->algorithms[i] != NULL; i++)
    {
      const WeirJwtAlgorithm *algorithm = weir_jwt_algorithm_find (self->algorithms[i]);

      if (algorithm == NULL)
        {
          g_set_error (error,
                       WEIR_PLUGIN_ERROR,
                       WEIR_PLUGIN_ERROR_OPTION,
                       "algorithms: there is no “%s”; there are HS, RS, PS and ES with 256, 384 "
                       "or 512, and EdDSA",
                       self->algorithms[i]);
          return FALSE;
        }
      g_ptr_array_add (self->rules.algorithms, (gpointer) algorithm);
    }
  return TRUE;
}

static gboolean
read_secret (WeirJwtAuthenticator *self, WeirJwtKeySet *keys, GError **error)
{
  g_autoptr (WeirJwtKey) key = NULL;

  if (self->secret == NULL)
    return TRUE;
  if (strlen (self->secret) < WEIR_JWT_SHORTEST_SECRET)
    {
      g_set_error (error,
                   WEIR_PLUGIN_ERROR,
                   WEIR_PLUGIN_ERROR_OPTION,
                   "secret: a secret of less than %d bytes can be guessed",
                   WEIR_JWT_SHORTEST_SECRET);
      return FALSE;
    }
  key = weir_jwt_key_new_secret (self->secret, strlen (self->secret));
  weir_jwt_key_set_add (keys, key);
  return TRUE;
}

static gboolean
read_text (WeirJwtKeySet *keys, const char *option, const char *text, gsize length, GError **error)
{
  if (text == NULL || weir_jwt_key_set_read (keys, text, length, error))
    return TRUE;
  g_prefix_error (error, "%s: ", option);
  return FALSE;
}

static gboolean
read_file (WeirJwtAuthenticator *self, WeirJwtKeySet *keys, GError **error)
{
  g_autofree char *option = NULL;
  g_autofree char *text = NULL;
  gsize length;

  if (self->key_file == NULL)
    return TRUE;
  option = g_strconcat ("key_file: ", self->key_file, NULL);
  if (g_file_get_contents (self->key_file, &text, &length, error))
    return read_text (keys, option, text, length, error);
  g_prefix_error (error, "key_file: ");
  return FALSE;
}

static void
on_keys_changed (WeirJwtSource *source, WeirJwtAuthenticator *self)
{
  g_mutex_lock (&self->lock);
  weir_jwt_cache_clear (self->cache);
  g_mutex_unlock (&self->lock);
}

static gboolean
check_sources (WeirJwtAuthenticator *self, GError **error)
{
  const char *why = NULL;

  if (self->secret == NULL && self->key == NULL && self->key_file == NULL && self->jwks == NULL &&
      self->jwks_url == NULL && self->issuer_url == NULL)
    why = "one of secret, key, key_file, jwks, jwks_url and issuer_url is needed";
  else if (self->jwks_url != NULL && self->issuer_url != NULL)
    why = "issuer_url is where the address of the keys is asked for: jwks_url cannot be given too";
  if (why != NULL)
    g_set_error_literal (error, WEIR_PLUGIN_ERROR, WEIR_PLUGIN_ERROR_OPTION, why);
  return why == NULL;
}

/* What the issuer calls itself in tokens, which is known before anybody has asked it. */
static char **
make_issuers (const char *url)
{
  char **issuers = g_new0 (char *, 3);
  gsize length = strlen (url);

  issuers[0] = g_strndup (url, length - (length > 0 && url[length - 1] == '/'));
  issuers[1] = g_strconcat (issuers[0], "/", NULL);
  return issuers;
}

static gboolean
weir_jwt_authenticator_initable_do (GInitable *initable, GCancellable *cancellable, GError **error)
{
  WeirJwtAuthenticator *self = WEIR_JWT_AUTHENTICATOR (initable);
  g_autoptr (WeirJwtKeySet) keys = weir_jwt_key_set_new ();

  if (!check_sources (self, error) || !read_algorithms (self, error) ||
      !read_secret (self, keys, error) ||
      !read_text (keys, "key", self->key, self->key != NULL ? strlen (self->key) : 0, error) ||
      !read_file (self, keys, error) ||
      !read_text (keys, "jwks", self->jwks, self->jwks != NULL ? strlen (self->jwks) : 0, error))
    return FALSE;

  if (self->issuer == NULL && self->issuer_url != NULL)
    self->issuer = make_issuers (self->issuer_url);
  self->rules.issuers = (const char *const *) self->issuer;
  self->rules.audiences = (const char *const *) self->audience;
  self->rules.tolerance_us = (gint64) self->clock_tolerance_ms * 1000;
  self->cache = weir_jwt_cache_new (self->cache_size);
  self->source = weir_jwt_source_new (keys,
                                      self->jwks_url,
                                      self->issuer_url,
                                      self->jwks_refresh_ms,
                                      self->jwks_retry_ms,
                                      error);
  if (self->source == NULL)
    return FALSE;
  g_signal_connect_object (self->source, "changed", G_CALLBACK (on_keys_changed), self, 0);
  return TRUE;
}

static void
weir_jwt_authenticator_initable_init (GInitableIface *iface)
{
  iface->init = weir_jwt_authenticator_initable_do;
}

static char **
dup_list (const GValue *value)
{
  char **list = g_value_get_boxed (value);

  return list != NULL && list[0] != NULL ? g_strdupv (list) : NULL;
}

static void
weir_jwt_authenticator_set_property (GObject *object,
                                     guint id,
                                     const GValue *value,
                                     GParamSpec *pspec)
{
  WeirJwtAuthenticator *self = WEIR_JWT_AUTHENTICATOR (object);

  switch (id)
    {
    case PROP_SECRET:
      self->secret = g_value_dup_string (value);
      break;
    case PROP_KEY:
      self->key = g_value_dup_string (value);
      break;
    case PROP_KEY_FILE:
      self->key_file = g_value_dup_string (value);
      break;
    case PROP_JWKS:
      self->jwks = g_value_dup_string (value);
      break;
    case PROP_JWKS_URL:
      self->jwks_url = g_value_dup_string (value);
      break;
    case PROP_ISSUER_URL:
      self->issuer_url = g_value_dup_string (value);
      break;
    case PROP_JWKS_REFRESH_MS:
      self->jwks_refresh_ms = g_value_get_uint (value);
      break;
    case PROP_JWKS_RETRY_MS:
      self->jwks_retry_ms = g_value_get_uint (value);
      break;
    case PROP_ALGORITHMS:
      self->algorithms = dup_list (value);
      break;
    case PROP_ISSUER:
      self->issuer = dup_list (value);
      break;
    case PROP_AUDIENCE:
      self->audience = dup_list (value);
      break;
    case PROP_CLOCK_TOLERANCE_MS:
      self->clock_tolerance_ms = g_value_get_uint (value);
      break;
    case PROP_TOKEN_LOCATION:
      self->token_location = g_value_get_enum (value);
      break;
    case PROP_TOKEN_NAME:
      self->token_name = g_value_dup_string (value);
      break;
    case PROP_STRICT_SCHEME:
      self->strict_scheme = g_value_get_boolean (value);
      break;
    case PROP_CACHE_SIZE:
      self->cache_size = g_value_get_uint (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
weir_jwt_authenticator_finalize (GObject *object)
{
  WeirJwtAuthenticator *self = WEIR_JWT_AUTHENTICATOR (object);

  g_free (self->secret);
  g_free (self->key);
  g_free (self->key_file);
  g_free (self->jwks);
  g_free (self->jwks_url);
  g_free (self->issuer_url);
  g_strfreev (self->algorithms);
  g_strfreev (self->issuer);
  g_strfreev (self->audience);
  g_free (self->token_name);
  g_clear_pointer (&self->rules.algorithms, g_ptr_array_unref);
  g_clear_pointer (&self->cache, weir_jwt_cache_free);
  g_clear_object (&self->source);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (weir_jwt_authenticator_parent_class)->finalize (object);
}

#define FLAGS (G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS)
#define A_DAY_MS 86400000

static GParamSpec *
new_string (const char *name)
{
  return g_param_spec_string (name, NULL, NULL, NULL, FLAGS);
}

static GParamSpec *
new_list (const char *name)
{
  return g_param_spec_boxed (name, NULL, NULL, G_TYPE_STRV, FLAGS);
}

static GParamSpec *
new_number (const char *name, guint least, guint most, guint fallback)
{
  return g_param_spec_uint (name, NULL, NULL, least, most, fallback, FLAGS);
}

static void
weir_jwt_authenticator_class_init (WeirJwtAuthenticatorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = weir_jwt_authenticator_set_property;
  object_class->finalize = weir_jwt_authenticator_finalize;

  properties[PROP_SECRET] = new_string ("secret");
  properties[PROP_KEY] = new_string ("key");
  properties[PROP_KEY_FILE] = new_string ("key-file");
  properties[PROP_JWKS] = new_string ("jwks");
  properties[PROP_JWKS_URL] = new_string ("jwks-url");
  properties[PROP_ISSUER_URL] = new_string ("issuer-url");
  properties[PROP_JWKS_REFRESH_MS] = new_number ("jwks-refresh-ms", 1000, A_DAY_MS, 600000);
  properties[PROP_JWKS_RETRY_MS] = new_number ("jwks-retry-ms", 100, A_DAY_MS, 30000);
  properties[PROP_ALGORITHMS] = new_list ("algorithms");
  properties[PROP_ISSUER] = new_list ("issuer");
  properties[PROP_AUDIENCE] = new_list ("audience");
  properties[PROP_CLOCK_TOLERANCE_MS] = new_number ("clock-tolerance-ms", 0, 3600000, 0);
  properties[PROP_TOKEN_LOCATION] = g_param_spec_enum ("token-location",
                                                       NULL,
                                                       NULL,
                                                       WEIR_TYPE_JWT_LOCATION,
                                                       WEIR_JWT_LOCATION_HEADER,
                                                       FLAGS);
  properties[PROP_TOKEN_NAME] = new_string ("token-name");
  properties[PROP_STRICT_SCHEME] = g_param_spec_boolean ("strict-scheme", NULL, NULL, FALSE, FLAGS);
  properties[PROP_CACHE_SIZE] = new_number ("cache-size", 0, 1000000, 4096);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
weir_jwt_authenticator_init (WeirJwtAuthenticator *self)
{
  g_mutex_init (&self->lock);
}
