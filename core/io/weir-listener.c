/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-io"

#include "io/weir-listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/**
 * WeirListener: (skip)
 *
 * The accept loop of one listening socket, for adapters. It survives a lack of descriptors, says
 * 503 to those whom its owner does not take, and keeps the kernel from taking more of a response
 * than a client is ready to be sent. C only, on the engine's thread.
 *
 * Since: 1.0
 */

/**
 * WeirListenerFunc: (skip)
 * @fd: a connection, which does not block
 * @peer: (nullable) (transfer full): the address of who connected; %NULL on a Unix socket
 * @peer_port: its port
 * @authority: where it listens, as a ref string: what a request without a host is for
 * @user_data: what weir_listener_new() was given
 *
 * Takes a connection. C only.
 *
 * Returns: whether it was taken; if not, @fd stays the listener's, and @peer must have been freed
 *
 * Since: 1.0
 */

#define MAX_ACCEPTS 64
#define PAUSE_MS 100
/* What the kernel takes of a response ahead of what the client lets it send. Without a bound it
 * cuts megabytes into pieces as small as the window of a client that does not read. */
#define MOST_UNSENT (64 * 1024)

struct _WeirListener
{
  WeirEngine *engine;
  WeirListenerFunc func;
  gpointer user_data;
  GSocket *socket;
  char *authority; /* ref string */
  WeirWatch watch;
  WeirTimer pause;
  gboolean paused;
};

static gboolean watch (WeirListener *self, GError **error);

static GInetAddress *
get_peer (const struct sockaddr_storage *address, guint16 *port)
{
  const struct sockaddr_in *in4 = (const struct sockaddr_in *) address;
  const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *) address;

  switch (address->ss_family)
    {
    case AF_INET:
      *port = ntohs (in4->sin_port);
      return g_inet_address_new_from_bytes ((const guint8 *) &in4->sin_addr, G_SOCKET_FAMILY_IPV4);
    case AF_INET6:
      *port = ntohs (in6->sin6_port);
      if (IN6_IS_ADDR_V4MAPPED (&in6->sin6_addr))
        return g_inet_address_new_from_bytes (in6->sin6_addr.s6_addr + 12, G_SOCKET_FAMILY_IPV4);
      return g_inet_address_new_from_bytes ((const guint8 *) &in6->sin6_addr, G_SOCKET_FAMILY_IPV6);
    default:
      *port = 0;
      return NULL;
    }
}

static void
turn_away (int fd)
{
  static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\n"
                               "Content-Length: 0\r\n"
                               "Retry-After: 1\r\n"
                               "Connection: close\r\n\r\n";

  /* The client may still be sending: the answer is tried, no more. */
  if (send (fd, answer, sizeof answer - 1, MSG_NOSIGNAL) > 0)
    shutdown (fd, SHUT_WR);
  close (fd);
}

static void
on_pause_over (WeirTimer *timer)
{
  WeirListener *self = G_STRUCT_MEMBER_P (timer, -G_STRUCT_OFFSET (WeirListener, pause));
  g_autoptr (GError) error = NULL;

  if (!watch (self, &error))
    {
      g_warning ("A listening socket could not be watched again: %s", error->message);
      weir_engine_arm (self->engine, &self->pause, PAUSE_MS, on_pause_over);
    }
}

/* Out of descriptors, say: whoever waits is still there when others have left. It is said
 * once, not ten times a second. */
static void
take_pause (WeirListener *self, int code)
{
  if (!self->paused)
    g_warning ("No connection can be accepted for now: %s", g_strerror (code));
  self->paused = TRUE;
  weir_engine_unwatch (self->engine, &self->watch);
  self->watch.func = NULL;
  weir_engine_arm (self->engine, &self->pause, PAUSE_MS, on_pause_over);
}

/* Returns whether the next one may be accepted. */
static gboolean
on_failure (WeirListener *self, int code)
{
  switch (code)
    {
    case EAGAIN:
      return FALSE;
    case ECONNABORTED:
    case EINTR:
    case EPERM:
    case EPROTO:
    case ETIMEDOUT:
      return TRUE; /* one client was lost on the way */
    default:
      take_pause (self, code);
      return FALSE;
    }
}

static gboolean
accept_one (WeirListener *self)
{
  struct sockaddr_storage address = { 0 };
  socklen_t length = sizeof address;
  int one = 1;
  guint16 port = 0;
  GInetAddress *peer;
  int fd = accept4 (g_socket_get_fd (self->socket),
                    (struct sockaddr *) &address,
                    &length,
                    SOCK_NONBLOCK | SOCK_CLOEXEC);

  if (fd < 0)
    return on_failure (self, errno);

  self->paused = FALSE;
  peer = get_peer (&address, &port);
  if (address.ss_family != AF_UNIX)
    setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (!self->func (fd, peer, port, self->authority, self->user_data))
    turn_away (fd);
  return TRUE;
}

