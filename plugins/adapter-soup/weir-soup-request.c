/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-soup-request.h"

#include <string.h>

#define MAX_LENGTH_DIGITS 18

typedef struct
{
  guint hosts;
  guint lengths;
  guint codings;
  gboolean connection_upgrade;
} Counts;

static gboolean
refuse (WeirSoupRequest *self, guint status, const char *reason)
{
  self->status = status;
  self->reason = reason;
  return FALSE;
}

static gboolean
is_authority (const char *authority)
{
  const char *p = authority;

  if (*p == '[')
    {
      p = strchr (p, ']');
      if (p == NULL || strspn (authority + 1, "0123456789abcdefABCDEF:.") != p - authority - 1)
        return FALSE;
      p++;
    }
  else
    {
      while (g_ascii_isalnum (*p) || (*p != '\0' && strchr ("-._~!$&'()*+,;=%", *p) != NULL))
        p++;
    }
  if (p == authority)
    return FALSE;
  if (*p == ':')
    {
      gsize digits = strspn (p + 1, "0123456789");

      if (digits > 5)
        return FALSE;
      p += 1 + digits;
    }
  return *p == '\0';
}

static gboolean
has_token (const char *list, const char *token)
{
  g_auto (GStrv) items = g_strsplit (list, ",", 0);

  for (guint i = 0; items[i] != NULL; i++)
    {
      if (g_ascii_strcasecmp (g_strstrip (items[i]), token) == 0)
        return TRUE;
    }
  return FALSE;
}

static gboolean
read_length (WeirSoupRequest *self, const char *value, gsize length)
{
  if (length == 0 || length > MAX_LENGTH_DIGITS || strspn (value, "0123456789") != length)
    return refuse (self, 400, "Content-Length is not a number");
  self->length = g_ascii_strtoull (value, NULL, 10);
  self->body = self->length > 0 ? WEIR_SOUP_BODY_LENGTH : WEIR_SOUP_BODY_NONE;
  return TRUE;
}

static gboolean
read_coding (WeirSoupRequest *self, const char *value)
{
  if (self->minor == 0)
    return refuse (self, 400, "HTTP/1.0 has no transfer codings");
  if (g_ascii_strcasecmp (value, "chunked") != 0)
    return refuse (self, 501, "The only transfer coding spoken here is chunked");
  self->body = WEIR_SOUP_BODY_CHUNKED;
  return TRUE;
}

static gboolean
read_expectation (WeirSoupRequest *self, const char *value)
{
  if (g_ascii_strcasecmp (value, "100-continue") != 0)
    return refuse (self, 417, "The only expectation met here is 100-continue");
  self->expects_continue = self->minor > 0;
  return TRUE;
}

static gboolean
read_field (WeirSoupRequest *self, Counts *counts, WeirFieldId id, char *value, gsize length)
{
  switch ((guint) id) /* the others mean nothing here */
    {
    case WEIR_FIELD_HOST:
      if (counts->hosts++ > 0)
        return refuse (self, 400, "There is more than one Host");
      self->authority = value;
      return TRUE;
    case WEIR_FIELD_CONTENT_LENGTH:
      if (counts->lengths++ > 0)
        return refuse (self, 400, "There is more than one Content-Length");
      return read_length (self, value, length);
    case WEIR_FIELD_TRANSFER_ENCODING:
      if (counts->codings++ > 0)
        return refuse (self, 400, "There is more than one Transfer-Encoding");
      return read_coding (self, value);
    case WEIR_FIELD_EXPECT:
      return read_expectation (self, value);
    case WEIR_FIELD_CONNECTION:
      self->close = self->close || has_token (value, "close");
      counts->connection_upgrade = counts->connection_upgrade || has_token (value, "upgrade");
      return TRUE;
    case WEIR_FIELD_UPGRADE:
      self->upgrade = value;
      return TRUE;
    default:
      return TRUE;
    }
}

/* "http://host:1/a" is asked for as "/a" of "host:1"; the Host field then counts for nothing
 * (RFC 9112 §3.2.2). */
static gboolean
read_target (WeirSoupRequest *self)
{
  char *authority, *path;

  if (self->target[0] == '/')
    return TRUE;
  if (strcmp (self->target, "*") == 0)
    return strcmp (self->method, "OPTIONS") == 0 ||
           refuse (self, 400, "Only OPTIONS has the target *");
  if (g_ascii_strncasecmp (self->target, "http://", 7) != 0)
    return refuse (self, 400, "The target is neither a path nor an http URL");

  authority = self->target + 7;
  path = authority + strcspn (authority, "/?");
  /* Room for the NUL, and for the slash that an empty path lacks: two bytes of "http://". */
  memmove (authority - 2, authority, path - authority);
  authority -= 2;
  path[-2] = '\0';
  if (*path != '/')
    *--path = '/';
  self->authority = authority;
  self->target = path;
  return TRUE;
}

