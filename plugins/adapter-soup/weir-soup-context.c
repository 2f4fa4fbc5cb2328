/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-plugin-adapter-soup"

#include "weir-soup-context.h"

#include <sys/socket.h>

#include "weir-soup-connection.h"
#include "weir-soup-stream.h"

/* More conversations than this are not kept for later. */
#define MAX_IDLE 256

static GQuark
stream_quark (void)
{
  return g_quark_from_static_string ("weir-soup-stream");
}

/* The address of the client is the only thing of ours that libsoup gives back with a
 * message; each conversation has one of its own, and it says which one that is. */
static WeirSoupStream *
get_stream (SoupServerMessage *message)
{
  GSocketAddress *address = soup_server_message_get_remote_address (message);

  return address != NULL ? g_object_get_qdata (G_OBJECT (address), stream_quark ()) : NULL;
}

static void
on_message (SoupServer *server,
            SoupServerMessage *message,
            const char *path,
            GHashTable *query,
            gpointer user_data)
{
  WeirSoupStream *stream = get_stream (message);
  WeirSoupConnection *connection = stream != NULL ? weir_soup_stream_get_connection (stream) : NULL;

  if (connection == NULL)
    soup_server_message_set_status (message, SOUP_STATUS_SERVICE_UNAVAILABLE, NULL);
  else
    weir_soup_connection_begin (connection, message);
}

/* The head is written, and with it libsoup's part is done: the next may have it. */
static void
on_message_done (SoupServer *server, SoupServerMessage *message, gpointer user_data)
{
  WeirSoupContext *self = user_data;
  WeirSoupStream *stream = get_stream (message);
  WeirSoupConnection *connection = stream != NULL ? weir_soup_stream_get_connection (stream) : NULL;

  if (connection == NULL)
    return;

  g_object_ref (stream);
  weir_soup_connection_end_message (connection);
  if (self->idle->len < MAX_IDLE && !g_io_stream_is_closed (G_IO_STREAM (stream)))
    g_ptr_array_add (self->idle, g_object_ref (stream));
  else
    weir_soup_stream_end (stream);
  g_object_unref (stream);
}

static gboolean
make_dummy (WeirSoupContext *self, GError **error)
{
  int fds[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
    {
      g_set_error_literal (error,
                           G_IO_ERROR,
                           g_io_error_from_errno (errno),
                           "Could not make a pair of sockets for libsoup");
      return FALSE;
    }
  for (guint i = 0; i < 2; i++)
    {
      self->dummy[i] = g_socket_new_from_fd (fds[i], error);
      if (self->dummy[i] == NULL)
        return FALSE;
    }
  return TRUE;
}

/* A server that listens nowhere ends each conversation after one message, so it is given
 * something to listen on where nobody will ever call. */
static gboolean
make_server (WeirSoupContext *self, GError **error)
{
  gboolean listening;

  if (!make_dummy (self, error))
    return FALSE;

  g_main_context_push_thread_default (weir_engine_get_context (self->engine));
  self->server = soup_server_new (NULL, NULL);
  listening = soup_server_listen_socket (self->server, self->dummy[0], 0, error);
  g_main_context_pop_thread_default (weir_engine_get_context (self->engine));

  soup_server_add_handler (self->server, NULL, on_message, self, NULL);
  g_signal_connect (self->server, "request-finished", G_CALLBACK (on_message_done), self);
  g_signal_connect (self->server, "request-aborted", G_CALLBACK (on_message_done), self);
  return listening;
}

WeirSoupContext *
weir_soup_context_new (WeirEngine *engine,
                       WeirPipeline *pipeline,
                       const WeirSoupLimits *limits,
                       GError **error)
{
  WeirSoupContext *self = g_new0 (WeirSoupContext, 1);

  self->engine = g_object_ref (engine);
  self->pipeline = g_object_ref (pipeline);
  self->limits = *limits;
  self->local = g_inet_socket_address_new_from_string ("127.0.0.1", 80);
  self->idle = g_ptr_array_new_with_free_func (g_object_unref);
  self->scratch = g_malloc (WEIR_SOUP_SCRATCH);
  g_queue_init (&self->connections);

  if (!make_server (self, error))
    g_clear_pointer (&self, weir_soup_context_free);
  return self;
}

void
weir_soup_context_free (WeirSoupContext *self)
{
  if (self->server != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->server, self);
      soup_server_remove_handler (self->server, NULL);
      for (guint i = 0; i < self->idle->len; i++)
        weir_soup_stream_end (g_ptr_array_index (self->idle, i));
      soup_server_disconnect (self->server);
    }
  g_clear_object (&self->server);
  for (guint i = 0; i < 2; i++)
    g_clear_object (&self->dummy[i]);
  g_ptr_array_unref (self->idle);
  g_clear_object (&self->local);
  g_clear_object (&self->pipeline);
  g_clear_object (&self->engine);
  g_free (self->scratch);
  g_free (self);
}

static WeirSoupStream *
make_stream (WeirSoupContext *self)
{
  g_autoptr (GSocketAddress) remote = g_inet_socket_address_new_from_string ("127.0.0.1", 1);
  WeirSoupStream *stream = weir_soup_stream_new ();

  g_object_set_qdata (G_OBJECT (remote), stream_quark (), stream);
  g_main_context_push_thread_default (weir_engine_get_context (self->engine));
  soup_server_accept_iostream (self->server, G_IO_STREAM (stream), self->local, remote, NULL);
  g_main_context_pop_thread_default (weir_engine_get_context (self->engine));
  return stream;
}

WeirSoupStream *
weir_soup_context_lend (WeirSoupContext *self, WeirSoupConnection *connection)
{
  WeirSoupStream *stream = NULL;

  while (stream == NULL && self->idle->len > 0)
    {
      stream = g_ptr_array_steal_index (self->idle, self->idle->len - 1);
      if (g_io_stream_is_closed (G_IO_STREAM (stream)))
        g_clear_object (&stream);
    }
  if (stream == NULL)
    stream = make_stream (self);
  weir_soup_stream_set_connection (stream, connection);
  return stream;
}
