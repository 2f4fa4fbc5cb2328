/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include "http/weir-exchange.h"
#include "http/weir-authenticator.h"
#include "http/weir-stage.h"

G_BEGIN_DECLS

/* The stages, in order, and what runs exchanges through them. Built on the control thread
 * before it is started; after that it does not change (the server swaps whole ones). */
#define WEIR_TYPE_PIPELINE (weir_pipeline_get_type ())

WEIR_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (WeirPipeline, weir_pipeline, WEIR, PIPELINE, GObject)

/* control: the context that operations run on (usually the default one). */
WEIR_AVAILABLE_IN_ALL
WeirPipeline *weir_pipeline_new (GMainContext *control);
WEIR_AVAILABLE_IN_ALL
void weir_pipeline_add_stage (WeirPipeline *self, WeirStage *stage);
/* Milliseconds that one handle() may take: default 10 000. */
/* Whoever is not known to it gets no further. For tests, and for pipelines without a server. */
WEIR_AVAILABLE_IN_ALL
void weir_pipeline_add_authenticator (WeirPipeline *self,
                                      WeirAuthenticator *authenticator,
                                      const char *name);
WEIR_AVAILABLE_IN_ALL
void weir_pipeline_set_stage_timeout (WeirPipeline *self, guint timeout_ms);
/* For adapters, data thread: takes an exchange (a reference of its own) and runs it. */
WEIR_AVAILABLE_IN_ALL
void weir_pipeline_begin (WeirPipeline *self, WeirExchange *exchange);
/* Exchanges that are not finished, upgraded ones left out. Atomic: any thread. */
WEIR_AVAILABLE_IN_ALL
guint weir_pipeline_get_open (WeirPipeline *self);

/* Called once per exchange at its end, on the data thread: access log, metrics. C only. */
typedef void (*WeirExchangeObserver) (WeirExchange *exchange, gpointer user_data);
WEIR_AVAILABLE_IN_ALL
void
weir_pipeline_add_observer (WeirPipeline *self, WeirExchangeObserver observer, gpointer user_data);

G_END_DECLS
