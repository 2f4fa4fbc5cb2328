/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "server/weir-request-record-private.h"

G_BEGIN_DECLS

/* Carries records from the data threads to the control thread in batches: one wake-up per
 * 3 ms, however many requests there are. Bounded: what does not fit is counted. */
typedef struct _WeirRequestFeed WeirRequestFeed;

/* records: WeirRequestRecord, borrowed; dropped: how many more there were. */
typedef void (*WeirRequestFeedFunc) (GPtrArray *records, guint64 dropped, gpointer user_data);

WeirRequestFeed *
weir_request_feed_new (GMainContext *control, WeirRequestFeedFunc func, gpointer user_data);
/* Control thread: gives func what is left, and does not call it any more. A data thread may still
 * hold a reference. */
void weir_request_feed_close (WeirRequestFeed *self);
WeirRequestFeed *weir_request_feed_ref (WeirRequestFeed *self);
void weir_request_feed_unref (WeirRequestFeed *self);
/* Any data thread: the exchange is finished. */
void weir_request_feed_push (WeirRequestFeed *self, WeirExchange *exchange);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirRequestFeed, weir_request_feed_unref)

G_END_DECLS
