/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-soup-head-scanner.h"

#include <string.h>

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

/* tchar of RFC 9110 §5.6.2 */
static gboolean
is_token (guchar c)
{
  return g_ascii_isalnum (c) || (c != 0 && strchr ("!#$%&'*+-.^_`|~", c) != NULL);
}

static gboolean
is_value (guchar c)
{
  return c == '\t' || (c >= 0x20 && c != 0x7f);
}

void
weir_soup_head_scanner_init (WeirSoupHeadScanner *self, guint max_size, guint max_fields)
{
  *self = (WeirSoupHeadScanner){
    .max_size = max_size,
    .max_fields = max_fields,
    .fields = g_array_new (FALSE, FALSE, sizeof (WeirSoupSpan)),
  };
  weir_soup_head_scanner_reset (self);
}

void
weir_soup_head_scanner_clear (WeirSoupHeadScanner *self)
{
  g_clear_pointer (&self->fields, g_array_unref);
}

void
weir_soup_head_scanner_reset (WeirSoupHeadScanner *self)
{
  self->state = START;
  self->position = 0;
  self->status = 0;
  self->reason = NULL;
  g_array_set_size (self->fields, 0);
}

static WeirSoupScan
refuse (WeirSoupHeadScanner *self, guint status, const char *reason)
{
  self->status = status;
  self->reason = reason;
  return WEIR_SOUP_SCAN_REFUSED;
}

static WeirSoupScan
refuse_size (WeirSoupHeadScanner *self)
{
  if (self->state <= TARGET)
    return refuse (self, 414, "The request's target is too long");
  return refuse (self, 431, "The request's head is too large");
}

static WeirSoupSpan *
last_field (WeirSoupHeadScanner *self)
{
  return &g_array_index (self->fields, WeirSoupSpan, self->fields->len - 1);
}

static void
begin_field (WeirSoupHeadScanner *self)
{
  WeirSoupSpan span = { .name = self->position };

  g_array_append_val (self->fields, span);
}

static void
end_value (WeirSoupHeadScanner *self, const char *data)
{
  WeirSoupSpan *field = last_field (self);
  guint32 end = self->position;

  while (end > field->value && (data[end - 1] == ' ' || data[end - 1] == '\t'))
    end--;
  field->value_length = end - field->value;
}

static WeirSoupScan
end_version (WeirSoupHeadScanner *self, const char *data)
{
  const char *version = data + self->version;

  if (self->position - self->version != 8 || memcmp (version, "HTTP/", 5) != 0 ||
      !g_ascii_isdigit (version[5]) || version[6] != '.' || !g_ascii_isdigit (version[7]))
    return refuse (self, 400, "The request line has no valid version");
  if (version[5] != '1' || version[7] > '1')
    return refuse (self, 505, "Only HTTP/1.0 and HTTP/1.1 are spoken here");
  self->minor = version[7] - '0';
  return WEIR_SOUP_SCAN_MORE;
}

static WeirSoupScan
step_start (WeirSoupHeadScanner *self, guchar c)
{
  if (self->state == START_LF)
    {
      if (c != '\n')
        return refuse (self, 400, "A carriage return stands alone");
      self->state = METHOD;
      self->method = self->position + 1;
      return WEIR_SOUP_SCAN_MORE;
    }

  /* One empty line before a request is forgiven: old clients send one after a body. */
  if (c == '\r')
    {
      self->state = START_LF;
      return WEIR_SOUP_SCAN_MORE;
    }
  if (!is_token (c))
    return refuse (self, 400, "The request does not begin with a method");
  self->state = METHOD;
  self->method = self->position;
  return WEIR_SOUP_SCAN_MORE;
}

