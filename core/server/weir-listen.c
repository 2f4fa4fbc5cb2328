/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-listen-private.h"

#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

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

#define UNIX_PREFIX "unix:"

static GSocketAddress *
parse_unix (const char *text, GError **error)
{
  const char *path = text + strlen (UNIX_PREFIX);
  gboolean abstract = *path == '@';
  gsize most = sizeof ((struct sockaddr_un *) NULL)->sun_path - 1;

  if ((*path != '/' && !abstract) || path[1] == '\0' || strlen (path) > most)
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_INVALID_ARGUMENT,
                   "Cannot listen on “%s”: give an absolute path of at most %" G_GSIZE_FORMAT
                   " bytes, as in unix:/run/user/1000/weir.sock, or a name, as in unix:@weir",
                   text,
                   most);
      return NULL;
    }
  if (abstract)
    return g_unix_socket_address_new_with_type (path + 1, -1, G_UNIX_SOCKET_ADDRESS_ABSTRACT);
  return g_unix_socket_address_new (path);
}

static GSocketAddress *
parse_address (const char *text, GError **error)
{
  const char *colon = strrchr (text, ':');
  g_autofree char *host = NULL;
  g_autoptr (GInetAddress) address = NULL;
  guint64 port = 0;

  if (g_str_has_prefix (text, UNIX_PREFIX))
    return parse_unix (text, error);
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
  if (g_error_matches (bind_error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE) &&
      g_str_has_prefix (text, UNIX_PREFIX))
    g_set_error (error,
                 WEIR_ERROR,
                 WEIR_ERROR_EXISTS,
                 "Cannot listen on %s: another program does. Stop it, or choose another "
                 "path for --listen",
                 text);
  else if (g_error_matches (bind_error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
    g_set_error (error,
                 WEIR_ERROR,
                 WEIR_ERROR_EXISTS,
                 "Cannot listen on %s: another program has that port. Stop it, or choose "
                 "another port: --listen 127.0.0.1:0 takes any that is free",
                 text);
  else if (g_error_matches (bind_error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED) &&
           !g_str_has_prefix (text, UNIX_PREFIX))
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

/* The path of a socket in the file system, or NULL. */
static const char *
get_path (GSocketAddress *address)
{
  GUnixSocketAddress *local;

  if (!G_IS_UNIX_SOCKET_ADDRESS (address))
    return NULL;
  local = G_UNIX_SOCKET_ADDRESS (address);
  if (g_unix_socket_address_get_address_type (local) != G_UNIX_SOCKET_ADDRESS_PATH)
    return NULL;
  return g_unix_socket_address_get_path (local);
}

/* A server that was killed leaves its socket behind; one that nobody answers on is in the way
 * of the next. */
static void
remove_stale (GSocketAddress *address)
{
  const char *path = get_path (address);
  g_autoptr (GSocket) client = NULL;
  g_autoptr (GError) error = NULL;
  GStatBuf info;

  if (path == NULL || g_lstat (path, &info) != 0 || !S_ISSOCK (info.st_mode))
    return;
  client =
      g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
  if (client == NULL)
    return;
  g_socket_set_blocking (client, FALSE);
  g_socket_connect (client, address, NULL, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    g_unlink (path);
}

static void
remove_path (gpointer data)
{
  g_unlink (data);
  g_free (data);
}

/* Not g_socket_bind(), which takes back what allow_others() said. */
static gboolean
bind_beside (GSocket *socket, GSocketAddress *address, GError **error)
{
  struct sockaddr_storage native;
  gssize length = g_socket_address_get_native_size (address);
  int saved_errno;

  if (!g_socket_address_to_native (address, &native, sizeof native, error) ||
      !g_socket_set_option (socket, SOL_SOCKET, SO_REUSEADDR, 1, error))
    return FALSE;
  if (bind (g_socket_get_fd (socket), (struct sockaddr *) &native, (socklen_t) length) == 0)
    return TRUE;
  saved_errno = errno;
  g_set_error_literal (error,
                       G_IO_ERROR,
                       g_io_error_from_errno (saved_errno),
                       g_strerror (saved_errno));
  return FALSE;
}

static gboolean
allow_others (GSocket *socket, GError **error)
{
  return g_socket_set_option (socket, SOL_SOCKET, SO_REUSEPORT, 1, error);
}

/* The first one was alone when it was bound: who has its port by then is somebody else. */
GSocket *
weir_listen_repeat (GSocket *first, GError **error)
{
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (first, error);
  g_autoptr (GSocket) other = NULL;

  if (address == NULL)
    return NULL;
  if (!G_IS_INET_SOCKET_ADDRESS (address))
    return g_object_ref (first);
  other = g_socket_new (g_socket_get_family (first),
                        G_SOCKET_TYPE_STREAM,
                        G_SOCKET_PROTOCOL_DEFAULT,
                        error);
  if (other == NULL)
    return NULL;
  g_socket_set_blocking (other, FALSE);
  g_socket_set_listen_backlog (other, BACKLOG);
  if (!allow_others (first, error) || !allow_others (other, error) ||
      !bind_beside (other, address, error) || !g_socket_listen (other, error))
    {
      g_prefix_error_literal (error, "Cannot listen for a second data thread: ");
      return NULL;
    }
  return g_steal_pointer (&other);
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
                           G_SOCKET_PROTOCOL_DEFAULT,
                           &local_error);
  if (listener != NULL)
    {
      g_socket_set_blocking (listener, FALSE);
      g_socket_set_listen_backlog (listener, BACKLOG);
      remove_stale (address);
    }
  if (listener == NULL || !g_socket_bind (listener, address, TRUE, &local_error) ||
      !g_socket_listen (listener, &local_error))
    {
      explain_bind_error (local_error, text, error);
      return NULL;
    }

  if (get_path (address) != NULL)
    g_object_set_data_full (G_OBJECT (listener),
                            "weir-path",
                            g_strdup (get_path (address)),
                            remove_path);
  return g_steal_pointer (&listener);
}

static char *
dup_inet_uri (GInetSocketAddress *local)
{
  GInetAddress *address = g_inet_socket_address_get_address (local);
  g_autofree char *host = g_inet_address_to_string (address);
  gboolean v6 = g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6;

  return g_strdup_printf (v6 ? "http://[%s]:%u" : "http://%s:%u",
                          host,
                          g_inet_socket_address_get_port (local));
}

char *
weir_listen_dup_uri (GSocket *listener)
{
  g_autoptr (GSocketAddress) local = g_socket_get_local_address (listener, NULL);

  if (G_IS_INET_SOCKET_ADDRESS (local))
    return dup_inet_uri (G_INET_SOCKET_ADDRESS (local));
  return g_strconcat (UNIX_PREFIX,
                      get_path (local) != NULL ? "" : "@",
                      g_unix_socket_address_get_path (G_UNIX_SOCKET_ADDRESS (local)),
                      NULL);
}

char *
weir_listen_dup_http_uri (GSocket *listener)
{
  g_autofree char *uri = weir_listen_dup_uri (listener);

  return g_str_has_prefix (uri, UNIX_PREFIX) ? g_strdup ("http://localhost")
                                             : g_steal_pointer (&uri);
}
