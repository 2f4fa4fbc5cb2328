/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-response-parser-private.h"

#include <string.h>

typedef enum
{
  STATE_HEAD,
  STATE_BODY_LENGTH,
  STATE_BODY_CHUNKED,
  STATE_BODY_CLOSE,
  STATE_END,
  STATE_UPGRADED,
  STATE_BAD,
} State;

void
weir_response_parser_init (WeirResponseParser *self)
{
  *self = (WeirResponseParser){ .head = weir_head_new () };
}

void
weir_response_parser_clear (WeirResponseParser *self)
{
  g_clear_pointer (&self->head, weir_head_unref);
  weir_buffer_clear (&self->partial);
}

static void
expect_head (WeirResponseParser *self)
{
  weir_head_reset (self->head);
  self->state = STATE_HEAD;
  self->scanned = 0;
}

void
weir_response_parser_start (WeirResponseParser *self,
                            gboolean of_head_request,
                            gboolean may_upgrade)
{
  weir_buffer_truncate (&self->partial, 0);
  expect_head (self);
  self->partial_used = 0;
  self->of_head_request = of_head_request;
  self->may_upgrade = may_upgrade;
  self->started = FALSE;
  self->reusable = FALSE;
  self->problem = NULL;
}

static WeirResponseEvent
bad (WeirResponseParser *self, const char *problem)
{
  self->state = STATE_BAD;
  self->problem = problem;
  return WEIR_RESPONSE_BAD;
}

/* Where the head ends behind the empty line; 0 when that has not come. */
static gsize
find_end (const guint8 *data, gsize length, gsize from)
{
  const guint8 *end = data + length;
  const guint8 *at = data + from;

  /* Carriage returns are few, and faster to find than any longer text. */
  while (at + 4 <= end && (at = memchr (at, '\r', (gsize) (end - at) - 3)) != NULL)
    {
      if (memcmp (at, "\r\n\r\n", 4) == 0)
        return (gsize) (at - data) + 4;
      at++;
    }
  return 0;
}

/* Gives the text of a whole head and consumes it, or keeps what there is of one. */
static WeirResponseEvent
take_head (WeirResponseParser *self,
           const guint8 **data,
           gsize *length,
           const char **text,
           gsize *text_length)
{
  gsize end;
  gsize room = WEIR_RESPONSE_HEAD_LIMIT - self->partial.length;
  gsize taken = MIN (*length, room);

  if (self->partial.length == 0)
    {
      end = find_end (*data, taken, 0);
      if (end > 0)
        {
          *text = (const char *) *data;
          *text_length = end;
          *data += end;
          *length -= end;
          return WEIR_RESPONSE_HEAD;
        }
    }

  weir_buffer_append (&self->partial, *data, taken);
  end = find_end (weir_buffer_peek (&self->partial), self->partial.length, self->scanned);
  if (end == 0)
    {
      self->scanned = self->partial.length > 3 ? self->partial.length - 3 : 0;
      *data += taken;
      *length -= taken;
      return self->partial.length < WEIR_RESPONSE_HEAD_LIMIT ? WEIR_RESPONSE_MORE
                                                             : WEIR_RESPONSE_BAD;
    }
  taken -= self->partial.length - end;
  weir_buffer_truncate (&self->partial, end);
  self->partial_used = end;
  *data += taken;
  *length -= taken;
  *text = (const char *) weir_buffer_peek (&self->partial);
  *text_length = end;
  return WEIR_RESPONSE_HEAD;
}

static gboolean
parse_length (const WeirField *field, guint64 *value)
{
  if (field->value_length == 0 || field->value_length > 18)
    return FALSE;
  *value = 0;
  for (guint i = 0; i < field->value_length; i++)
    {
      if (!g_ascii_isdigit (field->value[i]))
        return FALSE;
      *value = *value * 10 + (guint64) (field->value[i] - '0');
    }
  return TRUE;
}

typedef struct
{
  const WeirField *length;
  const WeirField *coding;
  gboolean twice;
  gboolean close;
  gboolean odd; /* more about the connection than anybody has to say */
} Framing;

static Framing
find_framing (WeirHead *head)
{
  Framing framing = { 0 };
  guint n_connections = 0;
  guint n_fields;
  const WeirField *fields = weir_head_get_fields (head, &n_fields);

  for (guint i = 0; i < n_fields; i++)
    {
      const WeirField *field = &fields[i];

      if (field->id == WEIR_FIELD_CONTENT_LENGTH)
        {
          framing.twice = framing.twice || framing.length != NULL;
          framing.length = field;
        }
      else if (field->id == WEIR_FIELD_TRANSFER_ENCODING)
        {
          framing.twice = framing.twice || framing.coding != NULL;
          framing.coding = field;
        }
      else if (field->id == WEIR_FIELD_CONNECTION)
        {
          framing.odd = n_connections++ == 8 || field->value_length > 1024;
          framing.close = framing.close || weir_response_has_token (field, "close");
        }
      if (framing.odd)
        break;
    }
  return framing;
}

