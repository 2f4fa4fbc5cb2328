/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What goes from the client to a worker and back. */

#include "http/weir-dispatch-struct-private.h"

#include <unistd.h>
#include "http/weir-upstream-head-private.h"

/* Above this neither side is asked for more. */
#define HIGH_WATER (256 * 1024)

/* ---- the client's side ---- */

/* TRUE: it is over the limit, and was answered. */
gboolean
weir_dispatch_refuse_large (WeirDispatch *self, guint64 length)
{
  guint64 limit = weir_slot_get_options (self->slot)->request_size_limit;

  if (limit == 0 || length <= limit)
    return FALSE;
  weir_dispatch_refuse (self,
                        WEIR_ERROR_BODY_TOO_LARGE,
                        "Send less at a time, or raise request_size_limit of the function.",
                        "The body is larger than the request_size_limit of %" G_GUINT64_FORMAT
                        " bytes",
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
  WeirDispatch *self = weir_dispatch_ref (user_data);

  if (self->call != NULL &&
      !weir_dispatch_refuse_large (self, weir_exchange_get_bytes_received (exchange)))
    {
      gsize queued = weir_upstream_call_write (self->call, data, length);

      self->owed += length;
      if (queued <= HIGH_WATER)
        give_credit (self);
    }
  weir_dispatch_unref (self);
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

static const WeirExchangeSink calling_sink = {
  on_request_body,
  on_request_end,
  on_client_writable,
  weir_dispatch_on_client_gone,
};

/* ---- the worker's side ---- */

/* From here on it is a socket, and no request that anybody waits for. */
static void
exchange_lease (WeirDispatch *self)
{
  self->upgraded = TRUE;
  weir_gate_note_answer (weir_upstream_get_gate (self->upstream));
  weir_gate_add_socket (weir_upstream_get_gate (self->upstream));
  weir_dispatch_release (self);
}

static void
note_wait (WeirDispatch *self)
{
  WeirFunctionCounters *counters = weir_slot_get_counters (self->slot);
  gint64 time;

  if (self->waited_since == 0)
    return;
  time = weir_engine_get_now (weir_dispatch_get_engine (self)) - self->waited_since;
  weir_function_counters_note (counters, WEIR_LATENCY_QUEUE, time);
  if (self->cold)
    weir_function_counters_note (counters, WEIR_LATENCY_COLD, time);
  self->waited_since = 0;
  self->place.ticket = 0;
}

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
  weir_dispatch_refuse (self,
                        WEIR_ERROR_BAD_GATEWAY,
                        "Answer with less at a time, or raise response_size_limit of the function.",
                        "The answer is larger than the response_size_limit of %" G_GUINT64_FORMAT
                        " bytes",
                        weir_slot_get_options (self->slot)->response_size_limit);
}

static void
on_head (WeirUpstreamCall *call, WeirHead *head, gint64 length, gpointer user_data)
{
  WeirDispatch *self = weir_dispatch_ref (user_data);
  const char *stale = weir_slot_get_stale (self->slot);

  weir_dispatch_settle_early (self);
  if (length > 0 && is_response_too_large (self, length) && !is_head_request (self))
    {
      refuse_response (self);
      weir_dispatch_unref (self);
      return;
    }
  self->responding = TRUE;
  self->failed = weir_head_get_status (head) >= 500;
  self->heard = weir_engine_get_now (weir_dispatch_get_engine (self));
  if (stale != NULL)
    weir_head_set (head, "x-weir-stale", stale);
  weir_exchange_send_head (self->exchange, head, length);
  weir_dispatch_unref (self);
}

static void
on_body (WeirUpstreamCall *call, const guint8 *data, gsize length, gpointer user_data)
{
  WeirDispatch *self = weir_dispatch_ref (user_data);
  gsize queued;

  self->sent += length;
  if (is_response_too_large (self, self->sent))
    {
      refuse_response (self);
      weir_dispatch_unref (self);
      return;
    }
  self->heard = weir_engine_get_now (weir_dispatch_get_engine (self));
  queued = weir_exchange_send_body (self->exchange, data, length);
  if (queued > HIGH_WATER && self->call != NULL && !self->paused)
    {
      self->paused = TRUE;
      weir_upstream_call_pause (self->call);
    }
  weir_dispatch_unref (self);
}

static void
on_end (WeirUpstreamCall *call, gpointer user_data)
{
  WeirDispatch *self = weir_dispatch_ref (user_data);

  self->call = NULL;
  weir_gate_note_answer (weir_upstream_get_gate (self->upstream));
  weir_dispatch_stop (self);
  weir_exchange_end (self->exchange);
  weir_dispatch_unref (self);
}

/* Those of RFC 9110. */
static gboolean
is_idempotent (WeirDispatch *self)
{
  static const char *const methods[] = { "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", NULL };

  return g_strv_contains (methods,
                          weir_head_get_method (weir_exchange_get_request (self->exchange)));
}

void
weir_dispatch_take_back (WeirDispatch *self)
{
  weir_exchange_set_sink (self->exchange, &weir_dispatch_waiting_sink, self);
  self->owed = 0;
}

static void
on_failed (WeirUpstreamCall *call, const GError *error, gboolean untouched, gpointer user_data)
{
  WeirDispatch *self = user_data;

  self->call = NULL;
  if (self->early && untouched)
    {
      weir_dispatch_recall (self);
      return;
    }
  weir_dispatch_settle_early (self);
  if (!self->read && !weir_upstream_call_was_unread (call))
    {
      self->read = TRUE;
      weir_gate_note_loss (weir_upstream_get_gate (self->upstream));
    }
  weir_dispatch_release (self);
  if (self->responding || !g_error_matches (error, WEIR_ERROR, WEIR_ERROR_WORKER_FAILED))
    {
      weir_dispatch_answer_error (self, error);
      return;
    }

  weir_dispatch_take_back (self);
  self->unsafe = weir_upstream_call_was_fresh (call) && !weir_upstream_call_was_unread (call) &&
                 !is_idempotent (self);
  self->retryable = untouched && weir_exchange_can_replay (self->exchange);
  if (self->retryable)
    weir_exchange_rewind (self->exchange);
  weir_dispatch_try_again (self, error);
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

  self->relay = NULL;
  weir_exchange_count (exchange, from_client, from_worker);
  weir_dispatch_stop (self);
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
  weir_engine_disarm (weir_dispatch_get_engine (self), &self->deadline);
  weir_exchange_set_sink (self->exchange, NULL, NULL);
  client_fd = weir_exchange_upgrade (self->exchange, head, &client_early);
  if (client_fd >= 0)
    {
      exchange_lease (self);
      self->relay = weir_relay_start (weir_dispatch_get_engine (self),
                                      client_fd,
                                      client_early,
                                      fd,
                                      worker_early,
                                      on_relay_ended,
                                      self);
      weir_exchange_set_sink (self->exchange, &weir_dispatch_waiting_sink, self);
      return;
    }

  close (fd);
  error = g_error_new_literal (WEIR_ERROR,
                               WEIR_ERROR_NOT_SUPPORTED,
                               "This connection cannot change its protocol");
  weir_dispatch_answer_error (self, error);
}

static const WeirUpstreamCallbacks callbacks = {
  on_head, on_body, on_end, on_failed, on_worker_writable, on_upgraded,
};

void
weir_dispatch_send (WeirDispatch *self, WeirUpstream *upstream)
{
  WeirHead *head = weir_exchange_get_request (self->exchange);
  const char *upgrade = weir_exchange_get_upgrade (self->exchange);
  char extra[WEIR_UPSTREAM_HEAD_EXTRA_MAX];
  g_autofree char *with_secrets = NULL;

  if (upstream != self->upstream)
    {
      g_clear_pointer (&self->upstream, weir_upstream_unref);
      self->upstream = weir_upstream_ref (upstream);
      self->read = FALSE;
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

void
weir_dispatch_note_leased (WeirDispatch *self)
{
  self->leased = TRUE;
  self->serial = weir_slot_draw_serial (self->slot);
  note_wait (self);
}

void
weir_dispatch_call (WeirDispatch *self, WeirUpstream *upstream)
{
  weir_dispatch_note_leased (self);
  weir_dispatch_send (self, upstream);
}
