/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <weir.h>

#include <glib/gstdio.h>
#include <string.h>

/* ---- what the engine says while it works ---- */

static GString *warnings;

static GLogWriterOutput
catch_warnings (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  if ((level & G_LOG_LEVEL_WARNING) == 0)
    return g_log_writer_default (level, fields, n_fields, user_data);

  for (gsize i = 0; i < n_fields; i++)
    {
      if (strcmp (fields[i].key, "MESSAGE") == 0)
        g_string_append_printf (warnings, "%s\n", (const char *) fields[i].value);
    }
  return G_LOG_WRITER_HANDLED;
}

/* ---- fixtures ---- */

static WeirPluginEngine *
engine_new (void)
{
  WeirPluginEngine *engine = weir_plugin_engine_new ();

  weir_plugin_engine_add_search_path (engine, TEST_PLUGIN_DIR);
  return engine;
}

static void
assert_state (WeirPluginEngine *engine, const char *id, WeirPluginState state)
{
  WeirPluginInfo *info = weir_plugin_engine_get_info (engine, id);

  g_assert_nonnull (info);
  g_assert_cmpint (weir_plugin_info_get_state (info), ==, state);
  if (state == WEIR_PLUGIN_STATE_FAILED)
    g_assert_nonnull (weir_plugin_info_get_error (info));
  else
    g_assert_null (weir_plugin_info_get_error (info));
}

static void
assert_contains (const char *text, const char *part)
{
  if (strstr (text, part) == NULL)
    g_error ("“%s” does not contain “%s”", text, part);
}

/* ---- loading ---- */

static void
test_good (void)
{
  g_autoptr (WeirPluginEngine) engine = engine_new ();
  WeirExtensionRegistry *registry = weir_plugin_engine_get_registry (engine);
  WeirPluginInfo *info = weir_plugin_engine_get_info (engine, "good");
  g_autofree char *module_path = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (info);
  g_assert_cmpstr (weir_plugin_info_get_name (info), ==, "Test: good");
  g_assert_cmpstr (weir_plugin_info_get_description (info), ==, "Answers /good");
  g_assert_cmpstr (weir_plugin_info_get_version (info), ==, "1.0");
  g_assert_cmpstr (weir_plugin_info_get_provides (info)[0], ==, "stage:good");
  g_assert_null (weir_plugin_info_get_provides (info)[1]);
  g_object_get (info, "module-path", &module_path, NULL);
  g_assert_cmpstr (module_path, ==, TEST_PLUGIN_DIR "/good.so");
  assert_state (engine, "good", WEIR_PLUGIN_STATE_FOUND);
  g_assert_cmpuint (weir_extension_registry_lookup (registry, WEIR_TYPE_STAGE, "good"),
                    ==,
                    G_TYPE_INVALID);

  weir_plugin_engine_load (engine, "good", &error);
  g_assert_no_error (error);
  assert_state (engine, "good", WEIR_PLUGIN_STATE_ACTIVE);
  g_assert_cmpstr (g_type_name (weir_extension_registry_lookup (registry, WEIR_TYPE_STAGE, "good")),
                   ==,
                   "WeirGoodStage");

  weir_plugin_engine_load (engine, "good", &error);
  g_assert_no_error (error);
}

