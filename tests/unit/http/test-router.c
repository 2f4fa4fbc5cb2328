/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http/weir-router-private.h"

static void
on_demand (WeirSlot *slot, gboolean wanted, gpointer user_data)
{
}

static const char *const names[] = { "hello", "greet", "a", "resize-image", "Hello" };

static WeirRouter *
make_router (void)
{
  g_autoptr (GPtrArray) slots = g_ptr_array_new_with_free_func ((GDestroyNotify) weir_slot_unref);
  g_autoptr (WeirEngine) engine = weir_engine_new (NULL, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    g_ptr_array_add (slots, weir_slot_new (engine, names[i], on_demand, NULL));
  return weir_router_new (slots);
}

static const struct
{
  const char *target;
  WeirRouteKind kind;
  WeirDialect dialect;
  const char *name;
  const char *rest;
} rows[] = {
  { "/hello", WEIR_ROUTE_FUNCTION, WEIR_DIALECT_WEIR, "hello", "" },
  { "/hello/", WEIR_ROUTE_FUNCTION, WEIR_DIALECT_WEIR, "hello", "/" },
  { "/hello/world?x=1", WEIR_ROUTE_FUNCTION, WEIR_DIALECT_WEIR, "hello", "/world?x=1" },
  { "/greet?x=1", WEIR_ROUTE_FUNCTION, WEIR_DIALECT_WEIR, "greet", "?x=1" },
  { "/Hello", WEIR_ROUTE_FUNCTION, WEIR_DIALECT_WEIR, "Hello", "" },
  { "/HELLO", WEIR_ROUTE_NONE, WEIR_DIALECT_WEIR, NULL, NULL },
  { "/hel%6Co/a%2fb", WEIR_ROUTE_FUNCTION, WEIR_DIALECT_WEIR, "hello", "/a%2fb" },
  { "/hel%256Co", WEIR_ROUTE_NONE, WEIR_DIALECT_WEIR, NULL, NULL },
  { "/hello%2Fworld", WEIR_ROUTE_NONE, WEIR_DIALECT_WEIR, NULL, NULL },
  { "/hello%00", WEIR_ROUTE_NONE, WEIR_DIALECT_WEIR, NULL, NULL },
  { "/hello%", WEIR_ROUTE_NONE, WEIR_DIALECT_WEIR, NULL, NULL },
  { "/hello%4", WEIR_ROUTE_NONE, WEIR_DIALECT_WEIR, NULL, NULL },
  { "/", WEIR_ROUTE_NONE, WEIR_DIALECT_WEIR, NULL, NULL },
  { "//hello", WEIR_ROUTE_NONE, WEIR_DIALECT_WEIR, NULL, NULL },
  { "/nobody", WEIR_ROUTE_NONE, WEIR_DIALECT_WEIR, NULL, NULL },
  { "", WEIR_ROUTE_NONE, WEIR_DIALECT_WEIR, NULL, NULL },
  { "/functions/v1/hello", WEIR_ROUTE_FUNCTION, WEIR_DIALECT_SUPABASE, "hello", "/hello" },
  { "/functions/v1/hello/7?x=1",
    WEIR_ROUTE_FUNCTION,
    WEIR_DIALECT_SUPABASE,
    "hello",
    "/hello/7?x=1" },
  { "/functions/v1/hello?x", WEIR_ROUTE_FUNCTION, WEIR_DIALECT_SUPABASE, "hello", "/hello?x" },
  { "/functions/v1", WEIR_ROUTE_NONE, WEIR_DIALECT_SUPABASE, NULL, NULL },
  { "/functions/v1/", WEIR_ROUTE_NONE, WEIR_DIALECT_SUPABASE, NULL, NULL },
  { "/functions/v1?x", WEIR_ROUTE_NONE, WEIR_DIALECT_SUPABASE, NULL, NULL },
  { "/functions/v1/nobody", WEIR_ROUTE_NONE, WEIR_DIALECT_SUPABASE, NULL, NULL },
  { "/functions/v1/_internal/health",
    WEIR_ROUTE_SUPABASE_HEALTH,
    WEIR_DIALECT_SUPABASE,
    NULL,
    NULL },
  { "/functions/v10/hello", WEIR_ROUTE_NONE, WEIR_DIALECT_WEIR, NULL, NULL },
  { "/functions/hello", WEIR_ROUTE_NONE, WEIR_DIALECT_WEIR, NULL, NULL },
  { "/api/v1/functions", WEIR_ROUTE_NONE, WEIR_DIALECT_FLUXBASE, NULL, NULL },
  { "/api/v1", WEIR_ROUTE_NONE, WEIR_DIALECT_FLUXBASE, NULL, NULL },
  { "/api/v2/x", WEIR_ROUTE_NONE, WEIR_DIALECT_WEIR, NULL, NULL },
  { "/_weir/health", WEIR_ROUTE_HEALTH, WEIR_DIALECT_WEIR, NULL, NULL },
  { "/_weir/health?x", WEIR_ROUTE_HEALTH, WEIR_DIALECT_WEIR, NULL, NULL },
  { "/_weir/healthy", WEIR_ROUTE_NONE, WEIR_DIALECT_WEIR, NULL, NULL },
  { "/_weir/hello", WEIR_ROUTE_NONE, WEIR_DIALECT_WEIR, NULL, NULL },
};

static void
test_match (void)
{
  g_autoptr (WeirRouter) router = make_router ();

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      WeirRoute route;

      g_test_message ("%s", rows[i].target);
      weir_router_match (router, "GET", rows[i].target, &route);
      g_assert_cmpint (route.kind, ==, rows[i].kind);
      g_assert_cmpint (route.dialect, ==, rows[i].dialect);
      if (rows[i].name == NULL)
        {
          g_assert_null (route.slot);
          continue;
        }
      g_assert_cmpstr (weir_slot_get_name (route.slot), ==, rows[i].name);
      g_assert_cmpstr (rows[i].target + route.strip, ==, rows[i].rest);
    }
}

