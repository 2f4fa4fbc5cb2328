/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli-private.h"

#include "cli-output-private.h"

static const char *
state_word (WeirPluginState state)
{
  switch (state)
    {
    case WEIR_PLUGIN_STATE_FOUND:
      return "found";
    case WEIR_PLUGIN_STATE_LOADING:
      return "loading";
    case WEIR_PLUGIN_STATE_ACTIVE:
      return "active";
    case WEIR_PLUGIN_STATE_FAILED:
      return "failed";
    }
  return "found";
}

/* What a server of this configuration would load; the rest stays a manifest that was read. */
static void
load_used (WeirPluginEngine *engine, WeirConfig *config)
{
  WeirSettings *settings = weir_config_get_server_settings (config);
  const char *adapter = weir_settings_get_string (settings, "adapter");
  g_auto (GStrv) required = weir_settings_dup_strv (settings, "plugins.require");

  /* What goes wrong stays in the plugin's info, which is shown. */
  if (adapter != NULL)
    weir_plugin_engine_load_provider (engine, "adapter", adapter, NULL);
  weir_plugin_engine_load_provider (engine, "runtime", "deno", NULL);
  for (gsize i = 0; required[i] != NULL; i++)
    weir_plugin_engine_load (engine, required[i], NULL);
}

static void
info_json (JsonBuilder *builder, WeirPluginInfo *info)
{
  const GError *error = weir_plugin_info_get_error (info);

  json_builder_begin_object (builder);
  cli_json_string (builder, "id", weir_plugin_info_get_id (info));
  cli_json_string (builder, "name", weir_plugin_info_get_name (info));
  cli_json_string (builder, "description", weir_plugin_info_get_description (info));
  cli_json_string (builder, "version", weir_plugin_info_get_version (info));
  cli_json_strv (builder, "provides", weir_plugin_info_get_provides (info));
  cli_json_string (builder, "state", state_word (weir_plugin_info_get_state (info)));
  cli_json_string (builder, "error", error != NULL ? error->message : NULL);
  cli_json_string (builder, "manifest", weir_plugin_info_get_manifest_path (info));
  json_builder_end_object (builder);
}

static void
list_json (GListModel *infos)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_array (builder);
  for (guint i = 0; i < g_list_model_get_n_items (infos); i++)
    {
      g_autoptr (WeirPluginInfo) info = g_list_model_get_item (infos, i);
      info_json (builder, info);
    }
  json_builder_end_array (builder);
  cli_print_json (builder);
}

static char *
provides_text (WeirPluginInfo *info)
{
  const char *const *provides = weir_plugin_info_get_provides (info);

  return provides != NULL ? g_strjoinv (", ", (char **) provides) : g_strdup ("");
}

static void
list_text (GListModel *infos)
{
  const char *const titles[] = { _ ("ID"),    _ ("VERSION"), _ ("PROVIDES"),
                                 _ ("STATE"), _ ("WHY"),     NULL };
  g_autoptr (CliTable) table = cli_table_new (titles);

  for (guint i = 0; i < g_list_model_get_n_items (infos); i++)
    {
      g_autoptr (WeirPluginInfo) info = g_list_model_get_item (infos, i);
      const GError *error = weir_plugin_info_get_error (info);
      const char *version = weir_plugin_info_get_version (info);
      g_autofree char *provides = provides_text (info);
      const char *const cells[] = { weir_plugin_info_get_id (info),
                                    version != NULL ? version : "-",
                                    provides,
                                    state_word (weir_plugin_info_get_state (info)),
                                    error != NULL ? error->message : "" };

      cli_table_add (table, cells);
    }
  if (g_list_model_get_n_items (infos) > 0)
    {
      cli_table_print (table);
      return;
    }
  cli_print_error (_ ("no plugin was found"));
  cli_print_hint (_ ("WEIR_PLUGIN_PATH names the folders to look in, separated by colons"));
}

static CliExit
list (WeirPluginEngine *engine, gboolean json)
{
  GListModel *infos = G_LIST_MODEL (engine);
  CliExit status = g_list_model_get_n_items (infos) > 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;

  if (json)
    list_json (infos);
  else
    list_text (infos);
  for (guint i = 0; i < g_list_model_get_n_items (infos); i++)
    {
      g_autoptr (WeirPluginInfo) info = g_list_model_get_item (infos, i);

      if (weir_plugin_info_get_state (info) == WEIR_PLUGIN_STATE_FAILED)
        status = CLI_EXIT_FAILED;
    }
  return status;
}

