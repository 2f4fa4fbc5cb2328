/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib/gstdio.h>
#include <unistd.h>
#include <weir.h>

#include "weir-deno-folder.h"
#include "weir-deno-folders.h"
#include "weir-deno-permissions.h"

typedef struct
{
  char *root;
  WeirDenoFolders *folders;
} Fixture;

static void
make (Fixture *fixture, const char *name)
{
  g_autofree char *path = g_build_filename (fixture->root, name, NULL);
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, "", 0, NULL));
}

static void
set_up (Fixture *fixture, gconstpointer user_data)
{
  fixture->root = g_dir_make_tmp ("weir-folders-XXXXXX", NULL);
  make (fixture, "b/index.ts");
  make (fixture, "a/index.ts");
  make (fixture, "a/.env.production");
  make (fixture, "_shared/cors.ts");
  make (fixture, "flat.ts");
  make (fixture, "notes.txt");
  make (fixture, ".git/config");
  fixture->folders = weir_deno_folders_new (fixture->root);
}

static void
tear_down (Fixture *fixture, gconstpointer user_data)
{
  weir_deno_folders_free (fixture->folders);
  weir_deno_folder_remove (fixture->root);
  g_free (fixture->root);
}

static char *
join_names (GPtrArray *paths)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < paths->len; i++)
    {
      g_autofree char *name = g_path_get_basename (g_ptr_array_index (paths, i));

      g_string_append_printf (text, "%s%s", i > 0 ? " " : "", name);
    }
  return g_string_free (text, FALSE);
}

static void
test_folders (Fixture *fixture, gconstpointer user_data)
{
  g_autofree char *members = join_names (fixture->folders->members);
  g_autofree char *shared = join_names (fixture->folders->shared);
  g_autofree char *later = g_build_filename (fixture->root, "later", NULL);

  g_assert_cmpstr (members, ==, "a b flat.ts");
  g_assert_cmpstr (shared, ==, "_shared");
  g_assert_true (weir_deno_folders_is_current (fixture->folders));
  g_assert_null (weir_deno_folders_dup_group (fixture->folders, later));
  g_usleep (20000); /* what the clock of a file system can tell apart */
  g_assert_cmpint (g_mkdir (later, 0700), ==, 0);
  g_assert_false (weir_deno_folders_is_current (fixture->folders));
}

static void
test_groups (Fixture *fixture, gconstpointer user_data)
{
  for (guint i = 0; i < 2 * WEIR_DENO_GROUP_SIZE; i++)
    {
      g_autofree char *name = g_strdup_printf ("c%02u/index.ts", i);

      make (fixture, name);
    }
  weir_deno_folders_free (fixture->folders);
  fixture->folders = weir_deno_folders_new (fixture->root);

  for (guint i = 0; i < fixture->folders->members->len; i++)
    {
      const char *member = g_ptr_array_index (fixture->folders->members, i);
      g_autoptr (GPtrArray) group = weir_deno_folders_dup_group (fixture->folders, member);

      g_assert_cmpuint (group->len, <=, WEIR_DENO_GROUP_SIZE);
      g_assert_true (g_ptr_array_find_with_equal_func (group, member, g_str_equal, NULL));
    }
}

static WeirSettings *
make_settings (const char *const *words)
{
  GHashTable *values =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  GHashTable *origins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  if (words != NULL)
    {
      g_hash_table_insert (values,
                           g_strdup ("permissions"),
                           g_variant_ref_sink (g_variant_new_strv (words, -1)));
      g_hash_table_insert (origins, g_strdup ("permissions"), g_strdup ("weir.toml:3"));
    }
  return weir_settings_new (values, origins);
}

static WeirSettings *
make_restricted_settings (const char *const *words)
{
  static const char *const taken[] = { "allow_net", "allow_env" };
  GHashTable *values =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  GHashTable *origins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  g_hash_table_insert (values,
                       g_strdup ("permissions"),
                       g_variant_ref_sink (g_variant_new_strv (words, -1)));
  for (gsize i = 0; i < G_N_ELEMENTS (taken); i++)
    g_hash_table_insert (values,
                         g_strdup (taken[i]),
                         g_variant_ref_sink (g_variant_new_boolean (FALSE)));
  return weir_settings_new (values, origins);
}

static char *
args_with (Fixture *fixture, WeirSettings *settings, GError **error)
{
  g_autoptr (WeirDenoPermissions) permissions =
      weir_deno_permissions_new (settings, fixture->folders, error);
  g_autoptr (GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);

  if (permissions == NULL)
    return NULL;
  weir_deno_permissions_add_read (permissions, "/own");
  weir_deno_permissions_add_read (permissions, "/with,comma");
  weir_deno_permissions_add_socket (permissions, "/s.sock");
  weir_deno_permissions_append_args (permissions, argv);
  g_ptr_array_add (argv, NULL);
  return g_strjoinv (" ", (char **) argv->pdata);
}

static char *
args_of (Fixture *fixture, const char *const *words, GError **error)
{
  g_autoptr (WeirSettings) settings = make_settings (words);

  return args_with (fixture, settings, error);
}

