/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-token-bucket-limiter.h"

#include <weir-limiter-table.h>

#define DEFAULT_MAX_KEYS 1000000
#define MAX_MAX_KEYS 100000000
#define NS_PER_US G_GINT64_CONSTANT (1000)
#define NS_PER_S G_GINT64_CONSTANT (1000000000)

/* A bucket of "burst" tokens that fills up again at a steady rate. All that is kept of it is
 * the moment at which it is full: how many tokens are missing before follows from the rate,
 * and a key whose moment has passed is one that never called. */
struct _WeirTokenBucketLimiter
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

static void weir_token_bucket_limiter_rate_limiter_init (WeirRateLimiterInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirTokenBucketLimiter,
                               weir_token_bucket_limiter,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_RATE_LIMITER,
                                                      weir_token_bucket_limiter_rate_limiter_init)
                                   G_IMPLEMENT_INTERFACE (WEIR_TYPE_CONCURRENT, NULL))

static gint64
get_whole_at (const guint64 *state)
{
  return ((gint64) state[0] + NS_PER_US - 1) / NS_PER_US;
}

static guint32
to_seconds (gint64 ns)
{
  return ns > 0 ? (ns + NS_PER_S - 1) / NS_PER_S : 0;
}

/* Returns how much was owed before; takes one more if there is room. */
static gint64
count (WeirTokenBucketLimiter *self,
       const char *key,
       gint64 now_us,
       gint64 step,
       gint64 room,
       gboolean *allowed)
{
  gint64 now = now_us * NS_PER_US;
  gint64 owed;
  guint64 *state;

  g_mutex_lock (&self->lock);
  if (self->table == NULL)
    self->table = weir_limiter_table_new (self->max_keys, 1, get_whole_at);
  state = weir_limiter_table_lookup (self->table, key, now_us);
  owed = MAX ((gint64) state[0], now) - now;
  *allowed = owed + step <= room;
  if (*allowed)
    state[0] = now + owed + step;
  g_mutex_unlock (&self->lock);
  return owed;
}

static gboolean
weir_token_bucket_limiter_decide (WeirRateLimiter *limiter,
                                  const char *key,
                                  const WeirRateLimits *limits,
                                  gint64 now,
                                  WeirRateDecision *decision)
{
  gint64 step, room, owed;

  if (limits->per_minute == 0)
    return FALSE;

  step = 60 * NS_PER_S / limits->per_minute; /* one token */
  room = step * MAX (limits->burst, 1);
  owed = count (WEIR_TOKEN_BUCKET_LIMITER (limiter), key, now, step, room, &decision->allowed);
  if (decision->allowed)
    owed += step;
  decision->limit = MAX (limits->burst, 1);
  decision->remaining = owed < room ? (room - owed) / step : 0;
  decision->period = 60;
  decision->reset = to_seconds (owed);
  decision->retry_after = decision->allowed ? 0 : MAX (to_seconds (owed + step - room), 1);
  return TRUE;
}

static void
weir_token_bucket_limiter_rate_limiter_init (WeirRateLimiterInterface *iface)
{
  iface->decide = weir_token_bucket_limiter_decide;
}

static void
weir_token_bucket_limiter_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WeirTokenBucketLimiter *self = WEIR_TOKEN_BUCKET_LIMITER (object);

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
weir_token_bucket_limiter_set_property (GObject *object,
                                        guint id,
                                        const GValue *value,
                                        GParamSpec *pspec)
{
  WeirTokenBucketLimiter *self = WEIR_TOKEN_BUCKET_LIMITER (object);

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
weir_token_bucket_limiter_finalize (GObject *object)
{
  WeirTokenBucketLimiter *self = WEIR_TOKEN_BUCKET_LIMITER (object);

  g_clear_pointer (&self->table, weir_limiter_table_free);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (weir_token_bucket_limiter_parent_class)->finalize (object);
}

static void
weir_token_bucket_limiter_class_init (WeirTokenBucketLimiterClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = weir_token_bucket_limiter_get_property;
  object_class->set_property = weir_token_bucket_limiter_set_property;
  object_class->finalize = weir_token_bucket_limiter_finalize;

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
weir_token_bucket_limiter_init (WeirTokenBucketLimiter *self)
{
  g_mutex_init (&self->lock);
}
