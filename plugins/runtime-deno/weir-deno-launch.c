/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-deno-launch.h"

#include <string.h>

#include "weir-deno-bundle.h"
#include "weir-deno-load.h"

char *
weir_deno_get_default_cache (void)
{
  const char *named = g_getenv ("DENO_DIR");

  if (named != NULL && *named != '\0')
    return g_canonicalize_filename (named, NULL);
  return g_build_filename (g_get_user_cache_dir (), "deno", NULL);
}

/* For what runs none of the user's code, and so has our own environment: proxies, certificates
 * and registries are said there. Behind a proxy with a certificate of its own the system knows
 * that, and Deno's own list does not. */
void
weir_deno_set_tool_environ (GSubprocessLauncher *launcher, const char *deno_dir)
{
  g_subprocess_launcher_setenv (launcher, "DENO_DIR", deno_dir, TRUE);
  g_subprocess_launcher_setenv (launcher, "DENO_NO_UPDATE_CHECK", "1", TRUE);
  g_subprocess_launcher_setenv (launcher, "DENO_NO_PACKAGE_JSON", "1", TRUE);
  g_subprocess_launcher_setenv (launcher, "DENO_TLS_CA_STORE", "system,mozilla", FALSE);
  g_subprocess_launcher_setenv (launcher, "NO_COLOR", "1", TRUE);
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

const char *
weir_deno_get_own_path (WeirFunction *function)
{
  const char *directory = weir_function_get_directory (function);

  return g_str_equal (directory, weir_function_get_root (function))
             ? weir_function_get_entrypoint (function)
             : directory;
}

static void
add_bundles (WeirDenoPermissions *permissions, WeirDenoFolders *folders, const char *member)
{
  g_autofree char *bundles = weir_deno_folders_dup_bundles (folders, member);

  if (bundles != NULL)
    weir_deno_permissions_add_read (permissions, bundles);
}

static gboolean
is_shared (const char *path, WeirDenoFolders *folders)
{
  for (guint i = 0; i < folders->shared->len; i++)
    if (weir_deno_is_below (path, g_ptr_array_index (folders->shared, i)))
      return TRUE;
  return FALSE;
}

/* The first module of the function that lies where only others may read, or NULL. */
static const char *
find_outside_file (WeirFunction *function, const WeirDenoPlan *plan, WeirDenoFolders *folders)
{
  for (guint i = 0; plan->files != NULL && plan->files[i] != NULL; i++)
    if (!weir_deno_is_below (plan->files[i], weir_deno_get_own_path (function)) &&
        !is_shared (plan->files[i], folders))
      return plan->files[i];
  return NULL;
}

static char *
dup_glob_folder (const char *glob, const char *directory)
{
  char *path = g_canonicalize_filename (glob, directory);
  char *wild = strpbrk (path, "*?[{");

  if (wild == NULL)
    return path;
  while (wild > path && *wild != '/')
    wild--;
  *wild = '\0';
  return path;
}

static void
hide_env_files (WeirDenoPermissions *permissions, const char *path)
{
  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    weir_deno_permissions_hide_env_files (permissions, path);
}

/* A glob gives leave for the folder that it starts in, which may have those of functions in it. */
static void
add_static_folder (WeirDenoPermissions *permissions, WeirDenoFolders *folders, const char *path)
{
  weir_deno_permissions_add_read (permissions, path);
  hide_env_files (permissions, path);
  if (!weir_deno_is_below (folders->root, path))
    return;
  hide_env_files (permissions, folders->root);
  for (guint i = 0; i < folders->members->len; i++)
    hide_env_files (permissions, g_ptr_array_index (folders->members, i));
}

static void
add_static_files (WeirDenoPermissions *permissions,
                  WeirFunction *function,
                  WeirDenoFolders *folders)
{
  g_auto (GStrv) globs =
      weir_settings_dup_strv (weir_function_get_settings (function), "static_files");

  for (guint i = 0; globs[i] != NULL; i++)
    {
      g_autofree char *path = dup_glob_folder (globs[i], weir_function_get_directory (function));

      if (*path != '\0')
        add_static_folder (permissions, folders, path);
    }
}

static gboolean
has_static_files_outside (WeirFunction *function)
{
  g_auto (GStrv) globs =
      weir_settings_dup_strv (weir_function_get_settings (function), "static_files");

  for (guint i = 0; globs[i] != NULL; i++)
    {
      g_autofree char *path = dup_glob_folder (globs[i], weir_function_get_directory (function));

      if (!weir_deno_is_below (path, weir_deno_get_own_path (function)))
        return TRUE;
    }
  return FALSE;
}

char *
weir_deno_find_obstacle (WeirFunction *function, const WeirDenoPlan *plan, WeirDenoFolders *folders)
{
  const char *outside;

  if (plan->is_main)
    return g_strdup ("uses import.meta.main");
  if (plan->unexported &&
      weir_settings_get_boolean (weir_function_get_settings (function), "bundle"))
    return g_strdup ("a bundle needs an exported handler");
  if (weir_deno_bundle_is_wanted (function, plan) && plan->bundle == NULL)
    return g_strdup ("its bundle is not made yet");
  if (plan->own_map != NULL && plan->bundle == NULL)
    return g_strdup_printf ("own %s", plan->own_map);
  if (has_static_files_outside (function))
    return g_strdup ("static_files outside of its folder");
  outside = find_outside_file (function, plan, folders);
  if (outside != NULL && plan->bundle == NULL)
    return g_strdup_printf ("imports %s", outside);
  return NULL;
}

static void
add_places (WeirDenoPermissions *permissions,
            const WeirDenoPlaces *places,
            WeirDenoFolders *folders,
            const char *socket_path)
{
  g_autofree char *packages = g_build_filename (places->deno_dir, "npm", NULL);

  weir_deno_permissions_add_read (permissions, places->bootstrap);
  weir_deno_permissions_add_read (permissions, packages);
  for (guint i = 0; i < folders->shared->len; i++)
    weir_deno_permissions_add_read (permissions, g_ptr_array_index (folders->shared, i));
  weir_deno_permissions_add_socket (permissions, socket_path);
  if (permissions->temporary)
    weir_deno_permissions_add_private (permissions, places->temporary);
}

static void
hide_shared_env_files (WeirDenoPermissions *permissions, WeirDenoFolders *folders)
{
  for (guint i = 0; i < folders->shared->len; i++)
    hide_env_files (permissions, g_ptr_array_index (folders->shared, i));
}

static WeirDenoPermissions *
make_own_permissions (WeirFunction *function,
                      const WeirDenoPlan *plan,
                      const WeirDenoPlaces *places,
                      WeirDenoFolders *folders,
                      const char *socket_path,
                      GError **error)
{
  g_autoptr (WeirDenoPermissions) permissions =
      weir_deno_permissions_new (weir_function_get_settings (function), folders, error);

  if (permissions == NULL)
    return NULL;
  weir_deno_permissions_add_read (permissions, weir_deno_get_own_path (function));
  add_bundles (permissions, folders, weir_deno_get_own_path (function));
  add_places (permissions, places, folders, socket_path);
  for (guint i = 0; plan->files != NULL && plan->files[i] != NULL; i++)
    if (!weir_deno_is_below (plan->files[i], weir_deno_get_own_path (function)))
      weir_deno_permissions_add_read (permissions, plan->files[i]);
  add_static_files (permissions, function, folders);
  return g_steal_pointer (&permissions);
}

static WeirDenoPermissions *
make_group_permissions (WeirFunction *function,
                        GPtrArray *group,
                        const WeirDenoPlaces *places,
                        WeirDenoFolders *folders,
                        const char *socket_path,
                        GError **error)
{
  g_autoptr (WeirDenoPermissions) permissions =
      weir_deno_permissions_new (weir_function_get_settings (function), folders, error);

  if (permissions == NULL)
    return NULL;
  for (guint i = 0; i < group->len; i++)
    {
      weir_deno_permissions_add_read (permissions, g_ptr_array_index (group, i));
      hide_env_files (permissions, g_ptr_array_index (group, i));
      add_bundles (permissions, folders, g_ptr_array_index (group, i));
    }
  hide_shared_env_files (permissions, folders);
  add_places (permissions, places, folders, socket_path);
  return g_steal_pointer (&permissions);
}

/* V8 begins with so little room for what is new that it collects garbage once while it starts and
 * once while it loads a function, a millisecond each, and keeps the copies. With more it does
 * neither, and takes less memory for it. */
static char *
make_v8_flags (gint64 memory_mb)
{
  GString *flags = g_string_new ("--v8-flags=--min-semi-space-size=2");

  if (memory_mb > 0)
    g_string_append_printf (flags, ",--max-old-space-size=%" G_GINT64_FORMAT, memory_mb);
  return g_string_free (flags, FALSE);
}

/* In a bundle it is said already what a map would say; a map that all functions share does no harm
 * there, and leaves the function to the same standbys as the others. */
static gboolean
needs_map (const WeirDenoPlan *plan)
{
  return plan->bundle == NULL || plan->own_map == NULL;
}

static GPtrArray *
make_common_args (WeirFunction *function,
                  const WeirDenoPlan *plan,
                  const WeirDenoPlaces *places,
                  WeirDenoPermissions *permissions)
{
  GPtrArray *argv = g_ptr_array_new_with_free_func (g_free);
  gint64 memory =
      weir_settings_get_integer (weir_function_get_settings (function), "memory_limit_mb");

  g_ptr_array_add (argv, g_strdup (places->executable));
  g_ptr_array_add (argv, g_strdup ("run"));
  if (needs_map (plan))
    {
      weir_deno_append_graph_args (argv, plan);
    }
  else
    {
      g_ptr_array_add (argv, g_strdup ("--no-lock"));
      g_ptr_array_add (argv, g_strdup ("--node-modules-dir=none"));
      g_ptr_array_add (argv, g_strdup ("--no-config"));
    }
  g_ptr_array_add (argv, g_strdup ("--quiet"));
  g_ptr_array_add (argv, g_strdup ("--cached-only"));
  g_ptr_array_add (argv, g_strdup ("--no-prompt"));
  g_ptr_array_add (argv, g_strdup ("--unstable-no-legacy-abort"));
  g_ptr_array_add (argv, make_v8_flags (memory));
  weir_deno_permissions_append_args (permissions, argv);
  return argv;
}

static char *
dup_main_uri (const WeirDenoPlaces *places)
{
  g_autofree char *path = g_build_filename (places->bootstrap, "deno", "main.ts", NULL);

  return g_filename_to_uri (path, NULL, NULL);
}

static char **
make_argv (WeirFunction *function,
           const WeirDenoPlan *plan,
           const WeirDenoPlaces *places,
           WeirDenoPermissions *permissions)
{
  g_autoptr (GPtrArray) argv = make_common_args (function, plan, places, permissions);
  g_autofree char *main_uri = dup_main_uri (places);

  if (plan->is_main)
    {
      g_ptr_array_add (argv, g_strdup_printf ("--preload=%s", main_uri));
      g_ptr_array_add (argv,
                       g_filename_to_uri (weir_function_get_entrypoint (function), NULL, NULL));
    }
  else
    {
      g_ptr_array_add (argv, g_steal_pointer (&main_uri));
    }
  g_ptr_array_add (argv, NULL);
  return (char **) g_ptr_array_steal (argv, NULL);
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
                  WeirDenoFolders *folders,
                  const char *socket_path,
                  GError **error)
{
  g_autoptr (WeirDenoPermissions) permissions = NULL;
  g_auto (GStrv) argv = NULL;
  g_auto (GStrv) variables = NULL;
  g_autofree char *load = NULL;

  if (!check_paths (function, places, socket_path, error))
    return NULL;
  permissions = make_own_permissions (function, plan, places, folders, socket_path, error);
  if (permissions == NULL)
    return NULL;
  hide_env_files (permissions, weir_deno_get_own_path (function));
  hide_shared_env_files (permissions, folders);
  argv = make_argv (function, plan, places, permissions);
  variables = make_environ (places);
  load = weir_deno_load_to_line (function, plan, permissions, places->temporary, socket_path, NULL);
  return weir_launch_new ((const char *const *) argv,
                          (const char *const *) variables,
                          weir_function_get_directory (function),
                          load,
                          socket_path);
}

WeirLaunch *
weir_deno_launch_standby (WeirFunction *function,
                          const WeirDenoPlan *plan,
                          const WeirDenoPlaces *places,
                          WeirDenoFolders *folders,
                          WeirDenoPackages *packages,
                          const char *socket_path,
                          GError **error)
{
  g_autoptr (WeirDenoPermissions) permissions = NULL;
  g_autoptr (GPtrArray) group =
      weir_deno_folders_dup_group (folders, weir_deno_get_own_path (function));
  g_autoptr (GPtrArray) argv = NULL;
  g_autofree char *imports = NULL;
  g_autofree char *versions = NULL;
  g_auto (GStrv) variables = NULL;

  if (!check_paths (function, places, socket_path, error))
    return NULL;
  if (group != NULL)
    permissions = make_group_permissions (function, group, places, folders, socket_path, error);
  if (permissions == NULL)
    {
      if (error != NULL && *error == NULL)
        g_set_error_literal (error, WEIR_ERROR, WEIR_ERROR_FAILED, "The function has moved");
      return NULL;
    }
  argv = make_common_args (function, plan, places, permissions);
  g_ptr_array_add (argv, dup_main_uri (places));
  g_ptr_array_add (argv, NULL);
  imports = weir_deno_packages_choose (packages, group, &versions);
  variables =
      g_environ_setenv (make_environ (places), WEIR_DENO_STANDBY_VARIABLE, socket_path, TRUE);
  variables = g_environ_setenv (variables, WEIR_DENO_PACKAGES_VARIABLE, imports, TRUE);
  return weir_launch_new ((const char *const *) argv->pdata,
                          (const char *const *) variables,
                          weir_function_get_root (function),
                          "",
                          socket_path);
}

static void
append_words (GString *text, GPtrArray *words)
{
  for (guint i = 0; i < words->len; i++)
    g_string_append_printf (text, "%s\n", (char *) g_ptr_array_index (words, i));
}

/* Whatever a standby cannot change any more: two are alike if this is. */
char *
weir_deno_make_standby_key (WeirFunction *function,
                            const WeirDenoPlan *plan,
                            const char *executable,
                            const char *deno_dir,
                            WeirDenoFolders *folders,
                            WeirDenoPackages *packages,
                            GError **error)
{
  WeirSettings *settings = weir_function_get_settings (function);
  g_autoptr (GPtrArray) group =
      weir_deno_folders_dup_group (folders, weir_deno_get_own_path (function));
  g_autoptr (GString) text = g_string_new (NULL);
  g_auto (GStrv) permissions = weir_settings_dup_strv (settings, "permissions");
  g_autofree char *words = g_strjoinv (" ", permissions);
  g_autofree char *imports = NULL;
  g_autofree char *versions = NULL;

  if (group == NULL)
    {
      g_set_error_literal (error,
                           WEIR_ERROR,
                           WEIR_ERROR_NOT_SUPPORTED,
                           "its folder is not in the functions folder");
      return NULL;
    }
  g_string_append_printf (text,
                          "%s\n%s\n%s\n%s\n%s\n%d %" G_GINT64_FORMAT "\n",
                          executable,
                          deno_dir,
                          needs_map (plan) ? plan->import_map : "",
                          needs_map (plan) && plan->config != NULL ? plan->config : "",
                          words,
                          weir_settings_get_boolean (settings, "allow_net"),
                          weir_settings_get_integer (settings, "memory_limit_mb"));
  imports = weir_deno_packages_choose (packages, group, &versions);
  g_string_append_printf (text, "%s\n%s\n", imports, versions);
  append_words (text, folders->shared);
  for (guint i = 0; i < group->len; i++)
    {
      const char *member = g_ptr_array_index (group, i);
      g_autofree char *bundles = weir_deno_folders_dup_bundles (folders, member);

      g_string_append_printf (text, "%s%s\n", member, bundles != NULL ? " bundled" : "");
    }
  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, text->str, text->len);
}

char *
weir_deno_make_load_command (WeirFunction *function,
                             const WeirDenoPlan *plan,
                             const WeirDenoPlaces *places,
                             WeirDenoFolders *folders,
                             WeirLaunch *standby,
                             GError **error)
{
  const char *socket_path = weir_launch_get_socket_path (standby);
  g_autoptr (WeirDenoPermissions) permissions =
      make_own_permissions (function, plan, places, folders, socket_path, error);

  if (permissions == NULL)
    return NULL;
  return weir_deno_load_to_line (function,
                                 plan,
                                 permissions,
                                 places->temporary,
                                 socket_path,
                                 standby);
}
