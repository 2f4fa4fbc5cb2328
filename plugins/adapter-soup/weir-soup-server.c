/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-plugin-adapter-soup"

#include "weir-soup-server.h"

#include <errno.h>
#include <sys/socket.h>

#include "weir-soup-connection.h"
#include "weir-soup-stream.h"

/* Each costs every turn of the loop a little, and a turn answers as many requests as there
 * are of them. */
#define MAX_STREAMS 8

/* What libsoup is told of any request. It reads forgivingly, rewrites paths and keeps every
 * method it meets for the life of the process, so it is given a request without surprises;
 * the real one went to the exchange. A client that expects a 100 and gets its answer at once
 * has no body that libsoup would have to look for. */
#define ANNOUNCEMENT "GET http://weir/ HTTP/1.0\r\nExpect: 100-continue\r\n\r\n"

struct _WeirSoupServer
{
  GMainContext *context;
  GMainContext *nowhere; /* of a socket that nobody calls; nobody runs it */
  SoupServer *server;
  GSocket *dummy[2];
  GSocketAddress *local;
  GPtrArray *streams; /* WeirSoupStream */
  GPtrArray *idle;    /* those of them that nobody uses, borrowed */
  GQueue waiting;     /* WeirSoupConnection, for the next that is idle */
};

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

  return g_object_get_qdata (G_OBJECT (address), stream_quark ());
}

static void
lend (WeirSoupStream *stream, WeirSoupConnection *connection)
{
  weir_soup_connection_set_stream (connection, stream);
  weir_soup_stream_set_connection (stream, connection);
  weir_soup_stream_put (stream, ANNOUNCEMENT);
}

/* libsoup forgets that there is no body when it takes the length out of a 204, and would end
 * the conversation for want of one. */
static void
on_wrote_headers (SoupServerMessage *message, gpointer user_data)
{
  soup_message_headers_set_encoding (soup_server_message_get_response_headers (message),
                                     SOUP_ENCODING_NONE);
}

static void
on_message (SoupServer *server,
            SoupServerMessage *message,
            const char *path,
            GHashTable *query,
            gpointer user_data)
{
  WeirSoupConnection *connection = weir_soup_stream_get_connection (get_stream (message));

  /* The announcement is of HTTP/1.0, where no Host is needed; the answer is not. */
  soup_server_message_set_http_version (message, SOUP_HTTP_1_1);
  /* The body passes beside libsoup, and so does what says how long it is. */
  soup_message_headers_set_encoding (soup_server_message_get_response_headers (message),
                                     SOUP_ENCODING_NONE);
  if (connection != NULL)
    weir_soup_connection_fill (connection, message);
  else
    soup_server_message_set_status (message, SOUP_STATUS_SERVICE_UNAVAILABLE, NULL);
  if (soup_server_message_get_status (message) == SOUP_STATUS_NO_CONTENT)
    g_signal_connect (message, "wrote-headers", G_CALLBACK (on_wrote_headers), NULL);
}

static WeirSoupConnection *
take_connection (WeirSoupStream *stream)
{
  WeirSoupConnection *connection = weir_soup_stream_get_connection (stream);

  if (connection == NULL)
    return NULL;
  weir_soup_stream_set_connection (stream, NULL);
  weir_soup_connection_set_stream (connection, NULL);
  return connection;
}

static void
on_message_done (SoupServer *server, SoupServerMessage *message, gpointer user_data)
{
  WeirSoupServer *self = user_data;
  WeirSoupStream *stream = get_stream (message);
  WeirSoupConnection *connection = take_connection (stream);
  WeirSoupConnection *next = g_queue_pop_head (&self->waiting);

  if (next != NULL)
    lend (stream, next);
  else
    g_ptr_array_add (self->idle, stream);
  if (connection != NULL)
    weir_soup_connection_end_message (connection);
}

