/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-dispatch-private.h"
#include "http/weir-exchange-private.h"
#include "http/weir-relay-private.h"

G_BEGIN_DECLS

/* Only for the files that a dispatch is made of: its begin and its end (weir-dispatch.c), the
 * time without a worker (-wait.c, -early.c), and the call to one (-call.c). */
struct _WeirDispatch
{
  WeirTimer deadline; /* first: the timer is the dispatch */
  WeirTimer hold;
  WeirPlace place;
  guint refs;
  WeirSlot *slot;
  WeirExchange *exchange;
  WeirUpstream *upstream; /* of this call, or of the one that failed */
  WeirUpstreamCall *call;
  WeirRelay *relay; /* what became of the call */
  GError *failure;
  guint64 sent; /* of the answer's body */
  gsize owed;   /* credit that the client has not got back yet */
  guint timeout_ms;
  gint64 waited_since; /* 0: it never waited for a worker */
  gint64 heard;        /* when the worker last said something; 0 before the head */
  gboolean leased;
  gboolean upgraded;
  gboolean queued;
  gboolean held;        /* queued to hear how its worker ended */
  gboolean early;       /* queued, and called all the same: it can be called back */
  gboolean went_early;  /* once is enough */
  gboolean upgrade;     /* may become a WebSocket */
  gboolean budgeted;    /* counts as one */
  gboolean unsafe;      /* the worker may have done it, and twice is not the same as once */
  gboolean retryable;   /* nothing came of the failed call, and all of the body is here */
  gboolean reconnected; /* tried again with the same worker */
  gboolean moved;       /* tried again with another */
  gboolean read;        /* by the worker it was lost to, for all that is known */
  gboolean on_trial;    /* the slot counts it as that, until it gives its lease back */
  gboolean tried;       /* its last worker was one on trial */
  guint n_lives;        /* of workers that ended while they had read it */
  guint64 serial;       /* of its last call */
  gboolean responding;
  gboolean paused;
  gboolean cold;   /* it waited because there was no worker */
  gboolean failed; /* or the function said so */
  gboolean over;
};

static inline WeirEngine *
weir_dispatch_get_engine (WeirDispatch *self)
{
  return weir_slot_get_engine (self->slot);
}

WeirDispatch *weir_dispatch_ref (WeirDispatch *self);
void weir_dispatch_unref (WeirDispatch *self);
/* With a lease if there is one, else it waits for one. */
void weir_dispatch_start (WeirDispatch *self);
/* The upstream that it shall not get again, or NULL. */
WeirUpstream *weir_dispatch_get_except (WeirDispatch *self);
/* Gives the lease back, if there is one. */
void weir_dispatch_release (WeirDispatch *self);
/* The end of it, once: whatever is still held is let go. */
void weir_dispatch_stop (WeirDispatch *self);
void weir_dispatch_answer_error (WeirDispatch *self, const GError *error);
/* With a hint, since the table's words are about other limits of that kind. */
void weir_dispatch_refuse (WeirDispatch *self, int code, const char *hint, const char *format, ...)
    G_GNUC_PRINTF (4, 5);
void weir_dispatch_on_client_gone (WeirExchange *exchange, gpointer user_data);

void weir_dispatch_leave_queue (WeirDispatch *self);

/* -early.c */
/* Its worker serves. FALSE: it was not sent to one before, or not to one that takes it now. */
gboolean weir_dispatch_keep_early (WeirDispatch *self);
/* Its answer begins: the word that its worker serves is on its way. */
void weir_dispatch_settle_early (WeirDispatch *self);

/* -wait.c */
extern const WeirExchangeSink weir_dispatch_waiting_sink;
void weir_dispatch_wait (WeirDispatch *self);
/* After a call that failed before an answer began. */
void weir_dispatch_try_again (WeirDispatch *self, const GError *failure);

/* -call.c */
/* With a lease taken. */
void weir_dispatch_call (WeirDispatch *self, WeirUpstream *upstream);
/* Without one. */
void weir_dispatch_send (WeirDispatch *self, WeirUpstream *upstream);
void weir_dispatch_note_leased (WeirDispatch *self);
/* What comes of the body stays with the exchange again. */
void weir_dispatch_take_back (WeirDispatch *self);
/* TRUE: it is over the limit, and was answered. */
gboolean weir_dispatch_refuse_large (WeirDispatch *self, guint64 length);

G_END_DECLS
