/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-listen-private.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/weir-error.h"

#define FIRST_FD 3

/* How many there are for this process: a child of the one they are for sees the variables
 * too. */
static guint
count_inherited (void)
{
  const char *pid = g_getenv ("LISTEN_PID");
  const char *fds = g_getenv ("LISTEN_FDS");
  guint64 number, count;

  if (pid == NULL || fds == NULL ||
      !g_ascii_string_to_unsigned (pid, 10, 1, G_MAXINT, &number, NULL) ||
      !g_ascii_string_to_unsigned (fds, 10, 0, 1024, &count, NULL) || (pid_t) number != getpid ())
    return 0;
  return (guint) count;
}

static gboolean
is_listening_stream (int fd)
{
  int type = 0, listens = 0;
  socklen_t type_length = sizeof type, listens_length = sizeof listens;

  return getsockopt (fd, SOL_SOCKET, SO_TYPE, &type, &type_length) == 0 && type == SOCK_STREAM &&
         getsockopt (fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &listens_length) == 0 && listens != 0;
}

static GSocket *
inherit (int fd, GError **error)
{
  GSocket *socket;

  if (!is_listening_stream (fd))
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_INVALID_ARGUMENT,
                   "File descriptor %d, which was passed in with LISTEN_FDS, is not a stream "
                   "socket that listens (in a socket unit: ListenStream=, Accept=no)",
                   fd);
      return NULL;
    }
  fcntl (fd, F_SETFD, FD_CLOEXEC);
  socket = g_socket_new_from_fd (fd, error);
  if (socket == NULL)
    {
      g_prefix_error (error, "Cannot use file descriptor %d of LISTEN_FDS: ", fd);
      return NULL;
    }
  g_socket_set_blocking (socket, FALSE);
  return socket;
}

gboolean
weir_listen_inherit (GPtrArray *sockets, GError **error)
{
  guint count = count_inherited ();

  g_unsetenv ("LISTEN_PID");
  g_unsetenv ("LISTEN_FDS");
  g_unsetenv ("LISTEN_FDNAMES");
  for (guint i = 0; i < count; i++)
    {
      GSocket *socket = inherit (FIRST_FD + (int) i, error);

      if (socket == NULL)
        return FALSE;
      g_ptr_array_add (sockets, socket);
    }
  return TRUE;
}