static void
test_options (void)
{
  g_autoptr (WeirPluginEngine) engine = engine_new ();
  WeirExtensionRegistry *registry = weir_plugin_engine_get_registry (engine);
  g_autoptr (GVariant) options = NULL;
  g_autoptr (GVariant) wrong = NULL;
  g_autofree char *greeting = NULL;
  g_autofree char *culprit = NULL;
  g_autoptr (GObject) stage = NULL;
  g_autoptr (GError) error = NULL;
  guint status = 0;

  weir_plugin_engine_load_provider (engine, "stage", "good", &error);
  g_assert_no_error (error);

  options = g_variant_ref_sink (g_variant_new_parsed ("{'greeting': <'hi'>, 'status': <@x 201>}"));
  stage = weir_extension_registry_create (registry, WEIR_TYPE_STAGE, "good", options, &error);
  g_assert_no_error (error);
  g_object_get (stage, "greeting", &greeting, "status", &status, NULL);
  g_assert_cmpstr (greeting, ==, "hi");
  g_assert_cmpuint (status, ==, 201);

  wrong = g_variant_ref_sink (g_variant_new_parsed ("{'statsu': <@x 201>}"));
  g_assert_false (
      weir_extension_registry_check (registry, WEIR_TYPE_STAGE, "good", wrong, &culprit, &error));
  g_assert_error (error, WEIR_PLUGIN_ERROR, WEIR_PLUGIN_ERROR_OPTION);
  g_assert_cmpstr (culprit, ==, "statsu");
  assert_contains (error->message, "did you mean “status”?");
}

typedef struct
{
  const char *id;
  WeirPluginError code;
  const char *message;
} Broken;

static const Broken broken[] = {
  { "old-abi", WEIR_PLUGIN_ERROR_ABI, "its module asks for ABI 0.9, and this is ABI 1.0" },
  { "old-manifest", WEIR_PLUGIN_ERROR_ABI, "its manifest asks for ABI 0.9" },
  { "new-minor", WEIR_PLUGIN_ERROR_ABI, "it needs a newer Weir" },
  { "no-symbol", WEIR_PLUGIN_ERROR_SYMBOL, "does not export weir_plugin_no_symbol" },
  { "code-symbol", WEIR_PLUGIN_ERROR_SYMBOL, "its descriptor is not data" },
  { "wrong-size", WEIR_PLUGIN_ERROR_SYMBOL, "another size" },
  { "wrong-id", WEIR_PLUGIN_ERROR_SYMBOL, "names another plugin" },
  { "no-activate", WEIR_PLUGIN_ERROR_SYMBOL, "has no activate" },
  { "no-module", WEIR_PLUGIN_ERROR_MODULE, "there is no module" },
  { "not-elf", WEIR_PLUGIN_ERROR_MODULE, "not-elf" },
  { "refuses", WEIR_PLUGIN_ERROR_REFUSED, "would not start: No licence was paid" },
  { "silent", WEIR_PLUGIN_ERROR_REFUSED, "did not say why" },
  { "promises", WEIR_PLUGIN_ERROR_REFUSED, "provides stage:promised, but the plugin did not" },
  { "needs-refuses", WEIR_PLUGIN_ERROR_DEPENDENCY, "requires “refuses”: Plugin “refuses” would" },
  { "needs-nothing-there", WEIR_PLUGIN_ERROR_DEPENDENCY, "There is no plugin “nothing-there”" },
  { "before-cycle",
    WEIR_PLUGIN_ERROR_DEPENDENCY,
    "Plugins require each other: cycle-a → cycle-b → cycle-c → cycle-a" },
};

static void
test_broken (gconstpointer data)
{
  const Broken *expected = data;
  g_autoptr (WeirPluginEngine) engine = engine_new ();
  WeirExtensionRegistry *registry = weir_plugin_engine_get_registry (engine);
  g_auto (GStrv) names = NULL;
  g_autofree char *message = NULL;
  g_autoptr (GError) error = NULL;

  assert_state (engine, expected->id, WEIR_PLUGIN_STATE_FOUND);
  g_assert_false (weir_plugin_engine_load (engine, expected->id, &error));
  g_assert_error (error, WEIR_PLUGIN_ERROR, (int) expected->code);
  assert_contains (error->message, expected->message);
  assert_state (engine, expected->id, WEIR_PLUGIN_STATE_FAILED);
  g_object_get (weir_plugin_engine_get_info (engine, expected->id),
                "error-message",
                &message,
                NULL);
  g_assert_cmpstr (message, ==, error->message);

  /* It stays so, with the same words, and nothing of it is left behind. */
  g_clear_error (&error);
  g_assert_false (weir_plugin_engine_load (engine, expected->id, &error));
  g_assert_error (error, WEIR_PLUGIN_ERROR, (int) expected->code);
  g_assert_cmpstr (message, ==, error->message);
  names = weir_extension_registry_dup_names (registry, WEIR_TYPE_STAGE);
  g_assert_cmpuint (g_strv_length (names), ==, 0);

  /* The others go on. */
  g_clear_error (&error);
  weir_plugin_engine_load (engine, "good", &error);
  g_assert_no_error (error);
}

