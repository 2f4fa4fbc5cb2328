/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib/gstdio.h>
#include <weir.h>

#include "weir-deno-folder.h"
#include "weir-deno-runtime.h"

/* A script stands in for Deno. */
typedef struct
{
  char *folder;
  char *script;
  WeirRuntime *runtime;
  WeirFunction *function;
  GCancellable *cancellable;
  GAsyncResult *result;
  guint n_done;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *entry = NULL;

  fixture->folder = g_dir_make_tmp ("weir-prepare-XXXXXX", NULL);
  fixture->script = g_build_filename (fixture->folder, "deno", NULL);
  entry = g_build_filename (fixture->folder, "index.ts", NULL);
  g_assert_true (g_file_set_contents (entry, "Deno.serve(h);", -1, NULL));
  fixture->runtime = g_object_new (WEIR_TYPE_DENO_RUNTIME, "executable", fixture->script, NULL);
  fixture->cancellable = g_cancellable_new ();
  fixture->function = g_object_new (WEIR_TYPE_FUNCTION,
                                    "name",
                                    "hello",
                                    "root",
                                    fixture->folder,
                                    "directory",
                                    fixture->folder,
                                    "entrypoint",
                                    entry,
                                    NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_assert_finalize_object (fixture->runtime);
  g_assert_finalize_object (fixture->function);
  g_object_unref (fixture->cancellable);
  weir_deno_folder_remove (fixture->folder);
  g_free (fixture->folder);
  g_free (fixture->script);
}

static void
write_script (Fixture *fixture, const char *text)
{
  g_assert_true (g_file_set_contents (fixture->script, text, -1, NULL));
  g_assert_cmpint (g_chmod (fixture->script, 0755), ==, 0);
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_set_object (&fixture->result, result);
  fixture->n_done++;
}

static char **
prepare (Fixture *fixture, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  weir_runtime_prepare_async (fixture->runtime,
                              fixture->function,
                              fixture->cancellable,
                              on_done,
                              fixture);
  while (fixture->n_done == 0)
    g_main_context_iteration (NULL, TRUE);
  result = g_steal_pointer (&fixture->result);
  return weir_runtime_prepare_finish (fixture->runtime, result, error);
}

static void
test_files (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) files = NULL;

  write_script (fixture,
                "#!/bin/sh\n"
                "echo 'Download https://registry.example/x/-/x-1.0.0.tgz' >&2\n"
                "echo '{\"roots\":[],\"modules\":[{\"specifier\":\"file:///f/a.ts\","
                "\"local\":\"/f/a.ts\"}]}'\n");
  files = prepare (fixture, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (files), ==, 1);
  g_assert_cmpstr (files[0], ==, "/f/a.ts");
}

