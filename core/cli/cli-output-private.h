/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_CLI_COMPILATION
#error "This header is private to the weir program."
#endif

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdio.h>

G_BEGIN_DECLS

typedef enum
{
  CLI_STYLE_PLAIN,
  CLI_STYLE_BOLD,
  CLI_STYLE_DIM,
  CLI_STYLE_RED,
  CLI_STYLE_GREEN,
  CLI_STYLE_YELLOW,
  CLI_STYLE_CYAN,
} CliStyle;

/* TRUE when the stream is a terminal that wants colours. */
/* What a style begins and ends with where there are colours. */
#define CLI_STYLE_END "\033[0m"
const char *cli_style_code (CliStyle style);
gboolean cli_has_colours (FILE *stream);
/* text in a style, where the stream has colours; else a copy. */
char *cli_styled (FILE *stream, CliStyle style, const char *text);
/* Text of others, fit for a terminal: valid UTF-8, control characters written out, lines
 * after the first indented. Colour sequences stay when keep_colours. */
char *cli_clean (const char *text, gboolean keep_colours);
/* From here on a program that could not write all of its standard output says so and fails. */
void cli_output_start (void);
/* It is told when it happens, and no failure: for what has more to do than to print. */
void cli_output_go_on (void);

/* Ends of lines included; each call is one write, so that threads do not mix lines. */
void cli_print (FILE *stream, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* Of these all, at once. */
void cli_print_lines (FILE *stream, const char *text, gsize length);
/* The time of day, for the standard output. */
char *cli_clock_text (void);
/* "error: …" and "warning: …" and "hint: …" on the error stream. */
void cli_print_error (const char *format, ...) G_GNUC_PRINTF (1, 2);
void cli_print_warning (const char *format, ...) G_GNUC_PRINTF (1, 2);
void cli_print_hint (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* What was built, as one line on the standard output. */
void cli_print_json (JsonBuilder *builder);
/* A member that is a string, or null. Not UTF-8 is made so. */
void cli_json_string (JsonBuilder *builder, const char *member, const char *value);
void cli_json_strv (JsonBuilder *builder, const char *member, const char *const *values);

/* One line of a stream of events: an object with its type and the time. */
JsonBuilder *cli_event_begin (const char *type);
/* Prints it; the builder stays the caller's. */
void cli_event_end (JsonBuilder *builder);

/* Rows of cells; the columns are made as wide as they need. */
typedef struct _CliTable CliTable;

CliTable *cli_table_new (const char *const *titles);
void cli_table_free (CliTable *self);
void cli_table_add (CliTable *self, const char *const *cells);
void cli_table_print (CliTable *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CliTable, cli_table_free)

G_END_DECLS
