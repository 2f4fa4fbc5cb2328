/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include "http/weir-exchange.h"

G_BEGIN_DECLS

/* In the order of the pipeline. A stage of a phase runs after all stages of the phases
 * before; within one phase, in the order they were added. */
typedef enum
{
  WEIR_PHASE_REQUEST_ID,
  WEIR_PHASE_CORS,
  WEIR_PHASE_ROUTE,
  WEIR_PHASE_AUTH,
  WEIR_PHASE_RATE_LIMIT,
  WEIR_PHASE_LIMITS,
  WEIR_PHASE_CONTENT,
} WeirPhase;

#define WEIR_TYPE_PHASE (weir_phase_get_type ())

WEIR_AVAILABLE_IN_ALL
GType weir_phase_get_type (void) G_GNUC_CONST;

typedef enum
{
  WEIR_STAGE_CONTINUE,
  WEIR_STAGE_RESPOND, /* a response was prepared: send it */
  WEIR_STAGE_PENDING, /* handle() will answer, on the control thread */
} WeirStageResult;

#define WEIR_TYPE_STAGE_RESULT (weir_stage_result_get_type ())

WEIR_AVAILABLE_IN_ALL
GType weir_stage_result_get_type (void) G_GNUC_CONST;

/* One step of the pipeline: it may answer, change, or pass on. */
#define WEIR_TYPE_STAGE (weir_stage_get_type ())

WEIR_AVAILABLE_IN_ALL
G_DECLARE_INTERFACE (WeirStage, weir_stage, WEIR, STAGE, GObject)

struct _WeirStageInterface
{
  GTypeInterface g_iface;

  /* (skip): the C fast path, on the data thread. NULL means always PENDING. */
  WeirStageResult (*process) (WeirStage *self, WeirExchange *exchange);
  /* On the control thread, now or later: g_task_return_boolean (task, TRUE) when a response
   * was prepared, FALSE to pass on; an error becomes the response. A task that is dropped
   * unanswered is an error too, and so is one that takes longer than the stage's deadline. */
  void (*handle) (WeirStage *self, WeirExchange *exchange, GTask *task);
  /* NULL means WEIR_PHASE_CONTENT. Asked once, when the stage is added. */
  WeirPhase (*get_phase) (WeirStage *self);

  /*< private >*/
  gpointer padding[8];
};

WEIR_AVAILABLE_IN_ALL
WeirStageResult weir_stage_process (WeirStage *self, WeirExchange *exchange);
WEIR_AVAILABLE_IN_ALL
void weir_stage_handle_async (WeirStage *self,
                              WeirExchange *exchange,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
WEIR_AVAILABLE_IN_ALL
gboolean weir_stage_handle_finish (WeirStage *self, GAsyncResult *result, GError **error);
WEIR_AVAILABLE_IN_ALL
WeirPhase weir_stage_get_phase (WeirStage *self);

G_END_DECLS
