/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-head-private.h"

#include <string.h>

#include "base/weir-spares-private.h"

#define FIRST_CHUNK 1024
/* What one large head may leave behind for the next. */
#define KEPT_CHUNK (64 * 1024)
#define SPARE_FIELDS 32
#define SPARE_CHUNK (4 * 1024)

static char *
arena_alloc (WeirHead *self, gsize size)
{
  WeirHeadChunk *chunk = self->chunks;

  if (chunk == NULL || chunk->size - chunk->used < size)
    {
      gsize room = MAX (size, chunk == NULL ? FIRST_CHUNK : MIN (chunk->size * 2, KEPT_CHUNK));

      chunk = g_malloc (sizeof (WeirHeadChunk) + room);
      chunk->next = self->chunks;
      chunk->size = room;
      chunk->used = 0;
      self->chunks = chunk;
    }
  chunk->used += size;
  return chunk->data + chunk->used - size;
}

char *
weir_head_arena_copy (WeirHead *self, const char *text, gsize length)
{
  char *copy = arena_alloc (self, length + 1);

  memcpy (copy, text, length);
  copy[length] = '\0';
  return copy;
}

const char *
weir_head_arena_dup (WeirHead *self, const char *text)
{
  return text != NULL ? weir_head_arena_copy (self, text, strlen (text)) : NULL;
}

static gboolean
owns (const WeirHead *self, const char *text)
{
  for (const WeirHeadChunk *chunk = self->chunks; chunk != NULL; chunk = chunk->next)
    {
      if ((gsize) text - (gsize) chunk->data < chunk->used)
        return TRUE;
    }
  return FALSE;
}

static const char *
keep (WeirHead *self, const char *text, gsize length)
{
  return owns (self, text) ? text : weir_head_arena_copy (self, text, length);
}

void
weir_head_arena_keep_fields (WeirHead *self)
{
  for (guint i = 0; i < self->n_fields; i++)
    {
      WeirField *field = &self->fields[i];

      field->name = keep (self, field->name, field->name_length);
      field->value = keep (self, field->value, field->value_length);
    }
}

/* Keeps the largest chunk that is not out of proportion. */
void
weir_head_arena_reset (WeirHead *self)
{
  WeirHeadChunk *kept = NULL;

  while (self->chunks != NULL)
    {
      WeirHeadChunk *chunk = self->chunks;

      self->chunks = chunk->next;
      if (chunk->size <= KEPT_CHUNK && (kept == NULL || kept->size < chunk->size))
        {
          g_free (kept);
          kept = chunk;
        }
      else
        g_free (chunk);
    }
  if (kept != NULL)
    {
      kept->next = NULL;
      kept->used = 0;
    }
  self->chunks = kept;
}

/* ---- heads that are over, for those to come ---- */

static void
head_free (WeirHead *self)
{
  while (self->chunks != NULL)
    {
      WeirHeadChunk *chunk = self->chunks;

      self->chunks = chunk->next;
      g_free (chunk);
    }
  g_free (self->fields);
  g_free (self);
}

WEIR_DEFINE_SPARES (WeirHead, head, head_free)

WeirHead *
weir_head_take_spare (void)
{
  return head_take_spare ();
}

void
weir_head_keep_spare (WeirHead *head)
{
  weir_head_reset (head);
  if (head->n_allocated > SPARE_FIELDS ||
      (head->chunks != NULL && head->chunks->size > SPARE_CHUNK) || !head_keep_spare (head))
    head_free (head);
}
