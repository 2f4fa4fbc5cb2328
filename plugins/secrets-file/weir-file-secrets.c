/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-file-secrets.h"

#include <sodium.h>
#include <string.h>

#include "weir-master-key.h"
#include "weir-secret-box.h"

struct _WeirFileSecrets
{
  GObject parent_instance;

  WeirStore *store;
  char *key_file;
  WeirSecretBox *box; /* from the first time that a value is needed */
};

typedef enum
{
  PROP_KEY_FILE = 1,
  PROP_STORE,
} Property;

static GParamSpec *properties[PROP_STORE + 1];

static void weir_file_secrets_secret_store_init (WeirSecretStoreInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirFileSecrets,
                               weir_file_secrets,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_SECRET_STORE,
                                                      weir_file_secrets_secret_store_init))

static gboolean
ensure_box (WeirFileSecrets *self, gboolean create, GError **error)
{
  g_autofree char *path = NULL;
  guint8 key[WEIR_MASTER_KEY_LENGTH];
  gboolean ok;

  if (self->box != NULL)
    return TRUE;

  path = weir_master_key_dup_path (self->key_file);
  ok = weir_master_key_load (path, create, key, error);
  if (ok)
    self->box = weir_secret_box_new (key);
  explicit_bzero (key, sizeof key);

  return ok;
}

static void
weir_file_secrets_open (WeirSecretStore *store, GTask *task)
{
  WeirFileSecrets *self = WEIR_FILE_SECRETS (store);

  if (self->store == NULL)
    g_task_return_new_error (task,
                             WEIR_ERROR,
                             WEIR_ERROR_NOT_SUPPORTED,
                             "Encrypted secrets need a store to be in");
  else if (sodium_init () < 0)
    g_task_return_new_error (task,
                             WEIR_ERROR,
                             WEIR_ERROR_NOT_SUPPORTED,
                             "libsodium does not work on this machine");
  else
    g_task_return_boolean (task, TRUE);
}

/* ---- writing ---- */

