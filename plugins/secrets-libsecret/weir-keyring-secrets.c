/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-keyring-secrets.h"

#include <libsecret/secret.h>
#include <string.h>

#define SERVICE_NAME "org.freedesktop.secrets"
#define COLLECTION_INTERFACE "org.freedesktop.Secret.Collection"

struct _WeirKeyringSecrets
{
  GObject parent_instance;

  char *project;
  GMainContext *context;
  SecretService *service;
  GDBusConnection *connection;
  guint subscription;
};

typedef enum
{
  PROP_PROJECT = 1,
} Property;

static GParamSpec *properties[PROP_PROJECT + 1];

static const SecretSchema schema = {
  "org.weir.Secret",
  SECRET_SCHEMA_NONE,
  { { "project", SECRET_SCHEMA_ATTRIBUTE_STRING },
    { "scope", SECRET_SCHEMA_ATTRIBUTE_STRING },
    { "name", SECRET_SCHEMA_ATTRIBUTE_STRING },
    { NULL, 0 } },
};

static void weir_keyring_secrets_secret_store_init (WeirSecretStoreInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirKeyringSecrets,
                               weir_keyring_secrets,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_SECRET_STORE,
                                                      weir_keyring_secrets_secret_store_init))

static const char *
get_project (WeirKeyringSecrets *self)
{
  return self->project != NULL ? self->project : "";
}

static GHashTable *
make_attributes (WeirKeyringSecrets *self, const char *scope, const char *name)
{
  /* clang-format off */
  return secret_attributes_build (&schema,
                                  "project", get_project (self),
                                  "scope", scope,
                                  name != NULL ? "name" : NULL, name,
                                  NULL);
  /* clang-format on */
}

/* In words of ours, and with what can be done about it. */
static void
return_error (GTask *task, const char *what, GError *error)
{
  WeirError code = WEIR_ERROR_FAILED;
  const char *hint = "";

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_task_return_error (task, error);
      return;
    }
  if (g_error_matches (error, SECRET_ERROR, SECRET_ERROR_IS_LOCKED))
    {
      code = WEIR_ERROR_FORBIDDEN;
      hint = "; unlock the keyring, or use `secrets = \"file\"`";
    }
  g_dbus_error_strip_remote_error (error);
  g_task_return_new_error (task, WEIR_ERROR, code, "%s: %s%s", what, error->message, hint);
  g_error_free (error);
}

/* ---- open ---- */

static void
on_collection_signal (GDBusConnection *connection,
                      const char *sender,
                      const char *path,
                      const char *interface,
                      const char *signal,
                      GVariant *parameters,
                      gpointer user_data)
{
  GWeakRef *weak = user_data;
  g_autoptr (WeirSecretStore) store = g_weak_ref_get (weak);

  if (store != NULL)
    weir_secret_store_emit_changed (store);
}

