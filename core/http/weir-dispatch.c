/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-http"

#include "http/weir-dispatch-private.h"

#include <string.h>
#include <unistd.h>
#include "http/weir-error-response-private.h"
#include "http/weir-exchange-private.h"
#include "http/weir-relay-private.h"
#include "http/weir-upstream-head-private.h"

/* Above this neither side is asked for more. */
#define HIGH_WATER (256 * 1024)
/* How long an exchange whose worker vanished waits to hear why. */
#define HOLD_MS 1000

struct _WeirDispatch
{
  WeirTimer deadline; /* first: the timer is the dispatch */
  WeirTimer hold;
  GList link;
  guint refs;
  WeirSlot *slot;
  WeirExchange *exchange;
  WeirUpstream *upstream; /* of this call, or of the one that failed */
  WeirUpstreamCall *call;
  GError *failure;
  guint64 sent; /* of the answer's body */
  gsize owed;   /* credit that the client has not got back yet */
  guint timeout_ms;
  gint64 waited_since; /* 0: it never waited for a worker */
  gint64 heard;        /* when the worker last said something; 0 before the head */
  gboolean leased;
  gboolean upgraded;
  gboolean queued;
  gboolean held;        /* queued to hear how its worker ended */
  gboolean upgrade;     /* may become a WebSocket */
  gboolean budgeted;    /* counts as one */
  gboolean retryable;   /* nothing came of the failed call, and all of the body is here */
  gboolean reconnected; /* tried again with the same worker */
  gboolean moved;       /* tried again with another */
  gboolean responding;
  gboolean paused;
  gboolean cold;   /* it waited because there was no worker */
  gboolean failed; /* or the function said so */
  gboolean over;
};

static void start (WeirDispatch *self);
static void call_upstream (WeirDispatch *self, WeirUpstream *upstream);

static WeirDispatch *
dispatch_ref (WeirDispatch *self)
{
  self->refs++;
  return self;
}

static void
dispatch_unref (WeirDispatch *self)
{
  if (--self->refs > 0)
    return;
  g_clear_pointer (&self->upstream, weir_upstream_unref);
  g_clear_error (&self->failure);
  g_object_unref (self->exchange);
  weir_slot_unref (self->slot);
  g_slice_free (WeirDispatch, self);
}

static WeirEngine *
get_engine (WeirDispatch *self)
{
  return weir_slot_get_engine (self->slot);
}

static void
leave_seat (WeirDispatch *self)
{
  if (self->upgrade)
    weir_slot_remove_socket (self->slot, self->upstream);
}

static void
release (WeirDispatch *self)
{
  if (!self->leased)
    return;
  self->leased = FALSE;
  if (!self->upgraded)
    leave_seat (self);
  weir_slot_release (self->slot, self->upstream);
}

/* From here on it is a socket, and no request that anybody waits for. */
static void
exchange_lease (WeirDispatch *self)
{
  self->upgraded = TRUE;
  weir_gate_note_answer (weir_upstream_get_gate (self->upstream));
  weir_gate_add_socket (weir_upstream_get_gate (self->upstream));
  release (self);
}

static void
leave_queue (WeirDispatch *self)
{
  weir_engine_disarm (get_engine (self), &self->hold);
  if (!self->queued)
    return;
  self->queued = self->held = FALSE;
  weir_slot_remove (self->slot, &self->link);
}

static void
note_wait (WeirDispatch *self)
{
  WeirFunctionCounters *counters = weir_slot_get_counters (self->slot);
  gint64 time;

  if (self->waited_since == 0)
    return;
  time = weir_engine_get_now (get_engine (self)) - self->waited_since;
  weir_function_counters_note (counters, WEIR_LATENCY_QUEUE, time);
  if (self->cold)
    weir_function_counters_note (counters, WEIR_LATENCY_COLD, time);
  self->waited_since = 0;
}

