/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-slot-private.h"
#include "worker/weir-pool-options-private.h"

G_BEGIN_DECLS

/* One exchange on its way through a worker, from its slot to the last byte of the answer.
 * It frees itself. Data thread. */
typedef struct _WeirDispatch WeirDispatch;

/* Of a dispatch in a queue. */
typedef struct
{
  GList link;     /* first; its data is the dispatch */
  guint64 ticket; /* 0: it did not wait yet */
} WeirPlace;

void weir_dispatch_begin (WeirSlot *slot, WeirExchange *exchange);

/* ---- what the slot tells those in its queues; each is in none of them when it is called, but for
 * what is about those that go early ---- */

/* Whether it may be sent to a worker that does not serve yet; it stays in the queue. */
gboolean weir_dispatch_can_go_early (WeirDispatch *self);
void weir_dispatch_go_early (WeirDispatch *self, WeirUpstream *upstream);
/* If it was: it only waits again. */
void weir_dispatch_recall (WeirDispatch *self);
/* The slot has an upstream for it. */
void weir_dispatch_wake (WeirDispatch *self);
/* There will be none. */
void weir_dispatch_fail (WeirDispatch *self, const GError *error);
/* The gate of the worker that a held one was lost to. */
WeirGate *weir_dispatch_get_gate (WeirDispatch *self);
/* A held one goes to another worker now: nobody is to blame for the end of its first. */
gboolean weir_dispatch_can_move (WeirDispatch *self, gboolean ended);
/* A held one, when all are known that were lost to its worker: it gets the error for an answer,
 * or goes among the suspects. */
void weir_dispatch_judge (WeirDispatch *self, const GError *error);
/* A suspect's turn, with a lease taken for it. */
void weir_dispatch_go_on_trial (WeirDispatch *self, WeirUpstream *upstream);
WeirPlace *weir_dispatch_get_place (WeirDispatch *self);
/* The later it went to the worker that it was lost to, the larger. */
guint64 weir_dispatch_get_serial (WeirDispatch *self);
gboolean weir_dispatch_is_upgrade (WeirDispatch *self);

/* ---- what the slot does for them ---- */

WeirEngine *weir_slot_get_engine (WeirSlot *self);
const WeirPoolOptions *weir_slot_get_options (WeirSlot *self);
WeirSocketBudget *weir_slot_get_socket_budget (WeirSlot *self); /* nullable */
/* Takes a lease of the worker with the least to do. NULL: there is none that has room. Asks for
 * one more worker when all are busy.
 *  except: (nullable) the one that just failed
 *  upgrade: it may become a WebSocket, and a place for that is booked */
WeirUpstream *weir_slot_lease (WeirSlot *self, WeirUpstream *except, gboolean upgrade);
/* Of this one, if it has room. */
gboolean weir_slot_lease_upstream (WeirSlot *self, WeirUpstream *upstream);
void weir_slot_release (WeirSlot *self, WeirUpstream *upstream);
/* Its worker still takes requests, for all that is known here. */
gboolean weir_slot_has_upstream (WeirSlot *self, WeirUpstream *upstream);
/* Nothing but time is needed until there is a first worker. */
gboolean weir_slot_is_starting (WeirSlot *self);
gboolean weir_slot_is_cold (WeirSlot *self); /* there is no worker at all */
WeirFunctionCounters *weir_slot_get_counters (WeirSlot *self);
/* No more workers can come, and those that are there are full of WebSockets. */
gboolean weir_slot_has_room_but_for_sockets (WeirSlot *self);
/* Somebody came before and waits for a worker that has room. */
gboolean weir_slot_has_queue (WeirSlot *self);
const char *weir_slot_get_stale (WeirSlot *self);
const GError *weir_slot_get_exit_error (WeirSlot *self, WeirGate *gate);
/* Puts it at the end of those who wait for an upstream, and asks for one; except and upgrade are
 * those of a lease. FALSE: full. */
gboolean
weir_slot_enqueue (WeirSlot *self, WeirPlace *place, WeirUpstream *except, gboolean upgrade);
/* Puts it among those who wait to hear how their worker ended. */
void weir_slot_hold (WeirSlot *self, WeirPlace *place);
/* Puts it among those who go on trial, one after the other. */
void weir_slot_suspect (WeirSlot *self, WeirPlace *place);
/* One on trial has given its lease back. */
void weir_slot_end_trial (WeirSlot *self);
/* Nobody will hear how that worker ended, but it did: judges those who were lost to it. */
void weir_slot_judge (WeirSlot *self, WeirGate *gate, const GError *error);
guint64 weir_slot_draw_serial (WeirSlot *self);
void weir_slot_remove (WeirSlot *self, WeirPlace *place);

G_END_DECLS
