/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/weir-supabase-auth-private.h"
#include "config/weir-config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "weir-test-folder.h"

#define CODE "export default () => new Response();"
#define MAX_FILES 8

typedef struct
{
  const char *name;
  const char *text;
} File;

static WeirTestFolder *
make_project (const File *files)
{
  WeirTestFolder *folder = weir_test_folder_new ();

  for (; files->name != NULL; files++)
    weir_test_folder_write (folder, files->name, files->text);

  return folder;
}

/* The folder's own path is written as DIR. */
static char *
dup_joined (WeirTestFolder *folder, const char *const *lines)
{
  g_autofree char *joined = g_strjoinv ("\n", (char **) lines);
  g_auto (GStrv) parts = g_strsplit (joined, folder->path, -1);
  g_autofree char *inside = g_strjoinv ("DIR", parts);
  g_autofree char *parent = g_path_get_dirname (folder->path);
  g_autofree char *above = g_strconcat (" ", parent, ".", NULL);
  g_auto (GStrv) rest = g_strsplit (inside, above, -1);

  return g_strjoinv (" TMP.", rest);
}

/* ---- what is wrong ---- */

typedef struct
{
  const char *name;
  File files[MAX_FILES];
  const char *problems;
  const char *warnings;
} Complaint;

#define HELLO                                                                                      \
  {                                                                                                \
    "functions/hello/index.ts", CODE                                                               \
  }
#define SUPABASE_HELLO                                                                             \
  {                                                                                                \
    "supabase/functions/hello/index.ts", CODE                                                      \
  }

