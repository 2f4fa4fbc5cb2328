/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What one decision of a limiter costs, and its memory, with a million of those who call:
 * each limiter is asked about all of them in an order that no cache can guess.
 *
 *   bench-limiter [KEYS] */

#include <stdio.h>
#include <stdlib.h>

#include "weir-token-bucket-limiter.h"
#include "weir-window-limiter.h"

#define DEFAULT_KEYS 1000000
#define ROUNDS 3

static gsize
get_resident (void)
{
  g_autofree char *text = NULL;
  gsize pages = 0;

  if (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL))
    sscanf (text, "%*s %zu", &pages);
  return pages * 4096;
}

static void
make_key (char *key, gsize size, guint i)
{
  g_snprintf (key, size, "hello\nip 10.%u.%u.%u", i >> 16 & 255, i >> 8 & 255, i & 255);
}

/* What the loop costs that only makes the keys. */
static gint64
measure_keys (guint n_keys)
{
  gint64 started = g_get_monotonic_time ();
  char key[64];
  guint sum = 0;

  for (guint i = 0; i < n_keys; i++)
    {
      make_key (key, sizeof key, (guint) ((guint64) i * 7919 % n_keys));
      sum += key[10];
    }
  if (sum == 1)
    puts ("");
  return g_get_monotonic_time () - started;
}

static void
measure (const char *name, GType type, const char *text, guint n_keys)
{
  g_autoptr (GObject) limiter = g_object_new (type, "max-keys", MAX (n_keys, 1), NULL);
  g_autoptr (WeirRateLimits) limits = weir_rate_limits_new_from_text (text);
  gsize before = get_resident ();
  gint64 keys_us = measure_keys (n_keys);

  for (guint round = 0; round < ROUNDS; round++)
    {
      gint64 started = g_get_monotonic_time ();
      guint n_allowed = 0;
      gint64 spent;
      char key[64];

      for (guint i = 0; i < n_keys; i++)
        {
          WeirRateDecision decision;

          make_key (key, sizeof key, (guint) ((guint64) i * 7919 % n_keys));
          weir_rate_limiter_decide (WEIR_RATE_LIMITER (limiter),
                                    key,
                                    limits,
                                    started + i,
                                    &decision);
          n_allowed += decision.allowed;
        }
      spent = MAX (g_get_monotonic_time () - started - keys_us, 0);
      printf ("%s: %u keys, round %u: %.0f ns a decision, %u allowed, %.1f MiB\n",
              name,
              n_keys,
              round + 1,
              spent * 1000.0 / n_keys,
              n_allowed,
              (get_resident () - before) / 1048576.0);
    }
}

int
main (int argc, char *argv[])
{
  guint n_keys = argc > 1 ? (guint) strtoul (argv[1], NULL, 10) : DEFAULT_KEYS;

  if (n_keys == 0)
    n_keys = DEFAULT_KEYS;
  measure ("token-bucket", WEIR_TYPE_TOKEN_BUCKET_LIMITER, "60/min burst 2", n_keys);
  measure ("window", WEIR_TYPE_WINDOW_LIMITER, "2/min, 100/hour, 1000/day", n_keys);
  return 0;
}
