/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "testing/weir-conformance-limiter.h"

/* A limiter under test, and the time that it is told. One that has to be asked through a
 * task has a clock of its own, and is spared the cases that turn the time. */
typedef struct
{
  WeirRateLimiter *limiter;
  WeirRateLimits limits;
  guint n_calls; /* that are allowed at once */
  gint64 now;
  gboolean has_own_clock;
} Fixture;

typedef struct
{
  const char *name;
  void (*run) (Fixture *self);
} Case;

typedef struct
{
  const Case *test;
  char *limits;
  WeirConformanceFactory factory;
  gpointer user_data;
} Plan;

typedef struct
{
  GMainLoop *loop;
  WeirRateDecision *decision;
} Answer;

static void
on_checked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;
  g_autoptr (GError) error = NULL;

  answer->decision = weir_rate_limiter_check_finish (WEIR_RATE_LIMITER (source), result, &error);
  g_assert_no_error (error);
  g_main_loop_quit (answer->loop);
}

static WeirRateDecision
ask_limits (Fixture *self, const char *key, const WeirRateLimits *limits)
{
  WeirRateDecision decision = { FALSE };
  Answer answer = { NULL, NULL };

  if (weir_rate_limiter_decide (self->limiter, key, limits, self->now, &decision))
    return decision;

  self->has_own_clock = TRUE;
  answer.loop = g_main_loop_new (g_main_context_get_thread_default (), FALSE);
  weir_rate_limiter_check_async (self->limiter, key, limits, NULL, on_checked, &answer);
  g_main_loop_run (answer.loop);
  g_main_loop_unref (answer.loop);
  decision = *answer.decision;
  weir_rate_decision_free (answer.decision);
  return decision;
}

static WeirRateDecision
ask (Fixture *self, const char *key)
{
  return ask_limits (self, key, &self->limits);
}

static void
spend (Fixture *self, const char *key)
{
  for (guint i = 0; i < self->n_calls; i++)
    g_assert_true (ask (self, key).allowed);
}

static gboolean
can_turn_time (Fixture *self)
{
  if (!self->has_own_clock)
    return TRUE;
  g_test_skip ("The limiter has a clock of its own");
  return FALSE;
}

static void
test_spent (Fixture *self)
{
  WeirRateDecision decision;

  for (guint i = 0; i < self->n_calls; i++)
    {
      decision = ask (self, "a");
      g_assert_true (decision.allowed);
      g_assert_cmpuint (decision.limit, ==, self->n_calls);
      g_assert_cmpuint (decision.remaining, ==, self->n_calls - 1 - i);
      g_assert_cmpuint (decision.retry_after, ==, 0);
    }
  decision = ask (self, "a");
  g_assert_false (decision.allowed);
  g_assert_cmpuint (decision.limit, ==, self->n_calls);
  g_assert_cmpuint (decision.remaining, ==, 0);
  g_assert_cmpuint (decision.retry_after, >=, 1);
  g_assert_cmpuint (decision.reset, >=, decision.retry_after);
  g_assert_true (decision.period == 60 || decision.period == 3600 || decision.period == 86400);
}

static void
test_keys (Fixture *self)
{
  spend (self, "hello\nip 10.0.0.1");
  g_assert_false (ask (self, "hello\nip 10.0.0.1").allowed);
  g_assert_true (ask (self, "hello\nip 10.0.0.2").allowed);
  g_assert_true (ask (self, "hellp\nip 10.0.0.1").allowed);
  g_assert_true (ask (self, "").allowed);
  g_assert_false (ask (self, "hello\nip 10.0.0.1").allowed);
}

static void
test_long_key (Fixture *self)
{
  g_autofree char *key = g_strnfill (100000, 'x');

  spend (self, key);
  g_assert_false (ask (self, key).allowed);
  key[99999] = 'y';
  g_assert_true (ask (self, key).allowed);
}

static void
test_retry (Fixture *self)
{
  WeirRateDecision refused;

  spend (self, "a");
  refused = ask (self, "a");
  if (!can_turn_time (self))
    return;
  self->now += (gint64) refused.retry_after * G_USEC_PER_SEC;
  g_assert_true (ask (self, "a").allowed);
}

static void
test_reset (Fixture *self)
{
  WeirRateDecision refused;

  spend (self, "a");
  refused = ask (self, "a");
  if (!can_turn_time (self))
    return;
  self->now += (gint64) refused.reset * G_USEC_PER_SEC;
  spend (self, "a");
  g_assert_false (ask (self, "a").allowed);
}

/* Who knocks all the time is let in as soon as who waits. */
static void
test_refused (Fixture *self)
{
  WeirRateDecision refused;

  spend (self, "a");
  refused = ask (self, "a");
  if (!can_turn_time (self))
    return;
  for (guint i = 0; i < 1000; i++)
    g_assert_false (ask (self, "a").allowed);
  self->now += (gint64) refused.retry_after * G_USEC_PER_SEC;
  g_assert_true (ask (self, "a").allowed);
}

