/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* function.json, and what other JSON files have in common with it: one object whose members
 * are options of the function, in one of two spellings. */

#include "config/weir-config-data-private.h"

#include <string.h>

#include "base/weir-suggest-private.h"
#include "config/weir-json-private.h"

/* What others call it. */
static const struct
{
  const char *other;
  const char *name;
} aliases[] = { { "idleTimeout", "idle_timeout_ms" },
                { "eagerSpawn", "eager" },
                { "backgroundTaskTimeout", "background_task_timeout_ms" },
                { "requestTimeout", "request_timeout_ms" },
                { "workerMaxDuration", "wall_clock_ms" },
                { "healthCheckInterval", "health_check_interval_ms" },
                { "healthCheckTimeout", "health_check_timeout_ms" },
                { "healthCheckMaxFailures", "health_check_failures" } };

static const WeirOption *
find_spelled (const char *key)
{
  const WeirOption *options;
  guint n_options, i;

  for (guint alias = 0; alias < G_N_ELEMENTS (aliases); alias++)
    if (g_str_equal (key, aliases[alias].other))
      key = aliases[alias].name;
  options = weir_config_schema_get_options (&n_options);
  for (i = 0; i < n_options; i++)
    {
      if (options[i].scope == WEIR_OPTION_FUNCTION &&
          (g_str_equal (options[i].name, key) || g_str_equal (options[i].spelling, key)))
        return &options[i];
    }

  return NULL;
}

const char *
weir_config_suggest_spelled (const char *key)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  const WeirOption *options;
  guint n_options, i;

  if (strchr (key, '_') != NULL)
    return weir_config_schema_suggest (WEIR_OPTION_FUNCTION, "", key);

  options = weir_config_schema_get_options (&n_options);
  for (i = 0; i < n_options; i++)
    {
      if (options[i].scope == WEIR_OPTION_FUNCTION)
        g_ptr_array_add (words, (gpointer) options[i].spelling);
    }
  g_ptr_array_add (words, NULL);

  return weir_suggest (key, (const char *const *) words->pdata);
}

gboolean
weir_config_read_spelled (WeirSource *source, GHashTable *layer, WeirNode *node)
{
  const WeirOption *option = find_spelled (node->key);

  if (option == NULL)
    return FALSE;
  if (weir_layer_get (layer, option->name) != NULL)
    weir_source_fail (source,
                      WEIR_CONFIG_ERROR_CONFLICT,
                      node->key_line,
                      node->key_column,
                      "%s is given twice, in two spellings",
                      option->name);
  else
    weir_source_read (source, layer, option, node);
  return TRUE;
}

void
weir_config_read_function_json (WeirSource *source, GHashTable *layer, const char *path)
{
  g_autofree char *text = NULL;
  g_autoptr (WeirNode) root = NULL;
  GError *error = NULL;
  gsize length;

  if (!weir_config_data_read_text (source->report, path, source->name, &text, &length))
    return;
  root = weir_json_parse (text, length, source->name, &error);
  if (root == NULL)
    {
      weir_report_take_problem (source->report, error);
      return;
    }
  for (guint i = 0; i < root->children->len; i++)
    {
      WeirNode *node = g_ptr_array_index (root->children, i);

      if (!g_str_equal (node->key, "$schema") && !weir_config_read_spelled (source, layer, node))
        weir_source_fail_unknown (source, node, "", weir_config_suggest_spelled (node->key));
    }
}
