/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-extensions-private.h"

#include <string.h>

#define AUTHENTICATORS "auth.authenticators"
#define KEYS "key"

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
  for (guint i = 0; disabled[i] != NULL; i++)
    weir_plugin_engine_disable (plugins, disabled[i]);

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

static gboolean
is_configured (WeirConfig *config, const char *option)
{
  const char *origin = weir_settings_get_origin (weir_config_get_server_settings (config), option);

  return g_strcmp0 (origin, "built-in") != 0;
}

/* One table of the configuration, and what it is for. */
typedef struct
{
  GType type;
  const char *point;
  const char *table;
  const char *name;      /* of the table's entry */
  const char *extension; /* the same, where one has not many names */
  const char *choice;    /* nullable: the option that named it */
} Wanted;

/* An error about an option gets the place in the file, which the engine cannot know. */
static gboolean
check_options (WeirPluginEngine *plugins,
               WeirConfig *config,
               const Wanted *wanted,
               GVariant *options,
               GError **error)
{
  g_autofree char *option = NULL;
  g_autofree char *origin = NULL;

  if (weir_extension_registry_check (weir_plugin_engine_get_registry (plugins),
                                     wanted->type,
                                     wanted->extension,
                                     options,
                                     &option,
                                     error))
    return TRUE;

  if (option != NULL && wanted->table != NULL)
    origin = weir_config_dup_plugin_option_origin (config, wanted->table, wanted->name, option);
  if (origin != NULL)
    g_prefix_error (error, "%s: ", origin);
  return FALSE;
}

/* What the object itself does not like about its options: it says "NAME: why", or nothing of
 * the kind, and then any place in the table is better than none. */
static void
prefix_place (WeirConfig *config, const Wanted *wanted, GVariant *options, GError **error)
{
  g_autofree char *found = NULL;
  GVariantIter iter;
  const char *option;

  if (wanted->table == NULL || error == NULL)
    return;
  g_variant_iter_init (&iter, options);
  while (g_variant_iter_next (&iter, "{&sv}", &option, NULL))
    {
      g_autofree char *said = g_strdup_printf (" %s: ", option);
      gboolean is_it = strstr ((*error)->message, said) != NULL;

      if (found != NULL && !is_it)
        continue;
      g_free (found);
      found = weir_config_dup_plugin_option_origin (config, wanted->table, wanted->name, option);
      if (is_it)
        break;
    }
  /* A table without options has a place as well. */
  if (found == NULL)
    {
      g_autofree char *table = g_strconcat (wanted->table, ".", wanted->name, NULL);

      found = g_strdup (weir_settings_get_origin (weir_config_get_server_settings (config), table));
    }
  if (found != NULL)
    g_prefix_error (error, "%s: ", found);
}

/* Who wrote a name that does not exist wants to know where. */
static void
prefix_missing (WeirConfig *config, const Wanted *wanted, GVariant *options, GError **error)
{
  WeirSettings *settings = weir_config_get_server_settings (config);
  gboolean has_table = wanted->table != NULL && g_variant_n_children (options) > 0;

  if (error == NULL)
    return;
  if (has_table && wanted->choice != NULL && g_str_equal (wanted->choice, AUTHENTICATORS) &&
      g_str_equal (wanted->name, wanted->extension))
    {
      g_autofree char *message = g_steal_pointer (&(*error)->message);

      (*error)->message =
          g_strdup_printf ("%s; if it is one of another kind, say so, as in type = \"jwt\"",
                           message);
    }
  if (has_table)
    prefix_place (config, wanted, options, error);
  else if (wanted->choice != NULL && is_configured (config, wanted->choice))
    g_prefix_error (error, "%s: ", weir_settings_get_origin (settings, wanted->choice));
}

static GObject *
make_with (WeirPluginEngine *plugins,
           WeirConfig *config,
           const Wanted *wanted,
           GVariant *options,
           GError **error)
{
  WeirExtensionRegistry *registry = weir_plugin_engine_get_registry (plugins);
  g_autofree char *provided = g_strdup_printf ("%s:%s", wanted->point, wanted->extension);
  GObject *object;

  if (!check_enabled (plugins, config, provided, error))
    return NULL;

  /* A program that embeds the library may have added a type of its own. */
  if (weir_extension_registry_lookup (registry, wanted->type, wanted->extension) ==
          G_TYPE_INVALID &&
      !weir_plugin_engine_load_provider (plugins, wanted->point, wanted->extension, error))
    {
      prefix_missing (config, wanted, options, error);
      return NULL;
    }

  if (!check_options (plugins, config, wanted, options, error))
    return NULL;
  object =
      weir_extension_registry_create (registry, wanted->type, wanted->extension, options, error);
  if (object == NULL)
    prefix_place (config, wanted, options, error);
  return object;
}

