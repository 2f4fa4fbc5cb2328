/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-exchange.h"
#include "http/weir-function-stats-private.h"
#include "http/weir-socket-budget-private.h"
#include "worker/weir-upstream-private.h"

G_BEGIN_DECLS

/* One data thread's side of one function: the upstreams of the workers that take requests, and
 * the exchanges that wait for one. A request goes to the worker that has the least to do, and
 * of equal ones to the one that came first, so that what is spare stays idle and can go.
 * Its data thread, but for what is said otherwise. */
typedef struct _WeirSlot WeirSlot;

/* With several data threads a function has a slot on each. They are a team: what bounds the
 * function bounds them together, and of those who wait the first is served first, or not much
 * later, wherever room was made. Any thread. */
typedef struct _WeirSlotTeam WeirSlotTeam;

WeirSlotTeam *weir_slot_team_new (guint n_slots);
void weir_slot_team_unref (WeirSlotTeam *self);

/* Control thread. demand: called on the data thread when an exchange waits or all workers are
 * busy, and nothing was asked for yet; with wanted FALSE when nobody is left who waits for what
 * was asked for. It must only post a message to the control thread. */
WeirSlot *weir_slot_new (WeirEngine *engine,
                         const char *name,
                         void (*demand) (WeirSlot *slot, gboolean wanted, gpointer user_data),
                         gpointer user_data);
/* As one of a team, each with an index of its own. */
WeirSlot *
weir_slot_new_in_team (WeirSlotTeam *team,
                       guint index,
                       WeirEngine *engine,
                       const char *name,
                       void (*demand) (WeirSlot *slot, gboolean wanted, gpointer user_data),
                       gpointer user_data);
/* Before the first request: what bounds the WebSockets of all slots together. */
void weir_slot_set_socket_budget (WeirSlot *self, WeirSocketBudget *budget);
WeirSlot *weir_slot_ref (WeirSlot *self); /* any thread */
void weir_slot_unref (WeirSlot *self);    /* any thread */
/* Any thread. FALSE: nobody holds it any more. */
gboolean weir_slot_try_ref (WeirSlot *self);
/* Any thread: whether somebody else holds it as well. */
gboolean weir_slot_is_held (WeirSlot *self);
const char *weir_slot_get_name (WeirSlot *self);
WeirFunction *weir_slot_get_function (WeirSlot *self); /* data thread; nullable */

/* Any thread. */
void weir_slot_add_stats (WeirSlot *self, WeirFunctionStats *stats);

/* What the control thread posts (through weir_engine_invoke); data thread. */
void weir_slot_set_function (WeirSlot *self, WeirFunction *function);
void weir_slot_add_upstream (WeirSlot *self, WeirUpstream *upstream);
/* Sends the first of those who wait to a worker that is started, and holds what comes until it
 * serves. */
void weir_slot_send_early (WeirSlot *self, WeirUpstream *upstream);
/* (transfer full): the one that a request was sent to early, to be added; NULL: there is none of
 * that gate. Without this it is called back when the next upstream is added. */
WeirUpstream *weir_slot_steal_early (WeirSlot *self, WeirGate *gate);
/* Whether its function may have a place for the secrets of the user who calls: before one
 * worker was ready, nobody knows. */
gboolean weir_slot_may_take_secrets (WeirSlot *self);
void weir_slot_remove_upstream (WeirSlot *self, WeirGate *gate);
void weir_slot_clear (WeirSlot *self);                     /* removes all */
void weir_slot_fail (WeirSlot *self, const GError *error); /* every waiter gets this */
/* There will not be one more: those that are there have to do. */
void weir_slot_decline (WeirSlot *self);
/* What is asked for waits until other functions leave room for it. */
void weir_slot_set_crowded (WeirSlot *self);
/* Until the next add_upstream: an answer gets this x-weir-stale header. NULL: none. */
void weir_slot_set_stale (WeirSlot *self, const char *text);
/* How the worker behind a gate ended; what calls that break on it are answered with. */
void weir_slot_set_exit_error (WeirSlot *self, WeirGate *gate, const GError *error);

/* The last stage: leases, sends upstream, streams both ways, retries once, relays. */
void weir_slot_dispatch (WeirSlot *self, WeirExchange *exchange);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirSlot, weir_slot_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirSlotTeam, weir_slot_team_unref)

G_END_DECLS
