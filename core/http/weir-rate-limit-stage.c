/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-http"

#include "http/weir-rate-limit-stage-private.h"

#include "http/weir-concurrent.h"
#include "base/weir-settings-private.h"
#include "base/weir-text-private.h"
#include "http/weir-exchange-private.h"
#include "http/weir-rate-key-private.h"

#include <string.h>

#define DEFAULT_TIMEOUT_MS 2000
/* A limiter that fails, fails for every call: one line in so many microseconds will do. */
#define WARN_INTERVAL (10 * G_USEC_PER_SEC)

/* A limit as configuration writes it, and what that comes to. */
typedef struct
{
  char text[64];
  WeirRateLimits limits;
} LastLimits;

/* iface: the limiter's own, for requests not to look for it. */
typedef struct
{
  WeirRateLimiter *limiter; /* NULL: there is none */
  WeirRateLimiterInterface *iface;
} Limiter;

struct _WeirRateLimitStage
{
  GObject parent_instance;

  Limiter rates;
  Limiter windows;
  WeirRatePlans *plans;         /* data thread, once the pipeline runs; NULL: there are none */
  WeirRatePlans *control_plans; /* the same ones, for the control thread */
  LastLimits last;              /* data thread */
  gboolean fail_open;
  guint timeout_ms;
  gint64 warned; /* control thread */
};

/* A limiter that is asked through a task, and the stage's own task, which does not wait for
 * it for ever. Control thread. */
typedef struct
{
  gatomicrefcount refs;
  WeirRateLimitStage *stage;
  WeirExchange *exchange;
  GTask *task; /* NULL once it was answered */
  WeirRateLimits limits;
  GSource *deadline;
} Check;

static void weir_rate_limit_stage_stage_init (WeirStageInterface *iface);
static void weir_rate_limit_stage_concurrent_init (WeirConcurrentInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirRateLimitStage,
                               weir_rate_limit_stage,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_STAGE,
                                                      weir_rate_limit_stage_stage_init)
                                   G_IMPLEMENT_INTERFACE (WEIR_TYPE_CONCURRENT,
                                                          weir_rate_limit_stage_concurrent_init))

/* A browser that asks whether it may call has not called. */
static gboolean
is_preflight (WeirHead *head)
{
  return weir_text_equals (weir_head_get_method (head), "OPTIONS") &&
         weir_head_find (head, WEIR_FIELD_ORIGIN) != NULL &&
         weir_head_has (head, "access-control-request-method");
}

typedef enum
{
  UNLIMITED,
  LIMITED,
  UNKNOWN_PLAN,
} Rule;

/* The plan of the caller, for which it does not matter what is called. */
static const char *
get_plan (WeirExchange *exchange)
{
  WeirIdentity *identity = weir_exchange_get_identity (exchange);

  return identity != NULL ? weir_identity_get_plan (identity) : NULL;
}

static Rule
find_plan (WeirRatePlans *plans, const char *name, WeirRateLimits *limits)
{
  const WeirRateLimits *plan = plans != NULL ? weir_rate_plans_find (plans, name) : NULL;

  if (plan == NULL)
    return UNKNOWN_PLAN;
  *limits = *plan;
  return LIMITED;
}

/* Most functions have the same limit as the one before. */
static gboolean
parse_limits (LastLimits *last, const char *text, WeirRateLimits *limits)
{
  if (last != NULL && *text != '\0' && weir_text_equals (last->text, text))
    {
      *limits = last->limits;
      return TRUE;
    }
  if (!weir_rate_limits_parse (limits, text))
    return FALSE;
  if (last != NULL && g_strlcpy (last->text, text, sizeof last->text) >= sizeof last->text)
    last->text[0] = '\0';
  else if (last != NULL)
    last->limits = *limits;
  return TRUE;
}

/* last: for the data thread. */
static Rule
find_rule (WeirExchange *exchange, WeirRatePlans *plans, LastLimits *last, WeirRateLimits *limits)
{
  WeirFunction *function = weir_exchange_get_function (exchange);
  const char *plan = get_plan (exchange);
  const char *text = NULL;

  if (function != NULL)
    text =
        weir_settings_peek_string (weir_function_get_settings (function), WEIR_SETTING_RATE_LIMIT);
  if ((text == NULL && plan == NULL) || (text != NULL && weir_text_equals (text, "off")) ||
      is_preflight (weir_exchange_get_request (exchange)))
    return UNLIMITED;
  if (plan != NULL)
    return find_plan (plans, plan, limits);
  return parse_limits (last, text, limits) ? LIMITED : UNLIMITED;
}