static void
test_cycle (void)
{
  g_autoptr (WeirPluginEngine) engine = engine_new ();
  g_autoptr (GError) error = NULL;

  g_assert_false (weir_plugin_engine_load (engine, "cycle-b", &error));
  g_assert_error (error, WEIR_PLUGIN_ERROR, WEIR_PLUGIN_ERROR_DEPENDENCY);
  assert_contains (error->message, "cycle-b → cycle-c → cycle-a → cycle-b");
  assert_state (engine, "cycle-a", WEIR_PLUGIN_STATE_FAILED);
  assert_state (engine, "cycle-b", WEIR_PLUGIN_STATE_FAILED);
  assert_state (engine, "cycle-c", WEIR_PLUGIN_STATE_FAILED);
  assert_state (engine, "before-cycle", WEIR_PLUGIN_STATE_FOUND);
}

static void
on_state (WeirPluginInfo *info, GParamSpec *pspec, GString *trace)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (WEIR_TYPE_PLUGIN_STATE);
  GEnumValue *value = g_enum_get_value (klass, weir_plugin_info_get_state (info));

  g_string_append_printf (trace, "%s:%s ", weir_plugin_info_get_id (info), value->value_nick);
}

static void
test_requires_first (void)
{
  g_autoptr (WeirPluginEngine) engine = engine_new ();
  g_autoptr (GString) trace = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  const char *const ids[] = { "good", "needs-good" };

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    g_signal_connect (weir_plugin_engine_get_info (engine, ids[i]),
                      "notify::state",
                      G_CALLBACK (on_state),
                      trace);

  weir_plugin_engine_load (engine, "needs-good", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (trace->str,
                   ==,
                   "good:loading good:active needs-good:loading needs-good:active ");
}

static void
on_loading (WeirPluginInfo *info, GParamSpec *pspec, WeirPluginEngine *engine)
{
  g_autoptr (GError) error = NULL;

  if (weir_plugin_info_get_state (info) != WEIR_PLUGIN_STATE_LOADING)
    return;
  g_assert_false (weir_plugin_engine_load (engine, "good", &error));
  g_assert_error (error, WEIR_PLUGIN_ERROR, WEIR_PLUGIN_ERROR_REFUSED);
  assert_contains (error->message, "is being loaded");
}

static void
test_loading_is_a_state (void)
{
  g_autoptr (WeirPluginEngine) engine = engine_new ();
  g_autoptr (GError) error = NULL;

  g_signal_connect (weir_plugin_engine_get_info (engine, "good"),
                    "notify::state",
                    G_CALLBACK (on_loading),
                    engine);
  weir_plugin_engine_load (engine, "good", &error);
  g_assert_no_error (error);
}

/* Only one of the two says that they exclude each other; it must not matter which. */
static void
test_conflict (gconstpointer data)
{
  const char *first = data;
  const char *second = strcmp (first, "good") == 0 ? "conflicts-good" : "good";
  g_autoptr (WeirPluginEngine) engine = engine_new ();
  g_autoptr (GError) error = NULL;

  weir_plugin_engine_load (engine, first, &error);
  g_assert_no_error (error);
  g_assert_false (weir_plugin_engine_load (engine, second, &error));
  g_assert_error (error, WEIR_PLUGIN_ERROR, WEIR_PLUGIN_ERROR_CONFLICT);
  assert_contains (error->message, first);
  assert_state (engine, first, WEIR_PLUGIN_STATE_ACTIVE);
  assert_state (engine, second, WEIR_PLUGIN_STATE_FAILED);
}

static void
test_disabled (void)
{
  g_autoptr (WeirPluginEngine) engine = engine_new ();
  g_autoptr (GError) error = NULL;

  weir_plugin_engine_disable (engine, "good");
  g_assert_false (weir_plugin_engine_load (engine, "good", &error));
  g_assert_error (error, WEIR_PLUGIN_ERROR, WEIR_PLUGIN_ERROR_REFUSED);
  assert_state (engine, "good", WEIR_PLUGIN_STATE_FOUND);
  g_clear_error (&error);

  g_assert_false (weir_plugin_engine_load_provider (engine, "stage", "good", &error));
  g_assert_error (error, WEIR_PLUGIN_ERROR, WEIR_PLUGIN_ERROR_REFUSED);
  g_clear_error (&error);

  g_assert_false (weir_plugin_engine_load (engine, "needs-good", &error));
  g_assert_error (error, WEIR_PLUGIN_ERROR, WEIR_PLUGIN_ERROR_DEPENDENCY);
}

static void
test_not_found (void)
{
  g_autoptr (WeirPluginEngine) engine = engine_new ();
  g_autoptr (GError) error = NULL;

  g_assert_false (weir_plugin_engine_load (engine, "goot", &error));
  g_assert_error (error, WEIR_PLUGIN_ERROR, WEIR_PLUGIN_ERROR_NOT_FOUND);
  assert_contains (error->message, "did you mean “good”?");
  assert_contains (error->message, TEST_PLUGIN_DIR);
  g_clear_error (&error);

  g_assert_false (weir_plugin_engine_load_provider (engine, "stage", "never-answer", &error));
  g_assert_error (error, WEIR_PLUGIN_ERROR, WEIR_PLUGIN_ERROR_NOT_FOUND);
  assert_contains (error->message, "did you mean “never-answers”?");
}

static void
test_never_answers_loads (void)
{
  g_autoptr (WeirPluginEngine) engine = engine_new ();
  g_autoptr (GObject) stage = NULL;
  g_autoptr (GError) error = NULL;

  weir_plugin_engine_load_provider (engine, "stage", "never-answers", &error);
  g_assert_no_error (error);
  stage = weir_extension_registry_create (weir_plugin_engine_get_registry (engine),
                                          WEIR_TYPE_STAGE,
                                          "never-answers",
                                          NULL,
                                          &error);
  g_assert_no_error (error);
  g_assert_true (WEIR_IS_STAGE (stage));
}

/* A type that the program registered needs no plugin. */
static void
test_own_extension (void)
{
  g_autoptr (WeirPluginEngine) engine = weir_plugin_engine_new ();
  const GInterfaceInfo nothing = { NULL };
  g_autoptr (GError) error = NULL;
  GType type = g_type_register_static_simple (G_TYPE_OBJECT,
                                              "TestOwnStage",
                                              sizeof (GObjectClass),
                                              NULL,
                                              sizeof (GObject),
                                              NULL,
                                              0);

  g_type_add_interface_static (type, WEIR_TYPE_STAGE, &nothing);
  g_assert_true (weir_extension_registry_add (weir_plugin_engine_get_registry (engine),
                                              WEIR_TYPE_STAGE,
                                              "own",
                                              type,
                                              &error));
  g_assert_no_error (error);
  weir_plugin_engine_load_provider (engine, "stage", "own", &error);
  g_assert_no_error (error);
}

/* What we ship goes the same way as what others write. */
static void
test_ours (void)
{
  g_autoptr (WeirPluginEngine) engine = weir_plugin_engine_new ();
  guint n;

  weir_plugin_engine_add_default_search_paths (engine);
  g_assert_nonnull (weir_plugin_engine_get_info (engine, "adapter-native"));
  g_assert_nonnull (weir_plugin_engine_get_info (engine, "adapter-soup"));
  g_assert_nonnull (weir_plugin_engine_get_info (engine, "runtime-deno"));

  n = g_list_model_get_n_items (G_LIST_MODEL (engine));
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (WeirPluginInfo) info = g_list_model_get_item (G_LIST_MODEL (engine), i);
      g_autoptr (GError) error = NULL;

      weir_plugin_engine_load (engine, weir_plugin_info_get_id (info), &error);
      g_assert_no_error (error);
    }
}

