/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-forwarded-private.h"

#include <string.h>

static WeirTrustedProxies *
make_proxies (void)
{
  const char *const networks[] = { "10.0.0.0/8", "127.0.0.1", "fd00::/8", NULL };

  return weir_trusted_proxies_new (networks);
}

static char *
describe (const WeirForwarded *told)
{
  g_autofree char *client = told->client != NULL ? g_inet_address_to_string (told->client) : NULL;

  return g_strdup_printf ("%s %u %s %s",
                          client != NULL ? client : "-",
                          told->port,
                          told->scheme != NULL ? told->scheme : "-",
                          told->authority != NULL ? told->authority : "-");
}

static void
test_x (void)
{
  static const char *const rows[][4] = {
    { NULL, NULL, NULL, "- 0 - -" },
    { "", "", "", "- 0 - -" },
    { "203.0.113.9", "https", "a.example", "203.0.113.9 0 https a.example" },
    { "203.0.113.9:4711", NULL, NULL, "203.0.113.9 4711 - -" },
    { "[2001:db8::1]:4711", NULL, NULL, "2001:db8::1 4711 - -" },
    { "2001:db8::1", NULL, NULL, "2001:db8::1 0 - -" },
    { "[2001:db8::1]", NULL, NULL, "2001:db8::1 0 - -" },
    /* What stands left of the first stranger is what the stranger says. */
    { "1.1.1.1, 203.0.113.9", NULL, NULL, "203.0.113.9 0 - -" },
    { "1.1.1.1, 203.0.113.9, 10.0.0.2", NULL, NULL, "203.0.113.9 0 - -" },
    { "1.1.1.1,203.0.113.9 ,\t10.0.0.2,10.0.0.3", NULL, NULL, "203.0.113.9 0 - -" },
    { "10.0.0.1, 10.0.0.2", NULL, NULL, "10.0.0.1 0 - -" },
    { "1.1.1.1, nonsense, 10.0.0.2", NULL, NULL, "10.0.0.2 0 - -" },
    { "1.1.1.1, unknown", NULL, NULL, "- 0 - -" },
    { "1.1.1.1,", NULL, NULL, "- 0 - -" },
    { "1.1.1.1:99999", NULL, NULL, "- 0 - -" },
    { "1.1.1.1:", NULL, NULL, "- 0 - -" },
    { "[1.1.1.1]:80", NULL, NULL, "- 0 - -" },
    { "fe80::1%eth0", NULL, NULL, "- 0 - -" },
    /* As many from the right as there were proxies. */
    { "203.0.113.9, 10.0.0.2",
      "https, http",
      "a.example, b.internal",
      "203.0.113.9 0 https a.example" },
    { "203.0.113.9", "https, http", "a.example, b.internal", "203.0.113.9 0 http b.internal" },
    { "203.0.113.9, 10.0.0.2, 10.0.0.3",
      "https",
      "a.example:8443",
      "203.0.113.9 0 https a.example:8443" },
    { NULL, "WSS", "[::1]:9000", "- 0 https [::1]:9000" },
    { NULL, "ftp", "a.example/x", "- 0 - -" },
    { NULL, "https ", "a b", "- 0 https -" },
    { NULL, NULL, "user@a.example", "- 0 - -" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (WeirTrustedProxies) proxies = make_proxies ();
      g_auto (WeirForwarded) told = { NULL };
      g_autofree char *text = NULL;

      g_test_message ("%s", rows[i][0]);
      weir_forwarded_read_x (&told, proxies, rows[i][0], rows[i][1], rows[i][2]);
      text = describe (&told);
      g_assert_cmpstr (text, ==, rows[i][3]);
    }
}

static void
test_forwarded (void)
{
  static const char *const rows[][2] = {
    { NULL, "- 0 - -" },
    { "", "- 0 - -" },
    { "for=203.0.113.9", "203.0.113.9 0 - -" },
    { "For=\"[2001:db8::1]:4711\";Proto=https;Host=a.example", "2001:db8::1 4711 https a.example" },
    { "for=[2001:db8::1]:4711", "2001:db8::1 4711 - -" },
    { "proto=https;for=203.0.113.9, for=10.0.0.2;proto=http", "203.0.113.9 0 https -" },
    { "for=1.1.1.1;proto=https, for=203.0.113.9;proto=http", "203.0.113.9 0 http -" },
    { "for=1.1.1.1, for=unknown;proto=https", "- 0 https -" },
    { "for=1.1.1.1, for=_secret", "- 0 - -" },
    { "for=203.0.113.9;by=\"a\\\"b, for=1.1.1.1\";x=y", "203.0.113.9 0 - -" },
    { "for=203.0.113.9 ; proto=http ;", "203.0.113.9 0 http -" },
    /* One error, and nothing of it counts. */
    { "for=203.0.113.9;for=1.1.1.1", "- 0 - -" },
    { "for=203.0.113.9 proto=https", "- 0 - -" },
    { "for=", "- 0 - -" },
    { "for", "- 0 - -" },
    { "for=\"203.0.113.9", "- 0 - -" },
    { "for=\"203.0.113.9\\", "- 0 - -" },
    { "=203.0.113.9", "- 0 - -" },
    { "for=203.0.113.9, (", "- 0 - -" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (WeirTrustedProxies) proxies = make_proxies ();
      g_auto (WeirForwarded) told = { NULL };
      g_autofree char *text = NULL;

      g_test_message ("%s", rows[i][0]);
      weir_forwarded_read (&told, proxies, rows[i][0]);
      text = describe (&told);
      g_assert_cmpstr (text, ==, rows[i][1]);
    }
}

static void
test_long_chain (void)
{
  g_autoptr (WeirTrustedProxies) proxies = make_proxies ();
  g_autoptr (GString) list = g_string_new ("203.0.113.9");
  g_autoptr (GString) elements = g_string_new ("for=203.0.113.9");
  g_auto (WeirForwarded) x = { NULL };
  g_auto (WeirForwarded) told = { NULL };
  g_autofree char *text = NULL;

  for (guint i = 0; i < 5000; i++)
    {
      g_string_append (list, ",10.0.0.2");
      g_string_append (elements, ",for=10.0.0.2");
    }
  weir_forwarded_read_x (&x, proxies, list->str, NULL, NULL);
  text = g_inet_address_to_string (x.client);
  g_assert_cmpstr (text, ==, "10.0.0.2");
  weir_forwarded_read (&told, proxies, elements->str);
  g_assert_null (told.client);
}

static void
assert_match (WeirTrustedProxies *proxies, const char *address, gboolean expected)
{
  g_autoptr (GInetAddress) parsed = g_inet_address_new_from_string (address);

  g_assert_cmpint (weir_trusted_proxies_match (proxies, parsed), ==, expected);
}

static void
test_match (void)
{
  const char *const with_unix[] = { "192.0.2.1", "unix", NULL };
  g_autoptr (WeirTrustedProxies) proxies = make_proxies ();
  g_autoptr (WeirTrustedProxies) nobody = weir_trusted_proxies_new (NULL);
  g_autoptr (WeirTrustedProxies) both = weir_trusted_proxies_new (with_unix);

  assert_match (proxies, "10.255.0.1", TRUE);
  assert_match (proxies, "::ffff:10.255.0.1", TRUE);
  assert_match (proxies, "11.0.0.1", FALSE);
  assert_match (proxies, "127.0.0.1", TRUE);
  assert_match (proxies, "127.0.0.2", FALSE);
  assert_match (proxies, "fd12::1", TRUE);
  assert_match (proxies, "fe80::1", FALSE);
  assert_match (nobody, "127.0.0.1", FALSE);
  g_assert_false (weir_trusted_proxies_match (proxies, NULL));
  g_assert_true (weir_trusted_proxies_match (both, NULL));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/forwarded/x", test_x);
  g_test_add_func ("/forwarded/rfc-7239", test_forwarded);
  g_test_add_func ("/forwarded/long-chain", test_long_chain);
  g_test_add_func ("/forwarded/match", test_match);
  return g_test_run ();
}
