/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-worker-life-private.h"

#include "base/weir-error.h"

/* What a worker lives for besides its requests: promises that were given to waitUntil, and
 * open WebSockets. */

#define FOR_EVER_MS G_GINT64_CONSTANT (86400000)

static gint64
get_background_timeout (WeirWorker *self)
{
  return weir_worker_get_option (self, "background_task_timeout_ms", WEIR_WORKER_BACKGROUND_MS);
}

gboolean
weir_worker_is_kept_alive (WeirWorker *self)
{
  if (self->tasks > 0 && weir_worker_get_option (self, "background_task_keeps_alive", TRUE))
    return TRUE;
  return weir_gate_get_sockets (self->gate) > 0 &&
         weir_worker_get_option (self, "websocket_keeps_alive", TRUE);
}

static void
on_tasks_overdue (gpointer user_data)
{
  WeirWorker *self = user_data;

  self->tasks_deadline = 0;
  if (!weir_gate_close_if_idle (self->gate))
    {
      weir_worker_fire (self, WEIR_WORKER_EVENT_LEASE);
      return;
    }
  self->tasks_overdue = TRUE;
  weir_worker_set_exit_reason (self, WEIR_WORKER_EXIT_REASON_BACKGROUND_TIMEOUT);
  weir_worker_take_error (self,
                          g_error_new (WEIR_ERROR,
                                       WEIR_ERROR_WORKER_FAILED,
                                       "The worker was ended with %u background tasks still "
                                       "going on %" G_GINT64_FORMAT " ms after its last request "
                                       "(background_task_timeout_ms)",
                                       self->tasks,
                                       get_background_timeout (self)));
  weir_worker_fire (self, WEIR_WORKER_EVENT_DEADLINE);
}

void
weir_worker_limit_tasks (WeirWorker *self)
{
  gint64 timeout = get_background_timeout (self);

  weir_clock_disarm (self->clock, self->tasks_deadline);
  self->tasks_deadline = 0;
  if (self->tasks > 0 && timeout > 0)
    self->tasks_deadline = weir_clock_arm (self->clock, timeout, on_tasks_overdue, self);
}

gint64
weir_worker_get_stop_timeout (WeirWorker *self)
{
  gint64 timeout = weir_worker_get_option (self, "stop_timeout_ms", 5000);
  gint64 background = self->tasks_overdue ? 0 : get_background_timeout (self);
  gint64 now = weir_clock_now (self->clock);

  if (background == 0 && !self->tasks_overdue)
    background = FOR_EVER_MS;
  if (self->stop_by == 0)
    self->stop_by = now + (timeout + background) * 1000;
  if (self->tasks > 0 && !self->tasks_overdue)
    return MAX (0, (self->stop_by - now + 999) / 1000);
  return timeout;
}

void
weir_worker_set_tasks (WeirWorker *self, guint pending)
{
  gboolean changed = (self->tasks > 0) != (pending > 0);

  if (self->tasks == pending)
    return;
  self->tasks = pending;
  if (changed && self->state == WEIR_WORKER_STATE_IDLE)
    weir_worker_limit_tasks (self);
  else if (changed && self->state == WEIR_WORKER_STATE_STOPPING)
    weir_worker_rearm (self);
  g_object_notify_by_pspec (G_OBJECT (self), weir_worker_properties[WEIR_WORKER_PROP_TASKS]);
}
