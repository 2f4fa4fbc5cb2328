/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli-private.h"

#include <string.h>
#include <unistd.h>

#include "cli-ask-private.h"
#include "cli-output-private.h"
#include "cli-store-private.h"

/* What a secret may have, and a line end. */
#define MAX_VALUE (64 * 1024 + 2)
#define MAX_OF_USER (24 * 1024)
/* What a secret takes beside its name and its value. */
#define EACH 6

typedef struct
{
  char *directory;
  char *env_file;
  char *user;
  gboolean json;
  char **rest;
} Options;

static void
options_clear (Options *self)
{
  g_free (self->directory);
  g_free (self->env_file);
  g_free (self->user);
  g_strfreev (self->rest);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
parse (Options *options, int argc, char **argv)
{
  const GOptionEntry entries[] = {
    CLI_OPTION_DIR ('d', &options->directory),
    { "env-file",
      0,
      0,
      G_OPTION_ARG_FILENAME,
      &options->env_file,
      N_ ("Set all that is in a .env file"),
      N_ ("FILE") },
    { "user",
      0,
      0,
      G_OPTION_ARG_STRING,
      &options->user,
      N_ ("The secrets of one user, instead of those of all functions"),
      N_ ("ID") },
    CLI_OPTION_JSON (&options->json),
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->rest, NULL, NULL },
    { NULL },
  };

  return cli_parse_options ("secrets",
                            _ ("set [NAME[=VALUE]]… | list | unset NAME…"),
                            _ ("set without a value asks for it, or reads it from the standard "
                               "input, where no\nother user of the machine can see it. list "
                               "shows names only. Functions that run see\na change at once."),
                            entries,
                            &argc,
                            &argv);
}

/* ---- set ---- */

static void
wipe (char *text)
{
  if (text != NULL)
    explicit_bzero (text, strlen (text));
  g_free (text);
}

static char *
ask (const char *name)
{
  g_autofree char *question = g_strdup_printf (_ ("Value of %s: "), name);

  return cli_ask_hidden (question);
}

/* Without the last line end: that is how `echo` and editors write. NULL for nothing at all, as of
 * a command before a pipe that failed: who means that writes "NAME=". */
static char *
read_input (void)
{
  g_autofree char *value = g_malloc (MAX_VALUE + 1);
  gsize length = 0;
  gssize n;

  while (length < MAX_VALUE && (n = read (STDIN_FILENO, value + length, MAX_VALUE - length)) > 0)
    length += n;
  value[length] = '\0';
  if (length == 0 || strlen (value) != length)
    {
      explicit_bzero (value, length);
      return NULL;
    }
  if (length > 0 && value[length - 1] == '\n')
    value[--length] = '\0';
  if (length > 0 && value[length - 1] == '\r')
    value[--length] = '\0';
  return g_steal_pointer (&value);
}

/* FALSE: it was said why, and nothing of the value. */
static gboolean
add_secret (GPtrArray *secrets, const char *scope, const char *name, const char *value)
{
  g_autoptr (GError) error = NULL;

  if (weir_secret_check_name (name, &error) && weir_secret_check_value (name, value, &error))
    {
      g_ptr_array_add (secrets, weir_secret_new (scope, name, value, 0));
      return TRUE;
    }
  if (g_error_matches (error, WEIR_ERROR, WEIR_ERROR_FORBIDDEN))
    {
      cli_print_warning (_ ("%s is skipped: names that begin with SUPABASE_ belong to the "
                            "platform"),
                         name);
      return TRUE;
    }
  cli_print_error ("%s", error->message);
  return FALSE;
}

static gboolean
add_file (GPtrArray *secrets, const char *scope, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      cli_print_error (_ ("%s: there is no such file"), path);
      return FALSE;
    }
  lines = weir_env_file_load (path, NULL, &error);
  if (lines == NULL)
    {
      cli_print_error ("%s", error->message);
      return FALSE;
    }
  for (gsize i = 0; lines[i] != NULL; i++)
    {
      g_autofree char *name = g_strndup (lines[i], strcspn (lines[i], "="));

      if (!add_secret (secrets, scope, name, lines[i] + strlen (name) + 1))
        return FALSE;
    }
  return TRUE;
}