static const Complaint complaints[] = {
  { "fine",
    { HELLO, { "weir.toml", "listen = ['127.0.0.1:0', '[::1]:9000', 'unix:/a b', 'unix:@a']" } },
    "",
    "" },
  { "syntax",
    { HELLO, { "weir.toml", "adapter = 'soup'\nadapter = 'native'" } },
    "weir.toml:2:11: cannot redefine existing string 'adapter'",
    "" },
  { "unknown-key",
    { HELLO, { "weir.toml", "relod = true\nnonsense = 1" } },
    "weir.toml:1:1: unknown key \"relod\"; did you mean \"reload\"?\n"
    "weir.toml:2:1: unknown key \"nonsense\"",
    "" },
  { "unknown-table",
    { HELLO, { "weir.toml", "[default]\nmemory_limit_mb = 1" } },
    "weir.toml:1:2: unknown key \"default\"; did you mean \"defaults\"?",
    "" },
  { "odd-key",
    { HELLO, { "weir.toml", "\"a\\nb\" = 1\n\"plugins.path\" = []" } },
    "weir.toml:1:1: unknown key \"a?b\"\n"
    "weir.toml:2:1: unknown key \"plugins.path\"",
    "" },
  { "wrong-place",
    { HELLO, { "weir.toml", "memory_limit_mb = 1" } },
    "weir.toml:1:1: memory_limit_mb is an option of functions; write it in [defaults] or "
    "[functions.NAME]",
    "" },
  { "wrong-type",
    { HELLO,
      { "weir.toml",
        "listen = 9000\nadapter = 1\nreload = 'yes'\nshutdown_timeout_ms = '10s'\n"
        "env_files = [1]\nplugins = 1\n[adapters.soup]\nmax_body_size = 1.5\n" } },
    "weir.toml:1:10: listen must be an array of \"host:port\" strings, not an integer\n"
    "weir.toml:2:11: adapter must be a string, not an integer\n"
    "weir.toml:3:10: reload must be true or false, not a string\n"
    "weir.toml:4:23: shutdown_timeout_ms must be an integer of milliseconds, not a string\n"
    "weir.toml:5:14: env_files may hold only strings, not an integer\n"
    "weir.toml:6:11: plugins must be a table, not an integer\n"
    "weir.toml:8:17: adapters.soup.max_body_size must be an integer of bytes, not a number with "
    "a fraction",
    "" },
  { "out-of-range",
    { HELLO,
      { "weir.toml",
        "listen = ['9000', 'a:x', 'a:65536', '::1:80']\nadapter = ''\nshutdown_timeout_ms = -1\n"
        "[adapters.soup]\nmax_fields = 0\n[defaults]\nboot_timeout_ms = 0\n" } },
    "weir.toml:1:11: listen: \"9000\" is not host:port, as in \"127.0.0.1:9000\" or "
    "\"[::1]:9000\", nor \"unix:/PATH\" or \"unix:@NAME\"\n"
    "weir.toml:2:11: adapter is empty\n"
    "weir.toml:3:23: shutdown_timeout_ms is -1, outside 0 to 86400000\n"
    "weir.toml:5:14: adapters.soup.max_fields is 0, outside 1 to 10000\n"
    "weir.toml:7:19: boot_timeout_ms is 0, outside 1 to 86400000",
    "" },
  { "nothing-to-listen-on",
    { HELLO, { "weir.toml", "listen = []" } },
    "weir.toml:1:10: listen is empty",
    "" },
  { "functions",
    { HELLO,
      { "weir.toml",
        "[defaults]\nentrypoint = 'x.ts'\n[functions]\na = 1\n[functions.'b c']\n"
        "[functions.hello]\nenv = { 'A B' = '1' }\nenv_file = 1\n" } },
    "weir.toml:2:1: entrypoint cannot be the same for all functions; write it in "
    "[functions.NAME]\n"
    "weir.toml:4:5: functions.a must be a table, not an integer\n"
    "weir.toml:5:12: \"b c\" cannot be the name of a function: it begins with a letter and has "
    "at most 64 letters, digits, \"-\" and \"_\"\n"
    "weir.toml:7:9: env: \"A B\" cannot be the name of a variable\n"
    "weir.toml:8:1: unknown key \"env_file\" in [functions.hello]",
    "" },
  { "plugin-tables",
    { HELLO,
      { "weir.toml", "[adapters]\nsoup = 1\n[adapters.acme]\nx = 1\n[runtimes.deno]\nexe = 1" } },
    "weir.toml:2:8: adapters.soup must be a table, not an integer\n"
    "weir.toml:6:1: unknown key \"exe\" in [runtimes.deno]",
    "" },
  { "missing-env-file",
    { HELLO, { "weir.toml", "\nenv_files = ['more.env']" } },
    "weir.toml:2:13: env_files: there is no file DIR/more.env",
    "" },
  { "env-file",
    { HELLO, { "functions/.env", "A=1\nB" } },
    "functions/.env:2: B has no value; write B=value",
    "" },
  { "no-functions",
    { { "README.md", "" } },
    "No functions found in DIR. Looked in DIR/supabase/functions, DIR/fluxbase/functions, "
    "DIR/functions and DIR itself; `weir new hello` makes one.",
    "" },
  { "one-function",
    { { "index.ts", CODE } },
    "DIR is the folder of one function; give the folder above it, TMP.",
    "" },
  { "files-of-others",
    { HELLO, { "functions/data/.env", "broken" }, { "functions/data/function.json", "[]" } },
    "",
    "" },
  { "no-such-folder",
    { HELLO, { "weir.toml", "functions = 'src'" } },
    "weir.toml:1:13: functions: there is no folder DIR/src",
    "" },
  { "function-json",
    { HELLO,
      { "functions/hello/function.json",
        "{\n  \"memoryLimitMB\": 1,\n  \"idleTimeout\": true,\n  \"bootTimeoutMs\": 0,\n"
        "  \"$schema\": \"x\",\n  \"enabled\": true, \"nothing\": 0\n}" } },
    "hello/function.json:2:3: unknown key \"memoryLimitMB\"; did you mean \"memoryLimitMb\"?\n"
    "hello/function.json:3:18: idle_timeout_ms must be an integer of milliseconds, not a boolean\n"
    "hello/function.json:4:20: boot_timeout_ms is 0, outside 1 to 86400000\n"
    "hello/function.json:6:20: unknown key \"nothing\"",
    "" },
  { "function-json-twice",
    { HELLO, { "functions/hello/function.json", "{\"idleTimeout\": 1,\n\"idle_timeout_ms\": 2}" } },
    "hello/function.json:2:1: idle_timeout_ms is given twice, in two spellings",
    "" },
  { "function-json-syntax",
    { HELLO, { "functions/hello/function.json", "[]" } },
    "hello/function.json:1:1: the file must hold one object: { … }",
    "" },
  { "function-json-later",
    { HELLO,
      { "functions/hello/function.json",
        "{ \"permissions\": \"strict\", \"auth\": false, \"minWorkers\": 1, \"maxWorkers\": 2,\n"
        "\"eagerSpawn\": true, \"maxWebSocketConnections\": 1, \"websocketKeepsAlive\": true,\n"
        "\"backgroundTaskTimeout\": 1, \"backgroundTaskKeepsAlive\": true }" } },
    "",
    "" },
  { "import-map",
    { HELLO, { "functions/hello/function.json", "{\n\"import_map\": \"deno.json\"}" } },
    "hello/function.json:2: import_map: there is no file DIR/functions/hello/deno.json",
    "" },
  { "own-env",
    { HELLO, { "functions/hello/.env", "x y" } },
    "hello/.env:1: unexpected \"y\" in the name of a variable; names have letters, digits and _",
    "" },
  { "supabase-other-tables",
    { SUPABASE_HELLO,
      { "supabase/config.toml",
        "project_id = 'x'\n[api]\nport = 1\n[auth]\nenabled = true\n[db.pooler]\n" } },
    "",
    "" },
  { "supabase-warnings",
    { SUPABASE_HELLO,
      { "supabase/config.toml",
        "[edge_runtime]\nenabled = false\npolicy = 'per_worker'\ninspector_port = 8083\n"
        "deno_version = 1\n[functions.hello]\nenabled = true\nverify_jwt = true\n"
        "[edge_runtime.secrets]\na = 'env(WEIR_TEST_UNSET)'\nb = 'encrypted:xyz'\n"
        "SUPABASE_X = '1'\n" } },
    "",
    "supabase/config.toml:2: enabled has no effect: Weir always serves functions\n"
    "supabase/config.toml:4: inspector_port has no effect: this version of Weir has no "
    "inspector\n"
    "supabase/config.toml:5: deno_version has no effect: Weir runs Deno 2\n"
    "supabase/config.toml:10: a: the environment has no WEIR_TEST_UNSET; the value is left out\n"
    "supabase/config.toml:11: b has no effect: this version of Weir does not decrypt secrets\n"
    "supabase/config.toml:12: Env name cannot start with SUPABASE_, skipping: SUPABASE_X" },
  { "supabase-auth",
    { SUPABASE_HELLO,
      { "supabase/config.toml",
        "[auth]\njwt_secret = 'short'\nanon_key = 1\n[functions.hello]\nverify_jwt = 'no'\n" } },
    "supabase/config.toml:2:14: auth.jwt_secret must have 16 characters or more\n"
    "supabase/config.toml:3:12: auth.anon_key must be a string, not an integer\n"
    "supabase/config.toml:5:14: verify_jwt must be true or false, not a string",
    "" },
  { "supabase-third-party",
    { SUPABASE_HELLO,
      { "supabase/config.toml",
        "[auth.third_party]\nfirebase = 1\n[auth.third_party.auth0]\nenabled = true\n"
        "[auth.third_party.clerk]\nenabled = true\ndomain = 'https://clerk.example.com'\n"
        "[auth.third_party.aws_cognito]\nenabled = 'yes'\nuser_pool = 'x'\n"
        "[auth.third_party.workos]\nenabled = false\n[auth.third_party.okta]\nenabled = true\n" } },
    "supabase/config.toml:2:12: auth.third_party.firebase must be a table, not an integer\n"
    "supabase/config.toml:3:19: auth.third_party.auth0 is enabled, but has no tenant\n"
    "supabase/config.toml:7:10: domain of auth.third_party.clerk is a name without “https://”, not "
    "\"https://clerk.example.com\"\n"
    "supabase/config.toml:10:1: unknown key \"user_pool\" in [auth.third_party.aws_cognito]; did "
    "you mean \"user_pool_id\"?\n"
    "supabase/config.toml:9:11: enabled must be true or false, not a string",
    "supabase/config.toml:13: okta has no effect: this version of Weir does not know that "
    "provider; "
    "name it in [authenticators] of weir.toml" },
  { "auth",
    { HELLO,
      { "weir.toml",
        "[auth]\nauthenticator = []\n[functions.hello]\nauth = 'perhaps'\ncors_max_age = 'x'\n" } },
    "weir.toml:2:1: unknown key \"authenticator\" in [auth]; did you mean \"authenticators\"?\n"
    "weir.toml:4:8: auth must be \"required\", \"optional\", \"public\", true or false, not "
    "\"perhaps\"\n"
    "weir.toml:5:16: cors_max_age must be an integer of seconds, not a string",
    "" },
  { "supabase-problems",
    { SUPABASE_HELLO,
      { "supabase/config.toml",
        "[functions]\nx = 1\n[functions.hello]\nenabled = 'no'\nmemory_limit_mb = 1\n"
        "verify_jtw = false\n[edge_runtime]\npolcy = 1\n[edge_runtime.secrets]\na = 1\n" } },
    "supabase/config.toml:2:5: functions.x must be a table, not an integer\n"
    "supabase/config.toml:4:11: enabled must be true or false, not a string\n"
    "supabase/config.toml:5:1: memory_limit_mb is an option of Weir alone; write it in weir.toml "
    "or function.json\n"
    "supabase/config.toml:6:1: unknown key \"verify_jtw\" in [functions.hello]; did you mean "
    "\"verify_jwt\"?\n"
    "supabase/config.toml:8:1: unknown key \"polcy\" in [edge_runtime]; did you mean "
    "\"policy\"?\n"
    "supabase/config.toml:10:5: a secret must be a string, not an integer",
    "" },
  { "supabase-functions-is-no-table",
    { SUPABASE_HELLO, { "supabase/config.toml", "functions = 1" } },
    "supabase/config.toml:1:13: functions must be a table, not an integer",
    "" },
  { "supabase-names",
    { SUPABASE_HELLO,
      { "supabase/functions/.env", "SUPABASE_URL=x\nA=1" },
      { "supabase/functions/hello/.env", "SUPABASE_ANON_KEY=x" } },
    "",
    "supabase/functions/.env: Env name cannot start with SUPABASE_, skipping: SUPABASE_URL\n"
    "hello/.env: Env name cannot start with SUPABASE_, skipping: SUPABASE_ANON_KEY" },
  { "rate-limits",
    { HELLO,
      { "weir.toml",
        "rate_limit_failure = 'ajar'\n"
        "[rate_limits]\n"
        "off = '1/min'\n"
        "words = 'often'\n"
        "number = 5\n"
        "'a b' = '1/min'\n"
        "windows = '5/min, 9/hour'\n"
        "[rate_limits.half]\nburst = 3\n"
        "[rate_limits.wrong]\nper_minute = 0\nbursts = 1\n"
        "[defaults]\nrate_limit = '5/week'\n"
        "[functions.hello]\nrate_limit = 'windoes'\n" } },
    "weir.toml:1:22: rate_limit_failure is \"ajar\", not one of open|closed\n"
    "weir.toml:3:1: \"off\" is the word for no limit, and cannot be a plan\n"
    "weir.toml:4:9: rate_limits.words must be a table with per_minute and burst, or limits as in "
    "\"100/min, 1000/hour\"\n"
    "weir.toml:5:10: rate_limits.number must be a table with per_minute and burst, or limits as in "
    "\"100/min, 1000/hour\"\n"
    "weir.toml:6:1: the name of a plan begins with a letter and has at most 64 letters, digits, "
    "\"-\" and \"_\"\n"
    "weir.toml:8:1: rate_limits.half needs per_minute\n"
    "weir.toml:11:14: rate_limits.wrong.per_minute is 0, outside 1 to 10000000\n"
    "weir.toml:12:1: unknown key \"bursts\" in [rate_limits.wrong]; did you mean \"burst\"?\n"
    "weir.toml:14:14: rate_limit: \"5/week\" is neither the name of a plan nor limits, as in "
    "\"60/min burst 120\" or \"100/min, 1000/hour\"\n"
    "weir.toml:16: rate_limit: there is no plan \"windoes\"; did you mean \"windows\"?",
    "" },
  { "public-functions",
    { HELLO,
      { "functions/flat.ts", CODE },
      { "weir.toml",
        "[auth]\npublic_functions = ['hello', 'flat', 'named', 'helo']\n[functions.named]\n"
        "auth = 'required'" } },
    "",
    "weir.toml:2: public_functions: there is no function “helo”" },
  { "annotations",
    { { "functions/hello/index.ts",
        "// @fluxbase:rate-limit 5/min\n"
        "/** @fluxbase:rate-limits 5/min */\n"
        " * @fluxbase:rate-limit often\n"
        "const x = 1; // @fluxbase:nonsense\n"
        "/* @fluxbase:cors-max-age never*/\n"
        "// @fluxbase:timeout 999999999999\n"
        "//@fluxbase:ALLOW-NET false\n"
        "// @fluxbase:cors-max-age 90000\n"
        "// @fluxbase:cors-max-age-x 1\n"
        "// @fluxbase:memory 99999999\n"
        "// @fluxbase:deny-env mostly\n"
        "// @fluxbase:namespace 7up" },
      { "functions/flat.ts", "\n// @fluxbase:alow-net false\n" },
      { "functions/flat.test.ts", "// @fluxbase:nonsense\n" } },
    "",
    "hello/index.ts:3: @fluxbase:rate-limit is not N/min, N/hour or N/day\n"
    "hello/index.ts:5: @fluxbase:cors-max-age is not a number that would do here\n"
    "hello/index.ts:6: @fluxbase:timeout is not a number that would do here\n"
    "hello/index.ts:9: @fluxbase:cors-max-age-x is unknown; did you mean "
    "@fluxbase:cors-max-age?\n"
    "hello/index.ts:11: @fluxbase:deny-env is neither true nor false\n"
    "hello/index.ts:10:1: memory_limit_mb is 99999999, outside 0 to 1048576\n"
    "hello/index.ts:12:1: namespace is \"7up\": a name begins with a letter and has at most 64 "
    "letters, digits, \"-\" and \"_\"\n"
    "flat.ts:2: @fluxbase:alow-net is unknown; did you mean @fluxbase:allow-net?" },
  { "names-elsewhere", { HELLO, { "functions/.env", "SUPABASE_URL=x" } }, "", "" },
};