static const char *
set_body (WeirResponseParser *self, guint minor_version)
{
  Framing framing = find_framing (self->head);
  guint status = weir_head_get_status (self->head);
  guint64 length = 0;

  if (framing.twice || (framing.length != NULL && framing.coding != NULL))
    return "it says more than once how long its body is";
  if (framing.odd)
    return "its connection field is too long";
  if (framing.coding != NULL && (minor_version == 0 || framing.coding->value_length != 7 ||
                                 g_ascii_strncasecmp (framing.coding->value, "chunked", 7) != 0))
    return "its body has a transfer coding that is not known";
  if (framing.length != NULL && !parse_length (framing.length, &length))
    return "its content-length is not a number";

  self->reusable = minor_version == 1 && !framing.close;
  self->left = length;
  self->body_length = (gint64) length;
  if (self->of_head_request && status != 204)
    {
      /* What a GET would have got: the client is told, and gets none of it. */
      self->body_length = framing.length != NULL ? (gint64) length : -1;
      self->state = STATE_END;
    }
  else if (status == 204 || status == 304)
    {
      self->body_length = 0;
      self->state = STATE_END;
    }
  else if (framing.coding != NULL)
    {
      self->body_length = -1;
      self->state = STATE_BODY_CHUNKED;
      weir_chunk_decoder_init (&self->chunks);
    }
  else if (framing.length != NULL)
    self->state = length > 0 ? STATE_BODY_LENGTH : STATE_END;
  else
    {
      self->body_length = -1;
      self->reusable = FALSE;
      self->state = STATE_BODY_CLOSE;
    }
  return NULL;
}

/* MORE: it was an interim answer, the next head may be there already. */
static WeirResponseEvent
read_head (WeirResponseParser *self, const char *text, gsize length)
{
  guint minor_version = 1;
  guint status;
  const char *problem = weir_response_head_parse (self->head, text, length, &minor_version);

  if (problem != NULL)
    return bad (self, problem);
  status = weir_head_get_status (self->head);
  if (status == 101)
    {
      if (!self->may_upgrade)
        return bad (self, "it changes the protocol without being asked");
      self->state = STATE_UPGRADED;
      weir_response_head_strip (self->head);
      return WEIR_RESPONSE_UPGRADE;
    }
  if (status < 200)
    {
      expect_head (self);
      return WEIR_RESPONSE_MORE;
    }
  problem = set_body (self, minor_version);
  if (problem != NULL)
    return bad (self, problem);
  weir_response_head_strip (self->head);
  return WEIR_RESPONSE_HEAD;
}

static WeirResponseEvent
next_head (WeirResponseParser *self, const guint8 **data, gsize *length)
{
  while (*length > 0)
    {
      const char *text = NULL;
      gsize text_length = 0;
      WeirResponseEvent event = take_head (self, data, length, &text, &text_length);

      if (event == WEIR_RESPONSE_BAD)
        return bad (self, "its head is too large");
      if (event == WEIR_RESPONSE_HEAD)
        event = read_head (self, text, text_length);
      if (event != WEIR_RESPONSE_MORE)
        return event;
      if (self->partial_used > 0)
        weir_buffer_truncate (&self->partial, self->partial_used = 0);
    }
  return WEIR_RESPONSE_MORE;
}

static WeirResponseEvent
next_chunk (WeirResponseParser *self,
            const guint8 **data,
            gsize *length,
            const guint8 **piece,
            gsize *piece_length)
{
  switch (weir_chunk_decoder_next (&self->chunks, data, length, piece, piece_length))
    {
    case WEIR_CHUNK_MORE:
      return WEIR_RESPONSE_MORE;
    case WEIR_CHUNK_DATA:
      return WEIR_RESPONSE_BODY;
    case WEIR_CHUNK_END:
      self->state = STATE_END;
      return WEIR_RESPONSE_END;
    case WEIR_CHUNK_BAD:
      break;
    }
  return bad (self, "its chunks are malformed");
}

static WeirResponseEvent
next_piece (const guint8 **data,
            gsize *length,
            guint64 most,
            const guint8 **piece,
            gsize *piece_length)
{
  if (*length == 0)
    return WEIR_RESPONSE_MORE;
  *piece = *data;
  *piece_length = MIN (*length, most);
  *data += *piece_length;
  *length -= *piece_length;
  return WEIR_RESPONSE_BODY;
}

WeirResponseEvent
weir_response_parser_next (WeirResponseParser *self,
                           const guint8 **data,
                           gsize *length,
                           const guint8 **piece,
                           gsize *piece_length)
{
  WeirResponseEvent event;

  /* The head that was given last has been used by now. */
  if (self->partial_used > 0)
    weir_buffer_truncate (&self->partial, self->partial_used = 0);
  if (*length > 0)
    self->started = TRUE;

  switch ((State) self->state)
    {
    case STATE_HEAD:
      return next_head (self, data, length);
    case STATE_BODY_LENGTH:
      event = next_piece (data, length, self->left, piece, piece_length);
      if (event == WEIR_RESPONSE_BODY)
        self->left -= *piece_length;
      if (self->left == 0)
        self->state = STATE_END;
      return event;
    case STATE_BODY_CHUNKED:
      return next_chunk (self, data, length, piece, piece_length);
    case STATE_BODY_CLOSE:
      return next_piece (data, length, G_MAXUINT64, piece, piece_length);
    case STATE_END:
      return WEIR_RESPONSE_END;
    case STATE_UPGRADED:
    case STATE_BAD:
      break;
    }
  return bad (self, "there is more after its end");
}

WeirResponseEvent
weir_response_parser_finish (WeirResponseParser *self)
{
  if (self->state == STATE_BODY_CLOSE || self->state == STATE_END)
    {
      self->state = STATE_END;
      return WEIR_RESPONSE_END;
    }
  return bad (self,
              self->started ? "the connection closed in the middle of it"
                            : "the connection closed before it");
}
