/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "io/weir-request-parser-private.h"
#include "base/weir-head-private.h"
#include "base/weir-text-private.h"

#include <arpa/inet.h>
#include <string.h>

/* What the fields of a head say about the connection and the body, and what of it could be
 * understood in two ways. */

#define MAX_LENGTH_DIGITS 18

#define BIT(id) (G_GUINT64_CONSTANT (1) << (id))

#define READ                                                                                       \
  (BIT (WEIR_FIELD_HOST) | BIT (WEIR_FIELD_CONTENT_LENGTH) | BIT (WEIR_FIELD_TRANSFER_ENCODING) |  \
   BIT (WEIR_FIELD_EXPECT) | BIT (WEIR_FIELD_CONNECTION) | BIT (WEIR_FIELD_UPGRADE))

/* For one connection only; Host among them, which make_head() puts in itself. */
#define HOP_BY_HOP                                                                                 \
  (BIT (WEIR_FIELD_CONNECTION) | BIT (WEIR_FIELD_CONTENT_LENGTH) | BIT (WEIR_FIELD_EXPECT) |       \
   BIT (WEIR_FIELD_KEEP_ALIVE) | BIT (WEIR_FIELD_PROXY_CONNECTION) | BIT (WEIR_FIELD_TE) |         \
   BIT (WEIR_FIELD_TRAILER) | BIT (WEIR_FIELD_TRANSFER_ENCODING) | BIT (WEIR_FIELD_UPGRADE))

typedef struct
{
  guint hosts;
  guint lengths;
  guint codings;
  gboolean close;
  gboolean keep_alive;
  gboolean upgrade;
} Seen;

static gboolean
refuse (WeirRequestParser *self, guint status, const char *reason)
{
  weir_request_parser_refuse (self, status, reason);
  return FALSE;
}

static gboolean
is_word (const char *text, gsize length, const char *word)
{
  return length == strlen (word) && g_ascii_strncasecmp (text, word, length) == 0;
}

/* Returns where the host ends, or NULL where it is none. */
static const char *
skip_literal (const char *host)
{
  char text[INET6_ADDRSTRLEN];
  struct in6_addr address;
  gsize length = strcspn (host, "]");

  if (host[length] != ']' || length > sizeof text)
    return NULL;
  memcpy (text, host + 1, length - 1);
  text[length - 1] = '\0';
  return inet_pton (AF_INET6, text, &address) == 1 ? host + length + 1 : NULL;
}

static const char *
skip_name (const char *host)
{
  const char *p = host;

  for (;;)
    {
      if (weir_text_is (*p, WEIR_TEXT_HOST))
        p++;
      else if (*p == '%' && g_ascii_isxdigit (p[1]) && g_ascii_isxdigit (p[2]))
        p += 3;
      else
        return p > host ? p : NULL;
    }
}

static gboolean
is_authority (const char *authority)
{
  const char *p = *authority == '[' ? skip_literal (authority) : skip_name (authority);

  if (p == NULL)
    return FALSE;
  if (*p == ':')
    {
      gsize digits = strspn (p + 1, "0123456789");

      if (digits > 5 || (digits == 5 && strncmp (p + 1, "65535", 5) > 0))
        return FALSE;
      p += 1 + digits;
    }
  return *p == '\0';
}

static gboolean
read_length (WeirRequestParser *self, const char *value, gsize length)
{
  guint64 number = 0;

  if (length == 0 || length > MAX_LENGTH_DIGITS)
    return refuse (self, 400, "Content-Length is not a number");
  for (gsize i = 0; i < length; i++)
    {
      if (!g_ascii_isdigit (value[i]))
        return refuse (self, 400, "Content-Length is not a number");
      number = number * 10 + (guint) (value[i] - '0');
    }
  self->head.body_length = number;
  self->head.framing = number > 0 ? WEIR_REQUEST_FRAMING_LENGTH : WEIR_REQUEST_FRAMING_NONE;
  return TRUE;
}

static gboolean
read_coding (WeirRequestParser *self, const char *value, gsize length)
{
  if (self->head.minor_version == 0)
    return refuse (self, 400, "HTTP/1.0 has no transfer codings");
  if (!is_word (value, length, "chunked"))
    return refuse (self, 501, "The only transfer coding spoken here is chunked");
  self->head.framing = WEIR_REQUEST_FRAMING_CHUNKED;
  return TRUE;
}

static void
read_connection (Seen *seen, const char *value, gsize length)
{
  const char *end = value + length;

  while (value < end)
    {
      const char *comma = memchr (value, ',', (gsize) (end - value));
      const char *next = comma != NULL ? comma + 1 : end;
      const char *last = comma != NULL ? comma : end;

      while (value < last && (*value == ' ' || *value == '\t'))
        value++;
      while (last > value && (last[-1] == ' ' || last[-1] == '\t'))
        last--;
      seen->close |= is_word (value, (gsize) (last - value), "close");
      seen->keep_alive |= is_word (value, (gsize) (last - value), "keep-alive");
      seen->upgrade |= is_word (value, (gsize) (last - value), "upgrade");
      value = next;
    }
}

