/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "weir-soup-server.h"

G_BEGIN_DECLS

typedef struct
{
  guint head_timeout_ms;
  guint body_timeout_ms;
  guint idle_timeout_ms;
  guint max_connections;
  guint64 max_body_size;
  guint max_head_size;
  guint max_fields;
} WeirSoupLimits;

/* What all connections of a started adapter share. Data thread; owned by the adapter,
 * which it outlives by no connection. */
typedef struct
{
  WeirEngine *engine;
  WeirPipeline *pipeline;
  WeirSoupLimits limits;
  WeirSoupServer *server;
  GQueue connections;
  guint8 *scratch; /* what is read passes through it; NULL while it is lent */
} WeirSoupContext;

#define WEIR_SOUP_SCRATCH (64 * 1024)

WeirSoupContext *weir_soup_context_new (WeirEngine *engine,
                                        WeirPipeline *pipeline,
                                        const WeirSoupLimits *limits,
                                        GError **error);
void weir_soup_context_free (WeirSoupContext *self);
guint8 *weir_soup_context_take_scratch (WeirSoupContext *self);
void weir_soup_context_give_scratch (WeirSoupContext *self, guint8 *scratch);

G_END_DECLS
