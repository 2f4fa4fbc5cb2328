/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-server"

#include "server/weir-user-secrets-private.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "base/weir-json-text-private.h"
#include "http/weir-concurrent.h"
#include "http/weir-exchange-private.h"
#include "http/weir-slot-private.h"

/* Users who are remembered; beyond that all are forgotten and looked up again. */
#define MAX_KNOWN 4096
/* A worker takes heads of 64 KiB: half of that is left to the client. */
#define MAX_ENCODED (32 * 1024)
#define MAX_JSON (MAX_ENCODED / 4 * 3)

struct _WeirUserSecrets
{
  GObject parent_instance;

  gint open; /* atomic; what is below is set before */
  WeirEngine *engine;

  /* control thread */
  WeirSecretStore *store;
  WeirCensor *censor;
  guint generation; /* of the store's contents */

  /* data threads */
  GMutex lock;
  GHashTable *known; /* user -> GBytes, or NULL for one who has none */
};

static void weir_user_secrets_stage_init (WeirStageInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirUserSecrets,
                               weir_user_secrets,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_STAGE, weir_user_secrets_stage_init)
                                   G_IMPLEMENT_INTERFACE (WEIR_TYPE_CONCURRENT, NULL))

/* ---- who ---- */

/* Fluxbase's own tokens say it in a claim of theirs. */
static char *
dup_user (WeirIdentity *identity)
{
  const char *claims = weir_identity_get_claims (identity);
  g_autoptr (JsonNode) root = NULL;
  JsonNode *user = NULL;

  if (strstr (claims, "\"user_id\"") != NULL)
    root = json_from_string (claims, NULL);
  if (root != NULL && JSON_NODE_HOLDS_OBJECT (root))
    user = json_object_get_member (json_node_get_object (root), "user_id");
  if (user != NULL && JSON_NODE_HOLDS_VALUE (user) &&
      json_node_get_value_type (user) == G_TYPE_STRING)
    return json_node_dup_string (user);

  return g_strdup (weir_identity_get_subject (identity));
}

/* ---- data thread ---- */

typedef struct
{
  WeirUserSecrets *self;
  char *user;    /* NULL: forget all */
  GBytes *bytes; /* NULL: that one has none */
} News;

static void
unref_bytes (gpointer bytes)
{
  if (bytes != NULL)
    g_bytes_unref (bytes);
}

static void
on_news (gpointer user_data)
{
  News *news = user_data;
  GHashTable *known = news->self->known;

  g_mutex_lock (&news->self->lock);
  if (news->user == NULL || g_hash_table_size (known) >= MAX_KNOWN)
    g_hash_table_remove_all (known);
  if (news->user != NULL)
    g_hash_table_replace (known, news->user, news->bytes);
  g_mutex_unlock (&news->self->lock);
  g_object_unref (news->self);
  g_free (news);
}

/* FALSE for one who is not known. */
static gboolean
look_for (WeirUserSecrets *self, const char *user, GBytes **secrets)
{
  gpointer bytes = NULL;
  gboolean found;

  g_mutex_lock (&self->lock);
  found = g_hash_table_lookup_extended (self->known, user, NULL, &bytes);
  if (bytes != NULL)
    *secrets = g_bytes_ref (bytes);
  g_mutex_unlock (&self->lock);
  return found;
}

static WeirStageResult
weir_user_secrets_process (WeirStage *stage, WeirExchange *exchange)
{
  WeirUserSecrets *self = WEIR_USER_SECRETS (stage);
  WeirIdentity *identity = weir_exchange_get_identity (exchange);
  WeirSlot *slot = weir_exchange_get_route (exchange);
  g_autofree char *user = NULL;
  g_autoptr (GBytes) secrets = NULL;

  if (identity == NULL || slot == NULL || !g_atomic_int_get (&self->open) ||
      !weir_slot_may_take_secrets (slot))
    return WEIR_STAGE_CONTINUE;
  user = dup_user (identity);
  if (user == NULL || *user == '\0')
    return WEIR_STAGE_CONTINUE;
  if (!look_for (self, user, &secrets))
    return WEIR_STAGE_PENDING;
  if (secrets != NULL)
    weir_exchange_set_user_secrets (exchange, secrets);
  return WEIR_STAGE_CONTINUE;
}

/* ---- control thread ---- */

static void
tell (WeirUserSecrets *self, const char *user, GBytes *bytes)
{
  News *news = g_new0 (News, 1);

  news->self = g_object_ref (self);
  news->user = g_strdup (user);
  news->bytes = bytes != NULL ? g_bytes_ref (bytes) : NULL;
  weir_engine_invoke (self->engine, on_news, news);
}

static void
on_store_changed (WeirUserSecrets *self)
{
  self->generation++;
  tell (self, NULL, NULL);
}

typedef struct
{
  WeirExchange *exchange;
  char *user;
  char *scope;
  guint generation;
} Lookup;

static void
lookup_free (gpointer data)
{
  Lookup *lookup = data;

  g_object_unref (lookup->exchange);
  g_free (lookup->user);
  g_free (lookup->scope);
  g_free (lookup);
}

static void
wipe (gpointer data)
{
  char *text = data;

  explicit_bzero (text, strlen (text));
  g_free (text);
}

static char *
encode (GPtrArray *secrets)
{
  GString *json = g_string_new ("{");
  char *encoded;

  for (guint i = 0; i < secrets->len; i++)
    {
      if (i > 0)
        g_string_append_c (json, ',');
      weir_json_append_string (json, weir_secret_get_name (secrets->pdata[i]));
      g_string_append_c (json, ':');
      weir_json_append_string (json, weir_secret_get_value (secrets->pdata[i]));
    }
  g_string_append_c (json, '}');
  encoded = g_base64_encode ((const guchar *) json->str, json->len);
  explicit_bzero (json->str, json->len);
  g_string_free (json, TRUE);

  return encoded;
}

