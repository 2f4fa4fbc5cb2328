/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Prepares one function as the host would and prints its launch as a line of JSON, then
 * waits for the end of its input: the temporary folders live as long as the runtime. */

#include <stdio.h>
#include <json-glib/json-glib.h>
#include <weir.h>

#include "weir-deno-runtime.h"

static char *root = NULL;
static char *entry = NULL;
static char *socket_path = NULL;
static char *import_map = NULL;
static char **static_files = NULL;
static char **variables = NULL;
static gboolean skip_prepare = FALSE;
static gboolean standby = FALSE;
static int memory_limit = 0;

static const GOptionEntry options[] = {
  { "root", 0, 0, G_OPTION_ARG_FILENAME, &root, "Folder of all functions", "DIR" },
  { "entry", 0, 0, G_OPTION_ARG_FILENAME, &entry, "Entry file, below the root", "FILE" },
  { "socket", 0, 0, G_OPTION_ARG_FILENAME, &socket_path, "Where it listens", "PATH" },
  { "import-map", 0, 0, G_OPTION_ARG_FILENAME, &import_map, "The setting import_map", "FILE" },
  { "static-file", 0, 0, G_OPTION_ARG_STRING_ARRAY, &static_files, "A static file", "GLOB" },
  { "env", 0, 0, G_OPTION_ARG_STRING_ARRAY, &variables, "A variable", "NAME=VALUE" },
  { "memory-limit", 0, 0, G_OPTION_ARG_INT, &memory_limit, "In MB", "N" },
  { "no-prepare", 0, 0, G_OPTION_ARG_NONE, &skip_prepare, "Launch unprepared", NULL },
  { "standby", 0, 0, G_OPTION_ARG_NONE, &standby, "Load it into a standby", NULL },
  { NULL },
};

static WeirSettings *
make_settings (void)
{
  GHashTable *values =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  GHashTable *origins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  if (import_map != NULL)
    {
      g_hash_table_insert (values,
                           g_strdup ("import_map"),
                           g_variant_ref_sink (g_variant_new_string (import_map)));
      g_hash_table_insert (origins, g_strdup ("import_map"), g_strdup ("weir.toml:3"));
    }
  if (static_files != NULL)
    g_hash_table_insert (
        values,
        g_strdup ("static_files"),
        g_variant_ref_sink (g_variant_new_strv ((const char *const *) static_files, -1)));
  if (memory_limit > 0)
    g_hash_table_insert (values,
                         g_strdup ("memory_limit_mb"),
                         g_variant_ref_sink (g_variant_new_int64 (memory_limit)));
  return weir_settings_new (values, origins);
}

static WeirFunction *
make_function (void)
{
  g_autofree char *path = g_canonicalize_filename (entry, root);
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (directory);
  g_autoptr (WeirSettings) settings = make_settings ();

  return g_object_new (WEIR_TYPE_FUNCTION,
                       "name",
                       name,
                       "directory",
                       directory,
                       "root",
                       root,
                       "entrypoint",
                       path,
                       "settings",
                       settings,
                       "environ",
                       variables,
                       "revision",
                       (guint64) 1,
                       NULL);
}

static void
on_prepared (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static char **
prepare (WeirRuntime *runtime, WeirFunction *function, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  weir_runtime_prepare_async (runtime, function, NULL, on_prepared, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return weir_runtime_prepare_finish (runtime, result, error);
}

static void
add_strings (JsonBuilder *builder, const char *name, const char *const *strings)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  for (; *strings != NULL; strings++)
    json_builder_add_string_value (builder, *strings);
  json_builder_end_array (builder);
}

static void
add_string (JsonBuilder *builder, const char *name, const char *string)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, string);
}

static void
print_launch (WeirLaunch *launch, char **files)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *text = NULL;

  json_builder_begin_object (builder);
  add_strings (builder, "argv", weir_launch_get_argv (launch));
  add_strings (builder, "environ", weir_launch_get_environ (launch));
  add_strings (builder, "files", (const char *const *) files);
  add_string (builder, "directory", weir_launch_get_directory (launch));
  add_string (builder, "load", weir_launch_get_load_command (launch));
  add_string (builder, "socket", weir_launch_get_socket_path (launch));
  json_builder_end_object (builder);
  node = json_builder_get_root (builder);
  text = json_to_string (node, FALSE);
  /* Not g_print(), which turns text into the character set of the locale. */
  puts (text);
  fflush (stdout);
}

/* As a pool does it: what cannot use a standby is launched as ever. */
static WeirLaunch *
launch_standby (WeirRuntime *runtime, WeirFunction *function, GError **error)
{
  g_autofree char *key = weir_runtime_get_standby_key (runtime, function, NULL);
  g_autoptr (WeirLaunch) launch = NULL;
  g_autofree char *command = NULL;

  if (key == NULL)
    return weir_runtime_launch (runtime, function, socket_path, error);
  launch = weir_runtime_launch_standby (runtime, function, socket_path, error);
  if (launch != NULL)
    command = weir_runtime_make_load_command (runtime, function, launch, error);
  if (command == NULL)
    return NULL;
  return weir_launch_new (weir_launch_get_argv (launch),
                          weir_launch_get_environ (launch),
                          weir_launch_get_directory (launch),
                          command,
                          socket_path);
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new ("- prints how a worker is started");
  g_autoptr (WeirRuntime) runtime = NULL;
  g_autoptr (WeirFunction) function = NULL;
  g_autoptr (WeirLaunch) launch = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) files = NULL;

  g_option_context_add_main_entries (context, options, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    g_error ("%s", error->message);
  runtime = g_object_new (WEIR_TYPE_DENO_RUNTIME, NULL);
  function = make_function ();
  files = skip_prepare ? g_new0 (char *, 1) : prepare (runtime, function, &error);
  if (files != NULL)
    launch = standby ? launch_standby (runtime, function, &error)
                     : weir_runtime_launch (runtime, function, socket_path, &error);
  if (launch == NULL)
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  print_launch (launch, files);
  while (getchar () != EOF)
    continue;
  return 0;
}
