/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-native-buffer.h"

#include <string.h>

/* More than this is not kept for later. */
#define MOST_BLOCKS 256

static guint8 *
take_block (WeirNativePool *pool)
{
  gpointer block = pool->first;

  if (block == NULL)
    return g_malloc (WEIR_NATIVE_BLOCK);
  memcpy (&pool->first, block, sizeof (gpointer));
  pool->n_blocks--;
  return block;
}

static void
give_block (WeirNativePool *pool, guint8 *block)
{
  if (pool->n_blocks >= MOST_BLOCKS)
    {
      g_free (block);
      return;
    }
  memcpy (block, &pool->first, sizeof (gpointer));
  pool->first = block;
  pool->n_blocks++;
}

void
weir_native_pool_clear (WeirNativePool *self)
{
  while (self->first != NULL)
    g_free (take_block (self));
}

static void
free_data (WeirNativeBuffer *self, WeirNativePool *pool)
{
  if (self->allocated == WEIR_NATIVE_BLOCK)
    give_block (pool, self->data);
  else
    g_free (self->data);
}

static void
grow (WeirNativeBuffer *self, WeirNativePool *pool, gsize size)
{
  gsize allocated = MAX (self->length + size, self->length * 2);
  guint8 *data;

  /* Only blocks of the pool have the pool's size. */
  if (allocated <= WEIR_NATIVE_BLOCK && self->data == NULL)
    {
      allocated = WEIR_NATIVE_BLOCK;
      data = take_block (pool);
    }
  else
    {
      allocated = MAX (allocated, WEIR_NATIVE_BLOCK + 1);
      data = g_malloc (allocated);
    }
  if (self->length > 0)
    memcpy (data, self->data + self->start, self->length);
  if (self->data != NULL)
    free_data (self, pool);
  self->data = data;
  self->allocated = allocated;
  self->start = 0;
}

guint8 *
weir_native_buffer_reserve (WeirNativeBuffer *self, WeirNativePool *pool, gsize size)
{
  if (self->data != NULL && self->allocated - self->start - self->length >= size)
    return self->data + self->start + self->length;

  /* Moving is worth it only when what it wins is not less than what it moves: then each
   * byte is moved once, however the queue is used. */
  if (self->data != NULL && self->allocated >= self->length + size && self->start >= self->length)
    {
      memmove (self->data, self->data + self->start, self->length);
      self->start = 0;
    }
  else
    grow (self, pool, size);
  return self->data + self->start + self->length;
}

void
weir_native_buffer_append (WeirNativeBuffer *self,
                           WeirNativePool *pool,
                           gconstpointer data,
                           gsize length)
{
  if (length == 0)
    return;
  memcpy (weir_native_buffer_reserve (self, pool, length), data, length);
  self->length += length;
}

void
weir_native_buffer_consume (WeirNativeBuffer *self, WeirNativePool *pool, gsize length)
{
  g_return_if_fail (length <= self->length);

  self->start += length;
  self->length -= length;
  if (self->length == 0)
    weir_native_buffer_clear (self, pool);
}

void
weir_native_buffer_clear (WeirNativeBuffer *self, WeirNativePool *pool)
{
  if (self->data != NULL)
    free_data (self, pool);
  *self = (WeirNativeBuffer){ 0 };
}
