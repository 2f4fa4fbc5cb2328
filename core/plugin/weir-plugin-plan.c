/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plugin/weir-plugin-plan-private.h"

gboolean
weir_plugin_plan_fail (WeirPluginInfo *info, GError *problem, GError **error)
{
  weir_plugin_info_set_failed (info, problem);
  g_propagate_error (error, problem);
  return FALSE;
}

gboolean
weir_plugin_plan_fail_because_of (WeirPluginInfo *info,
                                  const char *required,
                                  GError *reason,
                                  GError **error)
{
  GError *problem = g_error_new (WEIR_PLUGIN_ERROR,
                                 WEIR_PLUGIN_ERROR_DEPENDENCY,
                                 "Plugin “%s” requires “%s”: %s",
                                 weir_plugin_info_get_id (info),
                                 required,
                                 reason->message);

  g_error_free (reason);
  return weir_plugin_plan_fail (info, problem, error);
}

/* chain: the plugins that require one another, up to the one that requires this again. */
static gboolean
fail_cycle (GPtrArray *chain, WeirPluginInfo *again, GError **error)
{
  g_autoptr (GString) members = g_string_new (NULL);
  GError *problem;
  guint first = 0;

  g_ptr_array_find (chain, again, &first);
  for (guint i = first; i < chain->len; i++)
    g_string_append_printf (members, "%s → ", weir_plugin_info_get_id (chain->pdata[i]));
  g_string_append (members, weir_plugin_info_get_id (again));

  problem = g_error_new (WEIR_PLUGIN_ERROR,
                         WEIR_PLUGIN_ERROR_DEPENDENCY,
                         "Plugins require each other: %s",
                         members->str);
  for (guint i = first; i < chain->len; i++)
    weir_plugin_info_set_failed (chain->pdata[i], problem);
  g_propagate_error (error, problem);
  return FALSE;
}

/* Puts info into order, after everything that it requires. */
static gboolean
plan (WeirPluginEngine *engine,
      WeirPluginInfo *info,
      GPtrArray *order,
      GPtrArray *chain,
      GError **error)
{
  char **required = weir_plugin_info_get_manifest (info)->requires_;

  if (g_ptr_array_find (chain, info, NULL))
    return fail_cycle (chain, info, error);
  if (weir_plugin_info_get_state (info) == WEIR_PLUGIN_STATE_ACTIVE ||
      g_ptr_array_find (order, info, NULL))
    return TRUE;

  g_ptr_array_add (chain, info);
  for (gsize i = 0; required[i] != NULL; i++)
    {
      GError *reason = NULL;

      if (!weir_plugin_engine_check_wanted (engine, required[i], &reason) ||
          !plan (engine, weir_plugin_engine_get_info (engine, required[i]), order, chain, &reason))
        {
          /* A member of a cycle has failed together with the others. */
          if (weir_plugin_info_get_state (info) != WEIR_PLUGIN_STATE_FAILED)
            return weir_plugin_plan_fail_because_of (info, required[i], reason, error);
          g_propagate_error (error, reason);
          return FALSE;
        }
    }
  g_ptr_array_remove_index (chain, chain->len - 1);
  g_ptr_array_add (order, info);
  return TRUE;
}

static gboolean
exclude_each_other (WeirPluginInfo *a, WeirPluginInfo *b)
{
  const WeirPluginManifest *of_a = weir_plugin_info_get_manifest (a);
  const WeirPluginManifest *of_b = weir_plugin_info_get_manifest (b);

  return g_strv_contains ((const char *const *) of_a->conflicts, of_b->id) ||
         g_strv_contains ((const char *const *) of_b->conflicts, of_a->id);
}

gboolean
weir_plugin_plan_check_conflicts (WeirPluginEngine *engine, WeirPluginInfo *info, GError **error)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (engine));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (WeirPluginInfo) other = g_list_model_get_item (G_LIST_MODEL (engine), i);

      if (weir_plugin_info_get_state (other) != WEIR_PLUGIN_STATE_ACTIVE ||
          !exclude_each_other (info, other))
        continue;

      return weir_plugin_plan_fail (info,
                                    g_error_new (WEIR_PLUGIN_ERROR,
                                                 WEIR_PLUGIN_ERROR_CONFLICT,
                                                 "Plugin “%s” conflicts with “%s”, which is active",
                                                 weir_plugin_info_get_id (info),
                                                 weir_plugin_info_get_id (other)),
                                    error);
    }
  return TRUE;
}

gboolean
weir_plugin_plan_make (WeirPluginEngine *engine,
                       WeirPluginInfo *info,
                       GPtrArray *order,
                       GError **error)
{
  g_autoptr (GPtrArray) chain = g_ptr_array_new ();

  return plan (engine, info, order, chain, error);
}
