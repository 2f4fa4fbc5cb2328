/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli-private.h"

#include <libsoup/soup.h>

#include "cli-http-private.h"
#include "cli-output-private.h"

typedef struct
{
  char *url;
  gboolean json;
  char **rest;
} Options;

static void
options_clear (Options *self)
{
  g_free (self->url);
  g_strfreev (self->rest);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
parse (Options *options, int argc, char **argv)
{
  const GOptionEntry entries[] = {
    CLI_OPTION_JSON (&options->json),
    { "url", 'u', 0, G_OPTION_ARG_STRING, &options->url, N_ ("Ask the server there"), N_ ("URL") },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->rest, NULL, NULL },
    { NULL },
  };

  return cli_parse_options ("status",
                            _ ("[FOLDER]"),
                            _ ("Shows what a server that runs is doing: its functions and how they "
                               "start, its workers and what they use."),
                            entries,
                            &argc,
                            &argv);
}

static char *
find_server (Options *options, CliExit *status)
{
  const char *directory = options->rest != NULL ? options->rest[0] : NULL;
  g_autoptr (WeirConfig) config = NULL;
  char *running;

  if (options->url != NULL)
    return g_strdup (options->url);
  *status = cli_check_directory (directory);
  if (*status != CLI_EXIT_OK)
    return NULL;
  config = weir_config_check (directory != NULL ? directory : ".", NULL);
  running = cli_http_find_running (config);
  if (running != NULL)
    return running;
  cli_print_error (_ ("no server answers where this folder would be served"));
  cli_print_hint (_ ("`weir serve` starts one; --url names another"));
  *status = CLI_EXIT_NOT_FOUND;
  return NULL;
}

static JsonNode *
ask (const char *base, GError **error)
{
  g_autofree char *uri = g_strconcat (base, "/_weir/status", NULL);
  g_autoptr (SoupMessage) message = soup_message_new (SOUP_METHOD_GET, uri);
  g_autoptr (GOutputStream) body = g_memory_output_stream_new_resizable ();
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();

  if (message == NULL)
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_INVALID_ARGUMENT,
                   _ ("“%s” is not the address of a server"),
                   base);
      return NULL;
    }
  if (!cli_http_send (message, body, NULL, error))
    return NULL;
  if (soup_message_get_status (message) != SOUP_STATUS_OK)
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_FAILED,
                   _ ("%s answers %u"),
                   uri,
                   soup_message_get_status (message));
      return NULL;
    }
  if (!json_parser_load_from_data (
          parser,
          g_memory_output_stream_get_data (G_MEMORY_OUTPUT_STREAM (body)),
          g_memory_output_stream_get_data_size (G_MEMORY_OUTPUT_STREAM (body)),
          error))
    return NULL;
  if (!JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser)))
    {
      g_set_error (error, WEIR_ERROR, WEIR_ERROR_FAILED, _ ("%s is no Weir"), base);
      return NULL;
    }
  return json_parser_steal_root (parser);
}

static gint64
get_number (JsonObject *object, const char *name)
{
  return json_object_get_int_member_with_default (object, name, 0);
}

static const char *
get_text (JsonObject *object, const char *name)
{
  return json_object_get_string_member_with_default (object, name, "-");
}

