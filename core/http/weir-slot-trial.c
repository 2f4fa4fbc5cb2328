/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A worker that is killed for what one request did takes all others along that it had read. Who
 * of them it was is found out by trial: one worker is reserved, and gets them one after the other.
 * The one that brings that down as well, alone with it, is told why; the others are answered. */

#include "http/weir-slot-struct-private.h"

/* Who is not answered by then is not waited for: the next ones are tried beside it, each time
 * twice as many. They are the harder to tell apart then, but most only wait for something. */
#define PATIENCE_MS 100
/* How often those are let finish first whom another data thread has brought before the worker: they
 * would be lost with the one that is to be found, and be no wiser. */
#define MOST_YIELDED 20

static void
adjourn (WeirSlot *self)
{
  weir_engine_disarm (self->engine, &self->patience);
  if (self->court == NULL)
    return;
  weir_gate_unreserve (self->court, self);
  g_clear_pointer (&self->court, weir_gate_unref);
  weir_slot_wake_waiters (self);
}

static WeirSeat *
find_court (WeirSlot *self)
{
  for (guint i = 0; i < self->seats->len; i++)
    {
      WeirSeat *seat = weir_slot_get_seat (self, i);

      if (seat->gate == self->court && !weir_gate_is_closed (seat->gate))
        return seat;
    }
  return NULL;
}

/* The one with the least to do that no other data thread has reserved. */
static WeirSeat *
choose_court (WeirSlot *self)
{
  WeirSeat *best = NULL;

  for (guint i = 0; i < self->seats->len; i++)
    {
      WeirSeat *seat = weir_slot_get_seat (self, i);

      if (weir_gate_is_closed (seat->gate) || weir_gate_is_reserved (seat->gate))
        continue;
      if (best == NULL ||
          weir_gate_get_in_flight (seat->gate) < weir_gate_get_in_flight (best->gate))
        best = seat;
    }
  return best;
}

static void on_patience_lost (WeirTimer *timer);

static void
be_patient (WeirSlot *self)
{
  weir_engine_arm (self->engine, &self->patience, PATIENCE_MS, on_patience_lost);
}

static WeirSeat *
open_court (WeirSlot *self)
{
  WeirSeat *seat = find_court (self);

  if (seat != NULL)
    return seat;
  adjourn (self);
  if (!weir_slot_has_open_seat (self))
    {
      weir_slot_ask (self);
      return NULL;
    }
  seat = choose_court (self);
  be_patient (self);
  if (seat == NULL || !weir_gate_reserve (seat->gate, self))
    return NULL;
  self->court = weir_gate_ref (seat->gate);
  self->n_admitted = 1;
  self->n_yielded = 0;
  return seat;
}

/* FALSE: there is nobody left, or the worker takes no more. */
static gboolean
admit (WeirSlot *self, WeirSeat *seat)
{
  WeirDispatch *dispatch;

  if (self->suspects.length == 0)
    return FALSE;
  dispatch = self->suspects.head->data;
  if (!weir_slot_take (self, seat, weir_dispatch_is_upgrade (dispatch)))
    return FALSE;
  g_queue_unlink (&self->suspects, self->suspects.head);
  self->n_on_trial++;
  weir_dispatch_go_on_trial (dispatch, seat->upstream);
  return TRUE;
}

static gboolean
yield (WeirSlot *self, WeirSeat *seat)
{
  return !self->is_alone && self->n_on_trial == 0 && weir_gate_get_in_flight (seat->gate) > 0 &&
         self->n_yielded++ < MOST_YIELDED;
}

static void
proceed (WeirSlot *self, gboolean impatient)
{
  WeirSeat *seat;
  guint n = 1;

  if (self->suspects.length == 0)
    {
      if (self->n_on_trial == 0 || impatient)
        adjourn (self);
      return;
    }
  seat = open_court (self);
  if (seat == NULL)
    return;
  if (impatient && yield (self, seat))
    {
      be_patient (self);
      return;
    }
  if (impatient)
    n = self->n_admitted *= 2;
  else if (weir_gate_get_in_flight (seat->gate) > 0)
    return;
  else
    self->n_admitted = 1;
  be_patient (self);
  while (n-- > 0 && admit (self, seat))
    ;
}

static void
on_patience_lost (WeirTimer *timer)
{
  WeirSlot *self = (WeirSlot *) ((char *) timer - G_STRUCT_OFFSET (WeirSlot, patience));

  weir_slot_ref (self);
  proceed (self, TRUE);
  weir_slot_unref (self);
}

void
weir_slot_try_suspects (WeirSlot *self)
{
  weir_slot_ref (self);
  proceed (self, FALSE);
  weir_slot_unref (self);
}

void
weir_slot_end_trial (WeirSlot *self)
{
  self->n_on_trial--;
}

void
weir_slot_suspect (WeirSlot *self, WeirPlace *place)
{
  guint64 serial = weir_dispatch_get_serial (place->link.data);
  GList *link = self->suspects.head;

  while (link != NULL && weir_dispatch_get_serial (link->data) > serial)
    link = link->next;
  g_queue_insert_before_link (&self->suspects, link, &place->link);
  weir_slot_wake_later (self);
}

void
weir_slot_fail_suspects (WeirSlot *self, const GError *error)
{
  for (guint n = self->suspects.length; n > 0 && self->suspects.length > 0; n--)
    {
      GList *link = g_queue_pop_head_link (&self->suspects);

      weir_dispatch_fail (link->data, error);
    }
  weir_slot_try_suspects (self);
}

void
weir_slot_judge (WeirSlot *self, WeirGate *gate, const GError *error)
{
  g_autoptr (WeirGate) held = weir_gate_ref (gate);
  WeirDispatch *dispatch;

  while ((dispatch = weir_slot_pop_lost (self, held)) != NULL)
    weir_dispatch_judge (dispatch, error);
}

/* Each call that is lost with the worker has failed by now, and is counted. */
static WeirGate *
find_ended (WeirSlot *self)
{
  for (GList *link = self->held.head; link != NULL; link = link->next)
    {
      WeirGate *gate = weir_dispatch_get_gate (link->data);

      if (weir_slot_get_exit_error (self, gate) != NULL && weir_gate_get_in_flight (gate) == 0)
        return gate;
    }
  return NULL;
}

void
weir_slot_judge_held (WeirSlot *self)
{
  WeirGate *gate;

  while ((gate = find_ended (self)) != NULL)
    {
      g_autoptr (GError) error = g_error_copy (weir_slot_get_exit_error (self, gate));

      weir_slot_judge (self, gate, error);
    }
}
