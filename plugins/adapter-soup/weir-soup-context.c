/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-soup-context.h"

WeirSoupContext *
weir_soup_context_new (WeirEngine *engine,
                       WeirPipeline *pipeline,
                       const WeirSoupLimits *limits,
                       GError **error)
{
  WeirSoupContext *self;
  WeirSoupServer *server = weir_soup_server_new (weir_engine_get_context (engine), error);

  if (server == NULL)
    return NULL;

  self = g_new0 (WeirSoupContext, 1);
  self->server = server;
  self->engine = g_object_ref (engine);
  self->pipeline = g_object_ref (pipeline);
  self->limits = *limits;
  g_queue_init (&self->connections);
  return self;
}

void
weir_soup_context_free (WeirSoupContext *self)
{
  weir_soup_server_free (self->server);
  g_object_unref (self->pipeline);
  g_object_unref (self->engine);
  g_free (self->scratch);
  g_free (self);
}

guint8 *
weir_soup_context_take_scratch (WeirSoupContext *self)
{
  guint8 *scratch = g_steal_pointer (&self->scratch);

  return scratch != NULL ? scratch : g_malloc (WEIR_SOUP_SCRATCH);
}

void
weir_soup_context_give_scratch (WeirSoupContext *self, guint8 *scratch)
{
  if (self->scratch == NULL)
    self->scratch = scratch;
  else
    g_free (scratch);
}
