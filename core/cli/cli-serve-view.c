/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli-serve-view-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cli-output-private.h"
#include "cli-patience-private.h"
#include "cli-request-line-private.h"
#include "cli-source-frame-private.h"

/* So many requests in one batch are a rush: then batches come one after the other. */
#define RUSH 8

/* Bytes of lines for requests that are written at once. */
#define AT_ONCE 65536

struct _CliServeView
{
  WeirServer *server;
  GPtrArray *handlers; /* gulong */
  gboolean json;
  gboolean colours;
  GString *lines;
  CliPatience *patience;
};

static void
json_integer (JsonBuilder *builder, const char *member, gint64 value)
{
  json_builder_set_member_name (builder, member);
  json_builder_add_int_value (builder, value);
}

/* "[hello 1a2b3c4d]": the beginning of an id is enough to tell requests apart. */
static char *
speaker_text (const char *function, const char *request_id)
{
  g_autofree char *text = request_id != NULL ? g_strdup_printf ("[%s %.8s]", function, request_id)
                                             : g_strdup_printf ("[%s]", function);
  g_autofree char *clean = cli_clean (text, FALSE);

  return cli_styled (stdout, CLI_STYLE_CYAN, clean);
}

static void
print_lines (CliServeView *self)
{
  cli_print_lines (stdout, self->lines->str, self->lines->len);
  g_string_truncate (self->lines, 0);
}

static void
on_requests (WeirServer *server, GPtrArray *records, gpointer user_data)
{
  CliServeView *self = user_data;

  for (guint i = 0; i < records->len; i++)
    {
      if (self->json)
        cli_request_line_append_json (self->lines, g_ptr_array_index (records, i));
      else
        cli_request_line_append_text (self->lines, g_ptr_array_index (records, i), self->colours);
      if (self->lines->len >= AT_ONCE)
        print_lines (self);
    }
  print_lines (self);
  cli_patience_set_rush (self->patience, records->len >= RUSH);
}

static void
on_requests_dropped (WeirServer *server, guint64 count, gpointer user_data)
{
  CliServeView *self = user_data;
  g_autofree char *time = NULL;

  if (self->json)
    {
      g_autoptr (JsonBuilder) builder = cli_event_begin ("dropped");

      json_integer (builder, "requests", count);
      cli_event_end (builder);
      return;
    }
  time = cli_clock_text ();
  cli_print (stdout,
             g_dngettext (GETTEXT_PACKAGE,
                          "%s %u more request, too fast to be shown\n",
                          "%s %u more requests, too fast to be shown\n",
                          (gulong) count),
             time,
             (guint) MIN (count, G_MAXUINT));
}

static void
on_function_log (WeirServer *server,
                 const char *function,
                 const char *level,
                 const char *message,
                 const char *request_id,
                 gpointer user_data)
{
  CliServeView *self = user_data;
  g_autofree char *time = NULL;
  g_autofree char *speaker = NULL;
  g_autofree char *clean = NULL;
  g_autofree char *word = NULL;
  CliStyle style = CLI_STYLE_DIM;

  if (self->json)
    {
      g_autoptr (JsonBuilder) builder = cli_event_begin ("log");

      cli_json_string (builder, "function", function);
      cli_json_string (builder, "level", level);
      cli_json_string (builder, "message", message);
      cli_json_string (builder, "request_id", request_id);
      cli_event_end (builder);
      return;
    }
  if (g_strcmp0 (level, "error") == 0)
    style = CLI_STYLE_RED;
  else if (g_strcmp0 (level, "warn") == 0)
    style = CLI_STYLE_YELLOW;
  time = cli_clock_text ();
  speaker = speaker_text (function, request_id);
  clean = cli_clean (message, self->colours);
  word = cli_styled (stdout, style, level);
  cli_print (stdout, "%s %s %s: %s\n", time, speaker, word, clean);
}

