/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-upstream-connection-private.h"

#include <string.h>

/* As many as a server takes clients: less would close and open them again under load. */
#define MOST_IDLE 1024
/* Those that nobody needed for this long go, but for a few: a burst must not keep its sockets for
 * the life of the worker. */
#define SPARE_MS 30000
#define LEAST_IDLE 4

struct _WeirUpstream
{
  gatomicrefcount ref_count;
  WeirEngine *engine;
  WeirGate *gate;
  struct sockaddr_un address;
  WeirUpstreamConnection *idle; /* the one used last comes first: its memory is warm */
  guint n_idle;
  guint n_spare; /* of them, those that were never taken since the sweep */
  WeirTimer sweep;
  gboolean closed;
  gboolean takes_secrets;
};

WeirUpstream *
weir_upstream_new (WeirEngine *engine, const char *socket_path, WeirGate *gate)
{
  WeirUpstream *self = g_new0 (WeirUpstream, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->engine = g_object_ref (engine);
  self->gate = weir_gate_ref (gate);
  self->address.sun_family = AF_UNIX;
  if (g_strlcpy (self->address.sun_path, socket_path, sizeof self->address.sun_path) >=
      sizeof self->address.sun_path)
    g_critical ("The path of a worker's socket is too long: %s", socket_path);
  return self;
}

WeirUpstream *
weir_upstream_ref (WeirUpstream *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
weir_upstream_close_idle (WeirUpstream *self)
{
  while (self->idle != NULL)
    weir_upstream_connection_close (self->idle);
}

void
weir_upstream_unref (WeirUpstream *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  weir_upstream_close_idle (self);
  weir_engine_disarm (self->engine, &self->sweep);
  weir_gate_unref (self->gate);
  g_object_unref (self->engine);
  g_free (self);
}

void
weir_upstream_set_takes_secrets (WeirUpstream *self, gboolean takes)
{
  self->takes_secrets = takes;
}

gboolean
weir_upstream_takes_secrets (WeirUpstream *self)
{
  return self->takes_secrets;
}

WeirGate *
weir_upstream_get_gate (WeirUpstream *self)
{
  return self->gate;
}

WeirEngine *
weir_upstream_get_engine (WeirUpstream *self)
{
  return self->engine;
}

const struct sockaddr_un *
weir_upstream_get_address (WeirUpstream *self)
{
  return &self->address;
}

void
weir_upstream_close (WeirUpstream *self)
{
  self->closed = TRUE;
  weir_upstream_close_idle (self);
}

void
weir_upstream_forget (WeirUpstream *self, WeirUpstreamConnection *connection)
{
  if (connection != self->idle && connection->prev == NULL)
    return;
  if (connection->prev != NULL)
    connection->prev->next = connection->next;
  else
    self->idle = connection->next;
  if (connection->next != NULL)
    connection->next->prev = connection->prev;
  connection->prev = connection->next = NULL;
  self->n_idle--;
  self->n_spare = MIN (self->n_spare, self->n_idle);
}

WeirUpstreamConnection *
weir_upstream_take (WeirUpstream *self, WeirUpstreamCall *call)
{
  WeirUpstreamConnection *connection = self->idle;

  if (connection != NULL)
    weir_upstream_forget (self, connection);
  else
    {
      connection = g_new0 (WeirUpstreamConnection, 1);
      connection->watch.fd = -1;
      connection->upstream = self;
      weir_response_parser_init (&connection->parser);
    }
  connection->call = call;
  return connection;
}

void
weir_upstream_sweep (WeirUpstream *self)
{
  guint kept = MAX (self->n_idle - self->n_spare, LEAST_IDLE);
  WeirUpstreamConnection *connection = self->idle;

  for (guint i = 0; i < kept && connection != NULL; i++)
    connection = connection->next;
  while (connection != NULL)
    {
      WeirUpstreamConnection *next = connection->next;

      weir_upstream_connection_close (connection);
      connection = next;
    }
  self->n_spare = self->n_idle;
}

static void
on_sweep (WeirTimer *timer)
{
  WeirUpstream *self = (WeirUpstream *) ((char *) timer - G_STRUCT_OFFSET (WeirUpstream, sweep));

  weir_upstream_sweep (self);
  if (self->n_idle > LEAST_IDLE)
    weir_engine_arm (self->engine, &self->sweep, SPARE_MS, on_sweep);
}

void
weir_upstream_give_back (WeirUpstream *self, WeirUpstreamConnection *connection)
{
  connection->call = NULL;
  weir_engine_undefer (self->engine, &connection->flush);
  if (self->closed || self->n_idle >= MOST_IDLE)
    {
      weir_upstream_connection_close (connection);
      return;
    }
  weir_buffer_consume (&connection->input, connection->input.length);
  connection->next = self->idle;
  if (self->idle != NULL)
    self->idle->prev = connection;
  self->idle = connection;
  self->n_idle++;
  if (self->n_idle > LEAST_IDLE && !weir_engine_is_armed (self->engine, &self->sweep))
    weir_engine_arm (self->engine, &self->sweep, SPARE_MS, on_sweep);
}