static void
make_key (WeirRateKey *key, WeirExchange *exchange, const WeirRateLimits *limits)
{
  WeirFunction *function = weir_exchange_get_function (exchange);
  const char *plan = get_plan (exchange);
  gboolean is_rate = limits->per_minute > 0;
  WeirSettings *settings;

  if (plan != NULL)
    {
      weir_rate_key_init (key, exchange, "plan", plan, TRUE);
      return;
    }
  settings = weir_function_get_settings (function);
  if (weir_settings_peek_boolean (settings, WEIR_SETTING_RATE_LIMIT_SHARED, FALSE))
    weir_rate_key_init (key,
                        exchange,
                        "shared",
                        weir_settings_peek_string (settings, WEIR_SETTING_RATE_LIMIT),
                        is_rate);
  else
    weir_rate_key_init (key, exchange, "function", weir_function_get_name (function), is_rate);
}

static const Limiter *
get_limiter (WeirRateLimitStage *self, const WeirRateLimits *limits)
{
  return limits->per_minute > 0 ? &self->rates : &self->windows;
}

static const char *
get_unit (guint32 period)
{
  return period >= 86400 ? "day" : period >= 3600 ? "hour" : "minute";
}

static void
set_number (WeirExchange *exchange, const char *name, gint64 number)
{
  char text[24];

  g_snprintf (text, sizeof text, "%" G_GINT64_FORMAT, number);
  weir_exchange_set_response_header (exchange, name, text);
}

static void
respond_limited (WeirExchange *exchange,
                 const WeirRateLimits *limits,
                 const WeirRateDecision *decision)
{
  guint32 retry_after = MAX (decision->retry_after, 1);
  guint32 n_calls = limits->per_minute > 0 ? limits->per_minute : decision->limit;
  g_autoptr (GError) error = g_error_new (WEIR_ERROR,
                                          WEIR_ERROR_RATE_LIMITED,
                                          "Rate limit exceeded: %u request%s per %s",
                                          n_calls,
                                          n_calls == 1 ? "" : "s",
                                          get_unit (decision->period));

  weir_exchange_set_response_error (exchange, error);
  weir_exchange_set_retry_after (exchange, retry_after);
  set_number (exchange, "retry-after", retry_after);
  set_number (exchange, "x-ratelimit-limit", decision->limit);
  set_number (exchange, "x-ratelimit-remaining", decision->remaining);
  set_number (exchange,
              "x-ratelimit-reset",
              g_get_real_time () / G_USEC_PER_SEC + MAX (decision->reset, retry_after));
}

static WeirStageResult
weir_rate_limit_stage_process (WeirStage *stage, WeirExchange *exchange)
{
  WeirRateLimitStage *self = WEIR_RATE_LIMIT_STAGE (stage);
  WeirRateLimits limits;
  const Limiter *limiter;
  WeirRateDecision decision;
  g_auto (WeirRateKey) key = { NULL };

  switch (find_rule (exchange, self->plans, &self->last, &limits))
    {
    case UNLIMITED:
      return WEIR_STAGE_CONTINUE;
    case UNKNOWN_PLAN: /* a failure, which only the control thread tells about */
      return WEIR_STAGE_PENDING;
    case LIMITED:
      break;
    }
  limiter = get_limiter (self, &limits);
  if (limiter->limiter == NULL || limiter->iface->decide == NULL)
    return WEIR_STAGE_PENDING;
  make_key (&key, exchange, &limits);
  if (!limiter->iface->decide (limiter->limiter,
                               key.text,
                               &limits,
                               weir_engine_get_now (weir_exchange_get_engine (exchange)),
                               &decision))
    return WEIR_STAGE_PENDING;
  if (decision.allowed)
    return WEIR_STAGE_CONTINUE;

  respond_limited (exchange, &limits, &decision);
  return WEIR_STAGE_RESPOND;
}

/* ---- through a task ---- */

static void
check_unref (gpointer data)
{
  Check *check = data;

  if (!g_atomic_ref_count_dec (&check->refs))
    return;
  g_object_unref (check->stage);
  g_clear_object (&check->exchange);
  g_clear_object (&check->task);
  g_free (check);
}