static void
on_watch (WeirWatch *listening, guint events)
{
  WeirListener *self = G_STRUCT_MEMBER_P (listening, -G_STRUCT_OFFSET (WeirListener, watch));

  for (guint i = 0; i < MAX_ACCEPTS; i++)
    {
      if (!accept_one (self))
        return;
    }

  /* More may wait, but those that are in have a turn first: watching anew tells again. */
  weir_engine_unwatch (self->engine, &self->watch);
  self->watch.func = NULL;
  on_pause_over (&self->pause);
}

/**
 * weir_listener_drain: (skip)
 * @self: a listener
 * @most: how many connections to accept at most
 *
 * Accepts those who have connected already, before the socket is closed.
 *
 * Since: 1.0
 */
void
weir_listener_drain (WeirListener *self, guint most)
{
  while (most-- > 0 && accept_one (self))
    ;
}

/* Of several engines that accept on one socket, one is woken. */
static gboolean
watch (WeirListener *self, GError **error)
{
  return weir_engine_watch (self->engine,
                            &self->watch,
                            g_socket_get_fd (self->socket),
                            EPOLLIN | EPOLLEXCLUSIVE,
                            on_watch,
                            error);
}

static char *
dup_authority (GSocket *socket)
{
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (socket, NULL);
  g_autofree char *authority = NULL;

  if (!G_IS_INET_SOCKET_ADDRESS (address))
    return g_ref_string_new ("localhost");
  authority = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address));
  return g_ref_string_new (authority);
}

/* Those that are accepted inherit it. */
static void
bound_unsent (GSocket *socket)
{
  int most = MOST_UNSENT;

  if (g_socket_get_family (socket) != G_SOCKET_FAMILY_UNIX &&
      setsockopt (g_socket_get_fd (socket), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &most, sizeof most) < 0)
    g_debug ("What is unsent cannot be bounded: %s", g_strerror (errno));
}

static gboolean
is_loopback (GSocket *socket)
{
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (socket, NULL);

  return G_IS_INET_SOCKET_ADDRESS (address) &&
         g_inet_address_get_is_loopback (
             g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
}

/* Nothing is congested within a machine: what reckons with it least costs least, which is 4 % of
 * the throughput of small answers where the system's own choice is bbr. Inherited as well. */
static void
simplify_congestion_control (GSocket *socket)
{
  static const char simplest[] = "reno";

  if (is_loopback (socket) && setsockopt (g_socket_get_fd (socket),
                                          IPPROTO_TCP,
                                          TCP_CONGESTION,
                                          simplest,
                                          sizeof simplest - 1) < 0)
    g_debug ("Congestion is controlled as the system does: %s", g_strerror (errno));
}

/**
 * weir_listener_new: (skip)
 * @engine: an engine, which must outlive the listener
 * @socket: a socket that listens and does not block
 * @func: called with each connection
 * @user_data: for @func
 * @error: return location for an error
 *
 * Accepts from now on.
 *
 * Returns: (transfer full): a listener, or %NULL with @error set when the socket cannot be watched
 *
 * Since: 1.0
 */
WeirListener *
weir_listener_new (WeirEngine *engine,
                   GSocket *socket,
                   WeirListenerFunc func,
                   gpointer user_data,
                   GError **error)
{
  WeirListener *self;

  g_return_val_if_fail (WEIR_IS_ENGINE (engine), NULL);
  g_return_val_if_fail (G_IS_SOCKET (socket), NULL);
  g_return_val_if_fail (func != NULL, NULL);

  self = g_new0 (WeirListener, 1);
  self->engine = engine;
  self->func = func;
  self->user_data = user_data;
  self->socket = g_object_ref (socket);
  self->authority = dup_authority (socket);
  bound_unsent (socket);
  simplify_congestion_control (socket);
  if (!watch (self, error))
    g_clear_pointer (&self, weir_listener_free);
  return self;
}

/**
 * weir_listener_free: (skip)
 * @self: (transfer full): a listener
 *
 * Accepts no more. The socket is closed if nobody else holds it.
 *
 * Since: 1.0
 */
void
weir_listener_free (WeirListener *self)
{
  weir_engine_disarm (self->engine, &self->pause);
  if (self->watch.func != NULL)
    weir_engine_unwatch (self->engine, &self->watch);
  g_object_unref (self->socket);
  g_ref_string_release (self->authority);
  g_free (self);
}
