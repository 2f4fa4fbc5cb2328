/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-exchange.h"
#include "http/weir-stage.h"

G_BEGIN_DECLS

/* One pending handle() of a stage: begun and answered on the data thread, run on the control
 * thread, with a deadline. */
typedef struct _WeirOperation WeirOperation;

/* Data thread, once, never from within weir_operation_start(); not after an abandon.
 * error: (nullable) becomes the response. */
typedef void (*WeirOperationFunc) (WeirExchange *exchange,
                                   gboolean responded,
                                   const GError *error,
                                   gpointer user_data);

/* Lends the exchange to the control thread until func is called. */
WeirOperation *weir_operation_start (WeirStage *stage,
                                     WeirExchange *exchange,
                                     GMainContext *control,
                                     guint timeout_ms,
                                     WeirOperationFunc func,
                                     gpointer user_data);
/* Cancels; the answer, if one comes, is dropped. */
void weir_operation_abandon (WeirOperation *self);

G_END_DECLS
