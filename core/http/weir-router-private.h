/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-exchange.h"
#include "http/weir-slot-private.h"

G_BEGIN_DECLS

/* An immutable table from path to slot, made by the control thread and swapped whole on
 * the data thread. Reserved first: /_weir/…, /functions/v1/…, /api/v1/…; then plain. */
typedef struct _WeirRouter WeirRouter;

/* slots: WeirSlot by function name. */
WeirRouter *weir_router_new (GPtrArray *slots);
WeirRouter *weir_router_ref (WeirRouter *self);
void weir_router_unref (WeirRouter *self);

typedef enum
{
  WEIR_ROUTE_NONE,            /* 404 in the words of the dialect */
  WEIR_ROUTE_FUNCTION,        /* slot */
  WEIR_ROUTE_HEALTH,          /* /_weir/health */
  WEIR_ROUTE_SUPABASE_HEALTH, /* /functions/v1/_internal/health */
} WeirRouteKind;

typedef struct
{
  WeirRouteKind kind;
  WeirDialect dialect;
  WeirSlot *slot; /* borrowed */
  gsize strip;    /* leading bytes of the target that the function must not see */
} WeirRoute;

/* target: in origin form. Allocates nothing. */
void weir_router_match (WeirRouter *self, const char *target, WeirRoute *route);
/* The function that a mistyped target most likely meant, or NULL. */
const char *weir_router_find_nearest (WeirRouter *self, const char *target);

/* TRUE when a function may not be called this because a route of the server has the name:
 * "functions", "api", "_weir"…. */
gboolean weir_router_is_reserved (const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirRouter, weir_router_unref)

G_END_DECLS
