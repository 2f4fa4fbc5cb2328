/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-slot-private.h"
#include "server/weir-censor-private.h"
#include "worker/weir-worker-pool-private.h"

G_BEGIN_DECLS

/* Data threads. */
#define WEIR_BINDING_MOST_SLOTS 64

/* Joins the two halves of one function: the pool of its workers on the control thread and
 * the slots, one on each data thread. Facts about workers go down as messages, a demand comes up
 * as one. Lives on the control thread. */
#define WEIR_TYPE_BINDING (weir_binding_get_type ())
G_DECLARE_FINAL_TYPE (WeirBinding, weir_binding, WEIR, BINDING, GObject)

/* engines: WeirEngine, of the data threads. censor: for what clients are told of a failure. */
WeirBinding *weir_binding_new (GPtrArray *engines,
                               GMainContext *control,
                               WeirWorkerPool *pool,
                               WeirCensor *censor);
WeirWorkerPool *weir_binding_get_pool (WeirBinding *self);
/* index: of the engine. */
WeirSlot *weir_binding_get_slot (WeirBinding *self, guint index);
/* Before the first request. */
void weir_binding_set_socket_budget (WeirBinding *self, WeirSocketBudget *budget);
WeirFunctionStats *weir_binding_dup_stats (WeirBinding *self);
/* A newer revision, for both halves. */
void weir_binding_set_function (WeirBinding *self, WeirFunction *function);
/* The newest revision could not be started, or the one that serves is older than it. */
gboolean weir_binding_is_broken (WeirBinding *self);
/* No demand is passed on any more: whoever waits, or comes late, is told that there is no such
 * function. The workers end once they are done. */
void weir_binding_remove (WeirBinding *self);
/* The same, with the server: the workers end at once. */
void weir_binding_stop (WeirBinding *self);
/* It was removed, its workers have ended, and no data thread will call it any more. */
gboolean weir_binding_is_over (WeirBinding *self);

G_END_DECLS