static void
test_complaint (gconstpointer data)
{
  const Complaint *complaint = data;
  g_autoptr (WeirTestFolder) folder = make_project (complaint->files);
  g_autoptr (WeirConfig) config = weir_config_check (folder->path, NULL);
  g_autofree char *problems = dup_joined (folder, weir_config_get_problems (config));
  g_autofree char *warnings = dup_joined (folder, weir_config_get_warnings (config));

  g_assert_cmpstr (problems, ==, complaint->problems);
  g_assert_cmpstr (warnings, ==, complaint->warnings);
}

static void
test_unreadable (void)
{
  const File files[] = { HELLO, { NULL } };
  g_autoptr (WeirTestFolder) folder = make_project (files);
  g_autofree char *functions = weir_test_folder_dup_path (folder, "functions");
  g_autofree char *expected =
      g_strdup_printf ("%s: the folder cannot be read; make it readable for this user.", functions);
  g_autoptr (GError) error = NULL;

  if (geteuid () == 0)
    {
      g_test_skip ("root can read every folder");
      return;
    }
  g_chmod (functions, 0);
  g_assert_null (weir_config_load (folder->path, NULL, &error));
  g_chmod (functions, 0700);
  g_assert_error (error, WEIR_CONFIG_ERROR, WEIR_CONFIG_ERROR_READ);
  g_assert_cmpstr (error->message, ==, expected);
}

