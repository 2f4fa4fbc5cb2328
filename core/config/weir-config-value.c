/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/weir-config-value-private.h"

#include <string.h>

#include "base/weir-rate-limits.h"
#include "config/weir-config-text-private.h"
#include "config/weir-config.h"

static const char *
describe_type (const WeirOption *option)
{
  switch (option->type)
    {
    case WEIR_OPTION_BOOLEAN:
      return "true or false";
    case WEIR_OPTION_INTEGER:
      return g_strcmp0 (option->unit, "ms") == 0      ? "an integer of milliseconds"
             : g_strcmp0 (option->unit, "bytes") == 0 ? "an integer of bytes"
             : g_strcmp0 (option->unit, "MiB") == 0   ? "an integer of MiB"
             : g_strcmp0 (option->unit, "s") == 0     ? "an integer of seconds"
                                                      : "an integer";
    case WEIR_OPTION_STRING:
    case WEIR_OPTION_NAME:
    case WEIR_OPTION_RATE:
      return "a string";
    case WEIR_OPTION_WORD:
      return "a word";
    case WEIR_OPTION_ROUTE:
      return "a string with a path that begins with \"/\"";
    case WEIR_OPTION_METHODS:
      return "an array of methods, as in [\"GET\", \"POST\"]";
    case WEIR_OPTION_NETWORKS:
      return "an array of strings with addresses";
    case WEIR_OPTION_PATH:
      return "a string with a path";
    case WEIR_OPTION_STRINGS:
    case WEIR_OPTION_ORIGINS:
      return "an array of strings";
    case WEIR_OPTION_FLAGS:
      return "a string or an array of strings";
    case WEIR_OPTION_PATHS:
      return "an array of strings with paths";
    case WEIR_OPTION_ADDRESSES:
      return "an array of \"host:port\" strings";
    case WEIR_OPTION_TABLE:
      return "a table of strings";
    case WEIR_OPTION_AUTH:
      return "\"required\", \"optional\", \"public\", true or false";
    }

  return "something else";
}

typedef struct
{
  const WeirOption *option;
  const char *directory;
  guint line;
  guint column;
  int code;
  char *message;
} Read;

static GVariant *
fail_type (Read *read, WeirNode *node)
{
  read->line = node->line;
  read->column = node->column;
  read->code = WEIR_CONFIG_ERROR_TYPE;
  read->message = g_strdup_printf ("%s must be %s, not %s",
                                   read->option->name,
                                   describe_type (read->option),
                                   weir_node_describe (node));

  return NULL;
}

/* Something inside of the value. */
static GVariant *
fail_string (Read *read, WeirNode *node)
{
  read->line = node->line;
  read->column = node->column;
  read->code = WEIR_CONFIG_ERROR_TYPE;
  read->message = node->key != NULL ? g_strdup_printf ("%s.%s must be a string, not %s",
                                                       read->option->name,
                                                       node->key,
                                                       weir_node_describe (node))
                                    : g_strdup_printf ("%s may hold only strings, not %s",
                                                       read->option->name,
                                                       weir_node_describe (node));

  return NULL;
}

static GVariant *
fail_range (Read *read, WeirNode *node, char *message)
{
  read->line = node->line;
  read->column = node->column;
  read->code = WEIR_CONFIG_ERROR_RANGE;
  read->message = message;

  return NULL;
}

/* The folder may have any name; a value may not. */
static char *
resolve (Read *read, const char *text)
{
  g_autofree char *path = NULL;

  if (read->directory == NULL)
    return g_strdup (text);
  path = g_canonicalize_filename (text, read->directory);

  return g_utf8_make_valid (path, -1);
}

static GVariant *
read_integer (Read *read, WeirNode *node)
{
  const WeirOption *option = read->option;

  if (node->kind != WEIR_NODE_INTEGER)
    return fail_type (read, node);
  if (node->integer < option->minimum || node->integer > option->maximum)
    return fail_range (read,
                       node,
                       g_strdup_printf ("%s is %" G_GINT64_FORMAT ", outside %" G_GINT64_FORMAT
                                        " to %" G_GINT64_FORMAT,
                                        option->name,
                                        node->integer,
                                        option->minimum,
                                        option->maximum));

  return g_variant_new_int64 (node->integer);
}

static gboolean
is_one_of (const char *word, const char *words)
{
  g_auto (GStrv) list = g_strsplit (words, "|", -1);

  return g_strv_contains ((const char *const *) list, word);
}

