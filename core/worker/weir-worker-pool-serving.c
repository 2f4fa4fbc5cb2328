/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-worker-attempt-private.h"

#include "base/weir-error.h"
#include "worker/weir-worker-private.h"

/* For how long a demand that met workers counts, should they turn out to be dead: the
 * kernel may take a moment to clear away a large one. */
#define LATE_DEMAND_US (5 * G_TIME_SPAN_SECOND)

static WeirServing *
get_serving (WeirWorkerPool *self, guint n)
{
  return &g_array_index (self->serving, WeirServing, n);
}

guint
weir_worker_pool_get_n_serving (WeirWorkerPool *self)
{
  g_return_val_if_fail (WEIR_IS_WORKER_POOL (self), 0);

  return self->serving->len;
}

WeirWorker *
weir_worker_pool_get_serving (WeirWorkerPool *self, guint n)
{
  g_return_val_if_fail (WEIR_IS_WORKER_POOL (self), NULL);

  return n < self->serving->len ? get_serving (self, n)->worker : NULL;
}

guint
weir_worker_pool_get_restarts (WeirWorkerPool *self)
{
  g_return_val_if_fail (WEIR_IS_WORKER_POOL (self), 0);

  return self->restarts;
}

gboolean
weir_worker_pool_is_full (WeirWorkerPool *self)
{
  return self->serving->len > 0 && (self->stale || self->serving->len >= self->options.max_workers);
}

gboolean
weir_worker_pool_can_spare (WeirWorkerPool *self)
{
  return self->serving->len > self->options.min_workers;
}

/* The slot prefers the oldest ones, so those are the ones that stay. */
static void
pin_workers (WeirWorkerPool *self)
{
  for (guint i = 0; i < self->serving->len; i++)
    weir_worker_set_pinned (get_serving (self, i)->worker, i < self->options.min_workers);
}

gboolean
weir_worker_pool_is_proven (WeirWorkerPool *self)
{
  for (guint i = 0; i < self->serving->len; i++)
    if (weir_gate_get_answered (weir_worker_get_gate (get_serving (self, i)->worker)) > 0)
      return TRUE;
  return FALSE;
}

static gboolean
are_all_busy (WeirWorkerPool *self)
{
  for (guint i = 0; i < self->serving->len; i++)
    if (weir_worker_get_in_flight (get_serving (self, i)->worker) == 0)
      return FALSE;
  return TRUE;
}

void
weir_worker_pool_grant (WeirWorkerPool *self)
{
  self->crowded = FALSE;
  if (self->demanded && !are_all_busy (self)) /* it has taken too long */
    {
      self->demanded = FALSE;
      weir_worker_pool_emit (self, WEIR_WORKER_POOL_SIGNAL_DECLINED);
    }
  self->granted = TRUE;
  weir_worker_pool_pursue (self);
  self->granted = FALSE;
}

static GPtrArray *
take_older (WeirWorkerPool *self)
{
  GPtrArray *older = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = self->serving->len; i > 0; i--)
    {
      WeirWorker *worker = get_serving (self, i - 1)->worker;

      if (weir_worker_get_function (worker) == self->function)
        continue;
      g_ptr_array_add (older, g_object_ref (worker));
      g_array_remove_index (self->serving, i - 1);
    }
  return older;
}

static void
tell_gone (WeirWorkerPool *self, WeirWorker *worker)
{
  g_signal_emit (self, weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_GONE], 0, worker);
}

static void
take_over (WeirWorkerPool *self, WeirWorker *worker)
{
  WeirServing serving = { worker, weir_clock_now (self->clock) };
  g_autoptr (GPtrArray) older = take_older (self);

  self->booting = NULL;
  g_array_append_val (self->serving, serving);
  pin_workers (self);
  self->late_demand = 0;
  self->boot_crashes = 0;
  self->demanded = FALSE;
  self->reloading = FALSE;
  self->stale = FALSE;

  g_signal_emit (self, weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_READY], 0, worker);
  for (guint i = 0; i < older->len; i++)
    {
      weir_worker_retire (older->pdata[i]);
      tell_gone (self, older->pdata[i]);
    }
  if (!self->warm && self->serving->len > 0)
    {
      self->warm = TRUE;
      weir_worker_pool_emit (self, WEIR_WORKER_POOL_SIGNAL_WARM);
    }
  weir_worker_pool_pursue (self);
}

static gboolean
has_crashed (WeirWorker *worker)
{
  switch (weir_worker_get_exit_reason (worker))
    {
    case WEIR_WORKER_EXIT_REASON_CRASH:
    case WEIR_WORKER_EXIT_REASON_UNHEALTHY:
      return TRUE;
    case WEIR_WORKER_EXIT_REASON_LIMIT_CPU:
    case WEIR_WORKER_EXIT_REASON_LIMIT_MEMORY:
    case WEIR_WORKER_EXIT_REASON_LIMIT_WALL:
      return weir_worker_get_error (worker) != NULL; /* or it retires before it is over them */
    case WEIR_WORKER_EXIT_REASON_NONE:
    case WEIR_WORKER_EXIT_REASON_REQUESTED:
    case WEIR_WORKER_EXIT_REASON_IDLE:
    case WEIR_WORKER_EXIT_REASON_RETIRED:
    case WEIR_WORKER_EXIT_REASON_BACKGROUND_TIMEOUT:
    case WEIR_WORKER_EXIT_REASON_LIMIT_REQUESTS:
    case WEIR_WORKER_EXIT_REASON_BOOT_TIMEOUT:
    case WEIR_WORKER_EXIT_REASON_LOAD:
    case WEIR_WORKER_EXIT_REASON_SPAWN:
      break;
    }
  return FALSE;
}

