/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-request-record-private.h"

/**
 * WeirRequestRecord:
 *
 * What is left of an exchange when it is over, for a line of a log. Immutable, and thus
 * safe in every thread.
 *
 * Since: 1.0
 */

struct _WeirRequestRecord
{
  char *method;
  char *target;
  char *function;
  char *request_id;
  char *client;
  char *error;
  guint status;
  gboolean aborted;
  gint64 duration;
  guint64 bytes_received;
  guint64 bytes_sent;
};

G_DEFINE_BOXED_TYPE (WeirRequestRecord,
                     weir_request_record,
                     weir_request_record_ref,
                     weir_request_record_unref)

WeirRequestRecord *
weir_request_record_new (WeirExchange *exchange)
{
  WeirRequestRecord *self = g_atomic_rc_box_new0 (WeirRequestRecord);
  WeirFunction *function = weir_exchange_get_function (exchange);
  GInetAddress *client = weir_exchange_get_client (exchange);
  const GError *error = weir_exchange_get_error (exchange);

  self->method = g_strdup (weir_head_get_method (weir_exchange_get_request (exchange)));
  self->target = g_strdup (weir_exchange_get_path (exchange));
  self->function = function != NULL ? g_strdup (weir_function_get_name (function)) : NULL;
  self->request_id = g_strdup (weir_exchange_get_request_id (exchange));
  self->client = client != NULL ? g_inet_address_to_string (client) : NULL;
  self->error = error != NULL ? g_strdup (error->message) : NULL;
  self->status = weir_exchange_get_status (exchange);
  self->aborted = weir_exchange_get_state (exchange) == WEIR_EXCHANGE_STATE_ABORTED;
  self->duration = g_get_monotonic_time () - weir_exchange_get_started (exchange);
  self->bytes_received = weir_exchange_get_bytes_received (exchange);
  self->bytes_sent = weir_exchange_get_bytes_sent (exchange);

  return self;
}

/**
 * weir_request_record_ref:
 * @self: a record
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
WeirRequestRecord *
weir_request_record_ref (WeirRequestRecord *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
weir_request_record_clear (gpointer data)
{
  WeirRequestRecord *self = data;

  g_free (self->method);
  g_free (self->target);
  g_free (self->function);
  g_free (self->request_id);
  g_free (self->client);
  g_free (self->error);
}

/**
 * weir_request_record_unref:
 * @self: (transfer full): a record
 *
 * Since: 1.0
 */
void
weir_request_record_unref (WeirRequestRecord *self)
{
  g_atomic_rc_box_release_full (self, weir_request_record_clear);
}

/**
 * weir_request_record_get_method:
 * @self: a record
 *
 * Returns: the method, `GET`
 *
 * Since: 1.0
 */
const char *
weir_request_record_get_method (WeirRequestRecord *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->method;
}

/**
 * weir_request_record_get_target:
 * @self: a record
 *
 * Returns: the path that the client asked for, without the query, which may hold secrets
 *
 * Since: 1.0
 */
const char *
weir_request_record_get_target (WeirRequestRecord *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->target;
}

/**
 * weir_request_record_get_function:
 * @self: a record
 *
 * Returns: (nullable): the name of the function that was called, if there was one
 *
 * Since: 1.0
 */
const char *
weir_request_record_get_function (WeirRequestRecord *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->function;
}

/**
 * weir_request_record_get_client:
 * @self: a record
 *
 * Returns: (nullable): the address of who called; of a proxy only if it is not trusted
 *
 * Since: 1.0
 */
const char *
weir_request_record_get_client (WeirRequestRecord *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->client;
}

/**
 * weir_request_record_get_request_id:
 * @self: a record
 *
 * Returns: (nullable): the id that the client saw in `x-request-id`
 *
 * Since: 1.0
 */
const char *
weir_request_record_get_request_id (WeirRequestRecord *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->request_id;
}

/**
 * weir_request_record_get_status:
 * @self: a record
 *
 * Returns: the status of the response, 0 when none was sent
 *
 * Since: 1.0
 */
guint
weir_request_record_get_status (WeirRequestRecord *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->status;
}

/**
 * weir_request_record_get_duration:
 * @self: a record
 *
 * Returns: microseconds from the end of the request's head to the end of the response
 *
 * Since: 1.0
 */
gint64
weir_request_record_get_duration (WeirRequestRecord *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->duration;
}

/**
 * weir_request_record_get_bytes_received:
 * @self: a record
 *
 * Returns: bytes of request body
 *
 * Since: 1.0
 */
guint64
weir_request_record_get_bytes_received (WeirRequestRecord *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->bytes_received;
}

/**
 * weir_request_record_get_bytes_sent:
 * @self: a record
 *
 * Returns: bytes of response body
 *
 * Since: 1.0
 */
guint64
weir_request_record_get_bytes_sent (WeirRequestRecord *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->bytes_sent;
}

/**
 * weir_request_record_get_aborted:
 * @self: a record
 *
 * Returns: whether the client went away, or the response broke off, before its end
 *
 * Since: 1.0
 */
gboolean
weir_request_record_get_aborted (WeirRequestRecord *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->aborted;
}

/**
 * weir_request_record_get_error:
 * @self: a record
 *
 * Returns: (nullable): what went wrong, for a person
 *
 * Since: 1.0
 */
const char *
weir_request_record_get_error (WeirRequestRecord *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->error;
}
