/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-route-rules-private.h"

static guint
read_methods (WeirSettings *settings)
{
  g_auto (GStrv) words = NULL;
  guint methods = 0;

  if (weir_settings_get_value (settings, "methods") == NULL)
    return 0;
  words = weir_settings_dup_strv (settings, "methods");
  for (char **word = words; *word != NULL; word++)
    methods |= weir_router_get_method (*word);
  return methods;
}

void
weir_route_rules_apply (WeirRouter *router, WeirFunction *function)
{
  WeirSettings *settings = weir_function_get_settings (function);
  WeirRouteRule rule = { .path = weir_settings_get_string (settings, "route"),
                         .namespace = weir_settings_get_string (settings, "namespace"),
                         .methods = read_methods (settings),
                         .dialect = WEIR_DIALECT_WEIR };

  if (g_strcmp0 (weir_settings_get_string (settings, "dialect"), "flux") == 0)
    rule.dialect = WEIR_DIALECT_FLUX;
  weir_router_set_rule (router, weir_function_get_name (function), &rule);
}

static gboolean
option_equal (WeirSettings *a, WeirSettings *b, const char *name)
{
  GVariant *value_a = weir_settings_get_value (a, name);
  GVariant *value_b = weir_settings_get_value (b, name);

  if (value_a == NULL || value_b == NULL)
    return value_a == value_b;
  return g_variant_equal (value_a, value_b);
}

gboolean
weir_route_rules_equal (WeirFunction *a, WeirFunction *b)
{
  static const char *const names[] = { "route", "namespace", "methods", "dialect" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (!option_equal (weir_function_get_settings (a), weir_function_get_settings (b), names[i]))
      return FALSE;
  return TRUE;
}

static char *
dup_path (WeirFunction *function)
{
  const char *route = weir_settings_get_string (weir_function_get_settings (function), "route");

  return route != NULL ? g_strdup (route)
                       : g_strconcat ("/", weir_function_get_name (function), NULL);
}

static gboolean
overlap (WeirFunction *a, WeirFunction *b)
{
  guint methods_a = read_methods (weir_function_get_settings (a));
  guint methods_b = read_methods (weir_function_get_settings (b));

  return methods_a == 0 || methods_b == 0 || (methods_a & methods_b) != 0;
}

static const char *
get_origin (WeirFunction *function)
{
  return weir_settings_get_origin (weir_function_get_settings (function), "route");
}

/* About the one whose route is written somewhere, where only one's is. */
static char *
explain (WeirFunction *function, WeirFunction *other, const char *path)
{
  if (get_origin (function) == NULL && get_origin (other) != NULL)
    return explain (other, function, path);
  return g_strdup_printf ("%s: “%s” would answer at %s as “%s” does; give one of them another "
                          "route, or other methods",
                          get_origin (function) != NULL ? get_origin (function)
                                                        : weir_function_get_directory (function),
                          weir_function_get_name (function),
                          path,
                          weir_function_get_name (other));
}

GPtrArray *
weir_route_rules_find_conflicts (GListModel *functions)
{
  GPtrArray *messages = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) taken =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);

  for (guint i = 0; i < g_list_model_get_n_items (functions); i++)
    {
      g_autoptr (WeirFunction) function = g_list_model_get_item (functions, i);
      g_autofree char *path = dup_path (function);
      GPtrArray *sharers = g_hash_table_lookup (taken, path);
      WeirFunction *earlier = NULL;

      for (guint j = 0; sharers != NULL && j < sharers->len && earlier == NULL; j++)
        if (overlap (function, sharers->pdata[j]))
          earlier = sharers->pdata[j];
      if (earlier != NULL)
        g_ptr_array_add (messages, explain (function, earlier, path));
      if (sharers == NULL)
        {
          sharers = g_ptr_array_new ();
          g_hash_table_insert (taken, g_steal_pointer (&path), sharers);
        }
      g_ptr_array_add (sharers, function);
    }
  return messages;
}
