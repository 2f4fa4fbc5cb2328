/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <glib.h>

G_BEGIN_DECLS

/* Who of the requests in flight is to blame for the end of a worker. */
typedef enum
{
  WEIR_BLAME_NOBODY, /* for all that is known: it died by itself, or from outside */
  WEIR_BLAME_ONE,    /* one of them */
  WEIR_BLAME_LIFE,   /* one of them, or all that the worker ever did */
  WEIR_BLAME_ALL,    /* each had its time */
} WeirBlame;

/* The one thing about a worker that all threads of the data plane and the control plane touch: a
 * word that counts the leases taken and says whether more may be. The data plane leases
 * and releases with one atomic operation each; the control plane closes the gate before
 * it lets a worker go, so that a lease can never meet a worker that was told to stop.
 * The gate is the truth about busy or idle; the state machine follows it. */
typedef struct _WeirGate WeirGate;

typedef void (*WeirGateFunc) (gpointer user_data);

/* activity: called once for each weir_gate_watch(), on a data thread, or from within
 * weir_gate_watch() itself when there is nothing left to wait for; it must only post a
 * message. */
WeirGate *weir_gate_new (WeirGateFunc activity, gpointer user_data, GDestroyNotify destroy);
WeirGate *weir_gate_ref (WeirGate *self);
void weir_gate_unref (WeirGate *self);

/* Data plane. FALSE when it is closed, or when as many as `most` are in flight already. */
gboolean weir_gate_lease (WeirGate *self, guint most);
void weir_gate_release (WeirGate *self);
/* A request was answered to its end, not given up. */
void weir_gate_note_answer (WeirGate *self);
/* A connection that was upgraded holds no lease: it may stay for days, and is counted apart.
 * To be called before its lease is released, so that none is ever seen without the other. */
void weir_gate_add_socket (WeirGate *self);
void weir_gate_remove_socket (WeirGate *self);
/* A place for a connection that may be upgraded, from before its lease until it ends as the one
 * or the other. FALSE when `most` are taken. */
gboolean weir_gate_book_socket (WeirGate *self, guint most);
void weir_gate_unbook_socket (WeirGate *self);
guint weir_gate_get_booked (WeirGate *self);
/* Counts a lease that came back without an answer, though its request may have been read. */
void weir_gate_note_loss (WeirGate *self);
guint weir_gate_get_losses (WeirGate *self);
/* Nobody but the owner of the reservation takes leases any more. FALSE: it is somebody else's.
 * A lease that was taken at the same moment may come through. */
gboolean weir_gate_reserve (WeirGate *self, gpointer owner);
void weir_gate_unreserve (WeirGate *self, gpointer owner);
gboolean weir_gate_is_reserved (WeirGate *self);

/* Control plane. */
gboolean weir_gate_close_if_idle (WeirGate *self); /* TRUE: closed, nothing in flight */
guint weir_gate_close (WeirGate *self);            /* how many are still in flight */
guint weir_gate_get_in_flight (WeirGate *self);
guint64 weir_gate_get_total (WeirGate *self); /* leases ever taken */
guint64 weir_gate_get_answered (WeirGate *self);
guint weir_gate_get_sockets (WeirGate *self);
gboolean weir_gate_is_closed (WeirGate *self);
/* Before the first lease: it closes with the last of so many, and calls activity. 0: no limit. */
void weir_gate_set_most_leases (WeirGate *self, guint64 most);
guint64 weir_gate_get_most_leases (WeirGate *self); /* 0: no limit; any thread */
gboolean weir_gate_is_spent (WeirGate *self);       /* it closed with the last of them */
WeirBlame weir_gate_get_blame (WeirGate *self);
/* Closes it, before the worker is killed for what its requests did. The first one counts. */
void weir_gate_condemn (WeirGate *self, WeirBlame blame);
/* Asks for one call of activity: while the gate is open, as soon as a lease is in flight;
 * when it is closed, as soon as none is. One shot: what keeps a busy worker from posting a
 * message per request. Closing an open gate ends the watch for its first lease. */
void weir_gate_watch (WeirGate *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirGate, weir_gate_unref)

G_END_DECLS
