/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "server/weir-request-feed-private.h"

G_BEGIN_DECLS

/* Writes down the exchanges of one data thread, and gives them to the feed once a turn of its
 * engine. */
typedef struct _WeirRequestWriter WeirRequestWriter;

/* Data thread: whether anybody wants a record. */
typedef gboolean (*WeirRequestWantedFunc) (gpointer user_data);

WeirRequestWriter *weir_request_writer_new (WeirRequestFeed *feed,
                                            WeirEngine *engine,
                                            WeirRequestWantedFunc wanted,
                                            gpointer user_data);
/* On the data thread, or when there is none any more: the feed gets what is left. */
void weir_request_writer_free (WeirRequestWriter *self);
/* An observer of the pipeline. user_data: the writer. */
void weir_request_writer_on_finished (WeirExchange *exchange, gpointer user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirRequestWriter, weir_request_writer_free)

G_END_DECLS
