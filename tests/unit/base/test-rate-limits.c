/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-rate-limits.h"

static void
test_good (void)
{
  static const char *const rows[][2] = {
    { "60/min burst 120", "60/min burst 120" },
    { "60/minute  burst\t120 ", "60/min burst 120" },
    { "100/min", "100/min" },
    { " 100/HOUR", "100/hour" },
    { "5000/day,100/min ,  1000/hour", "100/min, 1000/hour, 5000/day" },
    { "1/min, 2/min", "2/min" },
    { "10000000/day", "10000000/day" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (WeirRateLimits) limits = weir_rate_limits_new_from_text (rows[i][0]);
      g_autofree char *text = NULL;

      g_test_message ("%s", rows[i][0]);
      g_assert_nonnull (limits);
      text = weir_rate_limits_to_text (limits);
      g_assert_cmpstr (text, ==, rows[i][1]);
    }
}

static void
test_bad (void)
{
  static const char *const rows[] = {
    "",
    "free",
    "0/min",
    "-1/min",
    "1",
    "1/",
    "1/week",
    "1/mins",
    "1/min,",
    "1/min 2/hour",
    "1/min,,",
    "1/min burst",
    "1/min burst 0",
    "1/min burst 1 x",
    "1/hour burst 5",
    "10000001/d",
    "1 /min",
    "10000001/day",
    "1/min burst -1",
    "1/min burst 2, 5/hour",
    "1/minx",
    "off",
    "99999999999999999999999999/min",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      WeirRateLimits limits;

      g_test_message ("%s", rows[i]);
      g_assert_false (weir_rate_limits_parse (&limits, rows[i]));
      g_assert_cmpuint (limits.per_minute + limits.burst + limits.minute + limits.hour, ==, 0);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/rate-limits/good", test_good);
  g_test_add_func ("/rate-limits/bad", test_bad);
  return g_test_run ();
}
