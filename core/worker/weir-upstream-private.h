/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "base/weir-head.h"
#include "io/weir-engine.h"
#include "worker/weir-gate-private.h"

G_BEGIN_DECLS

/* The HTTP/1.1 client end of one worker: a last-in-first-out pool of connections to its
 * Unix socket, one request in flight on each. Data thread. */
typedef struct _WeirUpstream WeirUpstream;
typedef struct _WeirUpstreamCall WeirUpstreamCall;

WeirUpstream *weir_upstream_new (WeirEngine *engine, const char *socket_path, WeirGate *gate);
WeirUpstream *weir_upstream_ref (WeirUpstream *self);
void weir_upstream_unref (WeirUpstream *self);
WeirGate *weir_upstream_get_gate (WeirUpstream *self);
/* Whether its function has a place for the secrets of the user who calls. */
void weir_upstream_set_takes_secrets (WeirUpstream *self, gboolean takes);
gboolean weir_upstream_takes_secrets (WeirUpstream *self);
/* Closes what is idle; calls in flight go on. */
void weir_upstream_close (WeirUpstream *self);
/* Closes what nobody needed since the last time, but for a few. It does so by itself, twice a
 * minute. */
void weir_upstream_sweep (WeirUpstream *self);

typedef struct
{
  /* The response's head: borrowed for the call. length: bytes of body, -1 unknown, 0 none
   * (also for 204 and 304); for HEAD what a GET would have got, though none of it comes. Hop-by-hop
   * fields and framing are already taken out. 1xx never get here, 101 goes to upgraded. */
  void (*head) (WeirUpstreamCall *call, WeirHead *head, gint64 length, gpointer user_data);
  /* A piece of body, borrowed. The callee may pause the call. */
  void (*body) (WeirUpstreamCall *call, const guint8 *data, gsize length, gpointer user_data);
  /* The response is whole. The call is finished after this: the connection went back. */
  void (*end) (WeirUpstreamCall *call, gpointer user_data);
  /* It broke; finished after this. untouched: no byte of an answer came, so another
   * worker may be asked. */
  void (*failed) (WeirUpstreamCall *call,
                  const GError *error,
                  gboolean untouched,
                  gpointer user_data);
  /* Queued request body fell under the low-water mark. */
  void (*writable) (WeirUpstreamCall *call, gpointer user_data);
  /* 101: the socket is the callee's now, with bytes that came early; finished after this. */
  void (*upgraded) (WeirUpstreamCall *call,
                    WeirHead *head,
                    int fd,
                    const guint8 *early,
                    gsize early_length,
                    gpointer user_data);
} WeirUpstreamCallbacks;

/* Starts a request. Nothing of it is called back before this returns. The caller holds a
 * lease already and releases it when the call is finished or cancelled.
 *  head: method, scheme, authority, target (sent in absolute form) and fields; framing and
 *    hop-by-hop fields in it are skipped. upgrade (nullable): protocol to ask for.
 *  extra: (nullable) one more "name: value\r\n" block sent as it is.
 *  body_length: >= 0, or -1 for chunked. */
WeirUpstreamCall *weir_upstream_call (WeirUpstream *self,
                                      WeirHead *head,
                                      const char *extra,
                                      const char *upgrade,
                                      gint64 body_length,
                                      const WeirUpstreamCallbacks *callbacks,
                                      gpointer user_data);
/* Takes data to send; returns how many bytes are queued now. */
gsize weir_upstream_call_write (WeirUpstreamCall *call, const guint8 *data, gsize length);
void weir_upstream_call_end_body (WeirUpstreamCall *call);
/* Stops and goes on with reading the response. */
void weir_upstream_call_pause (WeirUpstreamCall *call);
void weir_upstream_call_resume (WeirUpstreamCall *call);
/* From within `failed`: the worker ended before it had read anything of the request. */
gboolean weir_upstream_call_was_unread (WeirUpstreamCall *call);
/* From within `failed`: its connection was made for it, and not one that idled, which the worker
 * may have closed just then. */
gboolean weir_upstream_call_was_fresh (WeirUpstreamCall *call);
/* Forgets the call: closes its connection, calls nothing back. */
void weir_upstream_call_cancel (WeirUpstreamCall *call);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirUpstream, weir_upstream_unref)

G_END_DECLS
