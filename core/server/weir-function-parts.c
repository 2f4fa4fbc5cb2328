/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-function-parts-private.h"

#include "base/weir-error.h"
#include "server/weir-function-environ-private.h"
#include "store/weir-function-private.h"

static char *
find_entrypoint (const WeirFunctionParts *self,
                 WeirSettings *settings,
                 const char *name,
                 const char *directory,
                 const char *found,
                 GError **error)
{
  const char *configured = weir_settings_get_string (settings, "entrypoint");
  g_autofree char *entrypoint = NULL;

  if (configured != NULL && *configured != '\0')
    entrypoint = g_canonicalize_filename (configured, directory);
  else
    entrypoint = g_strdup (found);
  if (entrypoint != NULL && g_file_test (entrypoint, G_FILE_TEST_IS_REGULAR))
    return g_steal_pointer (&entrypoint);

  g_set_error (error,
               WEIR_ERROR,
               WEIR_ERROR_NOT_FOUND,
               "%s: the function “%s” is configured but has no code: write %s, or take the "
               "section out",
               configured != NULL ? weir_settings_get_origin (settings, "entrypoint")
                                  : weir_config_get_directory (self->config),
               name,
               entrypoint != NULL ? entrypoint : "its index.ts");

  return NULL;
}

static char **
make_environ (const WeirFunctionParts *self,
              WeirSettings *settings,
              const char *name,
              const char *home,
              GError **error)
{
  const WeirSupabaseAuth *auth = weir_config_get_supabase_auth (self->config);
  g_autoptr (WeirSupabaseKeys) keys = NULL;
  g_auto (GStrv) own = NULL;
  char **env;

  own = weir_config_dup_function_environ_with (self->config, name, home, self->secrets, error);
  if (own == NULL)
    return NULL;
  keys = weir_supabase_keys_new (auth, error);
  if (keys == NULL)
    return NULL;
  env = weir_function_environ_complete (own, name, self->uri, keys);
  /* A project is of one kind: what belongs to another would only be in the way. */
  if (auth == NULL)
    env = weir_function_environ_add_fluxbase (env,
                                              name,
                                              weir_settings_get_string (settings, "namespace"),
                                              self->uri,
                                              self->secrets,
                                              self->host);
  weir_censor_add_environ (self->censor, (const char *const *) env);

  return env;
}

WeirFunction *
weir_function_parts_assemble (const WeirFunctionParts *self,
                              const char *name,
                              const char *directory,
                              const char *found,
                              GError **error)
{
  g_autoptr (WeirSettings) settings = NULL;
  g_autofree char *entrypoint = NULL;
  g_autofree char *home = NULL;
  g_auto (GStrv) env = NULL;

  settings = weir_config_dup_function_settings (self->config, name, directory, error);
  if (settings == NULL || !weir_settings_get_boolean (settings, "enabled"))
    return NULL;
  entrypoint = find_entrypoint (self, settings, name, directory, found, error);
  if (entrypoint == NULL)
    return NULL;

  /* One that only configuration names need not have a folder of its name. */
  if (g_file_test (directory, G_FILE_TEST_IS_DIR))
    home = g_strdup (directory);
  else
    home = g_path_get_dirname (entrypoint);
  env = make_environ (self, settings, name, home, error);
  if (env == NULL)
    return NULL;

  return weir_function_new_with_secrets (name,
                                         home,
                                         weir_config_get_functions_directory (self->config),
                                         entrypoint,
                                         settings,
                                         (const char *const *) env,
                                         self->secrets,
                                         self->revision);
}
