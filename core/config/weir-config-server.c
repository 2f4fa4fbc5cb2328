/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the server is told from outside of files, and all of it put together. */

#include "config/weir-config-data-private.h"

#include <string.h>

#include "base/weir-suggest-private.h"

#define PREFIX "WEIR_"

/* Variables of the other rooms and of plugins, which are no options. */
static const char *const not_options[] = { "WEIR_BOOTSTRAP_PATH",
                                           "WEIR_DENO",
                                           "WEIR_PLUGIN_PATH",
                                           NULL };

/* "adapters.soup.max_fields" is WEIR_ADAPTERS_SOUP_MAX_FIELDS. */
static char *
get_variable (const WeirOption *option)
{
  g_autofree char *name = g_ascii_strup (option->name, -1);

  return g_strconcat (PREFIX, g_strdelimit (name, ".-", '_'), NULL);
}

static void
warn_of_misspelling (WeirConfigData *self, const char *line, const char *const *names)
{
  g_autofree char *name = g_strndup (line, strcspn (line, "="));
  const char *known;

  if (g_strv_contains (names, name) || g_strv_contains (not_options, name))
    return;

  /* Programs around Weir have variables of their own: only what is nearly an option. */
  known = weir_suggest (name, names);
  if (known != NULL)
    weir_report_warn (self->report,
                      "environment %s: there is no such option; did you mean %s?",
                      name,
                      known);
}

void
weir_config_read_environment (WeirConfigData *self, const char *const *variables)
{
  g_autofree char *here = g_get_current_dir ();
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const WeirOption *options;
  guint n_options, i;

  options = weir_config_schema_get_options (&n_options);
  for (i = 0; i < n_options; i++)
    {
      g_autofree char *name = NULL;
      g_autofree char *shown = NULL;
      const char *text;

      if (options[i].scope != WEIR_OPTION_SERVER)
        continue;
      name = get_variable (&options[i]);
      shown = g_strconcat ("environment ", name, NULL);
      text = g_environ_getenv ((char **) variables, name);
      if (text != NULL && *text != '\0')
        {
          WeirSource source = { self->report, shown, here };
          g_autoptr (WeirNode) node = weir_config_value_from_text (&options[i], text);

          weir_source_read (&source, self->environment_layer, &options[i], node);
        }
      g_ptr_array_add (names, g_steal_pointer (&name));
    }
  g_ptr_array_add (names, NULL);

  for (; variables != NULL && *variables != NULL; variables++)
    {
      if (g_str_has_prefix (*variables, PREFIX))
        warn_of_misspelling (self, *variables, (const char *const *) names->pdata);
    }
}

static void
read_override (WeirConfigData *self, WeirSource *source, const char *name, GVariant *value)
{
  const WeirOption *option = weir_config_schema_find (WEIR_OPTION_SERVER, name);
  g_autoptr (WeirNode) node = weir_config_value_from_variant (value);

  if (option == NULL)
    weir_source_fail (source, WEIR_CONFIG_ERROR_UNKNOWN_KEY, 0, 0, "unknown option \"%s\"", name);
  else if (node == NULL)
    weir_source_fail (source,
                      WEIR_CONFIG_ERROR_TYPE,
                      0,
                      0,
                      "%s cannot be a value of type %s",
                      name,
                      g_variant_get_type_string (value));
  else
    weir_source_read (source, self->override_layer, option, node);
}

void
weir_config_read_overrides (WeirConfigData *self, GVariant *overrides)
{
  g_autofree char *here = g_get_current_dir ();
  WeirSource source = { self->report, "command line", here };
  GVariantIter iter;
  const char *name;
  GVariant *value;

  if (overrides == NULL)
    return;

  g_variant_iter_init (&iter, overrides);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
    {
      read_override (self, &source, name, value);
      g_variant_unref (value);
    }
}

static void
copy_layer (GHashTable *values, GHashTable *origins, GHashTable *layer)
{
  GHashTableIter iter;
  gpointer name, data;

  g_hash_table_iter_init (&iter, layer);
  while (g_hash_table_iter_next (&iter, &name, &data))
    {
      WeirEntry *entry = data;

      g_hash_table_replace (values, g_strdup (name), g_variant_ref (entry->value));
      g_hash_table_replace (origins, g_strdup (name), g_strdup (entry->origin));
    }
}

WeirSettings *
weir_config_merge_server (WeirConfigData *self)
{
  GHashTable *values =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  GHashTable *origins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  const WeirOption *options;
  guint n_options, i;

  options = weir_config_schema_get_options (&n_options);
  for (i = 0; i < n_options; i++)
    {
      if (options[i].scope == WEIR_OPTION_SERVER && options[i].fallback != NULL)
        g_hash_table_insert (values,
                             g_strdup (options[i].name),
                             weir_config_schema_dup_fallback (&options[i]));
    }
  copy_layer (values, origins, self->main_layer);
  copy_layer (values, origins, self->environment_layer);
  copy_layer (values, origins, self->override_layer);

  return weir_settings_new (values, origins);
}
