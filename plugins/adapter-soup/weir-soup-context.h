/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <libsoup/soup.h>
#include <weir.h>

G_BEGIN_DECLS

typedef struct _WeirSoupConnection WeirSoupConnection;
typedef struct _WeirSoupStream WeirSoupStream;

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
  SoupServer *server;
  GSocket *dummy[2];
  GSocketAddress *local;
  GPtrArray *idle; /* WeirSoupStream, to be lent */
  GQueue connections;
  guint n_connections;
  gboolean draining;
  guint8 *scratch; /* bodies pass through it */
} WeirSoupContext;

#define WEIR_SOUP_SCRATCH (64 * 1024)

WeirSoupContext *weir_soup_context_new (WeirEngine *engine,
                                        WeirPipeline *pipeline,
                                        const WeirSoupLimits *limits,
                                        GError **error);
void weir_soup_context_free (WeirSoupContext *self);
/* Lends a conversation with libsoup, to be given back or ended (transfer full). */
WeirSoupStream *weir_soup_context_lend (WeirSoupContext *self, WeirSoupConnection *connection);

G_END_DECLS
