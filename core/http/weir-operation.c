/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-operation-private.h"

#include "http/weir-exchange-private.h"

struct _WeirOperation
{
  WeirTimer timer; /* first: the timer is the operation */
  gatomicrefcount refs;
  guint timeout_ms;
  WeirStage *stage;
  WeirExchange *exchange;
  GMainContext *control;
  GCancellable *cancellable;
  WeirOperationFunc func; /* data thread; NULL once answered or abandoned */
  gpointer user_data;
  gboolean responded; /* written by the control thread before it posts the answer */
  GError *error;
};

static void
weir_operation_unref (gpointer data)
{
  WeirOperation *self = data;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_clear_error (&self->error);
  g_object_unref (self->stage);
  g_object_unref (self->exchange);
  g_object_unref (self->cancellable);
  g_main_context_unref (self->control);
  g_free (self);
}

static WeirOperation *
weir_operation_ref (WeirOperation *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

/* Not g_main_context_invoke(): that may run the callback here and now, when the caller could
 * own that context. */
static void
post_to_control (WeirOperation *self, GSourceFunc func)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, func, weir_operation_ref (self), weir_operation_unref);
  g_source_attach (source, self->control);
}

static void
answer (WeirOperation *self, WeirExchangeLoan loan, gboolean responded, const GError *error)
{
  WeirOperationFunc func = g_steal_pointer (&self->func);

  weir_engine_disarm (weir_exchange_get_engine (self->exchange), &self->timer);
  weir_exchange_set_loan (self->exchange, loan);
  func (self->exchange, responded, error, self->user_data);
  weir_operation_unref (self);
}

static void
on_answered (gpointer user_data)
{
  WeirOperation *self = user_data;

  if (self->func != NULL)
    answer (self, WEIR_EXCHANGE_OWNED, self->responded, self->error);
  weir_operation_unref (self);
}

static void
on_handled (GObject *source, GAsyncResult *result, gpointer user_data)
{
  WeirOperation *self = user_data;

  self->responded = weir_stage_handle_finish (self->stage, result, &self->error);
  weir_engine_invoke (weir_exchange_get_engine (self->exchange), on_answered, self);
}

static gboolean
on_control_begin (gpointer user_data)
{
  WeirOperation *self = user_data;

  if (g_cancellable_is_cancelled (self->cancellable))
    return G_SOURCE_REMOVE;

  /* Tasks answer on the thread-default context, which a bare iteration does not set. */
  g_main_context_push_thread_default (self->control);
  weir_stage_handle_async (self->stage,
                           self->exchange,
                           self->cancellable,
                           on_handled,
                           weir_operation_ref (self));
  g_main_context_pop_thread_default (self->control);
  return G_SOURCE_REMOVE;
}

static gboolean
on_control_cancel (gpointer user_data)
{
  WeirOperation *self = user_data;

  g_cancellable_cancel (self->cancellable);
  return G_SOURCE_REMOVE;
}

static void
on_deadline (WeirTimer *timer)
{
  WeirOperation *self = (WeirOperation *) timer;
  g_autoptr (GError) error = g_error_new (WEIR_ERROR,
                                          WEIR_ERROR_TIMED_OUT,
                                          "%s did not answer within %u ms",
                                          G_OBJECT_TYPE_NAME (self->stage),
                                          self->timeout_ms);

  post_to_control (self, on_control_cancel);
  answer (self, WEIR_EXCHANGE_REVOKED, FALSE, error);
}

WeirOperation *
weir_operation_start (WeirStage *stage,
                      WeirExchange *exchange,
                      GMainContext *control,
                      guint timeout_ms,
                      WeirOperationFunc func,
                      gpointer user_data)
{
  WeirOperation *self = g_new0 (WeirOperation, 1);

  g_atomic_ref_count_init (&self->refs);
  self->timeout_ms = timeout_ms;
  self->stage = g_object_ref (stage);
  self->exchange = g_object_ref (exchange);
  self->control = g_main_context_ref (control);
  self->cancellable = g_cancellable_new ();
  self->func = func;
  self->user_data = user_data;

  weir_head_retain (weir_exchange_get_request (exchange));
  weir_exchange_set_loan (exchange, WEIR_EXCHANGE_LENT);
  weir_engine_arm (weir_exchange_get_engine (exchange), &self->timer, timeout_ms, on_deadline);
  post_to_control (self, on_control_begin);
  return self;
}

void
weir_operation_abandon (WeirOperation *self)
{
  self->func = NULL;
  weir_engine_disarm (weir_exchange_get_engine (self->exchange), &self->timer);
  weir_exchange_set_loan (self->exchange, WEIR_EXCHANGE_REVOKED);
  post_to_control (self, on_control_cancel);
  weir_operation_unref (self);
}
