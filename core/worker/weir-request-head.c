/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-request-head-private.h"
#include "base/weir-text-private.h"
#include "worker/weir-response-parser-private.h"

#include <stdio.h>
#include <string.h>

#define BIT(id) (G_GUINT64_CONSTANT (1) << (id))

/* Framing and what is for one connection only, which the upstream says itself. Host comes
 * from the authority, 100-continue is settled before a worker is asked, and where a client
 * is is not the client's to say: that comes with what the caller adds. */
#define SKIPPED                                                                                    \
  (BIT (WEIR_FIELD_CONNECTION) | BIT (WEIR_FIELD_CONTENT_LENGTH) | BIT (WEIR_FIELD_EXPECT) |       \
   BIT (WEIR_FIELD_HOST) | BIT (WEIR_FIELD_KEEP_ALIVE) | BIT (WEIR_FIELD_PROXY_CONNECTION) |       \
   BIT (WEIR_FIELD_TE) | BIT (WEIR_FIELD_TRAILER) | BIT (WEIR_FIELD_TRANSFER_ENCODING) |           \
   BIT (WEIR_FIELD_UPGRADE) | BIT (WEIR_FIELD_X_DENO_CLIENT_ADDRESS))

/* Adapters check what clients send; this is the last place where a space or a line break
 * in the wrong place could still become a second request. */
typedef struct
{
  const char *text;
  gsize length;
} Word;

static gboolean
read_word (Word *word, const char *text)
{
  gsize length = 0;

  if (text == NULL)
    return FALSE;
  while ((guchar) text[length] > 0x20 && text[length] != 0x7f)
    length++;
  *word = (Word){ text, length };
  return length > 0 && text[length] == '\0';
}

/* Only what the gateway does not know may be called private to a connection: a client
 * must not be able to take away what stages have put in. */
static gboolean
is_named (const WeirField *field, const WeirField *fields, guint n_fields)
{
  char name[64];

  if (field->id != WEIR_FIELD_OTHER || field->name_length >= sizeof name)
    return FALSE;
  memcpy (name, field->name, field->name_length);
  name[field->name_length] = '\0';
  for (guint i = 0; i < n_fields; i++)
    {
      if (fields[i].id == WEIR_FIELD_CONNECTION && weir_response_has_token (&fields[i], name))
        return TRUE;
    }
  return FALSE;
}

static gsize
measure_fields (const WeirField *fields, guint n_fields)
{
  gsize size = 0;

  for (guint i = 0; i < n_fields; i++)
    size += (gsize) fields[i].name_length + fields[i].value_length + 4;
  return size;
}

static guint8 *
put (guint8 *at, const void *data, gsize length)
{
  if (length > 0)
    memcpy (at, data, length);
  return at + length;
}

#define PUT(at, text) put (at, text, sizeof (text) - 1)

static guint8 *
put_word (guint8 *at, const Word *word)
{
  return put (at, word->text, word->length);
}

static void
write_fields (WeirBuffer *buffer, WeirHead *head)
{
  guint n_fields;
  const WeirField *fields = weir_head_get_fields (head, &n_fields);
  gboolean names_some = weir_head_find (head, WEIR_FIELD_CONNECTION) != NULL;

  guint8 *start = weir_buffer_reserve (buffer, measure_fields (fields, n_fields));
  guint8 *at = start;

  for (guint i = 0; i < n_fields; i++)
    {
      const WeirField *field = &fields[i];

      if ((SKIPPED & BIT (field->id)) != 0 || (names_some && is_named (field, fields, n_fields)) ||
          field->name_length == 0 || !weir_text_is_line (field->name, field->name_length) ||
          !weir_text_is_line (field->value, field->value_length))
        continue;
      at = put (at, field->name, field->name_length);
      *at++ = ':';
      *at++ = ' ';
      at = put (at, field->value, field->value_length);
      *at++ = '\r';
      *at++ = '\n';
    }
  weir_buffer_commit (buffer, (gsize) (at - start));
}

static void
write_framing (WeirBuffer *buffer, const char *method, gint64 body_length)
{
  char line[64];

  if (body_length < 0)
    weir_buffer_append_string (buffer, "transfer-encoding: chunked\r\n");
  else if (body_length > 0 || (strcmp (method, "GET") != 0 && strcmp (method, "HEAD") != 0 &&
                               strcmp (method, "OPTIONS") != 0))
    {
      int length =
          snprintf (line, sizeof line, "content-length: %" G_GINT64_FORMAT "\r\n", body_length);

      weir_buffer_append (buffer, line, (gsize) length);
    }
}

/* More than all that is the same in each request line and its host. */
#define LINE_EXTRA 64

static void
write_request_line (WeirBuffer *buffer,
                    const Word *method,
                    const Word *scheme,
                    const Word *authority,
                    const Word *target)
{
  gsize room =
      LINE_EXTRA + method->length + scheme->length + 2 * authority->length + target->length;
  guint8 *start = weir_buffer_reserve (buffer, room);
  guint8 *at = put_word (start, method);

  *at++ = ' ';
  if (*target->text == '/')
    {
      at = put_word (at, scheme);
      at = PUT (at, "://");
      at = put_word (at, authority);
    }
  at = put_word (at, target);
  at = PUT (at, " HTTP/1.1\r\nhost: ");
  at = put_word (at, authority);
  at = PUT (at, "\r\n");
  weir_buffer_commit (buffer, (gsize) (at - start));
}

const char *
weir_request_head_write (WeirBuffer *buffer,
                         WeirHead *head,
                         const char *extra,
                         const char *upgrade,
                         gint64 body_length)
{
  const char *authority_text = weir_head_get_authority (head);
  const char *scheme_text = weir_head_get_scheme (head);
  Word method, scheme, authority, target, protocol;

  if (authority_text == NULL || *authority_text == '\0')
    authority_text = "localhost";
  if (!read_word (&method, weir_head_get_method (head)))
    return "its method is not one";
  if (!read_word (&target, weir_head_get_target (head)) ||
      (*target.text != '/' && strcmp (target.text, "*") != 0) ||
      !read_word (&authority, authority_text) ||
      !read_word (&scheme, scheme_text != NULL ? scheme_text : "http"))
    return "its target is not one";
  if (upgrade != NULL && !read_word (&protocol, upgrade))
    return "the protocol it asks for is not one";

  write_request_line (buffer, &method, &scheme, &authority, &target);
  write_fields (buffer, head);
  if (extra != NULL)
    weir_buffer_append_string (buffer, extra);
  if (upgrade != NULL)
    {
      weir_buffer_append_string (buffer, "connection: upgrade\r\nupgrade: ");
      weir_buffer_append_string (buffer, upgrade);
      weir_buffer_append_string (buffer, "\r\n");
    }
  write_framing (buffer, method.text, body_length);
  weir_buffer_append_string (buffer, "\r\n");
  return NULL;
}