/* The options that configuration knows of are those that the plugins have. */
static void
test_ours_options (void)
{
  g_autoptr (WeirPluginEngine) engine = weir_plugin_engine_new ();
  g_autofree char *directory = g_dir_make_tmp ("weir-options-XXXXXX", NULL);
  g_autofree char *file = g_build_filename (directory, "weir.toml", NULL);
  g_autofree char *functions = g_build_filename (directory, "functions", NULL);
  const char *text =
      "[adapters.native]\n"
      "head_timeout_ms = 10000\nbody_timeout_ms = 30000\nidle_timeout_ms = 75000\n"
      "max_connections = 1024\nmax_connections_per_address = 0\nmax_body_size = 0\n"
      "max_head_size = 65536\nmax_fields = 128\nproxy_protocol = ['10.0.0.0/8', 'unix']\n"
      "[adapters.soup]\n"
      "head_timeout_ms = 10000\nbody_timeout_ms = 30000\nidle_timeout_ms = 75000\n"
      "max_connections = 1024\nmax_body_size = 0\nmax_head_size = 65536\n"
      "max_fields = 128\n[runtimes.deno]\nexecutable = '/bin/true'\ncache = '/tmp'\n";
  g_autoptr (WeirConfig) config = NULL;
  g_autoptr (GVariant) native = NULL;
  g_autoptr (GVariant) soup = NULL;
  g_autoptr (GVariant) deno = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir (functions, 0700), ==, 0);
  g_assert_true (g_file_set_contents (file, text, -1, &error));
  config = weir_config_check (directory, NULL);
  native = weir_config_dup_plugin_options (config, "adapter", "native");
  soup = weir_config_dup_plugin_options (config, "adapter", "soup");
  deno = weir_config_dup_plugin_options (config, "runtime", "deno");
  g_assert_cmpuint (g_variant_n_children (native), ==, 9);
  g_assert_cmpuint (g_variant_n_children (soup), ==, 7);
  g_assert_cmpuint (g_variant_n_children (deno), ==, 2);

  weir_plugin_engine_add_default_search_paths (engine);
  weir_plugin_engine_load_provider (engine, "adapter", "native", &error);
  g_assert_no_error (error);
  weir_extension_registry_check (weir_plugin_engine_get_registry (engine),
                                 WEIR_TYPE_ADAPTER,
                                 "native",
                                 native,
                                 NULL,
                                 &error);
  g_assert_no_error (error);
  weir_plugin_engine_load_provider (engine, "adapter", "soup", &error);
  g_assert_no_error (error);
  weir_extension_registry_check (weir_plugin_engine_get_registry (engine),
                                 WEIR_TYPE_ADAPTER,
                                 "soup",
                                 soup,
                                 NULL,
                                 &error);
  g_assert_no_error (error);
  weir_plugin_engine_load_provider (engine, "runtime", "deno", &error);
  g_assert_no_error (error);
  weir_extension_registry_check (weir_plugin_engine_get_registry (engine),
                                 WEIR_TYPE_RUNTIME,
                                 "deno",
                                 deno,
                                 NULL,
                                 &error);
  g_assert_no_error (error);

  g_assert_cmpint (g_remove (file), ==, 0);
  g_assert_cmpint (g_rmdir (functions), ==, 0);
  g_assert_cmpint (g_rmdir (directory), ==, 0);
}

