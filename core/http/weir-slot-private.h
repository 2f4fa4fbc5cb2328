/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-exchange.h"
#include "worker/weir-upstream-private.h"

G_BEGIN_DECLS

/* The data plane's side of one function: the upstream that takes requests now, and the
 * exchanges that wait for one. Data thread, but for what is said otherwise. */
typedef struct _WeirSlot WeirSlot;

/* Control thread. demand: called on the data thread when an exchange waits and nothing
 * was asked for yet; it must only post a message to the control thread. */
WeirSlot *weir_slot_new (WeirEngine *engine,
                         const char *name,
                         void (*demand) (WeirSlot *slot, gpointer user_data),
                         gpointer user_data);
WeirSlot *weir_slot_ref (WeirSlot *self); /* any thread */
void weir_slot_unref (WeirSlot *self);    /* any thread */
const char *weir_slot_get_name (WeirSlot *self);
WeirFunction *weir_slot_get_function (WeirSlot *self); /* data thread; nullable */

/* What the control thread posts (through weir_engine_invoke); data thread. */
void weir_slot_set_function (WeirSlot *self, WeirFunction *function);
void weir_slot_set_upstream (WeirSlot *self, WeirUpstream *upstream); /* NULL: none is there */
void weir_slot_fail (WeirSlot *self, const GError *error);            /* every waiter gets this */
/* Until the next set_upstream: an answer gets this x-weir-stale header. NULL: none. */
void weir_slot_set_stale (WeirSlot *self, const char *text);
/* How the worker behind a gate ended; what calls that break on it are answered with. */
void weir_slot_set_exit_error (WeirSlot *self, WeirGate *gate, const GError *error);

/* The last stage: leases, sends upstream, streams both ways, retries once, relays. */
void weir_slot_dispatch (WeirSlot *self, WeirExchange *exchange);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirSlot, weir_slot_unref)

G_END_DECLS
