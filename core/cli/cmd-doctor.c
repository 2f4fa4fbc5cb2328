/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli-private.h"

#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "cli-http-private.h"
#include "cli-output-private.h"

typedef enum
{
  FINDING_GOOD,
  FINDING_NOTE, /* works, but should be known */
  FINDING_BAD,  /* weir serve cannot do its work */
} FindingKind;

typedef struct
{
  FindingKind kind;
  char *subject;
  char *message;
  char *remedy; /* a command or an advice, or NULL */
} Finding;

static void
finding_free (Finding *self)
{
  g_free (self->subject);
  g_free (self->message);
  g_free (self->remedy);
  g_free (self);
}

static void add (GPtrArray *findings,
                 FindingKind kind,
                 const char *subject,
                 const char *remedy,
                 const char *format,
                 ...) G_GNUC_PRINTF (5, 6);

static void
add (GPtrArray *findings,
     FindingKind kind,
     const char *subject,
     const char *remedy,
     const char *format,
     ...)
{
  Finding *finding = g_new0 (Finding, 1);
  va_list args;

  va_start (args, format);
  finding->kind = kind;
  finding->subject = g_strdup (subject);
  finding->message = g_strdup_vprintf (format, args);
  finding->remedy = g_strdup (remedy);
  va_end (args);
  g_ptr_array_add (findings, finding);
}

static gboolean
has_functions_folder (WeirConfig *config)
{
  const char *root = weir_config_get_functions_directory (config);

  return root != NULL && g_file_test (root, G_FILE_TEST_IS_DIR);
}

static void
check_config (GPtrArray *findings, WeirConfig *config, const char *directory)
{
  const char *const *problems = weir_config_get_problems (config);
  g_autoptr (GError) error = NULL;
  WeirConfig *loaded = weir_config_load (directory, NULL, &error);
  /* That nothing was written yet is no fault; check_functions says so. */
  gboolean is_new = g_error_matches (error, WEIR_CONFIG_ERROR, WEIR_CONFIG_ERROR_READ) &&
                    !has_functions_folder (config);
  gboolean good = TRUE;

  g_clear_object (&loaded); /* only its error was wanted */
  for (gsize i = 0; problems != NULL && problems[i] != NULL; i++)
    if (!is_new || g_strcmp0 (problems[i], error->message) != 0)
      {
        add (findings, FINDING_BAD, _ ("configuration"), "weir config check", "%s", problems[i]);
        good = FALSE;
      }
  if (good)
    add (findings, FINDING_GOOD, _ ("configuration"), NULL, "%s", _ ("no problem"));
}

/* Where the runtime looks for a Deno of Weir's own; the set-up script puts one there. */
static char *
deno_prefix (void)
{
  return g_build_filename (g_get_user_data_dir (), "weir", "deno", NULL);
}

/* Who names a Deno gets that one or none. */
static char *
dup_deno_remedy (WeirConfig *config)
{
  g_autoptr (GVariant) options = weir_config_dup_plugin_options (config, "runtime", "deno");
  const char *named = NULL;
  g_autofree char *prefix = deno_prefix ();
  g_autofree char *quoted = g_shell_quote (prefix);

  if (options != NULL && g_variant_lookup (options, "executable", "&s", &named) && *named != '\0')
    return g_strdup (_ ("correct “executable” of [runtimes.deno], or take it out"));
  if (g_getenv ("WEIR_DENO") != NULL)
    return g_strdup ("unset WEIR_DENO");
  return g_strdup_printf ("npm install --prefix %s deno@2", quoted);
}

static void
check_deno (GPtrArray *findings, WeirConfig *config)
{
  g_autoptr (WeirPluginEngine) engine = cli_plugin_engine_new (config);
  g_autoptr (GError) error = NULL;
  g_autofree char *remedy = dup_deno_remedy (config);
  g_autofree char *version = NULL;
  g_autoptr (GObject) runtime =
      cli_create_extension (engine, config, WEIR_TYPE_RUNTIME, "runtime", "deno", &error);

  if (runtime == NULL)
    {
      add (findings, FINDING_BAD, _ ("runtime"), "weir plugin list", "%s", error->message);
      return;
    }
  version = weir_runtime_probe (WEIR_RUNTIME (runtime), &error);
  if (version == NULL)
    add (findings, FINDING_BAD, "Deno", remedy, "%s", error->message);
  else
    add (findings, FINDING_GOOD, "Deno", NULL, "%s", version);
}

/* The packages that functions import come from the npm registry once and from this copy
 * afterwards. */
