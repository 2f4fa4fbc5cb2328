/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-request-record-private.h"

#include <string.h>

/**
 * WeirRequestRecord:
 *
 * What is left of an exchange when it is over, for a line of a log. Immutable, and thus
 * safe in every thread.
 *
 * Since: 1.0
 */

/* Enough for dozens, so that hardly one of them needs memory of its own; a record that somebody
 * keeps keeps its neighbours. */
#define BLOCK_SIZE 16384
#define ALIGNMENT 8

/* What is referred to is the block, never a record by itself. */
struct _WeirRequestBlock
{
  gsize used;
  gsize size;
  char data[];
};

struct _WeirRequestRecord
{
  WeirRequestBlock *block;
  const char *method; /* in the text at the end, as the others */
  const char *target;
  const char *function;
  const char *request_id;
  const char *client;
  const char *subject;
  const char *error;
  const char *authenticator; /* interned */
  guint status;
  gboolean aborted;
  gint64 duration;
  guint64 bytes_received;
  guint64 bytes_sent;
  char text[];
};

G_DEFINE_BOXED_TYPE (WeirRequestRecord,
                     weir_request_record,
                     weir_request_record_ref,
                     weir_request_record_unref)

static gsize
measure (const char *text)
{
  return text != NULL ? strlen (text) + 1 : 0;
}

static const char *
put (char **end, const char *text)
{
  const char *start = *end;

  if (text == NULL)
    return NULL;
  *end = g_stpcpy (*end, text) + 1;
  return start;
}

static WeirRequestBlock *
block_new (gsize size)
{
  WeirRequestBlock *self = g_atomic_rc_box_alloc (sizeof (WeirRequestBlock) + size);

  self->used = 0;
  self->size = size;
  return self;
}

void
weir_request_block_unref (WeirRequestBlock *self)
{
  g_atomic_rc_box_release (self);
}

static WeirRequestRecord *
allocate (WeirRequestBlock **block, gsize length)
{
  gsize size = (sizeof (WeirRequestRecord) + length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  WeirRequestRecord *record;

  if (*block != NULL && (*block)->size - (*block)->used < size)
    g_clear_pointer (block, weir_request_block_unref);
  if (*block == NULL)
    *block = block_new (MAX (size, BLOCK_SIZE));
  record = (WeirRequestRecord *) ((*block)->data + (*block)->used);
  record->block = g_atomic_rc_box_acquire (*block);
  (*block)->used += size;
  return record;
}

WeirRequestRecord *
weir_request_record_new (WeirExchange *exchange, WeirRequestBlock **block)
{
  WeirFunction *called = weir_exchange_get_function (exchange);
  WeirIdentity *identity = weir_exchange_get_identity (exchange);
  const GError *failure = weir_exchange_get_error (exchange);
  const char *method = weir_head_get_method (weir_exchange_get_request (exchange));
  const char *target = weir_exchange_get_path (exchange);
  const char *function = called != NULL ? weir_function_get_name (called) : NULL;
  const char *request_id = weir_exchange_get_request_id (exchange);
  const char *client = weir_exchange_get_client_text (exchange);
  const char *subject = identity != NULL ? weir_identity_get_subject (identity) : NULL;
  const char *error = failure != NULL ? failure->message : NULL;
  gsize length = measure (method) + measure (target) + measure (function) + measure (request_id) +
                 measure (client) + measure (subject) + measure (error);
  WeirRequestRecord *self = allocate (block, length);
  char *end = self->text;

  self->method = put (&end, method);
  self->target = put (&end, target);
  self->function = put (&end, function);
  self->request_id = put (&end, request_id);
  self->client = put (&end, client);
  self->subject = put (&end, subject);
  self->error = put (&end, error);
  self->authenticator = identity != NULL ? weir_identity_get_authenticator (identity) : NULL;
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
  g_atomic_rc_box_acquire (self->block);
  return self;
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
  weir_request_block_unref (self->block);
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
 * weir_request_record_get_authenticator:
 * @self: a record
 *
 * Returns: (nullable): what configuration calls the authenticator that found out who called;
 *   %NULL when nobody did
 *
 * Since: 1.0
 */
const char *
weir_request_record_get_authenticator (WeirRequestRecord *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->authenticator;
}

/**
 * weir_request_record_get_subject:
 * @self: a record
 *
 * Returns: (nullable): who called, as the authenticator says: a user, or the id of an API key,
 *   never the key
 *
 * Since: 1.0
 */
const char *
weir_request_record_get_subject (WeirRequestRecord *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->subject;
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