/* ---- the list ---- */

static void
on_items_changed (GListModel *model, guint at, guint removed, guint added, guint *n)
{
  g_assert_cmpuint (removed, ==, 0);
  g_assert_cmpuint (added, ==, 1);
  g_assert_cmpuint (at, <, g_list_model_get_n_items (model));
  *n += added;
}

static void
test_list (void)
{
  g_autoptr (WeirPluginEngine) engine = weir_plugin_engine_new ();
  g_autofree char *before = g_strdup ("");
  guint n = 0;

  g_signal_connect (engine, "items-changed", G_CALLBACK (on_items_changed), &n);
  weir_plugin_engine_add_search_path (engine, TEST_PLUGIN_DIR "/there/is/no/such/folder");
  g_assert_cmpuint (n, ==, 0);
  weir_plugin_engine_add_search_path (engine, TEST_PLUGIN_DIR);
  g_assert_cmpuint (n, ==, 23);
  weir_plugin_engine_add_search_path (engine, TEST_PLUGIN_DIR);
  g_assert_cmpuint (n, ==, 23);

  g_assert_true (g_list_model_get_item_type (G_LIST_MODEL (engine)) == WEIR_TYPE_PLUGIN_INFO);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (engine)), ==, n);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (WeirPluginInfo) info = g_list_model_get_item (G_LIST_MODEL (engine), i);

      g_assert_cmpstr (weir_plugin_info_get_id (info), >, before);
      g_free (before);
      before = g_strdup (weir_plugin_info_get_id (info));
    }
  g_assert_null (g_list_model_get_item (G_LIST_MODEL (engine), n));
}

