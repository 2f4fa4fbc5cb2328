/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli-private.h"

#include <glib-unix.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli-log-private.h"
#include "cli-notify-private.h"
#include "cli-serve-banner-private.h"
#include "cli-serve-view-private.h"

#define MOST_FILES 65536
#define NOT_GIVEN G_MININT

typedef struct
{
  char **listen;
  char **env_files;
  char *adapter;
  char **trusted_proxies;
  char *log_level;
  int data_threads;
  gboolean no_reload;
  gboolean strict_reload;
  gboolean no_verify_jwt;
  gboolean json;
  gboolean quiet;
  char **rest;
} Options;

typedef struct
{
  WeirServer *server;
  CliServeView *view;
  GMainLoop *loop;
  gboolean stopping;
} Serve;

static void
options_clear (Options *self)
{
  g_strfreev (self->listen);
  g_strfreev (self->env_files);
  g_strfreev (self->trusted_proxies);
  g_free (self->adapter);
  g_free (self->log_level);
  g_strfreev (self->rest);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
parse (Options *options, int argc, char **argv)
{
  const GOptionEntry entries[] = {
    { "listen",
      'l',
      0,
      G_OPTION_ARG_STRING_ARRAY,
      &options->listen,
      N_ ("Listen there instead of 127.0.0.1:9000; may be repeated; port 0 takes a free one"),
      N_ ("HOST:PORT|unix:PATH") },
    { "env-file",
      'e',
      0,
      G_OPTION_ARG_FILENAME_ARRAY,
      &options->env_files,
      N_ ("Read the environment of the functions from there; may be repeated"),
      N_ ("FILE") },
    { "adapter",
      0,
      0,
      G_OPTION_ARG_STRING,
      &options->adapter,
      N_ ("Speak to clients through this adapter"),
      N_ ("NAME") },
    { "data-threads",
      0,
      0,
      G_OPTION_ARG_INT,
      &options->data_threads,
      N_ ("Serve requests on so many threads instead of one"),
      N_ ("N") },
    { "trusted-proxy",
      0,
      0,
      G_OPTION_ARG_STRING_ARRAY,
      &options->trusted_proxies,
      N_ ("Believe what this proxy says about who calls; may be repeated"),
      N_ ("ADDRESS[/BITS]") },
    { "no-reload",
      0,
      0,
      G_OPTION_ARG_NONE,
      &options->no_reload,
      N_ ("Do not watch the files"),
      NULL },
    { "strict-reload",
      0,
      0,
      G_OPTION_ARG_NONE,
      &options->strict_reload,
      N_ ("Let a broken edit fail instead of serving the old code on"),
      NULL },
    { "no-verify-jwt",
      0,
      0,
      G_OPTION_ARG_NONE,
      &options->no_verify_jwt,
      N_ ("Let everybody call every function"),
      NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options->json, N_ ("Print one JSON object a line"), NULL },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &options->quiet, N_ ("No line for each request"), NULL },
    { "log-level",
      0,
      0,
      G_OPTION_ARG_STRING,
      &options->log_level,
      N_ ("Of Weir's own messages: error, warning, message, info or debug"),
      N_ ("LEVEL") },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->rest, NULL, NULL },
    { NULL },
  };

  return cli_parse_options ("serve",
                            _ ("[FOLDER]"),
                            _ ("Serves the functions of a project folder, or of a folder of "
                               "functions, until Ctrl-C."),
                            entries,
                            &argc,
                            &argv);
}

/* Relative names mean the folder where the command was typed, not the project. */
static GVariant *
absolute_paths (char **paths)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) absolute = NULL;

  for (gsize i = 0; paths[i] != NULL; i++)
    {
      g_autofree char *path = g_canonicalize_filename (paths[i], NULL);
      g_strv_builder_add (builder, path);
    }
  absolute = g_strv_builder_end (builder);
  return g_variant_new_strv ((const char *const *) absolute, -1);
}

