/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-router-private.h"
#include "http/weir-stage.h"

G_BEGIN_DECLS

/* Finds the function of a request, or answers for the server itself (404, 405, health). */
#define WEIR_TYPE_ROUTE_STAGE (weir_route_stage_get_type ())
G_DECLARE_FINAL_TYPE (WeirRouteStage, weir_route_stage, WEIR, ROUTE_STAGE, GObject)

WeirRouteStage *weir_route_stage_new (void);
void weir_route_stage_set_router (WeirRouteStage *self, WeirRouter *router); /* data thread */

/* The slot that routing found, for the dispatch stage (borrowed from the exchange). */
WeirSlot *weir_route_stage_get_slot (WeirExchange *exchange);

G_END_DECLS
