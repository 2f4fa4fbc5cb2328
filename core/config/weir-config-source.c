/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/weir-config-source-private.h"

#include <string.h>

WeirReport *
weir_report_new (void)
{
  WeirReport *self = g_new0 (WeirReport, 1);

  self->problems = g_ptr_array_new_with_free_func ((GDestroyNotify) g_error_free);
  self->warnings = g_ptr_array_new_with_free_func (g_free);

  return self;
}

void
weir_report_free (WeirReport *self)
{
  g_ptr_array_unref (self->problems);
  g_ptr_array_unref (self->warnings);
  g_free (self);
}

/* Keys and values are anything a file says: one line of a message must stay one line. */
static char *
make_printable (char *text)
{
  char *c;

  for (c = text; *c != '\0'; c++)
    {
      if (g_ascii_iscntrl (*c))
        *c = '?';
    }

  return text;
}

void
weir_report_take_problem (WeirReport *self, GError *error)
{
  if (!g_utf8_validate (error->message, -1, NULL))
    {
      char *valid = g_utf8_make_valid (error->message, -1);

      g_free (error->message);
      error->message = valid;
    }
  make_printable (error->message);
  g_ptr_array_add (self->problems, error);
}

void
weir_report_warn (WeirReport *self, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (self->warnings, make_printable (g_strdup_vprintf (format, args)));
  va_end (args);
}

void
weir_source_fail (WeirSource *self,
                  WeirConfigError code,
                  guint line,
                  guint column,
                  const char *format,
                  ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);

  weir_report_take_problem (
      self->report,
      line > 0
          ? g_error_new (WEIR_CONFIG_ERROR, code, "%s:%u:%u: %s", self->name, line, column, message)
          : g_error_new (WEIR_CONFIG_ERROR, code, "%s: %s", self->name, message));
}

static char *
quote (const char *text)
{
  g_autofree char *start = g_utf8_substring (text, 0, MIN (g_utf8_strlen (text, -1), 80));

  return g_strdup_printf ("\"%s\"", start);
}

void
weir_source_warn_no_effect (WeirSource *self, WeirNode *node, const char *why)
{
  weir_report_warn (self->report,
                    "%s:%u: %s has no effect%s",
                    self->name,
                    node->key_line,
                    node->key,
                    why);
}

void
weir_source_fail_unknown (WeirSource *self,
                          WeirNode *node,
                          const char *section,
                          const char *suggestion)
{
  g_autofree char *key = quote (node->key);

  if (suggestion != NULL)
    weir_source_fail (self,
                      WEIR_CONFIG_ERROR_UNKNOWN_KEY,
                      node->key_line,
                      node->key_column,
                      "unknown key %s%s; did you mean \"%s\"?",
                      key,
                      section,
                      suggestion);
  else
    weir_source_fail (self,
                      WEIR_CONFIG_ERROR_UNKNOWN_KEY,
                      node->key_line,
                      node->key_column,
                      "unknown key %s%s",
                      key,
                      section);
}

gboolean
weir_source_want_table (WeirSource *self, WeirNode *node, const char *name)
{
  if (node->kind == WEIR_NODE_TABLE)
    return TRUE;

  weir_source_fail (self,
                    WEIR_CONFIG_ERROR_TYPE,
                    node->line,
                    node->column,
                    "%s must be a table, not %s",
                    name,
                    weir_node_describe (node));

  return FALSE;
}

gboolean
weir_source_is_function_name (const char *name)
{
  gboolean good = g_ascii_isalpha (*name) && strlen (name) <= 64;

  for (const char *c = name; good && *c != '\0'; c++)
    good = g_ascii_isalnum (*c) || *c == '-' || *c == '_';
  return good;
}

gboolean
weir_source_check_function_name (WeirSource *self, WeirNode *node)
{
  g_autofree char *quoted = NULL;

  if (weir_source_is_function_name (node->key))
    return TRUE;

  quoted = quote (node->key);
  weir_source_fail (self,
                    WEIR_CONFIG_ERROR_RANGE,
                    node->key_line,
                    node->key_column,
                    "%s cannot be the name of a function: it begins with a letter and has at most "
                    "64 letters, digits, \"-\" and \"_\"",
                    quoted);

  return FALSE;
}

static void
weir_entry_free (gpointer data)
{
  WeirEntry *self = data;

  g_variant_unref (self->value);
  g_free (self->origin);
  g_free (self->place);
  g_free (self);
}

GHashTable *
weir_layer_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, weir_entry_free);
}

void
weir_layer_set (GHashTable *layer,
                const char *name,
                GVariant *value,
                const char *origin,
                const char *place)
{
  WeirEntry *entry = g_new0 (WeirEntry, 1);

  entry->value = g_variant_ref_sink (value);
  entry->origin = g_strdup (origin);
  entry->place = g_strdup (place);
  g_hash_table_replace (layer, g_strdup (name), entry);
}

WeirEntry *
weir_layer_get (GHashTable *layer, const char *name)
{
  return layer != NULL ? g_hash_table_lookup (layer, name) : NULL;
}

static void
set_from_node (WeirSource *self,
               GHashTable *layer,
               const char *name,
               GVariant *value,
               WeirNode *node)
{
  guint line = node->key_line > 0 ? node->key_line : node->line;
  g_autofree char *origin = NULL;
  g_autofree char *place = NULL;

  if (line > 0)
    {
      origin = g_strdup_printf ("%s:%u", self->name, line);
      place = g_strdup_printf ("%s:%u:%u", self->name, node->line, node->column);
    }
  weir_layer_set (layer,
                  name,
                  value,
                  origin != NULL ? origin : self->name,
                  place != NULL ? place : self->name);
}

void
weir_source_read (WeirSource *self, GHashTable *layer, const WeirOption *option, WeirNode *node)
{
  g_autofree char *message = NULL;
  g_autoptr (GVariant) value = NULL;
  guint line = 0, column = 0;
  int code = 0;

  value = weir_config_value_read (option, node, self->directory, &line, &column, &code, &message);
  if (value != NULL)
    set_from_node (self, layer, option->name, value, node);
  else
    weir_source_fail (self, (WeirConfigError) code, line, column, "%s", message);
}

void
weir_source_read_raw (WeirSource *self, GHashTable *layer, const char *name, WeirNode *node)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (weir_node_to_variant (node));

  set_from_node (self, layer, name, value, node);
}
