/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-request-body-private.h"

#define WINDOW ((guint64) WEIR_REQUEST_BODY_REPLAY_MAX)

void
weir_request_body_init (WeirRequestBody *self, gint64 length, gsize first_credit)
{
  self->length = length;
  self->granted = first_credit;
  self->ended = length == 0;
}

void
weir_request_body_clear (WeirRequestBody *self)
{
  g_clear_pointer (&self->kept, g_byte_array_unref);
}

static void
weir_request_body_drop (WeirRequestBody *self)
{
  g_clear_pointer (&self->kept, g_byte_array_unref);
  self->dropped = TRUE;
}

static void
weir_request_body_keep (WeirRequestBody *self, const guint8 *data, gsize length)
{
  if (self->kept == NULL)
    self->kept = g_byte_array_sized_new (MAX (length, 1024));
  g_byte_array_append (self->kept, data, length);
}

void
weir_request_body_push (WeirRequestBody *self, const guint8 *data, gsize length, gboolean taken)
{
  self->received += length;
  if (taken)
    {
      self->delivered += length;
      if (!self->dropped &&
          (self->received > WINDOW || self->length > WEIR_REQUEST_BODY_REPLAY_MAX))
        weir_request_body_drop (self);
    }

  /* Without a consumer and without its start a body is of no use to anyone. */
  if (!self->dropped)
    weir_request_body_keep (self, data, length);
}

gsize
weir_request_body_pull (WeirRequestBody *self, const guint8 **data)
{
  gsize length;

  if (self->dropped || self->delivered == self->received)
    return 0;

  *data = self->kept->data + self->delivered;
  length = self->received - self->delivered;
  self->delivered = self->received;
  return length;
}

gsize
weir_request_body_grant (WeirRequestBody *self, gsize wanted)
{
  guint64 due = self->granted - self->received;
  gsize bytes;

  if (self->ended || due >= WINDOW)
    return 0;
  if (self->length >= 0 && self->granted >= (guint64) self->length)
    return 0;

  bytes = MIN (wanted, WINDOW - due);
  self->granted += bytes;
  return bytes;
}

gboolean
weir_request_body_can_replay (WeirRequestBody *self)
{
  return !self->dropped && self->received <= WINDOW;
}

void
weir_request_body_rewind (WeirRequestBody *self)
{
  g_return_if_fail (!self->dropped);

  self->delivered = 0;
  self->end_delivered = FALSE;
}