static WeirSoupScan
step_request_line (WeirSoupHeadScanner *self, const char *data, guchar c)
{
  switch (self->state)
    {
    case METHOD:
      self->method_length = self->position - self->method;
      if (c == ' ' && self->method_length > 0)
        {
          self->state = TARGET;
          self->target = self->position + 1;
        }
      else if (!is_token (c) || self->method_length >= MAX_METHOD)
        return refuse (self, 400, "The method is not a valid token");
      return WEIR_SOUP_SCAN_MORE;

    case TARGET:
      self->target_length = self->position - self->target;
      if (c == ' ' && self->target_length > 0)
        {
          self->state = VERSION;
          self->version = self->position + 1;
        }
      else if (c <= 0x20 || c >= 0x7f || c == '#')
        return refuse (self, 400, "The target contains a byte that must be percent-encoded");
      return WEIR_SOUP_SCAN_MORE;

    default:
      if (c == '\r')
        {
          self->state = LINE_LF;
          return end_version (self, data);
        }
      if (self->position - self->version >= 8)
        return refuse (self, 400, "The request line has no valid version");
      return WEIR_SOUP_SCAN_MORE;
    }
}

static WeirSoupScan
step_name (WeirSoupHeadScanner *self, guchar c)
{
  if (self->state == FIELD)
    {
      if (c == '\r')
        {
          self->state = END_LF;
          return WEIR_SOUP_SCAN_MORE;
        }
      if (c == ' ' || c == '\t')
        return refuse (self, 400, "A field is folded over several lines");
      if (!is_token (c))
        return refuse (self, 400, "A field has no valid name");
      if (self->fields->len >= self->max_fields)
        return refuse (self, 431, "The request has too many fields");
      begin_field (self);
      self->state = NAME;
      return WEIR_SOUP_SCAN_MORE;
    }

  if (c == ':')
    {
      WeirSoupSpan *field = last_field (self);

      field->name_length = self->position - field->name;
      field->value = self->position + 1;
      self->state = SPACE;
    }
  else if (!is_token (c))
    return refuse (self, 400, "A field has no valid name");
  return WEIR_SOUP_SCAN_MORE;
}

static WeirSoupScan
step_value (WeirSoupHeadScanner *self, const char *data, guchar c)
{
  if (self->state == SPACE)
    {
      if (c == ' ' || c == '\t')
        return WEIR_SOUP_SCAN_MORE;
      last_field (self)->value = self->position;
      self->state = VALUE;
    }

  if (c == '\r')
    {
      end_value (self, data);
      self->state = LINE_LF;
    }
  else if (!is_value (c))
    return refuse (self, 400, "A field's value contains a control character");
  return WEIR_SOUP_SCAN_MORE;
}

static WeirSoupScan
step (WeirSoupHeadScanner *self, const char *data, guchar c)
{
  switch (self->state)
    {
    case START:
    case START_LF:
      return step_start (self, c);
    case METHOD:
    case TARGET:
    case VERSION:
      return step_request_line (self, data, c);
    case FIELD:
    case NAME:
      return step_name (self, c);
    case SPACE:
    case VALUE:
      return step_value (self, data, c);
    default: /* LINE_LF, END_LF */
      if (c != '\n')
        return refuse (self, 400, "A carriage return stands alone");
      if (self->state == END_LF)
        return WEIR_SOUP_SCAN_DONE;
      self->state = FIELD;
      return WEIR_SOUP_SCAN_MORE;
    }
}

/* Most bytes of a head are the insides of values. */
static gsize
skip_value (const char *data, gsize position, gsize length)
{
  while (position < length && is_value ((guchar) data[position]))
    position++;
  return position;
}

WeirSoupScan
weir_soup_head_scanner_feed (WeirSoupHeadScanner *self, const char *data, gsize length)
{
  gsize end = MIN (length, self->max_size);

  if (self->status != 0)
    return WEIR_SOUP_SCAN_REFUSED;

  while (self->position < end)
    {
      WeirSoupScan scan;

      if (self->state == VALUE)
        self->position = skip_value (data, self->position, end);
      if (self->position == end)
        break;

      scan = step (self, data, (guchar) data[self->position]);
      if (scan == WEIR_SOUP_SCAN_REFUSED)
        return scan;
      self->position++;
      if (scan == WEIR_SOUP_SCAN_DONE)
        return scan;
    }

  return length >= self->max_size ? refuse_size (self) : WEIR_SOUP_SCAN_MORE;
}
