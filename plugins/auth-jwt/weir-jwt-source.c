/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-jwt-source.h"

#include <string.h>

#include "weir-jwt-fetcher.h"

#define DISCOVERY "/.well-known/openid-configuration"
/* Callers wait for it, who are answered after ten seconds if nobody changed that. */
#define TIMEOUT_S 8

struct _WeirJwtSource
{
  GObject parent_instance;

  GMainContext *control;
  gboolean remote;
  char *issuer_url;
  WeirJwtFetcher *discovery; /* NULL: the address of the keys was given */
  WeirJwtFetcher *fetcher;   /* NULL: nothing is fetched, or it was not found yet from where */
  WeirJwtKeySet *fixed;
  gint64 refresh_us;
  gint64 retry_us;
  GPtrArray *waiting; /* GTask */

  GMutex lock; /* what follows */
  WeirJwtKeySet *keys;
  gint64 refresh_at; /* monotonic */
  gint64 retry_at;
  gboolean fetching;
};

static guint changed_signal;

G_DEFINE_FINAL_TYPE (WeirJwtSource, weir_jwt_source, G_TYPE_OBJECT)

/* ---- fetching, on the control thread ---- */

static gboolean
take_keys (WeirJwtSource *self, GBytes *text, GError **error)
{
  g_autoptr (WeirJwtKeySet) keys = weir_jwt_key_set_new ();
  WeirJwtKeySet *old;
  gsize length;
  const char *data = g_bytes_get_data (text, &length);

  weir_jwt_key_set_add_all (keys, self->fixed);
  if (!weir_jwt_key_set_read (keys, data != NULL ? data : "", length, error))
    return FALSE;
  g_mutex_lock (&self->lock);
  old = self->keys;
  self->keys = weir_jwt_key_set_ref (keys);
  self->refresh_at = g_get_monotonic_time () + self->refresh_us;
  g_mutex_unlock (&self->lock);
  weir_jwt_key_set_unref (old);
  return TRUE;
}

static void
wake (WeirJwtSource *self)
{
  g_autoptr (GPtrArray) tasks = g_steal_pointer (&self->waiting);

  self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < tasks->len; i++)
    g_task_return_boolean (tasks->pdata[i], TRUE);
}

static void
end_fetch (WeirJwtSource *self, const GError *error)
{
  gint64 now = g_get_monotonic_time ();

  g_mutex_lock (&self->lock);
  self->fetching = FALSE;
  self->retry_at = now + self->retry_us;
  g_mutex_unlock (&self->lock);
  if (error == NULL)
    g_signal_emit (self, changed_signal, 0);
  else
    g_warning ("The keys cannot be fetched, those before stay in force: %s", error->message);
  /* They may have moved. */
  if (error != NULL && self->discovery != NULL)
    g_clear_object (&self->fetcher);
  wake (self);
}

static void
on_fetched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (WeirJwtSource) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) text =
      weir_jwt_fetcher_fetch_finish (WEIR_JWT_FETCHER (source), result, &error);

  if (text != NULL)
    take_keys (self, text, &error);
  end_fetch (self, error);
}

/* With a slash at its end or without: issuers write their name in both ways. */
static gboolean
is_same_issuer (const char *a, const char *b)
{
  gsize length = strlen (b);

  length -= length > 0 && b[length - 1] == '/';
  return strncmp (a, b, length) == 0 && (a[length] == '\0' || strcmp (a + length, "/") == 0);
}

/* Who speaks for another issuer does not choose the keys of this one; and what was fetched
 * encrypted is not continued in the open. */
static WeirJwtFetcher *
read_discovery (WeirJwtSource *self, GBytes *text, GError **error)
{
  gsize length;
  const char *data = g_bytes_get_data (text, &length);
  g_autoptr (WeirJwtObject) object =
      weir_jwt_object_parse (data != NULL ? data : "", length, error);
  g_autoptr (WeirJwtFetcher) fetcher = NULL;
  g_autofree char *issuer = NULL;
  g_autofree char *url = NULL;

  if (object == NULL)
    return NULL;
  issuer = weir_jwt_object_dup_string (object, "issuer");
  url = weir_jwt_object_dup_string (object, "jwks_uri");
  if (issuer == NULL || !is_same_issuer (issuer, self->issuer_url) || url == NULL)
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_BAD_GATEWAY,
                   "%s%s does not say where the keys of that issuer are",
                   self->issuer_url,
                   DISCOVERY);
      return NULL;
    }
  fetcher = weir_jwt_fetcher_new (url, TIMEOUT_S / 2, error);
  if (fetcher == NULL)
    g_prefix_error (error, "jwks_uri of %s: ", self->issuer_url);
  else if (weir_jwt_fetcher_is_encrypted (self->discovery) &&
           !weir_jwt_fetcher_is_encrypted (fetcher))
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_BAD_GATEWAY,
                   "jwks_uri of %s: not https",
                   self->issuer_url);
      return NULL;
    }
  return g_steal_pointer (&fetcher);
}

static void
on_discovered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (WeirJwtSource) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) text =
      weir_jwt_fetcher_fetch_finish (WEIR_JWT_FETCHER (source), result, &error);

  if (text != NULL)
    self->fetcher = read_discovery (self, text, &error);
  if (self->fetcher == NULL)
    end_fetch (self, error);
  else
    weir_jwt_fetcher_fetch_async (self->fetcher, NULL, on_fetched, g_object_ref (self));
}

