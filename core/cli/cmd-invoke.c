/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli-private.h"

#include <gio/gunixinputstream.h>
#include <gio/gunixoutputstream.h>
#include <string.h>
#include <unistd.h>

#include "cli-http-private.h"
#include "cli-output-private.h"

typedef struct
{
  char *data;
  char *method;
  char **headers;
  char *path;
  char *url;
  char *directory;
  gboolean json;
  char **rest;
  gboolean with_local_key;
} Options;

static void
options_clear (Options *self)
{
  g_free (self->data);
  g_free (self->method);
  g_strfreev (self->headers);
  g_free (self->path);
  g_free (self->url);
  g_free (self->directory);
  g_strfreev (self->rest);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
parse (Options *options, int argc, char **argv)
{
  const GOptionEntry entries[] = {
    { "data",
      'd',
      0,
      G_OPTION_ARG_FILENAME,
      &options->data,
      N_ ("The body: text, @FILE, or - for the standard input"),
      N_ ("JSON") },
    { "method",
      'X',
      0,
      G_OPTION_ARG_STRING,
      &options->method,
      N_ ("POST with a body and GET without, if not given"),
      N_ ("METHOD") },
    { "header",
      'H',
      0,
      G_OPTION_ARG_FILENAME_ARRAY,
      &options->headers,
      N_ ("A field of the request; may be repeated"),
      N_ ("NAME: VALUE") },
    { "path",
      'p',
      0,
      G_OPTION_ARG_FILENAME,
      &options->path,
      N_ ("What follows the name, with a query if wanted"),
      N_ ("/PATH") },
    { "url", 'u', 0, G_OPTION_ARG_STRING, &options->url, N_ ("Ask the server there"), N_ ("URL") },
    CLI_OPTION_DIR (0, &options->directory),
    { "json",
      0,
      0,
      G_OPTION_ARG_NONE,
      &options->json,
      N_ ("Print status, headers and body as JSON"),
      NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->rest, NULL, NULL },
    { NULL },
  };

  return cli_parse_options ("invoke",
                            _ ("NAME"),
                            _ ("Calls a function once: on the server that runs for this project, "
                               "else without one.\nThe body of the answer goes to the standard "
                               "output, everything else to the error output."),
                            entries,
                            &argc,
                            &argv);
}

static gboolean
is_token (const char *text)
{
  return *text != '\0' && text[strcspn (text, " \t\r\n\"(),/:;<=>?@[\\]{}")] == '\0' &&
         g_str_is_ascii (text);
}

static CliExit
check_options (Options *options)
{
  if (options->rest == NULL || g_strv_length (options->rest) != 1)
    return cli_usage_error ("invoke", _ ("the name of one function is needed"));
  if (options->rest[0][0] == '\0' || strpbrk (options->rest[0], "/?#%") != NULL)
    return cli_usage_error ("invoke",
                            _ ("“%s” is not the name of a function; what follows the name goes "
                               "into --path"),
                            options->rest[0]);
  if (options->path != NULL && strchr ("/?", options->path[0]) == NULL)
    return cli_usage_error ("invoke", _ ("--path begins with “/” or “?”"));
  if (options->method != NULL && !is_token (options->method))
    return cli_usage_error ("invoke", _ ("“%s” is not a method"), options->method);
  for (gsize i = 0; options->headers != NULL && options->headers[i] != NULL; i++)
    {
      const char *colon = strchr (options->headers[i], ':');

      if (colon == NULL || colon == options->headers[i] ||
          strpbrk (options->headers[i], "\r\n") != NULL)
        return cli_usage_error ("invoke",
                                _ ("--header “%s” is not NAME: VALUE"),
                                options->headers[i]);
    }
  return CLI_EXIT_OK;
}

static GBytes *
read_all_input (GError **error)
{
  g_autoptr (GInputStream) input = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  g_autoptr (GOutputStream) memory = g_memory_output_stream_new_resizable ();

  if (g_output_stream_splice (memory, input, G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, NULL, error) < 0)
    return NULL;
  return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (memory));
}

/* NULL without an error: there is no body. */
static GBytes *
read_data (Options *options, GError **error)
{
  g_autoptr (GFile) file = NULL;

  if (options->data == NULL)
    return NULL;
  if (g_str_equal (options->data, "-"))
    return read_all_input (error);
  if (options->data[0] != '@')
    return g_bytes_new (options->data, strlen (options->data));
  file = g_file_new_for_path (options->data + 1);
  return g_file_load_bytes (file, NULL, NULL, error);
}

static const char *
guess_type (GBytes *data)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  gsize size;
  const char *text = g_bytes_get_data (data, &size);

  if (size > 0 && json_parser_load_from_data (parser, text, size, NULL))
    return "application/json";
  return g_utf8_validate (text, size, NULL) ? "text/plain" : "application/octet-stream";
}

