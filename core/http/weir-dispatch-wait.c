/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When there is no worker, or none any more. */

#include "http/weir-dispatch-struct-private.h"

#include "base/weir-error.h"

/* How long an exchange whose worker vanished waits to hear why. */
#define HOLD_MS 1000

/* Without a body function the body stays with the exchange. */
const WeirExchangeSink weir_dispatch_waiting_sink = { NULL,
                                                      NULL,
                                                      NULL,
                                                      weir_dispatch_on_client_gone };

static void
on_waited_too_long (WeirTimer *timer)
{
  WeirDispatch *self = (WeirDispatch *) ((char *) timer - G_STRUCT_OFFSET (WeirDispatch, hold));
  guint timeout_ms = weir_slot_get_options (self->slot)->queue_timeout_ms;

  /* A first worker is started; that has deadlines of its own. */
  if (weir_slot_is_starting (self->slot))
    {
      weir_engine_arm (weir_dispatch_get_engine (self), timer, timeout_ms, on_waited_too_long);
      return;
    }
  weir_dispatch_refuse (
      self,
      WEIR_ERROR_OVERLOADED,
      "Try again in a moment; max_workers, max_concurrency and queue_timeout_ms decide.",
      "No worker had room within %u ms",
      timeout_ms);
}

void
weir_dispatch_wait (WeirDispatch *self)
{
  guint timeout_ms = weir_slot_get_options (self->slot)->queue_timeout_ms;

  if (self->waited_since == 0)
    {
      self->waited_since = weir_engine_get_now (weir_dispatch_get_engine (self));
      self->cold = weir_slot_is_cold (self->slot);
    }
  weir_exchange_set_sink (self->exchange, &weir_dispatch_waiting_sink, self);
  self->queued = TRUE;
  if (weir_slot_enqueue (self->slot, &self->place, weir_dispatch_get_except (self), self->upgrade))
    {
      if (timeout_ms > 0)
        weir_engine_arm (weir_dispatch_get_engine (self),
                         &self->hold,
                         timeout_ms,
                         on_waited_too_long);
      return;
    }

  self->queued = FALSE;
  weir_dispatch_refuse (
      self,
      WEIR_ERROR_OVERLOADED,
      "Try again in a moment; max_workers, max_concurrency and queue_size decide.",
      "Too many requests wait");
}

static void
on_held_too_long (WeirTimer *timer)
{
  WeirDispatch *self = (WeirDispatch *) ((char *) timer - G_STRUCT_OFFSET (WeirDispatch, hold));
  g_autoptr (GError) error = g_error_new (WEIR_ERROR,
                                          WEIR_ERROR_WORKER_FAILED,
                                          "The worker of %s went away: %s",
                                          weir_slot_get_name (self->slot),
                                          self->failure->message);

  weir_dispatch_answer_error (self, error);
}

static void
move (WeirDispatch *self)
{
  self->moved = TRUE;
  weir_dispatch_start (self);
}

/* The worker is known to be gone, or to go. */
static gboolean
is_upstream_gone (WeirDispatch *self)
{
  return !weir_slot_has_upstream (self->slot, self->upstream);
}

/* What a worker was killed for would come to pass with the next one as well. */
static gboolean
is_replayable (WeirDispatch *self)
{
  return self->retryable && !self->moved &&
         !weir_gate_is_condemned (weir_upstream_get_gate (self->upstream));
}

void
weir_dispatch_try_again (WeirDispatch *self, const GError *failure)
{
  const GError *exit_error =
      weir_slot_get_exit_error (self->slot, weir_upstream_get_gate (self->upstream));
  gboolean gone = exit_error != NULL || is_upstream_gone (self);

  if (gone && is_replayable (self))
    {
      move (self);
      return;
    }
  if (exit_error != NULL)
    {
      weir_dispatch_answer_error (self, exit_error);
      return;
    }

  /* It may only have closed a connection that idled. */
  if (self->retryable && !self->reconnected && !gone)
    {
      self->reconnected = TRUE;
      weir_dispatch_start (self);
      return;
    }

  g_clear_error (&self->failure);
  self->failure = g_error_copy (failure);
  self->queued = self->held = TRUE;
  weir_slot_hold (self->slot, &self->place);
  weir_engine_arm (weir_dispatch_get_engine (self), &self->hold, HOLD_MS, on_held_too_long);
}

WeirGate *
weir_dispatch_get_gate (WeirDispatch *self)
{
  return weir_upstream_get_gate (self->upstream);
}

gboolean
weir_dispatch_can_move (WeirDispatch *self)
{
  return is_replayable (self) && is_upstream_gone (self);
}

void
weir_dispatch_wake (WeirDispatch *self)
{
  gboolean was_held = self->held;

  self->queued = self->held = FALSE;
  weir_engine_disarm (weir_dispatch_get_engine (self), &self->hold);
  if (was_held)
    move (self);
  else
    weir_dispatch_start (self);
}

void
weir_dispatch_fail (WeirDispatch *self, const GError *error)
{
  self->queued = FALSE;
  weir_dispatch_answer_error (self, error);
}

void
weir_dispatch_learn (WeirDispatch *self, const GError *error)
{
  self->queued = self->held = FALSE;
  weir_engine_disarm (weir_dispatch_get_engine (self), &self->hold);
  if (is_replayable (self))
    move (self);
  else
    weir_dispatch_answer_error (self, error);
}
