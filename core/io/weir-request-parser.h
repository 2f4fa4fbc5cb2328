/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include "base/weir-head.h"

G_BEGIN_DECLS

/* Reads the head of an HTTP/1 request, across any number of reads, by the letter of RFC 9112:
 * what two servers in a row could understand in two ways is refused. It keeps no copy of the
 * bytes, only where things are; its memory serves one head after the other. */
typedef struct _WeirRequestParser WeirRequestParser;

typedef enum
{
  WEIR_REQUEST_MORE,
  WEIR_REQUEST_DONE,
  WEIR_REQUEST_REFUSED,
} WeirRequestResult;

typedef enum
{
  WEIR_REQUEST_FRAMING_NONE,
  WEIR_REQUEST_FRAMING_LENGTH,
  WEIR_REQUEST_FRAMING_CHUNKED,
} WeirRequestFraming;

/* What a head means, or why it is refused. Strings point into its bytes and last as long. */
typedef struct
{
  const char *method;
  const char *target;
  const char *authority; /* NULL for an HTTP/1.0 request that names none */
  const char *upgrade;   /* lower case, or NULL */
  gsize head_length;
  guint64 body_length;
  WeirRequestFraming framing;
  guint minor_version;
  gboolean is_head;
  gboolean keep_alive; /* the client asks for it, or HTTP/1.1 implies it */
  gboolean expects_continue;

  guint status;       /* when refused: what to answer */
  const char *reason; /* when refused: static text for the client */
} WeirRequestHead;

WEIR_AVAILABLE_IN_ALL
WeirRequestParser *weir_request_parser_new (guint max_size, guint max_fields);
WEIR_AVAILABLE_IN_ALL
void weir_request_parser_free (WeirRequestParser *self);
/* Makes it ready for the next head. */
WEIR_AVAILABLE_IN_ALL
void weir_request_parser_reset (WeirRequestParser *self);
/* data: everything from the first byte of the head on, also what was there at the last call.
 * Once done, NULs are written behind the strings of the head. */
WEIR_AVAILABLE_IN_ALL
WeirRequestResult weir_request_parser_feed (WeirRequestParser *self, char *data, gsize length);
/* Once done or refused. */
WEIR_AVAILABLE_IN_ALL
const WeirRequestHead *weir_request_parser_get_head (WeirRequestParser *self);
/* Once done: the head for the exchange, (transfer full). It borrows the fields' strings from
 * the data, and has none of those that concern only this connection. */
WEIR_AVAILABLE_IN_ALL
WeirHead *weir_request_parser_make_head (WeirRequestParser *self, const char *default_authority);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirRequestParser, weir_request_parser_free)

G_END_DECLS
