/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <glib.h>

G_BEGIN_DECLS

/* Longer bodies are not kept for a second try on another worker. */
#define WEIR_REQUEST_BODY_REPLAY_MAX (64 * 1024)

/* What came of a request's body and what of it was passed on: the arithmetic of credit and
 * the bytes that may be wanted again. A field of the exchange. */
typedef struct
{
  GByteArray *kept; /* from the start of the body, until it is dropped */
  gint64 length;    /* announced, or -1 */
  guint64 received;
  guint64 granted;
  guint64 delivered;
  gboolean ended;
  gboolean end_delivered;
  gboolean dropped; /* the start is gone: it cannot be sent again */
} WeirRequestBody;

void weir_request_body_init (WeirRequestBody *self, gint64 length, gsize first_credit);
void weir_request_body_clear (WeirRequestBody *self);

/* Counts a piece that came. taken: a consumer that has all before it takes it at once. */
void
weir_request_body_push (WeirRequestBody *self, const guint8 *data, gsize length, gboolean taken);
/* The next piece that nobody had yet, from the kept bytes; 0 when there is none. */
gsize weir_request_body_pull (WeirRequestBody *self, const guint8 **data);
/* How many of the bytes that a consumer wants may be asked of the client now, so that never
 * more than a window is on its way. */
gsize weir_request_body_grant (WeirRequestBody *self, gsize wanted);
gboolean weir_request_body_can_replay (WeirRequestBody *self);
void weir_request_body_rewind (WeirRequestBody *self);

G_END_DECLS
