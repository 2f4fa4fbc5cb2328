/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Plans of rate limits: how files write them, and what a function's limit comes to. */

#include "config/weir-config-data-private.h"

#include <string.h>

#include "base/weir-rate-limits.h"
#include "base/weir-suggest-private.h"

#define PREFIX "rate_limits."
#define NAME_MAX_LENGTH 64

/* ---- [rate_limits] ---- */

static gboolean
read_number (WeirSource *source, WeirNode *node, const char *plan, guint32 *number)
{
  if (node->kind != WEIR_NODE_INTEGER)
    weir_source_fail (source,
                      WEIR_CONFIG_ERROR_TYPE,
                      node->line,
                      node->column,
                      "%s.%s must be an integer, not %s",
                      plan,
                      node->key,
                      weir_node_describe (node));
  else if (node->integer < 1 || node->integer > WEIR_RATE_LIMITS_MAX)
    weir_source_fail (source,
                      WEIR_CONFIG_ERROR_RANGE,
                      node->line,
                      node->column,
                      "%s.%s is %" G_GINT64_FORMAT ", outside 1 to %d",
                      plan,
                      node->key,
                      node->integer,
                      WEIR_RATE_LIMITS_MAX);
  else
    {
      *number = (guint32) node->integer;
      return TRUE;
    }
  return FALSE;
}

/* Returns the plan as text, or NULL with a problem. */
static char *
read_plan (WeirSource *source, WeirNode *table, const char *name)
{
  static const char *const keys[] = { "per_minute", "burst", NULL };
  WeirRateLimits limits = { 0 };
  gboolean good = TRUE;

  for (guint i = 0; i < table->children->len; i++)
    {
      WeirNode *node = g_ptr_array_index (table->children, i);
      g_autofree char *section = g_strdup_printf (" in [%s]", name);

      if (g_str_equal (node->key, "per_minute"))
        good &= read_number (source, node, name, &limits.per_minute);
      else if (g_str_equal (node->key, "burst"))
        good &= read_number (source, node, name, &limits.burst);
      else
        {
          weir_source_fail_unknown (source, node, section, weir_suggest (node->key, keys));
          good = FALSE;
        }
    }
  if (good && limits.per_minute == 0)
    weir_source_fail (source,
                      WEIR_CONFIG_ERROR_RANGE,
                      table->line,
                      table->column,
                      "%s needs per_minute",
                      name);
  if (!good || limits.per_minute == 0)
    return NULL;
  if (limits.burst == 0)
    limits.burst = limits.per_minute;
  return weir_rate_limits_to_text (&limits);
}

static gboolean
check_plan_text (WeirSource *source, WeirNode *node, const char *name)
{
  WeirRateLimits limits;

  if (node->kind == WEIR_NODE_STRING && weir_rate_limits_parse (&limits, node->string))
    return TRUE;
  weir_source_fail (source,
                    WEIR_CONFIG_ERROR_TYPE,
                    node->line,
                    node->column,
                    "%s must be a table with per_minute and burst, or limits as in "
                    "\"100/min, 1000/hour\"",
                    name);
  return FALSE;
}

static gboolean
is_name (const char *key)
{
  gsize length = strspn (key, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-");

  return g_ascii_isalpha (*key) && key[length] == '\0' && length <= NAME_MAX_LENGTH;
}

static void
read_one (WeirConfigData *self, WeirSource *source, WeirNode *node)
{
  g_autofree char *name = g_strconcat (PREFIX, node->key, NULL);
  const WeirOption option = { .name = name, .type = WEIR_OPTION_RATE };

  if (g_str_equal (node->key, "off"))
    {
      weir_source_fail (source,
                        WEIR_CONFIG_ERROR_RANGE,
                        node->key_line,
                        node->key_column,
                        "\"off\" is the word for no limit, and cannot be a plan");
      return;
    }
  if (!is_name (node->key))
    {
      weir_source_fail (source,
                        WEIR_CONFIG_ERROR_RANGE,
                        node->key_line,
                        node->key_column,
                        "the name of a plan begins with a letter and has at most %d letters, "
                        "digits, \"-\" and \"_\"",
                        NAME_MAX_LENGTH);
      return;
    }
  if (node->kind == WEIR_NODE_TABLE)
    {
      g_autoptr (WeirNode) text = weir_node_new (WEIR_NODE_STRING, node->line, node->column);

      text->key_line = node->key_line;
      text->string = read_plan (source, node, name);
      if (text->string != NULL)
        weir_source_read (source, self->main_layer, &option, text);
    }
  else if (check_plan_text (source, node, name))
    weir_source_read (source, self->main_layer, &option, node);
}

void
weir_config_read_rate_limits (WeirConfigData *self, WeirSource *source, WeirNode *table)
{
  if (!weir_source_want_table (source, table, "rate_limits"))
    return;
  for (guint i = 0; i < table->children->len; i++)
    read_one (self, source, g_ptr_array_index (table->children, i));
}

/* ---- the limit of a function ---- */

static char *
dup_plan (WeirConfigData *self, const char *plan)
{
  g_autofree char *name = g_strconcat (PREFIX, plan, NULL);
  WeirEntry *entry = weir_config_data_get_server (self, name);
  const WeirOption *option = weir_config_schema_find (WEIR_OPTION_SERVER, name);
  g_autoptr (GVariant) fallback = NULL;

  if (entry != NULL)
    return g_variant_dup_string (entry->value, NULL);
  fallback = option != NULL ? weir_config_schema_dup_fallback (option) : NULL;
  return fallback != NULL ? g_variant_dup_string (fallback, NULL) : NULL;
}

static const char *
suggest_plan (WeirConfigData *self, const char *plan)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, self->main_layer);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (g_str_has_prefix (name, PREFIX))
      g_ptr_array_add (words, (char *) name + sizeof PREFIX - 1);
  g_ptr_array_add (words, (gpointer) "free");
  g_ptr_array_add (words, (gpointer) "pro");
  g_ptr_array_add (words, (gpointer) "team");
  g_ptr_array_add (words, NULL);
  return weir_suggest (plan, (const char *const *) words->pdata);
}

/* A plan can be the name of another one through the environment: no further than that. */
char *
weir_config_dup_rate_limit (WeirConfigData *self,
                            const char *value,
                            const char *origin,
                            GError **error)
{
  g_autofree char *text = g_strdup (value);
  WeirRateLimits limits;

  for (guint depth = 0; depth < 2 && text != NULL; depth++)
    {
      g_autofree char *name = NULL;

      if (g_str_equal (text, "off") || weir_rate_limits_parse (&limits, text))
        return g_steal_pointer (&text);
      name = g_steal_pointer (&text);
      text = dup_plan (self, name);
    }
  if (text != NULL && weir_rate_limits_parse (&limits, text))
    return g_steal_pointer (&text);

  {
    const char *known = suggest_plan (self, value);
    g_autofree char *hint =
        known != NULL ? g_strdup_printf ("; did you mean \"%s\"?", known) : g_strdup ("");

    g_set_error (error,
                 WEIR_CONFIG_ERROR,
                 WEIR_CONFIG_ERROR_RANGE,
                 "%s: rate_limit: there is no plan \"%s\"%s",
                 origin,
                 value,
                 hint);
  }
  return NULL;
}
