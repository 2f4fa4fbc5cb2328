/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-slot-team-private.h"

typedef struct
{
  WeirSlot *slot; /* not owned; under the lock */
  guint64 first;  /* atomic */
} Member;

struct _WeirSlotTeam
{
  gatomicrefcount refs;
  guint n_slots;
  guint n_waiting; /* atomic, as the next one */
  guint64 next;
  GMutex lock;
  Member members[];
};

WeirSlotTeam *
weir_slot_team_new (guint n_slots)
{
  WeirSlotTeam *self = g_malloc0 (sizeof (WeirSlotTeam) + n_slots * sizeof (Member));

  g_atomic_ref_count_init (&self->refs);
  self->n_slots = n_slots;
  self->next = 1;
  g_mutex_init (&self->lock);
  for (guint i = 0; i < n_slots; i++)
    self->members[i].first = WEIR_SLOT_NOBODY;
  return self;
}

WeirSlotTeam *
weir_slot_team_ref (WeirSlotTeam *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
weir_slot_team_unref (WeirSlotTeam *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_mutex_clear (&self->lock);
  g_free (self);
}

guint
weir_slot_team_get_n_slots (WeirSlotTeam *self)
{
  return self->n_slots;
}

void
weir_slot_team_set_slot (WeirSlotTeam *self, guint index, WeirSlot *slot)
{
  g_return_if_fail (index < self->n_slots);

  g_mutex_lock (&self->lock);
  self->members[index].slot = slot;
  g_mutex_unlock (&self->lock);
}

WeirSlot *
weir_slot_team_ref_slot (WeirSlotTeam *self, guint index)
{
  WeirSlot *slot;

  g_mutex_lock (&self->lock);
  slot = self->members[index].slot;
  if (slot != NULL && !weir_slot_try_ref (slot))
    slot = NULL;
  g_mutex_unlock (&self->lock);
  return slot;
}

gboolean
weir_slot_team_enter (WeirSlotTeam *self, guint most)
{
  guint n_waiting = weir_slot_team_get_n_waiting (self);

  do
    {
      if (n_waiting >= most)
        return FALSE;
    }
  while (!__atomic_compare_exchange_n (&self->n_waiting,
                                       &n_waiting,
                                       n_waiting + 1,
                                       FALSE,
                                       __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST));
  return TRUE;
}

void
weir_slot_team_leave (WeirSlotTeam *self)
{
  __atomic_sub_fetch (&self->n_waiting, 1, __ATOMIC_SEQ_CST);
}

guint
weir_slot_team_get_n_waiting (WeirSlotTeam *self)
{
  return __atomic_load_n (&self->n_waiting, __ATOMIC_SEQ_CST);
}

guint64
weir_slot_team_draw (WeirSlotTeam *self)
{
  return __atomic_fetch_add (&self->next, 1, __ATOMIC_SEQ_CST);
}

guint64
weir_slot_team_peek (WeirSlotTeam *self)
{
  return __atomic_load_n (&self->next, __ATOMIC_SEQ_CST);
}

void
weir_slot_team_set_first (WeirSlotTeam *self, guint index, guint64 ticket)
{
  __atomic_store_n (&self->members[index].first, ticket, __ATOMIC_SEQ_CST);
}

guint64
weir_slot_team_find_first (WeirSlotTeam *self, guint *index)
{
  guint64 first = WEIR_SLOT_NOBODY;

  *index = 0;
  for (guint i = 0; i < self->n_slots; i++)
    {
      guint64 ticket = __atomic_load_n (&self->members[i].first, __ATOMIC_SEQ_CST);

      if (ticket >= first)
        continue;
      first = ticket;
      *index = i;
    }
  return first;
}
