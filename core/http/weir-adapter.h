/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include "http/weir-pipeline.h"

G_BEGIN_DECLS

/* Speaks a protocol to clients and turns what they send into exchanges. All methods but
 * join are called on its data thread. Options (limits, timeouts) are properties. */
#define WEIR_TYPE_ADAPTER (weir_adapter_get_type ())

WEIR_AVAILABLE_IN_ALL
G_DECLARE_INTERFACE (WeirAdapter, weir_adapter, WEIR, ADAPTER, GObject)

struct _WeirAdapterInterface
{
  GTypeInterface g_iface;

  /* sockets: bound and listening, non-blocking; the adapter accepts on them and owns a
   * reference to each. */
  gboolean (*start) (WeirAdapter *self,
                     WeirEngine *engine,
                     WeirPipeline *pipeline,
                     GSocket **sockets,
                     gsize n_sockets,
                     GError **error);
  /* Accept no more; close what idles; what is in flight is finished, and its connection
   * closed after it. */
  void (*drain) (WeirAdapter *self);
  /* Close everything now: open exchanges are disconnected before this returns. */
  void (*stop) (WeirAdapter *self);
  /* Control thread, before start: first does the same on another data thread, and what is
   * bounded for the whole server bounds both together. NULL: there can be only one. */
  void (*join) (WeirAdapter *self, WeirAdapter *first);

  /*< private >*/
  gpointer padding[7];
};

WEIR_AVAILABLE_IN_ALL
gboolean weir_adapter_start (WeirAdapter *self,
                             WeirEngine *engine,
                             WeirPipeline *pipeline,
                             GSocket **sockets,
                             gsize n_sockets,
                             GError **error);
WEIR_AVAILABLE_IN_ALL
void weir_adapter_drain (WeirAdapter *self);
WEIR_AVAILABLE_IN_ALL
void weir_adapter_stop (WeirAdapter *self);
WEIR_AVAILABLE_IN_ALL
gboolean weir_adapter_join (WeirAdapter *self, WeirAdapter *first, GError **error);

G_END_DECLS