static void
test_fails (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  write_script (fixture, "#!/bin/sh\necho 'error: odd flag' >&2\nexit 1\n");
  g_assert_null (prepare (fixture, &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_BOOT_FAILED);
  g_assert_cmpstr (error->message,
                   ==,
                   "Deno cannot read the modules of \"hello\": error: odd flag");
}

static void
test_nonsense (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  write_script (fixture, "#!/bin/sh\necho 'not JSON'\n");
  g_assert_null (prepare (fixture, &error));
  g_assert_nonnull (strstr (error->message, "deno info"));
}

static gboolean
on_started (gpointer user_data)
{
  Fixture *fixture = user_data;
  g_autofree char *path = g_build_filename (fixture->folder, "started", NULL);

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return G_SOURCE_CONTINUE;
  g_cancellable_cancel (fixture->cancellable);
  return G_SOURCE_REMOVE;
}

static void
test_cancelled (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  write_script (fixture, "#!/bin/sh\ntouch started\nexec tail -f /dev/null\n");
  g_idle_add (on_started, fixture);
  g_assert_null (prepare (fixture, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* Two hold a lock each; a third at the same time finds none and fails. */
static void
test_at_most_two (Fixture *fixture, gconstpointer data)
{
  const guint n = 6;

  write_script (fixture,
                "#!/bin/sh\n"
                "if mkdir a 2>/dev/null; then lock=a\n"
                "elif mkdir b 2>/dev/null; then lock=b\n"
                "else touch too-many; fi\n"
                "ls / >/dev/null\n"
                "rmdir $lock\n"
                "echo '{\"modules\":[]}'\n");
  for (guint i = 0; i < n; i++)
    weir_runtime_prepare_async (fixture->runtime, fixture->function, NULL, on_done, fixture);
  while (fixture->n_done < n)
    g_main_context_iteration (NULL, TRUE);
  g_clear_object (&fixture->result);
  {
    g_autofree char *path = g_build_filename (fixture->folder, "too-many", NULL);

    g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  }
}

static WeirFunction *
make_function (Fixture *fixture, gboolean bundle)
{
  GHashTable *values =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  GHashTable *origins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (WeirSettings) settings = NULL;
  g_autofree char *entry = g_build_filename (fixture->folder, "index.ts", NULL);

  if (bundle)
    g_hash_table_insert (values,
                         g_strdup ("bundle"),
                         g_variant_ref_sink (g_variant_new_boolean (TRUE)));
  settings = weir_settings_new (values, origins);
  return g_object_new (WEIR_TYPE_FUNCTION,
                       "name",
                       "hello",
                       "root",
                       fixture->folder,
                       "directory",
                       fixture->folder,
                       "entrypoint",
                       entry,
                       "settings",
                       settings,
                       NULL);
}

static void
want_bundle (Fixture *fixture)
{
  g_object_unref (fixture->function);
  fixture->function = make_function (fixture, TRUE);
}

#define INFO "if [ \"$1\" = info ]; then echo '{\"roots\":[],\"modules\":[]}'; exit; fi\n"

static void
test_bundle (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) files = NULL;
  g_autoptr (WeirLaunch) launch = NULL;
  g_autofree char *reason = NULL;
  g_autofree char *before = NULL;
  g_autofree char *key = NULL;

  want_bundle (fixture);
  write_script (fixture,
                "#!/bin/sh\n" INFO "for word; do case $word in --output=*) "
                "echo bundled > ${word#--output=};; esac; done\n");
  before = weir_runtime_get_standby_key (fixture->runtime, fixture->function, &reason);
  g_assert_null (before);
  g_assert_cmpstr (reason, ==, "its bundle is not made yet");
  files = prepare (fixture, &error);
  g_assert_no_error (error);
  key = weir_runtime_get_standby_key (fixture->runtime, fixture->function, NULL);
  g_assert_nonnull (key);
  launch = weir_runtime_launch_standby (fixture->runtime, fixture->function, "/s.sock", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (weir_launch_get_load_command (launch), ==, "");
  {
    g_autofree char *load =
        weir_runtime_make_load_command (fixture->runtime, fixture->function, launch, &error);

    g_assert_nonnull (strstr (load, "/weir/bundles/"));
    g_assert_nonnull (strstr (load, "\"socket\":\"/s.sock\""));
  }
}

static void
test_bundle_shares_standbys (Fixture *fixture, gconstpointer data)
{
  g_autoptr (WeirFunction) twin = make_function (fixture, FALSE);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) files = NULL;
  g_autofree char *key = NULL;
  g_autofree char *of_twin = NULL;

  want_bundle (fixture);
  write_script (fixture,
                "#!/bin/sh\n" INFO "for word; do case $word in --output=*) "
                "echo bundled > ${word#--output=};; esac; done\n");
  files = prepare (fixture, &error);
  g_assert_no_error (error);
  key = weir_runtime_get_standby_key (fixture->runtime, fixture->function, NULL);
  of_twin = weir_runtime_get_standby_key (fixture->runtime, twin, NULL);
  g_assert_cmpstr (key, ==, of_twin);
}

static void
check_certificates (Fixture *fixture, const char *expected)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (prepare (fixture, &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_BOOT_FAILED);
  g_assert_true (g_str_has_suffix (error->message, expected));
}

/* Packages come through the proxy of a company as well, whose certificate the system knows. */
static void
test_certificates (Fixture *fixture, gconstpointer data)
{
  write_script (fixture, "#!/bin/sh\necho \"error: from $DENO_TLS_CA_STORE\" >&2; exit 1\n");
  g_unsetenv ("DENO_TLS_CA_STORE");
  check_certificates (fixture, "from system,mozilla");
  fixture->n_done = 0;
  g_setenv ("DENO_TLS_CA_STORE", "mozilla", TRUE);
  check_certificates (fixture, "from mozilla");
  g_unsetenv ("DENO_TLS_CA_STORE");
}

static void
fail_to_bundle (Fixture *fixture, const char *script, const char *expected)
{
  g_autoptr (GError) error = NULL;

  want_bundle (fixture);
  write_script (fixture, script);
  g_assert_null (prepare (fixture, &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_BOOT_FAILED);
  g_assert_true (g_str_has_prefix (error->message, "Deno cannot bundle \"hello\": "));
  g_assert_nonnull (strstr (error->message, expected));
}

static void
test_no_bundler (Fixture *fixture, gconstpointer data)
{
  fail_to_bundle (fixture,
                  "#!/bin/sh\n" INFO
                  "echo \"error: unrecognized subcommand 'bundle'\" >&2; exit 1\n",
                  "use a newer one");
}

static void
test_no_network (Fixture *fixture, gconstpointer data)
{
  fail_to_bundle (fixture,
                  "#!/bin/sh\n" INFO "echo 'error: downloading esbuild: no route' >&2; exit 1\n",
                  "needs the network");
}

static gboolean
on_late (gpointer user_data)
{
  g_error ("The test takes too long");
  return G_SOURCE_REMOVE;
}

#define ADD(name, func) g_test_add ("/deno/prepare/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_timeout_add_seconds (20, on_late, NULL);
  ADD ("files", test_files);
  ADD ("fails", test_fails);
  ADD ("nonsense", test_nonsense);
  ADD ("cancelled", test_cancelled);
  ADD ("at-most-two", test_at_most_two);
  ADD ("bundle", test_bundle);
  ADD ("bundle-shares-standbys", test_bundle_shares_standbys);
  ADD ("certificates", test_certificates);
  ADD ("no-bundler", test_no_bundler);
  ADD ("no-network", test_no_network);
  return g_test_run ();
}
