/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-head-private.h"

#include <string.h>

#define FIRST_CHUNK 1024
/* What one large head may leave behind for the next. */
#define KEPT_CHUNK (64 * 1024)
/* Each request needs a head, and its memory is that of one that is over. A sanitizer is to see
 * who uses one that is gone. */
#if defined(__SANITIZE_ADDRESS__)
#define MOST_SPARE 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MOST_SPARE 0
#endif
#endif
#ifndef MOST_SPARE
#define MOST_SPARE 128
#endif
/* There is no array of nothing. */
#define SPARE_ROOM MAX (MOST_SPARE, 1)
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

gboolean
weir_head_arena_owns (WeirHead *self, const char *text)
{
  for (const WeirHeadChunk *chunk = self->chunks; chunk != NULL; chunk = chunk->next)
    {
      if ((gsize) text - (gsize) chunk->data < chunk->used)
        return TRUE;
    }
  return FALSE;
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

/* ---- heads that are over, for those to come; one list a thread ---- */

typedef struct
{
  WeirHead *heads[SPARE_ROOM];
  guint n_heads;
} Spare;

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

/* Looked at for each request; what owns it is there for the end of the thread. */
static __thread Spare *spare;

static void
spare_free (gpointer data)
{
  Spare *over = data;

  spare = NULL;
  while (over->n_heads > 0)
    head_free (over->heads[--over->n_heads]);
  g_free (over);
}

static GPrivate spare_owner = G_PRIVATE_INIT (spare_free);

WeirHead *
weir_head_take_spare (void)
{
  return spare != NULL && spare->n_heads > 0 ? spare->heads[--spare->n_heads] : NULL;
}

void
weir_head_keep_spare (WeirHead *head)
{
  if (spare == NULL)
    {
      spare = g_new0 (Spare, 1);
      g_private_set (&spare_owner, spare);
    }
  weir_head_reset (head);
  if (MOST_SPARE > 0 && spare->n_heads < SPARE_ROOM && head->n_allocated <= SPARE_FIELDS &&
      (head->chunks == NULL || head->chunks->size <= SPARE_CHUNK))
    spare->heads[spare->n_heads++] = head;
  else
    head_free (head);
}
