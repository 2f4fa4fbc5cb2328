/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-deno-launch.h"

#include <json-glib/json-glib.h>
#include <stdlib.h>

/* What frameworks ask the system for when they start; not who the user is or what else the
 * machine does. */
#define SYSTEM_PERMISSIONS "--allow-sys=hostname,osRelease,cpus,uid,gid"

char *
weir_deno_get_default_cache (void)
{
  const char *named = g_getenv ("DENO_DIR");

  if (named != NULL && *named != '\0')
    return g_canonicalize_filename (named, NULL);
  return g_build_filename (g_get_user_cache_dir (), "deno", NULL);
}

/* How modules are found: the same for looking at the graph and for running it. */
void
weir_deno_append_graph_args (GPtrArray *argv, const WeirDenoPlan *plan)
{
  g_ptr_array_add (argv, g_strdup ("--no-lock"));
  g_ptr_array_add (argv, g_strdup ("--node-modules-dir=none"));
  if (plan->config != NULL)
    g_ptr_array_add (argv, g_strdup_printf ("--config=%s", plan->config));
  else
    g_ptr_array_add (argv, g_strdup ("--no-config"));
  g_ptr_array_add (argv, g_strdup_printf ("--import-map=%s", plan->import_map));
}

static void
append_path (GString *list, const char *path)
{
  if (list->len > 0)
    g_string_append_c (list, ',');
  g_string_append (list, path);
}

/* With the place that a symbolic link leads to: Deno may ask for either. */
static void
append_folder (GString *list, const char *path)
{
  char *real = realpath (path, NULL);

  append_path (list, path);
  if (real != NULL && !g_str_equal (real, path))
    append_path (list, real);
  free (real);
}

static gboolean
is_below (const char *path, const char *folder)
{
  gsize length = strlen (folder);

  return strncmp (path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* The modules of the function that lie outside of the functions folder. */
static void
append_outside_files (GString *list, WeirFunction *function, const WeirDenoPlan *plan)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; plan->files != NULL && plan->files[i] != NULL; i++)
    {
      g_autofree char *folder = g_path_get_dirname (plan->files[i]);

      if (strchr (folder, ',') != NULL || is_below (folder, weir_function_get_root (function)) ||
          is_below (folder, weir_function_get_directory (function)))
        continue;
      if (g_hash_table_add (seen, g_strdup (folder)))
        append_path (list, folder);
    }
}

/* A glob gives leave for the folder that it starts in. */
static void
append_static_files (GString *list, WeirFunction *function)
{
  g_auto (GStrv) globs =
      weir_settings_dup_strv (weir_function_get_settings (function), "static_files");

  for (guint i = 0; globs[i] != NULL; i++)
    {
      g_autofree char *path =
          g_canonicalize_filename (globs[i], weir_function_get_directory (function));
      char *wild = strpbrk (path, "*?[{");

      if (wild != NULL)
        {
          while (wild > path && *wild != '/')
            wild--;
          *wild = '\0';
        }
      if (*path != '\0' && strchr (path, ',') == NULL)
        append_folder (list, path);
    }
}

static char *
dup_read_permission (WeirFunction *function,
                     const WeirDenoPlan *plan,
                     const WeirDenoPlaces *places,
                     const char *socket_path)
{
  g_autoptr (GString) list = g_string_new (NULL);
  g_autofree char *packages = g_build_filename (places->deno_dir, "npm", NULL);

  append_folder (list, weir_function_get_root (function));
  if (!is_below (weir_function_get_directory (function), weir_function_get_root (function)))
    append_folder (list, weir_function_get_directory (function));
  append_folder (list, places->bootstrap);
  append_folder (list, packages);
  append_folder (list, places->temporary);
  append_path (list, socket_path);
  append_outside_files (list, function, plan);
  append_static_files (list, function);
  return g_strdup_printf ("--allow-read=%s", list->str);
}

static char *
dup_write_permission (const WeirDenoPlaces *places, const char *socket_path)
{
  g_autoptr (GString) list = g_string_new (NULL);

  append_folder (list, places->temporary);
  append_path (list, socket_path);
  return g_strdup_printf ("--allow-write=%s", list->str);
}

static char **
make_argv (WeirFunction *function,
           const WeirDenoPlan *plan,
           const WeirDenoPlaces *places,
           const char *socket_path)
{
  GPtrArray *argv = g_ptr_array_new ();
  g_autofree char *main_path = g_build_filename (places->bootstrap, "deno", "main.ts", NULL);
  g_autofree char *main_uri = g_filename_to_uri (main_path, NULL, NULL);
  gint64 memory =
      weir_settings_get_integer (weir_function_get_settings (function), "memory_limit_mb");

  g_ptr_array_add (argv, g_strdup (places->executable));
  g_ptr_array_add (argv, g_strdup ("run"));
  weir_deno_append_graph_args (argv, plan);
  g_ptr_array_add (argv, g_strdup ("--quiet"));
  g_ptr_array_add (argv, g_strdup ("--cached-only"));
  g_ptr_array_add (argv, g_strdup ("--no-prompt"));
  g_ptr_array_add (argv, g_strdup ("--unstable-no-legacy-abort"));
  if (memory > 0)
    g_ptr_array_add (argv,
                     g_strdup_printf ("--v8-flags=--max-old-space-size=%" G_GINT64_FORMAT, memory));
  g_ptr_array_add (argv, g_strdup ("--allow-net"));
  g_ptr_array_add (argv, g_strdup ("--allow-env"));
  g_ptr_array_add (argv, g_strdup (SYSTEM_PERMISSIONS));
  g_ptr_array_add (argv, dup_read_permission (function, plan, places, socket_path));
  g_ptr_array_add (argv, dup_write_permission (places, socket_path));
  if (plan->is_main)
    {
      g_ptr_array_add (argv, g_strdup_printf ("--preload=%s", main_uri));
      g_ptr_array_add (argv,
                       g_filename_to_uri (weir_function_get_entrypoint (function), NULL, NULL));
    }
  else
    {
      g_ptr_array_add (argv, g_strdup (main_uri));
    }
  g_ptr_array_add (argv, NULL);
  return (char **) g_ptr_array_free (argv, FALSE);
}

