/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "base/weir-head.h"
#include "io/weir-buffer-private.h"
#include "io/weir-chunk-decoder.h"

G_BEGIN_DECLS

/* Reads one HTTP/1.x response after the other from whatever pieces it comes in. It pulls
 * no data and calls nobody: each call consumes some bytes and says what they were. */
typedef struct
{
  guint state;
  gboolean of_head_request;
  gboolean may_upgrade;
  gboolean started;   /* a byte of this response has come */
  gboolean reusable;  /* the connection lives on after it */
  gint64 body_length; /* -1 unknown, 0 none */
  guint64 left;
  gsize scanned;
  const char *problem; /* a phrase, once it is bad */
  WeirHead *head;
  WeirBuffer partial; /* a head that did not come in one piece */
  gsize partial_used;
  WeirChunkDecoder chunks;
} WeirResponseParser;

typedef enum
{
  WEIR_RESPONSE_MORE,    /* everything is consumed */
  WEIR_RESPONSE_HEAD,    /* head and body_length are set; borrowed until the next call */
  WEIR_RESPONSE_BODY,    /* a piece, which points into the data */
  WEIR_RESPONSE_END,     /* it is whole; data that is left does not belong to it */
  WEIR_RESPONSE_UPGRADE, /* 101: head is set, data that is left is the new protocol's */
  WEIR_RESPONSE_BAD,     /* problem says why */
} WeirResponseEvent;

#define WEIR_RESPONSE_HEAD_LIMIT (256 * 1024)

void weir_response_parser_init (WeirResponseParser *self);
void weir_response_parser_clear (WeirResponseParser *self);
/* Makes it ready for the answer to a request. */
void weir_response_parser_start (WeirResponseParser *self,
                                 gboolean of_head_request,
                                 gboolean may_upgrade);
WeirResponseEvent weir_response_parser_next (WeirResponseParser *self,
                                             const guint8 **data,
                                             gsize *length,
                                             const guint8 **piece,
                                             gsize *piece_length);
/* The peer closed: END when that is how this response ends, else BAD. */
WeirResponseEvent weir_response_parser_finish (WeirResponseParser *self);

/* The parts of it that know the grammar. NULL, or a phrase that says what is wrong. */
const char *
weir_response_head_parse (WeirHead *head, const char *text, gsize length, guint *minor_version);
/* Whether value, a list of tokens, has this one. */
gboolean weir_response_has_token (const WeirField *field, const char *token);
/* Takes out the fields that are for this connection only, and those of framing. */
void weir_response_head_strip (WeirHead *head);

G_END_DECLS