/* Takes the lock: only one fetch at a time, and not at the pace of those who send tokens. */
static void
begin_fetch (WeirJwtSource *self)
{
  gboolean begins;

  g_mutex_lock (&self->lock);
  begins = !self->fetching && g_get_monotonic_time () >= self->retry_at;
  if (begins)
    self->fetching = TRUE;
  g_mutex_unlock (&self->lock);
  if (!begins)
    return;
  if (self->fetcher != NULL)
    weir_jwt_fetcher_fetch_async (self->fetcher, NULL, on_fetched, g_object_ref (self));
  else
    weir_jwt_fetcher_fetch_async (self->discovery, NULL, on_discovered, g_object_ref (self));
}

static gboolean
on_refresh (gpointer user_data)
{
  WeirJwtSource *self = user_data;

  g_main_context_push_thread_default (self->control);
  begin_fetch (self);
  g_main_context_pop_thread_default (self->control);
  return G_SOURCE_REMOVE;
}

static void
post_refresh (WeirJwtSource *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_static_name (source, "[weir] keys");
  g_source_set_callback (source, on_refresh, g_object_ref (self), g_object_unref);
  g_source_attach (source, self->control);
}

void
weir_jwt_source_wait_async (WeirJwtSource *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  gboolean fetching;

  g_task_set_source_tag (task, weir_jwt_source_wait_async);
  if (self->remote)
    begin_fetch (self);
  g_mutex_lock (&self->lock);
  fetching = self->fetching;
  g_mutex_unlock (&self->lock);
  if (fetching)
    g_ptr_array_add (self->waiting, g_steal_pointer (&task));
  else
    g_task_return_boolean (task, TRUE);
}

/* ---- any thread ---- */

WeirJwtKeySet *
weir_jwt_source_get_keys (WeirJwtSource *self)
{
  WeirJwtKeySet *keys;
  gboolean old = FALSE;

  g_mutex_lock (&self->lock);
  keys = weir_jwt_key_set_ref (self->keys);
  if (self->remote && !self->fetching)
    {
      gint64 now = g_get_monotonic_time ();

      old = now >= self->refresh_at && now >= self->retry_at;
      if (old)
        self->refresh_at = now + self->retry_us;
    }
  g_mutex_unlock (&self->lock);
  if (old)
    post_refresh (self);
  return keys;
}

gboolean
weir_jwt_source_can_wait (WeirJwtSource *self)
{
  gboolean can;

  if (!self->remote)
    return FALSE;
  g_mutex_lock (&self->lock);
  can = self->fetching || g_get_monotonic_time () >= self->retry_at;
  g_mutex_unlock (&self->lock);
  return can;
}

static void
weir_jwt_source_finalize (GObject *object)
{
  WeirJwtSource *self = WEIR_JWT_SOURCE (object);

  g_clear_object (&self->discovery);
  g_clear_object (&self->fetcher);
  g_free (self->issuer_url);
  g_clear_pointer (&self->fixed, weir_jwt_key_set_unref);
  g_clear_pointer (&self->keys, weir_jwt_key_set_unref);
  g_ptr_array_unref (self->waiting);
  g_main_context_unref (self->control);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (weir_jwt_source_parent_class)->finalize (object);
}

static void
weir_jwt_source_class_init (WeirJwtSourceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = weir_jwt_source_finalize;

  changed_signal = g_signal_new ("changed",
                                 G_TYPE_FROM_CLASS (klass),
                                 G_SIGNAL_RUN_LAST,
                                 0,
                                 NULL,
                                 NULL,
                                 NULL,
                                 G_TYPE_NONE,
                                 0);
}

static void
weir_jwt_source_init (WeirJwtSource *self)
{
  g_mutex_init (&self->lock);
  self->control = g_main_context_ref_thread_default ();
  self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
}

static gboolean
make_discovery (WeirJwtSource *self, const char *issuer_url, GError **error)
{
  g_autofree char *url = NULL;

  self->issuer_url = g_strdup (issuer_url);
  if (g_str_has_suffix (self->issuer_url, "/"))
    self->issuer_url[strlen (self->issuer_url) - 1] = '\0';
  url = g_strconcat (self->issuer_url, DISCOVERY, NULL);
  self->discovery = weir_jwt_fetcher_new (url, TIMEOUT_S / 2, error);
  if (self->discovery == NULL)
    g_prefix_error_literal (error, "issuer_url: ");
  return self->discovery != NULL;
}

WeirJwtSource *
weir_jwt_source_new (WeirJwtKeySet *keys,
                     const char *url,
                     const char *issuer_url,
                     guint refresh_ms,
                     guint retry_ms,
                     GError **error)
{
  g_autoptr (WeirJwtSource) self = g_object_new (WEIR_TYPE_JWT_SOURCE, NULL);

  self->fixed = weir_jwt_key_set_ref (keys);
  self->keys = weir_jwt_key_set_ref (keys);
  self->refresh_us = (gint64) refresh_ms * 1000;
  self->retry_us = (gint64) retry_ms * 1000;
  self->remote = url != NULL || issuer_url != NULL;
  if (!self->remote)
    return g_steal_pointer (&self);

  if (issuer_url != NULL && !make_discovery (self, issuer_url, error))
    return NULL;
  if (url != NULL)
    {
      self->fetcher = weir_jwt_fetcher_new (url, TIMEOUT_S, error);
      if (self->fetcher == NULL)
        {
          g_prefix_error_literal (error, "jwks_url: ");
          return NULL;
        }
    }
  /* Nobody waits for it: the server of the keys may start later than this one. */
  begin_fetch (self);
  return g_steal_pointer (&self);
}
