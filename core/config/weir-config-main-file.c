/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* weir.toml */

#include "config/weir-config-data-private.h"

#include <string.h>

#include "base/weir-suggest-private.h"

static const char *const tables[] = {
  "defaults",    "functions", "plugins",        "auth",   "adapters",
  "limiters",    "runtimes",  "authenticators", "stages", "rate_limits",
  "permissions", "stores",    "secret_stores",  NULL
};

static const char *const built_in_profiles[] = { "none", "strict", "standard", "permissive", NULL };

/* The option, unless its dotted name only looks as if it were a key of this table. */
static const WeirOption *
find_option (WeirOptionScope scope, const char *prefix, const char *key)
{
  g_autofree char *name = NULL;

  if (strchr (key, '.') != NULL)
    return NULL;
  name = g_strconcat (prefix, key, NULL);

  return weir_config_schema_find (scope, name);
}

static void
read_function_table (WeirSource *source, GHashTable *layer, WeirNode *table, const char *section)
{
  guint i;

  for (i = 0; i < table->children->len; i++)
    {
      WeirNode *child = g_ptr_array_index (table->children, i);
      const WeirOption *option = find_option (WEIR_OPTION_FUNCTION, "", child->key);

      if (option != NULL)
        weir_source_read (source, layer, option, child);
      else
        weir_source_fail_unknown (
            source,
            child,
            section,
            weir_config_schema_suggest (WEIR_OPTION_FUNCTION, "", child->key));
    }
}

static void
read_defaults (WeirConfigData *self, WeirSource *source, WeirNode *table)
{
  static const char *const singular[] = { "entrypoint", "route" };

  if (!weir_source_want_table (source, table, "defaults"))
    return;

  read_function_table (source, self->defaults, table, " in [defaults]");
  for (gsize i = 0; i < G_N_ELEMENTS (singular); i++)
    {
      WeirNode *node = weir_node_find (table, singular[i]);

      if (node != NULL)
        weir_source_fail (source,
                          WEIR_CONFIG_ERROR_CONFLICT,
                          node->key_line,
                          node->key_column,
                          "%s cannot be the same for all functions; write it in [functions.NAME]",
                          singular[i]);
    }
}

/* TOML has one value for one key: with tables of functions, the folder is their "path". */
static void
read_functions (WeirConfigData *self, WeirSource *source, WeirNode *node)
{
  const WeirOption *folder = weir_config_schema_find (WEIR_OPTION_SERVER, "functions");
  guint i;

  if (node->kind == WEIR_NODE_STRING)
    {
      weir_source_read (source, self->main_layer, folder, node);
      return;
    }
  if (!weir_source_want_table (source, node, "functions"))
    return;

  for (i = 0; i < node->children->len; i++)
    {
      WeirNode *child = g_ptr_array_index (node->children, i);
      g_autofree char *name = g_strconcat ("functions.", child->key, NULL);
      g_autofree char *section = g_strdup_printf (" in [%s]", name);

      if (g_str_equal (child->key, "path") && child->kind == WEIR_NODE_STRING)
        weir_source_read (source, self->main_layer, folder, child);
      else if (weir_source_check_function_name (source, child) &&
               weir_source_want_table (source, child, name))
        read_function_table (source,
                             weir_config_data_ensure_layer (self->main_functions, child->key),
                             child,
                             section);
    }
}

static void
read_server_table (WeirConfigData *self, WeirSource *source, WeirNode *table, const char *name)
{
  g_autofree char *prefix = g_strconcat (name, ".", NULL);
  g_autofree char *section = g_strdup_printf (" in [%s]", name);
  guint i;

  for (i = 0; i < table->children->len; i++)
    {
      WeirNode *child = g_ptr_array_index (table->children, i);
      const WeirOption *option = find_option (WEIR_OPTION_SERVER, prefix, child->key);

      if (option != NULL)
        weir_source_read (source, self->main_layer, option, child);
      else
        weir_source_fail_unknown (
            source,
            child,
            section,
            weir_config_schema_suggest (WEIR_OPTION_SERVER, prefix, child->key));
    }
}

static gboolean
is_known_table (const char *name)
{
  g_autofree char *prefix = g_strconcat (name, ".", NULL);
  const WeirOption *options;
  guint n_options, i;

  options = weir_config_schema_get_options (&n_options);
  for (i = 0; i < n_options; i++)
    {
      if (g_str_has_prefix (options[i].name, prefix))
        return TRUE;
    }

  return FALSE;
}

/* The options of a plugin from elsewhere are its own business: it is asked when it is made. A
 * table without any says that it is wanted. */
