/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <weir.h>

#include "weir-deno-info.h"

#define SPAN "\"span\":{\"start\":{\"line\":4,\"character\":16}}"
#define GRAPH(modules) "{\"roots\":[\"file:///f/index.ts\"],\"modules\":[" modules "]}"
#define ENTRY(dependencies)                                                                        \
  "{\"kind\":\"esm\",\"local\":\"/f/index.ts\",\"specifier\":\"file:///f/index.ts\","              \
  "\"dependencies\":[" dependencies "]}"
#define IMPORT(text, target, more)                                                                 \
  "{\"specifier\":\"" text "\",\"code\":{\"specifier\":\"" target "\"," SPAN "}" more "}"

static void
test_files (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WeirDenoInfo) info = weir_deno_info_parse (
      GRAPH (
          ENTRY (IMPORT ("./a.ts",
                         "file:///f/a.ts",
                         "")) ","
                              "{\"local\":\"/f/a.ts\",\"specifier\":\"file:///f/a.ts\"},"
                              "{\"local\":\"/cache/x\",\"specifier\":\"https://x.example/x.ts\"}"),
      &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (info->files), ==, 2);
  g_assert_true (g_strv_contains ((const char *const *) info->files, "/f/index.ts"));
  g_assert_true (g_strv_contains ((const char *const *) info->files, "/f/a.ts"));
  g_assert_false (info->uses_node);
}

static void
test_uses_node (void)
{
  static const char *const graphs[] = {
    GRAPH (ENTRY (IMPORT ("npm:hono@4", "npm:hono@4", ""))),
    GRAPH (ENTRY (IMPORT ("node:http", "node:http", ""))),
  };

  for (gsize i = 0; i < G_N_ELEMENTS (graphs); i++)
    {
      g_autoptr (WeirDenoInfo) info = weir_deno_info_parse (graphs[i], NULL);

      g_assert_true (info->uses_node);
    }
}

typedef struct
{
  const char *name;
  const char *json;
  const char *message;
} Failure;

/* clang-format off */
static const Failure failures[] = {
  { "missing",
    GRAPH (ENTRY (IMPORT ("./a.ts", "file:///f/a.ts", "")) ","
           "{\"specifier\":\"file:///f/a.ts\",\"error\":\"Module not found.\"}"),
    "/f/index.ts:5:17: cannot find \"./a.ts\": there is no /f/a.ts" },
  { "syntax",
    GRAPH ("{\"specifier\":\"file:///f/index.ts\",\"error\":\"SyntaxError: Odd\\n  |\\n"
           "2 | x\\n    at file:///f/index.ts:2:11\"}"),
    "/f/index.ts:2:11: SyntaxError: Odd" },
  { "bare",
    GRAPH (ENTRY ("{\"specifier\":\"lodash\",\"code\":{\"error\":"
                  "\"Import \\\"lodash\\\" not a dependency\"," SPAN "}}")),
    "/f/index.ts:5:17: \"lodash\" is not a dependency: import \"npm:lodash\", or add it to the "
    "\"imports\" of deno.json beside the function" },
  { "unresolved",
    GRAPH (ENTRY ("{\"specifier\":\"x:y\",\"code\":{\"error\":\"Unsupported\"," SPAN "}}")),
    "/f/index.ts:5:17: Unsupported" },
  { "package",
    GRAPH (ENTRY (IMPORT ("npm:no@1", "npm:no@1", "")) ","
           "{\"specifier\":\"npm:no@1\",\"error\":\"It does not exist.\"}"),
    "/f/index.ts:5:17: cannot fetch \"npm:no@1\": It does not exist. Check the name, the version "
    "and the network, then save the file again" },
  { "entry",
    GRAPH ("{\"specifier\":\"file:///f/index.ts\",\"error\":\"Module not found\"}"),
    "/f/index.ts: Module not found" },
};
/* clang-format on */

static void
test_failure (gconstpointer data)
{
  const Failure *failure = data;
  g_autoptr (GError) error = NULL;

  g_assert_null (weir_deno_info_parse (failure->json, &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_BOOT_FAILED);
  g_assert_cmpstr (error->message, ==, failure->message);
}

static void
test_dynamic (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WeirDenoInfo) info = weir_deno_info_parse (
      GRAPH (ENTRY (IMPORT ("./a.ts",
                            "file:///f/a.ts",
                            ",\"isDynamic\":true")) ","
                                                    "{\"specifier\":\"file:///f/"
                                                    "a.ts\",\"error\":\"Module not found.\"}"),
      &error);

  g_assert_no_error (error);
  g_assert_nonnull (info);
}

