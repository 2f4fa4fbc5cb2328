/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/weir-json-private.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "config/weir-config.h"

typedef struct
{
  guint line;
  guint column;
} Position;

/* Walks over the text beside json-glib and notes where each value and each key begins, in
 * the order of the text. It need not notice what is wrong: json-glib has read it before, or
 * reads it after and says so. */
typedef struct
{
  const char *name;
  const char *at;
  const char *end;
  const char *line_start;
  guint line;
  GArray *positions; /* of keys and values, in the order of a walk down the tree */
  GPtrArray *keys;   /* one set of names for each open object, NULL for an array */
  gboolean expects_key;
} Scan;

static Position
get_position (Scan *scan)
{
  return (Position){ scan->line,
                     1 + g_utf8_strlen (scan->line_start, scan->at - scan->line_start) };
}

static gboolean
set_syntax_error (Scan *scan, Position where, const char *why, GError **error)
{
  g_set_error (error,
               WEIR_CONFIG_ERROR,
               WEIR_CONFIG_ERROR_SYNTAX,
               "%s:%u:%u: %s",
               scan->name,
               where.line,
               where.column,
               why);
  return FALSE;
}

static void
step (Scan *scan)
{
  if (*scan->at == '\n')
    {
      scan->line++;
      scan->line_start = scan->at + 1;
    }
  scan->at++;
}

static void
skip_until (Scan *scan, const char *stop)
{
  gsize length = strlen (stop);

  while (scan->at < scan->end)
    {
      gboolean found =
          (gsize) (scan->end - scan->at) >= length && memcmp (scan->at, stop, length) == 0;

      step (scan);
      if (found)
        {
          while (--length > 0)
            step (scan);
          return;
        }
    }
}

static gboolean
skip_string (Scan *scan, GError **error)
{
  step (scan);
  while (scan->at < scan->end && *scan->at != '"')
    {
      if (*scan->at == '\\' && scan->end - scan->at >= 6 && memcmp (scan->at, "\\u0000", 6) == 0)
        return set_syntax_error (scan,
                                 get_position (scan),
                                 "a string may not contain a NUL",
                                 error);
      if (*scan->at == '\\' && scan->end - scan->at >= 2)
        step (scan);
      step (scan);
    }
  if (scan->at < scan->end)
    step (scan);

  return TRUE;
}

static gboolean
scan_string (Scan *scan, GError **error)
{
  Position where = get_position (scan);
  const char *start = scan->at;
  GHashTable *keys;
  g_autofree char *key = NULL;

  g_array_append_val (scan->positions, where);
  if (!skip_string (scan, error))
    return FALSE;
  if (!scan->expects_key)
    return TRUE;

  scan->expects_key = FALSE;
  keys = g_ptr_array_index (scan->keys, scan->keys->len - 1);
  key = g_strndup (start, scan->at - start);
  if (g_hash_table_contains (keys, key))
    {
      g_autofree char *why = g_strdup_printf ("the key %s is given twice", key);

      return set_syntax_error (scan, where, why, error);
    }
  g_hash_table_add (keys, g_steal_pointer (&key));

  return TRUE;
}

static gboolean
scan_open (Scan *scan, GError **error)
{
  Position where = get_position (scan);

  if (scan->keys->len >= WEIR_NODE_MAX_DEPTH)
    return set_syntax_error (scan, where, "the values are nested too deeply", error);

  g_array_append_val (scan->positions, where);
  scan->expects_key = *scan->at == '{';
  g_ptr_array_add (scan->keys,
                   scan->expects_key ? g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL)
                                     : NULL);
  step (scan);

  return TRUE;
}

static void
scan_close (Scan *scan)
{
  if (scan->keys->len > 0)
    g_ptr_array_set_size (scan->keys, scan->keys->len - 1);
  scan->expects_key = FALSE;
  step (scan);
}

static void
scan_word (Scan *scan)
{
  Position where = get_position (scan);

  g_array_append_val (scan->positions, where);
  do
    step (scan);
  while (scan->at < scan->end &&
         (g_ascii_isalnum (*scan->at) || strchr ("+-._", *scan->at) != NULL));
}

static gboolean
scan_token (Scan *scan, GError **error)
{
  switch (*scan->at)
    {
    case '"':
      return scan_string (scan, error);
    case '\'': /* which json-glib takes: a double quote in there would lead us astray */
      return set_syntax_error (scan,
                               get_position (scan),
                               "a string of JSON stands in double quotes",
                               error);
    case '{':
    case '[':
      return scan_open (scan, error);
    case '}':
    case ']':
      scan_close (scan);
      return TRUE;
    case ',':
      scan->expects_key =
          scan->keys->len > 0 && g_ptr_array_index (scan->keys, scan->keys->len - 1) != NULL;
      step (scan);
      return TRUE;
    case '/':
      if (scan->end - scan->at < 2 || scan->at[1] != '*')
        return set_syntax_error (scan,
                                 get_position (scan),
                                 "JSON has no // comments; write /* … */",
                                 error);
      skip_until (scan, "*/");
      return TRUE;
    case ':':
    case ' ':
    case '\t':
    case '\r':
    case '\n':
      step (scan);
      return TRUE;
    default:
      scan_word (scan);
      return TRUE;
    }
}