static CliSourcePlace *
find_place (CliServeView *self, const char *message, const char *stack)
{
  WeirConfig *config = weir_server_get_config (self->server);
  const char *root = weir_config_get_functions_directory (config);
  CliSourcePlace *place;

  if (root == NULL)
    return NULL;
  place = cli_source_place_find (stack, root);
  return place != NULL ? place : cli_source_place_find (message, root);
}

static void
json_place (JsonBuilder *builder, CliSourcePlace *place)
{
  json_builder_set_member_name (builder, "location");
  if (place == NULL)
    {
      json_builder_add_null_value (builder);
      return;
    }
  json_builder_begin_object (builder);
  cli_json_string (builder, "file", place->path);
  json_integer (builder, "line", place->line);
  if (place->column > 0)
    json_integer (builder, "column", place->column);
  json_builder_end_object (builder);
}

/* The stack without its first lines when they only say the message again. */
static const char *
stack_without_message (const char *stack, const char *message)
{
  if (stack == NULL || message == NULL)
    return stack;
  if (!g_str_has_prefix (stack, message))
    return stack;
  stack += strlen (message);
  return *stack == '\n' ? stack + 1 : stack;
}

static void
print_trouble (CliServeView *self,
               const char *what,
               CliStyle style,
               const char *function,
               const char *message,
               const char *stack,
               const char *request_id)
{
  g_autofree char *time = cli_clock_text ();
  g_autofree char *speaker = speaker_text (function, request_id);
  g_autofree char *word = cli_styled (stdout, style, what);
  g_autofree char *clean = cli_clean (message, self->colours);
  g_autofree char *rest = cli_clean (stack_without_message (stack, message), self->colours);
  g_autofree char *dim = cli_styled (stdout, CLI_STYLE_DIM, rest);
  g_autoptr (CliSourcePlace) place = find_place (self, message, stack);
  g_autofree char *frame = place != NULL ? cli_source_place_frame (place) : NULL;
  gboolean has_frame = frame != NULL && strchr (message, '^') == NULL;

  cli_print (stdout,
             "%s %s %s: %s\n%s%s%s%s",
             time,
             speaker,
             word,
             clean,
             has_frame ? frame : "",
             *rest != '\0' ? "    " : "",
             *rest != '\0' ? dim : "",
             *rest != '\0' ? "\n" : "");
}

static void
on_function_error (WeirServer *server,
                   const char *function,
                   const char *message,
                   const char *stack,
                   const char *request_id,
                   gpointer user_data)
{
  CliServeView *self = user_data;

  if (self->json)
    {
      g_autoptr (JsonBuilder) builder = cli_event_begin ("error");
      g_autoptr (CliSourcePlace) place = find_place (self, message, stack);

      cli_json_string (builder, "function", function);
      cli_json_string (builder, "message", message);
      cli_json_string (builder, "stack", stack);
      cli_json_string (builder, "request_id", request_id);
      json_place (builder, place);
      cli_event_end (builder);
      return;
    }
  print_trouble (self, _ ("error"), CLI_STYLE_RED, function, message, stack, request_id);
}

static void
failure_json (CliServeView *self, const char *type, const char *function, const GError *error)
{
  g_autoptr (JsonBuilder) builder = cli_event_begin (type);
  g_autoptr (CliSourcePlace) place = find_place (self, error->message, NULL);

  cli_json_string (builder, "function", function);
  cli_json_string (builder, "message", error->message);
  json_place (builder, place);
  cli_event_end (builder);
}

static void
on_function_failed (WeirServer *server,
                    const char *function,
                    const GError *error,
                    gpointer user_data)
{
  CliServeView *self = user_data;
  gboolean started = !g_error_matches (error, WEIR_ERROR, WEIR_ERROR_BOOT_FAILED);
  const char *what = started ? _ ("failed") : _ ("does not start");

  if (self->json)
    failure_json (self, "failed", function, error);
  else
    print_trouble (self, what, CLI_STYLE_RED, function, error->message, NULL, NULL);
}

