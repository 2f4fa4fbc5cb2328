/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include "base/weir-head-private.h"
#include "http/weir-error-response-private.h"
#include "http/weir-exchange-struct-private.h"

static gboolean
is_finished (WeirExchange *self)
{
  return self->state == WEIR_EXCHANGE_STATE_DONE || self->state == WEIR_EXCHANGE_STATE_ABORTED;
}

/* The only way out: state first, then whoever consumed the body, then the pipeline, which may
 * hold the last reference: nothing comes behind it. */
static void
finish (WeirExchange *self, WeirExchangeState state)
{
  const WeirExchangeSink *sink = g_steal_pointer (&self->sink);

  if (is_finished (self))
    return;

  self->state = state;
  self->transport = NULL;
  self->vtable = NULL;
  if (sink != NULL && state == WEIR_EXCHANGE_STATE_ABORTED)
    sink->disconnected (self, self->sink_data);
  if (self->finished != NULL)
    self->finished (self, self->finished_data);
}

static void
set_error (WeirExchange *self, const GError *error)
{
  if (error == NULL)
    return;
  g_clear_error (&self->error);
  self->error = g_error_copy (error);
}

/* ---- the request's body ---- */

static void
deliver_end (WeirExchange *self)
{
  if (self->sink == NULL || self->sink->body_end == NULL || !self->body.ended ||
      self->body.end_delivered)
    return;
  self->body.end_delivered = TRUE;
  self->sink->body_end (self, self->sink_data);
}

void
weir_exchange_set_sink (WeirExchange *self, const WeirExchangeSink *sink, gpointer user_data)
{
  const guint8 *data;
  gsize length;

  self->sink = is_finished (self) ? NULL : sink;
  self->sink_data = user_data;
  if (self->sink == NULL || sink->body == NULL || self->delivering)
    return;
  if (self->body.length == 0)
    {
      deliver_end (self);
      return;
    }

  g_object_ref (self);
  self->delivering = TRUE;
  /* A client that waits for "100 Continue" may go on: there is somebody for its body. What
   * the adapter pushes from within queues up behind what came before. */
  if (self->vtable != NULL && !self->body.ended)
    self->vtable->grant (self, self->transport, 0);
  while (self->sink == sink && (length = weir_request_body_pull (&self->body, &data)) > 0)
    self->sink->body (self, data, length, self->sink_data);
  self->delivering = FALSE;
  deliver_end (self);
  g_object_unref (self);
}

gboolean
weir_exchange_can_replay (WeirExchange *self)
{
  return weir_request_body_can_replay (&self->body);
}

gboolean
weir_exchange_has_whole_body (WeirExchange *self)
{
  return self->body.ended;
}

void
weir_exchange_rewind (WeirExchange *self)
{
  weir_request_body_rewind (&self->body);
}

void
weir_exchange_grant (WeirExchange *self, gsize bytes)
{
  gsize granted;

  if (self->vtable == NULL)
    return;
  granted = weir_request_body_grant (&self->body, bytes);
  if (granted > 0)
    self->vtable->grant (self, self->transport, granted);
}

gint64
weir_exchange_get_body_length (WeirExchange *self)
{
  return self->body.length;
}

/**
 * weir_exchange_push_body: (skip)
 * @self: an exchange
 * @data: (array length=length): a piece of the request's body, borrowed for the call
 * @length: bytes in @data, never more than was granted
 *
 * Since: 1.0
 */
void
weir_exchange_push_body (WeirExchange *self, const guint8 *data, gsize length)
{
  gboolean taken;

  g_return_if_fail (WEIR_IS_EXCHANGE (self));
  g_return_if_fail (is_finished (self) || self->body.received + length <= self->body.granted);

  if (length == 0 || is_finished (self))
    return;

  taken = self->sink != NULL && self->sink->body != NULL && !self->delivering;
  weir_request_body_push (&self->body, data, length, taken);
  if (taken)
    self->sink->body (self, data, length, self->sink_data);
}

/**
 * weir_exchange_end_body: (skip)
 * @self: an exchange
 *
 * The request's body is complete.
 *
 * Since: 1.0
 */
void
weir_exchange_end_body (WeirExchange *self)
{
  g_return_if_fail (WEIR_IS_EXCHANGE (self));

  if (is_finished (self))
    return;
  self->body.ended = TRUE;
  if (!self->delivering)
    deliver_end (self);
}

/* ---- the response ---- */

