/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/weir-config-data-private.h"

#include <string.h>

typedef struct
{
  const char *name;
  const char *text;
  const char *layer; /* "option=value place", sorted */
  const char *told;  /* problems, then warnings */
} Case;

#define AT "f/flux.json:1:"

static const Case cases[] = {
  { "empty", "{}", "", "" },
  { "usual",
    "{ \"name\": \"f\", \"runtime\": \"deno\", \"route\": \"/todos\",\n  \"method\": \"GET\","
    " \"async\": false, \"description\": \"Lists them\" }",
    "methods=['GET'] f/flux.json:2:13|route='/todos' f/flux.json:1:44",
    "" },
  { "name-is-a-route", "{\"name\":\"list_todos\"}", "route='/list_todos' " AT "9", "" },
  { "route-over-name", "{\"name\":\"list_todos\",\"route\":\"/x\"}", "route='/x' " AT "30", "" },
  { "entry", "{\"entry\":\"src/main.ts\"}", "entrypoint='/p/f/src/main.ts' " AT "10", "" },
  { "runtimes",
    "{\"runtime\":\"typescript\",\"method\":\"PATCH\"}",
    "methods=['PATCH'] " AT "34",
    "" },
  { "auth-none", "{\"auth\":\"none\"}", "auth='public' " AT "9", "" },
  { "auth-key", "{\"auth\":\"api_key\"}", "auth='required' " AT "9", "" },
  { "auth-jwt", "{\"auth\":\"jwt\"}", "auth='required' " AT "9", "" },
  { "auth-own", "{\"auth\":false}", "auth='public' " AT "9", "" },
  { "options",
    "{\"rateLimit\":\"free\",\"memory_limit_mb\":64,\"env\":{\"A\":\"b\"},\"corsOrigins\":[\"*\"],"
    "\"requestTimeoutMs\":5,\"permissions\":\"strict\",\"$schema\":1}",
    "cors_origins=['*'] " AT "72|env={'A': 'b'} " AT "48|memory_limit_mb=64 " AT
    "39|permissions=['strict'] " AT "113|rate_limit='free' " AT "14|request_timeout_ms=5 " AT "97",
    "" },
  { "comments", "/* x */\n{ /* y */ \"route\": \"/a\" }", "route='/a' f/flux.json:2:20", "" },
  { "no-effect",
    "{\"async\":true,\n\"build\":\"x\",\n\"input\":{},\n\"output\":{},\n\"middleware\":[]}",
    "",
    "f/flux.json:1: async has no effect: callers wait for the answer|"
    "f/flux.json:2: build has no effect: modules are taken as they are written|"
    "f/flux.json:3: input has no effect: give the schema to defineFunction|"
    "f/flux.json:4: output has no effect: give the schema to defineFunction|"
    "f/flux.json:5: middleware has no effect: call it in the handler" },
  { "unknown",
    "{\"metod\":\"GET\",\n\"rateLimits\":1,\n\"zzz\":1,\"rate_limits\":1}",
    "",
    AT "2: unknown key \"metod\"; did you mean \"method\"?|"
       "f/flux.json:2:1: unknown key \"rateLimits\"; did you mean \"rateLimit\"?|"
       "f/flux.json:3:1: unknown key \"zzz\"|"
       "f/flux.json:3:9: unknown key \"rate_limits\"; did you mean \"rate_limit\"?" },
  { "types",
    "{\"name\":1,\n\"runtime\":[],\n\"route\":true,\n\"method\":[\"GET\"],\n\"async\":\"yes\",\n"
    "\"entry\":1,\n\"description\":{},\n\"auth\":3}",
    "",
    AT
    "9: name must be a string, not an integer|"
    "f/flux.json:2:11: runtime must be a word, not an array|"
    "f/flux.json:3:9: route must be a string with a path that begins with \"/\", not a boolean|"
    "f/flux.json:4:10: method must be a word, not an array|"
    "f/flux.json:5:9: async must be true or false, not a string|"
    "f/flux.json:6:9: entrypoint must be a string with a path, not an integer|"
    "f/flux.json:7:15: description must be a string, not a table|"
    "f/flux.json:8:8: auth must be \"required\", \"optional\", \"public\", true or false, not an "
    "integer" },
  { "values",
    "{\"name\":\"a b\",\n\"runtime\":\"wasm\",\n\"route\":\"todos\",\n\"method\":\"get\",\n"
    "\"auth\":\"oauth\"}",
    "",
    AT "9: name is \"a b\": a name begins with a letter and has at most 64 letters, digits, \"-\" "
       "and \"_\"|"
       "f/flux.json:2:11: runtime is \"wasm\", not one of deno|node|javascript|typescript|"
       "f/flux.json:3:9: route is \"todos\": a route begins with \"/\"|"
       "f/flux.json:4:10: method is \"get\", not one of GET|POST|PUT|PATCH|DELETE|"
       "f/flux.json:5:8: auth must be \"required\", \"optional\", \"public\", true or false, not "
       "\"oauth\"" },
  { "twice",
    "{\"rateLimit\":\"free\",\"rate_limit\":\"pro\"}",
    "rate_limit='free' " AT "14",
    AT "21: rate_limit is given twice, in two spellings" },
  { "other-file",
    "{\n  \"entry\": \"a.ts\",\n  \"flux_version\": \"0.2\", \"what\": 1 }",
    "",
    "f/flux.json:3:3: flux_version belongs to a flux.json that is no function's, but of a project "
    "of Flux 0.2 or later; write name, route and method of the function instead" },
  { "no-json",
    "{\"a\":",
    "",
    "f/flux.json:1:5: Parse error: unexpected end of file, expected character `}'" },
  { "no-object", "[]", "", "f/flux.json:1:1: the file must hold one object: { … }" },
};

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(const char *const *) a, *(const char *const *) b);
}

