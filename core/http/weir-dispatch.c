/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-http"

#include "http/weir-dispatch-struct-private.h"

#include "base/weir-spares-private.h"
#include "io/weir-engine-private.h"
#include "http/weir-error-response-private.h"

WEIR_DEFINE_SPARE_MEMORY (WeirDispatch, dispatch)

WeirDispatch *
weir_dispatch_ref (WeirDispatch *self)
{
  self->refs++;
  return self;
}

void
weir_dispatch_unref (WeirDispatch *self)
{
  if (--self->refs > 0)
    return;
  g_clear_pointer (&self->upstream, weir_upstream_unref);
  g_clear_error (&self->failure);
  g_object_unref (self->exchange);
  weir_slot_unref (self->slot);
  dispatch_free (self);
}

static void
unbook (WeirDispatch *self)
{
  if (self->upgrade)
    weir_gate_unbook_socket (weir_upstream_get_gate (self->upstream));
}

void
weir_dispatch_release (WeirDispatch *self)
{
  if (!self->leased)
    return;
  self->leased = FALSE;
  if (!self->upgraded)
    unbook (self);
  if (self->on_trial)
    weir_slot_end_trial (self->slot);
  self->on_trial = FALSE;
  weir_slot_release (self->slot, self->upstream);
}

void
weir_dispatch_leave_queue (WeirDispatch *self)
{
  weir_engine_disarm (weir_dispatch_get_engine (self), &self->hold);
  if (!self->queued)
    return;
  self->queued = self->held = FALSE;
  weir_slot_remove (self->slot, &self->place);
}

static void
note_end (WeirDispatch *self)
{
  WeirFunctionCounters *counters = weir_slot_get_counters (self->slot);
  gint64 now = weir_engine_get_now (weir_dispatch_get_engine (self));

  weir_counter_add (&counters->requests, 1);
  if (self->failed)
    weir_counter_add (&counters->errors, 1);
  weir_counter_add (&counters->received, weir_exchange_get_bytes_received (self->exchange));
  weir_counter_add (&counters->sent, weir_exchange_get_bytes_sent (self->exchange));
  if (!self->upgraded)
    weir_function_counters_note (counters,
                                 WEIR_LATENCY_TOTAL,
                                 now - weir_exchange_get_started (self->exchange));
}

static void
cut_relay (WeirDispatch *self)
{
  guint64 from_client, from_worker;

  if (self->relay == NULL)
    return;
  weir_relay_get_totals (self->relay, &from_client, &from_worker);
  weir_exchange_count (self->exchange, from_client, from_worker);
  g_clear_pointer (&self->relay, weir_relay_cancel);
}

/* The end of it, once: whatever is still held is let go. */
void
weir_dispatch_stop (WeirDispatch *self)
{
  if (self->over)
    return;
  self->over = TRUE;
  cut_relay (self);
  note_end (self);
  weir_exchange_set_sink (self->exchange, NULL, NULL);
  weir_dispatch_leave_queue (self);
  weir_engine_disarm (weir_dispatch_get_engine (self), &self->deadline);
  if (self->call != NULL)
    weir_gate_note_loss (weir_upstream_get_gate (self->upstream)); /* it may still be at it */
  g_clear_pointer (&self->call, weir_upstream_call_cancel);
  weir_dispatch_release (self);
  if (self->upgraded)
    {
      weir_gate_remove_socket (weir_upstream_get_gate (self->upstream));
      unbook (self);
    }
  if (self->budgeted)
    weir_socket_budget_give (weir_slot_get_socket_budget (self->slot));
  weir_dispatch_unref (self);
}

static void
note_failure (WeirDispatch *self, const GError *error)
{
  self->failed =
      self->responding ||
      weir_error_response_get_status (error, weir_exchange_get_dialect (self->exchange)) >= 500;
}

void
weir_dispatch_answer_error (WeirDispatch *self, const GError *error)
{
  g_autoptr (WeirExchange) exchange = g_object_ref (self->exchange);
  g_autoptr (GError) copy = g_error_copy (error);

  note_failure (self, error);
  weir_dispatch_stop (self);
  if (weir_exchange_get_state (exchange) != WEIR_EXCHANGE_STATE_OPEN)
    {
      weir_exchange_abort (exchange, copy);
      return;
    }
  weir_exchange_set_response_error (exchange, copy);
  weir_exchange_send_response (exchange);
}