static gboolean
add_argument (GPtrArray *secrets, const char *scope, const char *argument)
{
  const char *equals = strchr (argument, '=');
  g_autofree char *name = g_strndup (argument, strcspn (argument, "="));
  char *value;
  gboolean ok;

  if (equals != NULL)
    return add_secret (secrets, scope, name, equals + 1);
  value = isatty (STDIN_FILENO) ? ask (name) : read_input ();
  if (value == NULL)
    {
      cli_print_error (_ ("%s: no value came on the standard input"), name);
      return FALSE;
    }
  ok = add_secret (secrets, scope, name, value);
  wipe (value);
  return ok;
}

static guint
count_without_value (char **arguments)
{
  guint n = 0;

  for (; *arguments != NULL; arguments++)
    n += strchr (*arguments, '=') == NULL;
  return n;
}

static gboolean
is_among (GPtrArray *secrets, const char *name)
{
  for (guint i = 0; i < secrets->len; i++)
    if (g_str_equal (weir_secret_get_name (secrets->pdata[i]), name))
      return TRUE;
  return FALSE;
}

static GPtrArray *
list_secrets (WeirSecretStore *store, const char *scope, gboolean values, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  weir_secret_store_list_async (store, scope, values, NULL, cli_on_answer, &result);
  return weir_secret_store_list_finish (store, cli_wait (&result), error);
}

static gsize
measure (GPtrArray *secrets, GPtrArray *except)
{
  gsize size = 0;

  for (guint i = 0; i < secrets->len; i++)
    {
      const char *name = weir_secret_get_name (secrets->pdata[i]);

      if (except == NULL || !is_among (except, name))
        size += strlen (name) + strlen (weir_secret_get_value (secrets->pdata[i])) + EACH;
    }
  return size;
}

/* Those of one user go with each request. */
static gboolean
fits (const char *scope, GPtrArray *before, GPtrArray *secrets)
{
  gsize size;

  if (g_str_equal (scope, WEIR_SECRET_SYSTEM))
    return TRUE;
  size = measure (before, secrets) + measure (secrets, NULL);
  if (size <= MAX_OF_USER)
    return TRUE;
  cli_print_error (_ ("the secrets of one user may be %d KB together, and these would be %.1f KB; "
                      "nothing was changed"),
                   MAX_OF_USER / 1024,
                   size / 1024.0);
  return FALSE;
}

static CliExit
set_all (WeirSecretStore *store, const char *scope, GPtrArray *secrets)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean values = !g_str_equal (scope, WEIR_SECRET_SYSTEM);
  g_autoptr (GPtrArray) before = list_secrets (store, scope, values, &error);

  if (before == NULL)
    return cli_fail (NULL, error);
  if (!fits (scope, before, secrets))
    return CLI_EXIT_FAILED;
  weir_secret_store_set_async (store, secrets, NULL, cli_on_answer, &result);
  if (!weir_secret_store_set_finish (store, cli_wait (&result), &error))
    return cli_fail (NULL, error);
  for (guint i = 0; i < secrets->len; i++)
    {
      const char *name = weir_secret_get_name (secrets->pdata[i]);

      if (is_among (before, name))
        cli_print (stdout, _ ("✔ Secret updated: %s\n"), name);
      else
        cli_print (stdout, _ ("✔ Secret set: %s\n"), name);
    }
  return CLI_EXIT_OK;
}

static CliExit
run_set (WeirSecretStore *store, const char *scope, Options *options)
{
  g_autoptr (GPtrArray) secrets =
      g_ptr_array_new_with_free_func ((GDestroyNotify) weir_secret_unref);
  char **arguments = options->rest + 1;

  if (options->env_file == NULL && *arguments == NULL)
    return cli_usage_error ("secrets", _ ("name a secret, or give --env-file"));
  if (count_without_value (arguments) > 1 && !isatty (STDIN_FILENO))
    return cli_usage_error ("secrets", _ ("the standard input has the value of one secret only"));
  if (options->env_file != NULL && !add_file (secrets, scope, options->env_file))
    return CLI_EXIT_FAILED;
  for (; *arguments != NULL; arguments++)
    if (!add_argument (secrets, scope, *arguments))
      return CLI_EXIT_FAILED;
  if (secrets->len == 0)
    return CLI_EXIT_OK;
  return set_all (store, scope, secrets);
}

