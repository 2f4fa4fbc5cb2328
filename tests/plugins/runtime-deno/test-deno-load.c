/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <json-glib/json-glib.h>
#include <weir.h>

#include "weir-deno-folders.h"
#include "weir-deno-load.h"

#define ODD "a\"b\\c\nd\te\001f\177 ü ☃ </script>"

static WeirFunction *
make_function (void)
{
  static const char *const variables[] = { "PLAIN=1",   "ODD=" ODD, "EQUALS=a=b", "EMPTY=",
                                           "=nameless", "wrong",    NULL };
  g_autoptr (WeirSettings) settings = weir_settings_new (
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref),
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free));

  return g_object_new (WEIR_TYPE_FUNCTION,
                       "name",
                       "a \"b\"",
                       "root",
                       "/f",
                       "directory",
                       "/f/a",
                       "entrypoint",
                       "/f/a/index ü.ts",
                       "settings",
                       settings,
                       "environ",
                       variables,
                       NULL);
}

static JsonObject *
load (WeirDenoPlan *plan, WeirLaunch *standby)
{
  g_autoptr (WeirFunction) function = make_function ();
  g_autoptr (WeirDenoFolders) folders = weir_deno_folders_new ("/f");
  g_autoptr (WeirDenoPermissions) own =
      weir_deno_permissions_new (weir_function_get_settings (function), folders, NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL;

  weir_deno_permissions_add_read (own, "/f/a");
  line = weir_deno_load_to_line (function, plan, own, "/tmp/w", "/sockets/1.sock", standby);
  g_assert_null (strchr (line, '\n'));
  json_parser_load_from_data (parser, line, -1, &error);
  g_assert_no_error (error);
  return json_object_ref (json_node_get_object (json_parser_get_root (parser)));
}

static void
test_members (void)
{
  WeirDenoPlan plan = { .uses_node = TRUE };
  g_autoptr (JsonObject) command = load (&plan, NULL);
  JsonObject *env = json_object_get_object_member (command, "env");

  g_assert_cmpstr (json_object_get_string_member (command, "type"), ==, "load");
  g_assert_cmpstr (json_object_get_string_member (command, "name"), ==, "a \"b\"");
  g_assert_cmpstr (json_object_get_string_member (command, "entry"),
                   ==,
                   "file:///f/a/index%20%C3%BC.ts");
  g_assert_cmpstr (json_object_get_string_member (command, "socket"), ==, "/sockets/1.sock");
  g_assert_cmpstr (json_object_get_string_member (command, "mode"), ==, "import");
  g_assert_cmpstr (json_object_get_string_member (command, "directory"), ==, "/f/a");
  g_assert_cmpstr (json_object_get_string_member (command, "temporary"), ==, "/tmp/w");
  g_assert_true (json_object_get_boolean_member (command, "node"));
  g_assert_false (json_object_get_boolean_member (command, "unexported"));
  g_assert_false (json_object_has_member (command, "hide_env"));
  g_assert_false (json_object_has_member (command, "keep_socket"));
  g_assert_false (json_object_has_member (command, "revoke"));
  g_assert_false (json_object_has_member (command, "secrets"));
  g_assert_cmpuint (json_object_get_size (env), ==, 5);
  g_assert_cmpstr (json_object_get_string_member (env, "HOME"), ==, "/tmp/w");
  g_assert_cmpstr (json_object_get_string_member (env, "PLAIN"), ==, "1");
  g_assert_cmpstr (json_object_get_string_member (env, "ODD"), ==, ODD);
  g_assert_cmpstr (json_object_get_string_member (env, "EQUALS"), ==, "a=b");
  g_assert_cmpstr (json_object_get_string_member (env, "EMPTY"), ==, "");
}

static void
test_standby (void)
{
  static const char *const argv[] = { "deno",
                                      "run",
                                      "--allow-read=/f/a,/f/b,/f/a/sub,/f/ab",
                                      "--allow-write=/x",
                                      NULL };
  static const char *const none[] = { NULL };
  WeirDenoPlan plan = { .bundle = (char *) "/cache/bundle.js" };
  g_autoptr (WeirLaunch) standby = weir_launch_new (argv, none, "/", "", "/sockets/1.sock");
  g_autoptr (JsonObject) command = load (&plan, standby);
  JsonArray *revoke = json_object_get_array_member (command, "revoke");

  g_assert_cmpstr (json_object_get_string_member (command, "entry"), ==, "file:///cache/bundle.js");
  g_assert_cmpuint (json_array_get_length (revoke), ==, 2);
  g_assert_cmpstr (json_array_get_string_element (revoke, 0), ==, "/f/b");
  g_assert_cmpstr (json_array_get_string_element (revoke, 1), ==, "/f/ab");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/deno/load/members", test_members);
  g_test_add_func ("/deno/load/standby", test_standby);
  return g_test_run ();
}