static void
test_load_error (void)
{
  const File files[] = { HELLO, { "weir.toml", "a = 1\nadapter = 2" }, { NULL } };
  g_autoptr (WeirTestFolder) folder = make_project (files);
  g_autofree char *missing = weir_test_folder_dup_path (folder, "none");
  g_autoptr (GError) error = NULL;

  g_assert_null (weir_config_load (folder->path, NULL, &error));
  g_assert_error (error, WEIR_CONFIG_ERROR, WEIR_CONFIG_ERROR_UNKNOWN_KEY);
  g_assert_cmpstr (error->message, ==, "weir.toml:1:1: unknown key \"a\"");
  g_clear_error (&error);
  g_assert_null (weir_config_load (missing, NULL, &error));
  g_assert_error (error, WEIR_CONFIG_ERROR, WEIR_CONFIG_ERROR_READ);
  g_assert_true (g_str_has_prefix (error->message, "There is no folder "));
}

static void
test_not_utf8 (void)
{
  const File files[] = { { "bad\xff/functions/hello/index.ts", CODE },
                         { "bad\xff/weir.toml", "env_files = ['x']" },
                         { NULL } };
  g_autoptr (WeirTestFolder) folder = make_project (files);
  g_autofree char *directory = weir_test_folder_dup_path (folder, "bad\xff");
  g_autoptr (GError) error = NULL;

  g_assert_null (weir_config_load (directory, NULL, &error));
  g_assert_error (error, WEIR_CONFIG_ERROR, WEIR_CONFIG_ERROR_READ);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_nonnull (strstr (error->message, "is not valid UTF-8."));
}

/* One function with broken files leaves the others alone. */
static void
test_own_problem (void)
{
  const File files[] = { HELLO,
                         { "functions/bad/index.ts", CODE },
                         { "functions/bad/function.json", "{" },
                         { NULL } };
  g_autoptr (WeirTestFolder) folder = make_project (files);
  g_autofree char *bad = weir_test_folder_dup_path (folder, "functions/bad");
  g_autofree char *good = weir_test_folder_dup_path (folder, "functions/hello");
  g_autoptr (GError) error = NULL;
  g_autoptr (WeirConfig) config = weir_config_load (folder->path, NULL, &error);
  g_autoptr (WeirSettings) settings = NULL;

  g_assert_no_error (error);
  g_assert_null (weir_config_dup_function_settings (config, "bad", bad, &error));
  g_assert_error (error, WEIR_CONFIG_ERROR, WEIR_CONFIG_ERROR_SYNTAX);
  g_assert_true (g_str_has_prefix (error->message, "bad/function.json:1:"));
  g_clear_error (&error);
  g_assert_null (weir_config_dup_function_environ (config, "bad", bad, &error));
  g_assert_error (error, WEIR_CONFIG_ERROR, WEIR_CONFIG_ERROR_SYNTAX);
  g_clear_error (&error);
  settings = weir_config_dup_function_settings (config, "hello", good, &error);
  g_assert_no_error (error);
  g_assert_true (weir_settings_get_boolean (settings, "enabled"));
}

/* ---- where functions are ---- */

typedef struct
{
  const char *name;
  File files[MAX_FILES];
  const char *directory;
  const char *functions;
} Place;

static const Place places[] = {
  { "supabase-first",
    { SUPABASE_HELLO, HELLO, { "fluxbase/functions/a.ts", CODE } },
    "",
    "supabase/functions" },
  { "fluxbase-next", { HELLO, { "fluxbase/functions/a.ts", CODE } }, "", "fluxbase/functions" },
  { "plain", { HELLO, { "supabase/functions/README.md", "" } }, "", "functions" },
  { "inside-supabase", { SUPABASE_HELLO }, "supabase", "supabase/functions" },
  { "the-folder-itself", { SUPABASE_HELLO }, "supabase/functions", "supabase/functions" },
  { "any-folder-itself", { { "edge/a/index.ts", CODE } }, "edge", "edge" },
  { "flat-in-itself", { { "functions/a.ts", CODE } }, "functions", "functions" },
  { "by-flux-json",
    { { "functions/a/main.ts", CODE }, { "functions/a/flux.json", "{}" } },
    "",
    "functions" },
  { "by-entrypoint",
    { { "supabase/functions/README.md", "" },
      { "supabase/config.toml", "[functions.a]\nentrypoint = 'a.ts'" } },
    "",
    "supabase/functions" },
  { "as-configured",
    { HELLO, { "src/a/index.ts", CODE }, { "weir.toml", "functions = 'src'" } },
    "",
    "src" },
  { "as-configured-with-tables",
    { HELLO,
      { "src/a/index.ts", CODE },
      { "weir.toml", "[functions]\npath = 'src'\n[functions.a]\nenabled = false" } },
    "",
    "src" },
  { "beside-the-functions",
    { SUPABASE_HELLO, { "supabase/weir.toml", "adapter = 'x'" } },
    "",
    "supabase/functions" },
};