static GObject *
make (WeirPluginEngine *plugins,
      WeirConfig *config,
      GType type,
      const char *point,
      const char *table,
      const char *name,
      const char *choice,
      GError **error)
{
  const Wanted wanted = { type, point, table, name, name, choice };
  g_autoptr (GVariant) options = weir_config_dup_plugin_options (config, table, name);

  return make_with (plugins, config, &wanted, options, error);
}

/* "type" is no option of the authenticator: it says what a table of any name is for. */
static gboolean
take_type (WeirConfig *config, Wanted *wanted, GVariant **options, char **type, GError **error)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (*options, "type", NULL);
  g_autofree char *origin = NULL;
  const char *why = NULL;
  GVariantDict dict;

  if (value == NULL)
    return TRUE;
  origin = weir_config_dup_plugin_option_origin (config, wanted->table, wanted->name, "type");
  if (!g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    why = "type must be a string, the name of an authenticator, as in type = \"jwt\"";
  /* Limits know those who call with a key by the name of the authenticator. */
  else if (g_str_equal (g_variant_get_string (value, NULL), KEYS) &&
           !g_str_equal (wanted->name, KEYS))
    why = "the API keys of a project are all in one place: call the table [authenticators.key]";
  if (why != NULL)
    {
      g_set_error (error, WEIR_PLUGIN_ERROR, WEIR_PLUGIN_ERROR_OPTION, "%s: %s", origin, why);
      return FALSE;
    }
  *type = g_variant_dup_string (value, NULL);
  wanted->extension = *type;
  g_variant_dict_init (&dict, *options);
  g_variant_dict_remove (&dict, "type");
  g_variant_unref (*options);
  *options = g_variant_ref_sink (g_variant_dict_end (&dict));
  return TRUE;
}

WeirAuthenticator *
weir_extensions_make_authenticator (WeirPluginEngine *plugins,
                                    WeirConfig *config,
                                    const char *name,
                                    GError **error)
{
  Wanted wanted = { WEIR_TYPE_AUTHENTICATOR, "authenticator", "authenticators", name, name,
                    AUTHENTICATORS };
  g_autoptr (GVariant) options = weir_config_dup_plugin_options (config, wanted.table, name);
  g_autofree char *type = NULL;

  if (!take_type (config, &wanted, &options, &type, error))
    return NULL;
  return (WeirAuthenticator *) make_with (plugins, config, &wanted, options, error);
}

WeirAuthenticator *
weir_extensions_make_authenticator_with (WeirPluginEngine *plugins,
                                         WeirConfig *config,
                                         const char *extension,
                                         GVariant *options,
                                         GError **error)
{
  const Wanted wanted = {
    WEIR_TYPE_AUTHENTICATOR, "authenticator", NULL, NULL, extension,
  };

  return (WeirAuthenticator *) make_with (plugins, config, &wanted, options, error);
}

WeirRuntime *
weir_extensions_make_runtime (WeirPluginEngine *plugins, WeirConfig *config, GError **error)
{
  return (WeirRuntime *)
      make (plugins, config, WEIR_TYPE_RUNTIME, "runtime", "runtimes", "deno", NULL, error);
}

guint
weir_extensions_get_n_data_threads (WeirConfig *config)
{
  WeirSettings *settings = weir_config_get_server_settings (config);

  return (guint) weir_settings_get_integer (settings, "data_threads");
}

static gboolean
join (WeirConfig *config, WeirAdapter *adapter, WeirAdapter *first, GError **error)
{
  WeirSettings *settings = weir_config_get_server_settings (config);

  if (weir_adapter_join (adapter, first, NULL))
    return TRUE;
  g_set_error (error,
               WEIR_ERROR,
               WEIR_ERROR_NOT_SUPPORTED,
               "%s: the adapter “%s” works on one data thread only: leave out “data_threads”, or "
               "choose another adapter",
               weir_settings_get_origin (settings, "data_threads"),
               weir_settings_get_string (settings, "adapter"));
  return FALSE;
}

gboolean
weir_extensions_make_adapters (WeirPluginEngine *plugins,
                               WeirConfig *config,
                               GPtrArray *adapters,
                               GError **error)
{
  const char *name = weir_settings_get_string (weir_config_get_server_settings (config), "adapter");

  for (guint i = 0; i < weir_extensions_get_n_data_threads (config); i++)
    {
      GObject *adapter =
          make (plugins, config, WEIR_TYPE_ADAPTER, "adapter", "adapters", name, "adapter", error);

      if (adapter == NULL)
        return FALSE;
      g_ptr_array_add (adapters, adapter);
      if (i > 0 && !join (config, WEIR_ADAPTER (adapter), adapters->pdata[0], error))
        return FALSE;
    }
  return TRUE;
}

