/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <weir.h>

#include "weir-deno-folder.h"
#include "weir-deno-json.h"
#include "weir-deno-plan.h"

typedef struct
{
  char *root;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->root = g_dir_make_tmp ("weir-plan-XXXXXX", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  weir_deno_folder_remove (fixture->root);
  g_assert_false (g_file_test (fixture->root, G_FILE_TEST_EXISTS));
  g_free (fixture->root);
}

static void
put (Fixture *fixture, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (fixture->root, name, NULL);
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static WeirFunction *
make_function (Fixture *fixture, const char *entry)
{
  g_autofree char *path = g_build_filename (fixture->root, entry, NULL);
  g_autofree char *directory = g_path_get_dirname (path);

  return g_object_new (WEIR_TYPE_FUNCTION,
                       "name",
                       "f",
                       "root",
                       fixture->root,
                       "directory",
                       directory,
                       "entrypoint",
                       path,
                       NULL);
}

static WeirDenoPlan *
plan (Fixture *fixture, const char *entry)
{
  g_autoptr (WeirFunction) function = make_function (fixture, entry);
  g_autoptr (GError) error = NULL;
  WeirDenoPlan *result = weir_deno_plan_new (function, "/boot", &error);

  g_assert_no_error (error);
  return result;
}

static char *
dup_import (WeirDenoPlan *self, const char *key)
{
  g_autoptr (JsonObject) json = weir_deno_json_read (self->import_map, NULL);

  return g_strdup (
      json_object_get_string_member_with_default (json_object_get_object_member (json, "imports"),
                                                  key,
                                                  NULL));
}

static void
test_defaults (Fixture *fixture, gconstpointer data)
{
  g_autoptr (WeirDenoPlan) self = NULL;
  g_autoptr (WeirDenoPlan) again = NULL;
  g_autofree char *shared = NULL;
  g_autofree char *flux = NULL;
  g_autofree char *expected = g_strdup_printf ("file://%s/_shared/", fixture->root);

  put (fixture, "f/index.ts", "Deno.serve(() => new Response());");
  put (fixture, "_shared/x.ts", "");
  put (fixture, "_file.ts", "");
  self = plan (fixture, "f/index.ts");
  again = plan (fixture, "f/index.ts");
  shared = dup_import (self, "_shared/");
  flux = dup_import (self, "@flux/functions");
  g_assert_cmpstr (shared, ==, expected);
  g_assert_cmpstr (flux, ==, "file:///boot/deno/flux-functions.ts");
  g_assert_cmpstr (self->import_map, ==, again->import_map);
  g_assert_null (self->config);
  g_assert_false (self->is_main || self->unexported || self->uses_node);
}

static void
test_supabase_types (Fixture *fixture, gconstpointer data)
{
  static const char *const specifiers[] = {
    "@supabase/functions-js/edge-runtime.d.ts",
    "jsr:@supabase/functions-js/edge-runtime.d.ts",
    "jsr:@supabase/functions-js@2.4.1/edge-runtime.d.ts",
    "https://esm.sh/v135/@supabase/functions-js@2.3.1/src/edge-runtime.d.ts",
  };
  g_autoptr (WeirDenoPlan) self = NULL;
  g_autofree char *client = NULL;

  put (fixture,
       "f/index.ts",
       "import \"jsr:@supabase/functions-js@2.4.1/edge-runtime.d.ts\";\n"
       "import 'https://esm.sh/v135/@supabase/functions-js@2.3.1/src/edge-runtime.d.ts';\n");
  put (fixture,
       "f/deno.json",
       "{\"imports\":{\"@supabase/functions-js\":"
       "\"jsr:@supabase/functions-js@^2\"}}");
  self = plan (fixture, "f/index.ts");
  for (gsize i = 0; i < G_N_ELEMENTS (specifiers); i++)
    {
      g_autofree char *target = dup_import (self, specifiers[i]);

      g_assert_cmpstr (target, ==, "file:///boot/deno/nothing.ts");
    }
  client = dup_import (self, "@supabase/functions-js");
  g_assert_cmpstr (client, ==, "jsr:@supabase/functions-js@^2");
}

static void
test_precedence (Fixture *fixture, gconstpointer data)
{
  /* Each one added is stronger than those before it. */
  static const char *const files[][3] = {
    { "package.json", "{\"dependencies\": {\"x\": \"1\"}}", "npm:x@1" },
    { "import_map.json", "{\"imports\": {\"x\": \"npm:x@2\"}}", "npm:x@2" },
    { "deno.json", "{\"imports\": {\"x\": \"npm:x@3\"}}", "npm:x@3" },
    { "f/package.json", "{\"dependencies\": {\"x\": \"4\"}}", "npm:x@4" },
    { "f/import_map.json", "{\"imports\": {\"x\": \"npm:x@5\"}}", "npm:x@5" },
    { "f/deno.jsonc", "{\"imports\": {\"x\": \"npm:x@6\",},}", "npm:x@6" },
    { "f/deno.json", "{\"importMap\": \"./other.json\"}", "npm:x@7" },
  };

  put (fixture, "f/index.ts", "");
  put (fixture, "f/other.json", "{\"imports\": {\"x\": \"npm:x@7\"}}");
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autoptr (WeirDenoPlan) self = NULL;
      g_autofree char *target = NULL;

      put (fixture, files[i][0], files[i][1]);
      self = plan (fixture, "f/index.ts");
      target = dup_import (self, "x");
      g_assert_cmpstr (target, ==, files[i][2]);
    }
}

static void
test_config_without_map (Fixture *fixture, gconstpointer data)
{
  g_autoptr (WeirDenoPlan) self = NULL;
  g_autofree char *config = g_build_filename (fixture->root, "f/deno.json", NULL);
  g_autofree char *target = NULL;

  put (fixture, "f/index.ts", "");
  put (fixture, "f/deno.json", "{\"compilerOptions\": {}}");
  put (fixture, "deno.json", "{\"imports\": {\"x\": \"npm:x@1\"}}");
  self = plan (fixture, "f/index.ts");
  target = dup_import (self, "x");
  g_assert_cmpstr (self->config, ==, config);
  g_assert_cmpstr (target, ==, "npm:x@1");
  g_assert_cmpuint (g_strv_length (self->inputs), ==, 2);
}

static void
test_broken (Fixture *fixture, gconstpointer data)
{
  static const char *const texts[] = { "{",
                                       "[]",
                                       "{\"importMap\": \"https://x.example/m.json\"}",
                                       "{\"importMap\": \"./none.json\"}" };

  put (fixture, "f/index.ts", "");
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (WeirFunction) function = make_function (fixture, "f/index.ts");
      g_autoptr (GError) error = NULL;

      put (fixture, "f/deno.json", texts[i]);
      g_assert_null (weir_deno_plan_new (function, "/boot", &error));
      g_assert_error (error, WEIR_ERROR, WEIR_ERROR_BOOT_FAILED);
    }
}

