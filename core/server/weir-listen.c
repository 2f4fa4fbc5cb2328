/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-listen-private.h"

#include "base/weir-error.h"

#define BACKLOG 1024

static GInetAddress *
parse_host (const char *host)
{
  /* A name that is looked up could lead off this machine; this one cannot. */
  if (g_ascii_strcasecmp (host, "localhost") == 0)
    return g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);

  return g_inet_address_new_from_string (host);
}

static GSocketAddress *
parse_address (const char *text, GError **error)
{
  const char *colon = strrchr (text, ':');
  g_autofree char *host = NULL;
  g_autoptr (GInetAddress) address = NULL;
  guint64 port = 0;

  if (colon == NULL || !g_ascii_string_to_unsigned (colon + 1, 10, 0, 65535, &port, NULL))
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_INVALID_ARGUMENT,
                   "Cannot listen on “%s”: give an address and a port, as in 127.0.0.1:9000",
                   text);
      return NULL;
    }

  if (text[0] == '[' && colon > text + 1 && colon[-1] == ']')
    host = g_strndup (text + 1, colon - text - 2);
  else
    host = g_strndup (text, colon - text);

  address = parse_host (host);
  if (address == NULL)
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_INVALID_ARGUMENT,
                   "Cannot listen on “%s”: “%s” is not an IP address (use 127.0.0.1, [::1], "
                   "or 0.0.0.0 for every interface)",
                   text,
                   host);
      return NULL;
    }

  return g_inet_socket_address_new (address, (guint16) port);
}

static void
explain_bind_error (GError *bind_error, const char *text, GError **error)
{
  if (g_error_matches (bind_error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
    g_set_error (error,
                 WEIR_ERROR,
                 WEIR_ERROR_EXISTS,
                 "Cannot listen on %s: another program has that port. Stop it, or choose "
                 "another port: --listen 127.0.0.1:0 takes any that is free",
                 text);
  else if (g_error_matches (bind_error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    g_set_error (error,
                 WEIR_ERROR,
                 WEIR_ERROR_FORBIDDEN,
                 "Cannot listen on %s: ports under 1024 belong to the system. Choose a "
                 "higher one",
                 text);
  else
    g_set_error (error,
                 WEIR_ERROR,
                 WEIR_ERROR_FAILED,
                 "Cannot listen on %s: %s",
                 text,
                 bind_error->message);
}

GSocket *
weir_listen (const char *text, GError **error)
{
  g_autoptr (GSocketAddress) address = parse_address (text, error);
  g_autoptr (GSocket) listener = NULL;
  g_autoptr (GError) local_error = NULL;

  if (address == NULL)
    return NULL;

  listener = g_socket_new (g_socket_address_get_family (address),
                           G_SOCKET_TYPE_STREAM,
                           G_SOCKET_PROTOCOL_TCP,
                           &local_error);
  if (listener != NULL)
    {
      g_socket_set_blocking (listener, FALSE);
      g_socket_set_listen_backlog (listener, BACKLOG);
    }
  if (listener == NULL || !g_socket_bind (listener, address, TRUE, &local_error) ||
      !g_socket_listen (listener, &local_error))
    {
      explain_bind_error (local_error, text, error);
      return NULL;
    }

  return g_steal_pointer (&listener);
}

static GInetSocketAddress *
get_local (GSocket *listener)
{
  return G_INET_SOCKET_ADDRESS (g_socket_get_local_address (listener, NULL));
}

char *
weir_listen_dup_uri (GSocket *listener)
{
  g_autoptr (GInetSocketAddress) local = get_local (listener);
  GInetAddress *address = g_inet_socket_address_get_address (local);
  g_autofree char *host = g_inet_address_to_string (address);
  gboolean v6 = g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6;

  return g_strdup_printf (v6 ? "http://[%s]:%u" : "http://%s:%u",
                          host,
                          g_inet_socket_address_get_port (local));
}