static void
test_place (gconstpointer data)
{
  const Place *place = data;
  g_autoptr (WeirTestFolder) folder = make_project (place->files);
  g_autofree char *directory = g_build_filename (folder->path, place->directory, NULL);
  g_autofree char *functions = weir_test_folder_dup_path (folder, place->functions);
  g_autoptr (GError) error = NULL;
  g_autoptr (WeirConfig) config = weir_config_load (directory, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (weir_config_get_functions_directory (config), ==, functions);
  g_assert_true (g_path_is_absolute (weir_config_get_directory (config)));
}

/* ---- what wins ---- */

static char *
explain (WeirSettings *settings, const char *name)
{
  GVariant *value = weir_settings_get_value (settings, name);
  g_autofree char *text = value != NULL ? g_variant_print (value, FALSE) : g_strdup ("-");

  return g_strdup_printf ("%s (%s)", text, weir_settings_get_origin (settings, name));
}

static void
assert_setting (WeirSettings *settings, const char *name, const char *expected)
{
  g_autofree char *text = explain (settings, name);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_function_precedence (void)
{
  const File files[] = {
    SUPABASE_HELLO,
    { "supabase/functions/hello/function.json",
      "{\n\"stopTimeoutMs\": 4,\n\"enabled\": true, \"env\": {\"D\": \"json\", \"A\": \"json\"}}" },
    { "supabase/config.toml",
      "[functions.hello]\nentrypoint = './functions/hello/main.ts'\nenabled = false\n"
      "static_files = ['./functions/hello/*.html']\nenv = { C = 'supabase', A = 'supabase' }" },
    { "weir.toml",
      "[defaults]\nidle_timeout_ms = 1\ndrain_timeout_ms = 1\nstop_timeout_ms = 1\n"
      "env = { A = 'defaults', B = 'defaults' }\n[functions.hello]\ndrain_timeout_ms = 2\n"
      "stop_timeout_ms = 2\nenabled = false\n[functions.other]\nidle_timeout_ms = 9\n" },
    { NULL }
  };
  g_autoptr (WeirTestFolder) folder = make_project (files);
  g_autofree char *directory = weir_test_folder_dup_path (folder, "supabase/functions/hello");
  g_autofree char *entrypoint = g_build_filename (directory, "main.ts", NULL);
  g_autofree char *static_files =
      g_strdup_printf ("['%s/*.html'] (supabase/config.toml:4)", directory);
  g_autoptr (WeirConfig) config = weir_config_load (folder->path, NULL, NULL);
  g_autoptr (WeirSettings) settings =
      weir_config_dup_function_settings (config, "hello", directory, NULL);
  g_auto (GStrv) names = weir_config_dup_function_names (config);
  g_autofree char *joined = g_strjoinv (" ", names);

  assert_setting (settings, "spawn_timeout_ms", "5000 (built-in)");
  assert_setting (settings, "idle_timeout_ms", "1 (weir.toml:2)");
  assert_setting (settings, "drain_timeout_ms", "2 (weir.toml:7)");
  assert_setting (settings, "stop_timeout_ms", "4 (hello/function.json:2)");
  assert_setting (settings, "enabled", "true (hello/function.json:3)");
  assert_setting (settings, "static_files", static_files);
  assert_setting (settings, "import_map", "- ((null))");
  g_assert_cmpstr (weir_settings_get_string (settings, "entrypoint"), ==, entrypoint);
  assert_setting (settings,
                  "env",
                  "{'B': 'defaults', 'C': 'supabase', 'D': 'json', 'A': 'json'} "
                  "(weir.toml:5, supabase/config.toml:5, hello/function.json:3)");
  g_assert_cmpstr (joined, ==, "hello other");
}

/* What other servers call it, in a function's own file. */
static void
test_other_names (void)
{
  static const struct
  {
    const char *other;
    const char *name;
  } names[] = { { "idleTimeout", "idle_timeout_ms" },
                { "requestTimeout", "request_timeout_ms" },
                { "workerMaxDuration", "wall_clock_ms" },
                { "backgroundTaskTimeout", "background_task_timeout_ms" },
                { "healthCheckInterval", "health_check_interval_ms" },
                { "healthCheckTimeout", "health_check_timeout_ms" },
                { "healthCheckMaxFailures", "health_check_failures" },
                { "memoryLimitMb", "memory_limit_mb" },
                { "minWorkers", "min_workers" },
                { "maxWorkers", "max_workers" },
                { "maxWebSocketConnections", "max_websockets" } };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *text = g_strdup_printf ("{\"%s\": 77}", names[i].other);
      const File files[] = { HELLO, { "functions/hello/function.json", text }, { NULL } };
      g_autoptr (WeirTestFolder) folder = make_project (files);
      g_autofree char *directory = weir_test_folder_dup_path (folder, "functions/hello");
      g_autoptr (WeirConfig) config = weir_config_load (folder->path, NULL, NULL);
      g_autoptr (WeirSettings) settings =
          weir_config_dup_function_settings (config, "hello", directory, NULL);

      g_assert_nonnull (settings);
      assert_setting (settings, names[i].name, "77 (hello/function.json:1)");
    }
}

static void
test_policy (void)
{
  const File files[] = { SUPABASE_HELLO,
                         { "supabase/functions/own/index.ts", CODE },
                         { "supabase/functions/own/function.json", "{\"maxRequests\": 5}" },
                         { "supabase/config.toml", "[edge_runtime]\npolicy = 'oneshot'" },
                         { NULL } };
  g_autoptr (WeirTestFolder) folder = make_project (files);
  g_autofree char *hello = weir_test_folder_dup_path (folder, "supabase/functions/hello");
  g_autofree char *own = weir_test_folder_dup_path (folder, "supabase/functions/own");
  g_autoptr (WeirConfig) config = weir_config_load (folder->path, NULL, NULL);
  g_autoptr (WeirSettings) settings =
      weir_config_dup_function_settings (config, "hello", hello, NULL);
  g_autoptr (WeirSettings) other = weir_config_dup_function_settings (config, "own", own, NULL);

  assert_setting (settings, "max_requests", "1 (supabase/config.toml:2)");
  assert_setting (other, "max_requests", "5 (own/function.json:1)");
}

static void
test_flux_precedence (void)
{
  const File files[] = {
    { "functions/hello/main.ts", "// @fluxbase:memory 1\n" CODE },
    { "functions/hello/flux.json",
      "{\"entry\": \"main.ts\",\n\"memoryLimitMb\": 2, \"idleTimeoutMs\": 2,\n"
      "\"env\": {\"A\": \"flux\", \"B\": \"flux\"}}" },
    { "functions/hello/function.json", "{\"idleTimeout\": 3, \"env\": {\"B\": \"json\"}}" },
    { "functions/plain/index.ts", CODE },
    { "weir.toml", "[defaults]\nrequest_size_limit = 7\n[functions.hello]\nidle_timeout_ms = 1" },
    { NULL }
  };
  g_autoptr (WeirTestFolder) folder = make_project (files);
  g_autofree char *directory = weir_test_folder_dup_path (folder, "functions/hello");
  g_autofree char *entry = g_strdup_printf ("'%s/main.ts' (hello/flux.json:1)", directory);
  g_autofree char *plain = weir_test_folder_dup_path (folder, "functions/plain");
  g_autoptr (WeirConfig) config = weir_config_load (folder->path, NULL, NULL);
  g_autoptr (WeirSettings) settings =
      weir_config_dup_function_settings (config, "hello", directory, NULL);
  g_autoptr (WeirSettings) other = weir_config_dup_function_settings (config, "plain", plain, NULL);
  g_auto (GStrv) names = weir_config_dup_function_names (config);
  g_autofree char *joined = g_strjoinv (" ", names);

  assert_setting (settings, "entrypoint", entry);
  assert_setting (settings, "memory_limit_mb", "2 (hello/flux.json:2)");
  assert_setting (settings, "idle_timeout_ms", "3 (hello/function.json:1)");
  assert_setting (settings, "request_size_limit", "7 (weir.toml:2)");
  assert_setting (settings, "request_timeout_ms", "30000 (hello/flux.json)");
  assert_setting (settings, "methods", "['POST'] (hello/flux.json)");
  assert_setting (settings, "dialect", "'flux' (hello/flux.json)");
  assert_setting (settings,
                  "env",
                  "{'A': 'flux', 'B': 'json'} (hello/flux.json:3, hello/function.json:1)");
  assert_setting (other, "dialect", "'weir' (built-in)");
  g_assert_cmpstr (joined, ==, "hello");
}

static void
test_public_functions (void)
{
  const File files[] = {
    { "functions/a/index.ts", CODE },
    { "functions/b/index.ts", CODE },
    { "functions/c/index.ts", CODE },
    { "functions/c/function.json", "{\"auth\": true}" },
    { "functions/d/index.ts", CODE },
    { "weir.toml",
      "[auth]\npublic_functions = ['a', 'b', 'c']\n[defaults]\nauth = 'optional'\n[functions.b]\n"
      "auth = true" },
    { NULL }
  };
  static const struct
  {
    const char *name;
    const char *auth;
  } cases[] = { { "a", "'public' (weir.toml:2)" },
                { "b", "'required' (weir.toml:6)" },
                { "c", "'required' (c/function.json:1)" },
                { "d", "'optional' (weir.toml:4)" } };
  g_autoptr (WeirTestFolder) folder = make_project (files);
  g_autoptr (WeirConfig) config = weir_config_load (folder->path, NULL, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *relative = g_build_filename ("functions", cases[i].name, NULL);
      g_autofree char *directory = weir_test_folder_dup_path (folder, relative);
      g_autoptr (WeirSettings) settings =
          weir_config_dup_function_settings (config, cases[i].name, directory, NULL);

      assert_setting (settings, "auth", cases[i].auth);
    }
}

static void
test_third_party (void)
{
  const File files[] = {
    SUPABASE_HELLO,
    { "supabase/config.toml",
      "[auth.third_party.firebase]\nenabled = true\nproject_id = 'shop-1'\n"
      "[auth.third_party.auth0]\nenabled = 'env(WEIR_TEST_ON)'\ntenant = 'env(WEIR_TEST_TENANT)'\n"
      "tenant_region = 'eu'\n"
      "[auth.third_party.aws_cognito]\nenabled = true\nuser_pool_id = 'eu-1_a'\n"
      "user_pool_region = 'eu-1'\n"
      "[auth.third_party.clerk]\nenabled = true\ndomain = 'a.clerk.accounts.dev'\n"
      "[auth.third_party.workos]\nenabled = true\n"
      "issuer_url = 'https://api.workos.com/user_management/c1'\n" },
    { NULL }
  };
  static const struct
  {
    const char *provider;
    const char *url;
    const char *audience;
    guint line;
  } cases[] = {
    { "firebase", "https://securetoken.google.com/shop-1", "shop-1", 1 },
    { "auth0", "https://acme.eu.auth0.com", NULL, 4 },
    { "aws_cognito", "https://cognito-idp.eu-1.amazonaws.com/eu-1_a", NULL, 8 },
    { "clerk", "https://a.clerk.accounts.dev", NULL, 12 },
    { "workos", "https://api.workos.com/user_management/c1", NULL, 15 },
  };
  g_autoptr (WeirTestFolder) folder = make_project (files);
  g_autoptr (WeirConfig) config = NULL;
  GPtrArray *found;

  g_setenv ("WEIR_TEST_ON", "true", TRUE);
  g_setenv ("WEIR_TEST_TENANT", "acme", TRUE);
  config = weir_config_load (folder->path, NULL, NULL);
  g_unsetenv ("WEIR_TEST_ON");
  g_unsetenv ("WEIR_TEST_TENANT");
  found = weir_config_get_supabase_auth (config)->third_party;
  g_assert_cmpuint (found->len, ==, G_N_ELEMENTS (cases));
  for (guint i = 0; i < found->len; i++)
    {
      const WeirSupabaseIssuer *issuer = found->pdata[i];
      g_autofree char *origin = g_strdup_printf ("supabase/config.toml:%u", cases[i].line);

      g_assert_cmpstr (issuer->provider, ==, cases[i].provider);
      g_assert_cmpstr (issuer->url, ==, cases[i].url);
      g_assert_cmpstr (issuer->audience, ==, cases[i].audience);
      g_assert_cmpstr (issuer->origin, ==, origin);
    }
}

static void
test_server_precedence (void)
{
  const File files[] = { HELLO,
                         { "weir.toml",
                           "listen = ['127.0.0.1:1']\nadapter = 'file'\nreload = false\n"
                           "[adapters.soup]\nmax_fields = 5\n[adapters.acme]\nx = 1\ny = ['z']\n" },
                         { NULL } };
  g_autoptr (WeirTestFolder) folder = make_project (files);
  g_autoptr (WeirConfig) config = NULL;
  g_autoptr (GVariant) options = NULL;
  g_autoptr (GVariant) acme = NULL;
  g_autofree char *printed = NULL;
  g_autofree char *printed_acme = NULL;
  g_autofree char *origin = NULL;
  g_autofree char *no_origin = NULL;
  WeirSettings *settings;

  g_setenv ("WEIR_LISTEN", "127.0.0.1:2, [::1]:2", TRUE);
  g_setenv ("WEIR_RELOAD", "1", TRUE);
  g_setenv ("WEIR_ADAPTERS_SOUP_MAX_CONNECTIONS", "7", TRUE);
  config =
      weir_config_load (folder->path, g_variant_new_parsed ("{'listen': <['127.0.0.1:3']>}"), NULL);
  g_unsetenv ("WEIR_LISTEN");
  g_unsetenv ("WEIR_RELOAD");
  g_unsetenv ("WEIR_ADAPTERS_SOUP_MAX_CONNECTIONS");

  settings = weir_config_get_server_settings (config);
  assert_setting (settings, "listen", "['127.0.0.1:3'] (command line)");
  assert_setting (settings, "reload", "true (environment WEIR_RELOAD)");
  assert_setting (settings, "adapter", "'file' (weir.toml:2)");
  assert_setting (settings, "strict_reload", "false (built-in)");

  options = weir_config_dup_plugin_options (config, "adapter", "soup");
  printed = g_variant_print (options, TRUE);
  g_assert_nonnull (strstr (printed, "'max_fields': <int64 5>"));
  g_assert_nonnull (strstr (printed, "'max_connections': <int64 7>"));
  g_assert_null (strstr (printed, "head_timeout_ms"));
  acme = weir_config_dup_plugin_options (config, "adapters", "acme");
  printed_acme = g_variant_print (acme, TRUE);
  g_assert_nonnull (strstr (printed_acme, "'y': <['z']>"));
  origin = weir_config_dup_plugin_option_origin (config, "adapter", "soup", "max_fields");
  g_assert_cmpstr (origin, ==, "weir.toml:5");
  no_origin = weir_config_dup_plugin_option_origin (config, "adapter", "soup", "max_head_size");
  g_assert_null (no_origin);
}

static const struct
{
  const char *variable;
  const char *value;
  const char *problem;
  const char *warning;
} variables[] = {
  { "WEIR_RELOAD",
    "perhaps",
    "environment WEIR_RELOAD: reload must be true or false, not a string",
    "" },
  { "WEIR_SHUTDOWN_TIMEOUT_MS",
    "-1",
    "environment WEIR_SHUTDOWN_TIMEOUT_MS: shutdown_timeout_ms is -1, outside 0 to 86400000",
    "" },
  { "WEIR_LISTEN",
    "9000",
    "environment WEIR_LISTEN: listen: \"9000\" is not host:port, as in \"127.0.0.1:9000\" or "
    "\"[::1]:9000\", nor \"unix:/PATH\" or \"unix:@NAME\"",
    "" },
  { "WEIR_LISTN",
    "127.0.0.1:1",
    "",
    "environment WEIR_LISTN: there is no such option; did you mean WEIR_LISTEN?" },
  { "WEIR_SOMETHING_ELSE", "1", "", "" },
  { "WEIR_RELOAD", "", "", "" },
  { "WEIR_PLUGIN_PATH", "/x", "", "" },
};

static void
test_environment (void)
{
  const File files[] = { HELLO, { NULL } };
  g_autoptr (WeirTestFolder) folder = make_project (files);
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (variables); i++)
    {
      g_autoptr (WeirConfig) config = NULL;
      g_autofree char *problems = NULL;
      g_autofree char *warnings = NULL;

      g_setenv (variables[i].variable, variables[i].value, TRUE);
      config = weir_config_check (folder->path, NULL);
      g_unsetenv (variables[i].variable);
      problems = dup_joined (folder, weir_config_get_problems (config));
      warnings = dup_joined (folder, weir_config_get_warnings (config));
      g_assert_cmpstr (problems, ==, variables[i].problem);
      g_assert_cmpstr (warnings, ==, variables[i].warning);
    }
}

