/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-slot-struct-private.h"

/* So many may be served here before one who came earlier is served on another data thread: to
 * hand over what just became free costs that thread a turn of its loop. */
#define MOST_OVERTAKEN 32

gboolean
weir_slot_has_queue (WeirSlot *self)
{
  return self->options.max_concurrency > 0 &&
         weir_slot_team_get_n_waiting (self->team) > self->n_spare;
}

static guint64
get_first_ticket (WeirSlot *self)
{
  const WeirPlace *place = (const WeirPlace *) self->waiters.head;

  return place != NULL ? place->ticket : WEIR_SLOT_NOBODY;
}

/* After each change of who is the first of those who wait here. */
static void
tell_first (WeirSlot *self)
{
  weir_slot_team_set_first (self->team, self->index, get_first_ticket (self));
}

/* It is still counted as one who waits. */
static WeirDispatch *
pop_waiter (WeirSlot *self)
{
  GList *link = g_queue_pop_head_link (&self->waiters);

  tell_first (self);
  return link != NULL ? link->data : NULL;
}

/* One who has to wait all the same, because others were faster, has not lost the place. */
static void
wake_first (WeirSlot *self)
{
  WeirDispatch *dispatch = pop_waiter (self);

  self->n_spare = 1;
  weir_dispatch_wake (dispatch);
  if (self->n_spare > 0)
    weir_slot_team_leave (self->team);
  self->n_spare = 0;
}

static void on_called (gpointer user_data);

/* FALSE: nobody waits there any more. */
static gboolean
call (WeirSlot *self, guint index, guint64 until)
{
  WeirSlot *other = weir_slot_team_ref_slot (self->team, index);
  guint64 before;

  if (other == NULL)
    return FALSE;
  before = __atomic_load_n (&other->called_until, __ATOMIC_SEQ_CST);
  while (before < until && !__atomic_compare_exchange_n (&other->called_until,
                                                         &before,
                                                         until,
                                                         FALSE,
                                                         __ATOMIC_SEQ_CST,
                                                         __ATOMIC_SEQ_CST))
    ;
  if (__atomic_exchange_n (&other->is_called, TRUE, __ATOMIC_SEQ_CST))
    weir_slot_unref (other);
  else
    weir_engine_invoke (other->engine, on_called, other);
  return TRUE;
}

/* Serves those who wait, in this slot or in another of the team, as far as there is room. Each is
 * tried once at most: who cannot take what there is gets a ticket that is not under `until`. */
static void
wake_waiters (WeirSlot *self, guint64 until)
{
  guint load;

  weir_slot_ref (self);
  while (weir_slot_choose (self, NULL, FALSE, &load) != NULL)
    {
      guint index = self->index;
      guint64 own = get_first_ticket (self);
      guint64 first = self->is_alone ? own : weir_slot_team_find_first (self->team, &index);

      if (own < until && own - MIN (first, own) <= MOST_OVERTAKEN)
        wake_first (self);
      else if (first >= until || index == self->index || call (self, index, until))
        break;
    }
  weir_slot_unref (self);
}

void
weir_slot_wake_waiters (WeirSlot *self)
{
  wake_waiters (self, weir_slot_team_peek (self->team));
}

static void
on_called (gpointer user_data)
{
  WeirSlot *self = user_data;

  __atomic_exchange_n (&self->is_called, FALSE, __ATOMIC_SEQ_CST);
  weir_slot_judge_held (self);
  weir_slot_try_suspects (self);
  wake_waiters (self, __atomic_load_n (&self->called_until, __ATOMIC_SEQ_CST));
  weir_slot_unref (self);
}

static void
on_flush (WeirFlush *flush)
{
  WeirSlot *self = (WeirSlot *) ((char *) flush - G_STRUCT_OFFSET (WeirSlot, flush));

  self->flushing = FALSE;
  weir_slot_judge_held (self);
  weir_slot_try_suspects (self);
  weir_slot_wake_waiters (self);
  weir_slot_unref (self);
}

void
weir_slot_wake_later (WeirSlot *self)
{
  if (self->flushing)
    return;
  self->flushing = TRUE;
  weir_slot_ref (self);
  weir_engine_defer (self->engine, &self->flush, on_flush);
}

/* On another data thread somebody may wait for this, to try those it suspects, or to know all that
 * is to be known of a worker that ended. */
