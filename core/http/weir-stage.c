/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-stage.h"

#include "base/weir-task-private.h"

/**
 * WeirPhase:
 * @WEIR_PHASE_REQUEST_ID: gives the exchange its name
 * @WEIR_PHASE_CORS: answers to browsers that ask beforehand
 * @WEIR_PHASE_ROUTE: finds the function
 * @WEIR_PHASE_AUTH: finds out who calls
 * @WEIR_PHASE_RATE_LIMIT: refuses who calls too often
 * @WEIR_PHASE_LIMITS: refuses what is too large
 * @WEIR_PHASE_CONTENT: answers
 *
 * Where in the pipeline a stage stands; the phases are in the order they are run.
 *
 * Since: 1.0
 */
G_DEFINE_ENUM_TYPE (WeirPhase,
                    weir_phase,
                    G_DEFINE_ENUM_VALUE (WEIR_PHASE_REQUEST_ID, "request-id"),
                    G_DEFINE_ENUM_VALUE (WEIR_PHASE_CORS, "cors"),
                    G_DEFINE_ENUM_VALUE (WEIR_PHASE_ROUTE, "route"),
                    G_DEFINE_ENUM_VALUE (WEIR_PHASE_AUTH, "auth"),
                    G_DEFINE_ENUM_VALUE (WEIR_PHASE_RATE_LIMIT, "rate-limit"),
                    G_DEFINE_ENUM_VALUE (WEIR_PHASE_LIMITS, "limits"),
                    G_DEFINE_ENUM_VALUE (WEIR_PHASE_CONTENT, "content"))

/**
 * WeirStageResult:
 * @WEIR_STAGE_CONTINUE: the next stage's turn
 * @WEIR_STAGE_RESPOND: a response was prepared: it is sent, and no later stage sees the exchange
 * @WEIR_STAGE_PENDING: [vfunc@Weir.Stage.handle] decides, on the control thread
 *
 * What a stage makes of an exchange.
 *
 * Since: 1.0
 */
G_DEFINE_ENUM_TYPE (WeirStageResult,
                    weir_stage_result,
                    G_DEFINE_ENUM_VALUE (WEIR_STAGE_CONTINUE, "continue"),
                    G_DEFINE_ENUM_VALUE (WEIR_STAGE_RESPOND, "respond"),
                    G_DEFINE_ENUM_VALUE (WEIR_STAGE_PENDING, "pending"))

/**
 * WeirStage:
 *
 * One step that every exchange goes through before a function sees it: it may answer, change
 * the request, or pass it on.
 *
 * A stage written in C that can decide at once implements `process`, which runs on a data
 * thread and must not block; where there are several, one call at a time, unless the stage is a
 * [iface@Weir.Concurrent]. All others implement `handle`, which runs on the control thread,
 * gets a [class@Gio.Task] and answers it now or later, exactly once. A task that is dropped
 * unanswered becomes an error 500, and one that takes longer than the pipeline's stage timeout
 * a 504. Once the task is answered the exchange belongs to the data thread again and must not
 * be touched.
 *
 * Since: 1.0
 */
G_DEFINE_INTERFACE (WeirStage, weir_stage, G_TYPE_OBJECT)

static void
weir_stage_default_init (WeirStageInterface *iface)
{
}

/**
 * WeirStageInterface:
 * @process: (skip): the fast path in C, on a data thread; %NULL always leaves it to @handle
 * @handle: on the control thread, answers the task now or later: %TRUE when a response was
 *   prepared, %FALSE to pass the exchange on, an error to make that the response
 * @get_phase: where in the pipeline the stage stands, asked once; %NULL means
 *   %WEIR_PHASE_CONTENT
 *
 * What a stage implements.
 *
 * Since: 1.0
 */

/**
 * weir_stage_process: (skip)
 * @self: a stage
 * @exchange: the exchange whose turn it is
 *
 * Runs the fast path. Data thread.
 *
 * Returns: what to do next
 *
 * Since: 1.0
 */
WeirStageResult
weir_stage_process (WeirStage *self, WeirExchange *exchange)
{
  WeirStageInterface *iface;

  g_return_val_if_fail (WEIR_IS_STAGE (self), WEIR_STAGE_CONTINUE);

  iface = WEIR_STAGE_GET_IFACE (self);
  return iface->process != NULL ? iface->process (self, exchange) : WEIR_STAGE_PENDING;
}

/**
 * weir_stage_handle_async:
 * @self: a stage
 * @exchange: the exchange whose turn it is
 * @cancellable: (nullable): cancelled when the answer is of no use any more
 * @callback: (scope async) (nullable): called with the answer, on the thread-default context
 * @user_data: for @callback
 *
 * Makes the task and hands it to the stage. Control thread.
 *
 * Since: 1.0
 */
void
weir_stage_handle_async (WeirStage *self,
                         WeirExchange *exchange,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  WeirStageInterface *iface;

  g_return_if_fail (WEIR_IS_STAGE (self));
  g_return_if_fail (WEIR_IS_EXCHANGE (exchange));

  task = weir_task_new (self, cancellable, callback, user_data, weir_stage_handle_async);
  iface = WEIR_STAGE_GET_IFACE (self);
  if (iface->handle != NULL)
    iface->handle (self, exchange, task);
  else
    g_task_return_boolean (task, FALSE);
}

/**
 * weir_stage_handle_finish:
 * @self: a stage
 * @result: what the callback was given
 * @error: the error that becomes the response
 *
 * Returns: whether a response was prepared; %FALSE without an error passes the exchange on
 *
 * Since: 1.0
 */
gboolean
weir_stage_handle_finish (WeirStage *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * weir_stage_get_phase:
 * @self: a stage
 *
 * Returns: where in the pipeline it wants to stand
 *
 * Since: 1.0
 */
WeirPhase
weir_stage_get_phase (WeirStage *self)
{
  WeirStageInterface *iface;

  g_return_val_if_fail (WEIR_IS_STAGE (self), WEIR_PHASE_CONTENT);

  iface = WEIR_STAGE_GET_IFACE (self);
  return iface->get_phase != NULL ? iface->get_phase (self) : WEIR_PHASE_CONTENT;
}