static void
read_plugin_table (WeirConfigData *self, WeirSource *source, WeirNode *table, const char *name)
{
  guint i;

  if (table->children->len == 0)
    weir_source_read_raw (source, self->main_layer, name, table);
  for (i = 0; i < table->children->len; i++)
    {
      WeirNode *child = g_ptr_array_index (table->children, i);
      g_autofree char *full_name = g_strconcat (name, ".", child->key, NULL);

      weir_source_read_raw (source, self->main_layer, full_name, child);
    }
}

static void
read_point (WeirConfigData *self, WeirSource *source, WeirNode *table)
{
  guint i;

  if (!weir_source_want_table (source, table, table->key))
    return;

  for (i = 0; i < table->children->len; i++)
    {
      WeirNode *child = g_ptr_array_index (table->children, i);
      g_autofree char *name = g_strconcat (table->key, ".", child->key, NULL);

      if (!weir_source_want_table (source, child, name))
        continue;
      if (is_known_table (name))
        read_server_table (self, source, child, name);
      else
        read_plugin_table (self, source, child, name);
    }
}

/* A profile besides the built-in ones: [permissions.NAME] with flags. */
static void
read_profile (WeirConfigData *self, WeirSource *source, WeirNode *table, const char *name)
{
  const WeirOption flags = { .name = table->key, .type = WEIR_OPTION_STRINGS };
  g_autofree char *section = g_strdup_printf (" in [%s]", name);

  if (g_strv_contains (built_in_profiles, table->key))
    weir_source_fail (source,
                      WEIR_CONFIG_ERROR_CONFLICT,
                      table->key_line,
                      table->key_column,
                      "%s is a profile of Weir's own; take another name",
                      table->key);
  for (guint i = 0; i < table->children->len; i++)
    {
      WeirNode *child = g_ptr_array_index (table->children, i);

      if (g_str_equal (child->key, "flags"))
        weir_source_read (source, self->profiles, &flags, child);
      else
        weir_source_fail_unknown (source, child, section, "flags");
    }
}

static void
read_profiles (WeirConfigData *self, WeirSource *source, WeirNode *table)
{
  for (guint i = 0; i < table->children->len; i++)
    {
      WeirNode *child = g_ptr_array_index (table->children, i);
      g_autofree char *name = g_strconcat ("permissions.", child->key, NULL);

      if (weir_source_want_table (source, child, name))
        read_profile (self, source, child, name);
    }
}

static const char *
suggest_top (const char *key)
{
  const char *found = weir_suggest (key, tables);

  return found != NULL ? found : weir_config_schema_suggest (WEIR_OPTION_SERVER, "", key);
}

static void
read_top (WeirConfigData *self, WeirSource *source, WeirNode *node)
{
  const WeirOption *option = find_option (WEIR_OPTION_SERVER, "", node->key);

  if (g_str_equal (node->key, "defaults"))
    read_defaults (self, source, node);
  else if (g_str_equal (node->key, "functions"))
    read_functions (self, source, node);
  else if (g_str_equal (node->key, "permissions") && node->kind == WEIR_NODE_TABLE)
    read_profiles (self, source, node);
  else if (g_str_equal (node->key, "plugins") || g_str_equal (node->key, "auth"))
    {
      if (weir_source_want_table (source, node, node->key))
        read_server_table (self, source, node, node->key);
    }
  else if (g_str_equal (node->key, "rate_limits"))
    weir_config_read_rate_limits (self, source, node);
  else if (g_strv_contains (tables, node->key))
    read_point (self, source, node);
  else if (option != NULL)
    weir_source_read (source, self->main_layer, option, node);
  else if (find_option (WEIR_OPTION_FUNCTION, "", node->key) != NULL)
    weir_source_fail (source,
                      WEIR_CONFIG_ERROR_UNKNOWN_KEY,
                      node->key_line,
                      node->key_column,
                      "%s is an option of functions; write it in [defaults] or [functions.NAME]",
                      node->key);
  else
    weir_source_fail_unknown (source, node, "", suggest_top (node->key));
}

void
weir_config_read_main_file (WeirConfigData *self, const char *path)
{
  g_autofree char *shown = weir_config_data_dup_shown (self, path);
  g_autofree char *directory = g_path_get_dirname (path);
  g_autoptr (WeirNode) root = weir_config_data_read_toml (self, path, shown);
  WeirSource source = { self->report, shown, directory };
  guint i;

  if (root == NULL)
    return;

  for (i = 0; i < root->children->len; i++)
    read_top (self, &source, g_ptr_array_index (root->children, i));
}