/* With a hint, since the table's words are about other limits of that kind. */
void
weir_dispatch_refuse (WeirDispatch *self, int code, const char *hint, const char *format, ...)
{
  g_autoptr (WeirExchange) exchange = g_object_ref (self->exchange);
  g_autoptr (GError) error = NULL;
  va_list args;

  va_start (args, format);
  error = g_error_new_valist (WEIR_ERROR, code, format, args);
  va_end (args);
  if (code != WEIR_ERROR_OVERLOADED) /* of which there are too many at once */
    g_message ("%s: request %s: %s",
               weir_slot_get_name (self->slot),
               weir_exchange_get_request_id (exchange),
               error->message);

  note_failure (self, error);
  weir_dispatch_stop (self);
  if (weir_exchange_get_state (exchange) != WEIR_EXCHANGE_STATE_OPEN)
    {
      weir_exchange_abort (exchange, error);
      return;
    }
  weir_exchange_set_response_error (exchange, error);
  weir_exchange_set_hint (exchange, hint);
  weir_exchange_send_response (exchange);
}

void
weir_dispatch_on_client_gone (WeirExchange *exchange, gpointer user_data)
{
  weir_dispatch_stop (user_data);
}

static gboolean
refuse_socket (WeirDispatch *self)
{
  WeirSocketBudget *budget = weir_slot_get_socket_budget (self->slot);

  if (!self->upgrade || self->budgeted || budget == NULL)
    return FALSE;
  self->budgeted = weir_socket_budget_take (budget);
  if (self->budgeted)
    return FALSE;
  weir_dispatch_refuse (self,
                        WEIR_ERROR_OVERLOADED,
                        "Close some first, or raise max_websockets of the server.",
                        "The server has as many WebSockets as it may have");
  return TRUE;
}

WeirUpstream *
weir_dispatch_get_except (WeirDispatch *self)
{
  return self->reconnected && !self->moved ? NULL : self->upstream;
}

void
weir_dispatch_start (WeirDispatch *self)
{
  WeirUpstream *upstream =
      weir_slot_lease (self->slot, weir_dispatch_get_except (self), self->upgrade);

  if (upstream != NULL)
    {
      weir_dispatch_call (self, upstream);
      return;
    }
  if (self->upgrade && weir_slot_has_room_but_for_sockets (self->slot))
    {
      weir_dispatch_refuse (
          self,
          WEIR_ERROR_OVERLOADED,
          "Close some first, or raise max_websockets or max_workers of the function.",
          "All workers have as many WebSockets as they may have");
      return;
    }
  weir_dispatch_wait (self);
}

/* Of a response that goes on only a silence counts, and not one that a slow client makes. */
static gint64
get_remaining_ms (WeirDispatch *self)
{
  gint64 silent = weir_engine_get_now (weir_dispatch_get_engine (self)) - self->heard;

  if (self->heard == 0)
    return 0;
  if (self->paused)
    return self->timeout_ms;

  return MAX (0, self->timeout_ms - silent / 1000);
}

static void
on_deadline (WeirTimer *timer)
{
  WeirDispatch *self = (WeirDispatch *) timer;
  gint64 remaining_ms = get_remaining_ms (self);
  g_autoptr (GError) error = NULL;

  if (remaining_ms > 0)
    {
      weir_engine_arm (weir_dispatch_get_engine (self), timer, (guint) remaining_ms, on_deadline);
      return;
    }

  error = g_error_new (WEIR_ERROR,
                       WEIR_ERROR_TIMED_OUT,
                       "%s did not answer within %u ms",
                       weir_slot_get_name (self->slot),
                       self->timeout_ms);

  weir_dispatch_answer_error (self, error);
}

void
weir_dispatch_begin (WeirSlot *slot, WeirExchange *exchange)
{
  WeirDispatch *self = dispatch_new ();

  *self = (WeirDispatch){
    .refs = 1,
    .place.link.data = self,
    .slot = weir_slot_ref (slot),
    .exchange = g_object_ref (exchange),
  };
  self->timeout_ms = weir_slot_get_options (slot)->request_timeout_ms;
  self->upgrade = weir_exchange_get_upgrade (exchange) != NULL;
  if (weir_dispatch_refuse_large (self, MAX (0, weir_exchange_get_body_length (exchange))) ||
      refuse_socket (self))
    return;
  if (self->timeout_ms > 0)
    weir_engine_arm_at (weir_dispatch_get_engine (self),
                        &self->deadline,
                        weir_engine_get_now (weir_dispatch_get_engine (self)) +
                            (gint64) self->timeout_ms * 1000,
                        on_deadline);
  if (weir_slot_has_queue (slot))
    weir_dispatch_wait (self);
  else
    weir_dispatch_start (self);
}