static void
on_applied (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (weir_store_apply_finish (WEIR_STORE (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
weir_file_secrets_set (WeirSecretStore *store, GPtrArray *secrets, GTask *task)
{
  WeirFileSecrets *self = WEIR_FILE_SECRETS (store);
  g_autoptr (GPtrArray) changes =
      g_ptr_array_new_with_free_func ((GDestroyNotify) weir_change_unref);
  GError *error = NULL;

  if (!ensure_box (self, TRUE, &error))
    {
      g_task_return_error (task, error);
      return;
    }

  for (guint i = 0; i < secrets->len; i++)
    {
      g_autoptr (WeirRecord) record = weir_secret_box_close (self->box, secrets->pdata[i]);

      g_ptr_array_add (changes, weir_change_new (WEIR_CHANGE_PUT, record));
    }
  weir_store_apply_async (self->store,
                          changes,
                          g_task_get_cancellable (task),
                          on_applied,
                          g_object_ref (task));
}

/* ---- reading ---- */

typedef struct
{
  char *scope;
  gboolean with_values;
  char **names; /* to remove, or NULL to list */
} Query;

static void
query_free (gpointer data)
{
  Query *query = data;

  g_free (query->scope);
  g_strfreev (query->names);
  g_free (query);
}

static Query *
query_new (GTask *task, const char *scope)
{
  Query *query = g_new0 (Query, 1);

  query->scope = g_strdup (scope);
  g_task_set_task_data (task, query, query_free);

  return query;
}

static gboolean
is_of_scope (WeirRecord *record, const char *scope)
{
  const char *key = weir_record_get_key (record);
  gsize length = strlen (scope);

  return strncmp (key, scope, length) == 0 && key[length] == '/';
}

static GPtrArray *
open_all (WeirFileSecrets *self, Query *query, GPtrArray *records, GError **error)
{
  g_autoptr (GPtrArray) secrets =
      g_ptr_array_new_with_free_func ((GDestroyNotify) weir_secret_unref);

  for (guint i = 0; i < records->len; i++)
    {
      WeirSecret *secret;

      if (!is_of_scope (records->pdata[i], query->scope))
        continue;
      if (query->with_values && !ensure_box (self, FALSE, error))
        return NULL;
      secret =
          weir_secret_box_open (query->with_values ? self->box : NULL, records->pdata[i], error);
      if (secret == NULL)
        return NULL;
      g_ptr_array_add (secrets, secret);
    }

  return g_steal_pointer (&secrets);
}

static WeirRecord *
find_record (GPtrArray *records, const char *key)
{
  for (guint i = 0; i < records->len; i++)
    if (g_str_equal (weir_record_get_key (records->pdata[i]), key))
      return records->pdata[i];

  return NULL;
}

static GPtrArray *
make_removals (Query *query, GPtrArray *records, GError **error)
{
  g_autoptr (GPtrArray) changes =
      g_ptr_array_new_with_free_func ((GDestroyNotify) weir_change_unref);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; query->names[i] != NULL; i++)
    {
      g_autofree char *key = weir_secret_box_dup_record_key (query->scope, query->names[i]);
      WeirRecord *record = find_record (records, key);

      if (record == NULL)
        {
          g_set_error (error,
                       WEIR_ERROR,
                       WEIR_ERROR_NOT_FOUND,
                       "There is no secret %s",
                       query->names[i]);
          return NULL;
        }
      if (g_hash_table_add (seen, query->names[i]))
        g_ptr_array_add (changes, weir_change_new (WEIR_CHANGE_REMOVE, record));
    }

  return g_steal_pointer (&changes);
}

static void
on_records (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  WeirFileSecrets *self = g_task_get_source_object (task);
  Query *query = g_task_get_task_data (task);
  g_autoptr (GPtrArray) changes = NULL;
  g_autoptr (GPtrArray) records = NULL;
  GPtrArray *secrets;
  GError *error = NULL;

  records = weir_store_list_finish (WEIR_STORE (source), result, &error);
  if (records == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  if (query->names == NULL)
    {
      secrets = open_all (self, query, records, &error);
      if (secrets != NULL)
        weir_task_return_boxed (task, G_TYPE_PTR_ARRAY, secrets);
      else
        g_task_return_error (task, error);
      return;
    }

  changes = make_removals (query, records, &error);
  if (changes == NULL)
    g_task_return_error (task, error);
  else
    weir_store_apply_async (self->store,
                            changes,
                            g_task_get_cancellable (task),
                            on_applied,
                            g_object_ref (task));
}

static void
run_query (WeirFileSecrets *self, GTask *task)
{
  weir_store_list_async (self->store,
                         WEIR_SECRET_KIND,
                         g_task_get_cancellable (task),
                         on_records,
                         g_object_ref (task));
}

static void
weir_file_secrets_list (WeirSecretStore *store,
                        const char *scope,
                        gboolean with_values,
                        GTask *task)
{
  query_new (task, scope)->with_values = with_values;
  run_query (WEIR_FILE_SECRETS (store), task);
}

static void
weir_file_secrets_remove (WeirSecretStore *store,
                          const char *scope,
                          const char *const *names,
                          GTask *task)
{
  query_new (task, scope)->names = g_strdupv ((char **) names);
  run_query (WEIR_FILE_SECRETS (store), task);
}

static char *
weir_file_secrets_dup_location (WeirSecretStore *store)
{
  WeirFileSecrets *self = WEIR_FILE_SECRETS (store);
  g_autofree char *location =
      self->store != NULL ? weir_store_dup_location (self->store) : g_strdup ("nowhere");
  g_autofree char *key = weir_master_key_dup_path (self->key_file);

  return g_strdup_printf ("%s, encrypted with the key in %s", location, key);
}

static void
weir_file_secrets_secret_store_init (WeirSecretStoreInterface *iface)
{
  iface->open = weir_file_secrets_open;
  iface->set = weir_file_secrets_set;
  iface->list = weir_file_secrets_list;
  iface->remove = weir_file_secrets_remove;
  iface->dup_location = weir_file_secrets_dup_location;
}

/* ---- the object ---- */

static void
weir_file_secrets_get_property (GObject *object,
                                guint property_id,
                                GValue *value,
                                GParamSpec *pspec)
{
  WeirFileSecrets *self = WEIR_FILE_SECRETS (object);

  switch ((Property) property_id)
    {
    case PROP_KEY_FILE:
      g_value_set_string (value, self->key_file);
      break;
    case PROP_STORE:
      g_value_set_object (value, self->store);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
      break;
    }
}

static void
set_store (WeirFileSecrets *self, WeirStore *store)
{
  if (!g_set_object (&self->store, store) || store == NULL)
    return;
  g_signal_connect_object (store,
                           "changed",
                           G_CALLBACK (weir_secret_store_emit_changed),
                           self,
                           G_CONNECT_SWAPPED);
}

static void
weir_file_secrets_set_property (GObject *object,
                                guint property_id,
                                const GValue *value,
                                GParamSpec *pspec)
{
  WeirFileSecrets *self = WEIR_FILE_SECRETS (object);

  switch ((Property) property_id)
    {
    case PROP_KEY_FILE:
      g_free (self->key_file);
      self->key_file = g_value_dup_string (value);
      break;
    case PROP_STORE:
      set_store (self, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
      break;
    }
}

static void
weir_file_secrets_finalize (GObject *object)
{
  WeirFileSecrets *self = WEIR_FILE_SECRETS (object);

  g_clear_pointer (&self->box, weir_secret_box_free);
  g_clear_object (&self->store);
  g_free (self->key_file);

  G_OBJECT_CLASS (weir_file_secrets_parent_class)->finalize (object);
}

static void
weir_file_secrets_class_init (WeirFileSecretsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = weir_file_secrets_get_property;
  object_class->set_property = weir_file_secrets_set_property;
  object_class->finalize = weir_file_secrets_finalize;

  properties[PROP_KEY_FILE] = g_param_spec_string ("key-file", NULL, NULL, NULL, flags);
  properties[PROP_STORE] = g_param_spec_object ("store", NULL, NULL, WEIR_TYPE_STORE, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
weir_file_secrets_init (WeirFileSecrets *self)
{
}
