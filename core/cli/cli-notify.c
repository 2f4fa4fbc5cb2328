/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli-notify-private.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A path, or "@" and a name without a place in the file system. Returns 0 for anything else. */
static socklen_t
read_address (const char *text, struct sockaddr_un *address)
{
  gsize length = strlen (text);

  if ((*text != '/' && *text != '@') || length < 2 || length >= sizeof address->sun_path)
    return 0;
  address->sun_family = AF_UNIX;
  memcpy (address->sun_path, text, length);
  if (*text == '@')
    address->sun_path[0] = '\0';
  return (socklen_t) (offsetof (struct sockaddr_un, sun_path) + length);
}

void
cli_notify (const char *state)
{
  const char *text = g_getenv ("NOTIFY_SOCKET");
  struct sockaddr_un address = { 0 };
  socklen_t length;
  int fd;

  if (text == NULL)
    return;
  length = read_address (text, &address);
  if (length == 0)
    {
      g_warning ("NOTIFY_SOCKET is not understood: %s", text);
      return;
    }

  fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 ||
      sendto (fd, state, strlen (state), MSG_NOSIGNAL, (const struct sockaddr *) &address, length) <
          0)
    g_warning ("%s cannot be told “%s”: %s", text, state, g_strerror (errno));
  if (fd >= 0)
    close (fd);
}