static void
test_profiles (Fixture *fixture, gconstpointer user_data)
{
  static const struct
  {
    const char *words[5];
    const char *args;
  } cases[] = {
    { { "none" },
      "--allow-env --allow-net=unix:/s.sock --allow-read=/own,/s.sock --allow-write=/s.sock" },
    { { "strict" }, "--allow-env --allow-net --allow-read=/own,/s.sock --allow-write=/s.sock" },
    { { "standard" },
      "--allow-env --allow-sys=hostname,osRelease,cpus,uid,gid,homedir --allow-net "
      "--allow-read=/own,/s.sock --allow-write=/s.sock" },
    { { "permissive" }, "--allow-all" },
    { { "-A" }, "--allow-all" },
    { { "-A", "--deny-run", "--deny-read=/secret" }, "--allow-all --deny-run --deny-read=/secret" },
    { { "-A", "--deny-env" }, "--allow-all" },
    { { "-A", "--deny-net", "--deny-run" },
      "--deny-run --allow-env --allow-run --allow-ffi --allow-sys --allow-net=unix:/s.sock "
      "--allow-read --allow-write" },
    { { "--allow-net", "--deny-net", "--allow-env", "--deny-env" },
      "--allow-env --allow-net=unix:/s.sock --allow-read=/own,/s.sock --allow-write=/s.sock" },
    { { "-N=a:1", "-E", "-R=/data" },
      "--allow-env --allow-net=a:1,unix:/s.sock --allow-read=/data,/own,/s.sock "
      "--allow-write=/s.sock" },
    { { "--allow-net=a:1,b", "--allow-read=/data", "--allow-write" },
      "--allow-env --allow-net=a:1,b,unix:/s.sock --allow-read=/data,/own,/s.sock --allow-write" },
    { { "--allow-read", "--deny-read=/secret", "--allow-env=A" },
      "--allow-env --allow-net=unix:/s.sock --allow-read --allow-write=/s.sock "
      "--deny-read=/secret" },
  };
  g_autofree char *usual = args_of (fixture, NULL, NULL);

  g_assert_cmpstr (usual, ==, cases[2].args);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *args = args_of (fixture, cases[i].words, NULL);

      g_assert_cmpstr (args, ==, cases[i].args);
    }
}

/* What allow_net and allow_env of a function take away again. */
static void
test_taken_back (Fixture *fixture, gconstpointer user_data)
{
  static const struct
  {
    const char *words[3];
    const char *args;
  } cases[] = {
    { { "standard" },
      "--allow-env --allow-sys=hostname,osRelease,cpus,uid,gid,homedir --allow-net=unix:/s.sock "
      "--allow-read=/own,/s.sock --allow-write=/s.sock" },
    { { "permissive" },
      "--allow-env --allow-run --allow-ffi --allow-sys --allow-net=unix:/s.sock --allow-read "
      "--allow-write" },
    { { "-N", "--allow-net=a:1" },
      "--allow-env --allow-net=unix:/s.sock --allow-read=/own,/s.sock --allow-write=/s.sock" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (WeirSettings) settings = make_restricted_settings (cases[i].words);
      g_autofree char *args = args_with (fixture, settings, NULL);
      g_autoptr (WeirDenoPermissions) permissions =
          weir_deno_permissions_new (settings, fixture->folders, NULL);

      g_assert_cmpstr (args, ==, cases[i].args);
      g_assert_false (permissions->env);
    }
}

static void
test_what_is_no_permission (Fixture *fixture, gconstpointer user_data)
{
  static const char *const words[][3] = { { "standrad" },
                                          { "--allow-net", "none" },
                                          { "--allow-nett" },
                                          { "--allow-env", "--alow-net=a:1" },
                                          { "--allow-all=a" },
                                          { "-RN" },
                                          { "--v8-flags=--max-old-space-size=1" },
                                          { "--cached-only=false" },
                                          { "-X" } };

  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (args_of (fixture, words[i], &error));
      g_assert_error (error, WEIR_ERROR, WEIR_ERROR_NOT_SUPPORTED);
      g_assert_true (g_str_has_prefix (error->message, "weir.toml:3: permissions: "));
    }
}

static void
test_near_ones (Fixture *fixture, gconstpointer user_data)
{
  static const char *const words[][2] = { { "--allow-nett=a:1" },
                                          { "allow-net" },
                                          { "--allownet" } };

  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (args_of (fixture, words[i], &error));
      g_assert_true (g_str_has_suffix (error->message, "; did you mean \"--allow-net\"?"));
    }
}

static void
test_env_files (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (WeirSettings) settings = make_settings (NULL);
  g_autoptr (WeirDenoPermissions) permissions =
      weir_deno_permissions_new (settings, fixture->folders, NULL);
  g_autofree char *own = g_build_filename (fixture->root, "a", NULL);
  g_autofree char *names = NULL;

  weir_deno_permissions_hide_env_files (permissions, own);
  names = join_names (permissions->unreadable);
  g_assert_cmpstr (names, ==, ".env .env.local .env.production");
}

#define ADD(name, function)                                                                        \
  g_test_add ("/runtime-deno/permissions/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("folders", test_folders);
  ADD ("groups", test_groups);
  ADD ("profiles", test_profiles);
  ADD ("taken-back", test_taken_back);
  ADD ("what-is-none", test_what_is_no_permission);
  ADD ("near-ones", test_near_ones);
  ADD ("env-files", test_env_files);
  return g_test_run ();
}
