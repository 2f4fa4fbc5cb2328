/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When there is no worker, or none any more. */

#include "http/weir-dispatch-struct-private.h"

#include "base/weir-error.h"

/* How long an exchange whose worker vanished waits to hear why. */
#define HOLD_MS 1000
/* So many workers may end while they have read one request, before it is told so. */
#define MAX_LIVES 4

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

static void
arm_queue_timeout (WeirDispatch *self)
{
  guint timeout_ms = weir_slot_get_options (self->slot)->queue_timeout_ms;

  if (timeout_ms > 0)
    weir_engine_arm (weir_dispatch_get_engine (self), &self->hold, timeout_ms, on_waited_too_long);
}

void
weir_dispatch_wait (WeirDispatch *self)
{
  if (self->waited_since == 0)
    {
      self->waited_since = weir_engine_get_now (weir_dispatch_get_engine (self));
      self->cold = weir_slot_is_cold (self->slot);
    }
  weir_exchange_set_sink (self->exchange, &weir_dispatch_waiting_sink, self);
  self->queued = TRUE;
  if (weir_slot_enqueue (self->slot, &self->place, weir_dispatch_get_except (self), self->upgrade))
    {
      arm_queue_timeout (self);
      return;
    }

  self->queued = FALSE;
  weir_dispatch_refuse (
      self,
      WEIR_ERROR_OVERLOADED,
      "Try again in a moment; max_workers, max_concurrency and queue_size decide.",
      "Too many requests wait");
}

/* The worker is known to be gone, or to go. */
static gboolean
is_upstream_gone (WeirDispatch *self)
{
  return !weir_slot_has_upstream (self->slot, self->upstream);
}

static WeirBlame
get_blame (WeirDispatch *self)
{
  return weir_gate_get_blame (weir_dispatch_get_gate (self));
}

static void
on_held_too_long (WeirTimer *timer)
{
  WeirDispatch *self = (WeirDispatch *) ((char *) timer - G_STRUCT_OFFSET (WeirDispatch, hold));
  WeirGate *gate = weir_dispatch_get_gate (self);
  const GError *exit_error = weir_slot_get_exit_error (self->slot, gate);
  g_autoptr (GError) error = exit_error != NULL ? g_error_copy (exit_error)
                                                : g_error_new (WEIR_ERROR,
                                                               WEIR_ERROR_WORKER_FAILED,
                                                               "The worker of %s went away: %s",
                                                               weir_slot_get_name (self->slot),
                                                               self->failure->message);

  if (is_upstream_gone (self))
    weir_slot_judge (self->slot, gate, error);
  else
    weir_dispatch_answer_error (self, error);
}

static void
hold (WeirDispatch *self, const GError *failure)
{
  g_clear_error (&self->failure);
  self->failure = g_error_copy (failure);
  self->queued = self->held = TRUE;
  weir_slot_hold (self->slot, &self->place);
  weir_engine_arm (weir_dispatch_get_engine (self), &self->hold, HOLD_MS, on_held_too_long);
}

static void
suspect (WeirDispatch *self)
{
  self->held = FALSE;
  self->queued = TRUE;
  weir_slot_suspect (self->slot, &self->place);
  arm_queue_timeout (self);
}

static void
move (WeirDispatch *self)
{
  self->moved = TRUE;
  weir_dispatch_start (self);
}

static gboolean
is_movable (WeirDispatch *self)
{
  return self->retryable && !self->moved && get_blame (self) == WEIR_BLAME_NOBODY;
}

void
weir_dispatch_try_again (WeirDispatch *self, const GError *failure)
{
  const GError *exit_error = weir_slot_get_exit_error (self->slot, weir_dispatch_get_gate (self));
  gboolean gone = exit_error != NULL || is_upstream_gone (self);

  if (exit_error != NULL && !self->retryable)
    {
      weir_dispatch_answer_error (self, exit_error);
      return;
    }
  if (gone && is_movable (self))
    {
      move (self);
      return;
    }

  /* It may only have closed a connection that idled. */
  if (self->retryable && !self->unsafe && !self->reconnected && !gone)
    {
      self->reconnected = TRUE;
      if (self->tried)
        suspect (self);
      else
        weir_dispatch_start (self);
      return;
    }
  hold (self, failure);
}

WeirGate *
weir_dispatch_get_gate (WeirDispatch *self)
{
  return weir_upstream_get_gate (self->upstream);
}

WeirPlace *
weir_dispatch_get_place (WeirDispatch *self)
{
  return &self->place;
}

guint64
weir_dispatch_get_serial (WeirDispatch *self)
{
  return self->serial;
}

gboolean
weir_dispatch_is_upgrade (WeirDispatch *self)
{
  return self->upgrade;
}

gboolean
weir_dispatch_can_move (WeirDispatch *self, gboolean ended)
{
  return is_movable (self) && (ended || is_upstream_gone (self));
}

void
weir_dispatch_wake (WeirDispatch *self)
{
  gboolean was_held = self->held;

  self->queued = self->held = FALSE;
  weir_engine_disarm (weir_dispatch_get_engine (self), &self->hold);
  if (was_held)
    move (self);
  else if (!weir_dispatch_keep_early (self))
    weir_dispatch_start (self);
}

void
weir_dispatch_fail (WeirDispatch *self, const GError *error)
{
  self->queued = FALSE;
  weir_dispatch_answer_error (self, error);
}

/* It was alone with its worker, and what that died of is of its making. */
static gboolean
is_convicted (WeirDispatch *self)
{
  WeirGate *gate = weir_dispatch_get_gate (self);
  gboolean alone = weir_gate_get_losses (gate) == 1;

  switch (weir_gate_get_blame (gate))
    {
    case WEIR_BLAME_ALL:
      return TRUE;
    case WEIR_BLAME_ONE:
      return alone;
    case WEIR_BLAME_LIFE:
      return alone && (self->tried || weir_gate_get_answered (gate) == 0);
    case WEIR_BLAME_NOBODY:
      break;
    }
  return alone && self->n_lives > 1;
}

void
weir_dispatch_judge (WeirDispatch *self, const GError *error)
{
  self->queued = self->held = FALSE;
  weir_engine_disarm (weir_dispatch_get_engine (self), &self->hold);
  self->n_lives += self->read;
  if (self->retryable && (!self->read || (self->n_lives < MAX_LIVES && !is_convicted (self))))
    suspect (self);
  else
    weir_dispatch_answer_error (self, error);
}

void
weir_dispatch_go_on_trial (WeirDispatch *self, WeirUpstream *upstream)
{
  self->queued = FALSE;
  weir_engine_disarm (weir_dispatch_get_engine (self), &self->hold);
  self->moved = self->on_trial = self->tried = TRUE;
  weir_dispatch_call (self, upstream);
}