/* A conversation that libsoup has ended is of no more use. */
static void
on_stream_closed (WeirSoupStream *stream, gpointer user_data)
{
  WeirSoupServer *self = user_data;
  WeirSoupConnection *connection = take_connection (stream);

  g_ptr_array_remove_fast (self->idle, stream);
  g_ptr_array_remove_fast (self->streams, stream);
  if (connection != NULL)
    weir_soup_server_ask (self, connection);
}

static gboolean
make_dummy (WeirSoupServer *self, GError **error)
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
 * something to listen on where nobody will ever call; in a context of its own, for each
 * descriptor in a context is polled at each turn. */
static gboolean
listen_nowhere (WeirSoupServer *self, GError **error)
{
  gboolean listening;

  if (!make_dummy (self, error))
    return FALSE;
  self->nowhere = g_main_context_new ();
  g_main_context_push_thread_default (self->nowhere);
  listening = soup_server_listen_socket (self->server, self->dummy[0], 0, error);
  g_main_context_pop_thread_default (self->nowhere);
  return listening;
}

WeirSoupServer *
weir_soup_server_new (GMainContext *context, GError **error)
{
  WeirSoupServer *self = g_new0 (WeirSoupServer, 1);

  self->context = g_main_context_ref (context);
  self->local = g_inet_socket_address_new_from_string ("127.0.0.1", 80);
  self->streams = g_ptr_array_new_with_free_func (g_object_unref);
  self->idle = g_ptr_array_new ();
  g_queue_init (&self->waiting);
  self->server = soup_server_new ("raw-paths", TRUE, NULL);
  soup_server_add_early_handler (self->server, NULL, on_message, self, NULL);
  g_signal_connect (self->server, "request-finished", G_CALLBACK (on_message_done), self);
  g_signal_connect (self->server, "request-aborted", G_CALLBACK (on_message_done), self);

  if (!listen_nowhere (self, error))
    g_clear_pointer (&self, weir_soup_server_free);
  return self;
}

void
weir_soup_server_free (WeirSoupServer *self)
{
  g_signal_handlers_disconnect_by_data (self->server, self);
  soup_server_remove_handler (self->server, NULL);
  for (guint i = 0; i < self->streams->len; i++)
    weir_soup_stream_end (g_ptr_array_index (self->streams, i));
  soup_server_disconnect (self->server);
  g_object_unref (self->server);
  g_ptr_array_unref (self->idle);
  g_ptr_array_unref (self->streams);
  for (guint i = 0; i < G_N_ELEMENTS (self->dummy); i++)
    g_clear_object (&self->dummy[i]);
  g_object_unref (self->local);
  g_clear_pointer (&self->nowhere, g_main_context_unref);
  g_main_context_unref (self->context);
  g_free (self);
}

static WeirSoupStream *
make_stream (WeirSoupServer *self)
{
  g_autoptr (GSocketAddress) remote = g_inet_socket_address_new_from_string ("127.0.0.1", 1);
  WeirSoupStream *stream = weir_soup_stream_new (on_stream_closed, self);

  g_object_set_qdata (G_OBJECT (remote), stream_quark (), stream);
  g_ptr_array_add (self->streams, stream);
  g_main_context_push_thread_default (self->context);
  soup_server_accept_iostream (self->server, G_IO_STREAM (stream), self->local, remote, NULL);
  g_main_context_pop_thread_default (self->context);
  return stream;
}

void
weir_soup_server_ask (WeirSoupServer *self, WeirSoupConnection *connection)
{
  if (self->idle->len > 0)
    lend (g_ptr_array_steal_index_fast (self->idle, self->idle->len - 1), connection);
  else if (self->streams->len < MAX_STREAMS)
    lend (make_stream (self), connection);
  else
    g_queue_push_tail (&self->waiting, connection);
}

void
weir_soup_server_forget (WeirSoupServer *self, WeirSoupConnection *connection)
{
  WeirSoupStream *stream = weir_soup_connection_get_stream (connection);

  /* If it was lent one, libsoup goes on, and what it writes is nobody's. */
  if (stream != NULL)
    take_connection (stream);
  else
    g_queue_remove (&self->waiting, connection);
}
