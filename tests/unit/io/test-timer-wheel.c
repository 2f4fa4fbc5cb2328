/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "io/weir-timer-wheel-private.h"

/* What a timer may be late on a wheel that is advanced in time. */
#define GRAIN 8192

static void
test_order_and_precision (void)
{
  static const gint64 delays[] = { 0,       1,         1000,       8191,       8192,
                                   8193,    524287,    524288,     524289,     33554431,
                                   3600000, 150000000, 2147483648, 4294967295, 86400000000 };
  WeirTimerWheel wheel;

  for (gint64 start = 0; start < 2000000; start += 99991)
    for (guint i = 0; i < G_N_ELEMENTS (delays); i++)
      {
        WeirTimer timer = { 0 };
        WeirTimer other = { 0 };
        gint64 now = start;
        guint turns = 0;

        weir_timer_wheel_init (&wheel);
        weir_timer_wheel_add (&wheel, &other, start, start + 600000000000);
        weir_timer_wheel_add (&wheel, &timer, start, start + delays[i]);
        while (TRUE)
          {
            gint64 next = weir_timer_wheel_next (&wheel);

            g_assert_cmpint (next, >=, 0);
            now = MAX (now, next);
            weir_timer_wheel_advance (&wheel, now);
            g_assert_cmpuint (turns++, <, 8);
            if (weir_timer_wheel_pop (&wheel) != NULL)
              break;
          }
        g_assert_null (timer.next);
        g_assert_nonnull (other.next);
        g_assert_cmpint (now, >=, start + delays[i]);
        g_assert_cmpint (now, <=, start + delays[i] + GRAIN);
        g_assert_cmpuint (wheel.n_armed, ==, 1);
      }
}

/* Against the obvious way to do it. */
static void
test_random (void)
{
  WeirTimerWheel wheel;
  WeirTimer *timers = g_new0 (WeirTimer, 500);
  gint64 now = 123456789;
  guint fired = 0;

  weir_timer_wheel_init (&wheel);
  for (guint round = 0; round < 20000; round++)
    {
      WeirTimer *timer = &timers[g_test_rand_int_range (0, 500)];
      gint64 earliest = G_MAXINT64;

      if (timer->next != NULL)
        weir_timer_wheel_remove (&wheel, timer);
      if (g_test_rand_bit ())
        {
          gint64 reach = G_GINT64_CONSTANT (1) << g_test_rand_int_range (4, 38);

          weir_timer_wheel_add (&wheel,
                                timer,
                                now,
                                now + (gint64) g_test_rand_double_range (0, reach));
        }
      if (round % 4 == 0)
        now += (gint64) g_test_rand_double_range (0,
                                                  G_GINT64_CONSTANT (1)
                                                      << g_test_rand_int_range (4, 34));
      weir_timer_wheel_advance (&wheel, now);
      while ((timer = weir_timer_wheel_pop (&wheel)) != NULL)
        {
          g_assert_cmpint (timer->due, <=, now);
          fired++;
        }
      for (guint i = 0; i < 500; i++)
        {
          if (timers[i].next == NULL)
            continue;
          g_assert_cmpint (timers[i].due, >, now - GRAIN);
          earliest = MIN (earliest, timers[i].due);
        }
      if (earliest == G_MAXINT64)
        g_assert_cmpint (weir_timer_wheel_next (&wheel), ==, G_MAXINT64);
      else
        g_assert_cmpint (weir_timer_wheel_next (&wheel), <=, earliest + GRAIN);
    }
  g_assert_cmpuint (fired, >, 1000);
  g_free (timers);
}

static void
test_remove_expired (void)
{
  WeirTimerWheel wheel;
  WeirTimer timers[3] = { 0 };

  weir_timer_wheel_init (&wheel);
  for (guint i = 0; i < 3; i++)
    weir_timer_wheel_add (&wheel, &timers[i], 0, 1000);
  weir_timer_wheel_advance (&wheel, 20000);
  g_assert_true (weir_timer_wheel_pop (&wheel) == &timers[0]);
  weir_timer_wheel_remove (&wheel, &timers[1]);
  g_assert_cmpint (weir_timer_wheel_next (&wheel), ==, 0);
  weir_timer_wheel_add (&wheel, &timers[0], 20000, 20000);
  g_assert_true (weir_timer_wheel_pop (&wheel) == &timers[2]);
  g_assert_null (weir_timer_wheel_pop (&wheel));
  g_assert_cmpuint (wheel.n_armed, ==, 1);
  weir_timer_wheel_remove (&wheel, &timers[0]);
  g_assert_cmpint (weir_timer_wheel_next (&wheel), ==, G_MAXINT64);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/timer-wheel/order-and-precision", test_order_and_precision);
  g_test_add_func ("/timer-wheel/random", test_random);
  g_test_add_func ("/timer-wheel/remove-expired", test_remove_expired);
  return g_test_run ();
}
