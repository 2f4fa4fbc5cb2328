/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* All that a start would say, without one. */

#include "server/weir-server-private.h"

#include "config/weir-supabase-auth-private.h"
#include "server/weir-authentication-private.h"
#include "server/weir-function-parts-private.h"
#include "server/weir-route-rules-private.h"
#include "store/weir-discovery-private.h"

/* Nobody listens at it. */
#define SOCKET "/run/weir-check.sock"

static void
take_error (GPtrArray *problems, GError *error)
{
  if (error != NULL)
    g_ptr_array_add (problems, g_strdup (error->message));
}

/* Takes what was made, or why it was not. That a plugin is not installed is no fault of the
 * configuration, unless a file asks for it. */
static void
take_made (WeirServer *self, GPtrArray *problems, const char *option, gpointer made, GError *error)
{
  WeirSettings *settings = weir_config_get_server_settings (self->config);
  const char *origin = option != NULL ? weir_settings_get_origin (settings, option) : NULL;

  if (!g_error_matches (error, WEIR_PLUGIN_ERROR, WEIR_PLUGIN_ERROR_NOT_FOUND) ||
      (origin != NULL && !g_str_equal (origin, "built-in")))
    take_error (problems, error);
  g_clear_object (&made);
  g_clear_error (&error);
}

static void
check_stores (WeirServer *self, GPtrArray *problems)
{
  const char *secrets =
      weir_settings_get_string (weir_config_get_server_settings (self->config), "secrets");
  GError *error = NULL;
  gpointer made = weir_extensions_make_store (self->plugins, self->config, &error);

  take_made (self, problems, "store", made, g_steal_pointer (&error));
  if (g_strcmp0 (secrets, "auto") == 0)
    return;
  made = weir_extensions_make_secret_store (self->plugins, self->config, secrets, &error);
  take_made (self, problems, "secrets", made, error);
}

static void
check_plugins (WeirServer *self, GPtrArray *problems, WeirRuntime **runtime)
{
  g_autoptr (GPtrArray) made_here = g_ptr_array_new_with_free_func (g_object_unref);
  GError *error = NULL;

  weir_extensions_make_adapters (self->plugins, self->config, made_here, &error);
  take_made (self, problems, "adapter", NULL, g_steal_pointer (&error));
  *runtime = weir_extensions_make_runtime (self->plugins, self->config, &error);
  take_made (self, problems, NULL, NULL, g_steal_pointer (&error));
  weir_extensions_make_rate_limits (self->plugins, self->config, made_here, &error);
  take_error (problems, error);
  g_clear_error (&error);
  weir_extensions_make_stages (self->plugins, self->config, made_here, &error);
  take_error (problems, error);
  g_clear_error (&error);
  check_stores (self, problems);
  weir_authentication_check (self->plugins, self->stores, self->config, problems);
}

/* Permissions, maps of modules and the like, which only the runtime understands. Whether it is
 * there itself is for `weir doctor` to say. */
static void
check_launch (WeirRuntime *runtime, WeirFunction *function, GPtrArray *problems)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WeirLaunch) launch = NULL;

  if (!weir_settings_get_boolean (weir_function_get_settings (function), "enabled"))
    return;
  launch = weir_runtime_launch (runtime, function, SOCKET, &error);
  if (!g_error_matches (error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND))
    take_error (problems, error);
}

static void
check_function (const WeirFunctionParts *parts,
                const char *name,
                const char *directory,
                const char *entrypoint,
                WeirRuntime *runtime,
                GListStore *functions,
                GPtrArray *problems)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WeirFunction) function =
      weir_function_parts_assemble (parts, name, directory, entrypoint, &error);

  if (function != NULL)
    g_list_store_append (functions, function);
  if (function != NULL && runtime != NULL)
    check_launch (runtime, function, problems);
  take_error (problems, error);
}

static void
check_functions (WeirServer *self, WeirRuntime *runtime, GPtrArray *problems)
{
  const char *root = weir_config_get_functions_directory (self->config);
  g_autoptr (GError) error = NULL;
  g_autoptr (WeirDiscovery) found =
      weir_discovery_scan (root, weir_config_get_supabase_auth (self->config) != NULL, &error);
  g_autoptr (WeirCensor) censor = weir_censor_new ();
  g_autoptr (GListStore) functions = g_list_store_new (WEIR_TYPE_FUNCTION);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) conflicts = NULL;
  g_auto (GStrv) configured = weir_config_dup_function_names (self->config);
  const char *const none[] = { NULL };
  const WeirFunctionParts parts = {
    .config = self->config,
    .uri = "http://127.0.0.1",
    .secrets = none,
    .host = none,
    .censor = censor,
  };

  if (found == NULL)
    {
      take_error (problems, error);
      return;
    }
  for (guint i = 0; i < found->problems->len; i++)
    g_ptr_array_add (problems, g_strdup (found->problems->pdata[i]));
  for (guint i = 0; i < found->candidates->len; i++)
    {
      const WeirCandidate *candidate = found->candidates->pdata[i];

      g_hash_table_add (seen, candidate->name);
      check_function (&parts,
                      candidate->name,
                      candidate->directory,
                      candidate->entrypoint,
                      runtime,
                      functions,
                      problems);
    }
  for (guint i = 0; configured[i] != NULL; i++)
    {
      g_autofree char *directory = g_build_filename (root, configured[i], NULL);

      if (!g_hash_table_contains (seen, configured[i]))
        check_function (&parts, configured[i], directory, NULL, runtime, functions, problems);
    }
  conflicts = weir_route_rules_find_conflicts (G_LIST_MODEL (functions));
  for (guint i = 0; i < conflicts->len; i++)
    g_ptr_array_add (problems, g_strdup (conflicts->pdata[i]));
}

static gboolean
text_equal (gconstpointer a, gconstpointer b)
{
  return g_str_equal (a, b);
}

/**
 * weir_server_check:
 * @self: a server that does not run
 *
 * Looks for all that would keep the server, or one of its functions, from being started: in the
 * configuration, in the options of plugins, and in the folder of the functions. The runtime is
 * asked for the command of a worker of each. Nothing is started, and no address is bound; plugins
 * are loaded, and a store that an authenticator needs is opened.
 *
 * Returns: (transfer full) (array zero-terminated=1): what is wrong, each with its place where
 *   it has one and with what to do; empty when all is fine
 *
 * Since: 1.0
 */
char **
weir_server_check (WeirServer *self)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (WeirRuntime) runtime = NULL;
  g_autoptr (GError) error = NULL;
  const char *const *told;

  g_return_val_if_fail (WEIR_IS_SERVER (self), NULL);

  told = weir_config_get_problems (self->config);
  for (gsize i = 0; told[i] != NULL; i++)
    g_ptr_array_add (found, g_strdup (told[i]));
  if (!self->extensions_loaded)
    self->extensions_loaded = weir_extensions_load (self->plugins, self->config, &error);
  if (self->extensions_loaded)
    check_plugins (self, found, &runtime);
  take_error (found, error);
  check_functions (self, runtime, found);
  weir_stores_recall (self->stores);

  for (guint i = 0; i < found->len; i++)
    {
      guint first;

      g_ptr_array_find_with_equal_func (found, found->pdata[i], text_equal, &first);
      if (first == i)
        g_strv_builder_add (builder, found->pdata[i]);
    }
  return g_strv_builder_end (builder);
}
