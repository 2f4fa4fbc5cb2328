/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-exchange-private.h"
#include "server/weir-request-record.h"

G_BEGIN_DECLS

/* What records are cut from, one after the other. */
typedef struct _WeirRequestBlock WeirRequestBlock;

/* Data thread, from an observer: the exchange is finished. block: NULL at first, and then what the
 * last call left there. */
WeirRequestRecord *weir_request_record_new (WeirExchange *exchange, WeirRequestBlock **block);
void weir_request_block_unref (WeirRequestBlock *self);

G_END_DECLS
