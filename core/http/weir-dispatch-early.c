/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* While it waits for a worker and was sent ahead to the one that is started. */

#include "http/weir-dispatch-struct-private.h"

/* Only what can be sent again as it is, and once: who was called back waits for a worker that
 * serves. Secrets go to workers that are known to have a place for them. */
gboolean
weir_dispatch_can_go_early (WeirDispatch *self)
{
  return !self->upgrade && self->upstream == NULL && !self->went_early &&
         weir_exchange_has_whole_body (self->exchange) &&
         weir_exchange_can_replay (self->exchange) &&
         weir_exchange_get_user_secrets (self->exchange) == NULL;
}

void
weir_dispatch_go_early (WeirDispatch *self, WeirUpstream *upstream)
{
  self->early = self->went_early = TRUE;
  weir_dispatch_send (self, upstream);
}

void
weir_dispatch_recall (WeirDispatch *self)
{
  if (!self->early)
    return;
  self->early = FALSE;
  g_clear_pointer (&self->call, weir_upstream_call_cancel);
  g_clear_pointer (&self->upstream, weir_upstream_unref);
  weir_dispatch_take_back (self);
  weir_exchange_rewind (self->exchange);
}

gboolean
weir_dispatch_keep_early (WeirDispatch *self)
{
  if (!self->early)
    return FALSE;
  if (!weir_slot_has_upstream (self->slot, self->upstream) ||
      !weir_slot_lease_upstream (self->slot, self->upstream))
    {
      weir_dispatch_recall (self);
      return FALSE;
    }
  self->early = FALSE;
  weir_dispatch_note_leased (self);
  return TRUE;
}

void
weir_dispatch_settle_early (WeirDispatch *self)
{
  if (!self->early)
    return;
  self->early = FALSE;
  if (weir_slot_lease_upstream (self->slot, self->upstream))
    weir_dispatch_note_leased (self);
  weir_dispatch_leave_queue (self);
}
