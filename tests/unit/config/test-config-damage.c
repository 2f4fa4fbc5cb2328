/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Valid files with random damage: a config comes out of every one of them. */

#include "config/weir-config.h"

#include <string.h>

#include "weir-test-folder.h"

#define ROUNDS 1500

static const struct
{
  const char *name;
  const char *text;
} files[] = {
  { "weir.toml",
    "listen = ['127.0.0.1:9000', \"[::1]:9000\"]\nadapter = 'soup'\nreload = true\n"
    "env_files = []\n[plugins]\npath = ['a']\n[adapters.soup]\nmax_fields = 128\n"
    "[adapters.acme]\nx = { y = [1, 2.5, 1979-05-27T07:32:00Z] }\n[runtimes.deno]\n"
    "executable = 'deno'\n[defaults]\nmemory_limit_mb = 128\nenv = { A = 'b' }\n"
    "[functions.hello]\nidle_timeout_ms = 5\nstatic_files = ['*.html']\n" },
  { "supabase/config.toml",
    "project_id = 'x'\n[api]\nport = 54321\n[edge_runtime]\npolicy = 'oneshot'\n"
    "inspector_port = 8083\n[edge_runtime.secrets]\na = 'env(HOME)'\nb = \"\"\"x\ny\"\"\"\n"
    "[functions.hello]\nenabled = true\nverify_jwt = false\n"
    "import_map = './functions/hello/deno.json'\nstatic_files = ['./x/*']\n" },
  { "supabase/functions/hello/function.json",
    "{ /* x */ \"idleTimeout\": 5000, \"memoryLimitMb\": 128,\n  \"env\": { \"A\": \"\\u00e9\" },\n"
    "  \"staticFiles\": [\"a\", \"b\"], \"permissions\": \"strict\", \"enabled\": true }\n" },
  { "supabase/functions/hello/flux.json",
    "{ \"name\": \"hi\", \"runtime\": \"deno\", \"route\": \"/hi/there\", \"method\": \"GET\",\n"
    "  \"async\": true, \"entry\": \"index.ts\", \"auth\": \"api_key\", \"rateLimit\": \"free\" "
    "}\n" },
  { "supabase/functions/hello/.env",
    "export A=1 # x\nB: \"a\\nb$A\"\nC='x\ny'\nSUPABASE_X=1\nD=${A}${NONE}\\$A\n" },
  { "supabase/functions/.env", "A=1\nB=\"${A}\"\n" },
};

static char *
damage (const char *text, gsize *length)
{
  static const char letters[] = "[]{}()=.,:\"'\\$#\n\0 \xff_a1-";
  GString *damaged = g_string_new (text);
  int n = g_test_rand_int_range (1, 6);

  while (n-- > 0 && damaged->len > 2)
    {
      gsize at = g_test_rand_int_range (0, damaged->len);
      gsize span = g_test_rand_int_range (0, MIN (damaged->len - at, 20) + 1);
      char letter = letters[g_test_rand_int_range (0, sizeof (letters) - 1)];

      switch (g_test_rand_int_range (0, 5))
        {
        case 0:
          g_string_erase (damaged, at, span);
          break;
        case 1:
          g_string_insert_c (damaged, at, letter);
          break;
        case 2:
          damaged->str[at] = letter;
          break;
        case 3:
          {
            g_autofree char *copy = g_strndup (damaged->str + at, span);

            g_string_insert (damaged, g_test_rand_int_range (0, damaged->len), copy);
          }
          break;
        default:
          g_string_truncate (damaged, at);
          break;
        }
    }
  *length = damaged->len;

  return g_string_free (damaged, FALSE);
}

static void
assert_messages (const char *const *messages)
{
  for (; *messages != NULL; messages++)
    {
      g_assert_true (g_utf8_validate (*messages, -1, NULL));
      g_assert_null (strchr (*messages, '\n'));
    }
}

static void
test_damage (void)
{
  g_autoptr (WeirTestFolder) folder = weir_test_folder_new ();
  g_autofree char *directory = weir_test_folder_dup_path (folder, "supabase/functions/hello");
  guint round;
  gsize i;

  weir_test_folder_write (folder, "supabase/functions/hello/index.ts", "");
  weir_test_folder_write (folder, "supabase/functions/hello/deno.json", "{}");
  for (i = 0; i < G_N_ELEMENTS (files); i++)
    weir_test_folder_write (folder, files[i].name, files[i].text);

  for (round = 0; round < ROUNDS; round++)
    {
      gsize which = g_test_rand_int_range (0, G_N_ELEMENTS (files));
      g_autofree char *path = weir_test_folder_dup_path (folder, files[which].name);
      gsize length;
      g_autofree char *text = damage (files[which].text, &length);
      g_autoptr (WeirConfig) config = NULL;
      g_autoptr (WeirSettings) settings = NULL;
      g_autoptr (GVariant) options = NULL;
      g_auto (GStrv) lines = NULL;

      g_assert_true (
          g_file_set_contents_full (path, text, length, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
      config = weir_config_check (folder->path, NULL);
      assert_messages (weir_config_get_problems (config));
      assert_messages (weir_config_get_warnings (config));
      settings = weir_config_dup_function_settings (config, "hello", directory, NULL);
      lines = weir_config_dup_function_environ (config, "hello", directory, NULL);
      options = weir_config_dup_plugin_options (config, "adapter", "acme");
      g_assert_cmpstr (
          weir_settings_get_origin (weir_config_get_server_settings (config), "strict_reload"),
          !=,
          NULL);
      g_file_set_contents_full (path, files[which].text, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL);
    }
}

static void
test_many (void)
{
  g_autoptr (WeirTestFolder) folder = weir_test_folder_new ();
  g_autoptr (WeirConfig) config = NULL;
  gint64 start;
  guint i;

  for (i = 0; i < 1000; i++)
    {
      g_autofree char *code = g_strdup_printf ("functions/f%u/index.ts", i);
      g_autofree char *json = g_strdup_printf ("functions/f%u/function.json", i);

      weir_test_folder_write (folder, code, "");
      weir_test_folder_write (folder, json, "{ \"idleTimeout\": 5, \"env\": { \"A\": \"1\" } }");
    }

  start = g_get_monotonic_time ();
  config = weir_config_load (folder->path, NULL, NULL);
  g_assert_nonnull (config);
  g_test_message ("1000 functions in %.1f ms", (g_get_monotonic_time () - start) / 1000.0);

  start = g_get_monotonic_time ();
  for (i = 0; i < 1000; i++)
    {
      g_autofree char *name = g_strdup_printf ("f%u", i);
      g_autofree char *directory =
          g_build_filename (weir_config_get_functions_directory (config), name, NULL);
      g_autoptr (WeirSettings) settings =
          weir_config_dup_function_settings (config, name, directory, NULL);

      g_assert_cmpint (weir_settings_get_integer (settings, "idle_timeout_ms"), ==, 5);
    }
  g_test_message ("1000 merges in %.1f ms", (g_get_monotonic_time () - start) / 1000.0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/config/damage", test_damage);
  g_test_add_func ("/config/many", test_many);

  return g_test_run ();
}
