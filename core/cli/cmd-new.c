/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli-http-private.h"
#include "cli-output-private.h"

#define TEMPLATES "/weir/templates/"
#define MAX_NAME 64

/* Where the server has routes of its own, or where tools put other things. */
static const char *const taken_names[] = {
  "api", "functions", "node_modules", "test", "tests", NULL
};

static gboolean
is_valid_name (const char *name)
{
  if (!g_ascii_isalpha (name[0]) || strlen (name) > MAX_NAME)
    return FALSE;
  for (const char *at = name; *at != '\0'; at++)
    if (!g_ascii_isalnum (*at) && *at != '-' && *at != '_')
      return FALSE;
  return !g_strv_contains (taken_names, name);
}

/* The nearest valid name: "My greeter!" becomes "my-greeter". */
static char *
suggest_name (const char *name)
{
  g_autoptr (GString) good = g_string_new (NULL);

  for (const char *at = name; *at != '\0' && good->len < MAX_NAME; at++)
    if (g_ascii_isalpha (*at) || (good->len > 0 && (g_ascii_isdigit (*at) || *at == '_')))
      g_string_append_c (good, g_ascii_tolower (*at));
    else if (good->len > 0 && good->str[good->len - 1] != '-')
      g_string_append_c (good, '-');
  while (good->len > 0 && good->str[good->len - 1] == '-')
    g_string_truncate (good, good->len - 1);
  if (good->len == 0 || g_strv_contains (taken_names, good->str))
    g_string_assign (good, "my-function");
  return g_string_free (g_steal_pointer (&good), FALSE);
}

static CliExit
refuse_name (const char *name)
{
  g_autofree char *suggestion = suggest_name (name);

  if (g_strv_contains (taken_names, name))
    cli_print_error (_ ("a function cannot be called “%s”: that name is taken"), name);
  else
    cli_print_error (_ ("“%s” is not a name for a function: a letter, then at most %d more "
                        "letters, digits, “-” and “_”"),
                     name,
                     MAX_NAME - 1);
  cli_print_hint ("weir new %s", suggestion);
  return CLI_EXIT_USAGE;
}

static GBytes *
load_template (const char *name)
{
  g_autofree char *path = g_strconcat (TEMPLATES, name, ".ts", NULL);

  if (strchr (name, '/') != NULL)
    return NULL;
  return g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
}

static int
compare_names (const void *a, const void *b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

static CliExit
refuse_template (const char *name)
{
  g_auto (GStrv) files =
      g_resources_enumerate_children (TEMPLATES, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  g_autofree char *list = NULL;

  qsort (files, g_strv_length (files), sizeof (char *), compare_names);
  for (gsize i = 0; files[i] != NULL; i++)
    *strrchr (files[i], '.') = '\0';
  list = g_strjoinv (", ", files);
  cli_print_error (_ ("there is no template “%s”"), name);
  cli_print_hint (_ ("the templates are: %s"), list);
  return CLI_EXIT_USAGE;
}

/* project is NULL for the current folder: no "./" in what the person reads. */
static char *
path_in (const char *project, const char *name)
{
  return project != NULL ? g_build_filename (project, name, NULL) : g_strdup (name);
}

/* As short as it can be said from here. */
static char *
shorten (const char *project, const char *directory)
{
  g_autoptr (GFile) base = g_file_new_for_path (project != NULL ? project : ".");
  g_autoptr (GFile) file = g_file_new_for_path (directory);
  g_autofree char *below = g_file_get_relative_path (base, file);

  if (below == NULL)
    return g_file_equal (base, file) ? g_strdup (project != NULL ? project : ".")
                                     : g_strdup (directory);
  return path_in (project, below);
}

/* Where the server looks, so that the new function is served beside the others; where it would find
 * nothing yet, supabase/functions if there is a folder supabase, else functions. */
static char *
functions_directory (const char *project)
{
  g_autofree char *supabase = path_in (project, "supabase");
  g_autoptr (WeirConfig) config = weir_config_check (project != NULL ? project : ".", NULL);
  WeirSettings *settings = weir_config_get_server_settings (config);
  const char *named = weir_settings_get_string (settings, "functions");
  const char *found = weir_config_get_functions_directory (config);

  if (named != NULL)
    return g_canonicalize_filename (named, weir_config_get_directory (config));
  if (found != NULL && g_file_test (found, G_FILE_TEST_IS_DIR))
    return shorten (project, found);
  if (g_file_test (supabase, G_FILE_TEST_IS_DIR))
    return g_build_filename (supabase, "functions", NULL);
  return path_in (project, "functions");
}

/* A folder or a file that already is a function of that name, or NULL. */
static char *
find_existing (const char *directory, const char *name)
{
  static const char *const suffixes[] = { "", ".ts", ".js" };

  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *file = g_strconcat (name, suffixes[i], NULL);
      g_autofree char *path = g_build_filename (directory, file, NULL);

      if (g_file_test (path, G_FILE_TEST_EXISTS | G_FILE_TEST_IS_SYMLINK))
        return g_steal_pointer (&path);
    }
  return NULL;
}

static gboolean
is_supabase (const char *directory)
{
  g_autofree char *path = g_canonicalize_filename (directory, NULL);

  return g_str_has_suffix (path, "/supabase/functions");
}

/* There a function wants to be shown a key, so the command that calls it has one. */
static GString *
fill_template (GBytes *template, const char *name, const char *directory)
{
  GString *text = g_string_new_len (g_bytes_get_data (template, NULL), g_bytes_get_size (template));

  if (g_str_has_prefix (text->str, "// curl ") && is_supabase (directory))
    g_string_insert (text, strcspn (text->str, "\n"), " -H 'apikey: " CLI_LOCAL_KEY "'");
  g_string_replace (text, "@NAME@", name, 0);
  return text;
}

static gboolean
write_file (const char *path, const GString *text, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileOutputStream) stream = NULL;

  /* Never over somebody's file, even one that came into being a moment ago. */
  stream = g_file_create (file, G_FILE_CREATE_NONE, NULL, error);
  return stream != NULL &&
         g_output_stream_write_all (G_OUTPUT_STREAM (stream),
                                    text->str,
                                    text->len,
                                    NULL,
                                    NULL,
                                    error) &&
         g_output_stream_close (G_OUTPUT_STREAM (stream), NULL, error);
}

