/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-adapter.h"
#include "http/weir-router-private.h"

G_BEGIN_DECLS

/* The data plane as the server sees it: a thread, its engine, the pipeline and the adapter
 * on it. Made, used and freed on the control thread; what must happen on the other one is
 * sent there. */
typedef struct _WeirFrontend WeirFrontend;

/* stages: WeirStage of the embedding program. */
WeirFrontend *weir_frontend_new (GMainContext *control, GPtrArray *stages, GError **error);
WeirEngine *weir_frontend_get_engine (WeirFrontend *self);
WeirPipeline *weir_frontend_get_pipeline (WeirFrontend *self);
void weir_frontend_set_router (WeirFrontend *self, WeirRouter *router);
/* sockets: GSocket, listening. */
gboolean
weir_frontend_start (WeirFrontend *self, WeirAdapter *adapter, GPtrArray *sockets, GError **error);
void weir_frontend_drain (WeirFrontend *self);
void weir_frontend_stop (WeirFrontend *self);
/* After drain: nothing is in flight any more. */
gboolean weir_frontend_is_drained (WeirFrontend *self);
/* Lets go of what the slots hold on the data thread, and ends it. */
void weir_frontend_free (WeirFrontend *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirFrontend, weir_frontend_free)

G_END_DECLS
