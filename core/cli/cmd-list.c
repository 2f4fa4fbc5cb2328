/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli-private.h"

#include "cli-output-private.h"

typedef struct
{
  char *name;
  char *entry;   /* relative to the folder of functions where it is below it */
  char *plain;   /* its own path */
  char *methods; /* "POST ", or "" for all */
  gboolean enabled;
} Row;

static void
row_free (Row *self)
{
  g_free (self->name);
  g_free (self->entry);
  g_free (self->plain);
  g_free (self->methods);
  g_free (self);
}

static Row *
row_new (const char *name, WeirSettings *settings)
{
  const char *route = weir_settings_get_string (settings, "route");
  Row *row = g_new0 (Row, 1);

  row->name = g_strdup (name);
  row->plain = route != NULL ? g_strdup (route) : g_strconcat ("/", name, NULL);
  if (weir_settings_get_value (settings, "methods") != NULL)
    {
      g_auto (GStrv) methods = weir_settings_dup_strv (settings, "methods");
      g_autofree char *joined = g_strjoinv ("|", methods);

      row->methods = g_strconcat (joined, " ", NULL);
    }
  return row;
}

static char *
relative_path (const char *path, const char *root)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFile) base = g_file_new_for_path (root);
  char *relative = g_file_get_relative_path (base, file);

  return relative != NULL ? relative : g_strdup (path);
}

static void
add_served (GPtrArray *rows, WeirServer *server)
{
  GListModel *functions = weir_server_get_functions (server);

  for (guint i = 0; i < g_list_model_get_n_items (functions); i++)
    {
      g_autoptr (WeirFunction) function = g_list_model_get_item (functions, i);
      WeirSettings *settings = weir_function_get_settings (function);
      Row *row = row_new (weir_function_get_name (function), settings);

      row->entry = relative_path (weir_function_get_entrypoint (function),
                                  weir_function_get_root (function));
      row->enabled = weir_settings_get_value (settings, "enabled") == NULL ||
                     weir_settings_get_boolean (settings, "enabled");
      g_ptr_array_add (rows, row);
    }
}

static gboolean
has_row (GPtrArray *rows, const char *name)
{
  for (guint i = 0; i < rows->len; i++)
    if (g_str_equal (((Row *) g_ptr_array_index (rows, i))->name, name))
      return TRUE;
  return FALSE;
}

/* What is switched off in the configuration is not among what the server serves. */
static void
add_disabled (GPtrArray *rows, WeirConfig *config)
{
  const char *root = weir_config_get_functions_directory (config);
  g_auto (GStrv) names = weir_config_dup_function_names (config);

  for (gsize i = 0; names[i] != NULL; i++)
    {
      g_autofree char *directory = g_build_filename (root, names[i], NULL);
      g_autoptr (WeirSettings) settings =
          weir_config_dup_function_settings (config, names[i], directory, NULL);
      const char *entry;
      Row *row;

      if (has_row (rows, names[i]) || settings == NULL ||
          weir_settings_get_boolean (settings, "enabled"))
        continue;
      entry = weir_settings_get_string (settings, "entrypoint");
      row = row_new (names[i], settings);
      row->entry = entry != NULL ? g_strdup (entry) : NULL;
      g_ptr_array_add (rows, row);
    }
}

static void
print_json (GPtrArray *rows, const char *root, const char *const *problems)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  cli_json_string (builder, "directory", root);
  json_builder_set_member_name (builder, "functions");
  json_builder_begin_array (builder);
  for (guint i = 0; i < rows->len; i++)
    {
      Row *row = g_ptr_array_index (rows, i);
      g_autofree char *hosted = g_strconcat ("/functions/v1/", row->name, NULL);
      const char *const routes[] = { hosted, row->plain, NULL };

      json_builder_begin_object (builder);
      cli_json_string (builder, "name", row->name);
      cli_json_string (builder, "entrypoint", row->entry);
      cli_json_strv (builder, "routes", routes);
      json_builder_set_member_name (builder, "enabled");
      json_builder_add_boolean_value (builder, row->enabled);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  cli_json_strv (builder, "problems", problems);
  json_builder_end_object (builder);
  cli_print_json (builder);
}

static void
print_text (GPtrArray *rows, const char *root, const char *const *problems)
{
  const char *const titles[] = { _ ("NAME"), _ ("ENTRY"), _ ("ROUTES"), _ ("ENABLED"), NULL };
  g_autoptr (CliTable) table = cli_table_new (titles);

  for (guint i = 0; i < rows->len; i++)
    {
      Row *row = g_ptr_array_index (rows, i);
      const char *methods = row->methods != NULL ? row->methods : "";
      g_autofree char *routes =
          g_strdup_printf ("%s/functions/v1/%s, %s", methods, row->name, row->plain);
      const char *const cells[] = { row->name,
                                    row->entry != NULL ? row->entry : "-",
                                    routes,
                                    row->enabled ? _ ("yes") : _ ("no") };

      cli_table_add (table, cells);
    }
  if (rows->len > 0)
    cli_table_print (table);
  else
    {
      cli_print (stdout, _ ("No functions in %s\n"), root);
      cli_print_hint (_ ("write the first one: weir new hello"));
    }
  for (gsize i = 0; problems != NULL && problems[i] != NULL; i++)
    cli_print_error ("%s", problems[i]);
}

static gint
compare_rows (gconstpointer a, gconstpointer b)
{
  const Row *const *first = a;
  const Row *const *second = b;

  return g_strcmp0 ((*first)->name, (*second)->name);
}

/* A server that nobody calls knows best what would be served: it is started on a free port,
 * asked, and stopped; no worker starts before a request. */
static GVariant *
quiet_overrides (void)
{
  const char *const listen[] = { "127.0.0.1:0", NULL };
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert_value (&dict, "listen", g_variant_new_strv (listen, -1));
  g_variant_dict_insert (&dict, "reload", "b", FALSE);
  return g_variant_dict_end (&dict);
}

CliExit
cli_cmd_list (int argc, char **argv)
{
  gboolean json = FALSE;
  g_auto (GStrv) rest = NULL;
  g_autoptr (WeirConfig) config = NULL;
  g_autoptr (WeirServer) server = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) row_free);
  const char *const *problems;
  CliExit status;
  const GOptionEntry entries[] = {
    CLI_OPTION_JSON (&json),
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &rest, NULL, NULL },
    { NULL },
  };

  if (!cli_parse_options ("list",
                          _ ("[FOLDER]"),
                          _ ("Lists the functions of a project, and what is wrong with others."),
                          entries,
                          &argc,
                          &argv))
    return CLI_EXIT_USAGE;
  if (rest != NULL && g_strv_length (rest) > 1)
    return cli_usage_error ("list", _ ("one folder, not %u"), g_strv_length (rest));
  config = cli_load_config (rest != NULL ? rest[0] : NULL, quiet_overrides (), &status);
  if (config == NULL)
    return status;
  server = weir_server_new (config);
  if (!weir_server_start (server, &error))
    return cli_fail (_ ("cannot look for functions"), error);
  add_served (rows, server);
  add_disabled (rows, config);
  g_ptr_array_sort (rows, compare_rows);
  problems = weir_server_get_problems (server);
  if (json)
    print_json (rows, weir_config_get_functions_directory (config), problems);
  else
    print_text (rows, weir_config_get_functions_directory (config), problems);
  status = problems != NULL && problems[0] != NULL ? CLI_EXIT_FAILED : CLI_EXIT_OK;
  weir_server_stop (server);
  return status;
}
