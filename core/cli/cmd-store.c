/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli-private.h"

#include "cli-output-private.h"
#include "cli-store-private.h"

static CliExit
run_check (WeirStore *store)
{
  g_autofree char *location = weir_store_dup_location (store);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) complaints = NULL;

  weir_store_check_async (store, NULL, cli_on_answer, &result);
  complaints = weir_store_check_finish (store, cli_wait (&result), &error);
  if (complaints == NULL)
    return cli_fail (NULL, error);
  for (gsize i = 0; complaints[i] != NULL; i++)
    cli_print_error ("%s: %s", location, complaints[i]);
  if (complaints[0] != NULL)
    return CLI_EXIT_FAILED;
  cli_print (stdout, _ ("%s: nothing is damaged\n"), location);
  return CLI_EXIT_OK;
}

static CliExit
run_backup (WeirStore *store, const char *path)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  weir_store_backup_async (store, absolute, NULL, cli_on_answer, &result);
  if (!weir_store_backup_finish (store, cli_wait (&result), &error))
    return cli_fail (NULL, error);
  cli_print (stdout, _ ("✔ Copied to %s\n"), absolute);
  return CLI_EXIT_OK;
}

/* Another file than the project's own: a copy, say. */
static GVariant *
make_overrides (const char *file)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_autofree char *absolute = g_canonicalize_filename (file, NULL);

  g_variant_builder_add (&builder, "{sv}", "stores.sqlite.path", g_variant_new_string (absolute));
  return g_variant_builder_end (&builder);
}

CliExit
cli_cmd_store (int argc, char **argv)
{
  g_autofree char *directory = NULL;
  g_auto (GStrv) rest = NULL;
  g_autoptr (WeirServer) server = NULL;
  g_autoptr (GError) error = NULL;
  gboolean check;
  WeirStore *store;
  CliExit status;
  guint n;
  const GOptionEntry entries[] = {
    CLI_OPTION_DIR ('d', &directory),
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &rest, NULL, NULL },
    { NULL },
  };

  if (!cli_parse_options ("store",
                          _ ("check [FILE] | backup FILE"),
                          _ ("check reads all that is stored for the project, or a copy of it, "
                             "and looks for damage.\nbackup writes a copy to a new file, while "
                             "a server may be running."),
                          entries,
                          &argc,
                          &argv))
    return CLI_EXIT_USAGE;
  n = rest != NULL ? g_strv_length (rest) : 0;
  check = n > 0 && n <= 2 && g_str_equal (rest[0], "check");
  if (!check && !(n == 2 && g_str_equal (rest[0], "backup")))
    return cli_usage_error ("store", _ ("either `check [FILE]` or `backup FILE`"));
  if (check && n == 2 && !g_file_test (rest[1], G_FILE_TEST_EXISTS))
    {
      cli_print_error (_ ("%s: there is no such file"), rest[1]);
      return CLI_EXIT_NOT_FOUND;
    }
  server = cli_make_server (directory, check && n == 2 ? make_overrides (rest[1]) : NULL, &status);
  if (server == NULL)
    return status;
  store = weir_server_open_store (server, &error);
  if (store == NULL)
    return cli_fail (NULL, error);
  return check ? run_check (store) : run_backup (store, rest[1]);
}