/* Never more within the time that a limit is about than it says. */
static void
test_rate (Fixture *self)
{
  guint n_allowed = 0;

  ask (self, "a");
  if (!can_turn_time (self))
    return;
  for (guint hour = 0; hour < 48; hour++)
    for (guint i = 0; i < 100; i++)
      {
        n_allowed += ask (self, "b").allowed;
        self->now += G_USEC_PER_SEC / 100;
      }
  g_assert_cmpuint (n_allowed, >=, self->n_calls);
  g_assert_cmpuint (n_allowed, <=, self->n_calls + self->limits.per_minute * 48 / 60 + 1);
}

static void
test_backwards (Fixture *self)
{
  spend (self, "a");
  ask (self, "a");
  if (!can_turn_time (self))
    return;
  self->now -= 10 * G_USEC_PER_SEC;
  g_assert_false (ask (self, "a").allowed);
  g_assert_cmpuint (ask (self, "a").retry_after, >=, 1);
}

static void
test_other_limits (Fixture *self)
{
  WeirRateLimits more = self->limits;
  guint32 *const numbers[] = { &more.burst, &more.minute, &more.hour, &more.day };

  spend (self, "a");
  g_assert_false (ask (self, "a").allowed);
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    *numbers[i] *= 2;
  g_assert_true (ask_limits (self, "a", &more).allowed);
}

/* However many call, those who have spent what they had are not forgotten for those who have
 * not, and nobody is refused because of others. */
static void
test_flood (Fixture *self)
{
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (self->limiter), "max-keys") == NULL)
    {
      g_test_skip ("The limiter has no option max-keys");
      return;
    }
  if (self->limits.per_minute == 0)
    {
      g_test_skip ("All windows of one length that are opened now end at one time");
      return;
    }
  spend (self, "a");
  for (guint i = 0; i < 10000; i++)
    {
      g_autofree char *key = g_strdup_printf ("key %u", i);

      g_assert_true (ask (self, key).allowed);
      if (i % 100 == 0)
        g_assert_false (ask (self, "a").allowed);
    }
}

static const Case cases[] = {
  { "spent", test_spent },
  { "keys", test_keys },
  { "long-key", test_long_key },
  { "retry-after", test_retry },
  { "reset", test_reset },
  { "refused-calls", test_refused },
  { "rate", test_rate },
  { "time-goes-back", test_backwards },
  { "other-limits", test_other_limits },
  { "flood", test_flood },
};

static guint
get_n_calls (const WeirRateLimits *limits)
{
  guint n = G_MAXUINT;

  if (limits->per_minute > 0)
    return limits->burst;
  if (limits->minute > 0)
    n = MIN (n, limits->minute);
  if (limits->hour > 0)
    n = MIN (n, limits->hour);
  if (limits->day > 0)
    n = MIN (n, limits->day);
  return n;
}

static void
run_plan (gconstpointer data)
{
  const Plan *plan = data;
  Fixture self = { NULL };
  GObject *object = plan->factory (plan->user_data);

  g_assert_true (WEIR_IS_RATE_LIMITER (object));
  g_assert_true (weir_rate_limits_parse (&self.limits, plan->limits));
  self.limiter = WEIR_RATE_LIMITER (object);
  self.n_calls = get_n_calls (&self.limits);
  self.now = 1000 * G_USEC_PER_SEC;
  plan->test->run (&self);
  g_assert_finalize_object (object);
}

static void
plan_free (gpointer data)
{
  Plan *plan = data;

  g_free (plan->limits);
  g_free (plan);
}

/**
 * weir_conformance_add_limiter: (skip)
 * @name: what the limiter is called in the names of the tests
 * @limits: what it is asked with, at most 100 calls, as in `60/min burst 5` or `5/hour`
 * @factory: makes a limiter that has seen no call, with a reference for the caller
 * @user_data: for @factory, until the tests have run
 *
 * Adds the cases that every limiter must pass to the tests of a program: call it between
 * g_test_init() and g_test_run(). Those about the end of a limit are only for limiters that
 * decide at once, by the time that they are told. The factory may set the property `max-keys`
 * of a limiter that has one to 100, so that a flood of keys is one.
 *
 * Since: 1.0
 */
void
weir_conformance_add_limiter (const char *name,
                              const char *limits,
                              WeirConformanceFactory factory,
                              gpointer user_data)
{
  g_return_if_fail (name != NULL && limits != NULL);
  g_return_if_fail (factory != NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/conformance/limiter/%s/%s", name, cases[i].name);
      Plan *plan = g_new0 (Plan, 1);

      plan->test = &cases[i];
      plan->limits = g_strdup (limits);
      plan->factory = factory;
      plan->user_data = user_data;
      g_test_add_data_func_full (path, plan, run_plan, plan_free);
    }
}
