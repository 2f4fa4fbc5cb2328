/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "io/weir-listener.h"

#include <gio/gunixsocketaddress.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "weir-log-catcher.h"

typedef struct
{
  GMainContext *context;
  WeirEngine *engine;
  GSocket *socket;
  GSocketAddress *address;
  GArray *taken; /* descriptors */
  guint most;
  GString *peers;
  char *authority;
} Fixture;

static gboolean
on_watchdog (gpointer user_data)
{
  g_error ("The test hangs");
  return G_SOURCE_REMOVE;
}

static void
close_fd (gpointer data)
{
  close (*(int *) data);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GSocketAddress) any = NULL;
  g_autoptr (GSource) watchdog = g_timeout_source_new_seconds (60);
  g_autoptr (GError) error = NULL;

  self->context = g_main_context_new ();
  g_main_context_push_thread_default (self->context);
  g_source_set_callback (watchdog, on_watchdog, NULL, NULL);
  g_source_attach (watchdog, self->context);
  self->engine = weir_engine_new (NULL, &error);
  g_assert_no_error (error);
  any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  self->socket =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, &error);
  g_assert_no_error (error);
  g_socket_set_blocking (self->socket, FALSE);
  g_assert_true (g_socket_bind (self->socket, any, FALSE, &error));
  g_assert_true (g_socket_listen (self->socket, &error));
  self->address = g_socket_get_local_address (self->socket, &error);
  g_assert_no_error (error);
  self->taken = g_array_new (FALSE, FALSE, sizeof (int));
  g_array_set_clear_func (self->taken, close_fd);
  self->most = G_MAXUINT;
  self->peers = g_string_new (NULL);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_array_unref (self->taken);
  g_string_free (self->peers, TRUE);
  g_free (self->authority);
  g_object_unref (self->address);
  g_assert_finalize_object (self->socket);
  g_assert_finalize_object (self->engine);
  g_main_context_pop_thread_default (self->context);
  g_main_context_unref (self->context);
}

static gboolean
on_accepted (int fd, GInetAddress *peer, guint16 peer_port, char *authority, gpointer user_data)
{
  Fixture *self = user_data;
  G_GNUC_UNUSED g_autoptr (GInetAddress) owned = peer;
  g_autofree char *text = g_inet_address_to_string (peer);

  if (self->taken->len >= self->most)
    return FALSE;
  g_assert_cmpuint (peer_port, !=, 0);
  g_string_append_printf (self->peers, "%s ", text);
  g_free (self->authority);
  self->authority = g_strdup (authority);
  g_array_append_val (self->taken, fd);
  return TRUE;
}

static GSocket *
connect_client (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  GSocket *client =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, &error);

  g_assert_no_error (error);
  g_socket_set_timeout (client, 20);
  g_assert_true (g_socket_connect (client, self->address, NULL, &error));
  return client;
}

static void
wait_for (Fixture *self, guint n_taken)
{
  while (self->taken->len < n_taken)
    g_main_context_iteration (self->context, TRUE);
}

static void
test_accept (Fixture *self, gconstpointer data)
{
  G_GNUC_UNUSED g_autoptr (WeirListener) listener =
      weir_listener_new (self->engine, self->socket, on_accepted, self, NULL);
  G_GNUC_UNUSED g_autoptr (GSocket) one = connect_client (self);
  G_GNUC_UNUSED g_autoptr (GSocket) two = connect_client (self);
  g_autofree char *authority =
      g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (self->address));
  guint unsent = 0;
  int no_delay = 0;
  char control[16] = "";
  socklen_t length = sizeof unsent;
  int fd;

  wait_for (self, 2);
  g_assert_cmpstr (self->peers->str, ==, "127.0.0.1 127.0.0.1 ");
  g_assert_cmpstr (self->authority, ==, authority);
  fd = g_array_index (self->taken, int, 0);
  g_assert_cmpint (getsockopt (fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, &length), ==, 0);
  g_assert_cmpuint (unsent, >, 0);
  g_assert_cmpuint (unsent, <=, 1024 * 1024);
  length = sizeof control;
  g_assert_cmpint (getsockopt (fd, IPPROTO_TCP, TCP_CONGESTION, control, &length), ==, 0);
  g_assert_cmpstr (control, ==, "reno");
  length = sizeof no_delay;
  g_assert_cmpint (getsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &length), ==, 0);
  g_assert_cmpint (no_delay, !=, 0);
}

static void
test_turned_away (Fixture *self, gconstpointer data)
{
  G_GNUC_UNUSED g_autoptr (WeirListener) listener =
      weir_listener_new (self->engine, self->socket, on_accepted, self, NULL);
  G_GNUC_UNUSED g_autoptr (GSocket) one = connect_client (self);
  g_autoptr (GSocket) two = NULL;
  g_autoptr (GError) error = NULL;
  char answer[256] = { 0 };

  self->most = 1;
  wait_for (self, 1);
  two = connect_client (self);
  while (!(g_socket_condition_check (two, G_IO_IN) & G_IO_IN))
    g_main_context_iteration (self->context, FALSE);
  g_assert_cmpint (g_socket_receive (two, answer, sizeof answer - 1, NULL, &error), >, 0);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 503 "));
  g_assert_cmpuint (self->taken->len, ==, 1);
}

/* Those who came while nobody looked. */
static void
test_drain (Fixture *self, gconstpointer data)
{
  g_autoptr (WeirListener) listener =
      weir_listener_new (self->engine, self->socket, on_accepted, self, NULL);
  G_GNUC_UNUSED g_autoptr (GSocket) one = connect_client (self);
  G_GNUC_UNUSED g_autoptr (GSocket) two = connect_client (self);
  G_GNUC_UNUSED g_autoptr (GSocket) three = connect_client (self);

  weir_listener_drain (listener, 2);
  g_assert_cmpuint (self->taken->len, ==, 2);
  weir_listener_drain (listener, 10);
  g_assert_cmpuint (self->taken->len, ==, 3);
}

/* Without a descriptor to spare it waits, and goes on when there is one. */
static void
test_out_of_descriptors (Fixture *self, gconstpointer data)
{
  G_GNUC_UNUSED g_autoptr (WeirListener) listener =
      weir_listener_new (self->engine, self->socket, on_accepted, self, NULL);
  g_autoptr (GSocket) one = connect_client (self);
  struct rlimit limit, none;
  int next = dup (g_socket_get_fd (one));

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  close (next);
  none = limit;
  none.rlim_cur = (rlim_t) next;
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &none), ==, 0);
  weir_log_catcher_expect ("No connection can be accepted*");
  g_main_context_iteration (self->context, TRUE);
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_assert_cmpuint (self->taken->len, ==, 0);
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  weir_log_catcher_assert ();
  wait_for (self, 1);
}

#define ADD(path, func) g_test_add ("/listener/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  weir_log_catcher_install ();
  ADD ("accept", test_accept);
  ADD ("turned-away", test_turned_away);
  ADD ("drain", test_drain);
  ADD ("out-of-descriptors", test_out_of_descriptors);
  return g_test_run ();
}
