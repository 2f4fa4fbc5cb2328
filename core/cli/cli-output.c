/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli-output-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli-private.h"

/* Why the first write to the standard output failed; 0: none did. */
static int output_errno;
/* There is more to do than to print: tell at once and go on. */
static gboolean output_may_fail;

static const char *const style_codes[] = {
  [CLI_STYLE_PLAIN] = "",        [CLI_STYLE_BOLD] = "\033[1m",   [CLI_STYLE_DIM] = "\033[2m",
  [CLI_STYLE_RED] = "\033[31m",  [CLI_STYLE_GREEN] = "\033[32m", [CLI_STYLE_YELLOW] = "\033[33m",
  [CLI_STYLE_CYAN] = "\033[36m",
};

const char *
cli_style_code (CliStyle style)
{
  return style_codes[style];
}

static gboolean
wants_colours (void)
{
  const char *no_color = g_getenv ("NO_COLOR");
  const char *term = g_getenv ("TERM");

  return (no_color == NULL || *no_color == '\0') && g_strcmp0 (term, "dumb") != 0;
}

gboolean
cli_has_colours (FILE *stream)
{
  return wants_colours () && isatty (fileno (stream));
}

char *
cli_styled (FILE *stream, CliStyle style, const char *text)
{
  if (style == CLI_STYLE_PLAIN || !cli_has_colours (stream))
    return g_strdup (text);
  return g_strconcat (style_codes[style], text, CLI_STYLE_END, NULL);
}

/* The length of a sequence that only changes colours, "ESC [ 0-9; m", or 0. */
static gsize
colour_sequence (const char *text)
{
  gsize length;

  if (text[0] != '\033' || text[1] != '[')
    return 0;
  length = 2 + strspn (text + 2, "0123456789;");
  return text[length] == 'm' ? length + 1 : 0;
}

static void
append_clean (GString *clean, const char **text, gboolean keep_colours)
{
  const char *at = *text;
  gsize sequence = colour_sequence (at);
  gunichar c = g_utf8_get_char (at);

  if (sequence > 0)
    {
      if (keep_colours)
        g_string_append_len (clean, at, sequence);
      *text = at + sequence;
      return;
    }
  *text = g_utf8_next_char (at);
  if (c == '\n')
    g_string_append (clean, "\n    ");
  else if (c == '\r' && at[1] == '\n')
    return;
  else if (c == '\t' || !g_unichar_iscntrl (c))
    g_string_append_unichar (clean, c);
  else
    g_string_append_printf (clean, "\\x%02x", c);
}

char *
cli_clean (const char *text, gboolean keep_colours)
{
  g_autofree char *valid = g_utf8_make_valid (text != NULL ? text : "", -1);
  g_autoptr (GString) clean = g_string_sized_new (strlen (valid));
  gboolean has_colours = keep_colours && strstr (valid, "\033[") != NULL;
  const char *at = g_strchomp (valid);

  while (*at != '\0')
    append_clean (clean, &at, keep_colours);
  if (has_colours)
    g_string_append (clean, "\033[0m");
  return g_string_free (g_steal_pointer (&clean), FALSE);
}

/* A reader who went away had enough, which is no failure. */
static void
note_failure (FILE *stream, int code)
{
  if (stream != stdout || code == EPIPE)
    return;
  if (g_atomic_int_compare_and_exchange (&output_errno, 0, code) && output_may_fail)
    cli_print_warning (
        _ ("the standard output cannot be written, and what belongs there is lost: %s"),
        g_strerror (code));
}

static void
print_text (const char *text)
{
  cli_print (stdout, "%s", text);
}

static void
check_output (void)
{
  if (fflush (stdout) != 0)
    note_failure (stdout, errno);
  if (output_may_fail || output_errno == 0)
    return;
  cli_print_error (_ ("the standard output cannot be written: %s"), g_strerror (output_errno));
  _exit (CLI_EXIT_FAILED);
}

void
cli_output_start (void)
{
  g_set_print_handler (print_text);
  /* GOption ends the program by itself after a help text. */
  atexit (check_output);
}

void
cli_output_go_on (void)
{
  output_may_fail = TRUE;
}

void
cli_print (FILE *stream, const char *format, ...)
{
  g_autofree char *text = NULL;
  int code = 0;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  flockfile (stream);
  if (fputs (text, stream) < 0 || fflush (stream) != 0)
    code = errno;
  funlockfile (stream);
  if (code != 0)
    note_failure (stream, code);
}