/* ---- list, unset ---- */

static void
list_json (WeirSecretStore *store, GPtrArray *secrets)
{
  g_autofree char *location = weir_secret_store_dup_location (store);
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  cli_json_string (builder, "location", location);
  json_builder_set_member_name (builder, "secrets");
  json_builder_begin_array (builder);
  for (guint i = 0; i < secrets->len; i++)
    {
      json_builder_begin_object (builder);
      cli_json_string (builder, "name", weir_secret_get_name (secrets->pdata[i]));
      json_builder_set_member_name (builder, "updated");
      json_builder_add_int_value (builder, weir_secret_get_updated (secrets->pdata[i]));
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  cli_print_json (builder);
}

static void
list_text (GPtrArray *secrets)
{
  const char *const titles[] = { _ ("NAME"), _ ("SET"), NULL };
  g_autoptr (CliTable) table = cli_table_new (titles);

  if (secrets->len == 0)
    {
      cli_print (stderr, _ ("There are no secrets.\n"));
      return;
    }
  for (guint i = 0; i < secrets->len; i++)
    {
      g_autofree char *ago = cli_ago (weir_secret_get_updated (secrets->pdata[i]));
      const char *const cells[] = { weir_secret_get_name (secrets->pdata[i]), ago, NULL };

      cli_table_add (table, cells);
    }
  cli_table_print (table);
}

static CliExit
run_list (WeirSecretStore *store, const char *scope, Options *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) secrets = list_secrets (store, scope, FALSE, &error);

  if (secrets == NULL)
    return cli_fail (NULL, error);
  if (options->json)
    list_json (store, secrets);
  else
    list_text (secrets);
  return CLI_EXIT_OK;
}

static CliExit
run_unset (WeirSecretStore *store, const char *scope, Options *options)
{
  const char *const *names = (const char *const *) options->rest + 1;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  if (*names == NULL)
    return cli_usage_error ("secrets", _ ("name the secrets to unset"));
  weir_secret_store_remove_async (store, scope, names, NULL, cli_on_answer, &result);
  if (!weir_secret_store_remove_finish (store, cli_wait (&result), &error))
    return cli_fail (NULL, error);
  for (; *names != NULL; names++)
    cli_print (stdout, _ ("✔ Secret deleted: %s\n"), *names);
  return CLI_EXIT_OK;
}

CliExit
cli_cmd_secrets (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    CliExit (*run) (WeirSecretStore *store, const char *scope, Options *options);
  } actions[] = { { "set", run_set }, { "list", run_list }, { "unset", run_unset } };
  g_auto (Options) options = { NULL };
  g_autofree char *scope = NULL;
  g_autoptr (WeirServer) server = NULL;
  g_autoptr (GError) error = NULL;
  WeirSecretStore *store;
  CliExit status;

  if (!parse (&options, argc, argv))
    return CLI_EXIT_USAGE;
  scope = options.user != NULL ? g_strconcat ("user:", options.user, NULL)
                               : g_strdup (WEIR_SECRET_SYSTEM);
  for (guint i = 0; options.rest != NULL && i < G_N_ELEMENTS (actions); i++)
    {
      if (!g_str_equal (options.rest[0], actions[i].name))
        continue;
      server = cli_make_server (options.directory, NULL, &status);
      if (server == NULL)
        return status;
      store = weir_server_open_secret_store (server, &error);
      if (store == NULL)
        return cli_fail (NULL, error);
      return actions[i].run (store, scope, &options);
    }
  return cli_usage_error ("secrets", _ ("one of `set`, `list` and `unset`"));
}
