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

/* What a function says about its addresses. */
typedef struct
{
  const char *path;      /* the only one that it answers at, or NULL: /NAME and below */
  const char *namespace; /* NULL: "default" */
  guint methods;         /* bits of weir_router_get_method(); 0: all */
  WeirDialect dialect;   /* of errors there */
} WeirRouteRule;

/* Before others see the router. Of two functions that take the same, the first keeps it. */
void weir_router_set_rule (WeirRouter *self, const char *name, const WeirRouteRule *rule);
/* A bit for each method, 0 for an unknown one. */
guint weir_router_get_method (const char *method);
/* "GET, HEAD, OPTIONS" */
char *weir_router_dup_allowed (guint methods);
WeirRouter *weir_router_ref (WeirRouter *self);
void weir_router_unref (WeirRouter *self);

typedef enum
{
  WEIR_ROUTE_NONE,            /* 404 in the words of the dialect */
  WEIR_ROUTE_NO_FUNCTION,     /* the same, of what can only be a function's */
  WEIR_ROUTE_METHOD,          /* 405: "methods" are the ones to use */
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
  guint methods;  /* of a function that does not take all */
} WeirRoute;

/* target: in origin form. Allocates nothing. */
void weir_router_match (WeirRouter *self, const char *method, const char *target, WeirRoute *route);
/* The function that a mistyped target most likely meant, or NULL. */
const char *weir_router_find_nearest (WeirRouter *self, const char *target);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirRouter, weir_router_unref)

G_END_DECLS
