/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "io/weir-response-writer.h"

#include <string.h>

#include "base/weir-text-private.h"

/* What all that speak HTTP/1 to clients write in the same way. */

/**
 * WeirResponseFraming: (skip)
 * @WEIR_RESPONSE_FRAMING_NONE: there is no body
 * @WEIR_RESPONSE_FRAMING_LENGTH: its length is told
 * @WEIR_RESPONSE_FRAMING_CHUNKED: it comes in chunks
 * @WEIR_RESPONSE_FRAMING_CLOSE: it ends with the connection
 *
 * How a client finds the end of a response's body. C only.
 *
 * Since: 1.0
 */

/* More than all lines of framing. */
#define FRAMING_ROOM 128

#define BIT(id) (G_GUINT64_CONSTANT (1) << (id))

/* Framing and the date are said by whoever has the connection. */
#define NOT_FOR_CLIENT                                                                             \
  (BIT (WEIR_FIELD_CONNECTION) | BIT (WEIR_FIELD_CONTENT_LENGTH) | BIT (WEIR_FIELD_DATE) |         \
   BIT (WEIR_FIELD_KEEP_ALIVE) | BIT (WEIR_FIELD_PROXY_CONNECTION) | BIT (WEIR_FIELD_TRAILER) |    \
   BIT (WEIR_FIELD_TRANSFER_ENCODING) | BIT (WEIR_FIELD_UPGRADE))

#define PUT(out, text) put (out, text, sizeof (text) - 1)

static char *
put (char *out, const void *text, gsize length)
{
  memcpy (out, text, length);
  return out + length;
}

static char *
put_number (char *out, guint64 number, guint base)
{
  char digits[20];
  guint n = 0;

  do
    digits[n++] = "0123456789abcdef"[number % base];
  while ((number /= base) > 0);
  while (n > 0)
    *out++ = digits[--n];
  return out;
}

/* What a stage or a worker put into a field cannot become another line of the head. */
static gboolean
is_for_client (const WeirField *field)
{
  return (NOT_FOR_CLIENT & BIT (field->id)) == 0 && field->name_length > 0 &&
         weir_text_is_line (field->value, field->value_length);
}

/**
 * weir_response_writer_get_status: (skip)
 * @head: the head of a response
 *
 * A final answer that looks like an interim one would have the client wait for another, and
 * take the next one for its own: a stage that gives it such a status has failed.
 *
 * Returns: what to say for its status
 *
 * Since: 1.0
 */
guint
weir_response_writer_get_status (WeirHead *head)
{
  guint status = weir_head_get_status (head);

  return status >= 200 && status <= 999 ? status : 500;
}

/**
 * weir_response_writer_choose_framing: (skip)
 * @status: of the response
 * @length: of its body, or negative when nobody knows
 * @is_head: whether the request was a HEAD, which is told of a body and gets none
 * @minor_version: of HTTP/1, that the client speaks
 *
 * Returns: what to say of the body
 *
 * Since: 1.0
 */
WeirResponseFraming
weir_response_writer_choose_framing (guint status,
                                     gint64 length,
                                     gboolean is_head,
                                     guint minor_version)
{
  if (status == 204 || status == 304)
    return WEIR_RESPONSE_FRAMING_NONE;
  if (length >= 0)
    return WEIR_RESPONSE_FRAMING_LENGTH;
  if (is_head)
    return WEIR_RESPONSE_FRAMING_NONE;
  return minor_version == 0 ? WEIR_RESPONSE_FRAMING_CLOSE : WEIR_RESPONSE_FRAMING_CHUNKED;
}

/**
 * weir_response_writer_measure: (skip)
 * @head: the head of a response
 *
 * Returns: bytes that weir_response_writer_put_fields() and
 *   weir_response_writer_put_framing() take together at the most
 *
 * Since: 1.0
 */
gsize
weir_response_writer_measure (WeirHead *head)
{
  guint n_fields;
  const WeirField *fields = weir_head_get_fields (head, &n_fields);
  gsize size = FRAMING_ROOM;

  for (guint i = 0; i < n_fields; i++)
    size += fields[i].name_length + 2 + fields[i].value_length + 2;
  return size;
}

/**
 * weir_response_writer_put_fields: (skip)
 * @out: where there is room for them
 * @head: the head of a response
 *
 * Writes the fields that are for the client: none of framing, no date, and none that would be
 * more than one line.
 *
 * Returns: where they end
 *
 * Since: 1.0
 */
char *
weir_response_writer_put_fields (char *out, WeirHead *head)
{
  guint n_fields;
  const WeirField *fields = weir_head_get_fields (head, &n_fields);

  for (guint i = 0; i < n_fields; i++)
    {
      if (!is_for_client (&fields[i]))
        continue;
      out = put (out, fields[i].name, fields[i].name_length);
      out = PUT (out, ": ");
      out = put (out, fields[i].value, fields[i].value_length);
      out = PUT (out, "\r\n");
    }
  return out;
}

/**
 * weir_response_writer_put_framing: (skip)
 * @out: where there is room for it
 * @framing: what to say of the body
 * @length: its length, if that is told
 * @connection: (nullable): what becomes of the connection, `close` or `keep-alive`; %NULL when
 *   it need not be said
 *
 * Writes the fields that say where the body ends, and the empty line behind the head.
 *
 * Returns: where they end
 *
 * Since: 1.0
 */
char *
weir_response_writer_put_framing (char *out,
                                  WeirResponseFraming framing,
                                  gint64 length,
                                  const char *connection)
{
  switch (framing)
    {
    case WEIR_RESPONSE_FRAMING_LENGTH:
      out = PUT (out, "Content-Length: ");
      out = put_number (out, (guint64) length, 10);
      out = PUT (out, "\r\n");
      break;
    case WEIR_RESPONSE_FRAMING_CHUNKED:
      out = PUT (out, "Transfer-Encoding: chunked\r\n");
      break;
    case WEIR_RESPONSE_FRAMING_NONE:
    case WEIR_RESPONSE_FRAMING_CLOSE:
      break;
    }
  if (connection != NULL)
    {
      out = PUT (out, "Connection: ");
      out = put (out, connection, strlen (connection));
      out = PUT (out, "\r\n");
    }
  return PUT (out, "\r\n");
}

/**
 * weir_response_writer_put_chunk_line: (skip)
 * @out: %WEIR_RESPONSE_CHUNK_LINE bytes
 * @length: of the chunk
 *
 * Writes what stands before a chunk. Behind it comes another line end.
 *
 * Returns: how many bytes that took
 *
 * Since: 1.0
 */
gsize
weir_response_writer_put_chunk_line (char *out, gsize length)
{
  return (gsize) (put (put_number (out, length, 16), "\r\n", 2) - out);
}
