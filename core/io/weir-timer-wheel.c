/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "io/weir-timer-wheel-private.h"

/* One tick: 8.192 ms. A timer waits for the first tick that is not before its moment. */
#define TICK_SHIFT 13
#define LEVEL_BITS 6
#define SLOT_MASK (WEIR_TIMER_WHEEL_SLOTS - 1)
#define HORIZON (G_GUINT64_CONSTANT (1) << (LEVEL_BITS * WEIR_TIMER_WHEEL_LEVELS))

static guint64
tick_after (gint64 moment)
{
  return ((guint64) moment + (1 << TICK_SHIFT) - 1) >> TICK_SHIFT;
}

static void
ring_init (WeirTimer *ring)
{
  ring->prev = ring->next = ring;
}

static gboolean
ring_is_empty (const WeirTimer *ring)
{
  return ring->next == ring;
}

static void
ring_append (WeirTimer *ring, WeirTimer *timer)
{
  timer->prev = ring->prev;
  timer->next = ring;
  ring->prev->next = timer;
  ring->prev = timer;
}

static void
ring_unlink (WeirTimer *timer)
{
  timer->prev->next = timer->next;
  timer->next->prev = timer->prev;
  timer->prev = timer->next = NULL;
}

void
weir_timer_wheel_init (WeirTimerWheel *self)
{
  self->tick = 0;
  self->n_armed = 0;
  for (guint level = 0; level < WEIR_TIMER_WHEEL_LEVELS; level++)
    {
      self->occupied[level] = 0;
      for (guint slot = 0; slot < WEIR_TIMER_WHEEL_SLOTS; slot++)
        ring_init (&self->slots[level][slot]);
    }
  ring_init (&self->expired);
}

/* `reserved` keeps the place, so that removing can clear the bit of a slot that it
 * empties: level * 64 + slot + 1, or 0 among the expired. */
static void
place (WeirTimerWheel *self, WeirTimer *timer)
{
  guint64 tick = MAX (tick_after (timer->due), self->tick);
  guint64 distance = tick - self->tick;
  guint level = 0;
  guint slot;

  /* Further than the outermost wheel reaches: it is placed again when that is there. */
  if (distance >= HORIZON)
    {
      distance = HORIZON - 1;
      tick = self->tick + distance;
    }
  while (distance >> (LEVEL_BITS * (level + 1)) != 0)
    level++;
  slot = (tick >> (LEVEL_BITS * level)) & SLOT_MASK;

  timer->reserved = GUINT_TO_POINTER (level * WEIR_TIMER_WHEEL_SLOTS + slot + 1);
  self->occupied[level] |= G_GUINT64_CONSTANT (1) << slot;
  ring_append (&self->slots[level][slot], timer);
}

void
weir_timer_wheel_add (WeirTimerWheel *self, WeirTimer *timer, gint64 now, gint64 due)
{
  /* An empty wheel has nothing to turn past. */
  if (self->n_armed == 0)
    self->tick = MAX (self->tick, (guint64) now >> TICK_SHIFT);
  timer->due = due;
  self->n_armed++;
  place (self, timer);
}

void
weir_timer_wheel_remove (WeirTimerWheel *self, WeirTimer *timer)
{
  guint at = GPOINTER_TO_UINT (timer->reserved);

  ring_unlink (timer);
  self->n_armed--;
  if (at > 0)
    {
      guint level = (at - 1) / WEIR_TIMER_WHEEL_SLOTS;
      guint slot = (at - 1) % WEIR_TIMER_WHEEL_SLOTS;

      if (ring_is_empty (&self->slots[level][slot]))
        self->occupied[level] &= ~(G_GUINT64_CONSTANT (1) << slot);
    }
}

/* The first tick at which an occupied slot of the level comes up. */
static guint64
next_tick (WeirTimerWheel *self, guint level)
{
  guint shift = LEVEL_BITS * level;
  guint64 turn = (self->tick + (G_GUINT64_CONSTANT (1) << shift) - 1) >> shift;
  guint from = turn & SLOT_MASK;
  guint64 bits = self->occupied[level];

  if (bits == 0)
    return G_MAXUINT64;
  if (from > 0)
    bits = bits >> from | bits << (WEIR_TIMER_WHEEL_SLOTS - from);
  return (turn + __builtin_ctzll (bits)) << shift;
}

gint64
weir_timer_wheel_next (WeirTimerWheel *self)
{
  guint64 next = G_MAXUINT64;

  if (!ring_is_empty (&self->expired))
    return 0;
  if (self->n_armed == 0)
    return G_MAXINT64;
  for (guint level = 0; level < WEIR_TIMER_WHEEL_LEVELS; level++)
    next = MIN (next, next_tick (self, level));
  return (gint64) (next << TICK_SHIFT);
}

/* A slot of an outer wheel comes up: its timers go further in. */
static void
cascade (WeirTimerWheel *self)
{
  for (guint level = 1; level < WEIR_TIMER_WHEEL_LEVELS; level++)
    {
      guint slot = (self->tick >> (LEVEL_BITS * level)) & SLOT_MASK;
      WeirTimer *ring = &self->slots[level][slot];
      WeirTimer *timer = ring->next;

      self->occupied[level] &= ~(G_GUINT64_CONSTANT (1) << slot);
      ring_init (ring);
      while (timer != ring)
        {
          WeirTimer *next = timer->next;

          place (self, timer);
          timer = next;
        }
      if (slot != 0)
        break;
    }
}

static void
expire (WeirTimerWheel *self)
{
  guint slot = self->tick & SLOT_MASK;
  WeirTimer *ring = &self->slots[0][slot];

  self->occupied[0] &= ~(G_GUINT64_CONSTANT (1) << slot);
  while (!ring_is_empty (ring))
    {
      WeirTimer *timer = ring->next;

      ring_unlink (timer);
      timer->reserved = NULL;
      ring_append (&self->expired, timer);
    }
}

void
weir_timer_wheel_advance (WeirTimerWheel *self, gint64 now)
{
  guint64 last = (guint64) now >> TICK_SHIFT;

  if (self->n_armed == 0)
    return;
  while (self->tick <= last)
    {
      if ((self->tick & SLOT_MASK) == 0)
        cascade (self);
      expire (self);
      self->tick++;
      if (self->occupied[0] == 0)
        self->tick =
            MAX (self->tick, MIN (last + 1, (self->tick + SLOT_MASK) & ~(guint64) SLOT_MASK));
    }
}

WeirTimer *
weir_timer_wheel_pop (WeirTimerWheel *self)
{
  WeirTimer *timer = self->expired.next;

  if (timer == &self->expired)
    return NULL;
  ring_unlink (timer);
  self->n_armed--;
  return timer;
}