void
cli_print_lines (FILE *stream, const char *text, gsize length)
{
  if (fwrite (text, 1, length, stream) < length || fflush (stream) != 0)
    note_failure (stream, errno);
}

char *
cli_clock_text (void)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *time = g_date_time_format (now, "%H:%M:%S");

  return cli_styled (stdout, CLI_STYLE_DIM, time);
}

static void print_labelled (CliStyle style, const char *label, const char *format, va_list args)
    G_GNUC_PRINTF (3, 0);

static void
print_labelled (CliStyle style, const char *label, const char *format, va_list args)
{
  g_autofree char *text = g_strdup_vprintf (format, args);
  g_autofree char *clean = cli_clean (text, FALSE);
  g_autofree char *styled = cli_styled (stderr, style, label);

  cli_print (stderr, "%s: %s\n", styled, clean);
}

void
cli_print_error (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  print_labelled (CLI_STYLE_RED, "error", format, args);
  va_end (args);
}

void
cli_print_warning (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  print_labelled (CLI_STYLE_YELLOW, "warning", format, args);
  va_end (args);
}

void
cli_print_hint (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  print_labelled (CLI_STYLE_CYAN, "hint", format, args);
  va_end (args);
}

void
cli_print_json (JsonBuilder *builder)
{
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  g_autofree char *text = json_to_string (root, FALSE);

  cli_print (stdout, "%s\n", text);
}

void
cli_json_string (JsonBuilder *builder, const char *member, const char *value)
{
  g_autofree char *valid = NULL;

  json_builder_set_member_name (builder, member);
  if (value == NULL)
    {
      json_builder_add_null_value (builder);
      return;
    }
  valid = g_utf8_make_valid (value, -1);
  json_builder_add_string_value (builder, valid);
}

void
cli_json_strv (JsonBuilder *builder, const char *member, const char *const *values)
{
  json_builder_set_member_name (builder, member);
  json_builder_begin_array (builder);
  for (gsize i = 0; values != NULL && values[i] != NULL; i++)
    {
      g_autofree char *valid = g_utf8_make_valid (values[i], -1);
      json_builder_add_string_value (builder, valid);
    }
  json_builder_end_array (builder);
}

JsonBuilder *
cli_event_begin (const char *type)
{
  JsonBuilder *builder = json_builder_new ();
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format (now, "%Y-%m-%dT%H:%M:%S.%fZ");

  json_builder_begin_object (builder);
  cli_json_string (builder, "type", type);
  cli_json_string (builder, "time", time);
  return builder;
}

void
cli_event_end (JsonBuilder *builder)
{
  json_builder_end_object (builder);
  cli_print_json (builder);
}

struct _CliTable
{
  guint columns;
  GPtrArray *rows; /* char **; the first are the titles */
};

CliTable *
cli_table_new (const char *const *titles)
{
  CliTable *self = g_new0 (CliTable, 1);

  self->columns = g_strv_length ((char **) titles);
  self->rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  g_ptr_array_add (self->rows, g_strdupv ((char **) titles));
  return self;
}

void
cli_table_free (CliTable *self)
{
  g_ptr_array_unref (self->rows);
  g_free (self);
}

void
cli_table_add (CliTable *self, const char *const *cells)
{
  char **row = g_new0 (char *, self->columns + 1);

  for (guint i = 0; i < self->columns; i++)
    row[i] = cli_clean (cells[i], FALSE);
  g_ptr_array_add (self->rows, row);
}

static void
append_row (CliTable *self, GString *text, const guint *widths, guint index)
{
  char **row = g_ptr_array_index (self->rows, index);

  for (guint i = 0; i < self->columns; i++)
    {
      g_autofree char *cell =
          cli_styled (stdout, index == 0 ? CLI_STYLE_BOLD : CLI_STYLE_PLAIN, row[i]);
      glong length = g_utf8_strlen (row[i], -1);

      g_string_append (text, cell);
      if (i + 1 < self->columns)
        g_string_append_printf (text, "%*s", (int) (widths[i] - length) + 2, "");
    }
  g_string_append_c (text, '\n');
}

void
cli_table_print (CliTable *self)
{
  g_autofree guint *widths = g_new0 (guint, self->columns);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint r = 0; r < self->rows->len; r++)
    {
      char **row = g_ptr_array_index (self->rows, r);
      for (guint i = 0; i < self->columns; i++)
        widths[i] = MAX (widths[i], (guint) g_utf8_strlen (row[i], -1));
    }
  for (guint r = 0; r < self->rows->len; r++)
    append_row (self, text, widths, r);
  cli_print (stdout, "%s", text->str);
}