static void
test_sources (void)
{
  g_assert_true (weir_deno_source_uses_main ("x;\nif (import.meta.main) {}"));
  g_assert_false (weir_deno_source_uses_main ("// import.meta.main\n * import.meta.main"));
  g_assert_true (weir_deno_source_serves ("await x;\n  Deno.serve({}, h)"));
  g_assert_false (weir_deno_source_serves ("// Deno.serve(h)"));
  g_assert_true (weir_deno_source_hides_handler ("async function handler(req) {}"));
  g_assert_true (weir_deno_source_hides_handler ("x\nconst handler = async () => {}"));
  g_assert_false (weir_deno_source_hides_handler ("export async function handler(req) {}"));
  g_assert_false (weir_deno_source_hides_handler ("function handler(r) {}\nDeno.serve(handler)"));
  g_assert_false (weir_deno_source_hides_handler ("function handler(r) {}\nexport default x"));
  g_assert_false (weir_deno_source_hides_handler ("function handler(r) {}\nexport { handler }"));
  g_assert_false (weir_deno_source_hides_handler ("function handlers() {}"));
  g_assert_false (weir_deno_source_hides_handler ("  const handler = 1"));
}

#define ADD(name, func) g_test_add ("/deno/plan/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  ADD ("defaults", test_defaults);
  ADD ("supabase-types", test_supabase_types);
  ADD ("precedence", test_precedence);
  ADD ("config-without-map", test_config_without_map);
  ADD ("broken", test_broken);
  g_test_add_func ("/deno/plan/sources", test_sources);
  return g_test_run ();
}