static void
weak_ref_free (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

/* ItemCreated, ItemChanged, ItemDeleted, of any collection. They come to the context that is
 * current now, so that is made the store's own. */
static void
subscribe (WeirKeyringSecrets *self)
{
  GWeakRef *weak = g_new0 (GWeakRef, 1);

  g_weak_ref_init (weak, self);
  g_main_context_push_thread_default (self->context);
  self->subscription = g_dbus_connection_signal_subscribe (self->connection,
                                                           SERVICE_NAME,
                                                           COLLECTION_INTERFACE,
                                                           NULL,
                                                           NULL,
                                                           NULL,
                                                           G_DBUS_SIGNAL_FLAGS_NONE,
                                                           on_collection_signal,
                                                           weak,
                                                           weak_ref_free);
  g_main_context_pop_thread_default (self->context);
}

static void
on_collection (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  WeirKeyringSecrets *self = g_task_get_source_object (task);
  GError *error = NULL;
  g_autoptr (SecretCollection) collection = secret_collection_for_alias_finish (result, &error);

  if (error != NULL)
    return_error (task, "The keyring does not answer", error);
  else if (collection == NULL)
    g_task_return_new_error (task,
                             WEIR_ERROR,
                             WEIR_ERROR_NOT_SUPPORTED,
                             "There is no keyring yet: make one, or use `secrets = \"file\"`");
  else
    {
      if (self->subscription == 0)
        subscribe (self);
      g_task_return_boolean (task, TRUE);
    }
}

static void
on_service (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  WeirKeyringSecrets *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;

  self->service = secret_service_get_finish (result, &error);
  if (self->service == NULL)
    {
      g_dbus_error_strip_remote_error (error);
      g_task_return_new_error (task,
                               WEIR_ERROR,
                               WEIR_ERROR_NOT_SUPPORTED,
                               "No keyring answers in this session: %s",
                               error->message);
      return;
    }
  self->connection = g_object_ref (g_dbus_proxy_get_connection (G_DBUS_PROXY (self->service)));
  secret_collection_for_alias (self->service,
                               SECRET_COLLECTION_DEFAULT,
                               SECRET_COLLECTION_NONE,
                               g_task_get_cancellable (task),
                               on_collection,
                               g_object_ref (task));
}

static void
weir_keyring_secrets_open (WeirSecretStore *store, GTask *task)
{
  secret_service_get (SECRET_SERVICE_OPEN_SESSION,
                      g_task_get_cancellable (task),
                      on_service,
                      g_object_ref (task));
}

/* ---- one after the other ---- */

typedef struct
{
  GPtrArray *secrets; /* to keep… */
  char *scope;        /* …or to remove: whose, */
  char **names;       /* and which */
  guint next;
} Work;

static void
work_free (gpointer data)
{
  Work *work = data;

  g_clear_pointer (&work->secrets, g_ptr_array_unref);
  g_free (work->scope);
  g_strfreev (work->names);
  g_free (work);
}

static void set_next (GTask *task);
static void remove_next (GTask *task);

static void
on_kept (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (secret_password_store_finish (result, &error))
    set_next (task);
  else if (error != NULL)
    return_error (task, "Cannot keep a secret in the keyring", error);
  else
    g_task_return_new_error (task,
                             WEIR_ERROR,
                             WEIR_ERROR_FORBIDDEN,
                             "The keyring stayed locked: unlock it, or use `secrets = \"file\"`");
}

static void
set_next (GTask *task)
{
  WeirKeyringSecrets *self = g_task_get_source_object (task);
  Work *work = g_task_get_task_data (task);
  g_autoptr (GHashTable) attributes = NULL;
  g_autofree char *label = NULL;
  WeirSecret *secret;

  if (work->next == work->secrets->len)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }

  secret = work->secrets->pdata[work->next++];
  attributes =
      make_attributes (self, weir_secret_get_scope (secret), weir_secret_get_name (secret));
  label = g_strdup_printf ("Weir: %s", weir_secret_get_name (secret));
  secret_password_storev (&schema,
                          attributes,
                          SECRET_COLLECTION_DEFAULT,
                          label,
                          weir_secret_get_value (secret),
                          g_task_get_cancellable (task),
                          on_kept,
                          g_object_ref (task));
}

static void
weir_keyring_secrets_set (WeirSecretStore *store, GPtrArray *secrets, GTask *task)
{
  Work *work = g_new0 (Work, 1);

  work->secrets = g_ptr_array_new_with_free_func ((GDestroyNotify) weir_secret_unref);
  for (guint i = 0; i < secrets->len; i++)
    g_ptr_array_add (work->secrets, weir_secret_ref (secrets->pdata[i]));
  g_task_set_task_data (task, work, work_free);
  set_next (task);
}

static void
on_forgotten (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  secret_password_clear_finish (result, &error);
  if (error == NULL)
    remove_next (task);
  else
    return_error (task, "Cannot take a secret out of the keyring", error);
}

