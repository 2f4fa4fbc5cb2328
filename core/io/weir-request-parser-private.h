/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "io/weir-request-parser.h"

G_BEGIN_DECLS

/* Only for the two files that the parser is made of: the grammar (-parser.c), and what a head
 * that follows it means (-reader.c). */

/* Where a field lies, counted from the first byte of the head. */
typedef struct
{
  guint32 name;
  guint32 value;
  guint32 value_length;
  guint16 name_length;
  guint16 id;
} WeirRequestSpan;

struct _WeirRequestParser
{
  guint max_size;
  guint max_fields;

  guint state;
  guint32 position; /* of the next byte */
  guint32 method;
  guint32 method_length;
  guint32 target;
  guint32 target_length;
  guint32 version;
  WeirRequestSpan *fields;
  guint n_fields;
  guint n_allocated;

  char *data; /* once done */
  WeirRequestHead head;
};

/* Returns WEIR_REQUEST_REFUSED. */
WeirRequestResult
weir_request_parser_refuse (WeirRequestParser *self, guint status, const char *reason);
/* Fills in the head, whose bytes are at self->data. */
WeirRequestResult weir_request_parser_read (WeirRequestParser *self);

G_END_DECLS
