/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/weir-config-schema-private.h"

#include <string.h>

static void
test_table (void)
{
  const WeirOption *options;
  guint n_options, i;

  options = weir_config_schema_get_options (&n_options);
  for (i = 0; i < n_options; i++)
    {
      const WeirOption *option = &options[i];
      g_autoptr (GVariant) fallback = weir_config_schema_dup_fallback (option);

      g_test_message ("%s", option->name);
      g_assert_true (weir_config_schema_find (option->scope, option->name) == option);
      g_assert_true (g_str_has_suffix (option->doc, "."));
      g_assert_true ((option->scope == WEIR_OPTION_FUNCTION) == (option->spelling != NULL));
      g_assert_true ((fallback != NULL) == (option->fallback != NULL));
      if (option->type == WEIR_OPTION_INTEGER)
        {
          g_assert_cmpint (g_variant_get_int64 (fallback), >=, option->minimum);
          g_assert_cmpint (g_variant_get_int64 (fallback), <=, option->maximum);
        }
      g_assert_cmpint (g_str_has_suffix (option->name, "_ms"),
                       ==,
                       g_strcmp0 (option->unit, "ms") == 0);
    }
}

static const struct
{
  WeirOptionScope scope;
  const char *prefix;
  const char *word;
  const char *expected;
} suggestions[] = {
  { WEIR_OPTION_SERVER, "", "listn", "listen" },
  { WEIR_OPTION_SERVER, "", "Listen", "listen" },
  { WEIR_OPTION_SERVER, "", "adaptor", "adapter" },
  { WEIR_OPTION_SERVER, "", "relaod", "reload" },
  { WEIR_OPTION_SERVER, "", "strict-reload", "strict_reload" },
  { WEIR_OPTION_SERVER, "", "shutdown_timeout", "shutdown_timeout_ms" },
  { WEIR_OPTION_SERVER, "", "colour", NULL },
  { WEIR_OPTION_SERVER, "plugins.", "requires", "require" },
  { WEIR_OPTION_SERVER, "adapters.soup.", "max_feilds", "max_fields" },
  { WEIR_OPTION_SERVER, "adapters.soup.", "listen", NULL },
  { WEIR_OPTION_FUNCTION, "", "memory_limit", "memory_limit_mb" },
  { WEIR_OPTION_FUNCTION, "", "enable", "enabled" },
  { WEIR_OPTION_FUNCTION, "", "entry_point", "entrypoint" },
  { WEIR_OPTION_FUNCTION, "", "x", NULL },
  { WEIR_OPTION_FUNCTION, "", "", NULL },
};

static void
test_suggest (void)
{
  g_autofree char *huge = g_strnfill (10000, 'a');
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (suggestions); i++)
    {
      g_test_message ("%s", suggestions[i].word);
      g_assert_cmpstr (weir_config_schema_suggest (suggestions[i].scope,
                                                   suggestions[i].prefix,
                                                   suggestions[i].word),
                       ==,
                       suggestions[i].expected);
    }
  g_assert_null (weir_config_schema_suggest (WEIR_OPTION_SERVER, "", huge));
}

static char *
replace_table (const char *manual, WeirOptionScope scope, const char *name)
{
  g_autofree char *begin = g_strdup_printf ("<!-- %s options, from the schema -->\n", name);
  g_autofree char *end = g_strdup_printf ("<!-- end of %s options -->", name);
  g_autofree char *table = weir_config_schema_dup_markdown (scope);
  const char *start = strstr (manual, begin);
  const char *stop = strstr (manual, end);
  g_autofree char *before = NULL;

  g_assert_nonnull (start);
  g_assert_nonnull (stop);
  before = g_strndup (manual, start - manual);

  return g_strconcat (before, begin, table, stop, NULL);
}

/* WEIR_UPDATE_DOCS=1 writes the tables instead of comparing them. */
static void
test_manual (void)
{
  g_autofree char *path =
      g_test_build_filename (G_TEST_DIST, "..", "docs", "configuration.md", NULL);
  g_autofree char *manual = NULL;
  g_autofree char *half = NULL;
  g_autofree char *expected = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &manual, NULL, &error);
  g_assert_no_error (error);
  half = replace_table (manual, WEIR_OPTION_SERVER, "server");
  expected = replace_table (half, WEIR_OPTION_FUNCTION, "function");
  if (g_getenv ("WEIR_UPDATE_DOCS") != NULL)
    g_assert_true (g_file_set_contents (path, expected, -1, NULL));
  else
    g_assert_cmpstr (manual, ==, expected);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/config/schema/table", test_table);
  g_test_add_func ("/config/schema/suggest", test_suggest);
  g_test_add_func ("/config/schema/manual", test_manual);

  return g_test_run ();
}