/* ---- manifests ---- */

#define GOOD_TEXT "[Weir Plugin]\nId=here\nModule=here\nAbi=1.0\nName=N\nDescription=D\nVersion=1\n"

typedef struct
{
  const char *name;
  const char *text;
  const char *message;
} Manifest;

static const Manifest manifests[] = {
  { "empty", "", "there is no group [Weir Plugin]" },
  { "no-group", "Id=here\n", "group" },
  { "other-group", GOOD_TEXT "[Other]\nA=b\n", "unknown group [Other]" },
  { "unknown-key", GOOD_TEXT "Provide=a:b\n", "unknown key Provide; did you mean “Provides”?" },
  { "missing-id", "[Weir Plugin]\nModule=here\n", "the key Id is missing" },
  { "missing-abi", "[Weir Plugin]\nId=here\nModule=here\n", "the key Abi is missing" },
  { "empty-version", GOOD_TEXT "Version=\n", "the key Version is empty" },
  { "other-id", GOOD_TEXT "Id=there\n", "Id “there” does not match the name of the file" },
  { "bad-id", GOOD_TEXT "Id=He_re\n", "Id “He_re” is not made of" },
  { "bad-module", GOOD_TEXT "Module=../here\n", "Module “../here” is not a plain file name" },
  { "bad-abi", GOOD_TEXT "Abi=1\n", "Abi “1” is not MAJOR.MINOR" },
  { "huge-abi", GOOD_TEXT "Abi=1.70000\n", "Abi “1.70000” is not MAJOR.MINOR" },
  { "negative-abi", GOOD_TEXT "Abi=-1.0\n", "Abi “-1.0” is not MAJOR.MINOR" },
  { "bad-provides", GOOD_TEXT "Provides=soup\n", "Provides: “soup” is not POINT:NAME" },
  { "bad-requires", GOOD_TEXT "Requires=A b\n", "Requires: “A b” is not the id of a plugin" },
  { "itself", GOOD_TEXT "Conflicts=here\n", "Conflicts: the plugin names itself" },
  { "not-utf8", GOOD_TEXT "Name=\xff\xfe\n", "Name" },
  { "translated-id", GOOD_TEXT "Id[de]=hier\n", "unknown key Id[de]" },
};

