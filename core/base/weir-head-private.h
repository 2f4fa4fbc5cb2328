/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "base/weir-head.h"

G_BEGIN_DECLS

/* For the files that the head is made of: what it says (-head.c), and where its memory comes
 * from (-head-memory.c). Others may take out what they put another field in place of. */

/* Chunks never move, so whatever was stored stays where it is until the reset. */
typedef struct _WeirHeadChunk WeirHeadChunk;

struct _WeirHeadChunk
{
  WeirHeadChunk *next;
  gsize size;
  gsize used;
  char data[];
};

struct _WeirHead
{
  gatomicrefcount ref_count;
  guint status;
  const char *method;
  const char *scheme;
  const char *authority;
  const char *target;
  WeirField *fields;
  guint n_fields;
  guint n_allocated;
  guint64 present; /* a bit for each id that there was since the last reset */
  gboolean borrows;
  WeirHeadChunk *chunks; /* the one that is being filled comes first */
};

G_STATIC_ASSERT (WEIR_FIELD_LAST <= 64); /* bits of present */

/* As weir_head_set(), of a name and a value that the caller has checked. */
void weir_head_put (WeirHead *self,
                    const char *name,
                    gsize name_length,
                    const char *value,
                    gsize value_length);
void weir_head_grow (WeirHead *self);

static inline void
weir_head_append (WeirHead *self, WeirField field)
{
  if (self->n_fields == self->n_allocated)
    weir_head_grow (self);
  self->fields[self->n_fields++] = field;
  self->present |= G_GUINT64_CONSTANT (1) << field.id;
}

/* As weir_head_add_borrowed(), for those who parse many. */
static inline void
weir_head_lend (WeirHead *self,
                WeirFieldId id,
                const char *name,
                gsize name_length,
                const char *value,
                gsize value_length)
{
  weir_head_append (self,
                    (WeirField){
                        .name = name,
                        .value = value,
                        .value_length = value_length,
                        .name_length = name_length,
                        .id = id,
                    });
  self->borrows = TRUE;
}

/* All those of its name. */
void weir_head_remove_field (WeirHead *self, const WeirField *field);

char *weir_head_arena_copy (WeirHead *self, const char *text, gsize length);
const char *weir_head_arena_dup (WeirHead *self, const char *text); /* (nullable) */
void weir_head_arena_reset (WeirHead *self);
/* Copies what the fields do not have in there yet. */
void weir_head_arena_keep_fields (WeirHead *self);

/* One that is over and empty, or NULL. */
WeirHead *weir_head_take_spare (void);
/* Keeps it for later, or frees it. */
void weir_head_keep_spare (WeirHead *head);

G_END_DECLS