static JsonArray *
get_list (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static JsonObject *
get_object (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static char *
format_time (gint64 ms)
{
  if (ms < 1000)
    return g_strdup_printf ("%" G_GINT64_FORMAT " ms", ms);
  if (ms < 60 * 1000)
    return g_strdup_printf ("%.1f s", ms / 1000.0);
  if (ms < 60 * 60 * 1000)
    return g_strdup_printf ("%.1f min", ms / 60000.0);
  return g_strdup_printf ("%.1f h", ms / 3600000.0);
}

static char *
format_memory (gint64 bytes)
{
  return g_strdup_printf ("%.1f MiB", bytes / 1048576.0);
}

static char *
format_start (JsonObject *object)
{
  const char *start = get_text (object, "start");
  const char *reason = json_object_get_string_member_with_default (object, "start_reason", NULL);

  return reason != NULL ? g_strdup_printf ("%s: %s", start, reason) : g_strdup (start);
}

static void
print_functions (JsonArray *functions)
{
  const char *const titles[] = { _ ("FUNCTION"), _ ("WORKERS"), _ ("REQUESTS"),
                                 _ ("ERRORS"),   _ ("STARTS"),  NULL };
  g_autoptr (CliTable) table = cli_table_new (titles);

  for (guint i = 0; i < json_array_get_length (functions); i++)
    {
      JsonObject *function = json_array_get_object_element (functions, i);
      g_autofree char *workers =
          g_strdup_printf ("%" G_GINT64_FORMAT, get_number (function, "workers"));
      g_autofree char *requests =
          g_strdup_printf ("%" G_GINT64_FORMAT, get_number (function, "requests"));
      g_autofree char *errors =
          g_strdup_printf ("%" G_GINT64_FORMAT, get_number (function, "errors"));
      g_autofree char *start = format_start (function);
      const char *const cells[] = {
        get_text (function, "name"), workers, requests, errors, start, NULL
      };

      cli_table_add (table, cells);
    }
  cli_table_print (table);
}

static void
print_workers (JsonArray *workers)
{
  const char *const titles[] = { _ ("WORKER"),  _ ("STATE"), _ ("PID"),     _ ("IN FLIGHT"),
                                 _ ("SERVED"),  _ ("AGE"),   _ ("CPU"),     _ ("MEMORY"),
                                 _ ("SOCKETS"), _ ("TASKS"), _ ("STARTED"), NULL };
  g_autoptr (CliTable) table = cli_table_new (titles);

  for (guint i = 0; i < json_array_get_length (workers); i++)
    {
      JsonObject *worker = json_array_get_object_element (workers, i);
      g_autofree char *pid = g_strdup_printf ("%" G_GINT64_FORMAT, get_number (worker, "pid"));
      g_autofree char *in_flight =
          g_strdup_printf ("%" G_GINT64_FORMAT, get_number (worker, "in_flight"));
      g_autofree char *served =
          g_strdup_printf ("%" G_GINT64_FORMAT, get_number (worker, "requests"));
      g_autofree char *sockets =
          g_strdup_printf ("%" G_GINT64_FORMAT, get_number (worker, "websockets"));
      g_autofree char *tasks =
          g_strdup_printf ("%" G_GINT64_FORMAT, get_number (worker, "background_tasks"));
      g_autofree char *age = format_time (get_number (worker, "age_ms"));
      g_autofree char *cpu = format_time (get_number (worker, "cpu_ms"));
      g_autofree char *memory = format_memory (get_number (worker, "memory_bytes"));
      g_autofree char *start = format_start (worker);
      const char *const cells[] = { get_text (worker, "id"),
                                    get_text (worker, "state"),
                                    pid,
                                    in_flight,
                                    served,
                                    age,
                                    cpu,
                                    memory,
                                    sockets,
                                    tasks,
                                    start,
                                    NULL };

      cli_table_add (table, cells);
    }
  cli_table_print (table);
}

static void
print_server (const char *base, JsonObject *server)
{
  g_autofree char *uptime = format_time (get_number (server, "uptime_ms"));
  g_autofree char *memory = format_memory (get_number (server, "memory_bytes"));

  cli_print (stdout,
             _ ("Weir %s on %s: %s for %s, process %" G_GINT64_FORMAT ", %s, "
                "standbys ready: %" G_GINT64_FORMAT "\n"),
             get_text (server, "version"),
             base,
             get_text (server, "state"),
             uptime,
             get_number (server, "pid"),
             memory,
             get_number (server, "standbys"));
}

static void
print_totals (JsonObject *totals)
{
  g_autofree char *memory = format_memory (get_number (totals, "memory_bytes"));

  cli_print (stdout,
             _ ("\nWorkers: %" G_GINT64_FORMAT ", requests in flight: %" G_GINT64_FORMAT ", "
                "WebSockets: %" G_GINT64_FORMAT ", memory: %s\n"),
             get_number (totals, "workers"),
             get_number (totals, "in_flight"),
             get_number (totals, "websockets"),
             memory);
}

static void
print_text (const char *base, JsonObject *root)
{
  JsonArray *functions = get_list (root, "functions");
  JsonArray *workers = get_list (root, "workers");
  JsonObject *server = get_object (root, "server");
  JsonObject *totals = get_object (root, "totals");

  if (server != NULL)
    print_server (base, server);
  if (functions != NULL && json_array_get_length (functions) > 0)
    {
      cli_print (stdout, "\n");
      print_functions (functions);
    }
  if (workers != NULL && json_array_get_length (workers) > 0)
    {
      cli_print (stdout, "\n");
      print_workers (workers);
    }
  if (totals != NULL)
    print_totals (totals);
}

CliExit
cli_cmd_status (int argc, char **argv)
{
  g_auto (Options) options = { NULL };
  g_autofree char *base = NULL;
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (GError) error = NULL;
  CliExit status = CLI_EXIT_OK;

  if (!parse (&options, argc, argv))
    return CLI_EXIT_USAGE;
  if (options.rest != NULL && g_strv_length (options.rest) > 1)
    return cli_usage_error ("status", _ ("one folder, not %u"), g_strv_length (options.rest));
  base = find_server (&options, &status);
  if (base == NULL)
    return status;
  root = ask (base, &error);
  if (root == NULL)
    return cli_fail (_ ("the server cannot be asked"), error);
  if (options.json)
    {
      g_autofree char *text = json_to_string (root, FALSE);

      cli_print (stdout, "%s\n", text);
    }
  else
    print_text (base, json_node_get_object (root));
  return CLI_EXIT_OK;
}
