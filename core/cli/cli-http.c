/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli-http-private.h"

#include <string.h>

#define PROBE_TIMEOUT_SECONDS 2

typedef struct
{
  GMainLoop *loop;
  GOutputStream *body;
  GError *error;
} Call;

static void
on_spliced (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;

  g_output_stream_splice_finish (G_OUTPUT_STREAM (source), result, &call->error);
  g_main_loop_quit (call->loop);
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  g_autoptr (GInputStream) stream =
      soup_session_send_finish (SOUP_SESSION (source), result, &call->error);

  if (stream == NULL)
    {
      g_main_loop_quit (call->loop);
      return;
    }
  g_output_stream_splice_async (call->body,
                                stream,
                                G_OUTPUT_STREAM_SPLICE_CLOSE_SOURCE,
                                G_PRIORITY_DEFAULT,
                                NULL,
                                on_spliced,
                                call);
}

static gboolean
send_with (SoupSession *session, SoupMessage *message, GOutputStream *body, GError **error)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (g_main_context_get_thread_default (), FALSE);
  Call call = { loop, body, NULL };

  soup_session_send_async (session, message, G_PRIORITY_DEFAULT, NULL, on_answer, &call);
  g_main_loop_run (loop);
  if (call.error == NULL)
    return TRUE;
  g_propagate_error (error, call.error);
  return FALSE;
}

gboolean
cli_http_send (SoupMessage *message, GOutputStream *body, GError **error)
{
  g_autoptr (SoupSession) session = soup_session_new ();

  /* How long a function may take is for the server to say. */
  soup_session_set_timeout (session, 0);
  /* A proxy of the environment is for other machines. */
  soup_session_set_proxy_resolver (session, NULL);
  /* A redirect is the function's answer, and so is what it is shown. */
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  return send_with (session, message, body, error);
}

gboolean
cli_http_is_weir (const char *base)
{
  g_autoptr (SoupSession) session = soup_session_new ();
  g_autofree char *uri = g_strconcat (base, "/_weir/health", NULL);
  g_autoptr (SoupMessage) message = soup_message_new (SOUP_METHOD_GET, uri);
  g_autoptr (GOutputStream) body = g_memory_output_stream_new_resizable ();

  if (message == NULL)
    return FALSE;
  soup_session_set_timeout (session, PROBE_TIMEOUT_SECONDS);
  soup_session_set_proxy_resolver (session, NULL);
  return send_with (session, message, body, NULL) &&
         soup_message_get_status (message) == SOUP_STATUS_OK;
}

char *
cli_http_base_for_listen (const char *listen)
{
  g_autoptr (GSocketConnectable) address = g_network_address_parse (listen, 0, NULL);
  g_autoptr (GInetAddress) inet = NULL;
  const char *host;
  guint port;

  if (address == NULL || g_str_has_prefix (listen, "unix:"))
    return NULL;
  host = g_network_address_get_hostname (G_NETWORK_ADDRESS (address));
  port = g_network_address_get_port (G_NETWORK_ADDRESS (address));
  if (port == 0)
    return NULL;
  inet = g_inet_address_new_from_string (host);
  if (inet != NULL && g_inet_address_get_is_any (inet))
    host = g_inet_address_get_family (inet) == G_SOCKET_FAMILY_IPV6 ? "::1" : "127.0.0.1";
  if (strchr (host, ':') != NULL)
    return g_strdup_printf ("http://[%s]:%u", host, port);
  return g_strdup_printf ("http://%s:%u", host, port);
}

char *
cli_http_find_running (WeirConfig *config)
{
  WeirSettings *settings = weir_config_get_server_settings (config);
  g_auto (GStrv) listen = weir_settings_dup_strv (settings, "listen");

  for (gsize i = 0; listen[i] != NULL; i++)
    {
      g_autofree char *base = cli_http_base_for_listen (listen[i]);

      if (base != NULL && cli_http_is_weir (base))
        return g_steal_pointer (&base);
    }
  return NULL;
}
