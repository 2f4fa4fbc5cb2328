/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-health-check-private.h"

struct _WeirHealthCheck
{
  WeirClock *clock;
  WeirWorker *worker;
  void (*failed) (WeirWorker *worker, guint failures, gpointer user_data);
  gpointer user_data;
  guint interval_ms;
  guint timeout_ms;
  guint max_failures;

  guint64 timer;
  gulong handler;
  gint64 id; /* of the question that has no answer yet, or 0 */
  gint64 last_id;
  guint failures;
};

static void ask (gpointer user_data);

static void
arm (WeirHealthCheck *self, guint delay_ms, WeirClockFunc func)
{
  weir_clock_disarm (self->clock, self->timer);
  self->timer = weir_clock_arm (self->clock, delay_ms, func, self);
}

static void
on_timeout (gpointer user_data)
{
  WeirHealthCheck *self = user_data;

  self->timer = 0;
  self->id = 0;
  if (++self->failures < self->max_failures)
    arm (self, self->interval_ms, ask);
  else
    self->failed (self->worker, self->failures, self->user_data);
}

static void
ask (gpointer user_data)
{
  WeirHealthCheck *self = user_data;

  self->timer = 0;
  self->id = ++self->last_id;
  arm (self, self->timeout_ms, on_timeout);
  weir_worker_ping (self->worker, self->id);
}

/* An answer that comes late is one to an older question; it counts for nothing. */
static void
on_pong (WeirWorker *worker, gint64 id, WeirHealthCheck *self)
{
  if (self->id == 0 || id != self->id)
    return;
  self->id = 0;
  self->failures = 0;
  arm (self, self->interval_ms, ask);
}

WeirHealthCheck *
weir_health_check_new (WeirClock *clock,
                       WeirWorker *worker,
                       void (*failed) (WeirWorker *worker, guint failures, gpointer user_data),
                       gpointer user_data)
{
  gint64 interval = weir_worker_get_option (worker, "health_check_interval_ms", 0);
  WeirHealthCheck *self;

  if (interval <= 0)
    return NULL;

  self = g_new0 (WeirHealthCheck, 1);
  self->clock = g_object_ref (clock);
  self->worker = worker;
  self->failed = failed;
  self->user_data = user_data;
  self->interval_ms = interval;
  self->timeout_ms = weir_worker_get_option (worker, "health_check_timeout_ms", 5000);
  self->max_failures = weir_worker_get_option (worker, "health_check_failures", 3);
  self->handler = g_signal_connect (worker, "pong", G_CALLBACK (on_pong), self);
  arm (self, self->interval_ms, ask);
  return self;
}

void
weir_health_check_free (WeirHealthCheck *self)
{
  weir_clock_disarm (self->clock, self->timer);
  g_signal_handler_disconnect (self->worker, self->handler);
  g_object_unref (self->clock);
  g_free (self);
}
