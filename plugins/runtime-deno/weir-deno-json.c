/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-deno-json.h"

#include <weir.h>

#define MAX_DEPTH 64

static const char *
skip_string (const char *p)
{
  for (p++; *p != '\0' && *p != '"' && *p != '\n'; p++)
    if (*p == '\\' && p[1] != '\0')
      p++;
  return *p == '"' ? p + 1 : p;
}

static const char *
skip_comment (const char *p)
{
  const char *end;

  if (p[0] != '/')
    return p;
  if (p[1] == '/')
    return p + strcspn (p, "\n");
  if (p[1] != '*')
    return p;
  end = strstr (p + 2, "*/");
  return end != NULL ? end + 2 : p + strlen (p);
}

static const char *
skip_blank (const char *p)
{
  for (;;)
    {
      const char *next = skip_comment (p + strspn (p, " \t\r\n"));

      if (next == p)
        return p;
      p = next;
    }
}

/* JSON with comments and trailing commas, as Deno takes it, to plain JSON. What goes
 * becomes spaces, so that positions in error messages stay right. */
char *
weir_deno_jsonc_to_json (const char *text)
{
  GString *out = g_string_new (NULL);
  const char *p = g_str_has_prefix (text, "\xef\xbb\xbf") ? text + 3 : text;

  while (*p != '\0')
    {
      const char *end = skip_comment (p);

      if (*p == '"')
        {
          end = skip_string (p);
          g_string_append_len (out, p, end - p);
          p = end;
        }
      else if (end != p)
        {
          for (; p < end; p++)
            g_string_append_c (out, *p == '\n' ? '\n' : ' ');
        }
      else if (*p == ',' && strchr ("]}", *skip_blank (p + 1)) != NULL &&
               *skip_blank (p + 1) != '\0')
        {
          g_string_append_c (out, ' ');
          p++;
        }
      else
        {
          g_string_append_c (out, *p++);
        }
    }
  return g_string_free (out, FALSE);
}

/* "<data>:3:1: Parse error: What" as "path:3:1: not valid JSON: What". */
static void
set_parse_error (const char *message, const char *path, GError **error)
{
  const char *what = strstr (message, ": Parse error: ");
  const char *place = strchr (message, ':');

  if (what != NULL && place != NULL && place < what)
    g_set_error (error,
                 WEIR_ERROR,
                 WEIR_ERROR_BOOT_FAILED,
                 "%s%.*s: not valid JSON: %s",
                 path,
                 (int) (what - place),
                 place,
                 what + strlen (": Parse error: "));
  else
    g_set_error (error,
                 WEIR_ERROR,
                 WEIR_ERROR_BOOT_FAILED,
                 "%s:1:1: not valid JSON: %s",
                 path,
                 message);
}

static gboolean
refuse_at (const char *json, const char *at, const char *why, const char *path, GError **error)
{
  guint line = 1;
  const char *start = json;

  for (const char *p = json; p < at; p++)
    if (*p == '\n')
      {
        line++;
        start = p + 1;
      }
  g_set_error (error,
               WEIR_ERROR,
               WEIR_ERROR_BOOT_FAILED,
               "%s:%u:%u: not valid JSON: %s",
               path,
               line,
               (guint) (at - start) + 1,
               why);
  return FALSE;
}

/* As json-glib sees it, to which a line end is nothing special. */
static const char *
skip_quoted (const char *p)
{
  for (p++; *p != '\0' && *p != '"'; p++)
    if (*p == '\\' && p[1] != '\0')
      p++;
  return *p == '"' ? p + 1 : p;
}

/* json-glib reads a nested value by recursion, and takes single quotes, in which a double one
 * would hide what follows from us. */
static gboolean
check_nesting (const char *json, const char *path, GError **error)
{
  guint depth = 0;

  for (const char *p = json; *p != '\0';)
    {
      if (*p == '\'')
        return refuse_at (json, p, "a string stands in double quotes", path, error);
      if ((*p == '{' || *p == '[') && ++depth > MAX_DEPTH)
        return refuse_at (json, p, "the values are nested too deeply", path, error);
      if ((*p == '}' || *p == ']') && depth > 0)
        depth--;
      p = *p == '"' ? skip_quoted (p) : p + 1;
    }
  return TRUE;
}

JsonObject *
weir_deno_json_parse (const char *text, const char *path, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autofree char *json = weir_deno_jsonc_to_json (text);
  g_autoptr (GError) local_error = NULL;
  JsonNode *root;

  if (!check_nesting (json, path, error))
    return NULL;
  if (!json_parser_load_from_data (parser, json, -1, &local_error))
    {
      set_parse_error (local_error->message, path, error);
      return NULL;
    }
  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_BOOT_FAILED,
                   "%s:1:1: must be a JSON object",
                   path);
      return NULL;
    }
  return json_object_ref (json_node_get_object (root));
}

JsonObject *
weir_deno_json_read (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) local_error = NULL;

  if (!g_file_get_contents (path, &text, NULL, &local_error))
    {
      g_set_error_literal (error, WEIR_ERROR, WEIR_ERROR_BOOT_FAILED, local_error->message);
      return NULL;
    }
  return weir_deno_json_parse (text, path, error);
}
