/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include "http/weir-adapter.h"

G_BEGIN_DECLS

/* An adapter without a socket: a program puts requests in and gets responses back. For
 * tests of stages and plugins, in every language. */
#define WEIR_TYPE_LOOPBACK_ADAPTER (weir_loopback_adapter_get_type ())

WEIR_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (WeirLoopbackAdapter, weir_loopback_adapter, WEIR, LOOPBACK_ADAPTER, GObject)

WEIR_AVAILABLE_IN_ALL
WeirLoopbackAdapter *weir_loopback_adapter_new (void);
/* Runs one request through a pipeline, on a data thread of its own, while the caller's
 * thread-default main context goes round. headers: (nullable) "Name: value" lines. */
WEIR_AVAILABLE_IN_ALL
void weir_loopback_adapter_send_async (WeirLoopbackAdapter *self,
                                       WeirPipeline *pipeline,
                                       const char *method,
                                       const char *target,
                                       const char *const *headers,
                                       GBytes *body,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
/* Returns the response's head; body: (out) (optional) (transfer full). */
WEIR_AVAILABLE_IN_ALL
WeirHead *weir_loopback_adapter_send_finish (WeirLoopbackAdapter *self,
                                             GAsyncResult *result,
                                             GBytes **body,
                                             GError **error);

G_END_DECLS
