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

/* What a block has before the first record gives to it away is more than there can ever be. */
#define UNGIVEN (1 << 30)
#define ALIGNMENT 8

/* What is referred to is the block, never a record by itself: who keeps one keeps its neighbours.
 */
struct _WeirRequestBlock
{
  gint references; /* atomic */
  _Alignas(ALIGNMENT) char data[];
};

struct _WeirRequestRecord
{
  guint32 position; /* in its block */
  guint32 size;
  guint32 texts[WEIR_REQUEST_TEXTS]; /* from here; 0: there is none */
  guint16 status;
  gboolean aborted;
  const char *authenticator; /* interned */
  gint64 ended;
  gint64 duration;
  guint64 bytes_received;
  guint64 bytes_sent;
  char text[];
};

G_DEFINE_BOXED_TYPE (WeirRequestRecord,
                     weir_request_record,
                     weir_request_record_ref,
                     weir_request_record_unref)

/* ---- blocks ---- */

WeirRequestBlock *
weir_request_block_new (gsize size)
{
  WeirRequestBlock *self = g_malloc (sizeof (WeirRequestBlock) + size);

  self->references = UNGIVEN;
  return self;
}

static void
block_drop (WeirRequestBlock *self, gint references)
{
  if (g_atomic_int_add (&self->references, -references) == references)
    g_free (self);
}

void
weir_request_block_retire (WeirRequestBlock *self, guint given)
{
  block_drop (self, UNGIVEN - given);
}

void
weir_request_block_append_to (WeirRequestBlock *self, gsize position, guint n, GPtrArray *records)
{
  for (guint i = 0; i < n; i++)
    {
      WeirRequestRecord *record = (WeirRequestRecord *) (self->data + position);

      g_ptr_array_add (records, record);
      position += record->size;
    }
}

static WeirRequestBlock *
get_block (WeirRequestRecord *self)
{
  return (WeirRequestBlock *) ((char *) self - self->position -
                               G_STRUCT_OFFSET (WeirRequestBlock, data));
}

/* ---- what is written down ---- */

void
weir_request_draft_init (WeirRequestDraft *self, WeirExchange *exchange)
{
  WeirFunction *function = weir_exchange_get_function (exchange);
  WeirIdentity *identity = weir_exchange_get_identity (exchange);
  const GError *error = weir_exchange_get_error (exchange);
  gsize size = sizeof (WeirRequestRecord);

  self->texts[WEIR_REQUEST_METHOD] = weir_head_get_method (weir_exchange_get_request (exchange));
  self->texts[WEIR_REQUEST_TARGET] = weir_exchange_get_path (exchange);
  self->texts[WEIR_REQUEST_FUNCTION] = function != NULL ? weir_function_get_name (function) : NULL;
  self->texts[WEIR_REQUEST_ID] = weir_exchange_get_request_id (exchange);
  self->texts[WEIR_REQUEST_CLIENT] = weir_exchange_get_client_text (exchange);
  self->texts[WEIR_REQUEST_SUBJECT] =
      identity != NULL ? weir_identity_get_subject (identity) : NULL;
  self->texts[WEIR_REQUEST_ERROR] = error != NULL ? error->message : NULL;
  self->authenticator = identity != NULL ? weir_identity_get_authenticator (identity) : NULL;
  for (guint i = 0; i < WEIR_REQUEST_TEXTS; i++)
    {
      self->lengths[i] = self->texts[i] != NULL ? strlen (self->texts[i]) + 1 : 0;
      size += self->lengths[i];
    }
  self->size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

void
weir_request_block_write (WeirRequestBlock *self,
                          gsize position,
                          const WeirRequestDraft *draft,
                          WeirExchange *exchange,
                          gint64 real_time)
{
  WeirRequestRecord *record = (WeirRequestRecord *) (self->data + position);
  gint64 now = g_get_monotonic_time ();
  char *end = record->text;

  record->position = position;
  record->size = draft->size;
  for (guint i = 0; i < WEIR_REQUEST_TEXTS; i++)
    {
      record->texts[i] = draft->texts[i] != NULL ? end - (char *) record : 0;
      memcpy (end, draft->texts[i] != NULL ? draft->texts[i] : "", draft->lengths[i]);
      end += draft->lengths[i];
    }
  record->authenticator = draft->authenticator;
  record->status = weir_exchange_get_status (exchange);
  record->aborted = weir_exchange_get_state (exchange) == WEIR_EXCHANGE_STATE_ABORTED;
  record->ended = now + real_time;
  record->duration = now - weir_exchange_get_started (exchange);
  record->bytes_received = weir_exchange_get_bytes_received (exchange);
  record->bytes_sent = weir_exchange_get_bytes_sent (exchange);
}

/* ---- what others read ---- */

static const char *
get_text (WeirRequestRecord *self, WeirRequestText text)
{
  guint32 position = self->texts[text];

  return position != 0 ? (const char *) self + position : NULL;
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
  g_atomic_int_inc (&get_block (self)->references);
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
  block_drop (get_block (self), 1);
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

  return get_text (self, WEIR_REQUEST_METHOD);
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

  return get_text (self, WEIR_REQUEST_TARGET);
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

  return get_text (self, WEIR_REQUEST_FUNCTION);
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

  return get_text (self, WEIR_REQUEST_CLIENT);
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

  return get_text (self, WEIR_REQUEST_SUBJECT);
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

  return get_text (self, WEIR_REQUEST_ID);
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
 * weir_request_record_get_ended:
 * @self: a record
 *
 * Returns: when it was over, in microseconds since 1970, UTC
 *
 * Since: 1.0
 */
gint64
weir_request_record_get_ended (WeirRequestRecord *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->ended;
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

  return get_text (self, WEIR_REQUEST_ERROR);
}