static void
tell_of_rest (WeirSlot *self, WeirGate *gate)
{
  if (weir_gate_get_in_flight (gate) > 0 ||
      (!weir_gate_is_closed (gate) && !weir_gate_is_reserved (gate)))
    return;
  for (guint i = 0; i < weir_slot_team_get_n_slots (self->team); i++)
    if (i != self->index)
      call (self, i, 0);
}

void
weir_slot_release (WeirSlot *self, WeirUpstream *upstream)
{
  WeirGate *gate = weir_upstream_get_gate (upstream);

  weir_gate_release (gate);
  if (!self->is_alone)
    tell_of_rest (self, gate);
  if (weir_slot_team_get_n_waiting (self->team) > 0 || self->court != NULL || self->held.length > 0)
    weir_slot_wake_later (self);
}

/* From the start each time: what is called may take others out. */
static WeirDispatch *
pop_movable (WeirSlot *self, WeirGate *ended)
{
  for (GList *link = self->held.head; link != NULL; link = link->next)
    {
      WeirDispatch *dispatch = link->data;

      if (!weir_dispatch_can_move (dispatch, weir_dispatch_get_gate (dispatch) == ended))
        continue;
      g_queue_unlink (&self->held, link);
      return dispatch;
    }
  return NULL;
}

WeirDispatch *
weir_slot_pop_lost (WeirSlot *self, WeirGate *gate)
{
  for (GList *link = self->held.head; link != NULL; link = link->next)
    {
      WeirDispatch *dispatch = link->data;

      if (weir_dispatch_get_gate (dispatch) != gate)
        continue;
      g_queue_unlink (&self->held, link);
      return dispatch;
    }
  return NULL;
}

void
weir_slot_wake_held (WeirSlot *self, WeirGate *ended)
{
  WeirDispatch *dispatch;

  while ((dispatch = pop_movable (self, ended)) != NULL)
    weir_dispatch_wake (dispatch);
}

void
weir_slot_fail_waiters (WeirSlot *self, const GError *error)
{
  WeirDispatch *dispatch;

  for (guint n = self->waiters.length; n > 0 && (dispatch = pop_waiter (self)) != NULL; n--)
    {
      weir_slot_team_leave (self->team);
      weir_dispatch_fail (dispatch, error);
    }
}

/* At the end; or at the head, when it was called from there for room that another data thread
 * took meanwhile. */
static gboolean
join_queue (WeirSlot *self, WeirPlace *place)
{
  guint load;

  if (self->n_spare > 0)
    self->n_spare = 0;
  else if (!weir_slot_team_enter (self->team, self->options.queue_size))
    return FALSE;
  if (place->ticket != 0 && weir_slot_choose (self, NULL, FALSE, &load) == NULL)
    g_queue_push_head_link (&self->waiters, &place->link);
  else
    {
      place->ticket = weir_slot_team_draw (self->team);
      g_queue_push_tail_link (&self->waiters, &place->link);
    }
  tell_first (self);
  return TRUE;
}

gboolean
weir_slot_enqueue (WeirSlot *self, WeirPlace *place, WeirUpstream *except, gboolean upgrade)
{
  guint load;

  if (!join_queue (self, place))
    return FALSE;
  if (weir_slot_has_open_seat (self))
    weir_slot_grow (self);
  else
    weir_slot_ask (self);
  /* Who made room before this one was counted did not know of it. */
  if (!self->is_alone && weir_slot_choose (self, except, upgrade, &load) != NULL)
    weir_slot_wake_later (self);
  return TRUE;
}

void
weir_slot_hold (WeirSlot *self, WeirPlace *place)
{
  g_queue_push_tail_link (&self->held, &place->link);
  weir_slot_wake_later (self);
}

void
weir_slot_remove (WeirSlot *self, WeirPlace *place)
{
  if (g_queue_link_index (&self->waiters, &place->link) >= 0)
    {
      g_queue_unlink (&self->waiters, &place->link);
      tell_first (self);
      weir_slot_team_leave (self->team);
    }
  else if (g_queue_link_index (&self->held, &place->link) >= 0)
    g_queue_unlink (&self->held, &place->link);
  else if (g_queue_link_index (&self->suspects, &place->link) >= 0)
    {
      g_queue_unlink (&self->suspects, &place->link);
      weir_slot_wake_later (self);
    }
  weir_slot_relent (self);
}
