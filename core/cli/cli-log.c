/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli-log-private.h"

#include "cli-output-private.h"

static struct
{
  GLogLevelFlags least;
  gboolean json;
} settings = { G_LOG_LEVEL_MESSAGE, FALSE };

typedef struct
{
  GLogLevelFlags level;
  const char *word;
  CliStyle style;
} Level;

/* In GLib a smaller flag is a graver matter. */
static const Level levels[] = {
  { G_LOG_LEVEL_ERROR, "error", CLI_STYLE_RED },
  { G_LOG_LEVEL_CRITICAL, "critical", CLI_STYLE_RED },
  { G_LOG_LEVEL_WARNING, "warning", CLI_STYLE_YELLOW },
  { G_LOG_LEVEL_MESSAGE, "message", CLI_STYLE_CYAN },
  { G_LOG_LEVEL_INFO, "info", CLI_STYLE_DIM },
  { G_LOG_LEVEL_DEBUG, "debug", CLI_STYLE_DIM },
};

gboolean
cli_log_parse_level (const char *word, GLogLevelFlags *level)
{
  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    if (g_strcmp0 (word, levels[i].word) == 0)
      {
        *level = levels[i].level;
        return TRUE;
      }
  return FALSE;
}

static const Level *
find_level (GLogLevelFlags flags)
{
  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    if (flags & levels[i].level)
      return &levels[i];
  return &levels[G_N_ELEMENTS (levels) - 1];
}

static const char *
find_field (const GLogField *fields, gsize n_fields, const char *key)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, key) && fields[i].length < 0)
      return fields[i].value;
  return NULL;
}

static void
write_json (const Level *level, const char *domain, const char *message)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  cli_json_string (builder, "type", "message");
  cli_json_string (builder, "level", level->word);
  cli_json_string (builder, "domain", domain);
  cli_json_string (builder, "message", message);
  json_builder_end_object (builder);
  cli_print_json (builder);
}

static void
write_text (const Level *level, const char *domain, const char *message)
{
  g_autofree char *clean = cli_clean (message, FALSE);
  g_autofree char *word = cli_styled (stderr, level->style, level->word);

  /* A message is said to the person at the terminal; the rest says who speaks. */
  if (level->level == G_LOG_LEVEL_MESSAGE)
    cli_print (stderr, "%s\n", clean);
  else
    cli_print (stderr,
               "%s: %s%s%s\n",
               word,
               domain != NULL ? domain : "",
               domain != NULL ? ": " : "",
               clean);
}

static GLogWriterOutput
on_log (GLogLevelFlags flags, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  const Level *level = find_level (flags);
  const char *domain = find_field (fields, n_fields, "GLIB_DOMAIN");
  const char *message = find_field (fields, n_fields, "MESSAGE");

  /* G_MESSAGES_DEBUG lets single domains through, below the level that was asked for. */
  if (level->level > settings.least &&
      (level->level <= G_LOG_LEVEL_MESSAGE || g_log_writer_default_would_drop (flags, domain)))
    return G_LOG_WRITER_HANDLED;
  if (settings.json)
    write_json (level, domain, message);
  else
    write_text (level, domain, message);
  return G_LOG_WRITER_HANDLED;
}

void
cli_log_start (void)
{
  g_log_set_writer_func (on_log, NULL, NULL);
}

void
cli_log_configure (GLogLevelFlags least, gboolean json)
{
  settings.least = least;
  settings.json = json;
}