static void
test_types (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WeirDenoInfo) info = weir_deno_info_parse (
      GRAPH (ENTRY ("{\"specifier\":\"https://x.example/x.d.ts\",\"type\":"
                    "{\"specifier\":\"https://x.example/x.d.ts\"," SPAN
                    "}}") ","
                          "{\"specifier\":\"https://x.example/x.d.ts\",\"error\":\"No network.\"}"),
      &error);

  g_assert_no_error (error);
  g_assert_nonnull (info);
}

static void
test_packages (void)
{
  g_autoptr (WeirDenoInfo) info = weir_deno_info_parse (
      "{\"modules\":[],\"redirects\":{\"npm:@a/x@1\":\"npm:/@a/x@1.2.3\",\"npm:a b\":\"\","
      "\"https://x.example/\":\"https://x.example/mod.ts\"},\"npmPackages\":{\"@a/x@1.2.3\":"
      "{\"name\":\"@a/x\",\"version\":\"1.2.3\",\"localPath\":\"/cache/@a/x/1.2.3\"},"
      "\"y\":3,\"z\":{\"name\":\"z\"}}}",
      NULL);
  const WeirDenoPackage *package;

  g_assert_cmpuint (g_strv_length (info->imports), ==, 1);
  g_assert_cmpstr (info->imports[0], ==, "npm:@a/x@1");
  g_assert_cmpuint (info->packages->len, ==, 1);
  package = g_ptr_array_index (info->packages, 0);
  g_assert_cmpstr (package->name, ==, "@a/x");
  g_assert_cmpstr (package->version, ==, "1.2.3");
  g_assert_cmpstr (package->folder, ==, "/cache/@a/x/1.2.3");
}

static gboolean
shares (const char *modules, const char *needed_by_a, const char *needed_by_b)
{
  g_autofree char *json =
      g_strdup_printf ("{\"modules\":[%s],\"npmPackages\":{\"a@1\":{\"dependencies\":[%s]},"
                       "\"b@1\":{\"dependencies\":[%s]},\"c@1\":{\"dependencies\":[]}}}",
                       modules,
                       needed_by_a,
                       needed_by_b);
  g_autoptr (GError) error = NULL;
  g_autoptr (WeirDenoInfo) info = weir_deno_info_parse (json, &error);

  g_assert_no_error (error);
  return info->shares;
}

static void
test_shares (void)
{
  g_assert_false (shares ("", "", ""));
  g_assert_false (shares ("", "\"b@1\",\"c@1\"", ""));
  g_assert_false (shares ("{\"npmPackage\":\"a@1\"}", "\"b@1\"", "\"c@1\""));
  g_assert_true (shares ("", "\"b@1\",\"c@1\"", "\"c@1\""));
  g_assert_true (shares ("{\"npmPackage\":\"c@1\"}", "\"c@1\"", ""));
  g_assert_false (shares ("", "3,null,{}", "3,null,{}"));
}

static void
test_nonsense (void)
{
  static const char *const texts[] = {
    "",
    "[]",
    "{}",
    "null",
    "{\"modules\":3}",
    "{\"modules\":[3]}",
    "{\"modules\":[{\"dependencies\":[3]}]}",
    "{\"modules\":[{\"specifier\":3,\"error\":4}]}",
    "{\"modules\":[],\"redirects\":3,\"npmPackages\":4}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (WeirDenoInfo) info = weir_deno_info_parse (texts[i], &error);

      g_assert_true ((info == NULL) == (error != NULL));
    }
}

static void
test_download (void)
{
  static const char *const pairs[][2] = {
    { "Download https://registry.example/hono/-/hono-4.1.0.tgz", "npm:hono-4.1.0" },
    { "Download https://registry.example/@hono/node-server/-/node-server-1.2.3.tgz",
      "npm:node-server-1.2.3" },
    { "Download https://registry.example/hono", NULL },
    { "Download https://x.example/mod.ts", "https://x.example/mod.ts" },
    { "Warning: something", NULL },
    { "", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      g_autofree char *what = weir_deno_info_parse_download (pairs[i][0]);

      g_assert_cmpstr (what, ==, pairs[i][1]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/deno/info/files", test_files);
  g_test_add_func ("/deno/info/uses-node", test_uses_node);
  for (gsize i = 0; i < G_N_ELEMENTS (failures); i++)
    {
      g_autofree char *path = g_strconcat ("/deno/info/failure/", failures[i].name, NULL);

      g_test_add_data_func (path, &failures[i], test_failure);
    }
  g_test_add_func ("/deno/info/dynamic", test_dynamic);
  g_test_add_func ("/deno/info/types", test_types);
  g_test_add_func ("/deno/info/packages", test_packages);
  g_test_add_func ("/deno/info/shares", test_shares);
  g_test_add_func ("/deno/info/nonsense", test_nonsense);
  g_test_add_func ("/deno/info/download", test_download);
  return g_test_run ();
}
