/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli-source-frame-private.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "cli-output-private.h"

/* A frame of a bundled or minified file would fill the screen. */
#define MAX_LINE 160
#define MAX_FILE (4 * 1024 * 1024)

static gboolean
is_below (const char *path, const char *root)
{
  gsize length = strlen (root);

  return g_str_has_prefix (path, root) && (path[length] == '/' || g_str_has_suffix (root, "/")) &&
         strstr (path + length, "/node_modules/") == NULL;
}

static guint
match_number (GMatchInfo *match, const char *name)
{
  g_autofree char *text = g_match_info_fetch_named (match, name);

  return text != NULL ? (guint) MIN (g_ascii_strtoull (text, NULL, 10), G_MAXINT) : 0;
}

static CliSourcePlace *
place_from_match (GMatchInfo *match)
{
  g_autofree char *written = g_match_info_fetch_named (match, "path");
  g_autofree char *scheme = g_match_info_fetch_named (match, "scheme");
  CliSourcePlace *place = g_new0 (CliSourcePlace, 1);

  /* A URL has its odd characters written as %20. */
  if (scheme != NULL && *scheme != '\0')
    place->path = g_uri_unescape_string (written, NULL);
  if (place->path == NULL)
    place->path = g_steal_pointer (&written);
  place->line = match_number (match, "line");
  place->column = match_number (match, "column");
  return place;
}

CliSourcePlace *
cli_source_place_find (const char *text, const char *root)
{
  g_autoptr (GRegex) regex = NULL;
  g_autoptr (GMatchInfo) match = NULL;
  g_autofree char *valid = NULL;

  if (text == NULL)
    return NULL;
  valid = g_utf8_make_valid (text, -1);
  regex = g_regex_new ("(?<scheme>file://)?(?<path>/[^\\n:()]+):(?<line>\\d+)(?::(?<column>\\d+))?",
                       G_REGEX_OPTIMIZE,
                       0,
                       NULL);
  g_regex_match (regex, valid, 0, &match);
  while (g_match_info_matches (match))
    {
      g_autoptr (CliSourcePlace) place = place_from_match (match);

      if (is_below (place->path, root))
        return g_steal_pointer (&place);
      g_match_info_next (match, NULL);
    }
  return NULL;
}

void
cli_source_place_free (CliSourcePlace *self)
{
  g_free (self->path);
  g_free (self);
}

static char *
read_line (const char *path, guint number)
{
  g_autofree char *contents = NULL;
  g_auto (GStrv) lines = NULL;
  GStatBuf status;

  if (g_stat (path, &status) != 0 || !S_ISREG (status.st_mode) || status.st_size > MAX_FILE ||
      !g_file_get_contents (path, &contents, NULL, NULL))
    return NULL;
  lines = g_strsplit (contents, "\n", number + 1);
  if (number == 0 || g_strv_length (lines) < number)
    return NULL;
  return g_utf8_make_valid (g_strchomp (lines[number - 1]), -1);
}

/* Blanks as wide as what stands before the column; a tab stays one. */
static char *
indent_to_column (const char *line, guint column)
{
  g_autoptr (GString) blanks = g_string_new (NULL);
  guint at = 1;

  for (; *line != '\0' && at < column; line = g_utf8_next_char (line))
    {
      gunichar c = g_utf8_get_char (line);

      g_string_append (blanks, c == '\t' ? "\t" : g_unichar_iswide (c) ? "  " : " ");
      at += c > 0xffff ? 2 : 1;
    }
  return g_string_free (g_steal_pointer (&blanks), FALSE);
}

char *
cli_source_place_frame (CliSourcePlace *self)
{
  g_autofree char *line = read_line (self->path, self->line);
  g_autofree char *clean = NULL;
  g_autofree char *number = NULL;
  g_autofree char *indent = NULL;

  if (line == NULL || strlen (line) > MAX_LINE)
    return NULL;
  clean = cli_clean (line, FALSE);
  number = g_strdup_printf ("%u", self->line);
  if (self->column == 0)
    return g_strdup_printf ("    %s | %s\n", number, clean);
  indent = indent_to_column (line, self->column);
  return g_strdup_printf ("    %s | %s\n    %*s | %s^\n",
                          number,
                          clean,
                          (int) strlen (number),
                          "",
                          indent);
}
