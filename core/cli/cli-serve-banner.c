/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli-serve-banner-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cli-output-private.h"

#define EXAMPLES 5

static char **
function_names (WeirServer *server)
{
  GListModel *functions = weir_server_get_functions (server);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < g_list_model_get_n_items (functions); i++)
    {
      g_autoptr (WeirFunction) function = g_list_model_get_item (functions, i);
      g_strv_builder_add (builder, weir_function_get_name (function));
    }
  return g_strv_builder_end (builder);
}

static void
banner_json (WeirServer *server, char **uris, char **names, const char *runtime)
{
  g_autoptr (JsonBuilder) builder = cli_event_begin ("listening");
  WeirConfig *config = weir_server_get_config (server);

  cli_json_string (builder, "version", weir_get_version ());
  cli_json_string (builder, "runtime", runtime);
  cli_json_strv (builder, "uris", (const char *const *) uris);
  cli_json_string (builder, "directory", weir_config_get_functions_directory (config));
  cli_json_strv (builder, "functions", (const char *const *) names);
  cli_json_strv (builder, "warnings", weir_config_get_warnings (config));
  cli_json_strv (builder, "problems", weir_server_get_problems (server));
  cli_event_end (builder);
}

static gboolean
is_unix (const char *uri)
{
  return g_str_has_prefix (uri, "unix:");
}

static gboolean
is_exposed (const char *uri)
{
  g_autoptr (GUri) parsed = g_uri_parse (uri, G_URI_FLAGS_NONE, NULL);
  g_autoptr (GInetAddress) address = NULL;

  if (parsed == NULL || is_unix (uri) || g_strcmp0 (g_uri_get_host (parsed), "localhost") == 0)
    return FALSE;
  address = g_inet_address_new_from_string (g_uri_get_host (parsed));
  return address == NULL || !g_inet_address_get_is_loopback (address);
}

static void
print_notes (WeirServer *server, char **uris)
{
  WeirConfig *config = weir_server_get_config (server);
  const char *const *warnings = weir_config_get_warnings (config);
  const char *const *problems = weir_server_get_problems (server);

  for (gsize i = 0; warnings != NULL && warnings[i] != NULL; i++)
    cli_print_warning ("%s", warnings[i]);
  for (gsize i = 0; problems != NULL && problems[i] != NULL; i++)
    cli_print_error ("%s", problems[i]);
  for (gsize i = 0; uris[i] != NULL; i++)
    if (is_exposed (uris[i]))
      cli_print_warning (_ ("whoever reaches this machine at %s may call every function: "
                            "no token is checked"),
                         uris[i]);
}

static void
print_examples (char **uris, char **names)
{
  guint n = g_strv_length (names);
  const char *base = is_unix (uris[0]) ? "" : uris[0];

  for (guint i = 0; i < MIN (n, EXAMPLES); i++)
    cli_print (stdout, "  - %s/functions/v1/%s\n", base, names[i]);
  if (n > EXAMPLES)
    cli_print (stdout,
               g_dngettext (GETTEXT_PACKAGE,
                            "  ... and %u more function\n",
                            "  ... and %u more functions\n",
                            n - EXAMPLES),
               n - EXAMPLES);
}

static void
banner_text (WeirServer *server, char **uris, char **names, const char *runtime)
{
  WeirConfig *config = weir_server_get_config (server);
  const char *directory = weir_config_get_functions_directory (config);
  g_autofree char *title = g_strdup_printf ("Weir %s", weir_get_version ());
  g_autofree char *bold = cli_styled (stdout, CLI_STYLE_BOLD, title);

  cli_print (stdout, "%s%s%s\n", bold, runtime != NULL ? ", " : "", runtime != NULL ? runtime : "");
  for (gsize i = 0; uris[i] != NULL; i++)
    {
      if (is_unix (uris[i]))
        cli_print (stdout, _ ("Serving functions on the socket %s\n"), uris[i] + strlen ("unix:"));
      else
        cli_print (stdout, _ ("Serving functions on %s/functions/v1/<function-name>\n"), uris[i]);
    }
  if (names[0] == NULL)
    cli_print (stdout,
               _ ("No functions in %s yet. Write the first one: weir new hello\n"),
               directory);
  else if (uris[0] != NULL)
    print_examples (uris, names);
}

void
cli_serve_banner_print (WeirServer *server, gboolean json)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) uris = weir_server_dup_uris (server);
  g_auto (GStrv) names = function_names (server);
  g_autofree char *runtime = weir_server_dup_runtime_version (server, &error);

  if (json)
    {
      banner_json (server, uris, names, runtime);
      return;
    }
  banner_text (server, uris, names, runtime);
  print_notes (server, uris);
  if (error != NULL)
    {
      cli_print_error (_ ("no function can run: %s"), error->message);
      cli_print_hint (_ ("`weir doctor` says how to mend it"));
    }
}
