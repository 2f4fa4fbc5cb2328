/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The two limiters, by their types. */

#include "weir-token-bucket-limiter.h"
#include "weir-window-limiter.h"

#define SECOND G_GINT64_CONSTANT (1000000)
#define START (G_GINT64_CONSTANT (5000000) * SECOND)

static WeirRateDecision
ask (GObject *limiter, const char *key, const char *text, gint64 now)
{
  g_autoptr (WeirRateLimits) limits = weir_rate_limits_new_from_text (text);
  WeirRateDecision decision;

  g_assert_nonnull (limits);
  g_assert_true (
      weir_rate_limiter_decide (WEIR_RATE_LIMITER (limiter), key, limits, now, &decision));
  return decision;
}

/* 120 at once, then one a second. */
static void
test_free_plan (void)
{
  g_autoptr (GObject) limiter = g_object_new (WEIR_TYPE_TOKEN_BUCKET_LIMITER, NULL);
  const char *plan = "60/min burst 120";
  WeirRateDecision decision;

  for (guint i = 0; i < 120; i++)
    g_assert_true (ask (limiter, "k", plan, START).allowed);
  decision = ask (limiter, "k", plan, START);
  g_assert_false (decision.allowed);
  g_assert_cmpuint (decision.limit, ==, 120);
  g_assert_cmpuint (decision.retry_after, ==, 1);
  g_assert_cmpuint (decision.reset, ==, 120);
  g_assert_cmpuint (decision.period, ==, 60);

  for (guint second = 1; second <= 10; second++)
    {
      g_assert_true (ask (limiter, "k", plan, START + second * SECOND).allowed);
      g_assert_false (ask (limiter, "k", plan, START + second * SECOND).allowed);
    }
  g_assert_false (ask (limiter, "k", plan, START + 11 * SECOND - 1).allowed);
  g_assert_true (ask (limiter, "k", plan, START + 11 * SECOND).allowed);
}

static void
test_slow_bucket (void)
{
  g_autoptr (GObject) limiter = g_object_new (WEIR_TYPE_TOKEN_BUCKET_LIMITER, NULL);

  g_assert_true (ask (limiter, "k", "1/min burst 1", START).allowed);
  g_assert_cmpuint (ask (limiter, "k", "1/min burst 1", START).retry_after, ==, 60);
  g_assert_cmpuint (ask (limiter, "k", "1/min burst 1", START + 59 * SECOND).retry_after, ==, 1);
  g_assert_cmpuint (ask (limiter, "k", "1/min burst 1", START + SECOND / 2).retry_after, ==, 60);
  g_assert_true (ask (limiter, "k", "1/min burst 1", START + 60 * SECOND).allowed);
}

static void
test_other_kind (void)
{
  g_autoptr (GObject) bucket = g_object_new (WEIR_TYPE_TOKEN_BUCKET_LIMITER, NULL);
  g_autoptr (GObject) window = g_object_new (WEIR_TYPE_WINDOW_LIMITER, NULL);
  g_autoptr (WeirRateLimits) rate = weir_rate_limits_new_from_text ("60/min burst 1");
  g_autoptr (WeirRateLimits) windows = weir_rate_limits_new_from_text ("60/min");
  WeirRateDecision decision;

  g_assert_false (
      weir_rate_limiter_decide (WEIR_RATE_LIMITER (bucket), "k", windows, START, &decision));
  g_assert_false (
      weir_rate_limiter_decide (WEIR_RATE_LIMITER (window), "k", rate, START, &decision));
}

/* Opened by the first call, not by the clock on the wall. */
static void
test_window (void)
{
  g_autoptr (GObject) limiter = g_object_new (WEIR_TYPE_WINDOW_LIMITER, NULL);
  WeirRateDecision decision;

  g_assert_true (ask (limiter, "k", "2/min", START).allowed);
  decision = ask (limiter, "k", "2/min", START + 50 * SECOND);
  g_assert_true (decision.allowed);
  g_assert_cmpuint (decision.remaining, ==, 0);
  g_assert_cmpuint (decision.reset, ==, 10);
  decision = ask (limiter, "k", "2/min", START + 51 * SECOND);
  g_assert_false (decision.allowed);
  g_assert_cmpuint (decision.retry_after, ==, 9);
  g_assert_cmpuint (decision.reset, ==, 9);
  g_assert_false (ask (limiter, "k", "2/min", START + 60 * SECOND - 1000).allowed);
  g_assert_true (ask (limiter, "k", "2/min", START + 60 * SECOND).allowed);
  g_assert_true (ask (limiter, "k", "2/min", START + 60 * SECOND).allowed);
  g_assert_false (ask (limiter, "k", "2/min", START + 119 * SECOND).allowed);
}

static void
test_three_windows (void)
{
  g_autoptr (GObject) limiter = g_object_new (WEIR_TYPE_WINDOW_LIMITER, NULL);
  const char *limits = "2/min, 3/hour, 4/day";
  WeirRateDecision decision;

  ask (limiter, "k", limits, START);
  ask (limiter, "k", limits, START);
  g_assert_cmpuint (ask (limiter, "k", limits, START).period, ==, 60);
  g_assert_true (ask (limiter, "k", limits, START + 60 * SECOND).allowed);
  decision = ask (limiter, "k", limits, START + 60 * SECOND);
  g_assert_false (decision.allowed);
  g_assert_cmpuint (decision.period, ==, 3600);
  g_assert_cmpuint (decision.limit, ==, 3);
  g_assert_cmpuint (decision.retry_after, ==, 3540);

  /* What the hour refused is not in the minute or the day. */
  g_assert_true (ask (limiter, "k", limits, START + 3600 * SECOND).allowed);
  decision = ask (limiter, "k", limits, START + 3600 * SECOND);
  g_assert_false (decision.allowed);
  g_assert_cmpuint (decision.period, ==, 86400);
  g_assert_true (ask (limiter, "k", limits, START + 86400 * SECOND).allowed);
}

static GObject *
make (gpointer user_data)
{
  return g_object_new (GPOINTER_TO_SIZE (user_data), "max-keys", 100, NULL);
}

int
main (int argc, char *argv[])
{
  gpointer bucket;
  gpointer window;

  g_test_init (&argc, &argv, NULL);
  bucket = GSIZE_TO_POINTER (WEIR_TYPE_TOKEN_BUCKET_LIMITER);
  window = GSIZE_TO_POINTER (WEIR_TYPE_WINDOW_LIMITER);

  g_test_add_func ("/limiter/token-bucket/free-plan", test_free_plan);
  g_test_add_func ("/limiter/token-bucket/slow", test_slow_bucket);
  g_test_add_func ("/limiter/other-kind", test_other_kind);
  g_test_add_func ("/limiter/window/opened-by-the-first", test_window);
  g_test_add_func ("/limiter/window/three", test_three_windows);
  weir_conformance_add_limiter ("token-bucket", "60/min burst 5", make, bucket);
  weir_conformance_add_limiter ("token-bucket-slow", "1/min burst 7", make, bucket);
  weir_conformance_add_limiter ("window-minute", "5/min", make, window);
  weir_conformance_add_limiter ("window-all", "5/min, 50/hour, 70/day", make, window);
  return g_test_run ();
}
