/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-jwt-fetcher.h"

#include <libsoup/soup.h>

#define MAX_SIZE (256 * 1024)
#define CHUNK 16384

struct _WeirJwtFetcher
{
  GObject parent_instance;

  SoupSession *session;
  GUri *uri;
  guint timeout_s;
};

G_DEFINE_FINAL_TYPE (WeirJwtFetcher, weir_jwt_fetcher, G_TYPE_OBJECT)

/* One try. */
typedef struct
{
  SoupMessage *message;
  GInputStream *stream;
  GByteArray *data;
  GCancellable *cancellable; /* of the deadline and of the caller */
  GCancellable *callers;
  gulong handler;
  GSource *deadline;
} Fetch;

static void
fetch_free (gpointer data)
{
  Fetch *fetch = data;

  if (fetch->callers != NULL)
    g_cancellable_disconnect (fetch->callers, fetch->handler);
  g_clear_object (&fetch->callers);
  g_source_destroy (fetch->deadline);
  g_source_unref (fetch->deadline);
  g_clear_object (&fetch->message);
  g_clear_object (&fetch->stream);
  g_clear_object (&fetch->cancellable);
  g_byte_array_unref (fetch->data);
  g_free (fetch);
}

static gboolean
is_loopback (const char *host)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);

  return address != NULL ? g_inet_address_get_is_loopback (address)
                         : g_ascii_strcasecmp (host, "localhost") == 0;
}

static gboolean
is_safe (GUri *uri)
{
  const char *scheme = g_uri_get_scheme (uri);
  const char *host = g_uri_get_host (uri);

  if (host == NULL || *host == '\0' || g_uri_get_userinfo (uri) != NULL)
    return FALSE;
  return g_str_equal (scheme, "https") || (g_str_equal (scheme, "http") && is_loopback (host));
}

WeirJwtFetcher *
weir_jwt_fetcher_new (const char *url, guint timeout_s, GError **error)
{
  g_autoptr (GUri) uri = g_uri_parse (url, SOUP_HTTP_URI_FLAGS & ~G_URI_FLAGS_PARSE_RELAXED, error);
  WeirJwtFetcher *self;

  if (uri == NULL)
    return NULL;
  if (!is_safe (uri))
    {
      g_set_error_literal (error,
                           WEIR_ERROR,
                           WEIR_ERROR_INVALID_ARGUMENT,
                           "Keys are fetched over https, or from this machine");
      return NULL;
    }
  self = g_object_new (WEIR_TYPE_JWT_FETCHER, NULL);
  self->uri = g_steal_pointer (&uri);
  self->timeout_s = timeout_s;
  self->session = soup_session_new ();
  soup_session_set_timeout (self->session, timeout_s);
  soup_session_set_user_agent (self->session, "weir ");
  return self;
}

gboolean
weir_jwt_fetcher_is_encrypted (WeirJwtFetcher *self)
{
  return g_str_equal (g_uri_get_scheme (self->uri), "https");
}

/* ---- reading ---- */

static void read_more (GTask *task);

static void
fail (GTask *task, const char *why)
{
  g_task_return_new_error (task, WEIR_ERROR, WEIR_ERROR_BAD_GATEWAY, "%s", why);
  g_object_unref (task);
}

static void
fail_with (GTask *task, GError *error)
{
  Fetch *fetch = g_task_get_task_data (task);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) &&
      (fetch->callers == NULL || !g_cancellable_is_cancelled (fetch->callers)))
    {
      g_error_free (error);
      fail (task, "The server of the keys did not answer in time");
      return;
    }
  g_task_return_error (task, error);
  g_object_unref (task);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Fetch *fetch = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GBytes) bytes =
      g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &error);
  gsize size;
  gconstpointer data;

  if (bytes == NULL)
    {
      fail_with (task, error);
      return;
    }
  data = g_bytes_get_data (bytes, &size);
  if (size == 0)
    {
      g_task_return_pointer (task,
                             g_bytes_new (fetch->data->data, fetch->data->len),
                             (GDestroyNotify) g_bytes_unref);
      g_object_unref (task);
      return;
    }
  if (fetch->data->len + size > MAX_SIZE)
    {
      fail (task, "The set of keys is larger than 256 KiB");
      return;
    }
  g_byte_array_append (fetch->data, data, size);
  read_more (task);
}

static void
read_more (GTask *task)
{
  Fetch *fetch = g_task_get_task_data (task);

  g_input_stream_read_bytes_async (fetch->stream,
                                   CHUNK,
                                   G_PRIORITY_DEFAULT,
                                   fetch->cancellable,
                                   on_read,
                                   task);
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Fetch *fetch = g_task_get_task_data (task);
  GError *error = NULL;
  guint status;

  fetch->stream = soup_session_send_finish (SOUP_SESSION (source), result, &error);
  if (fetch->stream == NULL)
    {
      fail_with (task, error);
      return;
    }
  status = soup_message_get_status (fetch->message);
  if (SOUP_STATUS_IS_REDIRECTION (status))
    fail (task, "The server of the keys redirects, which is not followed");
  else if (status != SOUP_STATUS_OK)
    fail (task, "The server of the keys does not have them");
  else
    read_more (task);
}

static gboolean
on_deadline (gpointer user_data)
{
  g_cancellable_cancel (user_data);
  return G_SOURCE_REMOVE;
}

static void
on_callers_cancelled (GCancellable *callers, gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

void
weir_jwt_fetcher_fetch_async (WeirJwtFetcher *self,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Fetch *fetch = g_new0 (Fetch, 1);

  fetch->message = soup_message_new_from_uri (SOUP_METHOD_GET, self->uri);
  soup_message_add_flags (fetch->message, SOUP_MESSAGE_NO_REDIRECT);
  fetch->data = g_byte_array_new ();
  fetch->cancellable = g_cancellable_new ();
  fetch->deadline = g_timeout_source_new (self->timeout_s * 1000);
  g_source_set_static_name (fetch->deadline, "[weir] keys");
  g_source_set_callback (fetch->deadline,
                         on_deadline,
                         g_object_ref (fetch->cancellable),
                         g_object_unref);
  g_source_attach (fetch->deadline, g_task_get_context (task));
  if (cancellable != NULL)
    {
      fetch->callers = g_object_ref (cancellable);
      fetch->handler = g_cancellable_connect (cancellable,
                                              G_CALLBACK (on_callers_cancelled),
                                              g_object_ref (fetch->cancellable),
                                              g_object_unref);
    }
  g_task_set_source_tag (task, weir_jwt_fetcher_fetch_async);
  g_task_set_task_data (task, fetch, fetch_free);
  soup_session_send_async (self->session,
                           fetch->message,
                           G_PRIORITY_DEFAULT,
                           fetch->cancellable,
                           on_sent,
                           task);
}

GBytes *
weir_jwt_fetcher_fetch_finish (WeirJwtFetcher *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
weir_jwt_fetcher_finalize (GObject *object)
{
  WeirJwtFetcher *self = WEIR_JWT_FETCHER (object);

  g_clear_object (&self->session);
  g_clear_pointer (&self->uri, g_uri_unref);

  G_OBJECT_CLASS (weir_jwt_fetcher_parent_class)->finalize (object);
}

static void
weir_jwt_fetcher_class_init (WeirJwtFetcherClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = weir_jwt_fetcher_finalize;
}

static void
weir_jwt_fetcher_init (WeirJwtFetcher *self)
{
}
