/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/weir-env-file.h"

#include <string.h>

#include "config/weir-config.h"

typedef struct
{
  const char *name;
  const char *at;
  const char *end;
  guint line;
  const char *const *lookup;
  GPtrArray *keys;    /* in the order in which they are to be returned */
  GHashTable *values; /* owns both */
} Parser;

static gboolean fail (Parser *parser, guint line, GError **error, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

static gboolean
fail (Parser *parser, guint line, GError **error, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error,
               WEIR_CONFIG_ERROR,
               WEIR_CONFIG_ERROR_SYNTAX,
               "%s:%u: %s",
               parser->name,
               line,
               message);

  return FALSE;
}

static gboolean
is_blank (char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static void
skip_blanks (Parser *parser)
{
  while (parser->at < parser->end && is_blank (*parser->at))
    parser->at++;
}

static void
skip_line (Parser *parser)
{
  while (parser->at < parser->end && *parser->at != '\n')
    parser->at++;
}

/* To the first letter of the next assignment. */
static void
skip_to_statement (Parser *parser)
{
  while (parser->at < parser->end)
    {
      if (*parser->at == '\n')
        parser->line++;
      else if (*parser->at == '#')
        {
          skip_line (parser);
          continue;
        }
      else if (!is_blank (*parser->at))
        return;
      parser->at++;
    }
}

static gboolean
is_name_char (char c)
{
  return g_ascii_isalnum (c) || c == '_' || c == '.';
}

static void
skip_export (Parser *parser)
{
  const char word[] = "export";
  gsize length = strlen (word);

  if ((gsize) (parser->end - parser->at) > length && memcmp (parser->at, word, length) == 0 &&
      is_blank (parser->at[length]))
    {
      parser->at += length;
      skip_blanks (parser);
    }
}

static char *
read_name (Parser *parser, GError **error)
{
  g_autofree char *name = NULL;
  const char *start;

  skip_export (parser);
  start = parser->at;
  while (parser->at < parser->end && is_name_char (*parser->at))
    parser->at++;
  name = g_strndup (start, parser->at - start);
  skip_blanks (parser);

  if (parser->at < parser->end && *parser->at != '\n' && *parser->at != '=' && *parser->at != ':')
    {
      g_autofree char *odd = g_strndup (parser->at, g_utf8_next_char (parser->at) - parser->at);

      fail (parser,
            parser->line,
            error,
            "unexpected \"%s\" in the name of a variable; names have letters, digits and _",
            odd);
      return NULL;
    }
  if (*name == '\0' || g_ascii_isdigit (*name) || *name == '.')
    {
      fail (parser,
            parser->line,
            error,
            "\"%s\" cannot be the name of a variable; names begin with a letter or _",
            name);
      return NULL;
    }
  if (parser->at >= parser->end || *parser->at == '\n')
    {
      fail (parser, parser->line, error, "%s has no value; write %s=value", name, name);
      return NULL;
    }
  parser->at++;

  return g_steal_pointer (&name);
}

static const char *
look_up (Parser *parser, const char *name)
{
  const char *value = g_hash_table_lookup (parser->values, name);

  if (value == NULL && parser->lookup != NULL)
    value = g_environ_getenv ((char **) parser->lookup, name);

  return value != NULL ? value : "";
}

static gboolean
is_expansion_char (char c)
{
  return g_ascii_isupper (c) || g_ascii_isdigit (c) || c == '_';
}

/* Appends what a "$" stands for and returns how much of the text that was. Only names in
 * capitals are expanded, as these files are read elsewhere: "pa$word" stays. */
static gsize
expand (Parser *parser, const char *dollar, const char *end, GString *value)
{
  const char *start = dollar + 1;
  gboolean braces = start < end && *start == '{';
  const char *stop;
  g_autofree char *name = NULL;

  if (braces)
    start++;
  stop = start;
  while (stop < end && is_expansion_char (*stop))
    stop++;
  if (stop == start || (braces && (stop >= end || *stop != '}')))
    {
      g_string_append_c (value, '$');
      return 1;
    }

  name = g_strndup (start, stop - start);
  g_string_append (value, look_up (parser, name));

  return (gsize) (stop - dollar) + (braces ? 1 : 0);
}

static void
append_unquoted (Parser *parser, const char *start, const char *end, GString *value)
{
  while (start < end)
    {
      if (*start == '\\' && end - start > 1 && start[1] == '$')
        {
          g_string_append_c (value, '$');
          start += 2;
        }
      else if (*start == '$')
        {
          start += expand (parser, start, end, value);
        }
      else
        {
          g_string_append_c (value, *start++);
        }
    }
}

static void
append_double_quoted (Parser *parser, const char *start, const char *end, GString *value)
{
  while (start < end)
    {
      if (*start == '\\' && end - start > 1)
        {
          g_string_append_c (value, start[1] == 'n' ? '\n' : start[1] == 'r' ? '\r' : start[1]);
          start += 2;
        }
      else if (*start == '$')
        {
          start += expand (parser, start, end, value);
        }
      else
        {
          g_string_append_c (value, *start++);
        }
    }
}

static void
read_unquoted (Parser *parser, GString *value)
{
  const char *start = parser->at, *c, *end;

  skip_line (parser);
  end = parser->at;
  for (c = start; c < end; c++)
    {
      /* The "=" before it is no blank, so "A=#x" is a value; "A= #x" is not. */
      if (*c == '#' && is_blank (c[-1]))
        {
          end = c;
          break;
        }
    }
  while (end > start && is_blank (end[-1]))
    end--;
  append_unquoted (parser, start, end, value);
}

static gboolean
read_quoted (Parser *parser, GString *value, GError **error)
{
  char quote = *parser->at++;
  const char *start = parser->at;
  guint line = parser->line;

  while (parser->at < parser->end && *parser->at != quote)
    {
      if (*parser->at == '\\' && parser->end - parser->at > 1 &&
          (quote == '"' || parser->at[1] == quote))
        parser->at++;
      if (*parser->at == '\n')
        parser->line++;
      parser->at++;
    }
  if (parser->at >= parser->end)
    return fail (parser, line, error, "the value has no closing %c", quote);

  if (quote == '"')
    append_double_quoted (parser, start, parser->at, value);
  else
    g_string_append_len (value, start, parser->at - start);
  parser->at++;

  skip_blanks (parser);
  if (parser->at < parser->end && *parser->at != '\n' && *parser->at != '#')
    return fail (parser,
                 parser->line,
                 error,
                 "there is more text after the closing %c of the value",
                 quote);

  return TRUE;
}

static gboolean
read_statement (Parser *parser, GError **error)
{
  g_autofree char *name = read_name (parser, error);
  g_autoptr (GString) value = g_string_new (NULL);
  guint index;

  if (name == NULL)
    return FALSE;

  skip_blanks (parser);
  if (parser->at < parser->end && (*parser->at == '"' || *parser->at == '\''))
    {
      if (!read_quoted (parser, value, error))
        return FALSE;
    }
  else
    {
      read_unquoted (parser, value);
    }

  if (g_hash_table_contains (parser->values, name) &&
      g_ptr_array_find_with_equal_func (parser->keys, name, g_str_equal, &index))
    g_ptr_array_remove_index (parser->keys, index);
  g_ptr_array_add (parser->keys, g_strdup (name));
  g_hash_table_replace (parser->values, g_steal_pointer (&name), g_strdup (value->str));

  return TRUE;
}

static guint
count_lines (const char *start, const char *end)
{
  guint n = 1;

  for (; start < end; start++)
    n += *start == '\n';

  return n;
}

static gboolean
check_text (Parser *parser, GError **error)
{
  const char *bad;

  if (g_utf8_validate_len (parser->at, parser->end - parser->at, &bad))
    return TRUE;

  return fail (parser,
               count_lines (parser->at, bad),
               error,
               *bad == '\0' ? "the file contains a NUL byte" : "the file is not valid UTF-8");
}

/**
 * weir_env_file_parse:
 * @text: the text of a file
 * @length: its length in bytes, or -1 if it ends in a NUL
 * @name: what errors call the file
 * @lookup: (nullable) (array zero-terminated=1): `KEY=value` lines where `$VAR` is looked up
 *   if the text itself has not set it
 * @error: return location for an error
 *
 * Reads assignments of the form `NAME=value` or `NAME: value`, one a line, with or without
 * `export` before them; empty lines and those that begin with `#` are skipped.
 *
 * A value in single quotes is taken as it is; in double quotes it may go over several lines,
 * `\n` and `\r` are line ends there and a backslash before another letter is left out. In
 * double quotes and without quotes, `$NAME` and `${NAME}` stand for variables whose names are
 * in capitals, digits and `_`; unknown ones are empty, and `\$` is a dollar sign. Without
 * quotes, blanks around the value and a comment after a blank and `#` do not belong to it.
 *
 * Fails with [error@Weir.ConfigError.SYNTAX] and the message `name:line: why`.
 *
 * Returns: (transfer full) (array zero-terminated=1): `KEY=value` lines in the order of the
 *   text; of a repeated key, only the last
 *
 * Since: 1.0
 */
char **
weir_env_file_parse (const char *text,
                     gssize length,
                     const char *name,
                     const char *const *lookup,
                     GError **error)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GPtrArray) lines = g_ptr_array_new ();
  Parser parser = { name, text != NULL ? text : "", NULL, 1, lookup, keys, values };
  guint i;

  g_return_val_if_fail (text != NULL || length == 0, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  if (length < 0)
    length = strlen (text);
  if (length >= 3 && memcmp (text, "\xef\xbb\xbf", 3) == 0)
    {
      parser.at += 3;
      length -= 3;
    }
  parser.end = parser.at + length;
  if (length > 0 && !check_text (&parser, error))
    return NULL;

  for (skip_to_statement (&parser); parser.at < parser.end; skip_to_statement (&parser))
    {
      if (!read_statement (&parser, error))
        return NULL;
    }

  for (i = 0; i < keys->len; i++)
    {
      const char *key = g_ptr_array_index (keys, i);

      g_ptr_array_add (lines, g_strconcat (key, "=", g_hash_table_lookup (values, key), NULL));
    }
  g_ptr_array_add (lines, NULL);

  return (char **) g_ptr_array_steal (lines, NULL);
}

/**
 * weir_env_file_load:
 * @path: (type filename): a file
 * @lookup: (nullable) (array zero-terminated=1): as for [func@Weir.env_file_parse]
 * @error: return location for an error
 *
 * Reads a file as [func@Weir.env_file_parse] does. A file that does not exist is an empty
 * one. Fails also with [error@Weir.ConfigError.READ].
 *
 * Returns: (transfer full) (array zero-terminated=1): `KEY=value` lines in the order of the
 *   file; of a repeated key, only the last
 *
 * Since: 1.0
 */
char **
weir_env_file_load (const char *path, const char *const *lookup, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) problem = NULL;
  gsize length;

  g_return_val_if_fail (path != NULL, NULL);

  if (g_file_get_contents (path, &text, &length, &problem))
    return weir_env_file_parse (text, length, path, lookup, error);
  if (g_error_matches (problem, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return g_new0 (char *, 1);

  g_set_error_literal (error, WEIR_CONFIG_ERROR, WEIR_CONFIG_ERROR_READ, problem->message);

  return NULL;
}