static gboolean
read_field (WeirRequestParser *self, Seen *seen, const WeirRequestSpan *span)
{
  char *value = self->data + span->value;
  gsize length = span->value_length;

  switch ((guint) span->id) /* the others mean nothing here */
    {
    case WEIR_FIELD_HOST:
      if (seen->hosts++ > 0)
        return refuse (self, 400, "There is more than one Host");
      value[length] = '\0';
      self->head.authority = value;
      return TRUE;
    case WEIR_FIELD_CONTENT_LENGTH:
      if (seen->lengths++ > 0)
        return refuse (self, 400, "There is more than one Content-Length");
      return read_length (self, value, length);
    case WEIR_FIELD_TRANSFER_ENCODING:
      if (seen->codings++ > 0)
        return refuse (self, 400, "There is more than one Transfer-Encoding");
      return read_coding (self, value, length);
    case WEIR_FIELD_EXPECT:
      if (!is_word (value, length, "100-continue"))
        return refuse (self, 417, "The only expectation met here is 100-continue");
      self->head.expects_continue = self->head.minor_version > 0;
      return TRUE;
    case WEIR_FIELD_CONNECTION:
      read_connection (seen, value, length);
      return TRUE;
    case WEIR_FIELD_UPGRADE:
      value[length] = '\0';
      self->head.upgrade = value;
      return TRUE;
    default:
      return TRUE;
    }
}

/* "http://host:1/a" is asked for as "/a" of "host:1"; the Host field then counts for nothing
 * (RFC 9112 §3.2.2). */
static gboolean
read_target (WeirRequestParser *self)
{
  char *target = self->data + self->target;
  char *authority, *path;

  self->head.target = target;
  if (target[0] == '/')
    return TRUE;
  if (strcmp (target, "*") == 0)
    return strcmp (self->head.method, "OPTIONS") == 0 ||
           refuse (self, 400, "Only OPTIONS has the target *");
  if (g_ascii_strncasecmp (target, "http://", 7) != 0)
    return refuse (self, 400, "The target is neither a path nor an http URL");

  authority = target + 7;
  path = authority + strcspn (authority, "/?");
  /* Room for the NUL, and for the slash that an empty path lacks: two bytes of "http://". */
  memmove (authority - 2, authority, (gsize) (path - authority));
  authority -= 2;
  path[-2] = '\0';
  if (*path != '/')
    *--path = '/';
  self->head.authority = authority;
  self->head.target = path;
  return is_authority (authority) || refuse (self, 400, "The target's host is not valid");
}

static void
read_upgrade (WeirRequestParser *self, const Seen *seen)
{
  WeirRequestHead *head = &self->head;

  /* h2c is no protocol to be relayed to a worker; a client that offers it is content with
   * HTTP/1.1. Nor can a request with a body be followed by another protocol. */
  if (head->upgrade != NULL &&
      (!seen->upgrade || head->minor_version == 0 || head->framing != WEIR_REQUEST_FRAMING_NONE ||
       *head->upgrade == '\0' || strchr (head->upgrade, ',') != NULL ||
       g_ascii_strcasecmp (head->upgrade, "h2c") == 0))
    head->upgrade = NULL;
  for (char *p = (char *) head->upgrade; p != NULL && *p != '\0'; p++)
    *p = g_ascii_tolower (*p);
}

static gboolean
read_head (WeirRequestParser *self)
{
  Seen seen = { 0 };
  WeirRequestHead *head = &self->head;

  for (guint i = 0; i < self->n_fields; i++)
    {
      if ((READ & BIT (self->fields[i].id)) != 0 && !read_field (self, &seen, &self->fields[i]))
        return FALSE;
    }

  head->keep_alive = !seen.close && (head->minor_version > 0 || seen.keep_alive);
  if (seen.lengths > 0 && seen.codings > 0)
    return refuse (self, 400, "There are both Content-Length and Transfer-Encoding");
  if (seen.hosts == 0 && head->minor_version > 0)
    return refuse (self, 400, "There is no Host");
  if (weir_text_equals (head->method, "CONNECT"))
    return refuse (self, 405, "This is not a proxy");
  if (seen.hosts > 0 && !is_authority (head->authority))
    return refuse (self, 400, "The Host is not valid");
  if (!read_target (self))
    return FALSE;
  read_upgrade (self, &seen);
  return TRUE;
}

WeirRequestResult
weir_request_parser_read (WeirRequestParser *self)
{
  char *data = self->data;

  self->head = (WeirRequestHead){
    .method = data + self->method,
    .head_length = self->position,
    .minor_version = self->head.minor_version,
  };
  data[self->method + self->method_length] = '\0';
  data[self->target + self->target_length] = '\0';
  self->head.is_head = weir_text_equals (self->head.method, "HEAD");
  return read_head (self) ? WEIR_REQUEST_DONE : WEIR_REQUEST_REFUSED;
}

static gboolean
is_hop_by_hop (const WeirRequestSpan *span, const char *name)
{
  if (span->id != WEIR_FIELD_OTHER)
    return (HOP_BY_HOP & BIT (span->id)) != 0;
  return span->name_length == 14 && g_ascii_strncasecmp (name, "HTTP2-Settings", 14) == 0;
}

/**
 * weir_request_parser_make_head: (skip)
 * @self: a parser that is done
 * @default_authority: what an HTTP/1.0 request without Host is for
 *
 * Makes the head for an exchange: method, scheme "http", authority, target, and all fields but
 * those that concern only this connection. Its strings are borrowed from the data that
 * weir_request_parser_feed() was given.
 *
 * Returns: (transfer full): the head
 *
 * Since: 1.0
 */
WeirHead *
weir_request_parser_make_head (WeirRequestParser *self, const char *default_authority)
{
  WeirHead *head = weir_head_new ();
  const char *authority = self->head.authority != NULL ? self->head.authority : default_authority;

  weir_head_set_request (head, self->head.method, "http", authority, self->head.target);
  for (guint i = 0; i < self->n_fields; i++)
    {
      const WeirRequestSpan *span = &self->fields[i];
      const char *name = self->data + span->name;
      const char *value = self->data + span->value;
      gsize length = span->value_length;

      if (is_hop_by_hop (span, name))
        continue;
      if (span->id == WEIR_FIELD_HOST)
        {
          value = authority;
          length = strlen (authority);
        }
      weir_head_lend (head, span->id, name, span->name_length, value, length);
    }
  return head;
}
