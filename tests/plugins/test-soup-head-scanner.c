/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-soup-head-scanner.h"

#include <string.h>

static char *
get (const WeirSoupHeadScanner *self, const char *text, guint i)
{
  WeirSoupSpan *span = &g_array_index (self->fields, WeirSoupSpan, i);

  return g_strdup_printf ("%.*s=%.*s",
                          (int) span->name_length,
                          text + span->name,
                          (int) span->value_length,
                          text + span->value);
}

static void
check_fields (const WeirSoupHeadScanner *self, const char *text)
{
  static const char *const expected[] = { "Host=a", "X-Spaces=b c", "Empty=", "E2=", "T=\xc3\xa4" };

  g_assert_cmpuint (self->fields->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autofree char *field = get (self, text, i);

      g_assert_cmpstr (field, ==, expected[i]);
    }
}

static void
test_whole (void)
{
  const char *text = "GET /a?b HTTP/1.1\r\nHost:a\r\nX-Spaces: \t b c \t \r\nEmpty:\r\nE2:  \r\n"
                     "T: \xc3\xa4\r\n\r\nGET";
  gsize length = strlen (text);

  for (gsize piece = 1; piece <= length; piece++)
    {
      WeirSoupHeadScanner self;
      WeirSoupScan scan = WEIR_SOUP_SCAN_MORE;

      weir_soup_head_scanner_init (&self, 1024, 16);
      for (gsize n = piece; scan == WEIR_SOUP_SCAN_MORE; n = MIN (n + piece, length))
        scan = weir_soup_head_scanner_feed (&self, text, n);
      g_assert_cmpint (scan, ==, WEIR_SOUP_SCAN_DONE);
      g_assert_cmpuint (self.position, ==, length - 3);
      g_assert_cmpmem (text + self.method, self.method_length, "GET", 3);
      g_assert_cmpmem (text + self.target, self.target_length, "/a?b", 4);
      g_assert_cmpuint (self.minor, ==, 1);
      check_fields (&self, text);
      weir_soup_head_scanner_clear (&self);
    }
}

static void
check_refused (const char *text, gsize length, guint status)
{
  WeirSoupHeadScanner self;

  weir_soup_head_scanner_init (&self, 64, 2);
  g_assert_cmpint (weir_soup_head_scanner_feed (&self, text, length), ==, WEIR_SOUP_SCAN_REFUSED);
  g_assert_cmpuint (self.status, ==, status);
  g_assert_nonnull (self.reason);
  g_assert_cmpint (weir_soup_head_scanner_feed (&self, text, length), ==, WEIR_SOUP_SCAN_REFUSED);
  weir_soup_head_scanner_clear (&self);
}

/* A byte that may not stand where it stands is refused when it comes, not at the end. */
static void
test_at_once (void)
{
  static const char *const texts[] = {
    "\n",
    "\r\r",
    "\r\n\r",
    " ",
    "GET\t",
    "GET  ",
    "GET \r",
    "GET / HTTP/1.1\n",
    "GET / HTTP/1.1\r\r",
    "GET / HTTP/11\r",
    "GET / HTTP/1.1 ",
    "GET / HTTP/1.1\r\n ",
    "GET / HTTP/1.1\r\nA ",
    "GET / HTTP/1.1\r\nA\r",
    "GET / HTTP/1.1\r\n:",
    "GET / HTTP/1.1\r\nA: \x01",
    "GET / HTTP/1.1\r\nA: b\n",
    "GET / HTTP/1.1\r\nA: b\r\r",
    "GET / HTTP/1.1\r\nA: b\r\n\r\r",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    check_refused (texts[i], strlen (texts[i]), 400);
  check_refused ("GET / HTTP/1.1\r\nA: \0", 20, 400);
  check_refused ("GET / HTTP/2.0\r", 15, 505);
  check_refused ("GET / HTTP/1.2\r", 15, 505);
}

static void
test_limits (void)
{
  g_autofree char *path = g_strnfill (64, '/');
  g_autofree char *target = g_strdup_printf ("GET %s", path);
  g_autofree char *field = g_strdup_printf ("GET / HTTP/1.1\r\nA: %s", path);

  check_refused (target, strlen (target), 414);
  check_refused (field, strlen (field), 431);
  check_refused ("GET / HTTP/1.1\r\nA:\r\nB:\r\nC:\r\n\r\n", 32, 431);
}

static void
test_reset (void)
{
  const char *text = "GET / HTTP/1.0\r\nA: 1\r\n\r\n";
  WeirSoupHeadScanner self;

  weir_soup_head_scanner_init (&self, 64, 2);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpint (weir_soup_head_scanner_feed (&self, text, strlen (text)),
                       ==,
                       WEIR_SOUP_SCAN_DONE);
      g_assert_cmpuint (self.fields->len, ==, 1);
      g_assert_cmpuint (self.minor, ==, 0);
      weir_soup_head_scanner_reset (&self);
    }
  weir_soup_head_scanner_clear (&self);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/soup-head-scanner/whole", test_whole);
  g_test_add_func ("/soup-head-scanner/at-once", test_at_once);
  g_test_add_func ("/soup-head-scanner/limits", test_limits);
  g_test_add_func ("/soup-head-scanner/reset", test_reset);
  return g_test_run ();
}