static GVariant *
overrides_from (Options *options)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  if (options->listen != NULL)
    g_variant_dict_insert_value (&dict,
                                 "listen",
                                 g_variant_new_strv ((const char *const *) options->listen, -1));
  if (options->env_files != NULL)
    g_variant_dict_insert_value (&dict, "env_files", absolute_paths (options->env_files));
  if (options->adapter != NULL)
    g_variant_dict_insert (&dict, "adapter", "s", options->adapter);
  if (options->data_threads != NOT_GIVEN)
    g_variant_dict_insert (&dict, "data_threads", "x", (gint64) options->data_threads);
  if (options->trusted_proxies != NULL)
    g_variant_dict_insert_value (
        &dict,
        "trusted_proxies",
        g_variant_new_strv ((const char *const *) options->trusted_proxies, -1));
  if (options->no_reload)
    g_variant_dict_insert (&dict, "reload", "b", FALSE);
  if (options->strict_reload)
    g_variant_dict_insert (&dict, "strict_reload", "b", TRUE);
  if (options->no_verify_jwt)
    g_variant_dict_insert (&dict, "auth.verify_jwt", "b", FALSE);
  return g_variant_dict_end (&dict);
}

static CliExit
check_options (Options *options, GLogLevelFlags *level)
{
  if (options->rest != NULL && g_strv_length (options->rest) > 1)
    return cli_usage_error ("serve", _ ("one folder, not %u"), g_strv_length (options->rest));
  if (options->log_level != NULL && !cli_log_parse_level (options->log_level, level))
    return cli_usage_error ("serve",
                            _ ("“%s” is not one of error, warning, message, info, debug"),
                            options->log_level);
  if (options->no_reload && options->strict_reload)
    return cli_usage_error ("serve", _ ("--no-reload and --strict-reload exclude each other"));
  for (gsize i = 0; options->env_files != NULL && options->env_files[i] != NULL; i++)
    if (!g_file_test (options->env_files[i], G_FILE_TEST_EXISTS))
      return cli_usage_error ("serve", _ ("--env-file %s: no such file"), options->env_files[i]);
  return CLI_EXIT_OK;
}

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Serve *serve = user_data;
  g_autoptr (GError) error = NULL;

  if (!weir_server_stop_finish (WEIR_SERVER (source), result, &error))
    g_warning ("The server did not stop cleanly: %s", error->message);
  g_main_loop_quit (serve->loop);
}

static gboolean
on_signal (gpointer user_data)
{
  Serve *serve = user_data;

  if (serve->stopping)
    /* The person has waited long enough; the kernel ends the workers with us. */
    _exit (CLI_EXIT_FAILED);
  serve->stopping = TRUE;
  cli_notify ("STOPPING=1");
  cli_serve_view_stopping (serve->view);
  weir_server_stop_async (serve->server, NULL, on_stopped, serve);
  return G_SOURCE_CONTINUE;
}

static CliExit
run (WeirServer *server, gboolean json, gboolean quiet)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (CliServeView) view = cli_serve_view_new (server, json, quiet);
  g_autoptr (GError) error = NULL;
  Serve serve = { server, view, loop, FALSE };
  guint interrupt;
  guint terminate;

  if (!weir_server_start (server, &error))
    return cli_fail (_ ("the server cannot start"), error);
  interrupt = g_unix_signal_add (SIGINT, on_signal, &serve);
  terminate = g_unix_signal_add (SIGTERM, on_signal, &serve);
  cli_serve_banner_print (server, json);
  cli_notify ("READY=1");
  g_main_loop_run (loop);
  g_source_remove (interrupt);
  g_source_remove (terminate);
  cli_serve_view_stopped (view);
  return CLI_EXIT_OK;
}

/* The usual soft limit is for programs that still use select(): it is less than two descriptors
 * for each connection that may be open. */
static void
raise_file_limit (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= MOST_FILES)
    return;
  limit.rlim_cur = MIN (limit.rlim_max, MOST_FILES);
  setrlimit (RLIMIT_NOFILE, &limit);
}

CliExit
cli_cmd_serve (int argc, char **argv)
{
  g_auto (Options) options = { .data_threads = NOT_GIVEN };
  g_autoptr (WeirConfig) config = NULL;
  g_autoptr (WeirServer) server = NULL;
  GLogLevelFlags level = G_LOG_LEVEL_MESSAGE;
  CliExit status;

  if (!parse (&options, argc, argv))
    return CLI_EXIT_USAGE;
  status = check_options (&options, &level);
  if (status != CLI_EXIT_OK)
    return status;
  cli_log_configure (level, options.json);
  config = cli_load_config (options.rest != NULL ? options.rest[0] : NULL,
                            overrides_from (&options),
                            &status);
  if (config == NULL)
    return status;
  raise_file_limit ();
  server = weir_server_new (config);
  return run (server, options.json, options.quiet);
}