WeirStore *
weir_extensions_make_store (WeirPluginEngine *plugins, WeirConfig *config, GError **error)
{
  const char *name = weir_settings_get_string (weir_config_get_server_settings (config), "store");

  return (
      WeirStore *) make (plugins, config, WEIR_TYPE_STORE, "store", "stores", name, "store", error);
}

WeirSecretStore *
weir_extensions_make_secret_store (WeirPluginEngine *plugins,
                                   WeirConfig *config,
                                   const char *name,
                                   GError **error)
{
  return (WeirSecretStore *) make (plugins,
                                   config,
                                   WEIR_TYPE_SECRET_STORE,
                                   "secret-store",
                                   "secret_stores",
                                   name,
                                   "secrets",
                                   error);
}

static gboolean
is_there (WeirPluginEngine *plugins, WeirConfig *config, const char *provided)
{
  WeirSettings *settings = weir_config_get_server_settings (config);
  g_auto (GStrv) disabled = weir_settings_dup_strv (settings, "plugins.disable");

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (plugins)); i++)
    {
      g_autoptr (WeirPluginInfo) info = g_list_model_get_item (G_LIST_MODEL (plugins), i);

      if (g_strv_contains (weir_plugin_info_get_provides (info), provided) &&
          !g_strv_contains ((const char *const *) disabled, weir_plugin_info_get_id (info)))
        return TRUE;
    }
  return FALSE;
}

/* FALSE for an error only: what becomes of limits without a limiter is configured too. */
static gboolean
make_limiter (WeirPluginEngine *plugins,
              WeirConfig *config,
              const char *option,
              WeirRateLimiter **limiter,
              GError **error)
{
  const char *name = weir_settings_get_string (weir_config_get_server_settings (config), option);
  g_autofree char *provided = g_strconcat ("limiter:", name, NULL);

  *limiter = NULL;
  if (weir_extension_registry_lookup (weir_plugin_engine_get_registry (plugins),
                                      WEIR_TYPE_RATE_LIMITER,
                                      name) == G_TYPE_INVALID &&
      !is_there (plugins, config, provided) && !is_configured (config, option))
    return TRUE;
  *limiter = (WeirRateLimiter *)
      make (plugins, config, WEIR_TYPE_RATE_LIMITER, "limiter", "limiters", name, option, error);
  return *limiter != NULL;
}

gboolean
weir_extensions_make_rate_limits (WeirPluginEngine *plugins,
                                  WeirConfig *config,
                                  GPtrArray *stages,
                                  GError **error)
{
  WeirSettings *settings = weir_config_get_server_settings (config);
  const char *failure = weir_settings_get_string (settings, "rate_limit_failure");
  g_autoptr (WeirRateLimiter) rates = NULL;
  g_autoptr (WeirRateLimiter) windows = NULL;
  g_autoptr (WeirRatePlans) plans = NULL;

  if (!make_limiter (plugins, config, "rate_limiter", &rates, error) ||
      !make_limiter (plugins, config, "window_limiter", &windows, error))
    return FALSE;
  plans = weir_rate_plans_new (settings);
  for (guint i = 0; i < weir_extensions_get_n_data_threads (config); i++)
    {
      WeirRateLimitStage *stage =
          weir_rate_limit_stage_new (rates, windows, strcmp (failure, "open") == 0);

      weir_rate_limit_stage_set_plans (stage, plans, NULL);
      g_ptr_array_add (stages, stage);
    }
  return TRUE;
}

/* [stages.NAME] asks for a stage; the plugin that has it need not be required as well. */
static gboolean
load_configured_stages (WeirPluginEngine *plugins, WeirConfig *config, GError **error)
{
  WeirSettings *settings = weir_config_get_server_settings (config);
  g_auto (GStrv) names = weir_settings_dup_names (settings);

  for (guint i = 0; names[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (names[i], ".", 3);

      if (g_strv_length (parts) < 2 || strcmp (parts[0], "stages") != 0)
        continue;
      if (!weir_plugin_engine_load_provider (plugins, "stage", parts[1], error))
        {
          g_prefix_error (error, "%s: ", weir_settings_get_origin (settings, names[i]));
          return FALSE;
        }
    }
  return TRUE;
}

gboolean
weir_extensions_make_stages (WeirPluginEngine *plugins,
                             WeirConfig *config,
                             GPtrArray *stages,
                             GError **error)
{
  g_auto (GStrv) names = NULL;

  if (!load_configured_stages (plugins, config, error))
    return FALSE;

  names = weir_extension_registry_dup_names (weir_plugin_engine_get_registry (plugins),
                                             WEIR_TYPE_STAGE);
  for (guint i = 0; names[i] != NULL; i++)
    {
      GObject *stage =
          make (plugins, config, WEIR_TYPE_STAGE, "stage", "stages", names[i], NULL, error);

      if (stage == NULL)
        return FALSE;
      g_ptr_array_add (stages, stage);
    }
  return TRUE;
}
