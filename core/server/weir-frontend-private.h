/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "server/weir-lane-private.h"

G_BEGIN_DECLS

/* The data plane as the server sees it: a lane for each data thread. Control thread. */
typedef struct _WeirFrontend WeirFrontend;

/* stages: for each lane a GPtrArray of WeirStage; those that are in several must be able to run
 * there, or have turns. */
WeirFrontend *weir_frontend_new (GMainContext *control, GPtrArray *stages, GError **error);
guint weir_frontend_get_n_lanes (WeirFrontend *self);
WeirLane *weir_frontend_get_lane (WeirFrontend *self, guint index);
/* WeirEngine, by lane; borrowed. */
GPtrArray *weir_frontend_get_engines (WeirFrontend *self);
/* adapters: WeirAdapter, by lane. sockets: listening; those for the first lane, of which the
 * others get one each at the same address, or the same one. repeat: whether that may be tried. */
gboolean weir_frontend_start (WeirFrontend *self,
                              GPtrArray *adapters,
                              GPtrArray *sockets,
                              gboolean repeat,
                              GError **error);
void weir_frontend_drain (WeirFrontend *self);
void weir_frontend_stop (WeirFrontend *self);
/* After drain: nothing is in flight any more. */
gboolean weir_frontend_is_drained (WeirFrontend *self);
/* WebSockets that have not ended with their workers: their clients do not take what is left. */
gboolean weir_frontend_has_upgraded (WeirFrontend *self);
/* Ends the threads, and those. */
void weir_frontend_free (WeirFrontend *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirFrontend, weir_frontend_free)

G_END_DECLS
