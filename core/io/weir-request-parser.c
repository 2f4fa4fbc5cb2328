/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "io/weir-request-parser-private.h"

#include <string.h>

#include "base/weir-text-private.h"

/**
 * WeirRequestParser: (skip)
 *
 * Reads the heads of HTTP/1 requests, one after the other. C only, any one thread.
 *
 * Since: 1.0
 */

/**
 * WeirRequestHead: (skip)
 *
 * What the head of a request means. C only.
 *
 * Since: 1.0
 */

/**
 * WeirRequestResult: (skip)
 * @WEIR_REQUEST_MORE: there must be more bytes
 * @WEIR_REQUEST_DONE: the head is complete
 * @WEIR_REQUEST_REFUSED: it must be answered with an error, and the connection closed
 *
 * How far a head got.
 *
 * Since: 1.0
 */

/**
 * WeirRequestFraming: (skip)
 * @WEIR_REQUEST_FRAMING_NONE: there is no body
 * @WEIR_REQUEST_FRAMING_LENGTH: a body of a known length, which is not zero
 * @WEIR_REQUEST_FRAMING_CHUNKED: a body in chunks
 *
 * How the end of a request's body is found.
 *
 * Since: 1.0
 */

enum
{
  START,
  START_LF,
  METHOD,
  TARGET,
  VERSION,
  LINE_LF,
  FIELD,
  NAME,
  SPACE,
  VALUE,
  END_LF,
};

#define MAX_METHOD 64
#define MAX_NAME 1024
#define FIRST_FIELDS 16

static guint32
skip (const char *data, guint32 position, guint32 end, guint8 text_class)
{
  return position + (guint32) weir_text_skip (data + position, end - position, text_class);
}

/**
 * weir_request_parser_new: (skip)
 * @max_size: bytes that a head may have
 * @max_fields: fields that it may have
 *
 * Returns: (transfer full): a parser, ready for a head
 *
 * Since: 1.0
 */
WeirRequestParser *
weir_request_parser_new (guint max_size, guint max_fields)
{
  WeirRequestParser *self = g_new0 (WeirRequestParser, 1);

  self->max_size = max_size;
  self->max_fields = max_fields;
  return self;
}

/**
 * weir_request_parser_free: (skip)
 * @self: (transfer full): a parser
 *
 * Since: 1.0
 */
void
weir_request_parser_free (WeirRequestParser *self)
{
  g_free (self->fields);
  g_free (self);
}

/**
 * weir_request_parser_reset: (skip)
 * @self: a parser
 *
 * Makes it ready for the next head, with the same limits.
 *
 * Since: 1.0
 */
void
weir_request_parser_reset (WeirRequestParser *self)
{
  self->state = START;
  self->position = 0;
  self->n_fields = 0;
  self->head = (WeirRequestHead){ 0 };
}

WeirRequestResult
weir_request_parser_refuse (WeirRequestParser *self, guint status, const char *reason)
{
  self->head.status = status;
  self->head.reason = reason;
  return WEIR_REQUEST_REFUSED;
}

static WeirRequestResult
refuse_size (WeirRequestParser *self)
{
  if (self->state <= TARGET)
    return weir_request_parser_refuse (self, 414, "The request's target is too long");
  return weir_request_parser_refuse (self, 431, "The request's head is too large");
}

static WeirRequestSpan *
last_field (WeirRequestParser *self)
{
  return &self->fields[self->n_fields - 1];
}

static void
begin_field (WeirRequestParser *self)
{
  if (self->n_fields == self->n_allocated)
    {
      self->n_allocated = self->n_allocated == 0 ? FIRST_FIELDS : self->n_allocated * 2;
      self->fields = g_renew (WeirRequestSpan, self->fields, self->n_allocated);
    }
  self->fields[self->n_fields++].name = self->position;
}

/* ---- the states: each takes as many bytes as it can, and at least one ---- */

