/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <weir.h>

#include "weir-deno-import-map.h"
#include "weir-deno-json.h"

typedef struct
{
  WeirDenoImportMap *map;
  JsonObject *result;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->map = weir_deno_import_map_new ();
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  weir_deno_import_map_free (fixture->map);
  g_clear_pointer (&fixture->result, json_object_unref);
}

static void
add (Fixture *fixture, const char *text, const char *directory)
{
  g_autoptr (JsonObject) json = weir_deno_json_parse (text, "test", NULL);

  weir_deno_import_map_add_json (fixture->map, json, directory);
}

static JsonObject *
get_result (Fixture *fixture, const char *name)
{
  if (fixture->result == NULL)
    {
      g_autofree char *text = weir_deno_import_map_to_json (fixture->map);

      fixture->result = weir_deno_json_parse (text, "result", NULL);
    }
  return json_object_has_member (fixture->result, name)
             ? json_object_get_object_member (fixture->result, name)
             : NULL;
}

static void
assert_import (Fixture *fixture, const char *key, const char *target)
{
  g_assert_cmpstr (
      json_object_get_string_member_with_default (get_result (fixture, "imports"), key, NULL),
      ==,
      target);
}

static void
test_empty (Fixture *fixture, gconstpointer data)
{
  g_assert_cmpuint (json_object_get_size (get_result (fixture, "imports")), ==, 0);
  g_assert_null (get_result (fixture, "scopes"));
}

static void
test_relative (Fixture *fixture, gconstpointer data)
{
  add (fixture,
       "{\"imports\": {\"a\": \"./lib/a.ts\", \"b/\": \"../b/\", \"c\": \"/c.ts\","
       " \"./d.ts\": \"https://x.example/d.ts\", \"e\": \"file:///e.ts\"}}",
       "/fn/my dir");
  assert_import (fixture, "a", "file:///fn/my%20dir/lib/a.ts");
  assert_import (fixture, "b/", "file:///fn/b/");
  assert_import (fixture, "c", "file:///c.ts");
  assert_import (fixture, "file:///fn/my%20dir/d.ts", "https://x.example/d.ts");
  assert_import (fixture, "e", "file:///e.ts");
}

static void
test_packages (Fixture *fixture, gconstpointer data)
{
  add (fixture,
       "{\"imports\": {\"hono\": \"npm:hono@4\", \"s\": \"jsr:@std/assert@1\","
       " \"sub\": \"npm:hono@4/jsx\", \"own\": \"npm:own@1\", \"own/\": \"./own/\"}}",
       "/fn");
  assert_import (fixture, "hono", "npm:hono@4");
  assert_import (fixture, "hono/", "npm:/hono@4/");
  assert_import (fixture, "s/", "jsr:/@std/assert@1/");
  assert_import (fixture, "sub", "npm:hono@4/jsx");
  assert_import (fixture, "sub/", NULL);
}

static void
test_own_folder_wins (Fixture *fixture, gconstpointer data)
{
  add (fixture, "{\"imports\": {\"own/\": \"./own/\", \"own\": \"npm:own@1\"}}", "/fn");
  assert_import (fixture, "own/", "file:///fn/own/");
}

static void
test_first_wins (Fixture *fixture, gconstpointer data)
{
  add (fixture, "{\"imports\": {\"_shared/\": \"./mine/\", \"x\": null}}", "/fn");
  weir_deno_import_map_add (fixture->map, "_shared/", "file:///root/_shared/");
  weir_deno_import_map_add (fixture->map, "y", "file:///y.ts");
  assert_import (fixture, "_shared/", "file:///fn/mine/");
  assert_import (fixture, "y", "file:///y.ts");
  g_assert_true (json_object_get_null_member (get_result (fixture, "imports"), "x"));
}

static void
test_scopes (Fixture *fixture, gconstpointer data)
{
  JsonObject *scope;

  add (fixture,
       "{\"scopes\": {\"./lib/\": {\"a\": \"./a.ts\", \"h\": \"npm:h@1\"}, \"bad\": 3}}",
       "/fn");
  scope = json_object_get_object_member (get_result (fixture, "scopes"), "file:///fn/lib/");
  g_assert_cmpstr (json_object_get_string_member (scope, "a"), ==, "file:///fn/a.ts");
  g_assert_cmpstr (json_object_get_string_member (scope, "h/"), ==, "npm:/h@1/");
}

static void
test_wrong_types (Fixture *fixture, gconstpointer data)
{
  add (fixture, "{\"imports\": [], \"scopes\": \"x\"}", "/fn");
  add (fixture, "{\"imports\": {\"a\": 3, \"b\": {}, \"c\": \"npm:\", \"d\": \"npm:@x\"}}", "/fn");
  assert_import (fixture, "a", NULL);
  assert_import (fixture, "c/", NULL);
  assert_import (fixture, "d/", NULL);
}

static void
test_package_json (Fixture *fixture, gconstpointer data)
{
  g_autoptr (JsonObject) package = weir_deno_json_parse (
      "{\"dependencies\": {\"hono\": \"^4.1.0\", \"any\": \"*\", \"range\": \"^1 || ^2\","
      " \"alias\": \"npm:other@2\", \"@s/p\": \"~1.0\", \"local\": \"file:../x\","
      " \"work\": \"workspace:*\", \"odd\": 3}, \"devDependencies\": {\"dev\": \"1\"}}",
      "package.json",
      NULL);

  weir_deno_import_map_add_package (fixture->map, package);
  assert_import (fixture, "hono", "npm:hono@^4.1.0");
  assert_import (fixture, "hono/", "npm:/hono@^4.1.0/");
  assert_import (fixture, "any", "npm:any");
  assert_import (fixture, "range", "npm:range@^1%20||%20^2");
  assert_import (fixture, "alias", "npm:other@2");
  assert_import (fixture, "alias/", "npm:/other@2/");
  assert_import (fixture, "@s/p/", "npm:/@s/p@~1.0/");
  assert_import (fixture, "local", NULL);
  assert_import (fixture, "work", NULL);
  assert_import (fixture, "odd", NULL);
  assert_import (fixture, "dev", NULL);
}

#define ADD(name, func)                                                                            \
  g_test_add ("/deno/import-map/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("empty", test_empty);
  ADD ("relative", test_relative);
  ADD ("packages", test_packages);
  ADD ("own-folder-wins", test_own_folder_wins);
  ADD ("first-wins", test_first_wins);
  ADD ("scopes", test_scopes);
  ADD ("wrong-types", test_wrong_types);
  ADD ("package-json", test_package_json);
  return g_test_run ();
}
