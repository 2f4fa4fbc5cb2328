/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-extensions-private.h"

gboolean
weir_extensions_load (WeirPluginEngine *plugins, WeirConfig *config, GError **error)
{
  WeirSettings *settings = weir_config_get_server_settings (config);
  g_auto (GStrv) path = weir_settings_dup_strv (settings, "plugins.path");
  g_auto (GStrv) required = weir_settings_dup_strv (settings, "plugins.require");
  g_auto (GStrv) disabled = weir_settings_dup_strv (settings, "plugins.disable");

  for (guint i = 0; path[i] != NULL; i++)
    weir_plugin_engine_add_search_path (plugins, path[i]);
  weir_plugin_engine_add_default_search_paths (plugins);

  for (guint i = 0; required[i] != NULL; i++)
    {
      if (g_strv_contains ((const char *const *) disabled, required[i]))
        {
          g_set_error (error,
                       WEIR_PLUGIN_ERROR,
                       WEIR_PLUGIN_ERROR_CONFLICT,
                       "%s: the plugin “%s” is both required and disabled",
                       weir_settings_get_origin (settings, "plugins.disable"),
                       required[i]);
          return FALSE;
        }
      if (!weir_plugin_engine_load (plugins, required[i], error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
check_enabled (WeirPluginEngine *plugins, WeirConfig *config, const char *provided, GError **error)
{
  WeirSettings *settings = weir_config_get_server_settings (config);
  g_auto (GStrv) disabled = weir_settings_dup_strv (settings, "plugins.disable");

  for (guint i = 0; disabled[i] != NULL; i++)
    {
      WeirPluginInfo *info = weir_plugin_engine_get_info (plugins, disabled[i]);

      if (info != NULL && g_strv_contains (weir_plugin_info_get_provides (info), provided))
        {
          g_set_error (error,
                       WEIR_PLUGIN_ERROR,
                       WEIR_PLUGIN_ERROR_CONFLICT,
                       "%s: the plugin “%s” is disabled, but the server needs its %s",
                       weir_settings_get_origin (settings, "plugins.disable"),
                       disabled[i],
                       provided);
          return FALSE;
        }
    }

  return TRUE;
}

/* An error about an option gets the place in the file, which the engine cannot know. */
static void
add_place (GError **error, WeirConfig *config, const char *table, const char *name)
{
  g_autoptr (GVariant) options = weir_config_dup_plugin_options (config, table, name);
  GVariantIter iter;
  const char *option;

  if (error == NULL || !g_error_matches (*error, WEIR_PLUGIN_ERROR, WEIR_PLUGIN_ERROR_OPTION))
    return;

  g_variant_iter_init (&iter, options);
  while (g_variant_iter_next (&iter, "{&sv}", &option, NULL))
    {
      g_autofree char *origin = NULL;
      g_autofree char *quoted = g_strdup_printf ("“%s”", option);

      if (strstr ((*error)->message, quoted) == NULL)
        continue;
      origin = weir_config_dup_plugin_option_origin (config, table, name, option);
      if (origin != NULL)
        g_prefix_error (error, "%s: ", origin);
      return;
    }
}

static GObject *
make (WeirPluginEngine *plugins,
      WeirConfig *config,
      GType type,
      const char *point,
      const char *table,
      const char *name,
      GError **error)
{
  g_autoptr (GVariant) options = weir_config_dup_plugin_options (config, table, name);
  g_autofree char *provided = g_strdup_printf ("%s:%s", point, name);
  g_autoptr (GError) local_error = NULL;
  GObject *object;

  if (!check_enabled (plugins, config, provided, error))
    return NULL;

  /* A program that embeds the library may have added a type of its own. */
  if (weir_extension_registry_lookup (weir_plugin_engine_get_registry (plugins), type, name) ==
          G_TYPE_INVALID &&
      !weir_plugin_engine_load_provider (plugins, point, name, error))
    return NULL;

  object = weir_extension_registry_create (weir_plugin_engine_get_registry (plugins),
                                           type,
                                           name,
                                           options,
                                           &local_error);
  if (object == NULL)
    {
      add_place (&local_error, config, table, name);
      g_propagate_error (error, g_steal_pointer (&local_error));
    }

  return object;
}

WeirRuntime *
weir_extensions_make_runtime (WeirPluginEngine *plugins, WeirConfig *config, GError **error)
{
  return (WeirRuntime *)
      make (plugins, config, WEIR_TYPE_RUNTIME, "runtime", "runtimes", "deno", error);
}

WeirAdapter *
weir_extensions_make_adapter (WeirPluginEngine *plugins, WeirConfig *config, GError **error)
{
  const char *name = weir_settings_get_string (weir_config_get_server_settings (config), "adapter");

  return (
      WeirAdapter *) make (plugins, config, WEIR_TYPE_ADAPTER, "adapter", "adapters", name, error);
}
