/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "store/weir-discovery-private.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/weir-error.h"

#define NAME_64 "a123456789012345678901234567890123456789012345678901234567890123"

typedef struct
{
  char *path;
} Folder;

static void
setup (Folder *folder, gconstpointer data)
{
  folder->path = g_dir_make_tmp ("weir-discovery-XXXXXX", NULL);
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;

  if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK) && (dir = g_dir_open (path, 0, NULL)) != NULL)
    {
      while ((name = g_dir_read_name (dir)) != NULL)
        {
          g_autofree char *child = g_build_filename (path, name, NULL);

          remove_tree (child);
        }
    }
  g_remove (path);
}

static void
teardown (Folder *folder, gconstpointer data)
{
  remove_tree (folder->path);
  g_free (folder->path);
}

/* Files, separated by blanks; one that ends in "/" is a folder, "a>b" is a link to b. */
static void
fill (Folder *folder, const char *files)
{
  g_auto (GStrv) names = g_strsplit (files, " ", -1);
  char **name;

  for (name = names; *name != NULL; name++)
    {
      g_auto (GStrv) link = g_strsplit (*name, ">", 2);
      g_autofree char *path = g_build_filename (folder->path, link[0], NULL);
      g_autofree char *parent = g_path_get_dirname (path);

      g_mkdir_with_parents (parent, 0700);
      if (link[1] != NULL)
        g_assert_cmpint (symlink (link[1], path), ==, 0);
      else if (g_str_has_suffix (*name, "/"))
        g_mkdir_with_parents (path, 0700);
      else
        g_assert_true (
            g_file_set_contents_full (path, "", 0, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    }
}

static char *
strip_prefix (const char *text, const char *prefix)
{
  if (g_str_has_prefix (text, prefix))
    text += strlen (prefix) + (text[strlen (prefix)] == '/');

  return g_strdup (text);
}

/* "name=entrypoint" of all candidates, separated by blanks. */
static char *
describe (Folder *folder, WeirDiscovery *found)
{
  GString *text = g_string_new (NULL);
  guint i;

  for (i = 0; i < found->candidates->len; i++)
    {
      const WeirCandidate *candidate = g_ptr_array_index (found->candidates, i);
      g_autofree char *entry = strip_prefix (candidate->entrypoint, folder->path);

      g_string_append_printf (text, "%s%s=%s", i > 0 ? " " : "", candidate->name, entry);
    }

  return g_string_free (text, FALSE);
}

static void
assert_found (Folder *folder, const char *candidates, const char *problems)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WeirDiscovery) found = weir_discovery_scan (folder->path, FALSE, &error);
  g_autofree char *text = NULL;
  g_autoptr (GString) all = g_string_new (NULL);
  guint i;

  g_assert_no_error (error);
  g_assert_cmpstr (found->functions_directory, ==, folder->path);
  text = describe (folder, found);
  g_assert_cmpstr (text, ==, candidates);
  for (i = 0; i < found->problems->len; i++)
    {
      g_autofree char *problem =
          strip_prefix (g_ptr_array_index (found->problems, i), folder->path);

      g_string_append_printf (all, "%s%s", i > 0 ? "\n" : "", problem);
    }
  g_assert_cmpstr (all->str, ==, problems);
}

