/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-adapter.h"
#include "http/weir-router-private.h"

G_BEGIN_DECLS

/* One data thread as the server sees it: the thread, its engine, the pipeline and the adapter
 * on it. Made, used and freed on the control thread; what must happen on the other one is
 * sent there. */
typedef struct _WeirLane WeirLane;

/* index: the first one is 0. stages: WeirStage, besides those that all pipelines have. shared:
 * other lanes have some of them too. */
WeirLane *weir_lane_new (guint index,
                         GMainContext *control,
                         GPtrArray *stages,
                         gboolean shared,
                         GError **error);
WeirEngine *weir_lane_get_engine (WeirLane *self);
WeirPipeline *weir_lane_get_pipeline (WeirLane *self);
void weir_lane_set_router (WeirLane *self, WeirRouter *router);
/* sockets: GSocket, listening. */
gboolean weir_lane_start (WeirLane *self, WeirAdapter *adapter, GPtrArray *sockets, GError **error);
void weir_lane_drain (WeirLane *self);
void weir_lane_stop (WeirLane *self);
/* After drain: nothing is in flight any more. */
gboolean weir_lane_is_drained (WeirLane *self);
/* WebSockets and the like that are still there, which nobody who drains waits for. */
gboolean weir_lane_has_upgraded (WeirLane *self);
/* Lets go of what the slots hold on the data thread, and of those. */
void weir_lane_clear (WeirLane *self);
/* After that: ends the thread. */
void weir_lane_free (WeirLane *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirLane, weir_lane_free)

G_END_DECLS
