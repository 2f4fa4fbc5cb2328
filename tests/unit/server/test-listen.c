/* SPDX-License-Identifier: LGPL-2.1-or-later */

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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/server/listen/uris", test_uris);
  g_test_add_func ("/server/listen/bad-addresses", test_bad_addresses);
  g_test_add_func ("/server/listen/in-use", test_in_use);

  return g_test_run ();
}
