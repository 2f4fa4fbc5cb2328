/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <weir.h>

#include "weir-soup-head-scanner.h"

G_BEGIN_DECLS

typedef enum
{
  WEIR_SOUP_BODY_NONE,
  WEIR_SOUP_BODY_LENGTH,
  WEIR_SOUP_BODY_CHUNKED,
} WeirSoupBody;

/* What a scanned head means: its framing and its authority, or why it is refused. Strings
 * point into the bytes of the head, where they get their NUL, and last as long as those. */
typedef struct
{
  char *method;
  char *target;
  char *authority; /* NULL for an HTTP/1.0 request that names none */
  guint minor;
  WeirSoupBody body;
  guint64 length;
  gboolean head_only;
  gboolean close;
  gboolean expects_continue;
  char *upgrade; /* lower case, or NULL */

  guint status;
  const char *reason;
} WeirSoupRequest;

/* FALSE: refused, see status and reason. Writes into data. */
gboolean
weir_soup_request_read (WeirSoupRequest *self, const WeirSoupHeadScanner *scanner, char *data);
/* The head for the exchange: it borrows the fields' strings from data, and has none of the
 * fields that concern only this connection. */
WeirHead *weir_soup_request_make_head (const WeirSoupRequest *self,
                                       const WeirSoupHeadScanner *scanner,
                                       const char *data,
                                       const char *default_authority);

G_END_DECLS
