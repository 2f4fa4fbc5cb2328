/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-server"

#include "server/weir-stores-private.h"

#include "base/weir-error.h"
#include "server/weir-extensions-private.h"

/* A keyring that asks somebody who is not there must not keep the server from starting. */
#define PATIENCE_MS 8000

struct _WeirStores
{
  WeirPluginEngine *plugins;
  WeirStore *store;
  WeirSecretStore *secrets;
  GPtrArray *borrowers;
};

/* ---- waiting ---- */

/* For one answer, in a context where nothing else can happen meanwhile. */
typedef struct
{
  GMainContext *context;
  GCancellable *cancellable;
  GAsyncResult *result;
  gboolean too_late;
} Wait;

static void
wait_clear (gpointer data)
{
  Wait *wait = data;

  g_main_context_unref (wait->context);
  g_object_unref (wait->cancellable);
  g_clear_object (&wait->result);
}

static void
wait_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, wait_clear);
}

static Wait *
wait_begin (void)
{
  Wait *wait = g_atomic_rc_box_new0 (Wait);

  wait->context = g_main_context_new ();
  wait->cancellable = g_cancellable_new ();
  g_main_context_push_thread_default (wait->context);

  return wait;
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Wait *wait = user_data;

  wait->result = g_object_ref (result);
  wait_unref (wait);
}

static gboolean
on_too_late (gpointer user_data)
{
  Wait *wait = user_data;

  wait->too_late = TRUE;
  g_cancellable_cancel (wait->cancellable);

  return G_SOURCE_REMOVE;
}

/* Returns the answer (borrowed), or NULL with an error. */
static GAsyncResult *
wait_end (Wait *wait, GError **error)
{
  g_autoptr (GSource) source = g_timeout_source_new (PATIENCE_MS);

  g_source_set_callback (source, on_too_late, wait, NULL);
  g_source_attach (source, wait->context);
  while (wait->result == NULL && !wait->too_late)
    g_main_context_iteration (wait->context, TRUE);
  g_source_destroy (source);
  g_main_context_pop_thread_default (wait->context);
  if (wait->result == NULL)
    g_set_error (error,
                 WEIR_ERROR,
                 WEIR_ERROR_TIMED_OUT,
                 "No answer within %d s",
                 PATIENCE_MS / 1000);

  return wait->result;
}

/* ---- the store ---- */

WeirStores *
weir_stores_new (WeirPluginEngine *plugins)
{
  WeirStores *self = g_new0 (WeirStores, 1);

  self->plugins = g_object_ref (plugins);
  self->borrowers = g_ptr_array_new_with_free_func (g_object_unref);

  return self;
}

void
weir_stores_free (WeirStores *self)
{
  weir_stores_recall (self);
  g_ptr_array_unref (self->borrowers);
  g_clear_object (&self->secrets);
  g_clear_object (&self->store);
  g_object_unref (self->plugins);
  g_free (self);
}

static gboolean
has_property (gpointer object, const char *name, GType type)
{
  GParamSpec *pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (object), name);

  return pspec != NULL && g_type_is_a (pspec->value_type, type) &&
         (pspec->flags & G_PARAM_WRITABLE) != 0 && (pspec->flags & G_PARAM_CONSTRUCT_ONLY) == 0;
}

/* Which project it is for; a plugin that keeps each apart has a property for it. */
static void
tell_project (gpointer object, WeirConfig *config)
{
  if (has_property (object, "project", G_TYPE_STRING))
    g_object_set (object, "project", weir_config_get_directory (config), NULL);
}

WeirStore *
weir_stores_open (WeirStores *self, WeirConfig *config, GError **error)
{
  g_autoptr (WeirStore) store = NULL;
  GAsyncResult *result;
  gboolean ok;
  Wait *wait;

  if (self->store != NULL)
    return self->store;
  store = weir_extensions_make_store (self->plugins, config, error);
  if (store == NULL)
    return NULL;

  tell_project (store, config);
  wait = wait_begin ();
  weir_store_open_async (store, wait->cancellable, on_answer, g_atomic_rc_box_acquire (wait));
  result = wait_end (wait, error);
  ok = result != NULL && weir_store_open_finish (store, result, error);
  wait_unref (wait);
  if (ok)
    self->store = g_steal_pointer (&store);

  return self->store;
}

gboolean
weir_stores_lend (WeirStores *self, WeirConfig *config, gpointer object, GError **error)
{
  WeirStore *store;

  if (!has_property (object, "store", WEIR_TYPE_STORE))
    return TRUE;
  store = weir_stores_open (self, config, error);
  if (store == NULL)
    return FALSE;
  g_object_set (object, "store", store, NULL);
  g_ptr_array_add (self->borrowers, g_object_ref (object));

  return TRUE;
}

void
weir_stores_recall (WeirStores *self)
{
  for (guint i = 0; i < self->borrowers->len; i++)
    g_object_set (self->borrowers->pdata[i], "store", NULL, NULL);
  g_ptr_array_set_size (self->borrowers, 0);
}

/* ---- the secret store ---- */

static gboolean
open_secret_store (WeirSecretStore *secrets, GError **error)
{
  Wait *wait = wait_begin ();
  GAsyncResult *result;
  gboolean ok;

  weir_secret_store_open_async (secrets,
                                wait->cancellable,
                                on_answer,
                                g_atomic_rc_box_acquire (wait));
  result = wait_end (wait, error);
  ok = result != NULL && weir_secret_store_open_finish (secrets, result, error);
  wait_unref (wait);

  return ok;
}

static WeirSecretStore *
make_secret_store (WeirStores *self, WeirConfig *config, const char *name, GError **error)
{
  g_autoptr (WeirSecretStore) secrets =
      weir_extensions_make_secret_store (self->plugins, config, name, error);

  if (secrets == NULL)
    return NULL;
  tell_project (secrets, config);
  if (has_property (secrets, "store", WEIR_TYPE_STORE))
    {
      WeirStore *store = weir_stores_open (self, config, error);

      if (store == NULL)
        return NULL;
      g_object_set (secrets, "store", store, NULL);
    }
  if (!open_secret_store (secrets, error))
    return NULL;

  return g_steal_pointer (&secrets);
}

WeirSecretStore *
weir_stores_open_secrets (WeirStores *self, WeirConfig *config, GError **error)
{
  const char *name = weir_settings_get_string (weir_config_get_server_settings (config), "secrets");

  if (self->secrets != NULL)
    return self->secrets;
  if (!g_str_equal (name, "auto"))
    {
      self->secrets = make_secret_store (self, config, name, error);
      return self->secrets;
    }

  {
    g_autoptr (GError) why = NULL;

    self->secrets = make_secret_store (self, config, "libsecret", &why);
    if (self->secrets == NULL)
      {
        g_debug ("Secrets are kept in a file: %s", why->message);
        self->secrets = make_secret_store (self, config, "file", error);
      }
  }

  return self->secrets;
}

GPtrArray *
weir_stores_list_secrets (WeirSecretStore *secrets, const char *scope, GError **error)
{
  GPtrArray *list = NULL;
  Wait *wait = wait_begin ();
  GAsyncResult *result;

  weir_secret_store_list_async (secrets,
                                scope,
                                TRUE,
                                wait->cancellable,
                                on_answer,
                                g_atomic_rc_box_acquire (wait));
  result = wait_end (wait, error);
  if (result != NULL)
    list = weir_secret_store_list_finish (secrets, result, error);
  wait_unref (wait);

  return list;
}
