/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-exchange-private.h"
#include "server/weir-request-record.h"

G_BEGIN_DECLS

typedef enum
{
  WEIR_REQUEST_METHOD,
  WEIR_REQUEST_TARGET,
  WEIR_REQUEST_FUNCTION,
  WEIR_REQUEST_ID,
  WEIR_REQUEST_CLIENT,
  WEIR_REQUEST_SUBJECT,
  WEIR_REQUEST_ERROR,
} WeirRequestText;

#define WEIR_REQUEST_TEXTS (WEIR_REQUEST_ERROR + 1)

/* What a record will hold, and the room that it needs; borrowed from the exchange. */
typedef struct
{
  const char *texts[WEIR_REQUEST_TEXTS];
  guint32 lengths[WEIR_REQUEST_TEXTS]; /* with the zero at the end; 0: there is none */
  const char *authenticator;
  gsize size;
} WeirRequestDraft;

void weir_request_draft_init (WeirRequestDraft *self, WeirExchange *exchange);

/* What records are cut from, one after the other. Who made it writes, each record once, and gives
 * them to others; each that was given is a reference. */
typedef struct _WeirRequestBlock WeirRequestBlock;

WeirRequestBlock *weir_request_block_new (gsize size);
/* position: where there is room for it. real_time: microseconds by which that is ahead of the
 * monotonic one. */
void weir_request_block_write (WeirRequestBlock *self,
                               gsize position,
                               const WeirRequestDraft *draft,
                               WeirExchange *exchange,
                               gint64 real_time);
/* n records that were written from position on; records takes a reference of each. */
void
weir_request_block_append_to (WeirRequestBlock *self, gsize position, guint n, GPtrArray *records);
/* Nothing more is written. given: how many records others have been given. */
void weir_request_block_retire (WeirRequestBlock *self, guint given);

G_END_DECLS
