/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-jwt-json.h"

#include <string.h>

#define MAX_DEPTH 32
#define MAX_MEMBERS 256

typedef struct
{
  char *name;
  WeirJwtValue value;
} Member;

struct _WeirJwtObject
{
  GArray *members;
};

typedef struct
{
  const char *p;
  const char *end;
} Scan;

static gboolean scan_value (Scan *scan, guint depth, WeirJwtValue *value);

static void
skip_space (Scan *scan)
{
  while (scan->p < scan->end && strchr (" \t\r\n", *scan->p) != NULL)
    scan->p++;
}

static gboolean
take (Scan *scan, char c)
{
  if (scan->p == scan->end || *scan->p != c)
    return FALSE;
  scan->p++;
  return TRUE;
}

/* ---- strings ---- */

static int
scan_unit (Scan *scan)
{
  int unit = 0;

  if (scan->end - scan->p < 4)
    return -1;
  for (guint i = 0; i < 4; i++)
    {
      int digit = g_ascii_xdigit_value (*scan->p++);

      if (digit < 0)
        return -1;
      unit = unit * 16 + digit;
    }
  return unit;
}

/* Behind "\u". 0 for what is no character that a C string may hold. */
static gunichar
scan_escaped (Scan *scan)
{
  int unit = scan_unit (scan);
  int low;

  if (unit <= 0 || (unit >= 0xdc00 && unit <= 0xdfff))
    return 0;
  if (unit < 0xd800 || unit > 0xdfff)
    return unit;
  if (!take (scan, '\\') || !take (scan, 'u'))
    return 0;
  low = scan_unit (scan);
  if (low < 0xdc00 || low > 0xdfff)
    return 0;
  return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

/* Behind the first quote; text: (nullable) gets the decoded string. */
static gboolean
scan_string (Scan *scan, GString *text)
{
  static const char escapes[] = "\"\\/bfnrt";
  static const char escaped[] = "\"\\/\b\f\n\r\t";

  while (scan->p < scan->end)
    {
      char c = *scan->p++;
      const char *known;

      if (c == '"')
        return TRUE;
      if ((guchar) c < 0x20)
        return FALSE;
      if (c != '\\')
        {
          if (text != NULL)
            g_string_append_c (text, c);
          continue;
        }
      if (scan->p == scan->end)
        return FALSE;
      c = *scan->p++;
      if (c == 'u')
        {
          gunichar character = scan_escaped (scan);

          if (character == 0)
            return FALSE;
          if (text != NULL)
            g_string_append_unichar (text, character);
          continue;
        }
      known = c != '\0' ? strchr (escapes, c) : NULL;
      if (known == NULL)
        return FALSE;
      if (text != NULL)
        g_string_append_c (text, escaped[known - escapes]);
    }
  return FALSE;
}

/* ---- the rest ---- */

static gboolean
scan_digits (Scan *scan)
{
  const char *start = scan->p;

  while (scan->p < scan->end && g_ascii_isdigit (*scan->p))
    scan->p++;
  return scan->p > start;
}

static gboolean
scan_number (Scan *scan)
{
  take (scan, '-');
  if (!take (scan, '0') && !scan_digits (scan))
    return FALSE;
  if (take (scan, '.') && !scan_digits (scan))
    return FALSE;
  if (take (scan, 'e') || take (scan, 'E'))
    {
      if (!take (scan, '+'))
        take (scan, '-');
      return scan_digits (scan);
    }
  return TRUE;
}

static gboolean
scan_word (Scan *scan, const char *word)
{
  gsize length = strlen (word);

  if ((gsize) (scan->end - scan->p) < length || strncmp (scan->p, word, length) != 0)
    return FALSE;
  scan->p += length;
  return TRUE;
}

/* Behind the bracket; list: (nullable). */
static gboolean
scan_array (Scan *scan, guint depth, GArray *list)
{
  skip_space (scan);
  if (take (scan, ']'))
    return TRUE;
  do
    {
      WeirJwtValue value;

      if (!scan_value (scan, depth, &value))
        return FALSE;
      if (list != NULL)
        g_array_append_val (list, value);
    }
  while (take (scan, ','));
  return take (scan, ']');
}

static gboolean
add_member (GArray *members, GString *name, const WeirJwtValue *value)
{
  Member member = { NULL, *value };

  if (members->len >= MAX_MEMBERS)
    return FALSE;
  for (guint i = 0; i < members->len; i++)
    if (strcmp (g_array_index (members, Member, i).name, name->str) == 0)
      return FALSE;
  member.name = g_strndup (name->str, name->len);
  g_array_append_val (members, member);
  return TRUE;
}

/* Behind the brace; members: (nullable). */
static gboolean
scan_object (Scan *scan, guint depth, GArray *members)
{
  g_autoptr (GString) name = members != NULL ? g_string_new (NULL) : NULL;

  skip_space (scan);
  if (take (scan, '}'))
    return TRUE;
  do
    {
      WeirJwtValue value;

      skip_space (scan);
      if (name != NULL)
        g_string_truncate (name, 0);
      if (!take (scan, '"') || !scan_string (scan, name))
        return FALSE;
      skip_space (scan);
      if (!take (scan, ':') || !scan_value (scan, depth, &value))
        return FALSE;
      if (members != NULL && !add_member (members, name, &value))
        return FALSE;
    }
  while (take (scan, ','));
  return take (scan, '}');
}

static gboolean
scan_kind (Scan *scan, guint depth, WeirJwtKind *kind)
{
  switch (*scan->p)
    {
    case '{':
      *kind = WEIR_JWT_OBJECT;
      scan->p++;
      return scan_object (scan, depth, NULL);
    case '[':
      *kind = WEIR_JWT_ARRAY;
      scan->p++;
      return scan_array (scan, depth, NULL);
    case '"':
      *kind = WEIR_JWT_STRING;
      scan->p++;
      return scan_string (scan, NULL);
    case 't':
      *kind = WEIR_JWT_BOOLEAN;
      return scan_word (scan, "true");
    case 'f':
      *kind = WEIR_JWT_BOOLEAN;
      return scan_word (scan, "false");
    case 'n':
      *kind = WEIR_JWT_NULL;
      return scan_word (scan, "null");
    default:
      *kind = WEIR_JWT_NUMBER;
      return scan_number (scan);
    }
}

static gboolean
scan_value (Scan *scan, guint depth, WeirJwtValue *value)
{
  if (depth >= MAX_DEPTH)
    return FALSE;
  skip_space (scan);
  if (scan->p == scan->end)
    return FALSE;
  value->text = scan->p;
  if (!scan_kind (scan, depth + 1, &value->kind))
    return FALSE;
  value->length = scan->p - value->text;
  skip_space (scan);
  return TRUE;
}

static void
clear_member (gpointer data)
{
  g_free (((Member *) data)->name);
}

WeirJwtObject *
weir_jwt_object_parse (const char *text, gsize length, GError **error)
{
  g_autoptr (WeirJwtObject) self = g_new0 (WeirJwtObject, 1);
  Scan scan = { text, text + length };
  gboolean ok;

  self->members = g_array_new (FALSE, FALSE, sizeof (Member));
  g_array_set_clear_func (self->members, clear_member);

  ok = g_utf8_validate (text, length, NULL);
  if (ok)
    {
      skip_space (&scan);
      ok = take (&scan, '{') && scan_object (&scan, 1, self->members);
      skip_space (&scan);
    }
  if (ok && scan.p == scan.end)
    return g_steal_pointer (&self);

  g_set_error_literal (error,
                       WEIR_ERROR,
                       WEIR_ERROR_INVALID_ARGUMENT,
                       "Not a JSON object with each name once");
  return NULL;
}

void
weir_jwt_object_free (WeirJwtObject *self)
{
  g_array_unref (self->members);
  g_free (self);
}

const WeirJwtValue *
weir_jwt_object_find (WeirJwtObject *self, const char *name)
{
  for (guint i = 0; i < self->members->len; i++)
    {
      Member *member = &g_array_index (self->members, Member, i);

      if (strcmp (member->name, name) == 0)
        return &member->value;
    }
  return NULL;
}

char *
weir_jwt_value_dup_string (const WeirJwtValue *value)
{
  Scan scan;
  GString *text;

  if (value == NULL || value->kind != WEIR_JWT_STRING)
    return NULL;
  scan.p = value->text + 1;
  scan.end = value->text + value->length;
  text = g_string_sized_new (value->length);
  scan_string (&scan, text);
  return g_string_free (text, FALSE);
}

char *
weir_jwt_object_dup_string (WeirJwtObject *self, const char *name)
{
  return weir_jwt_value_dup_string (weir_jwt_object_find (self, name));
}

gboolean
weir_jwt_value_get_number (const WeirJwtValue *value, double *number)
{
  char text[64];

  if (value == NULL || value->kind != WEIR_JWT_NUMBER || value->length >= sizeof text)
    return FALSE;
  memcpy (text, value->text, value->length);
  text[value->length] = '\0';
  *number = g_ascii_strtod (text, NULL);
  return TRUE;
}

GArray *
weir_jwt_value_list (const WeirJwtValue *value)
{
  GArray *list;
  Scan scan;

  if (value == NULL || value->kind != WEIR_JWT_ARRAY)
    return NULL;
  scan.p = value->text + 1;
  scan.end = value->text + value->length;
  list = g_array_new (FALSE, FALSE, sizeof (WeirJwtValue));
  scan_array (&scan, 1, list);
  return list;
}
