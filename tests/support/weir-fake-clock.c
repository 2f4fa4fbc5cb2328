/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-fake-clock.h"

typedef struct
{
  guint64 id;
  gint64 due;
  WeirClockFunc func;
  gpointer user_data;
} Timer;

struct _WeirFakeClock
{
  WeirClock parent_instance;

  GArray *timers; /* by due time, then by age */
  gint64 now;
  guint64 last_id;
};

G_DEFINE_FINAL_TYPE (WeirFakeClock, weir_fake_clock, WEIR_TYPE_CLOCK)

static gint64
weir_fake_clock_now (WeirClock *clock)
{
  return WEIR_FAKE_CLOCK (clock)->now;
}

static guint64
weir_fake_clock_arm (WeirClock *clock, guint delay_ms, WeirClockFunc func, gpointer user_data)
{
  WeirFakeClock *self = WEIR_FAKE_CLOCK (clock);
  Timer timer = { ++self->last_id, self->now + (gint64) delay_ms * 1000, func, user_data };
  guint i = self->timers->len;

  while (i > 0 && g_array_index (self->timers, Timer, i - 1).due > timer.due)
    i--;
  g_array_insert_val (self->timers, i, timer);
  return timer.id;
}

static void
weir_fake_clock_disarm (WeirClock *clock, guint64 id)
{
  WeirFakeClock *self = WEIR_FAKE_CLOCK (clock);

  for (guint i = 0; i < self->timers->len; i++)
    if (g_array_index (self->timers, Timer, i).id == id)
      {
        g_array_remove_index (self->timers, i);
        return;
      }
}

static void
weir_fake_clock_finalize (GObject *object)
{
  g_array_unref (WEIR_FAKE_CLOCK (object)->timers);
  G_OBJECT_CLASS (weir_fake_clock_parent_class)->finalize (object);
}

static void
weir_fake_clock_class_init (WeirFakeClockClass *klass)
{
  WeirClockClass *clock_class = WEIR_CLOCK_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = weir_fake_clock_finalize;
  clock_class->now = weir_fake_clock_now;
  clock_class->arm = weir_fake_clock_arm;
  clock_class->disarm = weir_fake_clock_disarm;
}

static void
weir_fake_clock_init (WeirFakeClock *self)
{
  self->timers = g_array_new (FALSE, FALSE, sizeof (Timer));
  self->now = G_TIME_SPAN_HOUR;
}

WeirFakeClock *
weir_fake_clock_new (void)
{
  return g_object_new (WEIR_TYPE_FAKE_CLOCK, NULL);
}

void
weir_fake_clock_advance (WeirFakeClock *self, guint ms)
{
  gint64 until = self->now + (gint64) ms * 1000;

  g_object_ref (self);
  while (self->timers->len > 0 && g_array_index (self->timers, Timer, 0).due <= until)
    {
      Timer timer = g_array_index (self->timers, Timer, 0);

      g_array_remove_index (self->timers, 0);
      self->now = timer.due;
      timer.func (timer.user_data);
    }
  self->now = until;
  g_object_unref (self);
}

guint
weir_fake_clock_get_n_armed (WeirFakeClock *self)
{
  return self->timers->len;
}

gint64
weir_fake_clock_get_next (WeirFakeClock *self)
{
  if (self->timers->len == 0)
    return -1;
  return (g_array_index (self->timers, Timer, 0).due - self->now + 999) / 1000;
}
