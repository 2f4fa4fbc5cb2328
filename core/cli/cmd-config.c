/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli-private.h"

#include <string.h>

#include "cli-output-private.h"

/* The folder of one function, or NULL: what is configured need not have one. */
static char *
function_directory (WeirConfig *config, const char *name)
{
  const char *root = weir_config_get_functions_directory (config);
  g_autofree char *path = root != NULL ? g_build_filename (root, name, NULL) : NULL;

  if (path == NULL || strchr (name, '/') != NULL || !g_file_test (path, G_FILE_TEST_IS_DIR))
    return NULL;
  return g_steal_pointer (&path);
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  const char *const *first = a;
  const char *const *second = b;

  return strcmp (*first, *second);
}

/* Every name that configuration can be about: folders, flat files, and what is written in the
 * files, sorted. */
static char **
configurable_names (WeirConfig *config)
{
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_auto (GStrv) written = weir_config_dup_function_names (config);
  const char *root = weir_config_get_functions_directory (config);
  g_autoptr (GDir) dir = root != NULL ? g_dir_open (root, 0, NULL) : NULL;
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer key;
  const char *entry;

  for (gsize i = 0; written != NULL && written[i] != NULL; i++)
    g_hash_table_add (names, g_strdup (written[i]));
  while (dir != NULL && (entry = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (root, entry, NULL);

      if (entry[0] == '_' || entry[0] == '.')
        continue;
      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        g_hash_table_add (names, g_strdup (entry));
      else if (g_str_has_suffix (entry, ".ts") || g_str_has_suffix (entry, ".js"))
        g_hash_table_add (names, g_strndup (entry, strlen (entry) - 3));
    }
  g_hash_table_iter_init (&iter, names);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    g_ptr_array_add (sorted, g_strdup (key));
  g_ptr_array_sort (sorted, compare_names);
  g_ptr_array_add (sorted, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&sorted), FALSE);
}

static CliExit
print_check (const char *const *problems, const char *const *warnings, gboolean json)
{
  CliExit status = problems[0] != NULL ? CLI_EXIT_CONFIG : CLI_EXIT_OK;

  if (json)
    {
      g_autoptr (JsonBuilder) builder = json_builder_new ();

      json_builder_begin_object (builder);
      cli_json_strv (builder, "problems", problems);
      cli_json_strv (builder, "warnings", warnings);
      json_builder_end_object (builder);
      cli_print_json (builder);
      return status;
    }
  for (gsize i = 0; warnings != NULL && warnings[i] != NULL; i++)
    cli_print_warning ("%s", warnings[i]);
  for (gsize i = 0; problems[i] != NULL; i++)
    cli_print_error ("%s", problems[i]);
  if (status == CLI_EXIT_OK)
    cli_print (stdout, "%s\n", _ ("The configuration is fine."));
  return status;
}

static CliExit
check (const char *directory, gboolean json)
{
  g_autoptr (WeirConfig) config = weir_config_check (directory, NULL);
  g_autoptr (WeirServer) server = weir_server_new (config);
  g_auto (GStrv) problems = weir_server_check (server);

  return print_check ((const char *const *) problems, weir_config_get_warnings (config), json);
}

