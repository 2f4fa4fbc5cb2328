/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-key-rules.h"

typedef struct
{
  const char *scopes;   /* of the key, separated by spaces */
  const char *settings; /* of the function "hello" */
  gboolean allowed;
  const char *wanted;
} Case;

static const Case cases[] = {
  { "", "{}", TRUE, NULL },
  { "function:invoke", "{}", TRUE, NULL },
  { "functions:execute", "{}", TRUE, NULL },
  { "function:invoke:hello", "{}", TRUE, NULL },
  { "*", "{}", TRUE, NULL },
  { "admin", "{}", TRUE, NULL },
  { "logs:read function:invoke", "{}", TRUE, NULL },
  { "logs:read", "{}", FALSE, "function:invoke" },
  { "function:invoke:hell", "{}", FALSE, "function:invoke" },
  { "function:invoke:", "{}", FALSE, "function:invoke" },
  { "function:invokes", "{}", FALSE, "function:invoke" },
  { "Function:Invoke", "{}", FALSE, "function:invoke" },
  { "function:invoke", "{'auth_scopes': <['orders', 'all']>}", FALSE, "orders" },
  { "orders", "{'auth_scopes': <['orders', 'all']>}", TRUE, NULL },
  { "x all", "{'auth_scopes': <['orders', 'all']>}", TRUE, NULL },
  { "*", "{'auth_scopes': <['orders']>}", TRUE, NULL },
  { "", "{'auth_scopes': <['orders']>}", TRUE, NULL },
  { "logs:read", "{'auth_scopes': <@as []>}", FALSE, "function:invoke" },
  { "", "{'auth_keys': <['ci']>}", TRUE, NULL },
  { "", "{'auth_keys': <['CI', 'other']>}", FALSE, NULL },
  { "*", "{'auth_keys': <['other']>}", FALSE, NULL },
  { "", "{'auth_keys': <@as []>}", TRUE, NULL },
  { "logs:read", "{'auth_keys': <['ci']>}", FALSE, "function:invoke" },
};

static WeirFunction *
make_function (const char *text)
{
  GHashTable *values =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  GHashTable *origins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GVariant) dict = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, NULL);
  g_autoptr (WeirSettings) settings = NULL;
  GVariantIter iter;
  char *name;
  GVariant *value;

  g_variant_iter_init (&iter, dict);
  while (g_variant_iter_next (&iter, "{sv}", &name, &value))
    g_hash_table_insert (values, name, value);
  settings = weir_settings_new (values, origins);
  return g_object_new (WEIR_TYPE_FUNCTION, "name", "hello", "settings", settings, NULL);
}

static WeirApiKey *
make_key (const char *words)
{
  g_auto (GStrv) scopes = *words != '\0' ? g_strsplit (words, " ", -1) : NULL;
  g_autofree char *text = NULL;

  return weir_api_key_generate ("ci", FALSE, NULL, (const char *const *) scopes, 0, &text, NULL);
}

static void
test_cases (gconstpointer data)
{
  const Case *one = data;
  g_autoptr (WeirFunction) function = make_function (one->settings);
  g_autoptr (WeirApiKey) key = make_key (one->scopes);
  const char *wanted;

  g_assert_cmpint (weir_key_rules_allow (key, function, &wanted), ==, one->allowed);
  if (!one->allowed)
    g_assert_cmpstr (wanted, ==, one->wanted);
}

static void
test_by_id (void)
{
  g_autoptr (WeirApiKey) key = make_key ("");
  g_autofree char *settings =
      g_strdup_printf ("{'auth_keys': <['%s']>}", weir_api_key_get_id (key));
  g_autoptr (WeirFunction) function = make_function (settings);
  const char *wanted;

  g_assert_true (weir_key_rules_allow (key, function, &wanted));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/key-rules/%u", i);

      g_test_add_data_func (path, &cases[i], test_cases);
    }
  g_test_add_func ("/key-rules/by-id", test_by_id);

  return g_test_run ();
}
