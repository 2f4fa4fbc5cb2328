/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli-http-private.h"

#include <glib/gi18n.h>
#include <string.h>

#define PROBE_TIMEOUT_SECONDS 2

#define CHUNK 65536

typedef struct
{
  GMainLoop *loop;
  GInputStream *answer;
  GOutputStream *body;
  GBytes *chunk;
  char last; /* character of the body; a line end when there was none */
  GError *error;
} Call;

static void read_on (Call *call);

static void
on_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;

  if (g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, &call->error))
    {
      read_on (call);
      return;
    }
  /* A reader who went away had enough. */
  if (g_error_matches (call->error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE))
    g_clear_error (&call->error);
  else
    g_prefix_error (&call->error, "%s: ", _ ("the answer cannot be written"));
  g_main_loop_quit (call->loop);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  const char *data;
  gsize size = 0;

  g_clear_pointer (&call->chunk, g_bytes_unref);
  call->chunk = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &call->error);
  data = call->chunk != NULL ? g_bytes_get_data (call->chunk, &size) : NULL;
  if (size == 0)
    {
      g_main_loop_quit (call->loop);
      return;
    }
  call->last = data[size - 1];
  g_output_stream_write_all_async (call->body,
                                   data,
                                   size,
                                   G_PRIORITY_DEFAULT,
                                   NULL,
                                   on_written,
                                   call);
}

static void
read_on (Call *call)
{
  g_input_stream_read_bytes_async (call->answer, CHUNK, G_PRIORITY_DEFAULT, NULL, on_read, call);
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;

  call->answer = soup_session_send_finish (SOUP_SESSION (source), result, &call->error);
  if (call->answer == NULL)
    g_main_loop_quit (call->loop);
  else
    read_on (call);
}

static gboolean
send_with (SoupSession *session,
           SoupMessage *message,
           GOutputStream *body,
           char *last,
           GError **error)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (g_main_context_get_thread_default (), FALSE);
  Call call = { .loop = loop, .body = body, .last = '\n' };

  soup_session_send_async (session, message, G_PRIORITY_DEFAULT, NULL, on_answer, &call);
  g_main_loop_run (loop);
  g_clear_object (&call.answer);
  g_clear_pointer (&call.chunk, g_bytes_unref);
  if (last != NULL)
    *last = call.last;
  if (call.error == NULL)
    return TRUE;
  g_propagate_error (error, call.error);
  return FALSE;
}

gboolean
cli_http_send (SoupMessage *message, GOutputStream *body, char *last, GError **error)
{
  g_autoptr (SoupSession) session = soup_session_new ();

  /* How long a function may take is for the server to say. */
  soup_session_set_timeout (session, 0);
  /* A proxy of the environment is for other machines. */
  soup_session_set_proxy_resolver (session, NULL);
  /* A redirect is the function's answer, and so is what it is shown. */
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  return send_with (session, message, body, last, error);
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
  return send_with (session, message, body, NULL, NULL) &&
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