static WeirRequestResult
take_start (WeirRequestParser *self, const char *data, guint32 end)
{
  char c = data[self->position];

  /* One empty line before a request is forgiven: old clients send one after a body. */
  if (c == '\r')
    {
      self->state = START_LF;
      self->position++;
      return WEIR_REQUEST_MORE;
    }
  if (!weir_text_is (c, WEIR_TEXT_TOKEN))
    return weir_request_parser_refuse (self, 400, "The request does not begin with a method");
  self->state = METHOD;
  self->method = self->position;
  return WEIR_REQUEST_MORE;
}

static WeirRequestResult
take_start_lf (WeirRequestParser *self, const char *data, guint32 end)
{
  if (data[self->position] != '\n')
    return weir_request_parser_refuse (self, 400, "A carriage return stands alone");
  self->state = METHOD;
  self->method = ++self->position;
  return WEIR_REQUEST_MORE;
}

static WeirRequestResult
take_method (WeirRequestParser *self, const char *data, guint32 end)
{
  self->position = skip (data, self->position, end, WEIR_TEXT_TOKEN);
  self->method_length = self->position - self->method;
  if (self->method_length > MAX_METHOD)
    return weir_request_parser_refuse (self, 400, "The method is not a valid token");
  if (self->position == end)
    return WEIR_REQUEST_MORE;
  if (data[self->position] != ' ' || self->method_length == 0)
    return weir_request_parser_refuse (self, 400, "The method is not a valid token");
  self->state = TARGET;
  self->target = ++self->position;
  return WEIR_REQUEST_MORE;
}

static WeirRequestResult
take_target (WeirRequestParser *self, const char *data, guint32 end)
{
  self->position = skip (data, self->position, end, WEIR_TEXT_TARGET);
  if (self->position == end)
    return WEIR_REQUEST_MORE;
  self->target_length = self->position - self->target;
  if (data[self->position] != ' ' || self->target_length == 0)
    return weir_request_parser_refuse (self,
                                       400,
                                       "The target contains a byte that must be percent-encoded");
  self->state = VERSION;
  self->version = ++self->position;
  return WEIR_REQUEST_MORE;
}

static WeirRequestResult
read_version (WeirRequestParser *self, const char *version)
{
  if (memcmp (version, "HTTP/", 5) != 0 || !g_ascii_isdigit (version[5]) || version[6] != '.' ||
      !g_ascii_isdigit (version[7]))
    return weir_request_parser_refuse (self, 400, "The request line has no valid version");
  if (version[5] != '1' || version[7] > '1')
    return weir_request_parser_refuse (self, 505, "Only HTTP/1.0 and HTTP/1.1 are spoken here");
  self->head.minor_version = version[7] - '0';
  return WEIR_REQUEST_MORE;
}

static WeirRequestResult
take_version (WeirRequestParser *self, const char *data, guint32 end)
{
  static const char pattern[] = "HTTP/0.0\r";

  for (; self->position < end; self->position++)
    {
      guint32 at = self->position - self->version;
      gboolean fits = pattern[at] == '0' ? g_ascii_isdigit (data[self->position])
                                         : data[self->position] == pattern[at];

      if (!fits)
        return weir_request_parser_refuse (self, 400, "The request line has no valid version");
      if (pattern[at] == '\r')
        {
          self->state = LINE_LF;
          self->position++;
          return read_version (self, data + self->version);
        }
    }
  return WEIR_REQUEST_MORE;
}

static WeirRequestResult
take_line_lf (WeirRequestParser *self, const char *data, guint32 end)
{
  if (data[self->position] != '\n')
    return weir_request_parser_refuse (self, 400, "A carriage return stands alone");
  self->position++;
  self->state = FIELD;
  return WEIR_REQUEST_MORE;
}

static WeirRequestResult
take_field (WeirRequestParser *self, const char *data, guint32 end)
{
  char c = data[self->position];

  if (c == '\r')
    {
      self->state = END_LF;
      self->position++;
      return WEIR_REQUEST_MORE;
    }
  if (c == ' ' || c == '\t')
    return weir_request_parser_refuse (self, 400, "A field is folded over several lines");
  if (!weir_text_is (c, WEIR_TEXT_TOKEN))
    return weir_request_parser_refuse (self, 400, "A field has no valid name");
  if (self->n_fields >= self->max_fields)
    return weir_request_parser_refuse (self, 431, "The request has too many fields");
  begin_field (self);
  self->state = NAME;
  return WEIR_REQUEST_MORE;
}