static void
note_end (WeirDispatch *self)
{
  WeirFunctionCounters *counters = weir_slot_get_counters (self->slot);
  gint64 now = weir_engine_get_now (get_engine (self));

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

/* The end of it, once: whatever is still held is let go. */
static void
stop (WeirDispatch *self)
{
  if (self->over)
    return;
  self->over = TRUE;
  note_end (self);
  weir_exchange_set_sink (self->exchange, NULL, NULL);
  leave_queue (self);
  weir_engine_disarm (get_engine (self), &self->deadline);
  g_clear_pointer (&self->call, weir_upstream_call_cancel);
  release (self);
  if (self->upgraded)
    {
      weir_gate_remove_socket (weir_upstream_get_gate (self->upstream));
      leave_seat (self);
    }
  if (self->budgeted)
    weir_socket_budget_give (weir_slot_get_socket_budget (self->slot));
  dispatch_unref (self);
}

static void
note_failure (WeirDispatch *self, const GError *error)
{
  self->failed =
      self->responding ||
      weir_error_response_get_status (error, weir_exchange_get_dialect (self->exchange)) >= 500;
}

static void
answer_error (WeirDispatch *self, const GError *error)
{
  g_autoptr (WeirExchange) exchange = g_object_ref (self->exchange);
  g_autoptr (GError) copy = g_error_copy (error);

  note_failure (self, error);
  stop (self);
  if (weir_exchange_get_state (exchange) != WEIR_EXCHANGE_STATE_OPEN)
    {
      weir_exchange_abort (exchange, copy);
      return;
    }
  weir_exchange_set_response_error (exchange, copy);
  weir_exchange_send_response (exchange);
}

/* With a hint, since the table's words are about other limits of that kind. */
static void G_GNUC_PRINTF (4, 5)
    refuse (WeirDispatch *self, int code, const char *hint, const char *format, ...)
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
  stop (self);
  if (weir_exchange_get_state (exchange) != WEIR_EXCHANGE_STATE_OPEN)
    {
      weir_exchange_abort (exchange, error);
      return;
    }
  weir_exchange_set_response_error (exchange, error);
  weir_exchange_set_hint (exchange, hint);
  weir_exchange_send_response (exchange);
}

/* ---- the client's side ---- */

/* TRUE: it is over the limit, and was answered. */
static gboolean
refuse_large_request (WeirDispatch *self, guint64 length)
{
  guint64 limit = weir_slot_get_options (self->slot)->request_size_limit;

  if (limit == 0 || length <= limit)
    return FALSE;
  refuse (self,
          WEIR_ERROR_BODY_TOO_LARGE,
          "Send less at a time, or raise request_size_limit of the function.",
          "The body is larger than the request_size_limit of %" G_GUINT64_FORMAT " bytes",
          limit);
  return TRUE;
}

static void
give_credit (WeirDispatch *self)
{
  gsize owed = self->owed;

  self->owed = 0;
  if (owed > 0)
    weir_exchange_grant (self->exchange, owed);
}

static void
on_request_body (WeirExchange *exchange, const guint8 *data, gsize length, gpointer user_data)
{
  WeirDispatch *self = dispatch_ref (user_data);

  if (self->call != NULL &&
      !refuse_large_request (self, weir_exchange_get_bytes_received (exchange)))
    {
      gsize queued = weir_upstream_call_write (self->call, data, length);

      self->owed += length;
      if (queued <= HIGH_WATER)
        give_credit (self);
    }
  dispatch_unref (self);
}

static void
on_request_end (WeirExchange *exchange, gpointer user_data)
{
  WeirDispatch *self = user_data;

  if (self->call != NULL)
    weir_upstream_call_end_body (self->call);
}

static void
on_client_writable (WeirExchange *exchange, gpointer user_data)
{
  WeirDispatch *self = user_data;

  if (!self->paused || self->call == NULL)
    return;
  self->paused = FALSE;
  weir_upstream_call_resume (self->call);
}

static void
on_client_gone (WeirExchange *exchange, gpointer user_data)
{
  stop (user_data);
}

static const WeirExchangeSink calling_sink = {
  on_request_body,
  on_request_end,
  on_client_writable,
  on_client_gone,
};

/* Without a body function the body stays with the exchange. */
static const WeirExchangeSink waiting_sink = { NULL, NULL, NULL, on_client_gone };

/* ---- when there is no worker, or none any more ---- */

