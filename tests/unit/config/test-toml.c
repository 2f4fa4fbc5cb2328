/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/weir-toml-private.h"

#include <string.h>

#include "config/weir-config.h"

/* "key@line:column=kind@line:column", depth first. */
static void
describe (WeirNode *node, GString *text)
{
  guint i;

  if (node->key != NULL)
    g_string_append_printf (text, "%s@%u:%u=", node->key, node->key_line, node->key_column);
  if (node->kind == WEIR_NODE_STRING)
    g_string_append_printf (text, "'%s'", node->string);
  else if (node->kind == WEIR_NODE_INTEGER)
    g_string_append_printf (text, "%" G_GINT64_FORMAT, node->integer);
  else if (node->kind == WEIR_NODE_BOOLEAN)
    g_string_append (text, node->boolean ? "true" : "false");
  else
    g_string_append (text, strchr (weir_node_describe (node), ' ') + 1);
  g_string_append_printf (text, "@%u:%u", node->line, node->column);

  for (i = 0; node->children != NULL && i < node->children->len; i++)
    {
      g_string_append (text, i == 0 ? " (" : " ");
      describe (g_ptr_array_index (node->children, i), text);
    }
  if (node->children != NULL && node->children->len > 0)
    g_string_append_c (text, ')');
}

static const struct
{
  const char *text;
  const char *expected;
} good[] = {
  { "", "table@1:1" },
  { "b = 1\na = 'x'\n", "table@1:1 (b@1:1=1@1:5 a@2:1='x'@2:5)" },
  { "\n[t]\n  k = true", "table@1:1 (t@2:2=table@2:1 (k@3:3=true@3:7))" },
  { "l = [1, 'a']", "table@1:1 (l@1:1=array@1:5 (1@1:6 'a'@1:9))" },
  { "é = 'ü'", NULL },
  { "'é' = 'ü' # x", "table@1:1 (é@1:1='ü'@1:7)" },
  { "d = 2020-01-01", "table@1:1 (d@1:1=date or time@1:5)" },
  { "f = 1.5", "table@1:1 (f@1:1=number with a fraction@1:5)" },
  { "a.b = 1", "table@1:1 (a@1:1=table@1:1 (b@1:3=1@1:7))" },
};

static void
test_positions (void)
{
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (WeirNode) node =
          weir_toml_parse (good[i].text, strlen (good[i].text), "x.toml", &error);
      g_autoptr (GString) text = g_string_new (NULL);

      if (good[i].expected == NULL)
        {
          g_assert_error (error, WEIR_CONFIG_ERROR, WEIR_CONFIG_ERROR_SYNTAX);
          continue;
        }
      g_assert_no_error (error);
      describe (node, text);
      g_assert_cmpstr (text->str, ==, good[i].expected);
    }
}

static void
assert_fails (const char *text, gssize length, const char *start)
{
  g_autoptr (GError) error = NULL;

  if (length < 0)
    length = strlen (text);
  g_assert_null (weir_toml_parse (text, length, "x.toml", &error));
  g_assert_error (error, WEIR_CONFIG_ERROR, WEIR_CONFIG_ERROR_SYNTAX);
  if (!g_str_has_prefix (error->message, start))
    g_assert_cmpstr (error->message, ==, start);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

static void
test_errors (void)
{
  g_autofree char *deep_key = g_strnfill (20000, '.');
  g_autoptr (GString) dotted = g_string_new ("a");
  g_autoptr (GString) nested = g_string_new ("a = ");
  guint i;

  for (i = 0; i < 20000; i++)
    g_string_append (dotted, ".a");
  g_string_append (dotted, " = 1");
  for (i = 0; i < 20000; i++)
    g_string_append_c (nested, '[');

  assert_fails ("a = \nb = 1", -1, "x.toml:1:");
  assert_fails ("a = 1\na = 2", -1, "x.toml:2:");
  assert_fails ("\n\n[x", -1, "x.toml:3:");
  assert_fails ("a = 'x", -1, "x.toml:1:");
  assert_fails ("a = \"\xff\"", -1, "x.toml:1:");
  assert_fails ("a = 1\0b", 7, "x.toml:1:1: the file contains a NUL byte; it is not a text file");
  assert_fails ("a = \"\\u0000\"",
                -1,
                "x.toml:1:5: the string contains a NUL or is not valid UTF-8");
  assert_fails ("\"\\u0000\" = 1",
                -1,
                "x.toml:1:1: the string contains a NUL or is not valid UTF-8");
  assert_fails (dotted->str, -1, "x.toml:1:1: the tables are nested too deeply");
  assert_fails (nested->str, -1, "x.toml:1:");
  assert_fails (deep_key, -1, "x.toml:1:1: the tables are nested too deeply");
}

static void
test_depth (void)
{
  g_autoptr (GString) text = g_string_new ("a");
  guint i;

  for (i = 0; i < WEIR_NODE_MAX_DEPTH; i++)
    g_string_append (text, ".a");
  g_string_append (text, " = 1");
  assert_fails (text->str, -1, "x.toml:1:");
}

static void
test_variant (void)
{
  const char text[] = "a = 1\nb = ['x', 'y']\nc = [1, 'x']\nd = { e = true }\nf = 1.5\ng = []";
  g_autoptr (WeirNode) node = weir_toml_parse (text, strlen (text), "x.toml", NULL);
  g_autoptr (GVariant) value = g_variant_ref_sink (weir_node_to_variant (node));
  g_autofree char *printed = g_variant_print (value, FALSE);

  g_assert_cmpstr (printed,
                   ==,
                   "{'a': <int64 1>, 'b': <['x', 'y']>, 'c': <[<int64 1>, <'x'>]>, "
                   "'d': <{'e': <true>}>, 'f': <1.5>, 'g': <@as []>}");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/config/toml/positions", test_positions);
  g_test_add_func ("/config/toml/errors", test_errors);
  g_test_add_func ("/config/toml/depth", test_depth);
  g_test_add_func ("/config/toml/variant", test_variant);

  return g_test_run ();
}
