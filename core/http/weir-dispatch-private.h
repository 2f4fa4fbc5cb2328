/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-slot-private.h"

G_BEGIN_DECLS

/* One exchange on its way through a worker, from its slot to the last byte of the answer.
 * It frees itself. Data thread. */
typedef struct _WeirDispatch WeirDispatch;

/* timeout_ms: 0 for none. */
void weir_dispatch_begin (WeirSlot *slot, WeirExchange *exchange, guint timeout_ms);

/* ---- what the slot tells those in its queues; each is in none of them when it is called ---- */

/* The slot has another upstream. */
void weir_dispatch_wake (WeirDispatch *self);
/* There will be none. */
void weir_dispatch_fail (WeirDispatch *self, const GError *error);
/* How the worker that it was lost to ended. */
void weir_dispatch_learn (WeirDispatch *self, const GError *error);
/* The gate of the worker that a held one was lost to. */
WeirGate *weir_dispatch_get_gate (WeirDispatch *self);
/* A held one would go to another worker, if there were one. */
gboolean weir_dispatch_can_move (WeirDispatch *self);

/* ---- what the slot does for them ---- */

WeirEngine *weir_slot_get_engine (WeirSlot *self);
WeirUpstream *weir_slot_get_upstream (WeirSlot *self);
const char *weir_slot_get_stale (WeirSlot *self);
const GError *weir_slot_get_exit_error (WeirSlot *self, WeirGate *gate);
/* Puts it at the end of those who wait for an upstream, and asks for one. FALSE: full. */
gboolean weir_slot_enqueue (WeirSlot *self, GList *link);
/* Puts it among those who wait to hear how their worker ended. */
void weir_slot_hold (WeirSlot *self, GList *link);
void weir_slot_remove (WeirSlot *self, GList *link);

G_END_DECLS