static void
on_waited_too_long (WeirTimer *timer)
{
  WeirDispatch *self = (WeirDispatch *) ((char *) timer - G_STRUCT_OFFSET (WeirDispatch, hold));
  guint timeout_ms = weir_slot_get_options (self->slot)->queue_timeout_ms;

  /* A first worker is started; that has deadlines of its own. */
  if (weir_slot_is_starting (self->slot))
    {
      weir_engine_arm (get_engine (self), timer, timeout_ms, on_waited_too_long);
      return;
    }
  refuse (self,
          WEIR_ERROR_OVERLOADED,
          "Try again in a moment; max_workers, max_concurrency and queue_timeout_ms decide.",
          "No worker had room within %u ms",
          timeout_ms);
}

static void
wait_for_upstream (WeirDispatch *self)
{
  guint timeout_ms = weir_slot_get_options (self->slot)->queue_timeout_ms;

  if (self->waited_since == 0)
    {
      self->waited_since = weir_engine_get_now (get_engine (self));
      self->cold = weir_slot_is_cold (self->slot);
    }
  weir_exchange_set_sink (self->exchange, &waiting_sink, self);
  self->queued = TRUE;
  if (weir_slot_enqueue (self->slot, &self->link))
    {
      if (timeout_ms > 0)
        weir_engine_arm (get_engine (self), &self->hold, timeout_ms, on_waited_too_long);
      return;
    }

  self->queued = FALSE;
  refuse (self,
          WEIR_ERROR_OVERLOADED,
          "Try again in a moment; max_workers, max_concurrency and queue_size decide.",
          "Too many requests wait");
}

static void
on_held_too_long (WeirTimer *timer)
{
  WeirDispatch *self = (WeirDispatch *) ((char *) timer - G_STRUCT_OFFSET (WeirDispatch, hold));
  g_autoptr (GError) error = g_error_new (WEIR_ERROR,
                                          WEIR_ERROR_WORKER_FAILED,
                                          "The worker of %s went away: %s",
                                          weir_slot_get_name (self->slot),
                                          self->failure->message);

  answer_error (self, error);
}

static void
move (WeirDispatch *self)
{
  self->moved = TRUE;
  start (self);
}

/* The worker is known to be gone, or to go. */
static gboolean
is_upstream_gone (WeirDispatch *self)
{
  return !weir_slot_has_upstream (self->slot, self->upstream);
}

/* What a worker was killed for would come to pass with the next one as well. */
static gboolean
is_replayable (WeirDispatch *self)
{
  return self->retryable && !self->moved &&
         !weir_gate_is_condemned (weir_upstream_get_gate (self->upstream));
}

static void
try_again (WeirDispatch *self, const GError *failure)
{
  const GError *exit_error =
      weir_slot_get_exit_error (self->slot, weir_upstream_get_gate (self->upstream));
  gboolean gone = exit_error != NULL || is_upstream_gone (self);

  if (gone && is_replayable (self))
    {
      move (self);
      return;
    }
  if (exit_error != NULL)
    {
      answer_error (self, exit_error);
      return;
    }

  /* It may only have closed a connection that idled. */
  if (self->retryable && !self->reconnected && !gone)
    {
      self->reconnected = TRUE;
      start (self);
      return;
    }

  g_clear_error (&self->failure);
  self->failure = g_error_copy (failure);
  self->queued = self->held = TRUE;
  weir_slot_hold (self->slot, &self->link);
  weir_engine_arm (get_engine (self), &self->hold, HOLD_MS, on_held_too_long);
}

WeirGate *
weir_dispatch_get_gate (WeirDispatch *self)
{
  return weir_upstream_get_gate (self->upstream);
}

gboolean
weir_dispatch_can_move (WeirDispatch *self)
{
  return is_replayable (self) && is_upstream_gone (self);
}

void
weir_dispatch_wake (WeirDispatch *self)
{
  gboolean was_held = self->held;

  self->queued = self->held = FALSE;
  weir_engine_disarm (get_engine (self), &self->hold);
  if (was_held)
    move (self);
  else
    start (self);
}

void
weir_dispatch_fail (WeirDispatch *self, const GError *error)
{
  self->queued = FALSE;
  answer_error (self, error);
}

void
weir_dispatch_learn (WeirDispatch *self, const GError *error)
{
  self->queued = self->held = FALSE;
  weir_engine_disarm (get_engine (self), &self->hold);
  if (is_replayable (self))
    move (self);
  else
    answer_error (self, error);
}

