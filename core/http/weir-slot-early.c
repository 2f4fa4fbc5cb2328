/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A worker that was a standby listens before its function is loaded, and holds what comes until it
 * serves. The request that it is started for goes there meanwhile: when it serves, nobody has to be
 * told before that is answered. The request stays in the queue, so that whatever becomes of the
 * start becomes of it. */

#include "http/weir-slot-struct-private.h"

/* How many requests the worker may take, and how many at once, is counted by leases, and there are
 * none before it serves. */
static gboolean
may_send_early (WeirSlot *self, WeirGate *gate)
{
  return weir_slot_is_cold (self) && weir_gate_get_most_leases (gate) == 0 &&
         (self->is_alone || self->options.max_concurrency == 0);
}

void
weir_slot_send_early (WeirSlot *self, WeirUpstream *upstream)
{
  if (self->early != NULL)
    {
      weir_slot_recall_early (self);
      weir_slot_relent (self); /* who was sent to that one may have gone */
    }
  if (self->waiters.head == NULL || !may_send_early (self, weir_upstream_get_gate (upstream)))
    return;
  if (!weir_dispatch_can_go_early (self->waiters.head->data))
    return;
  weir_slot_ref (self);
  self->early = weir_upstream_ref (upstream);
  weir_dispatch_go_early (self->waiters.head->data, upstream);
  weir_slot_unref (self);
}

WeirUpstream *
weir_slot_steal_early (WeirSlot *self, WeirGate *gate)
{
  if (self->early == NULL || weir_upstream_get_gate (self->early) != gate)
    return NULL;
  return g_steal_pointer (&self->early);
}

void
weir_slot_recall_early (WeirSlot *self)
{
  g_autoptr (WeirUpstream) early = g_steal_pointer (&self->early);

  if (early == NULL)
    return;
  for (GList *link = self->waiters.head; link != NULL; link = link->next)
    weir_dispatch_recall (link->data);
}

gboolean
weir_slot_is_early_busy (WeirSlot *self)
{
  return self->early != NULL && weir_gate_get_in_flight (weir_upstream_get_gate (self->early)) > 0;
}

gboolean
weir_slot_lease_upstream (WeirSlot *self, WeirUpstream *upstream)
{
  return weir_gate_lease (weir_upstream_get_gate (upstream), weir_slot_get_most_leases (self));
}
