/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/weir-error.h"
#include "server/weir-listen-private.h"

static void
test_uris (void)
{
  g_autoptr (GSocket) v4 = weir_listen ("127.0.0.1:0", NULL);
  g_autoptr (GSocket) name = weir_listen ("localhost:0", NULL);
  g_autofree char *v4_uri = weir_listen_dup_uri (v4);
  g_autofree char *name_uri = weir_listen_dup_uri (name);

  g_assert_true (g_str_has_prefix (v4_uri, "http://127.0.0.1:"));
  g_assert_cmpint (atoi (v4_uri + strlen ("http://127.0.0.1:")), >, 0);
  g_assert_true (g_str_has_prefix (name_uri, "http://127.0.0.1:"));
}

static void
test_bad_addresses (void)
{
  const struct
  {
    const char *text;
    const char *says;
  } cases[] = {
    { "", "address and a port" },
    { "127.0.0.1", "address and a port" },
    { "127.0.0.1:", "address and a port" },
    { "127.0.0.1:65536", "address and a port" },
    { "127.0.0.1:-1", "address and a port" },
    { "127.0.0.1:9000x", "address and a port" },
    { ":9000", "not an IP address" },
    { "example.test:9000", "not an IP address" },
    { "[::1:9000", "not an IP address" },
    { "1.2.3.4.5:9000", "not an IP address" },
    { "unix:", "absolute path" },
    { "unix:weir.sock", "absolute path" },
    { "unix:/", "absolute path" },
    { "unix:@", "absolute path" },
    { "unix:/a/very/long/path/that/does/not/fit/into/the/address/of/a/socket/because/there/are/"
      "only/"
      "some/hundred/bytes/for/it",
      "absolute path" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (weir_listen (cases[i].text, &error));
      g_assert_error (error, WEIR_ERROR, WEIR_ERROR_INVALID_ARGUMENT);
      g_assert_nonnull (strstr (error->message, cases[i].says));
    }
}

static void
test_in_use (void)
{
  g_autoptr (GSocket) first = weir_listen ("127.0.0.1:0", NULL);
  g_autofree char *uri = weir_listen_dup_uri (first);
  g_autoptr (GError) error = NULL;

  g_assert_null (weir_listen (uri + strlen ("http://"), &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_EXISTS);
  g_assert_nonnull (strstr (error->message, "--listen"));
}

static char *
dup_path (void)
{
  g_autofree char *name = g_strdup_printf ("weir-listen-%08x", g_random_int ());

  return g_build_filename (g_get_tmp_dir (), name, NULL);
}

static void
test_unix (void)
{
  g_autofree char *path = dup_path ();
  g_autofree char *text = g_strconcat ("unix:", path, NULL);
  g_autoptr (GSocket) one = weir_listen (text, NULL);
  g_autofree char *uri = weir_listen_dup_uri (one);
  g_autofree char *http_uri = weir_listen_dup_http_uri (one);
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (uri, ==, text);
  g_assert_cmpstr (http_uri, ==, "http://localhost");
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_null (weir_listen (text, &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_EXISTS);

  g_clear_object (&one);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
}

/* A server that was killed leaves its socket; a file that is none is not ours to remove. */
static void
test_stale (void)
{
  g_autofree char *path = dup_path ();
  g_autofree char *text = g_strconcat ("unix:", path, NULL);
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GSocket) killed = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, 0, NULL);
  g_autoptr (GSocket) next = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_socket_bind (killed, address, FALSE, &error));
  g_assert_true (g_socket_close (killed, &error));
  next = weir_listen (text, &error);
  g_assert_no_error (error);
  g_assert_nonnull (next);
  g_clear_object (&next);

  g_assert_true (g_file_set_contents (path, "precious", -1, &error));
  g_assert_null (weir_listen (text, &error));
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  g_unlink (path);
}

static void
test_abstract (void)
{
  g_autofree char *text = g_strdup_printf ("unix:@weir-%08x", g_random_int ());
  g_autoptr (GSocket) one = weir_listen (text, NULL);
  g_autofree char *uri = weir_listen_dup_uri (one);

  g_assert_cmpstr (uri, ==, text);
}

static void
test_inherit_nothing (void)
{
  g_autoptr (GPtrArray) sockets = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GError) error = NULL;

  g_setenv ("LISTEN_FDS", "1", TRUE);
  g_setenv ("LISTEN_PID", "1", TRUE);
  g_assert_true (weir_listen_inherit (sockets, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (sockets->len, ==, 0);
  g_assert_null (g_getenv ("LISTEN_FDS"));
}

/* In a process of its own: there the descriptors have the numbers that they must have. */
static void
inherit_in_child (int source)
{
  g_autoptr (GPtrArray) sockets = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GError) error = NULL;
  g_autofree char *pid = g_strdup_printf ("%d", getpid ());

  if (dup2 (source, 3) < 0)
    _exit (2);
  g_setenv ("LISTEN_PID", pid, TRUE);
  g_setenv ("LISTEN_FDS", "1", TRUE);
  if (!weir_listen_inherit (sockets, &error))
    _exit (error != NULL && strstr (error->message, "LISTEN_FDS") != NULL ? 3 : 2);
  _exit (sockets->len == 1 && weir_listen_inherit (sockets, NULL) && sockets->len == 1 ? 0 : 2);
}

static int
run_child (int source)
{
  pid_t pid = fork ();
  int status = 0;

  if (pid == 0)
    inherit_in_child (source);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status));
  return WEXITSTATUS (status);
}

static void
test_inherit (void)
{
  g_autoptr (GSocket) socket = weir_listen ("127.0.0.1:0", NULL);
  int other = open ("/dev/null", O_RDONLY | O_CLOEXEC);

  g_assert_cmpint (run_child (g_socket_get_fd (socket)), ==, 0);
  g_assert_cmpint (run_child (other), ==, 3);
  close (other);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/server/listen/uris", test_uris);
  g_test_add_func ("/server/listen/bad-addresses", test_bad_addresses);
  g_test_add_func ("/server/listen/in-use", test_in_use);
  g_test_add_func ("/server/listen/unix", test_unix);
  g_test_add_func ("/server/listen/stale", test_stale);
  g_test_add_func ("/server/listen/abstract", test_abstract);
  g_test_add_func ("/server/listen/inherit-nothing", test_inherit_nothing);
  g_test_add_func ("/server/listen/inherit", test_inherit);

  return g_test_run ();
}