static void
remove_next (GTask *task)
{
  WeirKeyringSecrets *self = g_task_get_source_object (task);
  Work *work = g_task_get_task_data (task);
  g_autoptr (GHashTable) attributes = NULL;

  if (work->names[work->next] == NULL)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }

  attributes = make_attributes (self, work->scope, work->names[work->next++]);
  secret_password_clearv (&schema,
                          attributes,
                          g_task_get_cancellable (task),
                          on_forgotten,
                          g_object_ref (task));
}

/* ---- list ---- */

static gint64
get_updated (SecretItem *item)
{
  return (gint64) secret_item_get_modified (item) * 1000;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  WeirSecret *const *first = a;
  WeirSecret *const *second = b;

  return strcmp (weir_secret_get_name (*first), weir_secret_get_name (*second));
}

static WeirSecret *
read_item (SecretItem *item, const char *scope, gboolean with_values, GError **error)
{
  g_autoptr (GHashTable) attributes = secret_item_get_attributes (item);
  const char *name = g_hash_table_lookup (attributes, "name");
  SecretValue *value;
  WeirSecret *secret;

  if (name == NULL)
    name = "";
  if (!with_values)
    return weir_secret_new (scope, name, NULL, get_updated (item));

  value = secret_item_get_secret (item);
  if (value == NULL || secret_value_get_text (value) == NULL)
    {
      g_clear_pointer (&value, secret_value_unref);
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_FORBIDDEN,
                   secret_item_get_locked (item)
                       ? "The keyring that has the secret %s is locked: unlock it, or use "
                         "`secrets = \"file\"`"
                       : "The keyring does not give out the secret %s",
                   name);
      return NULL;
    }
  secret = weir_secret_new (scope, name, secret_value_get_text (value), get_updated (item));
  secret_value_unref (value);

  return secret;
}

typedef struct
{
  char *scope;
  gboolean with_values;
  char **names; /* to remove them afterwards, or NULL */
} Query;

static void
query_free (gpointer data)
{
  Query *query = data;

  g_free (query->scope);
  g_strfreev (query->names);
  g_free (query);
}

static GPtrArray *
read_items (GList *items, Query *query, GError **error)
{
  g_autoptr (GPtrArray) secrets =
      g_ptr_array_new_with_free_func ((GDestroyNotify) weir_secret_unref);

  for (GList *l = items; l != NULL; l = l->next)
    {
      WeirSecret *secret = read_item (l->data, query->scope, query->with_values, error);

      if (secret == NULL)
        return NULL;
      g_ptr_array_add (secrets, secret);
    }
  g_ptr_array_sort (secrets, compare_names);

  return g_steal_pointer (&secrets);
}

static gboolean
has_name (GPtrArray *secrets, const char *name)
{
  for (guint i = 0; i < secrets->len; i++)
    if (g_str_equal (weir_secret_get_name (secrets->pdata[i]), name))
      return TRUE;

  return FALSE;
}

/* Either all of them are there, or none is touched. */
static void
start_removing (GTask *task, Query *query, GPtrArray *secrets)
{
  Work *work;

  for (guint i = 0; query->names[i] != NULL; i++)
    if (!has_name (secrets, query->names[i]))
      {
        g_task_return_new_error (task,
                                 WEIR_ERROR,
                                 WEIR_ERROR_NOT_FOUND,
                                 "There is no secret %s",
                                 query->names[i]);
        return;
      }

  work = g_new0 (Work, 1);
  work->scope = g_steal_pointer (&query->scope);
  work->names = g_steal_pointer (&query->names);
  g_task_set_task_data (task, work, work_free);
  remove_next (task);
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Query *query = g_task_get_task_data (task);
  g_autoptr (GPtrArray) secrets = NULL;
  GError *error = NULL;
  GList *items = secret_service_search_finish (SECRET_SERVICE (source), result, &error);

  if (error != NULL)
    {
      return_error (task, "Cannot look into the keyring", error);
      return;
    }
  secrets = read_items (items, query, &error);
  g_list_free_full (items, g_object_unref);
  if (secrets == NULL)
    g_task_return_error (task, error);
  else if (query->names == NULL)
    weir_task_return_boxed (task, G_TYPE_PTR_ARRAY, g_steal_pointer (&secrets));
  else
    start_removing (task, query, secrets);
}