static void
on_function_stale (WeirServer *server,
                   const char *function,
                   const GError *error,
                   gpointer user_data)
{
  CliServeView *self = user_data;

  if (self->json)
    failure_json (self, "stale", function, error);
  else
    print_trouble (self,
                   _ ("THE EDIT IS BROKEN, the old code serves on"),
                   CLI_STYLE_RED,
                   function,
                   error->message,
                   NULL,
                   NULL);
}

static void
on_function_reloaded (WeirServer *server, const char *function, gpointer user_data)
{
  CliServeView *self = user_data;
  g_autofree char *time = NULL;
  g_autofree char *speaker = NULL;

  if (self->json)
    {
      g_autoptr (JsonBuilder) builder = cli_event_begin ("reloaded");

      cli_json_string (builder, "function", function);
      cli_event_end (builder);
      return;
    }
  time = cli_clock_text ();
  speaker = speaker_text (function, NULL);
  cli_print (stdout, "%s %s %s\n", time, speaker, _ ("reloaded"));
}

static void
on_notice (WeirServer *server, const char *message, gpointer user_data)
{
  CliServeView *self = user_data;
  g_autofree char *time = NULL;
  g_autofree char *clean = NULL;
  g_autofree char *dim = NULL;

  if (self->json)
    {
      g_autoptr (JsonBuilder) builder = cli_event_begin ("notice");

      cli_json_string (builder, "message", message);
      cli_event_end (builder);
      return;
    }
  time = cli_clock_text ();
  clean = cli_clean (message, FALSE);
  dim = cli_styled (stdout, CLI_STYLE_DIM, clean);
  cli_print (stdout, "%s %s\n", time, dim);
}

static void
watch (CliServeView *self, const char *signal, GCallback handler)
{
  gulong id = g_signal_connect (self->server, signal, handler, self);

  g_ptr_array_add (self->handlers, GSIZE_TO_POINTER (id));
}

CliServeView *
cli_serve_view_new (WeirServer *server, gboolean json, gboolean quiet)
{
  CliServeView *self = g_new0 (CliServeView, 1);

  self->server = server;
  self->handlers = g_ptr_array_new ();
  self->patience = cli_patience_new (server);
  self->json = json;
  self->lines = g_string_sized_new (AT_ONCE + AT_ONCE / 8);
  cli_output_go_on ();
  setvbuf (stdout, NULL, _IONBF, 0); /* all that is said is whole lines */
  self->colours = !json && cli_has_colours (stdout);
  if (!quiet) /* then the server does not even collect them */
    {
      watch (self, "requests", G_CALLBACK (on_requests));
      watch (self, "requests-dropped", G_CALLBACK (on_requests_dropped));
    }
  watch (self, "function-log", G_CALLBACK (on_function_log));
  watch (self, "function-error", G_CALLBACK (on_function_error));
  watch (self, "function-failed", G_CALLBACK (on_function_failed));
  watch (self, "function-stale", G_CALLBACK (on_function_stale));
  watch (self, "function-reloaded", G_CALLBACK (on_function_reloaded));
  watch (self, "notice", G_CALLBACK (on_notice));
  return self;
}

void
cli_serve_view_free (CliServeView *self)
{
  for (guint i = 0; i < self->handlers->len; i++)
    g_signal_handler_disconnect (self->server,
                                 GPOINTER_TO_SIZE (g_ptr_array_index (self->handlers, i)));
  g_ptr_array_unref (self->handlers);
  cli_patience_free (self->patience);
  g_string_free (self->lines, TRUE);
  g_free (self);
}

void
cli_serve_view_stopping (CliServeView *self)
{
  if (!self->json)
    cli_print (stdout, "%s\n", _ ("Finishing what is in flight; once more ends at once"));
}

void
cli_serve_view_stopped (CliServeView *self)
{
  g_autoptr (JsonBuilder) builder = NULL;
  WeirConfig *config = weir_server_get_config (self->server);

  if (!self->json)
    {
      cli_print (stdout, _ ("Stopped serving %s\n"), weir_config_get_functions_directory (config));
      return;
    }
  builder = cli_event_begin ("stopped");
  cli_event_end (builder);
}
