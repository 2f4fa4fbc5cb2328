/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-router-private.h"

G_BEGIN_DECLS

/* From what functions say about their addresses to the router. Control thread. */
void weir_route_rules_apply (WeirRouter *router, WeirFunction *function);
/* Whether the router for one does for the other. */
gboolean weir_route_rules_equal (WeirFunction *a, WeirFunction *b);
/* functions: WeirFunction, by name. What two of them want alike, as messages. */
GPtrArray *weir_route_rules_find_conflicts (GListModel *functions);

G_END_DECLS