static char *
dup_layer (GHashTable *layer)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer name, data;

  g_hash_table_iter_init (&iter, layer);
  while (g_hash_table_iter_next (&iter, &name, &data))
    {
      WeirEntry *entry = data;
      g_autofree char *value = g_variant_print (entry->value, FALSE);

      g_ptr_array_add (lines, g_strdup_printf ("%s=%s %s", (char *) name, value, entry->place));
    }
  g_ptr_array_sort (lines, compare_strings);
  g_ptr_array_add (lines, NULL);
  return g_strjoinv ("|", (char **) lines->pdata);
}

static char *
dup_told (WeirReport *report)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new ();

  for (guint i = 0; i < report->problems->len; i++)
    g_ptr_array_add (lines, ((GError *) report->problems->pdata[i])->message);
  for (guint i = 0; i < report->warnings->len; i++)
    g_ptr_array_add (lines, report->warnings->pdata[i]);
  g_ptr_array_add (lines, NULL);
  return g_strjoinv ("|", (char **) lines->pdata);
}

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (WeirReport) report = weir_report_new ();
  g_autoptr (GHashTable) layer = weir_layer_new ();
  WeirSource source = { report, "f/flux.json", "/p/f" };
  g_autofree char *said = NULL;
  g_autofree char *told = NULL;

  weir_config_parse_flux_json (&source, layer, "f", c->text, strlen (c->text));
  said = dup_layer (layer);
  told = dup_told (report);
  g_assert_cmpstr (said, ==, c->layer);
  g_assert_cmpstr (told, ==, c->told);
}

static const struct
{
  const char *route;
  const char *why; /* NULL: it is one */
} routes[] = {
  { "/", NULL },
  { "/a", NULL },
  { "/v2/todos/list.json", NULL },
  { "/api/todos", NULL },
  { "/api/v10", NULL },
  { "/functions", NULL },
  { "", "begins with" },
  { "a", "begins with" },
  { "/a/", "no empty part" },
  { "//a", "no empty part" },
  { "/a//b", "no empty part" },
  { "/a/../b", "no empty part" },
  { "/./a", "no empty part" },
  { "/users/:id", "no patterns" },
  { "/a?b", "at most 255" },
  { "/a#b", "at most 255" },
  { "/a%20b", "at most 255" },
  { "/a b", "at most 255" },
  { "/ä", "at most 255" },
  { "/a\\nb", "at most 255" },
  { "/_weir", "Weir's own" },
  { "/_weir/x", "Weir's own" },
  { "/api/v1", "Weir's own" },
  { "/api/v1/x", "Weir's own" },
  { "/functions/v1/x", "Weir's own" },
};

static void
test_routes (void)
{
  g_autofree char *name = g_strnfill (300, 'x');
  g_autofree char *long_route = g_strconcat ("/", name, NULL);

  for (gsize i = 0; i <= G_N_ELEMENTS (routes); i++)
    {
      const char *route = i < G_N_ELEMENTS (routes) ? routes[i].route : long_route;
      const char *why = i < G_N_ELEMENTS (routes) ? routes[i].why : "at most 255";
      g_autoptr (WeirReport) report = weir_report_new ();
      g_autoptr (GHashTable) layer = weir_layer_new ();
      WeirSource source = { report, "f/flux.json", "/p/f" };
      g_autofree char *text = g_strdup_printf ("{\"route\":\"%s\"}", route);
      g_autofree char *told = NULL;

      weir_config_parse_flux_json (&source, layer, "f", text, strlen (text));
      told = dup_told (report);
      g_test_message ("%s: %s", route, told);
      g_assert_true ((weir_layer_get (layer, "route") != NULL) == (why == NULL));
      g_assert_true (why == NULL ? *told == '\0' : strstr (told, why) != NULL);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/config/flux-json/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/config/flux-json/routes", test_routes);

  return g_test_run ();
}