static Check *
check_ref (Check *check)
{
  g_atomic_ref_count_inc (&check->refs);
  return check;
}

static void
answer_failure (WeirRateLimitStage *self, GTask *task, const GError *error)
{
  gint64 now = g_get_monotonic_time ();

  if (self->warned == 0 || now - self->warned >= WARN_INTERVAL)
    {
      self->warned = now;
      g_warning ("The rate limiter fails, so limited calls are %s: %s",
                 self->fail_open ? "let through" : "refused",
                 error->message);
    }
  if (self->fail_open)
    g_task_return_boolean (task, FALSE);
  else
    g_task_return_new_error (task,
                             WEIR_ERROR,
                             WEIR_ERROR_OVERLOADED,
                             "The rate limit cannot be checked now");
}

/* The stage's task, to be answered by the caller; NULL if it was. */
static GTask *
check_end (Check *check)
{
  if (check->deadline != NULL)
    g_source_destroy (check->deadline);
  g_clear_pointer (&check->deadline, g_source_unref);
  return g_steal_pointer (&check->task);
}

static void
on_checked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Check *check = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (WeirRateDecision) decision =
      weir_rate_limiter_check_finish (WEIR_RATE_LIMITER (source), result, &error);
  g_autoptr (GTask) task = check_end (check);

  if (task == NULL)
    g_debug ("The rate limiter answered too late");
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_task_return_error (task, g_steal_pointer (&error));
  else if (decision == NULL)
    answer_failure (check->stage, task, error);
  else
    {
      if (!decision->allowed)
        respond_limited (check->exchange, &check->limits, decision);
      g_task_return_boolean (task, !decision->allowed);
    }
  check_unref (check);
}

static gboolean
on_deadline (gpointer user_data)
{
  Check *check = user_data;
  g_autoptr (GTask) task = check_end (check);
  g_autoptr (GError) error = g_error_new (WEIR_ERROR,
                                          WEIR_ERROR_TIMED_OUT,
                                          "no answer within %u ms",
                                          check->stage->timeout_ms);

  if (task != NULL)
    answer_failure (check->stage, task, error);
  g_clear_object (&check->exchange); /* who answers too late must not keep it */
  return G_SOURCE_REMOVE;
}

static void
arm_deadline (Check *check)
{
  check->deadline = g_timeout_source_new (check->stage->timeout_ms);
  g_source_set_static_name (check->deadline, "[weir] rate limiter");
  g_source_set_callback (check->deadline, on_deadline, check_ref (check), check_unref);
  g_source_attach (check->deadline, g_task_get_context (check->task));
}

static void
answer_unknown_plan (WeirRateLimitStage *self, WeirExchange *exchange, GTask *task)
{
  WeirIdentity *identity = weir_exchange_get_identity (exchange);
  const char *key_id = weir_identity_get_key_id (identity);
  g_autoptr (GError) error =
      g_error_new (WEIR_ERROR,
                   WEIR_ERROR_NOT_FOUND,
                   "%s is on the plan “%s”, which [rate_limits] does not have",
                   key_id != NULL ? key_id : weir_identity_get_subject (identity),
                   weir_identity_get_plan (identity));

  answer_failure (self, task, error);
}

static void
answer_no_limiter (WeirRateLimitStage *self, const WeirRateLimits *limits, GTask *task)
{
  g_autofree char *text = weir_rate_limits_to_text (limits);
  g_autoptr (GError) error = g_error_new (WEIR_ERROR,
                                          WEIR_ERROR_NOT_FOUND,
                                          "there is no plugin for limits as \"%s\"",
                                          text);

  answer_failure (self, task, error);
}