static const struct
{
  const char *overrides;
  const char *problem;
} overrides[] = {
  { "{'listen': <['a:1']>, 'reload': <false>, 'shutdown_timeout_ms': <uint32 5>}", "" },
  { "{'lisen': <['a:1']>}", "command line: unknown option \"lisen\"" },
  { "{'listen': <'a:1'>}",
    "command line: listen must be an array of \"host:port\" strings, not a string" },
  { "{'listen': <(1, 2)>}", "command line: listen cannot be a value of type (ii)" },
  { "{'shutdown_timeout_ms': <uint64 18446744073709551615>}",
    "command line: shutdown_timeout_ms is 9223372036854775807, outside 0 to 86400000" },
  { "{'env_files': <['/none/x.env']>}", "command line: env_files: there is no file /none/x.env" },
};

static void
test_overrides (void)
{
  const File files[] = { HELLO, { NULL } };
  g_autoptr (WeirTestFolder) folder = make_project (files);
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (overrides); i++)
    {
      g_autoptr (WeirConfig) config =
          weir_config_check (folder->path, g_variant_new_parsed (overrides[i].overrides));
      g_autofree char *problems = dup_joined (folder, weir_config_get_problems (config));

      g_assert_cmpstr (problems, ==, overrides[i].problem);
    }
}