static void
test_manifest (gconstpointer data)
{
  const Manifest *manifest = data;
  g_autoptr (WeirPluginEngine) engine = weir_plugin_engine_new ();
  g_autofree char *directory = g_dir_make_tmp ("weir-manifest-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "here.plugin", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (path, manifest->text, -1, &error));
  g_string_truncate (warnings, 0);
  weir_plugin_engine_add_search_path (engine, directory);

  assert_state (engine, "here", WEIR_PLUGIN_STATE_FAILED);
  g_assert_false (weir_plugin_engine_load (engine, "here", &error));
  g_assert_error (error, WEIR_PLUGIN_ERROR, WEIR_PLUGIN_ERROR_MANIFEST);
  assert_contains (error->message, manifest->message);
  assert_contains (error->message, path);
  assert_contains (warnings->str, error->message);

  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_cmpint (g_rmdir (directory), ==, 0);
}

static void
test_manifest_places (void)
{
  g_autoptr (WeirPluginEngine) engine = weir_plugin_engine_new ();
  g_autofree char *directory = g_dir_make_tmp ("weir-manifest-XXXXXX", NULL);
  g_autofree char *folder = g_build_filename (directory, "here", NULL);
  g_autofree char *path = g_build_filename (folder, "here.plugin", NULL);
  g_autofree char *other = g_build_filename (folder, "other.plugin", NULL);
  g_autofree char *found = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, GOOD_TEXT "Name[de]=Hier\n", -1, &error));
  g_assert_true (g_file_set_contents (other, "not looked at", -1, &error));
  g_setenv ("WEIR_PLUGIN_PATH", directory, TRUE);
  weir_plugin_engine_add_default_search_paths (engine);

  assert_state (engine, "here", WEIR_PLUGIN_STATE_FOUND);
  g_assert_null (weir_plugin_engine_get_info (engine, "other"));
  g_object_get (weir_plugin_engine_get_info (engine, "here"), "manifest-path", &found, NULL);
  g_assert_cmpstr (found, ==, path);

  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_cmpint (g_remove (other), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  g_assert_cmpint (g_rmdir (directory), ==, 0);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  warnings = g_string_new (NULL);
  g_log_set_writer_func (catch_warnings, NULL, NULL);

  g_test_add_func ("/plugin/engine/good", test_good);
  g_test_add_func ("/plugin/engine/options", test_options);
  for (guint i = 0; i < G_N_ELEMENTS (broken); i++)
    {
      g_autofree char *path = g_strconcat ("/plugin/engine/broken/", broken[i].id, NULL);

      g_test_add_data_func (path, &broken[i], test_broken);
    }
  g_test_add_func ("/plugin/engine/cycle", test_cycle);
  g_test_add_func ("/plugin/engine/requires-first", test_requires_first);
  g_test_add_func ("/plugin/engine/loading-is-a-state", test_loading_is_a_state);
  g_test_add_data_func ("/plugin/engine/conflict/after", "good", test_conflict);
  g_test_add_data_func ("/plugin/engine/conflict/before", "conflicts-good", test_conflict);
  g_test_add_func ("/plugin/engine/disabled", test_disabled);
  g_test_add_func ("/plugin/engine/not-found", test_not_found);
  g_test_add_func ("/plugin/engine/never-answers", test_never_answers_loads);
  g_test_add_func ("/plugin/engine/own-extension", test_own_extension);
  g_test_add_func ("/plugin/engine/ours", test_ours);
  g_test_add_func ("/plugin/engine/ours-options", test_ours_options);
  g_test_add_func ("/plugin/engine/list", test_list);
  for (guint i = 0; i < G_N_ELEMENTS (manifests); i++)
    {
      g_autofree char *path = g_strconcat ("/plugin/manifest/", manifests[i].name, NULL);

      g_test_add_data_func (path, &manifests[i], test_manifest);
    }
  g_test_add_func ("/plugin/manifest/places", test_manifest_places);

  status = g_test_run ();
  g_string_free (warnings, TRUE);
  return status;
}
