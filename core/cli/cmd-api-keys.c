/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli-private.h"

#include <string.h>

#include "cli-output-private.h"
#include "cli-store-private.h"

#define A_DAY_MS G_GINT64_CONSTANT (86400000)
/* A server writes when a key was last used; then it is read again. */
#define MAX_ATTEMPTS 10

typedef struct
{
  char *directory;
  char *name;
  char *plan;
  char *expires;
  char **scopes;
  gboolean test;
  gboolean json;
  char **rest;
} Options;

static void
options_clear (Options *self)
{
  g_free (self->directory);
  g_free (self->name);
  g_free (self->plan);
  g_free (self->expires);
  g_strfreev (self->scopes);
  g_strfreev (self->rest);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
parse (Options *options, int argc, char **argv)
{
  const GOptionEntry entries[] = {
    { "name", 0, 0, G_OPTION_ARG_STRING, &options->name, N_ ("What to call the key"), N_ ("NAME") },
    { "test", 0, 0, G_OPTION_ARG_NONE, &options->test, N_ ("Mark it as one for tests"), NULL },
    { "scope",
      0,
      0,
      G_OPTION_ARG_STRING_ARRAY,
      &options->scopes,
      N_ ("What it may do, if not everything; may be repeated"),
      N_ ("SCOPE") },
    { "plan",
      0,
      0,
      G_OPTION_ARG_STRING,
      &options->plan,
      N_ ("The plan that limits its use"),
      N_ ("PLAN") },
    { "expires",
      0,
      0,
      G_OPTION_ARG_STRING,
      &options->expires,
      N_ ("When it ends: 90m, 12h, 30d from now, or a date as 2030-01-31"),
      N_ ("WHEN") },
    CLI_OPTION_DIR ('d', &options->directory),
    CLI_OPTION_JSON (&options->json),
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->rest, NULL, NULL },
    { NULL },
  };

  return cli_parse_options ("api-keys",
                            _ ("create --name NAME | list | revoke NAME|ID"),
                            _ ("create prints the key on the standard output, this once: only "
                               "its digest is kept.\nA server that runs knows it at once, and "
                               "refuses what was revoked within a "
                               "tenth of a second.\nKeys are asked for where weir.toml has "
                               "[authenticators.key]; plans are its [rate_limits]."),
                            entries,
                            &argc,
                            &argv);
}

/* ---- create ---- */

static gint64
now (void)
{
  return g_get_real_time () / 1000;
}

static gint64
unit_ms (const char *unit)
{
  if (g_str_equal (unit, "m"))
    return 60000;
  if (g_str_equal (unit, "h"))
    return 3600000;
  return g_str_equal (unit, "d") ? A_DAY_MS : 0;
}

/* FALSE: it is neither a time from now nor one to come. */
static gboolean
parse_expiry (const char *text, gint64 *expires)
{
  g_autoptr (GTimeZone) zone = g_time_zone_new_local ();
  g_autofree char *whole =
      strchr (text, 'T') == NULL ? g_strconcat (text, "T00:00:00", NULL) : g_strdup (text);
  g_autoptr (GDateTime) date = g_date_time_new_from_iso8601 (whole, zone);
  char *end = NULL;
  guint64 number;

  if (date != NULL)
    {
      *expires = g_date_time_to_unix (date) * 1000;
      return *expires > now ();
    }
  number = g_ascii_strtoull (text, &end, 10);
  if (!g_ascii_isdigit (*text) || unit_ms (end) == 0 || number == 0 || number > 36500 * 1440)
    return FALSE;
  *expires = now () + (gint64) number * unit_ms (end);
  return TRUE;
}

static void
key_json (JsonBuilder *builder, WeirApiKey *key, const char *text)
{
  const struct
  {
    const char *name;
    gint64 time;
  } times[] = { { "created", weir_api_key_get_created (key) },
                { "last_used", weir_api_key_get_last_used (key) },
                { "expires", weir_api_key_get_expires (key) },
                { "revoked", weir_api_key_get_revoked (key) } };

  json_builder_begin_object (builder);
  cli_json_string (builder, "id", weir_api_key_get_id (key));
  cli_json_string (builder, "name", weir_api_key_get_name (key));
  cli_json_string (builder, "prefix", weir_api_key_get_prefix (key));
  if (text != NULL)
    cli_json_string (builder, "key", text);
  cli_json_string (builder, "plan", weir_api_key_get_plan (key));
  cli_json_strv (builder, "scopes", weir_api_key_get_scopes (key));
  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    {
      json_builder_set_member_name (builder, times[i].name);
      if (times[i].time != 0)
        json_builder_add_int_value (builder, times[i].time);
      else
        json_builder_add_null_value (builder);
    }
  json_builder_end_object (builder);
}