static const WeirRouteRule rules[] = {
  { "/todos", NULL, 1, WEIR_DIALECT_FLUX },         /* hello */
  { "/todos", "shop", 4, WEIR_DIALECT_FLUX },       /* greet */
  { NULL, NULL, 4 | 8, WEIR_DIALECT_FLUX },         /* a */
  { NULL, "shop", 1, WEIR_DIALECT_WEIR },           /* resize-image */
  { "/v2/Hello.json", NULL, 4, WEIR_DIALECT_WEIR }, /* Hello */
};

static const struct
{
  const char *method;
  const char *target;
  const char *expected; /* the function and what it sees, or the kind of answer */
} ruled[] = {
  { "GET", "/todos", "hello " },
  { "HEAD", "/todos?x=1", "hello ?x=1" },
  { "POST", "/todos/", "greet " },
  { "OPTIONS", "/todos", "hello " },
  { "PUT", "/todos", "none flux" },
  { "GET", "/todos/1", "none weir" },
  { "GET", "/hello", "none weir" },
  { "POST", "/greet", "none weir" },
  { "POST", "/a", "a " },
  { "PUT", "/a/?y", "a /?y" },
  { "GET", "/a", "none flux" },
  { "POST", "/a/b", "none flux" },
  { "GET", "/resize-image/x", "resize-image /x" },
  { "POST", "/resize-image/x", "405 GET, HEAD, OPTIONS" },
  { "POST", "/v2/Hello.json", "Hello " },
  { "GET", "/v2/Hello.json", "405 POST, OPTIONS" },
  { "GET", "/functions/v1/hello", "hello /hello" },
  { "DELETE", "/functions/v1/hello", "405 GET, HEAD, OPTIONS" },
  { "GET", "/api/v1/functions/hello/invoke", "hello /api/v1/functions/hello/invoke" },
  { "GET", "/api/v1/functions/hello/invoke/?a=b", "hello /api/v1/functions/hello/invoke/?a=b" },
  { "GET",
    "/api/v1/functions/default/hello/invoke",
    "hello /api/v1/functions/default/hello/invoke" },
  { "GET",
    "/api/v1/functions/hello/invoke?namespace=default",
    "hello /api/v1/functions/hello/invoke?namespace=default" },
  { "GET",
    "/api/v1/functions/hello/invoke?namespace=",
    "hello /api/v1/functions/hello/invoke?namespace=" },
  { "POST",
    "/api/v1/functions/shop/gree%74/invoke",
    "greet /api/v1/functions/shop/gree%74/invoke" },
  { "POST", "/api/v1/functions/greet/invoke", "greet /api/v1/functions/greet/invoke" },
  { "POST",
    "/api/v1/functions/greet/invoke?x=1&namespace=sh%6fp",
    "greet /api/v1/functions/greet/invoke?x=1&namespace=sh%6fp" },
  { "POST", "/api/v1/functions/greet/invoke?namespace=default", "no-function" },
  { "POST", "/api/v1/functions/hello/greet/invoke", "no-function" },
  { "GET", "/api/v1/functions/shop/greet/invoke", "405 POST, OPTIONS" },
  { "GET", "/api/v1/functions/nobody/invoke", "no-function" },
  { "GET", "/api/v1/functions/shop/nobody/invoke", "no-function" },
  { "GET", "/api/v1/functions/hello", "none fluxbase" },
  { "GET", "/api/v1/functions/hello/invoked", "none fluxbase" },
  { "GET", "/api/v1/functions/hello/invoke/x", "none fluxbase" },
  { "GET", "/api/v1/functions/a/b/hello/invoke", "none fluxbase" },
  { "GET", "/api/v1/functions//hello/invoke", "hello /api/v1/functions//hello/invoke" },
  { "GET", "/api/v1/functions/", "none fluxbase" },
  { "GET", "/api/v1/functionshello/invoke", "none fluxbase" },
};