static void
weir_rate_limit_stage_handle (WeirStage *stage, WeirExchange *exchange, GTask *task)
{
  WeirRateLimitStage *self = WEIR_RATE_LIMIT_STAGE (stage);
  g_auto (WeirRateKey) key = { NULL };
  WeirRateLimits limits;
  WeirRateLimiter *limiter;
  Check *check;

  switch (find_rule (exchange, self->control_plans, NULL, &limits))
    {
    case UNLIMITED:
      g_task_return_boolean (task, FALSE);
      return;
    case UNKNOWN_PLAN:
      answer_unknown_plan (self, exchange, task);
      return;
    case LIMITED:
      break;
    }
  limiter = get_limiter (self, &limits)->limiter;
  if (limiter == NULL)
    {
      answer_no_limiter (self, &limits, task);
      return;
    }

  make_key (&key, exchange, &limits);
  check = g_new0 (Check, 1);
  g_atomic_ref_count_init (&check->refs);
  check->stage = g_object_ref (self);
  check->exchange = g_object_ref (exchange);
  check->task = g_object_ref (task);
  check->limits = limits;
  arm_deadline (check);
  weir_rate_limiter_check_async (limiter,
                                 key.text,
                                 &limits,
                                 g_task_get_cancellable (task),
                                 on_checked,
                                 check);
}

static WeirPhase
weir_rate_limit_stage_get_phase (WeirStage *stage)
{
  return WEIR_PHASE_RATE_LIMIT;
}

static void
weir_rate_limit_stage_stage_init (WeirStageInterface *iface)
{
  iface->process = weir_rate_limit_stage_process;
  iface->handle = weir_rate_limit_stage_handle;
  iface->get_phase = weir_rate_limit_stage_get_phase;
}

static gboolean
is_concurrent (WeirRateLimiter *limiter)
{
  return limiter == NULL || weir_concurrent_check (G_OBJECT (limiter));
}

static gboolean
weir_rate_limit_stage_is_concurrent (WeirConcurrent *stage)
{
  WeirRateLimitStage *self = WEIR_RATE_LIMIT_STAGE (stage);

  return is_concurrent (self->rates.limiter) && is_concurrent (self->windows.limiter);
}

static void
weir_rate_limit_stage_concurrent_init (WeirConcurrentInterface *iface)
{
  iface->is_concurrent = weir_rate_limit_stage_is_concurrent;
}

static void
weir_rate_limit_stage_finalize (GObject *object)
{
  WeirRateLimitStage *self = WEIR_RATE_LIMIT_STAGE (object);

  g_clear_object (&self->rates.limiter);
  g_clear_object (&self->windows.limiter);
  g_clear_pointer (&self->plans, weir_rate_plans_unref);
  g_clear_pointer (&self->control_plans, weir_rate_plans_unref);

  G_OBJECT_CLASS (weir_rate_limit_stage_parent_class)->finalize (object);
}

static void
weir_rate_limit_stage_class_init (WeirRateLimitStageClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = weir_rate_limit_stage_finalize;
}

static void
weir_rate_limit_stage_init (WeirRateLimitStage *self)
{
  self->timeout_ms = DEFAULT_TIMEOUT_MS;
}

void
weir_rate_limit_stage_set_timeout (WeirRateLimitStage *self, guint timeout_ms)
{
  self->timeout_ms = timeout_ms;
}

typedef struct
{
  WeirRateLimitStage *stage;
  WeirRatePlans *plans;
} Plans;

static void
on_plans (gpointer user_data)
{
  Plans *plans = user_data;

  g_clear_pointer (&plans->stage->plans, weir_rate_plans_unref);
  plans->stage->plans = plans->plans;
  g_object_unref (plans->stage);
  g_free (plans);
}

void
weir_rate_limit_stage_set_plans (WeirRateLimitStage *self, WeirRatePlans *plans, WeirEngine *engine)
{
  Plans *message = g_new0 (Plans, 1);

  g_clear_pointer (&self->control_plans, weir_rate_plans_unref);
  self->control_plans = weir_rate_plans_ref (plans);
  message->stage = g_object_ref (self);
  message->plans = weir_rate_plans_ref (plans);
  if (engine != NULL)
    weir_engine_invoke (engine, on_plans, message);
  else
    on_plans (message);
}

static Limiter
make_limiter (WeirRateLimiter *limiter)
{
  return limiter != NULL
             ? (Limiter){ g_object_ref (limiter), WEIR_RATE_LIMITER_GET_IFACE (limiter) }
             : (Limiter){ NULL };
}

WeirRateLimitStage *
weir_rate_limit_stage_new (WeirRateLimiter *rates, WeirRateLimiter *windows, gboolean fail_open)
{
  WeirRateLimitStage *self = g_object_new (WEIR_TYPE_RATE_LIMIT_STAGE, NULL);

  self->rates = make_limiter (rates);
  self->windows = make_limiter (windows);
  self->fail_open = fail_open;
  return self;
}