/* ---- the worker's side ---- */

static gboolean
is_head_request (WeirDispatch *self)
{
  return g_strcmp0 (weir_head_get_method (weir_exchange_get_request (self->exchange)), "HEAD") == 0;
}

static gboolean
is_response_too_large (WeirDispatch *self, guint64 length)
{
  guint64 limit = weir_slot_get_options (self->slot)->response_size_limit;

  return limit > 0 && length > limit;
}

static void
refuse_response (WeirDispatch *self)
{
  refuse (self,
          WEIR_ERROR_BAD_GATEWAY,
          "Answer with less at a time, or raise response_size_limit of the function.",
          "The answer is larger than the response_size_limit of %" G_GUINT64_FORMAT " bytes",
          weir_slot_get_options (self->slot)->response_size_limit);
}

static void
on_head (WeirUpstreamCall *call, WeirHead *head, gint64 length, gpointer user_data)
{
  WeirDispatch *self = dispatch_ref (user_data);
  const char *stale = weir_slot_get_stale (self->slot);

  if (length > 0 && is_response_too_large (self, length) && !is_head_request (self))
    {
      refuse_response (self);
      dispatch_unref (self);
      return;
    }
  self->responding = TRUE;
  self->failed = weir_head_get_status (head) >= 500;
  self->heard = weir_engine_get_now (get_engine (self));
  if (stale != NULL)
    weir_head_set (head, "x-weir-stale", stale);
  weir_exchange_send_head (self->exchange, head, length);
  dispatch_unref (self);
}

static void
on_body (WeirUpstreamCall *call, const guint8 *data, gsize length, gpointer user_data)
{
  WeirDispatch *self = dispatch_ref (user_data);
  gsize queued;

  self->sent += length;
  if (is_response_too_large (self, self->sent))
    {
      refuse_response (self);
      dispatch_unref (self);
      return;
    }
  self->heard = weir_engine_get_now (get_engine (self));
  queued = weir_exchange_send_body (self->exchange, data, length);
  if (queued > HIGH_WATER && self->call != NULL && !self->paused)
    {
      self->paused = TRUE;
      weir_upstream_call_pause (self->call);
    }
  dispatch_unref (self);
}

static void
on_end (WeirUpstreamCall *call, gpointer user_data)
{
  WeirDispatch *self = user_data;
  g_autoptr (WeirExchange) exchange = g_object_ref (self->exchange);

  self->call = NULL;
  weir_gate_note_answer (weir_upstream_get_gate (self->upstream));
  stop (self);
  weir_exchange_end (exchange);
}

static void
on_failed (WeirUpstreamCall *call, const GError *error, gboolean untouched, gpointer user_data)
{
  WeirDispatch *self = user_data;

  self->call = NULL;
  release (self);
  if (self->responding || !g_error_matches (error, WEIR_ERROR, WEIR_ERROR_WORKER_FAILED))
    {
      answer_error (self, error);
      return;
    }

  weir_exchange_set_sink (self->exchange, &waiting_sink, self);
  self->owed = 0;
  self->retryable = untouched && weir_exchange_can_replay (self->exchange);
  if (self->retryable)
    weir_exchange_rewind (self->exchange);
  try_again (self, error);
}

static void
on_worker_writable (WeirUpstreamCall *call, gpointer user_data)
{
  give_credit (user_data);
}

static void
on_relay_ended (guint64 from_client, guint64 from_worker, gpointer user_data)
{
  WeirDispatch *self = user_data;
  g_autoptr (WeirExchange) exchange = g_object_ref (self->exchange);

  weir_exchange_count (exchange, from_client, from_worker);
  stop (self);
  weir_exchange_end (exchange);
}

static void
on_upgraded (WeirUpstreamCall *call,
             WeirHead *head,
             int fd,
             const guint8 *early,
             gsize early_length,
             gpointer user_data)
{
  WeirDispatch *self = user_data;
  g_autoptr (GBytes) worker_early = g_bytes_new (early, early_length);
  g_autoptr (GBytes) client_early = NULL;
  g_autoptr (GError) error = NULL;
  int client_fd;

  self->call = NULL;
  weir_engine_disarm (get_engine (self), &self->deadline);
  weir_exchange_set_sink (self->exchange, NULL, NULL);
  client_fd = weir_exchange_upgrade (self->exchange, head, &client_early);
  if (client_fd >= 0)
    {
      exchange_lease (self);
      weir_relay_start (get_engine (self),
                        client_fd,
                        client_early,
                        fd,
                        worker_early,
                        on_relay_ended,
                        self);
      return;
    }

  close (fd);
  error = g_error_new_literal (WEIR_ERROR,
                               WEIR_ERROR_NOT_SUPPORTED,
                               "This connection cannot change its protocol");
  answer_error (self, error);
}

