/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-exchange-private.h"
#include "server/weir-request-record.h"

G_BEGIN_DECLS

/* Data thread, from an observer: the exchange is finished. */
WeirRequestRecord *weir_request_record_new (WeirExchange *exchange);

G_END_DECLS
