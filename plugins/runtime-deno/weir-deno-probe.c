/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-deno-probe.h"

#include <glib/gstdio.h>
#include <weir.h>

#define LEAST_MAJOR 2
#define LEAST_MINOR 4
#define HOW_TO_GET                                                                                 \
  "get it with: npm install --prefix \"${XDG_DATA_HOME:-$HOME/.local/share}/weir/deno\" deno"

static gboolean
is_executable (const char *path)
{
  return g_file_test (path, G_FILE_TEST_IS_EXECUTABLE) && !g_file_test (path, G_FILE_TEST_IS_DIR);
}

/* Where the set-up script puts the npm package. The program of the platform's own package
 * comes first: the other one is a script that needs Node. */
static char *
find_private_copy (void)
{
  g_autofree char *modules =
      g_build_filename (g_get_user_data_dir (), "weir", "deno", "node_modules", NULL);
  g_autofree char *scope = g_build_filename (modules, "@deno", NULL);
  g_autoptr (GDir) dir = g_dir_open (scope, 0, NULL);
  g_autofree char *script = NULL;
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (scope, name, "deno", NULL);

      if (g_str_has_prefix (name, "linux-") && is_executable (path))
        return g_steal_pointer (&path);
    }
  script = g_build_filename (modules, ".bin", "deno", NULL);
  return is_executable (script) ? g_steal_pointer (&script) : NULL;
}

static char *
find_named (const char *name, const char *source, GError **error)
{
  g_autofree char *path = g_find_program_in_path (name);

  if (path == NULL)
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_NOT_FOUND,
                   "%s names %s, which is not an executable file",
                   source,
                   name);
      return NULL;
    }
  return g_canonicalize_filename (path, NULL);
}

static gboolean
is_same_file (const char *path, const char *other)
{
  GStatBuf a, b;

  return g_stat (path, &a) == 0 && g_stat (other, &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

static gboolean
is_fit (const char *path)
{
  g_autofree char *version = weir_deno_probe (path, NULL);

  return version != NULL;
}

/* A system may have an old one on PATH for ever: Weir's own copy is for that, too. It is only then
 * that the one on PATH is asked, for to start it takes time. */
static char *
find_any (void)
{
  g_autofree char *path = g_find_program_in_path ("deno");
  g_autofree char *own = find_private_copy ();

  if (own != NULL && (path == NULL || (!is_same_file (path, own) && !is_fit (path))))
    return g_steal_pointer (&own);
  return g_steal_pointer (&path);
}

/* The option, then $WEIR_DENO, then $PATH, then Weir's own copy. What is named must exist:
 * another Deno than the one asked for would be a surprise. */
char *
weir_deno_find_executable (const char *configured, GError **error)
{
  const char *named = g_getenv ("WEIR_DENO");
  char *path;

  if (configured != NULL && *configured != '\0')
    return find_named (configured, "[runtimes.deno] executable", error);
  if (named != NULL && *named != '\0')
    return find_named (named, "WEIR_DENO", error);
  path = find_any ();
  if (path == NULL)
    g_set_error_literal (
        error,
        WEIR_ERROR,
        WEIR_ERROR_NOT_FOUND,
        "Deno is not installed: it is neither on PATH nor in Weir's own folder; " HOW_TO_GET);
  return path;
}

/* "deno 2.9.6 (stable, release, x86_64-unknown-linux-gnu)\nv8 …" */
gboolean
weir_deno_parse_version (const char *text, guint *major, guint *minor, char **version)
{
  const char *numbers;
  char *end = NULL;

  if (!g_str_has_prefix (text, "deno "))
    return FALSE;
  numbers = text + strlen ("deno ");
  if (!g_ascii_isdigit (*numbers))
    return FALSE;
  *major = g_ascii_strtoull (numbers, &end, 10);
  if (*end != '.' || !g_ascii_isdigit (end[1]))
    return FALSE;
  *minor = g_ascii_strtoull (end + 1, NULL, 10);
  if (version != NULL)
    *version = g_strndup (numbers, strcspn (numbers, " \r\n"));
  return TRUE;
}

static char *
read_version (const char *executable, GError **error)
{
  const char *argv[] = { executable, "--version", NULL };
  g_auto (GStrv) variables = g_get_environ ();
  g_autofree char *output = NULL;
  int status = 0;

  variables = g_environ_setenv (variables, "DENO_NO_UPDATE_CHECK", "1", TRUE);
  variables = g_environ_setenv (variables, "NO_COLOR", "1", TRUE);
  if (!g_spawn_sync (NULL,
                     (char **) argv,
                     variables,
                     G_SPAWN_STDERR_TO_DEV_NULL,
                     NULL,
                     NULL,
                     &output,
                     NULL,
                     &status,
                     error) ||
      !g_spawn_check_wait_status (status, error))
    {
      g_prefix_error (error, "Cannot run %s --version: ", executable);
      return NULL;
    }
  return g_steal_pointer (&output);
}

char *
weir_deno_probe (const char *executable, GError **error)
{
  g_autofree char *output = read_version (executable, error);
  g_autofree char *version = NULL;
  guint major = 0, minor = 0;

  if (output == NULL)
    return NULL;
  if (!weir_deno_parse_version (output, &major, &minor, &version))
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_NOT_SUPPORTED,
                   "%s is not Deno: it does not answer --version as Deno does",
                   executable);
      return NULL;
    }
  if (major < LEAST_MAJOR || (major == LEAST_MAJOR && minor < LEAST_MINOR))
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_NOT_SUPPORTED,
                   "%s is Deno %s; %d.%d or newer is needed; " HOW_TO_GET,
                   executable,
                   version,
                   LEAST_MAJOR,
                   LEAST_MINOR);
      return NULL;
    }
  return g_strdup_printf ("deno %s (%s)", version, executable);
}
