/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <glib.h>

G_BEGIN_DECLS

/* A queue of bytes in one piece of memory: a field of whoever queues, zero before its
 * first use. What it hands out is good until the next change. */
typedef struct
{
  guint8 *data;
  gsize start;
  gsize length;
  gsize allocated;
} WeirBuffer;

void weir_buffer_append (WeirBuffer *self, gconstpointer data, gsize length);
/* Room for at least size bytes behind the last one, which commit makes part of the queue. */
guint8 *weir_buffer_reserve (WeirBuffer *self, gsize size);
void weir_buffer_commit (WeirBuffer *self, gsize length);
/* Drops bytes from the front. Once empty, it gives back memory that is more than a usual
 * head or piece of body needs. */
void weir_buffer_consume (WeirBuffer *self, gsize length);
/* Drops bytes from the end. */
void weir_buffer_truncate (WeirBuffer *self, gsize length);
/* Frees everything; it can be used again. */
void weir_buffer_clear (WeirBuffer *self);

static inline const guint8 *
weir_buffer_peek (const WeirBuffer *self)
{
  return self->data != NULL ? self->data + self->start : (const guint8 *) "";
}

static inline void
weir_buffer_append_string (WeirBuffer *self, const char *text)
{
  weir_buffer_append (self, text, __builtin_strlen (text));
}

G_END_DECLS
