/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-dispatch-private.h"
#include "http/weir-slot-team-private.h"

G_BEGIN_DECLS

/* Only for the files that a slot is made of: which worker (weir-slot.c), who waits for one
 * (-queue.c) or was sent ahead to one (-early.c), and who of those that lost theirs brought it down
 * (-trial.c). */
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
  GArray *seats;       /* WeirSeat, in the order they came */
  WeirUpstream *early; /* of the worker that the first of those who wait was sent to, or NULL */
  char *stale;
  GQueue waiters;
  GQueue held;
  GQueue suspects; /* those that went to their worker last come first */
  WeirGate *court; /* of the seat that is reserved for them, or NULL */
  guint n_on_trial;
  guint n_admitted; /* at once, since those before are slow to answer */
  guint n_yielded;
  WeirTimer patience;
  guint64 last_serial;
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
/* FALSE: it was closed since it was looked at, or another data thread was faster. */
gboolean weir_slot_take (WeirSlot *self, WeirSeat *seat, gboolean upgrade);
gboolean weir_slot_has_open_seat (WeirSlot *self);
void weir_slot_ask (WeirSlot *self);
/* Asks, unless there are as many as there may be, or the answer was no just now. */
void weir_slot_grow (WeirSlot *self);
/* Who waited has gone away, or was told that it took too long. */
void weir_slot_relent (WeirSlot *self);

guint weir_slot_get_most_leases (WeirSlot *self);

/* -early.c */
/* That is not ready, and answers already. */
gboolean weir_slot_is_early_busy (WeirSlot *self);
/* Who was sent there waits as before. */
void weir_slot_recall_early (WeirSlot *self);

/* -queue.c */
void weir_slot_wake_waiters (WeirSlot *self);
void weir_slot_fail_waiters (WeirSlot *self, const GError *error);
/* Those that can go to another worker; ended: (nullable) one that is known to be dead. */
void weir_slot_wake_held (WeirSlot *self, WeirGate *ended);
/* Takes out one who was lost to that worker, or NULL. */
WeirDispatch *weir_slot_pop_lost (WeirSlot *self, WeirGate *gate);
/* Later: whoever made room is in the middle of something. */
void weir_slot_wake_later (WeirSlot *self);

/* -trial.c */
/* Judges those who are held and of whose workers all is known. */
void weir_slot_judge_held (WeirSlot *self);
/* Goes on with the trial, if the one before is over. */
void weir_slot_try_suspects (WeirSlot *self);
void weir_slot_fail_suspects (WeirSlot *self, const GError *error);

G_END_DECLS
