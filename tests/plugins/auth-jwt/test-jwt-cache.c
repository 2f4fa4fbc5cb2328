/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-jwt-cache.h"

#include <string.h>

static gboolean
has (WeirJwtCache *cache, const char *token, gint64 now)
{
  g_autoptr (WeirIdentity) identity = weir_jwt_cache_find (cache, token, strlen (token), now);

  if (identity != NULL)
    g_assert_cmpstr (weir_identity_get_subject (identity), ==, token);
  return identity != NULL;
}

static void
add (WeirJwtCache *cache, const char *token, gint64 expires)
{
  g_autoptr (WeirIdentity) identity = weir_identity_new (token);

  weir_jwt_cache_add (cache, token, strlen (token), identity, expires);
}

static void
test_expires (void)
{
  g_autoptr (WeirJwtCache) cache = weir_jwt_cache_new (8);

  g_assert_false (has (cache, "a", 0));
  add (cache, "a", 100);
  g_assert_true (has (cache, "a", 99));
  g_assert_false (has (cache, "A", 99));
  g_assert_false (has (cache, "a", 100));
  g_assert_false (has (cache, "a", 99)); /* gone */

  add (cache, "b", 100);
  weir_jwt_cache_clear (cache);
  g_assert_false (has (cache, "b", 1));
}

/* Every byte counts, wherever it stands, and so does what is missing or too much. */
static void
test_every_byte (void)
{
  g_autoptr (WeirJwtCache) cache = weir_jwt_cache_new (64);

  for (gsize length = 1; length <= 40; length++)
    {
      g_autofree char *token = g_strnfill (length, 't');
      g_autofree char *longer = g_strconcat (token, "t", NULL);

      add (cache, token, G_MAXINT64);
      g_assert_true (has (cache, token, 1));
      g_assert_false (has (cache, longer, 1));
      for (gsize i = 0; i < length; i++)
        for (guint bit = 0; bit < 8; bit++)
          {
            g_autoptr (WeirIdentity) identity = NULL;

            token[i] ^= 1 << bit;
            identity = weir_jwt_cache_find (cache, token, length, 1);
            g_assert_null (identity);
            token[i] ^= 1 << bit;
          }
    }
}

/* Where the end is the same, as it is not with signatures. */
static void
test_same_end (void)
{
  g_autoptr (WeirJwtCache) cache = weir_jwt_cache_new (64);

  add (cache, "one.0123456789abcdef", G_MAXINT64);
  add (cache, "two.0123456789abcdef", G_MAXINT64);
  g_assert_true (has (cache, "one.0123456789abcdef", 1));
  g_assert_true (has (cache, "two.0123456789abcdef", 1));
  g_assert_false (has (cache, "six.0123456789abcdef", 1));
  g_assert_false (has (cache, "0123456789abcdef", 1));
  g_assert_false (has (cache, "", 1));
}

static void
test_bounded (void)
{
  g_autoptr (WeirJwtCache) cache = weir_jwt_cache_new (8);
  guint n = 0;

  add (cache, "used", G_MAXINT64);
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *token = g_strdup_printf ("%u", i);

      add (cache, token, G_MAXINT64);
      g_assert_true (has (cache, "used", 1)); /* what is asked for stays */
    }
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *token = g_strdup_printf ("%u", i);

      n += has (cache, token, 1);
    }
  g_assert_cmpuint (n, <=, 8);
}

static void
test_long (void)
{
  g_autoptr (WeirJwtCache) cache = weir_jwt_cache_new (8);
  g_autofree char *longest = g_strnfill (4096, 'x');
  g_autofree char *longer = g_strnfill (4097, 'x');

  add (cache, longest, 100);
  add (cache, longer, 100);
  g_assert_true (has (cache, longest, 1));
  g_assert_false (has (cache, longer, 1));
}

static void
test_none (void)
{
  g_autoptr (WeirJwtCache) cache = weir_jwt_cache_new (0);

  add (cache, "a", 100);
  g_assert_false (has (cache, "a", 1));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/auth-jwt/cache/expires", test_expires);
  g_test_add_func ("/auth-jwt/cache/every-byte", test_every_byte);
  g_test_add_func ("/auth-jwt/cache/same-end", test_same_end);
  g_test_add_func ("/auth-jwt/cache/bounded", test_bounded);
  g_test_add_func ("/auth-jwt/cache/long", test_long);
  g_test_add_func ("/auth-jwt/cache/none", test_none);

  return g_test_run ();
}