/* ---- the environment of a function ---- */

static void
test_function_environ (void)
{
  const File files[] = {
    SUPABASE_HELLO,
    { "supabase/.env.local", "FROM_FILE=file\n" },
    { "supabase/config.toml",
      "[edge_runtime.secrets]\nlower = 'env(FROM_FILE)'\nA = 'secret'\nB = 'secret'\nC = 'secret'\n"
      "D = 'secret'\nE = 'secret'\ngone = 'env(WEIR_TEST_UNSET)'\n" },
    { "supabase/functions/.env", "B=file\nC=file\nD=file\nE=file\nSUPABASE_URL=no\n" },
    { "more.env", "C=more\nD=more\nE=more\nX=$B\n" },
    { "weir.toml", "env_files = ['more.env']\n[defaults]\nenv = { D = 'set', E = 'set' }" },
    { "supabase/functions/hello/.env", "E=own\nY=$C" },
    { NULL }
  };
  g_autoptr (WeirTestFolder) folder = make_project (files);
  g_autofree char *directory = weir_test_folder_dup_path (folder, "supabase/functions/hello");
  g_autoptr (GError) error = NULL;
  g_autoptr (WeirConfig) config = weir_config_load (folder->path, NULL, &error);
  g_auto (GStrv) lines = NULL;
  g_auto (GStrv) flat = NULL;
  g_autofree char *joined = NULL;
  g_autofree char *joined_flat = NULL;

  g_assert_no_error (error);
  lines = weir_config_dup_function_environ (config, "hello", directory, &error);
  g_assert_no_error (error);
  joined = g_strjoinv (" ", lines);
  g_assert_cmpstr (joined, ==, "A=secret B=file C=more D=set E=own LOWER=file X=file Y=more");

  flat = weir_config_dup_function_environ (config,
                                           "flat",
                                           weir_config_get_functions_directory (config),
                                           &error);
  g_assert_no_error (error);
  joined_flat = g_strjoinv (" ", flat);
  g_assert_cmpstr (joined_flat, ==, "A=secret B=file C=more D=set E=set LOWER=file X=file");
}

