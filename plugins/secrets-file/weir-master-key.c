/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-master-key.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CREDENTIAL "weir-master-key"
/* 64 digits and the end of the line, with some room for another form of that. */
#define MAX_SIZE 128

char *
weir_master_key_dup_path (const char *key_file)
{
  const char *credentials = g_getenv ("CREDENTIALS_DIRECTORY");

  if (key_file != NULL && *key_file != '\0')
    return g_strdup (key_file);
  if (credentials != NULL)
    {
      g_autofree char *path = g_build_filename (credentials, CREDENTIAL, NULL);

      if (g_file_test (path, G_FILE_TEST_EXISTS))
        return g_steal_pointer (&path);
    }

  return g_build_filename (g_get_user_config_dir (), "weir", "master.key", NULL);
}

static gboolean
fail (const char *path, const char *what, GError **error)
{
  g_set_error (error,
               WEIR_ERROR,
               errno == ENOENT ? WEIR_ERROR_NOT_FOUND : WEIR_ERROR_FAILED,
               "Cannot %s the master key %s: %s",
               what,
               path,
               g_strerror (errno));
  return FALSE;
}

static gboolean
check_mode (const char *path, int fd, GError **error)
{
  struct stat info;

  if (fstat (fd, &info) != 0)
    return fail (path, "read", error);
  if (S_ISREG (info.st_mode) && (info.st_mode & 0077) == 0)
    return TRUE;

  g_set_error (error,
               WEIR_ERROR,
               WEIR_ERROR_FORBIDDEN,
               S_ISREG (info.st_mode)
                   ? "The master key %s is open to other users: `chmod 600` it, and think about "
                     "who has read it"
                   : "The master key %s is not a file",
               path);
  return FALSE;
}

static gboolean
parse (const char *path, const guint8 *data, gsize length, guint8 *key, GError **error)
{
  gsize n = 0;

  if (length == WEIR_MASTER_KEY_LENGTH)
    {
      memcpy (key, data, length);
      return TRUE;
    }
  while (length > 0 && g_ascii_isspace (data[length - 1]))
    length--;
  if (length == 2 * WEIR_MASTER_KEY_LENGTH &&
      sodium_hex2bin (key, WEIR_MASTER_KEY_LENGTH, (const char *) data, length, NULL, &n, NULL) ==
          0 &&
      n == WEIR_MASTER_KEY_LENGTH)
    return TRUE;

  g_set_error (error,
               WEIR_ERROR,
               WEIR_ERROR_FAILED,
               "%s is no master key: it must hold 32 bytes, or 64 hexadecimal digits",
               path);
  return FALSE;
}

static gboolean
read_key (const char *path, guint8 *key, GError **error)
{
  guint8 data[MAX_SIZE];
  int fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
  gboolean ok;
  gssize n;

  if (fd < 0)
    return fail (path, "read", error);
  ok = check_mode (path, fd, error);
  if (ok)
    {
      n = read (fd, data, sizeof data);
      ok = n >= 0 ? parse (path, data, n, key, error) : fail (path, "read", error);
      explicit_bzero (data, sizeof data);
    }
  close (fd);

  return ok;
}

static gboolean
write_all (int fd, const char *text)
{
  gsize length = strlen (text);

  return write (fd, text, length) == (gssize) length && fsync (fd) == 0;
}

static void
sync_folder (const char *path)
{
  g_autofree char *directory = g_path_get_dirname (path);
  int fd = g_open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

  if (fd < 0)
    return;
  fsync (fd);
  close (fd);
}

/* Whole before it has its name, and never over another: two programs may come at once, and a
 * key that was lost has lost all secrets with it. */
static gboolean
make_key (const char *path, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofree char *draft = g_strdup_printf ("%s.XXXXXX", path);
  guint8 key[WEIR_MASTER_KEY_LENGTH];
  char text[2 * WEIR_MASTER_KEY_LENGTH + 2];
  gboolean ok;
  int fd;

  if (g_mkdir_with_parents (directory, 0700) != 0)
    return fail (path, "make the folder of", error);
  fd = g_mkstemp_full (draft, O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0)
    return fail (path, "write", error);

  randombytes_buf (key, sizeof key);
  sodium_bin2hex (text, sizeof text, key, sizeof key);
  strcat (text, "\n");
  ok = write_all (fd, text) && (link (draft, path) == 0 || errno == EEXIST);
  if (!ok)
    fail (path, "write", error);
  close (fd);
  g_unlink (draft);
  sync_folder (path);
  explicit_bzero (key, sizeof key);
  explicit_bzero (text, sizeof text);

  return ok;
}

gboolean
weir_master_key_load (const char *path, gboolean create, guint8 *key, GError **error)
{
  if (create && !g_file_test (path, G_FILE_TEST_EXISTS) && !make_key (path, error))
    return FALSE;

  return read_key (path, key, error);
}