static void
free_keys (gpointer keys)
{
  if (keys != NULL)
    g_hash_table_unref (keys);
}

static GArray *
scan_positions (const char *text, gsize length, const char *name, GError **error)
{
  g_autoptr (GArray) positions = g_array_new (FALSE, FALSE, sizeof (Position));
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (free_keys);
  Scan scan = { name, text, text + length, text, 1, positions, keys, FALSE };

  while (scan.at < scan.end)
    {
      if (!scan_token (&scan, error))
        return NULL;
    }

  return g_steal_pointer (&positions);
}

typedef struct
{
  GArray *positions;
  guint next;
} Walk;

static Position
take_position (Walk *walk)
{
  if (walk->next >= walk->positions->len)
    return (Position){ 1, 1 };

  return g_array_index (walk->positions, Position, walk->next++);
}

static WeirNode *
convert_value (JsonNode *from, Position where)
{
  WeirNode *node = weir_node_new (WEIR_NODE_NULL, where.line, where.column);
  GType type = json_node_get_value_type (from);

  if (type == G_TYPE_STRING)
    {
      node->kind = WEIR_NODE_STRING;
      node->string = g_strdup (json_node_get_string (from));
    }
  else if (type == G_TYPE_INT64)
    {
      node->kind = WEIR_NODE_INTEGER;
      node->integer = json_node_get_int (from);
    }
  else if (type == G_TYPE_DOUBLE)
    {
      node->kind = WEIR_NODE_DOUBLE;
      node->number = json_node_get_double (from);
    }
  else if (type == G_TYPE_BOOLEAN)
    {
      node->kind = WEIR_NODE_BOOLEAN;
      node->boolean = json_node_get_boolean (from);
    }

  return node;
}

static WeirNode *
convert (JsonNode *from, Walk *walk)
{
  Position where = take_position (walk);
  WeirNode *node;

  if (JSON_NODE_HOLDS_OBJECT (from))
    {
      g_autoptr (GList) names = json_object_get_members (json_node_get_object (from));
      GList *item;

      node = weir_node_new (WEIR_NODE_TABLE, where.line, where.column);
      for (item = names; item != NULL; item = item->next)
        {
          Position key = take_position (walk);
          WeirNode *child =
              convert (json_object_get_member (json_node_get_object (from), item->data), walk);

          child->key = g_strdup (item->data);
          child->key_line = key.line;
          child->key_column = key.column;
          weir_node_append (node, child);
        }
    }
  else if (JSON_NODE_HOLDS_ARRAY (from))
    {
      JsonArray *array = json_node_get_array (from);
      guint i;

      node = weir_node_new (WEIR_NODE_ARRAY, where.line, where.column);
      for (i = 0; i < json_array_get_length (array); i++)
        weir_node_append (node, convert (json_array_get_element (array, i), walk));
    }
  else
    {
      node = convert_value (from, where);
    }

  return node;
}

/* Its messages begin with "<data>:line:column: ". */
static void
rename_error (GError **error, GError *problem, const char *name)
{
  const char *text = problem->message;

  if (g_str_has_prefix (text, "<data>:"))
    text += strlen ("<data>:");
  else
    name = NULL;

  g_set_error (error,
               WEIR_CONFIG_ERROR,
               WEIR_CONFIG_ERROR_SYNTAX,
               "%s%s%s",
               name != NULL ? name : "",
               name != NULL ? ":" : "",
               text);
}

WeirNode *
weir_json_parse (const char *text, gsize length, const char *name, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GArray) positions = NULL;
  g_autoptr (GError) problem = NULL;
  JsonNode *root;
  Walk walk;

  /* Before json-glib, which reads a nested value by recursion. */
  if (length >= 3 && memcmp (text, "\xef\xbb\xbf", 3) == 0)
    {
      text += 3;
      length -= 3;
    }
  if (!g_utf8_validate_len (text, length, NULL))
    {
      g_set_error (error,
                   WEIR_CONFIG_ERROR,
                   WEIR_CONFIG_ERROR_SYNTAX,
                   "%s:1:1: the file is not valid UTF-8",
                   name);
      return NULL;
    }
  positions = scan_positions (text, length, name, error);
  if (positions == NULL)
    return NULL;

  if (!json_parser_load_from_data (parser, text, length, &problem))
    {
      rename_error (error, problem, name);
      return NULL;
    }
  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      g_set_error (error,
                   WEIR_CONFIG_ERROR,
                   WEIR_CONFIG_ERROR_SYNTAX,
                   "%s:1:1: the file must hold one object: { … }",
                   name);
      return NULL;
    }

  walk = (Walk){ positions, 0 };
  return convert (root, &walk);
}