static void
search (WeirSecretStore *store,
        const char *scope,
        gboolean with_values,
        const char *const *names,
        GTask *task)
{
  WeirKeyringSecrets *self = WEIR_KEYRING_SECRETS (store);
  g_autoptr (GHashTable) attributes = make_attributes (self, scope, NULL);
  Query *query = g_new0 (Query, 1);

  query->scope = g_strdup (scope);
  query->with_values = with_values;
  query->names = g_strdupv ((char **) names);
  g_task_set_task_data (task, query, query_free);
  secret_service_search (self->service,
                         &schema,
                         attributes,
                         with_values ? SECRET_SEARCH_ALL | SECRET_SEARCH_LOAD_SECRETS
                                     : SECRET_SEARCH_ALL,
                         g_task_get_cancellable (task),
                         on_found,
                         g_object_ref (task));
}

static void
weir_keyring_secrets_list (WeirSecretStore *store,
                           const char *scope,
                           gboolean with_values,
                           GTask *task)
{
  search (store, scope, with_values, NULL, task);
}

static void
weir_keyring_secrets_remove (WeirSecretStore *store,
                             const char *scope,
                             const char *const *names,
                             GTask *task)
{
  search (store, scope, FALSE, names, task);
}

static char *
weir_keyring_secrets_dup_location (WeirSecretStore *store)
{
  return g_strdup ("the keyring");
}

static void
weir_keyring_secrets_secret_store_init (WeirSecretStoreInterface *iface)
{
  iface->open = weir_keyring_secrets_open;
  iface->set = weir_keyring_secrets_set;
  iface->list = weir_keyring_secrets_list;
  iface->remove = weir_keyring_secrets_remove;
  iface->dup_location = weir_keyring_secrets_dup_location;
}

/* ---- the object ---- */

static void
weir_keyring_secrets_get_property (GObject *object,
                                   guint property_id,
                                   GValue *value,
                                   GParamSpec *pspec)
{
  WeirKeyringSecrets *self = WEIR_KEYRING_SECRETS (object);

  switch ((Property) property_id)
    {
    case PROP_PROJECT:
      g_value_set_string (value, self->project);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
      break;
    }
}

static void
weir_keyring_secrets_set_property (GObject *object,
                                   guint property_id,
                                   const GValue *value,
                                   GParamSpec *pspec)
{
  WeirKeyringSecrets *self = WEIR_KEYRING_SECRETS (object);

  switch ((Property) property_id)
    {
    case PROP_PROJECT:
      g_free (self->project);
      self->project = g_value_dup_string (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
      break;
    }
}

static void
weir_keyring_secrets_dispose (GObject *object)
{
  WeirKeyringSecrets *self = WEIR_KEYRING_SECRETS (object);

  if (self->subscription != 0)
    g_dbus_connection_signal_unsubscribe (self->connection, self->subscription);
  self->subscription = 0;
  g_clear_object (&self->service);
  g_clear_object (&self->connection);

  G_OBJECT_CLASS (weir_keyring_secrets_parent_class)->dispose (object);
}

static void
weir_keyring_secrets_finalize (GObject *object)
{
  WeirKeyringSecrets *self = WEIR_KEYRING_SECRETS (object);

  g_main_context_unref (self->context);
  g_free (self->project);

  G_OBJECT_CLASS (weir_keyring_secrets_parent_class)->finalize (object);
}

static void
weir_keyring_secrets_class_init (WeirKeyringSecretsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = weir_keyring_secrets_get_property;
  object_class->set_property = weir_keyring_secrets_set_property;
  object_class->dispose = weir_keyring_secrets_dispose;
  object_class->finalize = weir_keyring_secrets_finalize;

  properties[PROP_PROJECT] = g_param_spec_string ("project", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
weir_keyring_secrets_init (WeirKeyringSecrets *self)
{
  self->context = g_main_context_ref_thread_default ();
}
