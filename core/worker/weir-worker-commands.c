/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-worker-life-private.h"

#include "base/weir-error.h"
#include "worker/weir-worker-error-private.h"

/* What its pool and the supervisor may make of a worker. */

void
weir_worker_start (WeirWorker *self)
{
  g_return_if_fail (WEIR_IS_WORKER (self));

  weir_worker_fire (self, WEIR_WORKER_EVENT_START);
}

void
weir_worker_retire (WeirWorker *self)
{
  g_return_if_fail (WEIR_IS_WORKER (self));

  weir_worker_retire_for (self, WEIR_WORKER_EXIT_REASON_RETIRED);
}

void
weir_worker_retire_for (WeirWorker *self, WeirWorkerExitReason reason)
{
  guint in_flight;

  g_return_if_fail (WEIR_IS_WORKER (self));

  if (self->process == NULL)
    return;
  weir_worker_set_exit_reason (self, reason);
  in_flight = weir_gate_close (self->gate);
  /* The message about the first lease may still be on its way. */
  if (self->state == WEIR_WORKER_STATE_IDLE && in_flight > 0)
    weir_worker_fire (self, WEIR_WORKER_EVENT_LEASE);
  weir_worker_fire (self, WEIR_WORKER_EVENT_RETIRE);
}

void
weir_worker_stop (WeirWorker *self)
{
  g_return_if_fail (WEIR_IS_WORKER (self));

  if (self->process == NULL)
    return;
  weir_worker_set_exit_reason (self, WEIR_WORKER_EXIT_REASON_REQUESTED);
  weir_gate_close (self->gate);
  weir_worker_fire (self, WEIR_WORKER_EVENT_STOP);
}

void
weir_worker_limit (WeirWorker *self, WeirWorkerExitReason reason)
{
  g_return_if_fail (WEIR_IS_WORKER (self));
  g_return_if_fail (self->state >= WEIR_WORKER_STATE_BOOTING);

  weir_worker_kill (
      self,
      reason,
      weir_worker_error_new_limit (reason, weir_worker_get_option (self, "memory_limit_mb", 0)));
}

void
weir_worker_kill (WeirWorker *self, WeirWorkerExitReason reason, GError *error)
{
  g_return_if_fail (WEIR_IS_WORKER (self));
  g_return_if_fail (error != NULL);

  if (self->process == NULL)
    {
      g_error_free (error);
      return;
    }
  weir_worker_set_exit_reason (self, reason);
  if (g_error_matches (error, WEIR_ERROR, WEIR_ERROR_WORKER_LIMIT))
    weir_gate_condemn (self->gate);
  else
    weir_gate_close (self->gate);
  weir_worker_take_error (self, error);
  /* Before there is a process to kill, to stop it is the same. */
  weir_worker_fire (self,
                    self->state >= WEIR_WORKER_STATE_BOOTING ? WEIR_WORKER_EVENT_LIMIT
                                                             : WEIR_WORKER_EVENT_STOP);
}

void
weir_worker_set_pressed (WeirWorker *self, gboolean pressed)
{
  self->pressed = pressed;
}

guint
weir_worker_get_tasks (WeirWorker *self)
{
  g_return_val_if_fail (WEIR_IS_WORKER (self), 0);

  return self->tasks;
}

gint64
weir_worker_get_age (WeirWorker *self)
{
  g_return_val_if_fail (WEIR_IS_WORKER (self), 0);

  return self->started != 0 ? weir_clock_now (self->clock) - self->started : 0;
}