static void
lend_headers (WeirExchange *self, WeirHead *head)
{
  guint n_fields;
  const WeirField *fields = weir_head_get_fields (self->headers, &n_fields);

  for (guint i = 0; i < n_fields; i++)
    {
      weir_head_remove_field (head, &fields[i]);
      weir_head_add_borrowed (head,
                              fields[i].id,
                              fields[i].name,
                              fields[i].name_length,
                              fields[i].value,
                              fields[i].value_length);
    }
}

static void
apply_headers (WeirExchange *self, WeirHead *head)
{
  if (self->request_id[0] != '\0')
    {
      if (weir_head_find (head, WEIR_FIELD_X_REQUEST_ID) != NULL)
        weir_head_remove_id (head, WEIR_FIELD_X_REQUEST_ID);
      weir_head_add_borrowed (head,
                              WEIR_FIELD_X_REQUEST_ID,
                              "x-request-id",
                              strlen ("x-request-id"),
                              self->request_id,
                              strlen (self->request_id));
    }
  if (self->headers != NULL)
    lend_headers (self, head);
  /* Beside what the function says that its answer depends on. */
  if (self->vary_origin)
    weir_head_add_borrowed (head, WEIR_FIELD_OTHER, "vary", 4, "Origin", 6);
}

void
weir_exchange_send_head (WeirExchange *self, WeirHead *head, gint64 length)
{
  if (self->vtable == NULL)
    return;
  g_return_if_fail (self->state == WEIR_EXCHANGE_STATE_OPEN);

  apply_headers (self, head);
  self->status = weir_head_get_status (head);
  self->state = WEIR_EXCHANGE_STATE_RESPONDING;
  self->vtable->send_head (self, self->transport, head, length);
}

gsize
weir_exchange_send_body (WeirExchange *self, const guint8 *data, gsize length)
{
  if (self->vtable == NULL)
    return 0;
  g_return_val_if_fail (self->state == WEIR_EXCHANGE_STATE_RESPONDING, 0);

  self->bytes_sent += length;
  return self->vtable->send_body (self, self->transport, data, length);
}

void
weir_exchange_end (WeirExchange *self)
{
  if (is_finished (self) || self->end_sent)
    return;
  g_return_if_fail (self->state == WEIR_EXCHANGE_STATE_RESPONDING);

  self->end_sent = TRUE;
  self->sink = NULL;
  if (self->vtable != NULL)
    self->vtable->end (self, self->transport);
  else
    finish (self, WEIR_EXCHANGE_STATE_DONE);
}

void
weir_exchange_abort (WeirExchange *self, const GError *error)
{
  if (is_finished (self))
    return;

  g_object_ref (self);
  set_error (self, error);
  self->sink = NULL;
  if (self->vtable != NULL)
    {
      const WeirTransport *vtable = g_steal_pointer (&self->vtable);

      vtable->abort (self, self->transport);
    }
  finish (self, WEIR_EXCHANGE_STATE_ABORTED);
  g_object_unref (self);
}

int
weir_exchange_upgrade (WeirExchange *self, WeirHead *head, GBytes **early)
{
  int fd;

  *early = NULL;
  if (self->vtable == NULL || self->vtable->upgrade == NULL)
    return -1;
  g_return_val_if_fail (self->state == WEIR_EXCHANGE_STATE_OPEN, -1);

  apply_headers (self, head);
  fd = self->vtable->upgrade (self, self->transport, head, early);
  if (fd < 0)
    return -1;

  self->state = WEIR_EXCHANGE_STATE_RESPONDING;
  self->status = weir_head_get_status (head);
  self->vtable = NULL;
  self->transport = NULL;
  if (self->upgraded != NULL)
    self->upgraded (self, self->finished_data);
  return fd;
}

void
weir_exchange_cut (WeirExchange *self, const GError *error)
{
  if (is_finished (self))
    return;
  set_error (self, error);
  finish (self, WEIR_EXCHANGE_STATE_ABORTED);
}

void
weir_exchange_count (WeirExchange *self, guint64 received, guint64 sent)
{
  self->relayed_received += received;
  self->bytes_sent += sent;
}

gboolean
weir_exchange_has_response (WeirExchange *self)
{
  return self->prepared;
}

static GBytes *
format_response (WeirExchange *self, WeirHead *head)
{
  g_autoptr (GBytes) body = NULL;
  const char *content_type = self->response_type;
  guint status = self->response_status;

  if (self->error != NULL)
    body = weir_error_response_format (self->error,
                                       self->dialect,
                                       weir_exchange_get_request_id (self),
                                       self->hint,
                                       self->retry_after,
                                       &status,
                                       &content_type);
  else if (self->response_body != NULL)
    body = g_bytes_ref (self->response_body);

  weir_head_set_status (head, status);
  if (g_error_matches (self->error, WEIR_ERROR, WEIR_ERROR_OVERLOADED))
    weir_head_add (head, "retry-after", "1");
  if (content_type != NULL)
    weir_head_add (head, "content-type", content_type);
  return g_steal_pointer (&body);
}