static GBytes *
new_bytes (char *encoded)
{
  return g_bytes_new_with_free_func (encoded, strlen (encoded) + 1, wipe, encoded);
}

/* In place of the secrets, under a name that none can have: who asks for one is told, and does
 * not get another one instead. */
static GBytes *
make_excuse (const char *why)
{
  g_autoptr (GString) json = g_string_new ("{\"\":");

  weir_json_append_string (json, why);
  g_string_append_c (json, '}');
  return new_bytes (g_base64_encode ((const guchar *) json->str, json->len));
}

static GBytes *
take_secrets (WeirUserSecrets *self, Lookup *lookup, GPtrArray *secrets)
{
  char *encoded;

  if (secrets->len == 0)
    return NULL;
  for (guint i = 0; i < secrets->len; i++)
    weir_censor_add_user_secret (self->censor, weir_secret_get_value (secrets->pdata[i]));
  encoded = encode (secrets);
  if (strlen (encoded) > MAX_ENCODED)
    {
      g_warning ("The secrets of the user %s are larger than %d KB together; functions get none of "
                 "them",
                 lookup->user,
                 MAX_JSON / 1024);
      wipe (encoded);
      return make_excuse ("The secrets of this user are larger than 24 KB together");
    }

  return new_bytes (encoded);
}

static void look_up (WeirUserSecrets *self, GTask *task);

static void
on_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  WeirUserSecrets *self = g_task_get_source_object (task);
  Lookup *lookup = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) secrets =
      weir_secret_store_list_finish (WEIR_SECRET_STORE (source), result, &error);
  g_autoptr (GBytes) bytes = NULL;

  if (secrets == NULL)
    {
      /* What has no need of them is served without them. */
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        g_warning ("The secrets of a user cannot be read: %s", error->message);
      bytes = make_excuse ("The secrets of this user cannot be read");
      weir_exchange_set_user_secrets (lookup->exchange, bytes);
      g_task_return_boolean (task, FALSE);
      return;
    }
  if (lookup->generation != self->generation)
    {
      look_up (self, task);
      return;
    }
  bytes = take_secrets (self, lookup, secrets);
  if (bytes != NULL)
    weir_exchange_set_user_secrets (lookup->exchange, bytes);
  tell (self, lookup->user, bytes);
  g_task_return_boolean (task, FALSE);
}

static void
look_up (WeirUserSecrets *self, GTask *task)
{
  Lookup *lookup = g_task_get_task_data (task);

  lookup->generation = self->generation;
  weir_secret_store_list_async (self->store,
                                lookup->scope,
                                TRUE,
                                g_task_get_cancellable (task),
                                on_listed,
                                g_object_ref (task));
}

static void
weir_user_secrets_handle (WeirStage *stage, WeirExchange *exchange, GTask *task)
{
  WeirUserSecrets *self = WEIR_USER_SECRETS (stage);
  Lookup *lookup = g_new0 (Lookup, 1);

  lookup->exchange = g_object_ref (exchange);
  lookup->user = dup_user (weir_exchange_get_identity (exchange));
  lookup->scope = g_strconcat ("user:", lookup->user, NULL);
  g_task_set_task_data (task, lookup, lookup_free);
  if (weir_secret_check_scope (lookup->scope, NULL))
    {
      look_up (self, task);
      return;
    }
  /* No secret can be set for somebody of such a name. */
  tell (self, lookup->user, NULL);
  g_task_return_boolean (task, FALSE);
}

static WeirPhase
weir_user_secrets_get_phase (WeirStage *stage)
{
  return WEIR_PHASE_LIMITS;
}

static void
weir_user_secrets_stage_init (WeirStageInterface *iface)
{
  iface->process = weir_user_secrets_process;
  iface->handle = weir_user_secrets_handle;
  iface->get_phase = weir_user_secrets_get_phase;
}

static void
weir_user_secrets_finalize (GObject *object)
{
  WeirUserSecrets *self = WEIR_USER_SECRETS (object);

  g_hash_table_unref (self->known);
  g_mutex_clear (&self->lock);
  g_clear_object (&self->store);
  g_clear_object (&self->engine);
  g_clear_pointer (&self->censor, weir_censor_unref);

  G_OBJECT_CLASS (weir_user_secrets_parent_class)->finalize (object);
}

static void
weir_user_secrets_class_init (WeirUserSecretsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = weir_user_secrets_finalize;
}

static void
weir_user_secrets_init (WeirUserSecrets *self)
{
  g_mutex_init (&self->lock);
  self->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, unref_bytes);
}

WeirUserSecrets *
weir_user_secrets_new (void)
{
  return g_object_new (WEIR_TYPE_USER_SECRETS, NULL);
}

void
weir_user_secrets_open (WeirUserSecrets *self,
                        WeirEngine *engine,
                        WeirSecretStore *store,
                        WeirCensor *censor)
{
  g_return_if_fail (self->store == NULL);

  self->engine = g_object_ref (engine);
  self->store = g_object_ref (store);
  self->censor = weir_censor_ref (censor);
  g_signal_connect_object (store,
                           "changed",
                           G_CALLBACK (on_store_changed),
                           self,
                           G_CONNECT_SWAPPED);
  g_atomic_int_set (&self->open, TRUE);
}
