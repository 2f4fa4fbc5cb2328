/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli-private.h"

#include <locale.h>
#include <stdlib.h>

#include "cli-log-private.h"
#include "cli-output-private.h"

typedef struct
{
  const char *name;
  CliExit (*run) (int argc, char **argv);
  const char *summary;
} Command;

static const Command commands[] = {
  { "serve", cli_cmd_serve, N_ ("Serve a folder of functions") },
  { "new", cli_cmd_new, N_ ("Write a first version of a function") },
  { "invoke", cli_cmd_invoke, N_ ("Call a function once") },
  { "list", cli_cmd_list, N_ ("List the functions and what is wrong with them") },
  { "status", cli_cmd_status, N_ ("Show what a running server does and uses") },
  { "config", cli_cmd_config, N_ ("Check the configuration, or explain where a value comes from") },
  { "secrets", cli_cmd_secrets, N_ ("Set, list or remove the secrets of functions") },
  { "api-keys", cli_cmd_api_keys, N_ ("Create, list or revoke API keys") },
  { "store", cli_cmd_store, N_ ("Look for damage in what is stored, or copy it") },
  { "plugin", cli_cmd_plugin, N_ ("List the plugins, or show one") },
  { "doctor", cli_cmd_doctor, N_ ("Look for what is missing and say how to mend it") },
};

static void
print_help (FILE *stream)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append (text, _ ("Usage: weir COMMAND [OPTION…]\n\nCommands:\n"));
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    g_string_append_printf (text, "  %-8s  %s\n", commands[i].name, _ (commands[i].summary));
  g_string_append (text,
                   _ ("\nOptions:\n"
                      "  --help     This text; `weir COMMAND --help` for one command\n"
                      "  --version  The version\n"));
  cli_print (stream, "%s", text->str);
}

static CliExit
unknown_command (const char *name)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) names = NULL;
  const char *nearest;

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    g_strv_builder_add (builder, commands[i].name);
  names = g_strv_builder_end (builder);
  nearest = weir_suggest (name, (const char *const *) names);
  if (name[0] == '-')
    cli_print_error (_ ("unknown option %s"), name);
  else
    cli_print_error (_ ("there is no command “%s”"), name);
  if (nearest != NULL)
    cli_print_hint (_ ("did you mean `weir %s`?"), nearest);
  else
    cli_print_hint (_ ("`weir --help` lists the commands"));
  return CLI_EXIT_USAGE;
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, WEIR_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  cli_output_start ();
  cli_log_start ();

  if (argc < 2)
    {
      print_help (stderr);
      return CLI_EXIT_USAGE;
    }
  if (g_str_equal (argv[1], "--help") || g_str_equal (argv[1], "-h") ||
      g_str_equal (argv[1], "help"))
    {
      print_help (stdout);
      return CLI_EXIT_OK;
    }
  if (g_str_equal (argv[1], "--version"))
    {
      cli_print (stdout, "weir %s\n", weir_get_version ());
      return CLI_EXIT_OK;
    }
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (argv[1], commands[i].name))
      return commands[i].run (argc - 1, argv + 1);
  return unknown_command (argv[1]);
}