static CliExit
fail_create (const char *name, const GError *error)
{
  if (!g_error_matches (error, WEIR_ERROR, WEIR_ERROR_EXISTS))
    return cli_fail (NULL, error);
  cli_print_error (_ ("there is a key named “%s” already"), name);
  cli_print_hint (_ ("revoke that one, or choose another name"));
  return CLI_EXIT_FAILED;
}

#define PLANS "rate_limits."

/* Says which plans there are, if there is none of that name. */
static gboolean
check_plan (WeirServer *server, const char *plan)
{
  WeirSettings *settings = weir_config_get_server_settings (weir_server_get_config (server));
  g_autofree char *option = g_strconcat (PLANS, plan, NULL);
  g_auto (GStrv) names = NULL;
  g_autoptr (GString) known = g_string_new (NULL);

  if (weir_settings_get_string (settings, option) != NULL)
    return TRUE;
  names = weir_settings_dup_names (settings);
  for (guint i = 0; names[i] != NULL; i++)
    if (g_str_has_prefix (names[i], PLANS))
      g_string_append_printf (known, "%s%s", known->len > 0 ? ", " : "", names[i] + strlen (PLANS));
  cli_print_error (_ ("there is no plan “%s”"), plan);
  cli_print_hint (_ ("there are %s; [rate_limits.NAME] in weir.toml makes another one"),
                  known->str);
  return FALSE;
}

static gboolean
asks_for_keys (WeirServer *server)
{
  WeirSettings *settings = weir_config_get_server_settings (weir_server_get_config (server));
  g_auto (GStrv) listed = weir_settings_dup_strv (settings, "auth.authenticators");
  g_auto (GStrv) names = weir_settings_dup_names (settings);

  if (weir_settings_get_value (settings, "auth.authenticators") != NULL)
    return g_strv_contains ((const char *const *) listed, "key");
  for (guint i = 0; names[i] != NULL; i++)
    if (g_str_equal (names[i], "authenticators.key") ||
        g_str_has_prefix (names[i], "authenticators.key."))
      return TRUE;
  return FALSE;
}

static gboolean
has_empty (char **words)
{
  for (; words != NULL && *words != NULL; words++)
    if (**words == '\0')
      return TRUE;
  return FALSE;
}

static CliExit
run_create (WeirServer *server, WeirStore *store, Options *options)
{
  g_autofree char *text = NULL;
  g_autoptr (WeirApiKey) key = NULL;
  g_autoptr (WeirRecord) record = NULL;
  g_autoptr (GError) error = NULL;
  gint64 expires = 0;

  if (options->name == NULL || options->rest[1] != NULL)
    return cli_usage_error ("api-keys", _ ("create needs --name NAME"));
  if (has_empty (options->scopes))
    return cli_usage_error ("api-keys", _ ("--scope is empty: without it, a key may call all"));
  if (options->expires != NULL && !parse_expiry (options->expires, &expires))
    return cli_usage_error ("api-keys",
                            _ ("--expires wants a time to come: 90m, 12h, 30d, or a date as "
                               "2030-01-31"));
  if (options->plan != NULL && !check_plan (server, options->plan))
    return CLI_EXIT_FAILED;
  key = weir_api_key_generate (options->name,
                               options->test,
                               options->plan,
                               (const char *const *) options->scopes,
                               expires,
                               &text,
                               &error);
  if (key == NULL)
    return cli_fail (NULL, error);
  record = weir_api_key_to_record (key);
  if (!cli_apply (store, WEIR_CHANGE_CREATE, record, &error))
    return fail_create (options->name, error);
  if (options->json)
    {
      g_autoptr (JsonBuilder) builder = json_builder_new ();

      key_json (builder, key, text);
      cli_print_json (builder);
      return CLI_EXIT_OK;
    }
  cli_print (stdout, "%s\n", text);
  cli_print_hint (_ ("keep it now: it is not shown again"));
  if (!asks_for_keys (server))
    {
      cli_print_warning (_ ("no function of this project asks for keys yet"));
      cli_print_hint (_ ("write [authenticators.key] into weir.toml"));
    }
  return CLI_EXIT_OK;
}

/* ---- list, revoke ---- */

static GPtrArray *
read_keys (WeirStore *store, GError **error)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func ((GDestroyNotify) weir_api_key_unref);
  g_autoptr (GPtrArray) records = cli_list_records (store, WEIR_API_KEY_KIND, error);

  if (records == NULL)
    return NULL;
  for (guint i = 0; i < records->len; i++)
    {
      WeirApiKey *key = weir_api_key_new_from_record (records->pdata[i], error);

      if (key == NULL)
        return NULL;
      g_ptr_array_add (keys, key);
    }
  return g_steal_pointer (&keys);
}

static int
compare_keys (gconstpointer a, gconstpointer b)
{
  WeirApiKey *const *first = a;
  WeirApiKey *const *second = b;
  gint64 one = weir_api_key_get_created (*first);
  gint64 two = weir_api_key_get_created (*second);

  return one < two ? -1 : one > two ? 1 : 0;
}