static const WeirUpstreamCallbacks callbacks = {
  on_head, on_body, on_end, on_failed, on_worker_writable, on_upgraded,
};

/* With a lease taken. */
static void
call_upstream (WeirDispatch *self, WeirUpstream *upstream)
{
  WeirHead *head = weir_exchange_get_request (self->exchange);
  const char *upgrade = weir_exchange_get_upgrade (self->exchange);
  char extra[WEIR_UPSTREAM_HEAD_EXTRA_MAX];
  g_autofree char *with_secrets = NULL;

  self->leased = TRUE;
  note_wait (self);
  if (upstream != self->upstream)
    {
      g_clear_pointer (&self->upstream, weir_upstream_unref);
      self->upstream = weir_upstream_ref (upstream);
    }
  weir_upstream_head_format_extra (self->exchange, extra);
  if (weir_upstream_takes_secrets (upstream))
    with_secrets = weir_upstream_head_dup_with_secrets (self->exchange, extra);
  if (upgrade != NULL)
    weir_upstream_head_fix_protocols (head);
  self->call = weir_upstream_call (upstream,
                                   head,
                                   with_secrets != NULL ? with_secrets : extra,
                                   upgrade,
                                   weir_exchange_get_body_length (self->exchange),
                                   &callbacks,
                                   self);
  weir_exchange_set_sink (self->exchange, &calling_sink, self);
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
  refuse (self,
          WEIR_ERROR_OVERLOADED,
          "Close some first, or raise max_websockets of the server.",
          "The server has as many WebSockets as it may have");
  return TRUE;
}

static void
start (WeirDispatch *self)
{
  /* Not the one again that is gone. */
  WeirUpstream *except = self->reconnected && !self->moved ? NULL : self->upstream;
  WeirUpstream *upstream = weir_slot_lease (self->slot, except, self->upgrade);

  if (upstream != NULL)
    {
      call_upstream (self, upstream);
      return;
    }
  if (self->upgrade && weir_slot_has_room_but_for_sockets (self->slot))
    {
      refuse (self,
              WEIR_ERROR_OVERLOADED,
              "Close some first, or raise max_websockets or max_workers of the function.",
              "All workers have as many WebSockets as they may have");
      return;
    }
  wait_for_upstream (self);
}

/* Of a response that goes on only a silence counts, and not one that a slow client makes. */
static gint64
get_remaining_ms (WeirDispatch *self)
{
  gint64 silent = weir_engine_get_now (get_engine (self)) - self->heard;

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
      weir_engine_arm (get_engine (self), timer, (guint) remaining_ms, on_deadline);
      return;
    }

  error = g_error_new (WEIR_ERROR,
                       WEIR_ERROR_TIMED_OUT,
                       "%s did not answer within %u ms",
                       weir_slot_get_name (self->slot),
                       self->timeout_ms);

  answer_error (self, error);
}

void
weir_dispatch_begin (WeirSlot *slot, WeirExchange *exchange)
{
  WeirDispatch *self = g_slice_new0 (WeirDispatch);

  self->refs = 1;
  self->link.data = self;
  self->slot = weir_slot_ref (slot);
  self->exchange = g_object_ref (exchange);
  self->timeout_ms = weir_slot_get_options (slot)->request_timeout_ms;
  self->upgrade = weir_exchange_get_upgrade (exchange) != NULL;
  if (refuse_large_request (self, MAX (0, weir_exchange_get_body_length (exchange))) ||
      refuse_socket (self))
    return;
  if (self->timeout_ms > 0)
    weir_engine_arm (get_engine (self), &self->deadline, self->timeout_ms, on_deadline);
  if (weir_slot_has_queue (slot))
    wait_for_upstream (self);
  else
    start (self);
}
