/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-dispatch-private.h"
#include "http/weir-slot-team-private.h"

G_BEGIN_DECLS

/* Only for the files that a slot is made of: which worker (weir-slot.c), and who waits for one
 * (-queue.c). */
typedef struct
{
  WeirUpstream *upstream;
  WeirGate *gate; /* the upstream's */
} WeirSeat;

struct _WeirSlot
{
  gint refs; /* atomic */
  WeirSlotTeam *team;
  guint index; /* in the team */
  gboolean is_alone;
  WeirEngine *engine;
  char *name;
  void (*demand) (WeirSlot *slot, gboolean wanted, gpointer user_data);
  gpointer user_data;
  WeirSocketBudget *budget;
  WeirFunctionCounters counters;
  guint64 called_until; /* atomic: others in the team say that these may have room now */
  gboolean is_called;   /* atomic: and there is a message with that on its way */

  /* data thread */
  WeirFunction *function;
  WeirPoolOptions options;
  GArray *seats; /* WeirSeat, in the order they came */
  char *stale;
  GQueue waiters;
  GQueue held;
  GQueue exits;
  guint n_spare; /* places in the queue of those who are just being woken; 0 or 1 */
  WeirFlush flush;
  gboolean flushing; /* with a reference of its own */
  gboolean demanded;
  gboolean crowded;
  gboolean no_secrets; /* the latest worker had no place for them */
  gint64 declined;     /* when; 0: long ago */
};

static inline WeirSeat *
weir_slot_get_seat (WeirSlot *self, guint i)
{
  return &g_array_index (self->seats, WeirSeat, i);
}

/* The one with the least to do, or NULL; load: how much that is. */
WeirSeat *weir_slot_choose (WeirSlot *self, WeirUpstream *except, gboolean upgrade, guint *load);
void weir_slot_ask (WeirSlot *self);
/* Asks, unless there are as many as there may be, or the answer was no just now. */
void weir_slot_grow (WeirSlot *self);
/* Who waited has gone away, or was told that it took too long. */
void weir_slot_relent (WeirSlot *self);

/* -queue.c */
void weir_slot_wake_waiters (WeirSlot *self);
void weir_slot_fail_waiters (WeirSlot *self, const GError *error);
/* Those that can go to another worker. */
void weir_slot_wake_held (WeirSlot *self);
void weir_slot_tell_held (WeirSlot *self, WeirGate *gate, const GError *error);

G_END_DECLS