static void
test_resolved_elsewhere (void)
{
  const File files[] = {
    SUPABASE_HELLO,
    { "supabase/config.toml",
      "[functions.hello]\nenabled = 'env(WEIR_TEST_ENABLED)'\n"
      "entrypoint = 'env(WEIR_TEST_UNSET)'\nenv = { A = 'env(WEIR_TEST_ENABLED)' }" },
    { NULL }
  };
  g_autoptr (WeirTestFolder) folder = make_project (files);
  g_autoptr (WeirConfig) config = NULL;
  g_autoptr (WeirSettings) settings = NULL;

  g_setenv ("WEIR_TEST_ENABLED", "false", TRUE);
  config = weir_config_load (folder->path, NULL, NULL);
  g_unsetenv ("WEIR_TEST_ENABLED");
  settings = weir_config_dup_function_settings (config, "hello", NULL, NULL);
  assert_setting (settings, "enabled", "false (supabase/config.toml:2)");
  assert_setting (settings, "entrypoint", "- ((null))");
  assert_setting (settings, "env", "{'A': 'false'} (supabase/config.toml:4)");
}

static void
test_files (void)
{
  const File files[] = { SUPABASE_HELLO, { "weir.toml", "" }, { NULL } };
  g_autoptr (WeirTestFolder) folder = make_project (files);
  g_autoptr (WeirConfig) config = weir_config_load (folder->path, NULL, NULL);
  g_auto (GStrv) names = weir_config_dup_files (config);
  g_autofree char *joined = dup_joined (folder, (const char *const *) names);

  g_assert_cmpstr (joined,
                   ==,
                   "DIR/weir.toml\n"
                   "DIR/supabase/config.toml\n"
                   "DIR/supabase/functions/.env\n"
                   "DIR/supabase/functions/hello/function.json\n"
                   "DIR/supabase/functions/hello/flux.json\n"
                   "DIR/supabase/functions/hello/.env");
}

int
main (int argc, char *argv[])
{
  gsize i;

  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  g_test_init (&argc, &argv, NULL);

  for (i = 0; i < G_N_ELEMENTS (complaints); i++)
    {
      g_autofree char *path = g_strconcat ("/config/complaint/", complaints[i].name, NULL);

      g_test_add_data_func (path, &complaints[i], test_complaint);
    }
  for (i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *path = g_strconcat ("/config/place/", places[i].name, NULL);

      g_test_add_data_func (path, &places[i], test_place);
    }
  g_test_add_func ("/config/unreadable", test_unreadable);
  g_test_add_func ("/config/load-error", test_load_error);
  g_test_add_func ("/config/not-utf8", test_not_utf8);
  g_test_add_func ("/config/own-problem", test_own_problem);
  g_test_add_func ("/config/function-precedence", test_function_precedence);
  g_test_add_func ("/config/public-functions", test_public_functions);
  g_test_add_func ("/config/flux-precedence", test_flux_precedence);
  g_test_add_func ("/config/other-names", test_other_names);
  g_test_add_func ("/config/policy", test_policy);
  g_test_add_func ("/config/third-party", test_third_party);
  g_test_add_func ("/config/server-precedence", test_server_precedence);
  g_test_add_func ("/config/environment", test_environment);
  g_test_add_func ("/config/overrides", test_overrides);
  g_test_add_func ("/config/function-environ", test_function_environ);
  g_test_add_func ("/config/resolved-elsewhere", test_resolved_elsewhere);
  g_test_add_func ("/config/files", test_files);

  return g_test_run ();
}
