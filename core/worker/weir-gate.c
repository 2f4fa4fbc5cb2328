/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-gate-private.h"

/* Everything that two threads must agree on is in one word, so that no two of its facts
 * can be seen apart. */
#define CLOSED 1u
#define WATCH 2u
#define LEASE 4u /* the unit of the count above the two bits */

struct _WeirGate
{
  gatomicrefcount ref_count;
  guint word;
  guint64 total;
  guint64 most_total; /* 0: no limit */
  gboolean spent;     /* it closed with the last of them */
  guint64 answered;
  guint sockets;
  guint booked;
  guint losses;
  gpointer owner; /* of the reservation, or NULL; only compared */
  WeirBlame blame;
  WeirGateFunc activity;
  gpointer user_data;
  GDestroyNotify destroy;
};

static guint
weir_gate_load (WeirGate *self)
{
  return __atomic_load_n (&self->word, __ATOMIC_SEQ_CST);
}

/* On failure `from` becomes what is there. */
static gboolean
weir_gate_swap (WeirGate *self, guint *from, guint to)
{
  return __atomic_compare_exchange_n (&self->word,
                                      from,
                                      to,
                                      FALSE,
                                      __ATOMIC_SEQ_CST,
                                      __ATOMIC_SEQ_CST);
}

WeirGate *
weir_gate_new (WeirGateFunc activity, gpointer user_data, GDestroyNotify destroy)
{
  WeirGate *self = g_new0 (WeirGate, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->activity = activity;
  self->user_data = user_data;
  self->destroy = destroy;
  return self;
}

WeirGate *
weir_gate_ref (WeirGate *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
weir_gate_unref (WeirGate *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  if (self->destroy != NULL)
    self->destroy (self->user_data);
  g_free (self);
}

static void
weir_gate_notify (WeirGate *self)
{
  if (self->activity != NULL)
    self->activity (self->user_data);
}

void
weir_gate_set_most_leases (WeirGate *self, guint64 most)
{
  self->most_total = most;
}

guint64
weir_gate_get_most_leases (WeirGate *self)
{
  return self->most_total;
}

/* Counted before it is taken, so that no two data threads can both have the last one. One that has
 * counted before the last and comes after it gets none, so of the count alone nobody could tell why
 * the gate is closed. */
static gboolean
take (WeirGate *self, guint most, gboolean last)
{
  guint word = weir_gate_load (self);

  do
    {
      if ((word & CLOSED) != 0 || word / LEASE >= most)
        return FALSE;
    }
  while (!weir_gate_swap (self, &word, ((word + LEASE) & ~WATCH) | (last ? CLOSED : 0)));
  if (last)
    __atomic_store_n (&self->spent, TRUE, __ATOMIC_SEQ_CST);
  if ((word & WATCH) != 0 || last)
    weir_gate_notify (self);
  return TRUE;
}

gboolean
weir_gate_lease (WeirGate *self, guint most)
{
  guint64 total = __atomic_add_fetch (&self->total, 1, __ATOMIC_RELAXED);

  if ((self->most_total == 0 || total <= self->most_total) &&
      take (self, most, total == self->most_total))
    return TRUE;
  __atomic_sub_fetch (&self->total, 1, __ATOMIC_RELAXED);
  return FALSE;
}

gboolean
weir_gate_is_spent (WeirGate *self)
{
  return __atomic_load_n (&self->spent, __ATOMIC_SEQ_CST);
}

static gboolean
is_last_of_closed (guint word)
{
  return (word & CLOSED) != 0 && word / LEASE == 1;
}

void
weir_gate_release (WeirGate *self)
{
  guint word = weir_gate_load (self);
  guint next;

  do
    {
      g_return_if_fail (word >= LEASE);
      next = word - LEASE;
      if (is_last_of_closed (word))
        next &= ~WATCH;
    }
  while (!weir_gate_swap (self, &word, next));

  if ((word & WATCH) != 0 && is_last_of_closed (word))
    weir_gate_notify (self);
}

void
weir_gate_note_answer (WeirGate *self)
{
  __atomic_add_fetch (&self->answered, 1, __ATOMIC_RELAXED);
}

guint64
weir_gate_get_answered (WeirGate *self)
{
  return __atomic_load_n (&self->answered, __ATOMIC_RELAXED);
}

void
weir_gate_add_socket (WeirGate *self)
{
  __atomic_add_fetch (&self->sockets, 1, __ATOMIC_SEQ_CST);
}

void
weir_gate_remove_socket (WeirGate *self)
{
  __atomic_sub_fetch (&self->sockets, 1, __ATOMIC_SEQ_CST);
}

guint
weir_gate_get_sockets (WeirGate *self)
{
  return __atomic_load_n (&self->sockets, __ATOMIC_SEQ_CST);
}

gboolean
weir_gate_book_socket (WeirGate *self, guint most)
{
  guint booked = weir_gate_get_booked (self);

  do
    {
      if (booked >= most)
        return FALSE;
    }
  while (!__atomic_compare_exchange_n (&self->booked,
                                       &booked,
                                       booked + 1,
                                       FALSE,
                                       __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST));
  return TRUE;
}

void
weir_gate_unbook_socket (WeirGate *self)
{
  __atomic_sub_fetch (&self->booked, 1, __ATOMIC_SEQ_CST);
}

guint
weir_gate_get_booked (WeirGate *self)
{
  return __atomic_load_n (&self->booked, __ATOMIC_SEQ_CST);
}

void
weir_gate_note_loss (WeirGate *self)
{
  __atomic_add_fetch (&self->losses, 1, __ATOMIC_SEQ_CST);
}

guint
weir_gate_get_losses (WeirGate *self)
{
  return __atomic_load_n (&self->losses, __ATOMIC_SEQ_CST);
}

gboolean
weir_gate_reserve (WeirGate *self, gpointer owner)
{
  gpointer before = NULL;

  return __atomic_compare_exchange_n (&self->owner,
                                      &before,
                                      owner,
                                      FALSE,
                                      __ATOMIC_SEQ_CST,
                                      __ATOMIC_SEQ_CST) ||
         before == owner;
}

void
weir_gate_unreserve (WeirGate *self, gpointer owner)
{
  __atomic_compare_exchange_n (&self->owner,
                               &owner,
                               NULL,
                               FALSE,
                               __ATOMIC_SEQ_CST,
                               __ATOMIC_SEQ_CST);
}

gboolean
weir_gate_is_reserved (WeirGate *self)
{
  return __atomic_load_n (&self->owner, __ATOMIC_SEQ_CST) != NULL;
}

WeirBlame
weir_gate_get_blame (WeirGate *self)
{
  return __atomic_load_n (&self->blame, __ATOMIC_SEQ_CST);
}

void
weir_gate_condemn (WeirGate *self, WeirBlame blame)
{
  if (weir_gate_get_blame (self) == WEIR_BLAME_NOBODY)
    __atomic_store_n (&self->blame, blame, __ATOMIC_SEQ_CST);
  weir_gate_close (self);
}

gboolean
weir_gate_close_if_idle (WeirGate *self)
{
  guint word = weir_gate_load (self);

  do
    {
      if (word >= LEASE)
        return FALSE;
    }
  while (!weir_gate_swap (self, &word, CLOSED));
  return TRUE;
}

/* A watch for the first lease is over: there will be none. */
guint
weir_gate_close (WeirGate *self)
{
  guint word = weir_gate_load (self);

  while ((word & CLOSED) == 0 && !weir_gate_swap (self, &word, (word | CLOSED) & ~WATCH))
    ;
  return word / LEASE;
}

guint
weir_gate_get_in_flight (WeirGate *self)
{
  return weir_gate_load (self) / LEASE;
}

guint64
weir_gate_get_total (WeirGate *self)
{
  return __atomic_load_n (&self->total, __ATOMIC_RELAXED);
}

gboolean
weir_gate_is_closed (WeirGate *self)
{
  return (weir_gate_load (self) & CLOSED) != 0;
}

/* What is watched for may have come while the caller made up its mind: then it is told at
 * once, or it would never be. */
void
weir_gate_watch (WeirGate *self)
{
  guint word = weir_gate_load (self);

  while (TRUE)
    {
      gboolean closed = (word & CLOSED) != 0;
      gboolean in_flight = word >= LEASE;

      if (closed != in_flight)
        break;
      if (weir_gate_swap (self, &word, word | WATCH))
        return;
    }
  weir_gate_notify (self);
}