static SoupMessage *
make_message (Options *options, const char *base, GBytes *data)
{
  gboolean has_slash = g_str_has_suffix (base, "/");
  g_autofree char *uri = g_strconcat (base,
                                      has_slash ? "" : "/",
                                      "functions/v1/",
                                      options->rest[0],
                                      options->path,
                                      NULL);
  const char *method = options->method;
  SoupMessage *message;
  SoupMessageHeaders *headers;

  if (method == NULL)
    method = data != NULL ? SOUP_METHOD_POST : SOUP_METHOD_GET;
  message = soup_message_new (method, uri);
  if (message == NULL)
    return NULL;
  if (data != NULL)
    soup_message_set_request_body_from_bytes (message, guess_type (data), data);
  headers = soup_message_get_request_headers (message);
  for (gsize i = 0; options->headers != NULL && options->headers[i] != NULL; i++)
    {
      const char *colon = strchr (options->headers[i], ':');
      g_autofree char *name = g_strndup (options->headers[i], colon - options->headers[i]);
      g_autofree char *value = g_strstrip (g_strdup (colon + 1));

      if (g_ascii_strcasecmp (name, "content-type") == 0)
        soup_message_headers_replace (headers, name, value);
      else
        soup_message_headers_append (headers, name, value);
    }
  if (options->with_local_key && !soup_message_headers_get_one (headers, "authorization"))
    soup_message_headers_append (headers, "apikey", CLI_LOCAL_KEY);
  return message;
}

static void
print_json (SoupMessage *message, GBytes *body)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  SoupMessageHeadersIter iter;
  const char *name;
  const char *value;
  gsize size;
  const char *text = g_bytes_get_data (body, &size);

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "status");
  json_builder_add_int_value (builder, soup_message_get_status (message));
  json_builder_set_member_name (builder, "headers");
  json_builder_begin_array (builder);
  soup_message_headers_iter_init (&iter, soup_message_get_response_headers (message));
  while (soup_message_headers_iter_next (&iter, &name, &value))
    {
      json_builder_begin_array (builder);
      json_builder_add_string_value (builder, name);
      json_builder_add_string_value (builder, value);
      json_builder_end_array (builder);
    }
  json_builder_end_array (builder);
  if (g_utf8_validate (text, size, NULL))
    {
      g_autofree char *body_text = g_strndup (text, size);
      cli_json_string (builder, "body", body_text);
    }
  else
    {
      g_autofree char *encoded = g_base64_encode ((const guchar *) text, size);
      cli_json_string (builder, "body_base64", encoded);
    }
  json_builder_end_object (builder);
  cli_print_json (builder);
}

static void
print_status (SoupMessage *message, gint64 started)
{
  guint status = soup_message_get_status (message);
  g_autofree char *number = g_strdup_printf ("%u", status);
  g_autofree char *styled =
      cli_styled (stderr, status >= 400 ? CLI_STYLE_RED : CLI_STYLE_GREEN, number);
  const char *phrase = soup_message_get_reason_phrase (message);
  const char *id =
      soup_message_headers_get_one (soup_message_get_response_headers (message), "x-request-id");
  g_autofree char *line = g_strdup_printf ("%s, %.0f ms%s%s",
                                           phrase != NULL ? phrase : "",
                                           (g_get_monotonic_time () - started) / 1000.0,
                                           id != NULL ? ", " : "",
                                           id != NULL ? id : "");
  g_autofree char *clean = cli_clean (line, FALSE);

  cli_print (stderr, "%s %s\n", styled, clean);
}

static CliExit
call (Options *options, const char *base, GBytes *data)
{
  g_autoptr (SoupMessage) message = make_message (options, base, data);
  g_autoptr (GOutputStream) output = NULL;
  g_autoptr (GError) error = NULL;
  gint64 started = g_get_monotonic_time ();
  char last;

  if (message == NULL)
    return cli_usage_error ("invoke", _ ("%s is not an address to call"), base);
  if (options->json)
    output = g_memory_output_stream_new_resizable ();
  else
    output = g_unix_output_stream_new (STDOUT_FILENO, FALSE);
  if (!cli_http_send (message, output, &last, &error))
    return cli_fail (base, error);
  if (options->json)
    {
      g_autoptr (GBytes) body = NULL;

      g_output_stream_close (output, NULL, NULL);
      body = g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (output));
      print_json (message, body);
    }
  else
    {
      /* Where both are on one screen, what comes next has a line of its own. */
      if (last != '\n' && isatty (STDOUT_FILENO))
        cli_print (stdout, "\n");
      print_status (message, started);
    }
  return soup_message_get_status (message) >= 400 ? CLI_EXIT_FAILED : CLI_EXIT_OK;
}

static gboolean
is_supabase (WeirConfig *config)
{
  g_autofree char *parent = g_path_get_dirname (weir_config_get_functions_directory (config));
  g_autofree char *name = g_path_get_basename (parent);

  return g_str_equal (name, "supabase");
}

static void
on_function_log (WeirServer *server,
                 const char *function,
                 const char *level,
                 const char *message,
                 const char *request_id,
                 gpointer user_data)
{
  g_autofree char *clean = cli_clean (message, cli_has_colours (stderr));

  cli_print (stderr, "%s: %s\n", level, clean);
}