/* Each template begins with the command that calls it. */
static void
print_next_steps (const char *project, const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", 2);
  const char *folder = project != NULL ? project : "";

  cli_print (stdout, _ ("Serve it:  weir serve%s%s\n"), project != NULL ? " " : "", folder);
  if (g_str_has_prefix (lines[0], "// curl "))
    cli_print (stdout, _ ("Call it:   %s\n"), lines[0] + strlen ("// "));
  else
    cli_print (stdout, _ ("Call it:   the first lines of the file say how\n"));
}

static CliExit
write_function (const char *project, const char *name, GBytes *template)
{
  g_autofree char *directory = functions_directory (project);
  g_autofree char *existing = find_existing (directory, name);
  g_autofree char *folder = g_build_filename (directory, name, NULL);
  g_autofree char *path = g_build_filename (folder, "index.ts", NULL);
  g_autoptr (GString) text = fill_template (template, name, directory);
  g_autoptr (GError) error = NULL;

  if (existing != NULL)
    {
      cli_print_error (_ ("%s exists already"), existing);
      cli_print_hint (_ ("choose another name, or remove it first"));
      return CLI_EXIT_FAILED;
    }
  if (g_mkdir_with_parents (folder, 0777) != 0)
    {
      cli_print_error (_ ("cannot make the folder %s: %s"), folder, g_strerror (errno));
      return CLI_EXIT_FAILED;
    }
  if (!write_file (path, text, &error))
    return cli_fail (_ ("cannot write the function"), error);
  cli_print (stdout, _ ("Wrote %s\n"), path);
  print_next_steps (project, text->str);
  return CLI_EXIT_OK;
}

CliExit
cli_cmd_new (int argc, char **argv)
{
  g_autofree char *template_name = NULL;
  g_autofree char *project = NULL;
  g_auto (GStrv) rest = NULL;
  g_autoptr (GBytes) template = NULL;
  const GOptionEntry entries[] = {
    { "template",
      't',
      0,
      G_OPTION_ARG_STRING,
      &template_name,
      N_ ("What to begin with: hello (as if not given), json, hono, websocket, fluxbase, flux"),
      N_ ("NAME") },
    CLI_OPTION_DIR ('d', &project),
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &rest, NULL, NULL },
    { NULL },
  };

  if (!cli_parse_options ("new",
                          _ ("NAME"),
                          _ ("Writes the first version of a function."),
                          entries,
                          &argc,
                          &argv))
    return CLI_EXIT_USAGE;
  if (rest == NULL || g_strv_length (rest) != 1)
    return cli_usage_error ("new", _ ("the name of one function is needed"));
  if (!is_valid_name (rest[0]))
    return refuse_name (rest[0]);
  template = load_template (template_name != NULL ? template_name : "hello");
  if (template == NULL)
    return refuse_template (template_name);
  if (project != NULL && !g_file_test (project, G_FILE_TEST_IS_DIR))
    {
      cli_print_error (_ ("%s: there is no such folder"), project);
      return CLI_EXIT_NOT_FOUND;
    }
  return write_function (project, rest[0], template);
}