static WeirRequestResult
take_name (WeirRequestParser *self, const char *data, guint32 end)
{
  WeirRequestSpan *field = last_field (self);
  guint32 length;

  self->position = skip (data, self->position, end, WEIR_TEXT_TOKEN);
  length = self->position - field->name;
  if (length > MAX_NAME)
    return weir_request_parser_refuse (self, 431, "A field's name is too long");
  if (self->position == end)
    return WEIR_REQUEST_MORE;
  if (data[self->position] != ':')
    return weir_request_parser_refuse (self, 400, "A field has no valid name");
  field->name_length = (guint16) length;
  field->id = weir_field_id_lookup (data + field->name, length);
  self->state = SPACE;
  self->position++;
  return WEIR_REQUEST_MORE;
}

static WeirRequestResult
take_space (WeirRequestParser *self, const char *data, guint32 end)
{
  while (self->position < end && (data[self->position] == ' ' || data[self->position] == '\t'))
    self->position++;
  if (self->position == end)
    return WEIR_REQUEST_MORE;
  last_field (self)->value = self->position;
  self->state = VALUE;
  return WEIR_REQUEST_MORE;
}

static WeirRequestResult
take_value (WeirRequestParser *self, const char *data, guint32 end)
{
  WeirRequestSpan *field;
  guint32 value_end;

  self->position += (guint32) weir_text_skip_value (data + self->position, end - self->position);
  if (self->position == end)
    return WEIR_REQUEST_MORE;
  if (data[self->position] != '\r')
    return weir_request_parser_refuse (self, 400, "A field's value contains a control character");

  field = last_field (self);
  value_end = self->position++;
  while (value_end > field->value && (data[value_end - 1] == ' ' || data[value_end - 1] == '\t'))
    value_end--;
  field->value_length = value_end - field->value;
  self->state = LINE_LF;
  return WEIR_REQUEST_MORE;
}

static WeirRequestResult
take_end_lf (WeirRequestParser *self, const char *data, guint32 end)
{
  if (data[self->position] != '\n')
    return weir_request_parser_refuse (self, 400, "A carriage return stands alone");
  self->position++;
  return WEIR_REQUEST_DONE;
}

typedef WeirRequestResult (*Take) (WeirRequestParser *self, const char *data, guint32 end);

static const Take takes[] = {
  [START] = take_start,   [START_LF] = take_start_lf, [METHOD] = take_method,
  [TARGET] = take_target, [VERSION] = take_version,   [LINE_LF] = take_line_lf,
  [FIELD] = take_field,   [NAME] = take_name,         [SPACE] = take_space,
  [VALUE] = take_value,   [END_LF] = take_end_lf,
};

/**
 * weir_request_parser_feed: (skip)
 * @self: a parser
 * @data: (array length=length): everything from the first byte of the head on, also what was
 *   there at the last call; it may have moved
 * @length: bytes in @data
 *
 * Goes on reading where it stopped. Once it is done, and only then, some bytes of the head are
 * overwritten: strings get a NUL.
 *
 * Returns: how far it got
 *
 * Since: 1.0
 */
WeirRequestResult
weir_request_parser_feed (WeirRequestParser *self, char *data, gsize length)
{
  guint32 end = (guint32) MIN (length, self->max_size);

  if (self->head.status != 0)
    return WEIR_REQUEST_REFUSED;

  while (self->position < end)
    {
      WeirRequestResult result = takes[self->state](self, data, end);

      if (result == WEIR_REQUEST_REFUSED)
        return result;
      if (result == WEIR_REQUEST_DONE)
        {
          self->data = data;
          return weir_request_parser_read (self);
        }
    }

  return length >= self->max_size ? refuse_size (self) : WEIR_REQUEST_MORE;
}

/**
 * weir_request_parser_get_head: (skip)
 * @self: a parser that is done, or has refused
 *
 * Returns: (transfer none): what the head means, until the next call
 *
 * Since: 1.0
 */
const WeirRequestHead *
weir_request_parser_get_head (WeirRequestParser *self)
{
  return &self->head;
}
