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

  weir_gate_condemn (self->gate, WEIR_BLAME_ALL);
  weir_worker_kill (
      self,
      reason,
      weir_worker_error_new_limit (reason, weir_worker_get_option (self, "memory_limit_mb", 0)));
}

/* Then it may not have been a request at all. */
static gboolean
does_more_than_answer (WeirWorker *self)
{
  return self->tasks > 0 || weir_gate_get_sockets (self->gate) > 0;
}

WeirBlame
weir_worker_get_blame (WeirWorker *self, WeirWorkerExitReason reason)
{
  switch (reason)
    {
    case WEIR_WORKER_EXIT_REASON_LIMIT_CPU:
      return does_more_than_answer (self) ? WEIR_BLAME_LIFE : WEIR_BLAME_ONE;
    case WEIR_WORKER_EXIT_REASON_UNHEALTHY:
    case WEIR_WORKER_EXIT_REASON_LIMIT_MEMORY:
      return WEIR_BLAME_LIFE;
    case WEIR_WORKER_EXIT_REASON_LIMIT_WALL:
      return WEIR_BLAME_ALL;
    case WEIR_WORKER_EXIT_REASON_NONE:
    case WEIR_WORKER_EXIT_REASON_REQUESTED:
    case WEIR_WORKER_EXIT_REASON_IDLE:
    case WEIR_WORKER_EXIT_REASON_RETIRED:
    case WEIR_WORKER_EXIT_REASON_BACKGROUND_TIMEOUT:
    case WEIR_WORKER_EXIT_REASON_BOOT_TIMEOUT:
    case WEIR_WORKER_EXIT_REASON_LOAD:
    case WEIR_WORKER_EXIT_REASON_SPAWN:
    case WEIR_WORKER_EXIT_REASON_CRASH:
    case WEIR_WORKER_EXIT_REASON_LIMIT_REQUESTS:
      break;
    }
  return WEIR_BLAME_NOBODY;
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
  weir_gate_condemn (self->gate, weir_worker_get_blame (self, reason));
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