/* For the runtime itself. What the function may see comes with the load command. */
static char **
make_environ (const WeirDenoPlaces *places)
{
  const char *registry = g_getenv ("NPM_CONFIG_REGISTRY");
  g_auto (GStrv) result = g_new0 (char *, 1);

  result = g_environ_setenv (result, "PATH", "/usr/bin:/bin", TRUE);
  result = g_environ_setenv (result, "HOME", places->temporary, TRUE);
  result = g_environ_setenv (result, "TMPDIR", places->temporary, TRUE);
  result = g_environ_setenv (result, "DENO_DIR", places->deno_dir, TRUE);
  result = g_environ_setenv (result, "DENO_NO_UPDATE_CHECK", "1", TRUE);
  result = g_environ_setenv (result, "DENO_NO_PACKAGE_JSON", "1", TRUE);
  result = g_environ_setenv (result, "DENO_TRUST_PROXY_HEADERS", "1", TRUE);
  result = g_environ_setenv (result, "NO_COLOR", "1", TRUE);
  /* Packages are cached by registry. */
  if (registry != NULL)
    result = g_environ_setenv (result, "NPM_CONFIG_REGISTRY", registry, TRUE);
  return g_steal_pointer (&result);
}

static JsonObject *
make_variables (WeirFunction *function)
{
  const char *const *pairs = weir_function_get_environ (function);
  JsonObject *variables = json_object_new ();

  for (guint i = 0; pairs != NULL && pairs[i] != NULL; i++)
    {
      const char *equals = strchr (pairs[i], '=');
      g_autofree char *name = NULL;

      if (equals == NULL || equals == pairs[i])
        continue;
      name = g_strndup (pairs[i], equals - pairs[i]);
      json_object_set_string_member (variables, name, equals + 1);
    }
  return variables;
}

static char *
make_load_command (WeirFunction *function,
                   const WeirDenoPlan *plan,
                   const WeirDenoPlaces *places,
                   const char *socket_path)
{
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  g_autofree char *entry = g_filename_to_uri (weir_function_get_entrypoint (function), NULL, NULL);
  JsonObject *load = json_object_new ();

  json_object_set_string_member (load, "type", "load");
  json_object_set_string_member (load, "name", weir_function_get_name (function));
  json_object_set_string_member (load, "entry", entry);
  json_object_set_string_member (load, "socket", socket_path);
  json_object_set_string_member (load, "mode", plan->is_main ? "main" : "import");
  json_object_set_string_member (load, "directory", weir_function_get_directory (function));
  json_object_set_string_member (load, "temporary", places->temporary);
  json_object_set_boolean_member (load, "node", plan->uses_node);
  json_object_set_boolean_member (load, "unexported", plan->unexported);
  json_object_set_object_member (load, "env", make_variables (function));
  json_node_take_object (root, load);
  return json_to_string (root, FALSE);
}

static WeirLaunch *
make_launch (WeirFunction *function,
             const WeirDenoPlan *plan,
             const WeirDenoPlaces *places,
             const char *socket_path)
{
  g_auto (GStrv) argv = make_argv (function, plan, places, socket_path);
  g_auto (GStrv) variables = make_environ (places);
  g_autofree char *load = make_load_command (function, plan, places, socket_path);

  return weir_launch_new ((const char *const *) argv,
                          (const char *const *) variables,
                          weir_function_get_directory (function),
                          load,
                          socket_path);
}

/* Deno separates the paths of a permission by commas and knows no way to write one. */
static gboolean
check_paths (WeirFunction *function,
             const WeirDenoPlaces *places,
             const char *socket_path,
             GError **error)
{
  const char *const paths[] = { weir_function_get_root (function),
                                weir_function_get_directory (function),
                                places->bootstrap,
                                places->deno_dir,
                                places->temporary,
                                socket_path };

  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    if (strchr (paths[i], ',') != NULL)
      {
        g_set_error (error,
                     WEIR_ERROR,
                     WEIR_ERROR_NOT_SUPPORTED,
                     "%s: Deno cannot be given leave to read a path with a comma: rename it",
                     paths[i]);
        return FALSE;
      }
  return TRUE;
}

WeirLaunch *
weir_deno_launch (WeirFunction *function,
                  const WeirDenoPlan *plan,
                  const WeirDenoPlaces *places,
                  const char *socket_path,
                  GError **error)
{
  if (!check_paths (function, places, socket_path, error))
    return NULL;

  return make_launch (function, plan, places, socket_path);
}