static gboolean
is_name (const char *text)
{
  gsize length = strspn (text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-");

  return g_ascii_isalpha (*text) && text[length] == '\0' && length <= 64;
}

static char *
explain_rate (const char *name, const char *text)
{
  return g_strdup_printf ("%s: \"%s\" is neither the name of a plan nor limits, as in "
                          "\"60/min burst 120\" or \"100/min, 1000/hour\"",
                          name,
                          text);
}

static GVariant *
read_route (Read *read, WeirNode *node)
{
  const char *why;

  if (node->kind != WEIR_NODE_STRING)
    return fail_type (read, node);
  why = weir_config_text_explain_route (node->string);
  if (why != NULL)
    return fail_range (
        read,
        node,
        g_strdup_printf ("%s is \"%s\": a route %s", read->option->name, node->string, why));

  return g_variant_new_string (node->string);
}

static GVariant *
read_string (Read *read, WeirNode *node)
{
  if (node->kind != WEIR_NODE_STRING)
    return fail_type (read, node);
  if (*node->string == '\0')
    return fail_range (read, node, g_strdup_printf ("%s is empty", read->option->name));
  if (read->option->type == WEIR_OPTION_WORD && !is_one_of (node->string, read->option->unit))
    return fail_range (read,
                       node,
                       g_strdup_printf ("%s is \"%s\", not one of %s",
                                        read->option->name,
                                        node->string,
                                        read->option->unit));
  if (read->option->type == WEIR_OPTION_NAME && !is_name (node->string))
    return fail_range (read,
                       node,
                       g_strdup_printf ("%s is \"%s\": a name begins with a letter and has at most "
                                        "64 letters, digits, \"-\" and \"_\"",
                                        read->option->name,
                                        node->string));
  if (read->option->type == WEIR_OPTION_RATE && !is_name (node->string))
    {
      WeirRateLimits limits;

      if (!weir_rate_limits_parse (&limits, node->string))
        return fail_range (read, node, explain_rate (read->option->name, node->string));
    }
  if (read->option->type == WEIR_OPTION_PATH)
    return g_variant_new_take_string (resolve (read, node->string));

  return g_variant_new_string (node->string);
}

static GVariant *
read_strings (Read *read, WeirNode *node)
{
  WeirOptionType type = read->option->type;
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);
  const char *why;
  guint i;

  if (node->kind != WEIR_NODE_ARRAY)
    return fail_type (read, node);

  for (i = 0; i < node->children->len; i++)
    {
      WeirNode *child = g_ptr_array_index (node->children, i);

      if (child->kind != WEIR_NODE_STRING)
        return fail_string (read, child);
      if (*child->string == '\0')
        return fail_range (read,
                           child,
                           g_strdup_printf ("%s holds an empty string", read->option->name));
      why = weir_config_text_explain_item (type, child->string);
      if (why != NULL)
        return fail_range (
            read,
            child,
            g_strdup_printf ("%s: \"%s\" %s", read->option->name, child->string, why));
      g_variant_builder_add_value (&builder,
                                   g_variant_new_take_string (type == WEIR_OPTION_PATHS
                                                                  ? resolve (read, child->string)
                                                                  : g_strdup (child->string)));
    }
  if ((type == WEIR_OPTION_ADDRESSES || type == WEIR_OPTION_METHODS) && node->children->len == 0)
    return fail_range (read, node, g_strdup_printf ("%s is empty", read->option->name));

  return g_variant_builder_end (&builder);
}

static gboolean
is_variable_name (const char *name)
{
  const char *c;

  if (!g_ascii_isalpha (*name) && *name != '_')
    return FALSE;
  for (c = name; *c != '\0'; c++)
    {
      if (!g_ascii_isalnum (*c) && *c != '_' && *c != '.')
        return FALSE;
    }

  return TRUE;
}

static GVariant *
read_table (Read *read, WeirNode *node)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{ss}"));
  guint i;

  if (node->kind != WEIR_NODE_TABLE)
    return fail_type (read, node);

  for (i = 0; i < node->children->len; i++)
    {
      WeirNode *child = g_ptr_array_index (node->children, i);

      if (!is_variable_name (child->key))
        {
          fail_range (read,
                      child,
                      g_strdup_printf ("%s: \"%s\" cannot be the name of a variable",
                                       read->option->name,
                                       child->key));
          read->line = child->key_line;
          read->column = child->key_column;
          return NULL;
        }
      if (child->kind != WEIR_NODE_STRING)
        return fail_string (read, child);
      g_variant_builder_add (&builder, "{ss}", child->key, child->string);
    }

  return g_variant_builder_end (&builder);
}

static GVariant *
read_flags (Read *read, WeirNode *node)
{
  const char *only[] = { node->kind == WEIR_NODE_STRING ? node->string : NULL, NULL };

  if (node->kind != WEIR_NODE_STRING)
    return read_strings (read, node);
  if (*only[0] == '\0')
    return fail_range (read, node, g_strdup_printf ("%s is empty", read->option->name));

  return g_variant_new_strv (only, 1);
}

static GVariant *
read_auth (Read *read, WeirNode *node)
{
  static const char *const words[] = { "required", "optional", "public", NULL };

  if (node->kind == WEIR_NODE_BOOLEAN)
    return g_variant_new_string (node->boolean ? "required" : "public");
  if (node->kind != WEIR_NODE_STRING)
    return fail_type (read, node);
  if (!g_strv_contains (words, node->string))
    return fail_range (read,
                       node,
                       g_strdup_printf ("%s must be %s, not \"%s\"",
                                        read->option->name,
                                        describe_type (read->option),
                                        node->string));

  return g_variant_new_string (node->string);
}

