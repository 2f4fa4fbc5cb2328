/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "store/weir-discovery-private.h"

#include <errno.h>
#include <string.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

#include "base/weir-error.h"

#define NAME_MAX_LENGTH 64

/* In the order in which they are looked for. */
static const char *const index_files[] = { "index.ts",  "index.tsx", "index.js",
                                           "index.mjs", "index.jsx", NULL };
static const char *const script_endings[] = { ".ts", ".tsx", ".js", ".mjs", ".jsx", NULL };
static const char *const reserved_names[] = { "api", "functions", NULL };
static const char *const skipped_names[] = { "node_modules", "tests", NULL };

static void
weir_candidate_free (gpointer data)
{
  WeirCandidate *self = data;

  g_free (self->name);
  g_free (self->directory);
  g_free (self->entrypoint);
  g_free (self);
}

void
weir_discovery_free (WeirDiscovery *self)
{
  g_free (self->functions_directory);
  g_ptr_array_unref (self->candidates);
  g_ptr_array_unref (self->problems);
  g_free (self);
}

static gboolean
is_name_char (char c)
{
  return g_ascii_isalnum (c) || c == '_' || c == '-';
}

static gboolean
is_name (const char *name)
{
  const char *c;

  if (!g_ascii_isalpha (*name) || strlen (name) > NAME_MAX_LENGTH)
    return FALSE;
  for (c = name; *c != '\0'; c++)
    {
      if (!is_name_char (*c))
        return FALSE;
    }

  return TRUE;
}

/* The nearest name that would do. */
static char *
suggest_name (const char *name)
{
  GString *better = g_string_new (NULL);
  const char *c;

  for (c = name; *c != '\0' && better->len < NAME_MAX_LENGTH; c++)
    {
      if (is_name_char (*c))
        g_string_append_c (better, *c);
      else if (better->len > 0 && better->str[better->len - 1] != '-')
        g_string_append_c (better, '-');
    }
  while (better->len > 0 && strchr ("-_", better->str[better->len - 1]) != NULL)
    g_string_truncate (better, better->len - 1);
  if (!g_ascii_isalpha (*better->str))
    g_string_prepend (better, better->len > 0 && strchr ("-_", *better->str) ? "fn" : "fn-");
  if (better->len <= 3 && !g_ascii_isalnum (better->str[better->len - 1]))
    g_string_assign (better, "my-function");
  g_string_truncate (better, MIN (better->len, NAME_MAX_LENGTH));

  return g_string_free (better, FALSE);
}

static char *
explain_name (const char *name, const char *what, gboolean has_prefix)
{
  g_autofree char *better = NULL;

  if (*name == '_')
    return g_strdup ("names that begin with \"_\" are for shared code, not for functions");
  if (!has_prefix && g_strv_contains (reserved_names, name))
    return g_strdup_printf ("\"%s\" is an address of Weir itself; rename the %s to \"my-%s\"",
                            name,
                            what,
                            name);
  if (is_name (name))
    return NULL;

  better = suggest_name (name);
  if (strlen (name) > NAME_MAX_LENGTH)
    return g_strdup_printf ("the name is longer than %d letters; rename the %s to \"%s\"",
                            NAME_MAX_LENGTH,
                            what,
                            better);

  return g_strdup_printf ("the name of a function begins with a letter and has only letters, "
                          "digits, \"-\" and \"_\"; rename the %s to \"%s\"",
                          what,
                          better);
}

char *
weir_discovery_check_name (const char *name)
{
  return explain_name (name, "function", FALSE);
}

static void
add_problem (WeirDiscovery *self, const char *path, const char *message)
{
  g_autofree char *shown = g_filename_display_name (path);

  g_ptr_array_add (self->problems, g_strdup_printf ("%s: %s", shown, message));
}

