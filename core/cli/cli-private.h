/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_CLI_COMPILATION
#error "This header is private to the weir program."
#endif

#include <glib/gi18n.h>
#include <weir.h>

/* The exit statuses of the program, as the manual page lists them. */
typedef enum
{
  CLI_EXIT_OK = 0,
  CLI_EXIT_FAILED = 1,
  CLI_EXIT_USAGE = 2,
  CLI_EXIT_CONFIG = 3,
  CLI_EXIT_NOT_FOUND = 4,
} CliExit;

/* argv[0] is the name of the command. */
CliExit cli_cmd_serve (int argc, char **argv);
CliExit cli_cmd_new (int argc, char **argv);
CliExit cli_cmd_invoke (int argc, char **argv);
CliExit cli_cmd_list (int argc, char **argv);
CliExit cli_cmd_status (int argc, char **argv);
CliExit cli_cmd_config (int argc, char **argv);
CliExit cli_cmd_plugin (int argc, char **argv);
CliExit cli_cmd_doctor (int argc, char **argv);
CliExit cli_cmd_secrets (int argc, char **argv);
CliExit cli_cmd_api_keys (int argc, char **argv);
CliExit cli_cmd_store (int argc, char **argv);

/* What several commands do in the same words. */

#define CLI_OPTION_DIR(letter, place)                                                              \
  {                                                                                                \
    "dir", letter, 0, G_OPTION_ARG_FILENAME, place, N_ ("The project, if not the current folder"), \
        N_ ("FOLDER")                                                                              \
  }
#define CLI_OPTION_JSON(place)                                                                     \
  {                                                                                                \
    "json", 0, 0, G_OPTION_ARG_NONE, place, N_ ("Print JSON"), NULL                                \
  }

/* Parses the options of one command. FALSE: the usage error was printed. */
gboolean cli_parse_options (const char *command,
                            const char *parameters,
                            const char *summary,
                            const GOptionEntry *entries,
                            int *argc,
                            char ***argv);
CliExit cli_usage_error (const char *command, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* CLI_EXIT_OK, or what to exit with after saying that there is no such folder. NULL is fine. */
CliExit cli_check_directory (const char *directory);
/* directory: NULL for the current one. NULL: the problems were printed, *status says how to
 * exit. */
WeirConfig *cli_load_config (const char *directory, GVariant *overrides, CliExit *status);
/* The exit status for an error, after printing it and what to do about it. */
CliExit cli_fail (const char *what, const GError *error);
/* Makes the plugin that provides "adapter:soup" or "runtime:deno", with what is configured. */
GObject *cli_create_extension (WeirPluginEngine *engine,
                               WeirConfig *config,
                               GType point,
                               const char *point_name,
                               const char *name,
                               GError **error);
/* An engine that searches where the server of this configuration would. */
WeirPluginEngine *cli_plugin_engine_new (WeirConfig *config);