void
weir_exchange_send_response (WeirExchange *self)
{
  g_autoptr (WeirHead) head = weir_head_new ();
  g_autoptr (GBytes) body = NULL;
  const guint8 *data = NULL;
  gsize length = 0;

  if (self->state != WEIR_EXCHANGE_STATE_OPEN)
    return;

  if (!self->prepared)
    {
      g_autoptr (GError) error = g_error_new_literal (WEIR_ERROR,
                                                      WEIR_ERROR_FAILED,
                                                      "A stage answered without a response");

      weir_exchange_set_response_error (self, error);
    }

  g_object_ref (self);
  body = format_response (self, head);
  if (body != NULL)
    data = g_bytes_get_data (body, &length);
  weir_exchange_send_head (self, head, length);
  if (length > 0 && g_strcmp0 (weir_head_get_method (self->request), "HEAD") != 0)
    weir_exchange_send_body (self, data, length);
  weir_exchange_end (self);
  g_object_unref (self);
}

/**
 * weir_exchange_writable: (skip)
 * @self: an exchange
 *
 * The queue towards the client fell under its low-water mark.
 *
 * Since: 1.0
 */
void
weir_exchange_writable (WeirExchange *self)
{
  g_return_if_fail (WEIR_IS_EXCHANGE (self));

  if (self->sink != NULL && self->sink->writable != NULL)
    self->sink->writable (self, self->sink_data);
}

/**
 * weir_exchange_disconnect: (skip)
 * @self: an exchange
 * @error: (nullable): what the access log should say
 *
 * The client is gone, or broke the rules in mid-body. Nothing of the transport is called any
 * more.
 *
 * Since: 1.0
 */
void
weir_exchange_disconnect (WeirExchange *self, const GError *error)
{
  g_return_if_fail (WEIR_IS_EXCHANGE (self));

  if (is_finished (self) || self->vtable == NULL)
    return;
  set_error (self, error);
  finish (self, WEIR_EXCHANGE_STATE_ABORTED);
}

/**
 * weir_exchange_sent: (skip)
 * @self: an exchange
 *
 * The whole response was handed to the kernel.
 *
 * Since: 1.0
 */
void
weir_exchange_sent (WeirExchange *self)
{
  g_return_if_fail (WEIR_IS_EXCHANGE (self));

  if (self->end_sent)
    finish (self, WEIR_EXCHANGE_STATE_DONE);
}

/* ---- for the pipeline and the dispatcher ---- */

void
weir_exchange_set_auth_policy (WeirExchange *self, WeirAuthPolicy policy)
{
  self->auth_policy = policy;
}

WeirAuthPolicy
weir_exchange_get_auth_policy (WeirExchange *self)
{
  return self->auth_policy;
}

void
weir_exchange_set_vary_origin (WeirExchange *self)
{
  self->vary_origin = TRUE;
}

WeirEngine *
weir_exchange_get_engine (WeirExchange *self)
{
  return self->engine;
}

const GError *
weir_exchange_get_error (WeirExchange *self)
{
  return self->error;
}

void
weir_exchange_set_finished (WeirExchange *self,
                            void (*finished) (WeirExchange *exchange, gpointer user_data),
                            gpointer user_data)
{
  self->finished = finished;
  self->finished_data = user_data;
}

void
weir_exchange_set_upgraded (WeirExchange *self,
                            void (*upgraded) (WeirExchange *exchange, gpointer user_data))
{
  self->upgraded = upgraded;
}

void
weir_exchange_set_hint (WeirExchange *self, const char *hint)
{
  g_free (self->hint);
  self->hint = g_strdup (hint);
}

void
weir_exchange_take (WeirExchange *self)
{
  self->taken = TRUE;
}

gboolean
weir_exchange_is_free (WeirExchange *self)
{
  return !self->taken && self->state == WEIR_EXCHANGE_STATE_OPEN;
}

void
weir_exchange_set_route (WeirExchange *self, gpointer route, GDestroyNotify destroy)
{
  if (self->route_destroy != NULL)
    self->route_destroy (self->route);
  self->route = route;
  self->route_destroy = destroy;
}

gpointer
weir_exchange_get_route (WeirExchange *self)
{
  return self->route;
}