static void
print_field (const char *title, const char *value)
{
  g_autofree char *clean = cli_clean (value, FALSE);

  if (value != NULL && *value != '\0')
    cli_print (stdout, "%-12s %s\n", title, clean);
}

static void
info_text (WeirPluginInfo *info)
{
  const GError *error = weir_plugin_info_get_error (info);
  g_autofree char *provides = provides_text (info);

  print_field (_ ("Id"), weir_plugin_info_get_id (info));
  print_field (_ ("Name"), weir_plugin_info_get_name (info));
  print_field (_ ("Description"), weir_plugin_info_get_description (info));
  print_field (_ ("Version"), weir_plugin_info_get_version (info));
  print_field (_ ("Provides"), provides);
  print_field (_ ("Manifest"), weir_plugin_info_get_manifest_path (info));
  print_field (_ ("State"), state_word (weir_plugin_info_get_state (info)));
  print_field (_ ("Why"), error != NULL ? error->message : NULL);
}

static CliExit
unknown_plugin (WeirPluginEngine *engine, const char *id)
{
  GListModel *infos = G_LIST_MODEL (engine);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) ids = NULL;
  const char *nearest;

  for (guint i = 0; i < g_list_model_get_n_items (infos); i++)
    {
      g_autoptr (WeirPluginInfo) info = g_list_model_get_item (infos, i);
      g_strv_builder_add (builder, weir_plugin_info_get_id (info));
    }
  ids = g_strv_builder_end (builder);
  nearest = weir_suggest (id, (const char *const *) ids);
  cli_print_error (_ ("there is no plugin “%s”"), id);
  if (nearest != NULL)
    cli_print_hint (_ ("did you mean “%s”?"), nearest);
  else
    cli_print_hint (_ ("`weir plugin list` shows what was found"));
  return CLI_EXIT_NOT_FOUND;
}

static CliExit
show (WeirPluginEngine *engine, const char *id, gboolean json)
{
  WeirPluginInfo *info = weir_plugin_engine_get_info (engine, id);

  if (info == NULL)
    return unknown_plugin (engine, id);
  /* Only loading tells whether it works. */
  weir_plugin_engine_load (engine, id, NULL);
  if (json)
    {
      g_autoptr (JsonBuilder) builder = json_builder_new ();
      info_json (builder, info);
      cli_print_json (builder);
    }
  else
    info_text (info);
  return weir_plugin_info_get_state (info) == WEIR_PLUGIN_STATE_FAILED ? CLI_EXIT_FAILED
                                                                       : CLI_EXIT_OK;
}

CliExit
cli_cmd_plugin (int argc, char **argv)
{
  gboolean json = FALSE;
  g_autofree char *directory = NULL;
  g_auto (GStrv) rest = NULL;
  g_autoptr (WeirConfig) config = NULL;
  g_autoptr (WeirPluginEngine) engine = NULL;
  CliExit status;
  guint n;
  const GOptionEntry entries[] = {
    CLI_OPTION_JSON (&json),
    CLI_OPTION_DIR ('d', &directory),
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &rest, NULL, NULL },
    { NULL },
  };

  if (!cli_parse_options ("plugin",
                          _ ("list | info ID"),
                          _ ("list shows every plugin that was found, and why one failed.\n"
                             "info shows one, after trying to load it."),
                          entries,
                          &argc,
                          &argv))
    return CLI_EXIT_USAGE;
  n = rest != NULL ? g_strv_length (rest) : 0;
  if (!(n == 1 && g_str_equal (rest[0], "list")) && !(n == 2 && g_str_equal (rest[0], "info")))
    return cli_usage_error ("plugin", _ ("either `list` or `info ID`"));
  status = cli_check_directory (directory);
  if (status != CLI_EXIT_OK)
    return status;
  /* What is wrong with the functions of a project does not matter here. */
  config = weir_config_check (directory != NULL ? directory : ".", NULL);
  engine = cli_plugin_engine_new (config);
  if (n == 2)
    return show (engine, rest[1], json);
  load_used (engine, config);
  return list (engine, json);
}
