/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-clock-private.h"
#include "weir-fake-clock.h"

typedef struct
{
  GString *trace;
  WeirClock *clock;
  guint64 other;
} Fixture;

static void
on_a (gpointer user_data)
{
  g_string_append_c (((Fixture *) user_data)->trace, 'a');
}

static void
on_b (gpointer user_data)
{
  g_string_append_c (((Fixture *) user_data)->trace, 'b');
}

static void
on_disarm_other (gpointer user_data)
{
  Fixture *fixture = user_data;

  g_string_append_c (fixture->trace, 'd');
  weir_clock_disarm (fixture->clock, fixture->other);
}

static void
test_fake (void)
{
  g_autoptr (WeirFakeClock) fake = weir_fake_clock_new ();
  g_autoptr (GString) trace = g_string_new (NULL);
  Fixture fixture = { trace, WEIR_CLOCK (fake), 0 };
  gint64 start = weir_clock_now (fixture.clock);

  weir_clock_arm (fixture.clock, 20, on_b, &fixture);
  weir_clock_arm (fixture.clock, 10, on_disarm_other, &fixture);
  fixture.other = weir_clock_arm (fixture.clock, 10, on_a, &fixture);
  g_assert_cmpint (weir_fake_clock_get_next (fake), ==, 10);
  weir_fake_clock_advance (fake, 9);
  g_assert_cmpstr (trace->str, ==, "");
  weir_fake_clock_advance (fake, 11);
  g_assert_cmpstr (trace->str, ==, "db");
  g_assert_cmpint (weir_clock_now (fixture.clock) - start, ==, 20000);
  g_assert_cmpuint (weir_fake_clock_get_n_armed (fake), ==, 0);
}

static void
test_real (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (WeirClock) clock = NULL;
  g_autoptr (GString) trace = g_string_new (NULL);
  Fixture fixture = { trace, NULL, 0 };

  g_main_context_push_thread_default (context);
  clock = fixture.clock = weir_clock_new ();
  g_main_context_pop_thread_default (context);

  weir_clock_arm (clock, 0, on_disarm_other, &fixture);
  fixture.other = weir_clock_arm (clock, 0, on_a, &fixture);
  g_assert_cmpuint (weir_clock_arm (clock, 2, on_b, &fixture), >, 0);
  weir_clock_disarm (clock, 0);
  while (trace->len < 2)
    g_main_context_iteration (context, TRUE);
  g_assert_cmpstr (trace->str, ==, "db");
}

/* Nobody is called for a clock that is gone. */
static void
test_dropped (void)
{
  WeirClock *clock = weir_clock_new ();

  weir_clock_arm (clock, 0, on_a, NULL);
  g_object_unref (clock);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/base/clock/fake", test_fake);
  g_test_add_func ("/base/clock/real", test_real);
  g_test_add_func ("/base/clock/dropped", test_dropped);
  return g_test_run ();
}
