/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-slot-private.h"

G_BEGIN_DECLS

/* No ticket: nobody waits. */
#define WEIR_SLOT_NOBODY G_MAXUINT64

/* What the slots of one function share, when there are several data threads: how many exchanges
 * wait for a worker, in all slots together, and who of them came first. Any thread; all of it is
 * in one order, so whoever has made room and then sees nobody wait has done so before any of
 * those who wait looked for room. */
WeirSlotTeam *weir_slot_team_ref (WeirSlotTeam *self);
guint weir_slot_team_get_n_slots (WeirSlotTeam *self);
/* NULL: it goes, and nobody who asks for it may get it any more. */
void weir_slot_team_set_slot (WeirSlotTeam *self, guint index, WeirSlot *slot);
/* With a reference of the caller's; NULL when it goes. */
WeirSlot *weir_slot_team_ref_slot (WeirSlotTeam *self, guint index);

/* Counts one who waits. FALSE: `most` do already. */
gboolean weir_slot_team_enter (WeirSlotTeam *self, guint most);
void weir_slot_team_leave (WeirSlotTeam *self);
guint weir_slot_team_get_n_waiting (WeirSlotTeam *self);

/* Tickets grow from 1 on. */
guint64 weir_slot_team_draw (WeirSlotTeam *self);
/* The one that is drawn next. */
guint64 weir_slot_team_peek (WeirSlotTeam *self);
/* Says who is the first in the queue of a slot. */
void weir_slot_team_set_first (WeirSlotTeam *self, guint index, guint64 ticket);
/* The first of all, and in which slot. */
guint64 weir_slot_team_find_first (WeirSlotTeam *self, guint *index);

G_END_DECLS
