/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <weir.h>

#include "weir-deno-json.h"

static void
test_plain (gconstpointer data)
{
  const char *const *pair = data;
  g_autofree char *json = weir_deno_jsonc_to_json (pair[0]);

  g_assert_cmpstr (json, ==, pair[1]);
}

/* clang-format off */
static const char *const pairs[][3] = {
  { "{\"a\": 1}", "{\"a\": 1}", "json" },
  { "{} // end", "{}       ", "line-comment" },
  { "{/* a\nb */}", "{    \n    }", "block-comment-keeps-lines" },
  { "[1,2,]", "[1,2 ]", "trailing-comma" },
  { "{\"a\":1, // x\n}", "{\"a\":1      \n}", "comma-before-comment" },
  { "{\"a\":\"// no /* no */,]\"}", "{\"a\":\"// no /* no */,]\"}", "inside-string" },
  { "{\"a\":\"\\\"//\",}", "{\"a\":\"\\\"//\" }", "escaped-quote" },
  { "\xef\xbb\xbf{}", "{}", "byte-order-mark" },
  { "{ /* open", "{        ", "unclosed-comment" },
  { "{\"open", "{\"open", "unclosed-string" },
  { "{\"a\\", "{\"a\\", "escape-at-end" },
  { "[1,", "[1,", "comma-at-end" },
  { "", "", "empty" },
};
/* clang-format on */

static void
test_parse (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) json = weir_deno_json_parse ("{ // x\n \"a\": [1, 2,], }", "/f", &error);

  g_assert_no_error (error);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (json, "a")), ==, 2);
}

static void
test_parse_errors (void)
{
  g_autofree char *nested = g_strnfill (1000000, '[');
  g_autofree char *hidden = g_strconcat ("{\"a\": '\"', \"b\": ", nested, NULL);
  g_autofree char *behind_line = g_strconcat ("{\"a\n\": ", nested, NULL);
  const char *const texts[] = { "",     "[]",   "3",    "{\n\"a\" 3}", "{",
                                "\xff", nested, hidden, behind_line };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (weir_deno_json_parse (texts[i], "/f.json", &error));
      g_assert_error (error, WEIR_ERROR, WEIR_ERROR_BOOT_FAILED);
      g_assert_true (g_str_has_prefix (error->message, "/f.json:"));
      g_assert_null (strchr (error->message, '\n'));
    }
}

static void
test_read_missing (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (weir_deno_json_read ("/nowhere/deno.json", &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_BOOT_FAILED);
  g_assert_nonnull (strstr (error->message, "/nowhere/deno.json"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      g_autofree char *path = g_strconcat ("/deno/json/plain/", pairs[i][2], NULL);

      g_test_add_data_func (path, pairs[i], test_plain);
    }
  g_test_add_func ("/deno/json/parse", test_parse);
  g_test_add_func ("/deno/json/parse-errors", test_parse_errors);
  g_test_add_func ("/deno/json/read-missing", test_read_missing);
  return g_test_run ();
}