/* The environment may hold secrets: its names are shown, its values are not. */
static char *
value_text (const char *name, GVariant *value)
{
  g_autoptr (GString) text = g_string_new (NULL);
  GVariantIter iter;
  GVariant *child;

  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return g_variant_dup_string (value, NULL);
  if (!g_variant_is_of_type (value, G_VARIANT_TYPE_VARDICT) &&
      !g_variant_is_of_type (value, G_VARIANT_TYPE ("a{ss}")))
    return g_variant_print (value, FALSE);
  g_variant_iter_init (&iter, value);
  while ((child = g_variant_iter_next_value (&iter)) != NULL)
    {
      g_autoptr (GVariant) key = g_variant_get_child_value (child, 0);

      g_string_append_printf (text,
                              "%s%s",
                              text->len > 0 ? ", " : "",
                              g_variant_get_string (key, NULL));
      g_variant_unref (child);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
json_value (JsonBuilder *builder, const char *name, GVariant *value)
{
  json_builder_set_member_name (builder, "value");
  if (g_variant_is_of_type (value, G_VARIANT_TYPE ("a{ss}")) ||
      g_variant_is_of_type (value, G_VARIANT_TYPE_VARDICT))
    {
      g_autofree char *names = value_text (name, value);
      json_builder_add_string_value (builder, names);
      return;
    }
  json_builder_add_value (builder, json_gvariant_serialize (value));
}

static void
explain_json (WeirSettings *settings, char **environ_names)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_auto (GStrv) names = weir_settings_dup_names (settings);

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "options");
  json_builder_begin_array (builder);
  for (gsize i = 0; names[i] != NULL; i++)
    {
      json_builder_begin_object (builder);
      cli_json_string (builder, "option", names[i]);
      json_value (builder, names[i], weir_settings_get_value (settings, names[i]));
      cli_json_string (builder, "source", weir_settings_get_origin (settings, names[i]));
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  if (environ_names != NULL)
    cli_json_strv (builder, "environment", (const char *const *) environ_names);
  json_builder_end_object (builder);
  cli_print_json (builder);
}

static void
explain_text (WeirSettings *settings, char **environ_names)
{
  const char *const titles[] = { _ ("OPTION"), _ ("VALUE"), _ ("SOURCE"), NULL };
  g_autoptr (CliTable) table = cli_table_new (titles);
  g_auto (GStrv) names = weir_settings_dup_names (settings);

  for (gsize i = 0; names[i] != NULL; i++)
    {
      g_autofree char *value = value_text (names[i], weir_settings_get_value (settings, names[i]));
      const char *origin = weir_settings_get_origin (settings, names[i]);
      const char *const cells[] = { names[i], value, origin != NULL ? origin : "-" };

      cli_table_add (table, cells);
    }
  cli_table_print (table);
  if (environ_names != NULL && environ_names[0] != NULL)
    {
      g_autofree char *list = g_strjoinv (", ", environ_names);
      cli_print (stdout, _ ("\nEnvironment (values are not shown): %s\n"), list);
    }
}

static CliExit
unknown_function (WeirConfig *config, const char *name)
{
  g_auto (GStrv) names = configurable_names (config);
  const char *nearest = weir_suggest (name, (const char *const *) names);

  cli_print_error (_ ("there is no function “%s” in %s"),
                   name,
                   weir_config_get_functions_directory (config));
  if (nearest != NULL)
    cli_print_hint (_ ("did you mean “%s”?"), nearest);
  else
    cli_print_hint (_ ("`weir list` shows the functions"));
  return CLI_EXIT_NOT_FOUND;
}

static char **
environ_names (char **variables)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (gsize i = 0; variables[i] != NULL; i++)
    {
      g_autofree char *name = g_strndup (variables[i], strcspn (variables[i], "="));
      g_strv_builder_add (builder, name);
    }
  return g_strv_builder_end (builder);
}

static CliExit
explain_function (WeirConfig *config, const char *name, gboolean json)
{
  g_autofree char *directory = function_directory (config, name);
  g_auto (GStrv) known = configurable_names (config);
  g_autoptr (WeirSettings) settings = NULL;
  g_auto (GStrv) variables = NULL;
  g_auto (GStrv) shown = NULL;
  g_autoptr (GError) error = NULL;

  if (!g_strv_contains ((const char *const *) known, name))
    return unknown_function (config, name);
  settings = weir_config_dup_function_settings (config, name, directory, &error);
  if (settings == NULL)
    return cli_fail (NULL, error);
  variables = weir_config_dup_function_environ (config, name, directory, &error);
  if (variables == NULL)
    return cli_fail (NULL, error);
  shown = environ_names (variables);
  if (json)
    explain_json (settings, shown);
  else
    explain_text (settings, shown);
  return CLI_EXIT_OK;
}

static CliExit
explain (const char *directory, const char *name, gboolean json)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WeirConfig) config = weir_config_load (directory, NULL, &error);
  WeirSettings *settings;
  CliExit status;

  /* Without functions there still are settings of the server. */
  if (g_error_matches (error, WEIR_CONFIG_ERROR, WEIR_CONFIG_ERROR_READ))
    config = weir_config_check (directory, NULL);
  else if (config == NULL)
    config = cli_load_config (directory, NULL, &status);
  if (config == NULL)
    return status;
  if (name != NULL)
    return explain_function (config, name, json);
  settings = weir_config_get_server_settings (config);
  if (json)
    explain_json (settings, NULL);
  else
    explain_text (settings, NULL);
  return CLI_EXIT_OK;
}

CliExit
cli_cmd_config (int argc, char **argv)
{
  gboolean json = FALSE;
  g_autofree char *directory = NULL;
  g_auto (GStrv) rest = NULL;
  guint n;
  const GOptionEntry entries[] = {
    CLI_OPTION_JSON (&json),
    CLI_OPTION_DIR ('d', &directory),
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &rest, NULL, NULL },
    { NULL },
  };

  if (!cli_parse_options ("config",
                          _ ("check | explain [NAME]"),
                          _ ("check reads every configuration file and says what is wrong, with "
                             "file and line.\nexplain shows the value of each option of a "
                             "function (of the server, without NAME) and where it comes from."),
                          entries,
                          &argc,
                          &argv))
    return CLI_EXIT_USAGE;
  n = rest != NULL ? g_strv_length (rest) : 0;
  if (directory == NULL)
    directory = g_strdup (".");
  if (n > 0 && cli_check_directory (directory) != CLI_EXIT_OK)
    return CLI_EXIT_NOT_FOUND;
  if (n == 1 && g_str_equal (rest[0], "check"))
    return check (directory, json);
  if ((n == 1 || n == 2) && g_str_equal (rest[0], "explain"))
    return explain (directory, n == 2 ? rest[1] : NULL, json);
  return cli_usage_error ("config", _ ("either `check` or `explain [NAME]`"));
}
