/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A queue of bytes in one piece of memory. Its first block comes from a pool that all
 * connections share, and goes back as soon as the queue is empty: who idles holds nothing. */
typedef struct
{
  guint8 *data;
  gsize start;
  gsize length;
  gsize allocated;
} WeirNativeBuffer;

/* Blocks of one size, those used last on top. */
typedef struct
{
  gpointer first;
  guint n_blocks;
} WeirNativePool;

#define WEIR_NATIVE_BLOCK (8 * 1024)

void weir_native_pool_clear (WeirNativePool *self);

/* Room for size bytes behind the last one, which commit makes part of the queue. */
guint8 *weir_native_buffer_reserve (WeirNativeBuffer *self, WeirNativePool *pool, gsize size);
void weir_native_buffer_append (WeirNativeBuffer *self,
                                WeirNativePool *pool,
                                gconstpointer data,
                                gsize length);
/* Drops bytes from the front. */
void weir_native_buffer_consume (WeirNativeBuffer *self, WeirNativePool *pool, gsize length);
void weir_native_buffer_clear (WeirNativeBuffer *self, WeirNativePool *pool);

static inline void
weir_native_buffer_commit (WeirNativeBuffer *self, gsize length)
{
  self->length += length;
}

static inline guint8 *
weir_native_buffer_peek (WeirNativeBuffer *self)
{
  return self->data + self->start;
}

G_END_DECLS
