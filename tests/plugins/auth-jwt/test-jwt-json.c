/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-jwt-json.h"

#include <string.h>

static void
test_good (void)
{
  static const char text[] =
      " { \"a\" : \"x\\u00e9\\n\\ud83d\\ude00\" , \"n\":-1.5e3,\"l\":[1, \"two\",{ } ],"
      "\"t\":true,\"f\":false,\"z\":null,\"o\":{\"a\":{}} } ";
  g_autoptr (GError) error = NULL;
  g_autoptr (WeirJwtObject) object = weir_jwt_object_parse (text, strlen (text), &error);
  g_autofree char *a = NULL;
  g_autofree char *two = NULL;
  g_autoptr (GArray) list = NULL;
  double number = 0;

  g_assert_no_error (error);
  a = weir_jwt_object_dup_string (object, "a");
  g_assert_cmpstr (a, ==, "x\xc3\xa9\n\xf0\x9f\x98\x80");
  g_assert_true (weir_jwt_value_get_number (weir_jwt_object_find (object, "n"), &number));
  g_assert_cmpfloat (number, ==, -1500);
  g_assert_false (weir_jwt_value_get_number (weir_jwt_object_find (object, "a"), &number));
  list = weir_jwt_value_list (weir_jwt_object_find (object, "l"));
  g_assert_cmpuint (list->len, ==, 3);
  two = weir_jwt_value_dup_string (&g_array_index (list, WeirJwtValue, 1));
  g_assert_cmpstr (two, ==, "two");
  g_assert_null (weir_jwt_object_find (object, "A"));
  g_assert_null (weir_jwt_object_dup_string (object, "t"));
}

static const char *const bad[] = {
  "",
  "[]",
  "{",
  "{}{}",
  "{} x",
  "{\"a\":1,}",
  "{\"a\" 1}",
  "{a:1}",
  "{'a':1}",
  "{\"a\":01}",
  "{\"a\":+1}",
  "{\"a\":1.}",
  "{\"a\":.5}",
  "{\"a\":1e}",
  "{\"a\":NaN}",
  "{\"a\":-}",
  "{\"a\":tru}",
  "{\"a\":\"\n\"}",
  "{\"a\":\"\\x\"}",
  "{\"a\":\"\\u12\"}",
  "{\"a\":\"\\ud800\"}",
  "{\"a\":\"\\udc00\"}",
  "{\"a\":\"\\ud800\\u0041\"}",
  "{\"a\":\"\\u0000\"}",
  "{\"a\":[1,]}",
  "{\"a\":[1 2]}",
  "{\"a\":/* */1}",
  "{\"a\":\"\xff\"}",
  "{\"a\":1,\"a\":2}",
  "{\"alg\":1,\"\\u0061lg\":2}",
};

static void
test_bad (gconstpointer data)
{
  const char *text = data;
  g_autoptr (GError) error = NULL;

  g_assert_null (weir_jwt_object_parse (text, strlen (text), &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_INVALID_ARGUMENT);
}

static void
test_depth (void)
{
  g_autoptr (GString) deep = g_string_new ("{\"a\":");
  g_autoptr (GString) many = g_string_new ("{");

  for (guint i = 0; i < 100000; i++)
    g_string_append_c (deep, '[');
  test_bad (deep->str);

  for (guint i = 0; i < 300; i++)
    g_string_append_printf (many, "%s\"%u\":1", i > 0 ? "," : "", i);
  g_string_append_c (many, '}');
  test_bad (many->str);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/auth-jwt/json/good", test_good);
  g_test_add_func ("/auth-jwt/json/depth", test_depth);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *path = g_strdup_printf ("/auth-jwt/json/bad/%u", i);

      g_test_add_data_func (path, bad[i], test_bad);
    }

  return g_test_run ();
}