static const struct
{
  const char *name;
  const char *files;
  const char *candidates;
  const char *problems;
} cases[] = {
  { "folders",
    "b/index.ts a/index.js c/index.mjs d/index.tsx e/index.jsx",
    "a=a/index.js b=b/index.ts c=c/index.mjs d=d/index.tsx e=e/index.jsx",
    "" },
  { "order-of-index", "a/index.js a/index.ts a/index.tsx", "a=a/index.ts", "" },
  { "flat", "a.ts b.js", "a=a.ts b=b.js", "" },
  { "not-functions",
    "_shared/index.ts .git/index.ts node_modules/index.ts tests/index.ts a.test.ts a_test.ts "
    "a.spec.ts a.d.ts _x.ts .x.ts deno.json README.md docs/a.md docs/sub/index.ts",
    "",
    "" },
  { "flat-wins",
    "hello.ts hello/index.ts",
    "hello=hello.ts",
    "hello: hello.ts beside it has the same name and is served instead; remove or rename one of "
    "them" },
  { "two-flat",
    "hello.js hello.ts",
    "hello=hello.ts",
    "hello.ts: hello.js beside it has the same name and is not served; remove or rename one of "
    "them" },
  { "bad-names",
    "1a/index.ts a.b/index.ts my--fun!.ts ok/index.ts",
    "ok=ok/index.ts",
    "1a: the name of a function begins with a letter and has only letters, digits, \"-\" and "
    "\"_\"; rename the folder to \"fn-1a\"\n"
    "a.b: the name of a function begins with a letter and has only letters, digits, \"-\" and "
    "\"_\"; rename the folder to \"a-b\"\n"
    "my--fun!.ts: the name of a function begins with a letter and has only letters, digits, "
    "\"-\" and \"_\"; rename the file to \"my--fun\"" },
  { "long-name",
    NAME_64 "/index.ts " NAME_64 "4/index.ts",
    NAME_64 "=" NAME_64 "/index.ts",
    NAME_64 "4: the name is longer than 64 letters; rename the folder to \"" NAME_64 "\"" },
  { "reserved",
    "functions/index.ts api.ts",
    "",
    "api.ts: \"api\" is an address of Weir itself; rename the file to \"my-api\"\n"
    "functions: \"functions\" is an address of Weir itself; rename the folder to "
    "\"my-functions\"" },
  { "no-index",
    "hello/main.ts data/x.json",
    "",
    "hello: the folder has code but no index file; add index.ts, or begin its name with \"_\" if "
    "it is shared code" },
  { "odd-flat",
    "index.ts hello.tsx",
    "",
    "hello.tsx: only .ts and .js files are functions by themselves; move it to hello/index.tsx\n"
    "index.ts: code for one function lies in a folder of its own; move it to hello/index.ts" },
  { "links",
    "real/main/index.ts a>real/main b.ts>real/main/index.ts c>nowhere d>d",
    "a=a/index.ts b=b.ts",
    "c: the symbolic link leads nowhere (No such file or directory); mend or remove it\n"
    "d: the symbolic link leads nowhere (Too many levels of symbolic links); mend or remove it" },
  { "index-is-a-folder",
    "a/index.ts/ b/index.js b/index.ts/",
    "b=b/index.js",
    "a: the folder has code but no index file; add index.ts, or begin its name with \"_\" if it "
    "is shared code" },
};

static void
test_case (Folder *folder, gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE (data);

  fill (folder, cases[i].files);
  assert_found (folder, cases[i].candidates, cases[i].problems);
}

