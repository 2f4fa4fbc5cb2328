/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "weir-limiter-hash.h"
#include "weir-limiter-table.h"

/* The state of these tests is the moment at which it is whole. */
static gint64
get_whole_at (const guint64 *state)
{
  return (gint64) state[0];
}

static void
test_hash (void)
{
  const guint64 secret[2] = { G_GUINT64_CONSTANT (0x0706050403020100),
                              G_GUINT64_CONSTANT (0x0f0e0d0c0b0a0908) };
  const guint8 none[] = { 0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6,
                          0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02, 0x93 };
  guint64 out[2];

  weir_limiter_hash (secret, "", 0, out);
  out[0] = GUINT64_TO_LE (out[0]);
  out[1] = GUINT64_TO_LE (out[1]);
  g_assert_cmpmem (out, sizeof out, none, sizeof none);
}

static char *
make_key (guint i)
{
  return g_strdup_printf ("key %u", i);
}

static void
test_finds_again (void)
{
  g_autoptr (WeirLimiterTable) table = weir_limiter_table_new (10000, 1, get_whole_at);

  for (guint i = 0; i < 10000; i++)
    {
      g_autofree char *key = make_key (i);
      guint64 *state = weir_limiter_table_lookup (table, key, 0);

      g_assert_cmpuint (*state, ==, 0);
      *state = i + 1;
    }
  g_assert_cmpuint (weir_limiter_table_get_n_keys (table), ==, 10000);
  for (guint i = 0; i < 10000; i++)
    {
      g_autofree char *key = make_key (i);

      g_assert_cmpuint (*weir_limiter_table_lookup (table, key, 0), ==, i + 1);
    }
}

/* Against a plain table, with keys that come, stay and become whole. */
static void
test_random_walk (void)
{
  g_autoptr (WeirLimiterTable) table = weir_limiter_table_new (500, 1, get_whole_at);
  g_autoptr (GRand) rand = g_rand_new_with_seed (4711);
  gint64 expected[400] = { 0 };

  for (guint now = 1; now < 200000; now++)
    {
      guint i = g_rand_int_range (rand, 0, G_N_ELEMENTS (expected));
      g_autofree char *key = make_key (i);
      guint64 *state = weir_limiter_table_lookup (table, key, now);

      if (expected[i] > now)
        g_assert_cmpuint (*state, ==, expected[i]);
      else
        g_assert_true (*state == 0 || *state == expected[i]);
      *state = expected[i] = now + g_rand_int_range (rand, 1, 2000);
      g_assert_cmpuint (weir_limiter_table_get_n_keys (table), <=, 500);
    }
}

static void
test_whole_ones_go_first (void)
{
  g_autoptr (WeirLimiterTable) table = weir_limiter_table_new (100, 1, get_whole_at);

  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *key = make_key (i);

      *weir_limiter_table_lookup (table, key, 0) = i < 50 ? 10 : 1000;
    }
  for (guint i = 100; i < 150; i++)
    {
      g_autofree char *key = make_key (i);

      *weir_limiter_table_lookup (table, key, 10) = 1000;
    }
  for (guint i = 50; i < 150; i++)
    {
      g_autofree char *key = make_key (i);

      g_assert_cmpuint (*weir_limiter_table_lookup (table, key, 10), ==, 1000);
    }
  g_assert_cmpuint (weir_limiter_table_get_n_keys (table), ==, 100);
}

static void
test_smallest (void)
{
  g_autoptr (WeirLimiterTable) table = weir_limiter_table_new (1, 3, get_whole_at);

  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *key = make_key (i);
      guint64 *state = weir_limiter_table_lookup (table, key, 0);

      g_assert_true (state[0] == 0 && state[1] == 0 && state[2] == 0);
      state[0] = state[1] = state[2] = 100;
      g_assert_cmpuint (weir_limiter_table_get_n_keys (table), ==, 1);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/limiter-table/hash", test_hash);
  g_test_add_func ("/limiter-table/finds-again", test_finds_again);
  g_test_add_func ("/limiter-table/random-walk", test_random_walk);
  g_test_add_func ("/limiter-table/whole-ones-go-first", test_whole_ones_go_first);
  g_test_add_func ("/limiter-table/smallest", test_smallest);
  return g_test_run ();
}
