/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-window-limiter.h"

#include <weir-limiter-table.h>

#define DEFAULT_MAX_KEYS 1000000
#define MAX_MAX_KEYS 100000000
#define N_UNITS 3
#define MS_PER_S 1000
#define US_PER_MS 1000
/* A window is one word: when it was opened, in milliseconds, and how many calls it saw. */
#define COUNT_BITS 24
#define COUNT_MASK ((G_GUINT64_CONSTANT (1) << COUNT_BITS) - 1)

G_STATIC_ASSERT (WEIR_RATE_LIMITS_MAX <= COUNT_MASK);

/* Windows of a minute, an hour and a day, each opened by the first call after the end of the
 * one before. A call must fit into all of them; one that does not is counted in none. */
struct _WeirWindowLimiter
{
  GObject parent_instance;

  guint max_keys;
  GMutex lock;             /* the table, which data threads share */
  WeirLimiterTable *table; /* made when the first call is counted */
};

enum
{
  PROP_MAX_KEYS = 1,
};

static const guint32 periods[N_UNITS] = { 60, 3600, 86400 };

static void weir_window_limiter_rate_limiter_init (WeirRateLimiterInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirWindowLimiter,
                               weir_window_limiter,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_RATE_LIMITER,
                                                      weir_window_limiter_rate_limiter_init)
                                   G_IMPLEMENT_INTERFACE (WEIR_TYPE_CONCURRENT, NULL))

static gint64
get_end_ms (guint64 window, guint unit)
{
  return window == 0 ? 0 : (gint64) (window >> COUNT_BITS) + (gint64) periods[unit] * MS_PER_S;
}

static gint64
get_whole_at (const guint64 *state)
{
  gint64 latest = 0;

  for (guint i = 0; i < N_UNITS; i++)
    latest = MAX (latest, get_end_ms (state[i], i));
  return latest * US_PER_MS;
}

static guint32
to_seconds (gint64 ms)
{
  return ms > 0 ? (ms + MS_PER_S - 1) / MS_PER_S : 0;
}

static void
refuse (WeirRateDecision *decision, guint32 limit, guint unit, gint64 left_ms)
{
  decision->allowed = FALSE;
  decision->limit = limit;
  decision->remaining = 0;
  decision->period = periods[unit];
  decision->reset = MAX (to_seconds (left_ms), 1);
  decision->retry_after = decision->reset;
}

static void
count (WeirRateDecision *decision, guint64 *window, guint32 limit, guint unit, gint64 now_ms)
{
  guint32 remaining;

  if (*window == 0)
    *window = (guint64) now_ms << COUNT_BITS;
  *window += 1;
  remaining = limit - (*window & COUNT_MASK);
  if (decision->limit > 0 && remaining >= decision->remaining)
    return;

  /* The one that will be the first to refuse is the one to tell about. */
  decision->limit = limit;
  decision->remaining = remaining;
  decision->period = periods[unit];
  decision->reset = to_seconds (get_end_ms (*window, unit) - now_ms);
}

static void
decide_at (guint64 *state, const guint32 *wanted, gint64 now_ms, WeirRateDecision *decision)
{
  for (guint i = 0; i < N_UNITS; i++)
    {
      gint64 left_ms = get_end_ms (state[i], i) - now_ms;

      if (left_ms <= 0)
        state[i] = 0;
      else if (wanted[i] > 0 && (state[i] & COUNT_MASK) >= wanted[i])
        {
          refuse (decision, wanted[i], i, left_ms);
          return;
        }
    }

  *decision = (WeirRateDecision){ .allowed = TRUE };
  for (guint i = 0; i < N_UNITS; i++)
    if (wanted[i] > 0)
      count (decision, &state[i], wanted[i], i, now_ms);
}

static gboolean
weir_window_limiter_decide (WeirRateLimiter *limiter,
                            const char *key,
                            const WeirRateLimits *limits,
                            gint64 now,
                            WeirRateDecision *decision)
{
  WeirWindowLimiter *self = WEIR_WINDOW_LIMITER (limiter);
  const guint32 wanted[N_UNITS] = { limits->minute, limits->hour, limits->day };

  if (wanted[0] == 0 && wanted[1] == 0 && wanted[2] == 0)
    return FALSE;

  g_mutex_lock (&self->lock);
  if (self->table == NULL)
    self->table = weir_limiter_table_new (self->max_keys, N_UNITS, get_whole_at);
  /* The time is never 0, which is no window. */
  decide_at (weir_limiter_table_lookup (self->table, key, now),
             wanted,
             now / US_PER_MS + 1,
             decision);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

static void
weir_window_limiter_rate_limiter_init (WeirRateLimiterInterface *iface)
{
  iface->decide = weir_window_limiter_decide;
}

static void
weir_window_limiter_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WeirWindowLimiter *self = WEIR_WINDOW_LIMITER (object);

  switch (id)
    {
    case PROP_MAX_KEYS:
      g_value_set_uint (value, self->max_keys);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
weir_window_limiter_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  WeirWindowLimiter *self = WEIR_WINDOW_LIMITER (object);

  switch (id)
    {
    case PROP_MAX_KEYS:
      self->max_keys = g_value_get_uint (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
weir_window_limiter_finalize (GObject *object)
{
  WeirWindowLimiter *self = WEIR_WINDOW_LIMITER (object);

  g_clear_pointer (&self->table, weir_limiter_table_free);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (weir_window_limiter_parent_class)->finalize (object);
}

static void
weir_window_limiter_class_init (WeirWindowLimiterClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = weir_window_limiter_get_property;
  object_class->set_property = weir_window_limiter_set_property;
  object_class->finalize = weir_window_limiter_finalize;

  g_object_class_install_property (
      object_class,
      PROP_MAX_KEYS,
      g_param_spec_uint ("max-keys",
                         NULL,
                         NULL,
                         1,
                         MAX_MAX_KEYS,
                         DEFAULT_MAX_KEYS,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS));
}

static void
weir_window_limiter_init (WeirWindowLimiter *self)
{
  g_mutex_init (&self->lock);
}