static void
check_cache (GPtrArray *findings, WeirConfig *config)
{
  g_autoptr (GVariant) options = weir_config_dup_plugin_options (config, "runtime", "deno");
  const char *configured = NULL;
  g_autofree char *cache = NULL;
  g_autofree char *npm = NULL;
  g_autofree char *parent = NULL;

  if (options != NULL)
    g_variant_lookup (options, "cache", "&s", &configured);
  if (configured == NULL)
    configured = g_getenv ("DENO_DIR");
  cache = configured != NULL ? g_canonicalize_filename (configured, NULL)
                             : g_build_filename (g_get_user_cache_dir (), "deno", NULL);
  npm = g_build_filename (cache, "npm", NULL);
  /* What does not exist yet is made, if the nearest folder above it lets us. */
  for (parent = g_strdup (cache); !g_file_test (parent, G_FILE_TEST_EXISTS);)
    {
      char *above = g_path_get_dirname (parent);
      g_free (parent);
      parent = above;
    }
  if (access (parent, W_OK | X_OK) != 0)
    add (findings,
         FINDING_BAD,
         _ ("npm packages"),
         "export DENO_DIR=/tmp/deno",
         _ ("%s cannot be written: packages cannot be fetched"),
         parent);
  else if (g_file_test (npm, G_FILE_TEST_IS_DIR))
    add (findings, FINDING_GOOD, _ ("npm packages"), NULL, _ ("kept in %s"), npm);
  else
    add (findings,
         FINDING_GOOD,
         _ ("npm packages"),
         NULL,
         _ ("none fetched yet; they will be kept in %s"),
         npm);
}

static void
check_adapter (GPtrArray *findings, WeirConfig *config)
{
  g_autoptr (WeirPluginEngine) engine = cli_plugin_engine_new (config);
  WeirSettings *settings = weir_config_get_server_settings (config);
  const char *name = weir_settings_get_string (settings, "adapter");
  g_autoptr (GError) error = NULL;
  g_autoptr (GObject) adapter = NULL;

  if (name == NULL)
    return;
  adapter = cli_create_extension (engine, config, WEIR_TYPE_ADAPTER, "adapter", name, &error);
  if (adapter == NULL)
    add (findings, FINDING_BAD, _ ("adapter"), "weir plugin list", "%s", error->message);
  else
    add (findings, FINDING_GOOD, _ ("adapter"), NULL, "%s", name);
}

static void
check_functions (GPtrArray *findings, WeirConfig *config)
{
  const char *root = weir_config_get_functions_directory (config);

  if (!has_functions_folder (config))
    add (findings,
         FINDING_NOTE,
         _ ("functions"),
         "weir new hello",
         _ ("there is no folder of functions here yet"));
  else if (access (root, R_OK | X_OK) != 0)
    {
      g_autofree char *quoted = g_shell_quote (root);
      g_autofree char *remedy = g_strdup_printf ("chmod u+rx %s", quoted);
      add (findings, FINDING_BAD, _ ("functions"), remedy, _ ("%s cannot be read"), root);
    }
  else
    add (findings, FINDING_GOOD, _ ("functions"), NULL, "%s", root);
}

/* The path of a socket has room for 107 bytes, which a long folder would use up. */
#define MAX_SOCKET_FOLDER 48

static void
check_sockets (GPtrArray *findings)
{
  const char *directory = g_getenv ("XDG_RUNTIME_DIR");

  if (directory == NULL || strlen (directory) > MAX_SOCKET_FOLDER ||
      access (directory, W_OK | X_OK) != 0)
    directory = "/tmp";
  if (access (directory, W_OK | X_OK) == 0)
    add (findings, FINDING_GOOD, _ ("sockets"), NULL, "%s", directory);
  else
    add (findings,
         FINDING_BAD,
         _ ("sockets"),
         "export XDG_RUNTIME_DIR=$HOME/.weir-run; mkdir -p -m 700 $XDG_RUNTIME_DIR",
         _ ("%s cannot be written: workers have no place for their sockets"),
         directory);
}

static gboolean
try_bind (const char *listen, GError **error)
{
  g_autoptr (GSocketConnectable) connectable = g_network_address_parse (listen, 0, error);
  g_autoptr (GSocketAddressEnumerator) enumerator = NULL;
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GSocket) socket = NULL;

  if (connectable == NULL)
    return FALSE;
  enumerator = g_socket_connectable_enumerate (connectable);
  address = g_socket_address_enumerator_next (enumerator, NULL, error);
  if (address == NULL)
    return FALSE;
  socket = g_socket_new (g_socket_address_get_family (address),
                         G_SOCKET_TYPE_STREAM,
                         G_SOCKET_PROTOCOL_DEFAULT,
                         error);
  return socket != NULL && g_socket_bind (socket, address, TRUE, error) &&
         g_socket_listen (socket, error);
}

static GSocketAddress *
parse_unix (const char *path)
{
  if (*path == '@')
    return g_unix_socket_address_new_with_type (path + 1, -1, G_UNIX_SOCKET_ADDRESS_ABSTRACT);
  return g_unix_socket_address_new (path);
}

