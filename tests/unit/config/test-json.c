/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/weir-json-private.h"

#include <string.h>

#include "config/weir-config.h"

static WeirNode *
find (WeirNode *node, const char *path)
{
  g_auto (GStrv) keys = g_strsplit (path, ".", -1);
  char **key;

  for (key = keys; *key != NULL; key++)
    {
      if (node->kind == WEIR_NODE_ARRAY)
        node = g_ptr_array_index (node->children, g_ascii_strtoull (*key, NULL, 10));
      else
        node = weir_node_find (node, *key);
      g_assert_nonnull (node);
    }

  return node;
}

static const char text[] = "{ /* a comment with \"quotes\": { */\n"
                           "  \"a\": 1, \"b\": \"x\",\n"
                           "  /* and\n     another, */ \"c\": [1, {\"d\": true}],\n"
                           "  \"e\\\"f\":\n    null,\n"
                           "  \"ü\": -1.5e3, \"g\": {}\n"
                           "}\n";

static const struct
{
  const char *path;
  WeirNodeKind kind;
  guint key_line, key_column, line, column;
} places[] = {
  { "a", WEIR_NODE_INTEGER, 2, 3, 2, 8 },  { "b", WEIR_NODE_STRING, 2, 11, 2, 16 },
  { "c", WEIR_NODE_ARRAY, 4, 18, 4, 23 },  { "c.0", WEIR_NODE_INTEGER, 0, 0, 4, 24 },
  { "c.1", WEIR_NODE_TABLE, 0, 0, 4, 27 }, { "c.1.d", WEIR_NODE_BOOLEAN, 4, 28, 4, 33 },
  { "e\"f", WEIR_NODE_NULL, 5, 3, 6, 5 },  { "ü", WEIR_NODE_DOUBLE, 7, 3, 7, 8 },
  { "g", WEIR_NODE_TABLE, 7, 16, 7, 21 },
};

static void
test_positions (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WeirNode) root = weir_json_parse (text, strlen (text), "f.json", &error);
  gsize i;

  g_assert_no_error (error);
  for (i = 0; i < G_N_ELEMENTS (places); i++)
    {
      WeirNode *node = find (root, places[i].path);

      g_test_message ("%s", places[i].path);
      g_assert_cmpint (node->kind, ==, places[i].kind);
      g_assert_cmpuint (node->key_line, ==, places[i].key_line);
      g_assert_cmpuint (node->key_column, ==, places[i].key_column);
      g_assert_cmpuint (node->line, ==, places[i].line);
      g_assert_cmpuint (node->column, ==, places[i].column);
    }
}

static void
assert_fails (const char *json, gssize length, const char *start)
{
  g_autoptr (GError) error = NULL;

  if (length < 0)
    length = strlen (json);
  g_assert_null (weir_json_parse (json, length, "f.json", &error));
  g_assert_error (error, WEIR_CONFIG_ERROR, WEIR_CONFIG_ERROR_SYNTAX);
  if (!g_str_has_prefix (error->message, start))
    g_assert_cmpstr (error->message, ==, start);
}

static void
test_errors (void)
{
  g_autofree char *nested = g_strnfill (100000, '[');
  g_autofree char *hidden = g_strconcat ("{\"a\": '\"', \"b\": ", nested, NULL);

  assert_fails ("", -1, "f.json:1:1: the file must hold one object: { … }");
  assert_fails ("[]", -1, "f.json:1:1: the file must hold one object: { … }");
  assert_fails ("1", -1, "f.json:1:1: the file must hold one object: { … }");
  assert_fails ("{\n  \"a\" 1\n}", -1, "f.json:2:");
  assert_fails ("{\n  \"a\": 1,\n  \"a\": 2\n}", -1, "f.json:3:3: the key \"a\" is given twice");
  assert_fails ("{\"a\": \"\\u0000\"}", -1, "f.json:1:8: a string may not contain a NUL");
  assert_fails ("{\"a\": \"\xff\"}", -1, "f.json:1:1: the file is not valid UTF-8");
  assert_fails ("{\"a\": 1\0}", 9, "f.json:1:1: the file is not valid UTF-8");
  assert_fails ("{\n// x\n}", -1, "f.json:2:1: JSON has no // comments; write /* … */");
  assert_fails (nested, -1, "f.json:1:65: the values are nested too deeply");
  assert_fails (hidden, -1, "f.json:1:7: a string of JSON stands in double quotes");
}

static void
test_bom (void)
{
  g_autoptr (WeirNode) root = weir_json_parse ("\xef\xbb\xbf{}", 5, "f.json", NULL);

  g_assert_nonnull (root);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/config/json/positions", test_positions);
  g_test_add_func ("/config/json/errors", test_errors);
  g_test_add_func ("/config/json/bom", test_bom);

  return g_test_run ();
}
