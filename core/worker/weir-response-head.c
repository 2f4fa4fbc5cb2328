/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-response-parser-private.h"

#include <string.h>

#include "base/weir-head-private.h"
#include "base/weir-text-private.h"

/* The grammar of a response's head. Deno speaks it well; what a worker's code could make
 * of its socket need not be, and must not reach a client as something else. */

#define MOST_FIELDS 1000

static gboolean
is_text (const char *text, gsize length)
{
  return weir_text_is_plain (text, length) || weir_text_skip_value (text, length) == length;
}

static const char *
parse_status_line (WeirHead *head, const char *line, gsize length, guint *minor_version)
{
  guint status = 0;

  if (length < 12 || memcmp (line, "HTTP/1.", 7) != 0 || (line[7] != '0' && line[7] != '1') ||
      line[8] != ' ')
    return "its status line is not one of HTTP/1";
  for (guint i = 9; i < 12; i++)
    {
      if (!g_ascii_isdigit (line[i]))
        return "its status is not a number";
      status = status * 10 + (guint) (line[i] - '0');
    }
  if (status < 100 || (length > 12 && line[12] != ' ') || !is_text (line + 12, length - 12))
    return "its status line is malformed";
  weir_head_set_status (head, status);
  *minor_version = (guint) (line[7] - '0');
  return NULL;
}

static const char *
parse_field (WeirHead *head, const char *line, gsize length)
{
  const char *value;
  const char *end = line + length;
  gsize name_length = weir_text_skip (line, length, WEIR_TEXT_TOKEN);
  guint n_fields;

  if (name_length == 0 || name_length > G_MAXUINT16 || name_length == length ||
      line[name_length] != ':')
    return "a header field has a malformed name";

  value = line + name_length + 1;
  while (value < end && (*value == ' ' || *value == '\t'))
    value++;
  while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
    end--;
  if (!is_text (value, end - value))
    return "a header field has a control character";
  weir_head_get_fields (head, &n_fields);
  if (n_fields == MOST_FIELDS)
    return "it has too many header fields";

  weir_head_lend (head,
                  weir_field_id_lookup (line, name_length),
                  line,
                  name_length,
                  value,
                  end - value);
  return NULL;
}

const char *
weir_response_head_parse (WeirHead *head, const char *text, gsize length, guint *minor_version)
{
  const char *end = text + length;
  gboolean first = TRUE;

  while (text < end)
    {
      const char *line_end = memchr (text, '\r', end - text);
      const char *problem;

      if (line_end == NULL || line_end + 1 == end || line_end[1] != '\n')
        return "a line of its head does not end in CR LF";
      if (line_end == text)
        return NULL;
      problem = first ? parse_status_line (head, text, line_end - text, minor_version)
                      : parse_field (head, text, line_end - text);
      if (problem != NULL)
        return problem;
      first = FALSE;
      text = line_end + 2;
    }
  return "its head has no end";
}

/* Moves value on to what follows the next member of a list; FALSE when there is none. */
static gboolean
next_token (const char **value, gsize *value_length, const char **token, gsize *token_length)
{
  const char *at = *value;
  const char *end = at + *value_length;
  const char *comma;
  const char *stop;

  while (at < end && (*at == ' ' || *at == '\t' || *at == ','))
    at++;
  if (at == end)
    return FALSE;
  comma = memchr (at, ',', end - at);
  stop = comma != NULL ? comma : end;
  *value = stop;
  *value_length = end - stop;
  while (stop > at && (stop[-1] == ' ' || stop[-1] == '\t'))
    stop--;
  *token = at;
  *token_length = stop - at;
  return TRUE;
}

gboolean
weir_response_has_token (const WeirField *field, const char *token)
{
  const char *value = field->value;
  gsize value_length = field->value_length;
  const char *member;
  gsize member_length;

  while (next_token (&value, &value_length, &member, &member_length))
    {
      if (member_length == strlen (token) &&
          g_ascii_strncasecmp (member, token, member_length) == 0)
        return TRUE;
    }
  return FALSE;
}

/* The value stays where it is while fields are taken out, so it may be read on. */
static void
strip_named (WeirHead *head, WeirField connection)
{
  const char *value = connection.value;
  gsize value_length = connection.value_length;
  const char *name;
  gsize name_length;

  while (next_token (&value, &value_length, &name, &name_length))
    {
      char small[64];
      g_autofree char *large = NULL;

      if (name_length < sizeof small)
        {
          memcpy (small, name, name_length);
          small[name_length] = '\0';
        }
      else
        large = g_strndup (name, name_length);
      if (weir_field_id_lookup (name, name_length) != WEIR_FIELD_CONNECTION)
        weir_head_remove (head, large != NULL ? large : small);
    }
}

void
weir_response_head_strip (WeirHead *head)
{
  static const WeirFieldId private_fields[] = {
    WEIR_FIELD_CONTENT_LENGTH,   WEIR_FIELD_KEEP_ALIVE,
    WEIR_FIELD_PROXY_CONNECTION, WEIR_FIELD_TE,
    WEIR_FIELD_TRAILER,          WEIR_FIELD_TRANSFER_ENCODING,
    WEIR_FIELD_UPGRADE,
  };
  const WeirField *fields;
  guint n_fields;
  guint64 present = 0;

  G_STATIC_ASSERT (WEIR_FIELD_LAST <= 64);

  fields = weir_head_get_fields (head, &n_fields);
  for (guint i = 0; i < n_fields; i++)
    present |= G_GUINT64_CONSTANT (1) << fields[i].id;
  for (guint i = 0; i < G_N_ELEMENTS (private_fields); i++)
    {
      if (present & G_GUINT64_CONSTANT (1) << private_fields[i])
        weir_head_remove_id (head, private_fields[i]);
    }
  if ((present & G_GUINT64_CONSTANT (1) << WEIR_FIELD_CONNECTION) == 0)
    return;

  /* What it names goes first; then it is the first of its kind that is left. */
  for (guint i = 0; fields = weir_head_get_fields (head, &n_fields), i < n_fields;)
    {
      guint before = n_fields;

      if (fields[i].id == WEIR_FIELD_CONNECTION)
        strip_named (head, fields[i]);
      weir_head_get_fields (head, &n_fields);
      i = n_fields < before ? 0 : i + 1;
    }
  weir_head_remove_id (head, WEIR_FIELD_CONNECTION);
}