static void
on_function_error (WeirServer *server,
                   const char *function,
                   const char *message,
                   const char *stack,
                   const char *request_id,
                   gpointer user_data)
{
  cli_print_error ("%s", stack != NULL && *stack != '\0' ? stack : message);
}

static void
on_function_failed (WeirServer *server,
                    const char *function,
                    const GError *error,
                    gpointer user_data)
{
  cli_print_error ("%s", error->message);
}

static void
on_notice (WeirServer *server, const char *message, gpointer user_data)
{
  g_autofree char *clean = cli_clean (message, FALSE);

  cli_print (stderr, "%s\n", clean);
}

static CliExit
check_function (WeirServer *server, const char *name)
{
  GListModel *functions = weir_server_get_functions (server);
  const char *const *problems = weir_server_get_problems (server);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) names = NULL;
  const char *nearest;

  for (guint i = 0; i < g_list_model_get_n_items (functions); i++)
    {
      g_autoptr (WeirFunction) function = g_list_model_get_item (functions, i);
      g_strv_builder_add (builder, weir_function_get_name (function));
    }
  names = g_strv_builder_end (builder);
  if (g_strv_contains ((const char *const *) names, name))
    return CLI_EXIT_OK;
  for (gsize i = 0; problems != NULL && problems[i] != NULL; i++)
    cli_print_error ("%s", problems[i]);
  cli_print_error (_ ("there is no function “%s” here"), name);
  nearest = weir_suggest (name, (const char *const *) names);
  if (nearest != NULL)
    cli_print_hint (_ ("did you mean “%s”?"), nearest);
  else
    cli_print_hint (_ ("`weir list` shows the functions"));
  return CLI_EXIT_NOT_FOUND;
}

static GVariant *
embedded_overrides (void)
{
  const char *const listen[] = { "127.0.0.1:0", NULL };
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert_value (&dict, "listen", g_variant_new_strv (listen, -1));
  g_variant_dict_insert (&dict, "reload", "b", FALSE);
  /* It is the person's own function, on a port that nobody knows. */
  g_variant_dict_insert (&dict, "auth.verify_jwt", "b", FALSE);
  return g_variant_dict_end (&dict);
}

/* A server of our own, for one call. */
static CliExit
call_embedded (Options *options, GBytes *data)
{
  CliExit status;
  g_autoptr (WeirConfig) config =
      cli_load_config (options->directory, embedded_overrides (), &status);
  g_autoptr (WeirServer) server = NULL;
  g_auto (GStrv) uris = NULL;
  g_autoptr (GError) error = NULL;

  if (config == NULL)
    return status;
  server = weir_server_new (config);
  g_signal_connect (server, "function-log", G_CALLBACK (on_function_log), NULL);
  g_signal_connect (server, "function-error", G_CALLBACK (on_function_error), NULL);
  g_signal_connect (server, "function-failed", G_CALLBACK (on_function_failed), NULL);
  g_signal_connect (server, "notice", G_CALLBACK (on_notice), NULL);
  if (!weir_server_start (server, &error))
    return cli_fail (_ ("the function cannot be called"), error);
  uris = weir_server_dup_uris (server);
  status = check_function (server, options->rest[0]);
  if (status == CLI_EXIT_OK)
    status = call (options, uris[0], data);
  weir_server_stop (server);
  return status;
}

/* What the function takes is what a person means who says nothing. */
static char *
dup_usual_method (WeirConfig *config, const char *name)
{
  const char *root = weir_config_get_functions_directory (config);
  g_autofree char *directory = g_build_filename (root, name, NULL);
  g_autoptr (WeirSettings) settings =
      weir_config_dup_function_settings (config, name, directory, NULL);
  g_auto (GStrv) methods = NULL;

  if (settings == NULL || weir_settings_get_value (settings, "methods") == NULL)
    return NULL;
  methods = weir_settings_dup_strv (settings, "methods");
  return g_strv_contains ((const char *const *) methods, "GET") ? NULL : g_strdup (methods[0]);
}

CliExit
cli_cmd_invoke (int argc, char **argv)
{
  g_auto (Options) options = { NULL };
  g_autoptr (GBytes) data = NULL;
  g_autoptr (WeirConfig) config = NULL;
  g_autofree char *running = NULL;
  g_autoptr (GError) error = NULL;
  CliExit status;

  if (!parse (&options, argc, argv))
    return CLI_EXIT_USAGE;
  status = check_options (&options);
  if (status != CLI_EXIT_OK)
    return status;
  data = read_data (&options, &error);
  if (error != NULL)
    return cli_fail (_ ("cannot read the body"), error);
  if (options.url != NULL)
    return call (&options, options.url, data);
  status = cli_check_directory (options.directory);
  if (status != CLI_EXIT_OK)
    return status;
  /* A server that runs has its own opinion of the configuration. */
  config = weir_config_check (options.directory != NULL ? options.directory : ".", NULL);
  running = cli_http_find_running (config);
  options.with_local_key = is_supabase (config);
  if (options.method == NULL && data == NULL)
    options.method = dup_usual_method (config, options.rest[0]);
  if (running != NULL)
    return call (&options, running, data);
  return call_embedded (&options, data);
}
