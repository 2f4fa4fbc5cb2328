/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-clock-private.h"

/* The class itself is the real clock. Timers are looked up by id when they fire, so that
 * one that was disarmed in the same turn of the loop cannot come after all. */
typedef struct
{
  GMainContext *context;
  GHashTable *timers; /* guint64 id -> Timer */
  guint64 last_id;
} WeirClockPrivate;

typedef struct
{
  guint64 id;
  WeirClock *clock; /* not owned: the clock owns the timer */
  GSource *source;
  WeirClockFunc func;
  gpointer user_data;
} Timer;

G_DEFINE_TYPE_WITH_PRIVATE (WeirClock, weir_clock, G_TYPE_OBJECT)

static void
timer_free (gpointer data)
{
  Timer *timer = data;

  g_source_destroy (timer->source);
  g_source_unref (timer->source);
  g_free (timer);
}

static gboolean
on_timeout (gpointer user_data)
{
  Timer *timer = user_data;
  WeirClockPrivate *priv = weir_clock_get_instance_private (timer->clock);
  WeirClockFunc func = timer->func;
  gpointer data = timer->user_data;

  g_hash_table_remove (priv->timers, &timer->id);
  func (data);
  return G_SOURCE_REMOVE;
}

static gint64
weir_clock_real_now (WeirClock *self)
{
  return g_get_monotonic_time ();
}

static guint64
weir_clock_real_arm (WeirClock *self, guint delay_ms, WeirClockFunc func, gpointer user_data)
{
  WeirClockPrivate *priv = weir_clock_get_instance_private (self);
  Timer *timer = g_new0 (Timer, 1);

  timer->id = ++priv->last_id;
  timer->clock = self;
  timer->func = func;
  timer->user_data = user_data;
  timer->source = g_timeout_source_new (delay_ms);
  g_source_set_static_name (timer->source, "weir-clock");
  g_source_set_callback (timer->source, on_timeout, timer, NULL);
  g_hash_table_insert (priv->timers, &timer->id, timer);
  g_source_attach (timer->source, priv->context);
  return timer->id;
}

static void
weir_clock_real_disarm (WeirClock *self, guint64 id)
{
  WeirClockPrivate *priv = weir_clock_get_instance_private (self);

  g_hash_table_remove (priv->timers, &id);
}

static void
weir_clock_finalize (GObject *object)
{
  WeirClockPrivate *priv = weir_clock_get_instance_private (WEIR_CLOCK (object));

  g_hash_table_unref (priv->timers);
  g_main_context_unref (priv->context);
  G_OBJECT_CLASS (weir_clock_parent_class)->finalize (object);
}

static void
weir_clock_class_init (WeirClockClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = weir_clock_finalize;
  klass->now = weir_clock_real_now;
  klass->arm = weir_clock_real_arm;
  klass->disarm = weir_clock_real_disarm;
}

static void
weir_clock_init (WeirClock *self)
{
  WeirClockPrivate *priv = weir_clock_get_instance_private (self);

  priv->context = g_main_context_ref_thread_default ();
  priv->timers = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, timer_free);
}

WeirClock *
weir_clock_new (void)
{
  return g_object_new (WEIR_TYPE_CLOCK, NULL);
}

gint64
weir_clock_now (WeirClock *self)
{
  g_return_val_if_fail (WEIR_IS_CLOCK (self), 0);

  return WEIR_CLOCK_GET_CLASS (self)->now (self);
}

guint64
weir_clock_arm (WeirClock *self, guint delay_ms, WeirClockFunc func, gpointer user_data)
{
  g_return_val_if_fail (WEIR_IS_CLOCK (self), 0);
  g_return_val_if_fail (func != NULL, 0);

  return WEIR_CLOCK_GET_CLASS (self)->arm (self, delay_ms, func, user_data);
}

void
weir_clock_disarm (WeirClock *self, guint64 id)
{
  g_return_if_fail (WEIR_IS_CLOCK (self));

  if (id != 0)
    WEIR_CLOCK_GET_CLASS (self)->disarm (self, id);
}