/* It had its time, and nobody meant the function. */
static gboolean
is_worn (WeirWorker *worker)
{
  WeirWorkerExitReason reason = weir_worker_get_exit_reason (worker);

  return reason == WEIR_WORKER_EXIT_REASON_LIMIT_CPU ||
         reason == WEIR_WORKER_EXIT_REASON_LIMIT_WALL ||
         reason == WEIR_WORKER_EXIT_REASON_LIMIT_REQUESTS ||
         reason == WEIR_WORKER_EXIT_REASON_BACKGROUND_TIMEOUT;
}

static void
lose (WeirWorkerPool *self, guint n)
{
  g_autoptr (WeirWorker) worker = g_object_ref (get_serving (self, n)->worker);
  gint64 since = get_serving (self, n)->since;
  gint64 now = weir_clock_now (self->clock);
  gboolean crashed = has_crashed (worker);
  gboolean proven = weir_gate_get_answered (weir_worker_get_gate (worker)) > 0;

  self->restarts += crashed;
  g_array_remove_index (self->serving, n);
  pin_workers (self);
  if (self->serving->len == 0)
    {
      /* The data plane sees a broken socket before this thread sees the exit, so somebody
       * may have asked while the dead worker still served. */
      if (crashed && self->late_demand != 0 && now - self->late_demand < LATE_DEMAND_US)
        self->demanded = TRUE;
      self->late_demand = 0;
    }
  if (crashed && !proven && now - since < WEIR_WORKER_POOL_FAILURE_WINDOW_US)
    weir_worker_pool_note_failure (self);
  else if (crashed)
    weir_worker_pool_forgive (self);
  /* Who retires them all, as strict reloading does, does not want them back at once. */
  self->refilling |= crashed || is_worn (worker);
  tell_gone (self, worker);
  weir_worker_pool_pursue (self);
}

static void
on_worker_state_changed (WeirWorker *worker,
                         WeirWorkerState from,
                         WeirWorkerState to,
                         WeirWorkerPool *self)
{
  gboolean ending = to > WEIR_WORKER_STATE_BUSY;
  guint n = 0;

  g_object_ref (self);
  if (worker == self->booting && to == WEIR_WORKER_STATE_IDLE)
    {
      take_over (self, worker);
    }
  else if (worker == self->booting && ending)
    {
      self->booting = NULL;
      weir_worker_pool_fail_attempt (self, weir_worker_get_error (worker), worker);
    }
  else if (ending)
    {
      while (n < self->serving->len && get_serving (self, n)->worker != worker)
        n++;
      if (n < self->serving->len)
        lose (self, n);
    }
  g_object_unref (self);
}

static void
on_worker_exited (WeirWorker *worker, WeirWorkerPool *self)
{
  guint position;

  if (!g_ptr_array_find (self->workers, worker, &position))
    return;
  g_object_ref (self);
  g_signal_handlers_disconnect_by_data (worker, self);
  g_object_ref (worker);
  g_ptr_array_remove_index (self->workers, position);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
  if (self->warm && self->workers->len == 0)
    {
      self->warm = FALSE;
      weir_worker_pool_emit (self, WEIR_WORKER_POOL_SIGNAL_COLD);
    }
  g_object_unref (worker);
  g_object_unref (self);
}

static void
on_worker_log (WeirWorker *worker,
               const char *level,
               const char *message,
               const char *request_id,
               WeirWorkerPool *self)
{
  g_signal_emit (self,
                 weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_LOG],
                 0,
                 level,
                 message,
                 request_id);
}

static void
on_worker_failure (WeirWorker *worker,
                   const char *kind,
                   const char *message,
                   const char *stack,
                   const char *file,
                   guint line,
                   guint column,
                   const char *source,
                   const char *request_id,
                   WeirWorkerPool *self)
{
  g_signal_emit (self,
                 weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_FAILURE],
                 0,
                 kind,
                 message,
                 stack,
                 file,
                 line,
                 column,
                 source,
                 request_id);
}

void
weir_worker_pool_add_worker (WeirWorkerPool *self, WeirWorker *worker)
{
  g_signal_connect_object (worker, "state-changed", G_CALLBACK (on_worker_state_changed), self, 0);
  g_signal_connect_object (worker, "exited", G_CALLBACK (on_worker_exited), self, 0);
  g_signal_connect_object (worker, "log", G_CALLBACK (on_worker_log), self, 0);
  g_signal_connect_object (worker, "failure", G_CALLBACK (on_worker_failure), self, 0);
  g_ptr_array_add (self->workers, g_object_ref (worker));
  if (self->capacity != NULL)
    weir_capacity_add_worker (self->capacity, self, worker);
  g_list_model_items_changed (G_LIST_MODEL (self), self->workers->len - 1, 0, 1);
  g_signal_emit (self, weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_WORKER_ADDED], 0, worker);
}