/* Not bound, to try it: that would be to remove what another left there. */
static void
check_unix (GPtrArray *findings, const char *path)
{
  g_autoptr (GSocketConnectable) address = G_SOCKET_CONNECTABLE (parse_unix (path));
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnection) connection =
      g_socket_client_connect (client, address, NULL, &error);
  g_autofree char *folder = g_path_get_dirname (path);

  if (connection != NULL)
    add (findings, FINDING_GOOD, _ ("address"), NULL, _ ("a server answers at unix:%s"), path);
  else if (*path == '@' || g_access (folder, W_OK | X_OK) == 0)
    add (findings, FINDING_GOOD, _ ("address"), NULL, _ ("%s is free"), path);
  else
    add (findings,
         FINDING_BAD,
         _ ("address"),
         "weir serve --listen unix:$XDG_RUNTIME_DIR/weir.sock",
         _ ("unix:%s cannot be made: %s"),
         path,
         g_strerror (errno));
}

static void
check_ports (GPtrArray *findings, WeirConfig *config)
{
  WeirSettings *settings = weir_config_get_server_settings (config);
  g_auto (GStrv) listen = weir_settings_dup_strv (settings, "listen");

  for (gsize i = 0; listen[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *base = cli_http_base_for_listen (listen[i]);

      if (g_str_has_prefix (listen[i], "unix:"))
        check_unix (findings, listen[i] + strlen ("unix:"));
      else if (try_bind (listen[i], &error))
        add (findings, FINDING_GOOD, _ ("address"), NULL, _ ("%s is free"), listen[i]);
      else if (base != NULL && cli_http_is_weir (base))
        add (findings, FINDING_GOOD, _ ("address"), NULL, _ ("a Weir serves at %s"), base);
      else
        add (findings,
             FINDING_BAD,
             _ ("address"),
             "weir serve --listen 127.0.0.1:0",
             _ ("%s cannot be used: %s"),
             listen[i],
             error != NULL ? error->message : "");
    }
}

static const char *
kind_word (FindingKind kind)
{
  switch (kind)
    {
    case FINDING_GOOD:
      return "good";
    case FINDING_NOTE:
      return "note";
    case FINDING_BAD:
      return "bad";
    }
  return "bad";
}

static CliStyle
kind_style (FindingKind kind)
{
  switch (kind)
    {
    case FINDING_GOOD:
      return CLI_STYLE_GREEN;
    case FINDING_NOTE:
      return CLI_STYLE_YELLOW;
    case FINDING_BAD:
      return CLI_STYLE_RED;
    }
  return CLI_STYLE_PLAIN;
}

static void
print_finding (Finding *finding)
{
  g_autofree char *word =
      cli_styled (stdout, kind_style (finding->kind), kind_word (finding->kind));
  g_autofree char *message = cli_clean (finding->message, FALSE);

  cli_print (stdout, "%s  %s: %s\n", word, finding->subject, message);
  if (finding->remedy != NULL)
    cli_print (stdout, "      %s %s\n", _ ("try:"), finding->remedy);
}

static void
print_json (GPtrArray *findings)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_array (builder);
  for (guint i = 0; i < findings->len; i++)
    {
      Finding *finding = g_ptr_array_index (findings, i);

      json_builder_begin_object (builder);
      cli_json_string (builder, "result", kind_word (finding->kind));
      cli_json_string (builder, "subject", finding->subject);
      cli_json_string (builder, "message", finding->message);
      cli_json_string (builder, "remedy", finding->remedy);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  cli_print_json (builder);
}

static CliExit
report (GPtrArray *findings, gboolean json)
{
  CliExit status = CLI_EXIT_OK;

  if (json)
    print_json (findings);
  for (guint i = 0; i < findings->len; i++)
    {
      Finding *finding = g_ptr_array_index (findings, i);

      if (!json)
        print_finding (finding);
      if (finding->kind == FINDING_BAD)
        status = CLI_EXIT_FAILED;
    }
  return status;
}

CliExit
cli_cmd_doctor (int argc, char **argv)
{
  gboolean json = FALSE;
  g_auto (GStrv) rest = NULL;
  g_autoptr (WeirConfig) config = NULL;
  g_autoptr (GPtrArray) findings = g_ptr_array_new_with_free_func ((GDestroyNotify) finding_free);
  const char *directory;
  const GOptionEntry entries[] = {
    CLI_OPTION_JSON (&json),
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &rest, NULL, NULL },
    { NULL },
  };

  if (!cli_parse_options ("doctor",
                          _ ("[FOLDER]"),
                          _ ("Looks at everything that `weir serve` needs, and says how to mend "
                             "what is missing."),
                          entries,
                          &argc,
                          &argv))
    return CLI_EXIT_USAGE;
  if (rest != NULL && g_strv_length (rest) > 1)
    return cli_usage_error ("doctor", _ ("one folder, not %u"), g_strv_length (rest));
  directory = rest != NULL ? rest[0] : ".";
  if (cli_check_directory (directory) != CLI_EXIT_OK)
    return CLI_EXIT_NOT_FOUND;
  config = weir_config_check (directory, NULL);
  check_config (findings, config, directory);
  check_deno (findings, config);
  check_cache (findings, config);
  check_adapter (findings, config);
  check_functions (findings, config);
  check_sockets (findings);
  check_ports (findings, config);
  return report (findings, json);
}