static GVariant *
read_value (Read *read, WeirNode *node)
{
  switch (read->option->type)
    {
    case WEIR_OPTION_BOOLEAN:
      return node->kind == WEIR_NODE_BOOLEAN ? g_variant_new_boolean (node->boolean)
                                             : fail_type (read, node);
    case WEIR_OPTION_INTEGER:
      return read_integer (read, node);
    case WEIR_OPTION_STRING:
    case WEIR_OPTION_NAME:
    case WEIR_OPTION_WORD:
    case WEIR_OPTION_RATE:
    case WEIR_OPTION_PATH:
      return read_string (read, node);
    case WEIR_OPTION_FLAGS:
      return read_flags (read, node);
    case WEIR_OPTION_ROUTE:
      return read_route (read, node);
    case WEIR_OPTION_NETWORKS:
    case WEIR_OPTION_STRINGS:
    case WEIR_OPTION_ORIGINS:
    case WEIR_OPTION_PATHS:
    case WEIR_OPTION_ADDRESSES:
    case WEIR_OPTION_METHODS:
      return read_strings (read, node);
    case WEIR_OPTION_TABLE:
      return read_table (read, node);
    case WEIR_OPTION_AUTH:
      return read_auth (read, node);
    }

  return NULL;
}

GVariant *
weir_config_value_read (const WeirOption *option,
                        WeirNode *node,
                        const char *directory,
                        guint *line,
                        guint *column,
                        int *code,
                        char **message)
{
  Read read = { option, directory, 0, 0, 0, NULL };
  GVariant *value = read_value (&read, node);

  if (value != NULL)
    return g_variant_ref_sink (value);

  *line = read.line;
  *column = read.column;
  *code = read.code;
  *message = read.message;

  return NULL;
}

static WeirNode *
new_string (const char *text)
{
  WeirNode *node = weir_node_new (WEIR_NODE_STRING, 0, 0);

  node->string = g_utf8_make_valid (text, -1);

  return node;
}

static WeirNode *
list_from_text (const char *text)
{
  WeirNode *node = weir_node_new (WEIR_NODE_ARRAY, 0, 0);
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);
  char **part;

  for (part = parts; *part != NULL; part++)
    {
      g_strstrip (*part);
      if (**part != '\0')
        weir_node_append (node, new_string (*part));
    }

  return node;
}

WeirNode *
weir_config_value_from_text (const WeirOption *option, const char *text)
{
  WeirNode *node;

  switch (option->type)
    {
    case WEIR_OPTION_STRINGS:
    case WEIR_OPTION_ORIGINS:
    case WEIR_OPTION_FLAGS:
    case WEIR_OPTION_PATHS:
    case WEIR_OPTION_ADDRESSES:
    case WEIR_OPTION_METHODS:
    case WEIR_OPTION_NETWORKS:
      return list_from_text (text);
    case WEIR_OPTION_BOOLEAN:
    case WEIR_OPTION_AUTH:
      if (g_str_equal (text, "true") || g_str_equal (text, "1") || g_str_equal (text, "false") ||
          g_str_equal (text, "0"))
        {
          node = weir_node_new (WEIR_NODE_BOOLEAN, 0, 0);
          node->boolean = *text == 't' || *text == '1';
          return node;
        }
      break;
    case WEIR_OPTION_INTEGER:
      node = weir_node_new (WEIR_NODE_INTEGER, 0, 0);
      if (g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, &node->integer, NULL))
        return node;
      weir_node_free (node);
      break;
    case WEIR_OPTION_STRING:
    case WEIR_OPTION_NAME:
    case WEIR_OPTION_ROUTE:
    case WEIR_OPTION_WORD:
    case WEIR_OPTION_RATE:
    case WEIR_OPTION_PATH:
    case WEIR_OPTION_TABLE:
      break;
    }

  return new_string (text);
}

/* Of the four widths that an option could be given in. */
static WeirNode *
integer_from_variant (GVariant *value)
{
  WeirNode *node = weir_node_new (WEIR_NODE_INTEGER, 0, 0);

  if (g_variant_is_of_type (value, G_VARIANT_TYPE_INT64))
    node->integer = g_variant_get_int64 (value);
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_UINT64))
    node->integer = (gint64) MIN (g_variant_get_uint64 (value), (guint64) G_MAXINT64);
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_UINT32))
    node->integer = g_variant_get_uint32 (value);
  else
    node->integer = g_variant_get_int32 (value);

  return node;
}

WeirNode *
weir_config_value_from_variant (GVariant *value)
{
  WeirNode *node = NULL;

  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    {
      node = new_string (g_variant_get_string (value, NULL));
    }
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    {
      node = weir_node_new (WEIR_NODE_BOOLEAN, 0, 0);
      node->boolean = g_variant_get_boolean (value);
    }
  else if (strchr ("iuxt", *g_variant_get_type_string (value)) != NULL)
    {
      node = integer_from_variant (value);
    }
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING_ARRAY))
    {
      GVariantIter iter;
      const char *text;

      node = weir_node_new (WEIR_NODE_ARRAY, 0, 0);
      g_variant_iter_init (&iter, value);
      while (g_variant_iter_next (&iter, "&s", &text))
        weir_node_append (node, new_string (text));
    }

  return node;
}
