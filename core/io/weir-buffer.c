/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "io/weir-buffer-private.h"

#include <string.h>

#define FIRST_SIZE 1024
/* An empty queue keeps no more than this: an idle connection must not cost what its
 * busiest moment did. */
#define KEPT_SIZE (16 * 1024)

static void
weir_buffer_rest (WeirBuffer *self)
{
  self->start = 0;
  if (self->allocated > KEPT_SIZE)
    weir_buffer_clear (self);
}

guint8 *
weir_buffer_reserve (WeirBuffer *self, gsize size)
{
  gsize needed = self->length + size;

  if (self->allocated - self->start - self->length >= size && self->data != NULL)
    return self->data + self->start + self->length;

  /* Moving is worth it only when what it wins is not less than what it moves: then each
   * byte is moved once, however the queue is used. */
  if (self->allocated >= needed && self->start >= self->length)
    memmove (self->data, self->data + self->start, self->length);
  else
    {
      gsize allocated = MAX (MAX (FIRST_SIZE, needed), self->length * 2);
      guint8 *data = g_malloc (allocated);

      if (self->length > 0)
        memcpy (data, self->data + self->start, self->length);
      g_free (self->data);
      self->data = data;
      self->allocated = allocated;
    }
  self->start = 0;
  return self->data + self->length;
}

void
weir_buffer_commit (WeirBuffer *self, gsize length)
{
  g_return_if_fail (self->allocated - self->start - self->length >= length);

  self->length += length;
}

void
weir_buffer_append (WeirBuffer *self, gconstpointer data, gsize length)
{
  if (length == 0)
    return;
  memcpy (weir_buffer_reserve (self, length), data, length);
  self->length += length;
}

void
weir_buffer_consume (WeirBuffer *self, gsize length)
{
  g_return_if_fail (length <= self->length);

  self->start += length;
  self->length -= length;
  if (self->length == 0)
    weir_buffer_rest (self);
}

void
weir_buffer_truncate (WeirBuffer *self, gsize length)
{
  g_return_if_fail (length <= self->length);

  self->length = length;
  if (self->length == 0)
    weir_buffer_rest (self);
}

void
weir_buffer_clear (WeirBuffer *self)
{
  g_free (self->data);
  *self = (WeirBuffer){ 0 };
}
