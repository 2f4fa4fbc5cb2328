/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The answer that a stage prepares. */

#include <string.h>
#include "base/weir-head-private.h"
#include "http/weir-exchange-struct-private.h"

void
weir_exchange_clear_response (WeirExchange *self)
{
  g_clear_pointer (&self->response_type, g_free);
  g_clear_pointer (&self->response_body, g_bytes_unref);
  g_clear_pointer (&self->hint, g_free);
  g_clear_error (&self->error);
  self->prepared = FALSE;
}

/**
 * weir_exchange_set_response:
 * @self: an exchange
 * @status: the status to answer with, 200 to 599
 * @content_type: (nullable): what @body is
 * @body: (nullable): the whole body
 *
 * Prepares the answer. A stage that did so ends with %WEIR_STAGE_RESPOND, or %TRUE in its
 * task; the last answer prepared wins.
 *
 * Since: 1.0
 */
void
weir_exchange_set_response (WeirExchange *self,
                            guint status,
                            const char *content_type,
                            GBytes *body)
{
  g_return_if_fail (WEIR_IS_EXCHANGE (self));
  g_return_if_fail (status >= 200 && status <= 599);

  if (!weir_exchange_begin_change (self))
    return;
  weir_exchange_clear_response (self);
  self->response_status = status;
  self->response_type = g_strdup (content_type);
  self->response_body = body != NULL ? g_bytes_ref (body) : NULL;
  self->prepared = TRUE;
  weir_exchange_end_change (self);
}

/**
 * weir_exchange_set_response_text:
 * @self: an exchange
 * @status: the status to answer with, 200 to 599
 * @content_type: (nullable): what @text is
 * @text: the whole body
 *
 * Prepares an answer, as [method@Weir.Exchange.set_response] does.
 *
 * Since: 1.0
 */
void
weir_exchange_set_response_text (WeirExchange *self,
                                 guint status,
                                 const char *content_type,
                                 const char *text)
{
  g_autoptr (GBytes) body = NULL;

  g_return_if_fail (text != NULL);

  body = g_bytes_new (text, strlen (text));
  weir_exchange_set_response (self, status, content_type, body);
}

/**
 * weir_exchange_set_response_error:
 * @self: an exchange
 * @error: what went wrong
 *
 * Prepares an error as the answer, in the words of the exchange's dialect.
 *
 * Since: 1.0
 */
void
weir_exchange_set_response_error (WeirExchange *self, const GError *error)
{
  g_autoptr (GError) copy = NULL;

  g_return_if_fail (WEIR_IS_EXCHANGE (self));
  g_return_if_fail (error != NULL);

  copy = g_error_copy (error);
  if (!weir_exchange_begin_change (self))
    return;
  weir_exchange_clear_response (self);
  self->error = g_steal_pointer (&copy);
  self->prepared = TRUE;
  weir_exchange_end_change (self);
}

static WeirHead *
get_headers (WeirExchange *self)
{
  if (self->headers == NULL)
    self->headers = weir_head_new ();
  return self->headers;
}

void
weir_exchange_copy_response_field (WeirExchange *self, const char *name, const WeirField *field)
{
  if (!weir_exchange_begin_change (self))
    return;
  weir_head_put (get_headers (self), name, strlen (name), field->value, field->value_length);
  weir_exchange_end_change (self);
}

void
weir_exchange_set_retry_after (WeirExchange *self, guint seconds)
{
  if (!weir_exchange_begin_change (self))
    return;
  self->retry_after = seconds;
  weir_exchange_end_change (self);
}

/**
 * weir_exchange_set_response_header:
 * @self: an exchange
 * @name: the field's name
 * @value: its value
 *
 * A field for whatever response goes out: it replaces those of the same name, the function's
 * included.
 *
 * Since: 1.0
 */
void
weir_exchange_set_response_header (WeirExchange *self, const char *name, const char *value)
{
  g_return_if_fail (WEIR_IS_EXCHANGE (self));
  g_return_if_fail (name != NULL && value != NULL);

  if (!weir_exchange_begin_change (self))
    return;
  weir_head_set (get_headers (self), name, value);
  weir_exchange_end_change (self);
}