static char *
describe_state (WeirApiKey *key)
{
  gint64 last_used = weir_api_key_get_last_used (key);
  gint64 expires = weir_api_key_get_expires (key);
  g_autofree char *ago = NULL;

  if (weir_api_key_get_revoked (key) != 0)
    return g_strdup (_ ("revoked"));
  if (expires != 0 && expires <= now ())
    return g_strdup (_ ("expired"));
  if (last_used == 0)
    return g_strdup (_ ("never used"));
  ago = cli_ago (last_used);
  return g_strdup_printf (_ ("used %s"), ago);
}

static void
list_text (GPtrArray *keys)
{
  if (keys->len == 0)
    cli_print (stderr, _ ("There are no API keys.\n"));
  for (guint i = 0; i < keys->len; i++)
    {
      WeirApiKey *key = keys->pdata[i];
      g_autofree char *name = cli_clean (weir_api_key_get_name (key), FALSE);
      g_autofree char *ago = cli_ago (weir_api_key_get_created (key));
      g_autofree char *state = describe_state (key);

      cli_print (stdout,
                 _ ("  %-20s %s...   created %s   %s\n"),
                 name,
                 weir_api_key_get_prefix (key),
                 ago,
                 state);
    }
}

static CliExit
run_list (WeirServer *server, WeirStore *store, Options *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) keys = read_keys (store, &error);
  g_autoptr (JsonBuilder) builder = NULL;

  if (keys == NULL)
    return cli_fail (NULL, error);
  g_ptr_array_sort (keys, compare_keys);
  if (!options->json)
    {
      list_text (keys);
      return CLI_EXIT_OK;
    }
  builder = json_builder_new ();
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "keys");
  json_builder_begin_array (builder);
  for (guint i = 0; i < keys->len; i++)
    key_json (builder, keys->pdata[i], NULL);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  cli_print_json (builder);
  return CLI_EXIT_OK;
}

/* By id, or by the name of one that is in force. */
static WeirApiKey *
find_key (GPtrArray *keys, const char *wanted)
{
  for (guint i = 0; i < keys->len; i++)
    if (g_str_equal (weir_api_key_get_id (keys->pdata[i]), wanted) ||
        (weir_api_key_get_revoked (keys->pdata[i]) == 0 &&
         g_str_equal (weir_api_key_get_name (keys->pdata[i]), wanted)))
      return keys->pdata[i];
  return NULL;
}

static gboolean
try_revoke (WeirStore *store, const char *wanted, GError **error)
{
  g_autoptr (GPtrArray) keys = read_keys (store, error);
  g_autoptr (WeirApiKey) revoked = NULL;
  g_autoptr (WeirRecord) record = NULL;
  WeirApiKey *key;

  if (keys == NULL)
    return FALSE;
  key = find_key (keys, wanted);
  if (key == NULL)
    {
      g_set_error (error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND, _ ("there is no API key “%s”"), wanted);
      return FALSE;
    }
  revoked = weir_api_key_revoke (key, now ());
  record = weir_api_key_to_record (revoked);
  return cli_apply (store, WEIR_CHANGE_UPDATE, record, error);
}

static CliExit
run_revoke (WeirServer *server, WeirStore *store, Options *options)
{
  g_autoptr (GError) error = NULL;
  const char *wanted = options->rest[1];

  if (wanted == NULL || options->rest[2] != NULL)
    return cli_usage_error ("api-keys", _ ("revoke needs the name or the id of one key"));
  for (guint i = 0; i < MAX_ATTEMPTS; i++)
    {
      g_clear_error (&error);
      if (try_revoke (store, wanted, &error))
        {
          cli_print (stdout, _ ("✔ API key revoked: %s\n"), wanted);
          return CLI_EXIT_OK;
        }
      if (!g_error_matches (error, WEIR_ERROR, WEIR_ERROR_INVALID_STATE))
        break;
    }
  return cli_fail (NULL, error);
}

CliExit
cli_cmd_api_keys (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    CliExit (*run) (WeirServer *server, WeirStore *store, Options *options);
  } actions[] = { { "create", run_create }, { "list", run_list }, { "revoke", run_revoke } };
  g_auto (Options) options = { NULL };
  g_autoptr (WeirServer) server = NULL;
  g_autoptr (GError) error = NULL;
  WeirStore *store;
  CliExit status;

  if (!parse (&options, argc, argv))
    return CLI_EXIT_USAGE;
  for (guint i = 0; options.rest != NULL && i < G_N_ELEMENTS (actions); i++)
    {
      if (!g_str_equal (options.rest[0], actions[i].name))
        continue;
      server = cli_make_server (options.directory, NULL, &status);
      if (server == NULL)
        return status;
      store = weir_server_open_store (server, &error);
      if (store == NULL)
        return cli_fail (NULL, error);
      return actions[i].run (server, store, &options);
    }
  return cli_usage_error ("api-keys", _ ("one of `create`, `list` and `revoke`"));
}