static void
add_candidate (WeirDiscovery *self, const char *name, const char *directory, const char *entrypoint)
{
  WeirCandidate *candidate = g_new0 (WeirCandidate, 1);

  candidate->name = g_strdup (name);
  candidate->directory = g_strdup (directory);
  candidate->entrypoint = g_strdup (entrypoint);
  g_ptr_array_add (self->candidates, candidate);
}

static WeirCandidate *
find_candidate (WeirDiscovery *self, const char *name)
{
  guint i;

  for (i = 0; i < self->candidates->len; i++)
    {
      WeirCandidate *candidate = g_ptr_array_index (self->candidates, i);

      if (g_str_equal (candidate->name, name))
        return candidate;
    }

  return NULL;
}

static const char *
find_ending (const char *name)
{
  const char *dot = strrchr (name, '.');

  return dot != NULL && g_strv_contains (script_endings, dot) ? dot : NULL;
}

/* Tests and type declarations lie beside the code that they are about. */
static gboolean
is_script (const char *name)
{
  const char *ending = find_ending (name);
  g_autofree char *stem = NULL;

  if (ending == NULL || *name == '.' || *name == '_')
    return FALSE;
  stem = g_strndup (name, ending - name);

  return !g_str_has_suffix (stem, ".test") && !g_str_has_suffix (stem, "_test") &&
         !g_str_has_suffix (stem, ".spec") && !g_str_has_suffix (stem, ".d");
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static GPtrArray *
list_folder (const char *path, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, error);
  GPtrArray *names;
  const char *name;

  if (dir == NULL)
    return NULL;

  names = g_ptr_array_new_with_free_func (g_free);
  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_strings);

  return names;
}

static gboolean
has_script (GPtrArray *names)
{
  guint i;

  for (i = 0; i < names->len; i++)
    {
      if (is_script (g_ptr_array_index (names, i)))
        return TRUE;
    }

  return FALSE;
}

static char *
find_index (const char *directory)
{
  guint i;

  for (i = 0; index_files[i] != NULL; i++)
    {
      g_autofree char *path = g_build_filename (directory, index_files[i], NULL);

      if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
        return g_steal_pointer (&path);
    }

  return NULL;
}

static void
scan_without_index (WeirDiscovery *self, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) names = list_folder (path, &error);

  if (names == NULL)
    {
      g_autofree char *message =
          g_strdup_printf ("the folder cannot be read (%s); make it readable, or move it away",
                           error->message);

      add_problem (self, path, message);
    }
  else if (has_script (names))
    {
      add_problem (self,
                   path,
                   "the folder has code but no index file; add index.ts, or begin its name with "
                   "\"_\" if it is shared code");
    }
}

static gboolean
has_flux_json (const char *directory)
{
  g_autofree char *path = g_build_filename (directory, "flux.json", NULL);

  return g_file_test (path, G_FILE_TEST_IS_REGULAR);
}

static void
scan_folder (WeirDiscovery *self, const char *name, const char *path)
{
  g_autofree char *entrypoint = NULL;
  g_autofree char *why = NULL;
  const WeirCandidate *flat;

  if (g_strv_contains (skipped_names, name))
    return;
  entrypoint = find_index (path);
  if (entrypoint == NULL && !has_flux_json (path))
    {
      scan_without_index (self, path);
      return;
    }
  why = explain_name (name, "folder", self->has_prefix);
  if (why != NULL)
    {
      add_problem (self, path, why);
      return;
    }
  flat = find_candidate (self, name);
  if (flat != NULL)
    {
      g_autofree char *file = g_path_get_basename (flat->entrypoint);
      g_autofree char *message = g_strdup_printf (
          "%s beside it has the same name and is served instead; remove or rename one of them",
          file);

      add_problem (self, path, message);
      return;
    }

  /* Without an index file, its configuration says what is to be loaded. */
  if (entrypoint != NULL)
    add_candidate (self, name, path, entrypoint);
}

