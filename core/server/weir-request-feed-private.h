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

/* records: WeirRequestRecord; dropped: how many more there were. */
typedef void (*WeirRequestFeedFunc) (GPtrArray *records, guint64 dropped, gpointer user_data);

WeirRequestFeed *
weir_request_feed_new (GMainContext *control, WeirRequestFeedFunc func, gpointer user_data);
/* Control thread: gives func what is left, and does not call it any more. A data thread may still
 * hold a reference. */
void weir_request_feed_close (WeirRequestFeed *self);
WeirRequestFeed *weir_request_feed_ref (WeirRequestFeed *self);
void weir_request_feed_unref (WeirRequestFeed *self);
/* Any data thread: n records that were written from position on. FALSE: there is no place for
 * them, and they are counted instead of given. */
gboolean
weir_request_feed_give (WeirRequestFeed *self, WeirRequestBlock *block, gsize position, guint n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirRequestFeed, weir_request_feed_unref)

G_END_DECLS
