/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-lane-private.h"

#include "http/weir-cors-stage-private.h"
#include "http/weir-dispatch-stage-private.h"
#include "http/weir-pipeline-private.h"
#include "http/weir-request-id-stage-private.h"
#include "http/weir-route-stage-private.h"
#include "server/weir-data-thread-private.h"

struct _WeirLane
{
  WeirDataThread *thread;
  WeirPipeline *pipeline;
  WeirRouteStage *route;
  WeirAdapter *adapter; /* NULL until it was started */
  gint settled;         /* atomic: what had come before the drain is an exchange by now */
};

/* What one call on the data thread takes and gives. */
typedef struct
{
  WeirLane *self;
  WeirAdapter *adapter;
  GPtrArray *sockets;
  GError **error;
  gboolean ok;
} Start;

typedef struct
{
  WeirRouteStage *route;
  WeirRouter *router;
} Routes;

WeirLane *
weir_lane_new (guint index,
               GMainContext *control,
               GPtrArray *stages,
               gboolean shared,
               GError **error)
{
  g_autoptr (WeirLane) self = g_new0 (WeirLane, 1);
  g_autoptr (WeirRequestIdStage) request_id = weir_request_id_stage_new ();
  g_autoptr (WeirCorsStage) cors = weir_cors_stage_new ();
  g_autoptr (WeirDispatchStage) dispatch = weir_dispatch_stage_new ();
  g_autofree char *name = g_strdup_printf ("weir-data-%u", index);

  self->thread = weir_data_thread_new (index == 0 ? "weir-data" : name, error);
  if (self->thread == NULL)
    return NULL;

  self->route = weir_route_stage_new ();
  self->pipeline = weir_pipeline_new (control);
  weir_pipeline_set_shared (self->pipeline, shared);
  weir_pipeline_add_stage (self->pipeline, WEIR_STAGE (request_id));
  weir_pipeline_add_stage (self->pipeline, WEIR_STAGE (self->route));
  weir_pipeline_add_stage (self->pipeline, WEIR_STAGE (cors));
  for (guint i = 0; i < stages->len; i++)
    weir_pipeline_add_stage (self->pipeline, stages->pdata[i]);
  weir_pipeline_add_stage (self->pipeline, WEIR_STAGE (dispatch));

  return g_steal_pointer (&self);
}

WeirEngine *
weir_lane_get_engine (WeirLane *self)
{
  return weir_data_thread_get_engine (self->thread);
}

WeirPipeline *
weir_lane_get_pipeline (WeirLane *self)
{
  return self->pipeline;
}

static void
on_router (gpointer user_data)
{
  Routes *routes = user_data;

  weir_route_stage_set_router (routes->route, routes->router);
  weir_router_unref (routes->router);
  g_object_unref (routes->route);
  g_free (routes);
}

void
weir_lane_set_router (WeirLane *self, WeirRouter *router)
{
  Routes *routes = g_new0 (Routes, 1);

  routes->route = g_object_ref (self->route);
  routes->router = weir_router_ref (router);
  weir_engine_invoke (weir_lane_get_engine (self), on_router, routes);
}

static void
on_start (gpointer user_data)
{
  Start *start = user_data;

  start->ok = weir_adapter_start (start->adapter,
                                  weir_lane_get_engine (start->self),
                                  start->self->pipeline,
                                  (GSocket **) start->sockets->pdata,
                                  start->sockets->len,
                                  start->error);
}

gboolean
weir_lane_start (WeirLane *self, WeirAdapter *adapter, GPtrArray *sockets, GError **error)
{
  Start start = { .self = self, .adapter = adapter, .sockets = sockets, .error = error };

  weir_data_thread_call (self->thread, on_start, &start);
  if (start.ok)
    self->adapter = g_object_ref (adapter);

  return start.ok;
}

static gboolean
on_settled (gpointer user_data)
{
  WeirLane *self = user_data;

  g_atomic_int_set (&self->settled, TRUE);

  return G_SOURCE_REMOVE;
}

/* An adapter may need a turn of the loop to make an exchange of what it has just read, so
 * there is no telling that nothing is open before the loop has nothing better to do. */
static void
on_drain (gpointer user_data)
{
  WeirLane *self = user_data;
  g_autoptr (GSource) source = g_idle_source_new ();

  weir_adapter_drain (self->adapter);
  g_source_set_static_name (source, "[weir] drain");
  g_source_set_priority (source, G_PRIORITY_LOW);
  g_source_set_callback (source, on_settled, self, NULL);
  g_source_attach (source, weir_engine_get_context (weir_lane_get_engine (self)));
}

void
weir_lane_drain (WeirLane *self)
{
  if (self->adapter != NULL)
    weir_data_thread_call (self->thread, on_drain, self);
}

static void
on_stop (gpointer user_data)
{
  weir_adapter_stop (user_data);
}

void
weir_lane_stop (WeirLane *self)
{
  if (self->adapter != NULL)
    weir_data_thread_call (self->thread, on_stop, self->adapter);
}

gboolean
weir_lane_is_drained (WeirLane *self)
{
  return g_atomic_int_get (&self->settled) && weir_pipeline_get_open (self->pipeline) == 0;
}

gboolean
weir_lane_has_upgraded (WeirLane *self)
{
  return weir_pipeline_get_upgraded (self->pipeline) > 0;
}

/* Objects of the data thread are let go of there. */
static void
on_clear (gpointer user_data)
{
  WeirLane *self = user_data;

  if (self->pipeline != NULL)
    weir_pipeline_cut (self->pipeline);
  g_clear_object (&self->adapter);
  g_clear_object (&self->pipeline);
  g_clear_object (&self->route);
}

void
weir_lane_clear (WeirLane *self)
{
  weir_data_thread_call (self->thread, on_clear, self);
}

void
weir_lane_free (WeirLane *self)
{
  if (self->thread != NULL)
    {
      weir_lane_clear (self);
      weir_data_thread_free (self->thread);
    }
  g_free (self);
}
