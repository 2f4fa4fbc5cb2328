/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli-private.h"

#include <string.h>

#include "cli-output-private.h"

gboolean
cli_parse_options (const char *command,
                   const char *parameters,
                   const char *summary,
                   const GOptionEntry *entries,
                   int *argc,
                   char ***argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (parameters);
  g_autoptr (GError) error = NULL;
  g_autofree char *program = g_strconcat ("weir ", command, NULL);

  /* GOption takes the name in its usage line from here. */
  g_set_prgname (program);
  g_option_context_set_summary (context, summary);
  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (g_option_context_parse (context, argc, argv, &error))
    return TRUE;
  cli_usage_error (command, "%s", error->message);
  return FALSE;
}

CliExit
cli_usage_error (const char *command, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  cli_print_error ("%s", message);
  cli_print_hint (_ ("`weir %s --help` lists the options"), command);
  return CLI_EXIT_USAGE;
}

CliExit
cli_check_directory (const char *directory)
{
  if (directory == NULL || g_file_test (directory, G_FILE_TEST_IS_DIR))
    return CLI_EXIT_OK;
  if (g_file_test (directory, G_FILE_TEST_EXISTS))
    cli_print_error (_ ("%s is not a folder"), directory);
  else
    cli_print_error (_ ("%s: there is no such folder"), directory);
  cli_print_hint (_ ("name the folder of a project, or the folder that its functions are in"));
  return CLI_EXIT_NOT_FOUND;
}

static void
print_config_problems (const char *directory, GVariant *overrides, const GError *error)
{
  g_autoptr (WeirConfig) config = weir_config_check (directory, overrides);
  const char *const *problems = weir_config_get_problems (config);

  if (problems == NULL || problems[0] == NULL)
    cli_print_error ("%s", error->message);
  for (gsize i = 0; problems != NULL && problems[i] != NULL; i++)
    cli_print_error ("%s", problems[i]);
}

WeirConfig *
cli_load_config (const char *directory, GVariant *overrides, CliExit *status)
{
  g_autoptr (GVariant) held = overrides != NULL ? g_variant_ref_sink (overrides) : NULL;
  g_autoptr (WeirConfig) config = NULL;
  g_autoptr (GError) error = NULL;

  if (directory == NULL)
    directory = ".";
  *status = cli_check_directory (directory);
  if (*status != CLI_EXIT_OK)
    return NULL;
  config = weir_config_load (directory, held, &error);
  if (config != NULL)
    return g_steal_pointer (&config);
  print_config_problems (directory, held, error);
  *status = CLI_EXIT_CONFIG;
  return NULL;
}

static void
print_hint_for (const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
    cli_print_hint (_ ("another program listens there: end it, or choose another port with "
                       "--listen 127.0.0.1:PORT (port 0 takes one that is free)"));
  else if (error->domain == WEIR_PLUGIN_ERROR)
    cli_print_hint (_ ("`weir plugin list` shows what was found and why something failed"));
}

CliExit
cli_fail (const char *what, const GError *error)
{
  if (what != NULL)
    cli_print_error ("%s: %s", what, error->message);
  else
    cli_print_error ("%s", error->message);
  print_hint_for (error);
  if (error->domain == WEIR_CONFIG_ERROR ||
      g_error_matches (error, WEIR_PLUGIN_ERROR, WEIR_PLUGIN_ERROR_OPTION))
    return CLI_EXIT_CONFIG;
  if (g_error_matches (error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND) ||
      g_error_matches (error, WEIR_PLUGIN_ERROR, WEIR_PLUGIN_ERROR_NOT_FOUND) ||
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return CLI_EXIT_NOT_FOUND;
  return CLI_EXIT_FAILED;
}

WeirPluginEngine *
cli_plugin_engine_new (WeirConfig *config)
{
  g_autoptr (WeirPluginEngine) engine = weir_plugin_engine_new ();
  WeirSettings *settings = weir_config_get_server_settings (config);
  g_auto (GStrv) paths = weir_settings_dup_strv (settings, "plugins.path");

  for (gsize i = 0; paths[i] != NULL; i++)
    {
      g_autofree char *path =
          g_canonicalize_filename (paths[i], weir_config_get_directory (config));
      weir_plugin_engine_add_search_path (engine, path);
    }
  weir_plugin_engine_add_default_search_paths (engine);
  return g_steal_pointer (&engine);
}

GObject *
cli_create_extension (WeirPluginEngine *engine,
                      WeirConfig *config,
                      GType point,
                      const char *point_name,
                      const char *name,
                      GError **error)
{
  g_autoptr (GVariant) options = NULL;

  if (!weir_plugin_engine_load_provider (engine, point_name, name, error))
    return NULL;
  options = weir_config_dup_plugin_options (config, point_name, name);
  return weir_extension_registry_create (weir_plugin_engine_get_registry (engine),
                                         point,
                                         name,
                                         options,
                                         error);
}
