/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include "base/weir-head.h"
#include "base/weir-version.h"

G_BEGIN_DECLS

/* How a client finds the end of a response's body. */
typedef enum
{
  WEIR_RESPONSE_FRAMING_NONE, /* there is no body */
  WEIR_RESPONSE_FRAMING_LENGTH,
  WEIR_RESPONSE_FRAMING_CHUNKED,
  WEIR_RESPONSE_FRAMING_CLOSE, /* by the end of the connection */
} WeirResponseFraming;

/* Bytes of the longest line before a chunk. */
#define WEIR_RESPONSE_CHUNK_LINE 18

WEIR_AVAILABLE_IN_ALL
guint weir_response_writer_get_status (WeirHead *head);
WEIR_AVAILABLE_IN_ALL
WeirResponseFraming weir_response_writer_choose_framing (guint status,
                                                         gint64 length,
                                                         gboolean is_head,
                                                         guint minor_version);
WEIR_AVAILABLE_IN_ALL
gsize weir_response_writer_measure (WeirHead *head);
WEIR_AVAILABLE_IN_ALL
char *weir_response_writer_put_fields (char *out, WeirHead *head);
WEIR_AVAILABLE_IN_ALL
char *weir_response_writer_put_framing (char *out,
                                        WeirResponseFraming framing,
                                        gint64 length,
                                        const char *connection);
WEIR_AVAILABLE_IN_ALL
gsize weir_response_writer_put_chunk_line (char *out, gsize length);

G_END_DECLS