static void
test_missing (Folder *folder, gconstpointer data)
{
  g_autofree char *path = g_build_filename (folder->path, "none", NULL);
  g_autofree char *message = g_strdup_printf (
      "The folder of functions cannot be read: Error opening directory “%s”: No such file or "
      "directory",
      path);
  g_autoptr (GError) error = NULL;

  g_assert_null (weir_discovery_scan (path, FALSE, &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND);
  g_assert_cmpstr (error->message, ==, message);
}

static void
test_no_folder (Folder *folder, gconstpointer data)
{
  g_autofree char *path = g_build_filename (folder->path, "a.ts", NULL);
  g_autoptr (GError) error = NULL;

  fill (folder, "a.ts");
  g_assert_null (weir_discovery_scan (path, FALSE, &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_FAILED);
}

static void
test_unreadable (Folder *folder, gconstpointer data)
{
  g_autofree char *path = g_build_filename (folder->path, "a", NULL);

  if (geteuid () == 0)
    {
      g_test_skip ("root can read every folder");
      return;
    }
  fill (folder, "a/index.ts b/index.ts");
  g_chmod (path, 0);
  {
    g_autofree char *problem = g_strdup_printf (
        "a: the folder cannot be read (Error opening directory “%s”: Permission denied); make it "
        "readable, or move it away",
        path);

    assert_found (folder, "b=b/index.ts", problem);
  }
  g_chmod (path, 0700);
}

static void
test_not_utf8 (Folder *folder, gconstpointer data)
{
  g_autoptr (WeirDiscovery) found = NULL;

  fill (folder, "bad\xff/index.ts");
  found = weir_discovery_scan (folder->path, FALSE, NULL);
  g_assert_cmpuint (found->candidates->len, ==, 0);
  g_assert_cmpuint (found->problems->len, ==, 1);
  g_assert_true (g_utf8_validate (g_ptr_array_index (found->problems, 0), -1, NULL));
}

/* Below a prefix of their own, no address of Weir's is in the way. */
static void
test_prefix (Folder *folder, gconstpointer data)
{
  g_autoptr (WeirDiscovery) found = NULL;
  g_autofree char *text = NULL;

  fill (folder, "api/index.ts functions/index.ts");
  assert_found (folder,
                "",
                "api: \"api\" is an address of Weir itself; rename the folder to \"my-api\"\n"
                "functions: \"functions\" is an address of Weir itself; rename the folder to "
                "\"my-functions\"");
  found = weir_discovery_scan (folder->path, TRUE, NULL);
  text = describe (folder, found);
  g_assert_cmpstr (text, ==, "api=api/index.ts functions=functions/index.ts");
  g_assert_cmpuint (found->problems->len, ==, 0);
}

static void
test_check_name (void)
{
  static const char *const good[] = { "a", "hello-world", "A_1", NAME_64 };
  static const char *const bad[] = { "", "_a", "-a", "1", "a b", "a/b", "é", "api", NAME_64 "4" };
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_null (weir_discovery_check_name (good[i]));
  for (i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *why = weir_discovery_check_name (bad[i]);

      g_assert_nonnull (why);
      if (strstr (why, "rename the function to \"") != NULL)
        {
          const char *start = strstr (why, "to \"") + 4;
          g_autofree char *better = g_strndup (start, strcspn (start, "\""));

          g_assert_null (weir_discovery_check_name (better));
        }
    }
}

static void
test_many (Folder *folder, gconstpointer data)
{
  g_autoptr (WeirDiscovery) found = NULL;
  gint64 start;
  guint i;

  for (i = 0; i < 1000; i++)
    {
      g_autofree char *file = g_strdup_printf ("f%04u/index.ts", i);

      fill (folder, file);
    }
  start = g_get_monotonic_time ();
  found = weir_discovery_scan (folder->path, FALSE, NULL);
  g_test_message ("1000 functions in %.1f ms", (g_get_monotonic_time () - start) / 1000.0);
  g_assert_cmpuint (found->candidates->len, ==, 1000);
  g_assert_cmpuint (found->problems->len, ==, 0);
}

int
main (int argc, char *argv[])
{
  gsize i;

  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  g_test_init (&argc, &argv, NULL);

  for (i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/store/discovery/", cases[i].name, NULL);

      g_test_add (path, Folder, GSIZE_TO_POINTER (i), setup, test_case, teardown);
    }
  g_test_add ("/store/discovery/missing", Folder, NULL, setup, test_missing, teardown);
  g_test_add ("/store/discovery/no-folder", Folder, NULL, setup, test_no_folder, teardown);
  g_test_add ("/store/discovery/unreadable", Folder, NULL, setup, test_unreadable, teardown);
  g_test_add ("/store/discovery/not-utf8", Folder, NULL, setup, test_not_utf8, teardown);
  g_test_add ("/store/discovery/many", Folder, NULL, setup, test_many, teardown);
  g_test_add ("/store/discovery/prefix", Folder, NULL, setup, test_prefix, teardown);
  g_test_add_func ("/store/discovery/check-name", test_check_name);

  return g_test_run ();
}