static void
scan_file (WeirDiscovery *self, const char *name, const char *path)
{
  g_autofree char *stem = NULL;
  g_autofree char *why = NULL;
  const char *ending = find_ending (name);
  WeirCandidate *twin;

  if (!is_script (name))
    return;
  stem = g_strndup (name, ending - name);

  if (g_str_equal (stem, "index"))
    why = g_strdup_printf ("code for one function lies in a folder of its own; move it to hello/%s",
                           name);
  else if (!g_str_equal (ending, ".ts") && !g_str_equal (ending, ".js"))
    why = g_strdup_printf (
        "only .ts and .js files are functions by themselves; move it to %s/index%s",
        stem,
        ending);
  else
    why = explain_name (stem, "file", self->has_prefix);
  twin = find_candidate (self, stem);
  if (why == NULL && twin != NULL)
    {
      /* .ts comes after .js in the list, and before it in rank. */
      g_free (twin->entrypoint);
      twin->entrypoint = g_strdup (path);
      why = g_strdup_printf ("%s.js beside it has the same name and is not served; remove or "
                             "rename one of them",
                             stem);
    }
  if (why != NULL)
    {
      add_problem (self, path, why);
      return;
    }

  add_candidate (self, stem, self->functions_directory, path);
}

static void
scan_unreadable (WeirDiscovery *self, const char *path)
{
  const char *why = g_strerror (errno);
  GStatBuf status;
  gboolean is_link = g_lstat (path, &status) == 0 && S_ISLNK (status.st_mode);
  g_autofree char *message =
      g_strdup_printf (is_link ? "the symbolic link leads nowhere (%s); mend or remove it"
                               : "it cannot be read (%s)",
                       why);

  add_problem (self, path, message);
}

static gboolean
is_hidden (const char *name)
{
  return *name == '.' || *name == '_';
}

/* Flat files first: whether one exists decides about the folder of its name. */
static void
scan_names (WeirDiscovery *self, GPtrArray *names, gboolean folders)
{
  guint i;

  for (i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autofree char *path = g_build_filename (self->functions_directory, name, NULL);
      GStatBuf status;

      if (is_hidden (name))
        continue;
      if (g_stat (path, &status) != 0)
        {
          if (!folders)
            scan_unreadable (self, path);
        }
      else if (S_ISDIR (status.st_mode) && folders)
        {
          scan_folder (self, name, path);
        }
      else if (S_ISREG (status.st_mode) && !folders)
        {
          scan_file (self, name, path);
        }
    }
}

static int
compare_candidates (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(WeirCandidate *const *) a)->name, (*(WeirCandidate *const *) b)->name);
}

WeirDiscovery *
weir_discovery_scan (const char *functions_directory, gboolean has_prefix, GError **error)
{
  g_autoptr (WeirDiscovery) self = g_new0 (WeirDiscovery, 1);
  g_autoptr (GPtrArray) names = NULL;
  g_autoptr (GError) problem = NULL;

  self->functions_directory = g_canonicalize_filename (functions_directory, NULL);
  self->has_prefix = has_prefix;
  self->candidates = g_ptr_array_new_with_free_func (weir_candidate_free);
  self->problems = g_ptr_array_new_with_free_func (g_free);

  names = list_folder (self->functions_directory, &problem);
  if (names == NULL)
    {
      gboolean missing = g_error_matches (problem, G_FILE_ERROR, G_FILE_ERROR_NOENT);

      g_set_error (error,
                   WEIR_ERROR,
                   missing ? WEIR_ERROR_NOT_FOUND : WEIR_ERROR_FAILED,
                   "The folder of functions cannot be read: %s",
                   problem->message);
      return NULL;
    }

  scan_names (self, names, FALSE);
  scan_names (self, names, TRUE);
  g_ptr_array_sort (self->candidates, compare_candidates);
  g_ptr_array_sort (self->problems, compare_strings);

  return g_steal_pointer (&self);
}