static void
read_upgrade (WeirSoupRequest *self, const Counts *counts)
{
  /* h2c is no protocol to be relayed to a worker; a client that offers it is content with
   * HTTP/1.1. Nor can a request with a body be followed by another protocol. */
  if (self->upgrade != NULL &&
      (!counts->connection_upgrade || self->minor == 0 || self->body != WEIR_SOUP_BODY_NONE ||
       *self->upgrade == '\0' || strchr (self->upgrade, ',') != NULL ||
       g_ascii_strcasecmp (self->upgrade, "h2c") == 0))
    self->upgrade = NULL;
  for (char *p = self->upgrade; p != NULL && *p != '\0'; p++)
    *p = g_ascii_tolower (*p);
}

gboolean
weir_soup_request_read (WeirSoupRequest *self, const WeirSoupHeadScanner *scanner, char *data)
{
  Counts counts = { 0 };

  *self = (WeirSoupRequest){
    .method = data + scanner->method,
    .target = data + scanner->target,
    .minor = scanner->minor,
    .close = scanner->minor == 0,
  };
  data[scanner->method + scanner->method_length] = '\0';
  data[scanner->target + scanner->target_length] = '\0';
  self->head_only = strcmp (self->method, "HEAD") == 0;

  for (guint i = 0; i < scanner->fields->len; i++)
    {
      WeirSoupSpan *span = &g_array_index (scanner->fields, WeirSoupSpan, i);
      WeirFieldId id = weir_field_id_lookup (data + span->name, span->name_length);

      data[span->value + span->value_length] = '\0';
      if (id != WEIR_FIELD_OTHER &&
          !read_field (self, &counts, id, data + span->value, span->value_length))
        return FALSE;
    }

  if (counts.lengths > 0 && counts.codings > 0)
    return refuse (self, 400, "There are both Content-Length and Transfer-Encoding");
  if (counts.hosts == 0 && self->minor > 0)
    return refuse (self, 400, "There is no Host");
  if (strcmp (self->method, "CONNECT") == 0)
    return refuse (self, 405, "This is not a proxy");
  if (counts.hosts > 0 && !is_authority (self->authority))
    return refuse (self, 400, "The Host is not valid");
  if (!read_target (self))
    return FALSE;
  if (self->authority != NULL && !is_authority (self->authority))
    return refuse (self, 400, "The target's host is not valid");
  read_upgrade (self, &counts);
  return TRUE;
}

static gboolean
is_hop_by_hop (WeirFieldId id, const char *name, gsize length)
{
  switch ((guint) id)
    {
    case WEIR_FIELD_CONNECTION:
    case WEIR_FIELD_CONTENT_LENGTH:
    case WEIR_FIELD_EXPECT:
    case WEIR_FIELD_KEEP_ALIVE:
    case WEIR_FIELD_PROXY_CONNECTION:
    case WEIR_FIELD_TE:
    case WEIR_FIELD_TRAILER:
    case WEIR_FIELD_TRANSFER_ENCODING:
    case WEIR_FIELD_UPGRADE:
      return TRUE;
    case WEIR_FIELD_OTHER:
      return length == 14 && g_ascii_strncasecmp (name, "HTTP2-Settings", 14) == 0;
    default:
      return FALSE;
    }
}

WeirHead *
weir_soup_request_make_head (const WeirSoupRequest *self,
                             const WeirSoupHeadScanner *scanner,
                             const char *data,
                             const char *default_authority)
{
  WeirHead *head = weir_head_new ();
  const char *authority = self->authority != NULL ? self->authority : default_authority;

  weir_head_set_request (head, self->method, "http", authority, self->target);
  for (guint i = 0; i < scanner->fields->len; i++)
    {
      WeirSoupSpan *span = &g_array_index (scanner->fields, WeirSoupSpan, i);
      const char *name = data + span->name;
      const char *value = data + span->value;
      gsize length = span->value_length;
      WeirFieldId id = weir_field_id_lookup (name, span->name_length);

      if (is_hop_by_hop (id, name, span->name_length))
        continue;
      if (id == WEIR_FIELD_HOST)
        {
          value = authority;
          length = strlen (authority);
        }
      weir_head_add_borrowed (head, id, name, span->name_length, value, length);
    }
  return head;
}