static char *
describe (WeirRouter *router, const char *method, const char *target)
{
  static const char *const dialects[] = { [WEIR_DIALECT_WEIR] = "weir",
                                          [WEIR_DIALECT_SUPABASE] = "supabase",
                                          [WEIR_DIALECT_FLUXBASE] = "fluxbase",
                                          [WEIR_DIALECT_FLUX] = "flux" };
  g_autofree char *allowed = NULL;
  WeirRoute route;

  weir_router_match (router, method, target, &route);
  switch (route.kind)
    {
    case WEIR_ROUTE_FUNCTION:
      return g_strdup_printf ("%s %s", weir_slot_get_name (route.slot), target + route.strip);
    case WEIR_ROUTE_METHOD:
      allowed = weir_router_dup_allowed (route.methods);
      return g_strdup_printf ("405 %s", allowed);
    case WEIR_ROUTE_NO_FUNCTION:
      return g_strdup ("no-function");
    case WEIR_ROUTE_NONE:
      return g_strdup_printf ("none %s", dialects[route.dialect]);
    case WEIR_ROUTE_HEALTH:
    case WEIR_ROUTE_SUPABASE_HEALTH:
      break;
    }
  return g_strdup ("health");
}

static void
test_rules (void)
{
  g_autoptr (WeirRouter) router = make_router ();

  for (gsize i = 0; i < G_N_ELEMENTS (rules); i++)
    weir_router_set_rule (router, names[i], &rules[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (ruled); i++)
    {
      g_autofree char *found = describe (router, ruled[i].method, ruled[i].target);

      g_test_message ("%s %s", ruled[i].method, ruled[i].target);
      g_assert_cmpstr (found, ==, ruled[i].expected);
    }
  g_assert_null (weir_router_find_nearest (router, "/gret"));
}

static void
test_all_flux (void)
{
  g_autoptr (WeirRouter) router = make_router ();
  const WeirRouteRule rule = { NULL, NULL, 0, WEIR_DIALECT_FLUX };
  g_autofree char *nobody = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    weir_router_set_rule (router, names[i], &rule);
  nobody = describe (router, "GET", "/nobody");
  g_assert_cmpstr (nobody, ==, "none flux");
}

static void
test_long_names (void)
{
  g_autoptr (WeirRouter) router = make_router ();
  g_autofree char *name = g_strnfill (70000, 'x');
  g_autofree char *target = g_strconcat ("/", name, NULL);
  WeirRoute route;

  weir_router_match (router, "GET", target, &route);
  g_assert_cmpint (route.kind, ==, WEIR_ROUTE_NONE);
  g_assert_null (weir_router_find_nearest (router, target));
}

static void
test_nearest (void)
{
  g_autoptr (WeirRouter) router = make_router ();

  g_assert_cmpstr (weir_router_find_nearest (router, "/gret"), ==, "greet");
  g_assert_cmpstr (weir_router_find_nearest (router, "/GREET/x"), ==, "greet");
  g_assert_cmpstr (weir_router_find_nearest (router, "/functions/v1/gree"), ==, "greet");
  g_assert_cmpstr (weir_router_find_nearest (router, "/resize_image?x"), ==, "resize-image");
  g_assert_null (weir_router_find_nearest (router, "/"));
  g_assert_null (weir_router_find_nearest (router, "/b"));
  g_assert_null (weir_router_find_nearest (router, "/something"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/http/router/match", test_match);
  g_test_add_func ("/http/router/rules", test_rules);
  g_test_add_func ("/http/router/all-flux", test_all_flux);
  g_test_add_func ("/http/router/long-names", test_long_names);
  g_test_add_func ("/http/router/nearest", test_nearest);
  return g_test_run ();
}
