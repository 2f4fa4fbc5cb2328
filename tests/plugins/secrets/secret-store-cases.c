/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "secret-store-cases.h"

#include <string.h>

#define PATIENCE_MS 8000

static SecretStoreFactory factory;

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static gboolean
on_patience_lost (gpointer user_data)
{
  g_error ("The secret store does not answer");
  return G_SOURCE_REMOVE;
}

static void
wait_while (gboolean (*condition) (gpointer user_data), gpointer user_data)
{
  guint watchdog = g_timeout_add (PATIENCE_MS, on_patience_lost, NULL);

  while (condition (user_data))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (watchdog);
}

static gboolean
is_null (gpointer user_data)
{
  return *(gpointer *) user_data == NULL;
}

static gboolean
is_zero (gpointer user_data)
{
  return *(guint *) user_data == 0;
}

void
secret_store_open (WeirSecretStore *store, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  weir_secret_store_open_async (store, NULL, on_answer, &result);
  wait_while (is_null, &result);
  weir_secret_store_open_finish (store, result, error);
}

static gboolean
set_all (WeirSecretStore *store, GPtrArray *secrets, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  weir_secret_store_set_async (store, secrets, NULL, on_answer, &result);
  wait_while (is_null, &result);

  return weir_secret_store_set_finish (store, result, error);
}

static gboolean
set (WeirSecretStore *store, const char *scope, const char *name, const char *value, GError **error)
{
  g_autoptr (GPtrArray) secrets =
      g_ptr_array_new_with_free_func ((GDestroyNotify) weir_secret_unref);

  g_ptr_array_add (secrets, weir_secret_new (scope, name, value, 0));

  return set_all (store, secrets, error);
}

gboolean
secret_store_set (WeirSecretStore *store, const char *name, const char *value, GError **error)
{
  return set (store, WEIR_SECRET_SYSTEM, name, value, error);
}

static GPtrArray *
list (WeirSecretStore *store, const char *scope, gboolean with_values, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  weir_secret_store_list_async (store, scope, with_values, NULL, on_answer, &result);
  wait_while (is_null, &result);

  return weir_secret_store_list_finish (store, result, error);
}

GPtrArray *
secret_store_list (WeirSecretStore *store, const char *scope, GError **error)
{
  return list (store, scope, TRUE, error);
}

static gboolean
forget (WeirSecretStore *store, const char *const *names, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  weir_secret_store_remove_async (store, WEIR_SECRET_SYSTEM, names, NULL, on_answer, &result);
  wait_while (is_null, &result);

  return weir_secret_store_remove_finish (store, result, error);
}

static WeirSecretStore *
make (const char *place)
{
  g_autoptr (GError) error = NULL;
  WeirSecretStore *store = factory (place);

  secret_store_open (store, &error);
  g_assert_no_error (error);

  return store;
}

static void
must_set (WeirSecretStore *store, const char *scope, const char *name, const char *value)
{
  g_autoptr (GError) error = NULL;

  set (store, scope, name, value, &error);
  g_assert_no_error (error);
}

/* expected: "NAME=value,NAME=value" */
static void
check (WeirSecretStore *store, const char *scope, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) secrets = list (store, scope, TRUE, &error);
  g_autoptr (GString) found = g_string_new (NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < secrets->len; i++)
    {
      g_assert_cmpstr (weir_secret_get_scope (secrets->pdata[i]), ==, scope);
      g_string_append_printf (found,
                              "%s%s=%s",
                              i > 0 ? "," : "",
                              weir_secret_get_name (secrets->pdata[i]),
                              weir_secret_get_value (secrets->pdata[i]));
    }
  g_assert_cmpstr (found->str, ==, expected);
}

/* ---- the cases ---- */

static void
test_set (void)
{
  g_autoptr (WeirSecretStore) store = make ("set");

  check (store, "system", "");
  must_set (store, "system", "B", "two");
  must_set (store, "system", "A", "one\nline \xc3\xa9 'quoted'");
  check (store, "system", "A=one\nline \xc3\xa9 'quoted',B=two");
  must_set (store, "system", "B", "other");
  must_set (store, "system", "C", "");
  check (store, "system", "A=one\nline \xc3\xa9 'quoted',B=other,C=");
}

static void
test_scopes (void)
{
  g_autoptr (WeirSecretStore) store = make ("scopes");

  must_set (store, "system", "A", "1");
  must_set (store, "user:7", "A", "2");
  must_set (store, "user:77", "A", "3");
  check (store, "system", "A=1");
  check (store, "user:7", "A=2");
  check (store, "user:77", "A=3");
  check (store, "user:8", "");
}

static void
test_names_only (void)
{
  g_autoptr (WeirSecretStore) store = make ("names-only");
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) secrets = NULL;
  gint64 now = g_get_real_time () / 1000;
  gint64 updated;

  must_set (store, "system", "A", "1");
  secrets = list (store, "system", FALSE, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (secrets->len, ==, 1);
  g_assert_cmpstr (weir_secret_get_name (secrets->pdata[0]), ==, "A");
  g_assert_null (weir_secret_get_value (secrets->pdata[0]));
  updated = weir_secret_get_updated (secrets->pdata[0]);
  g_assert_cmpint (ABS (updated - now), <, 10000);
}

static void
test_remove (void)
{
  g_autoptr (WeirSecretStore) store = make ("remove");
  const char *const some[] = { "A", "C", "A", NULL };
  const char *const missing[] = { "B", "X", NULL };
  g_autoptr (GError) error = NULL;

  must_set (store, "system", "A", "1");
  must_set (store, "system", "B", "2");
  must_set (store, "system", "C", "3");
  forget (store, some, &error);
  g_assert_no_error (error);
  check (store, "system", "B=2");
  g_assert_false (forget (store, missing, &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "X"));
  check (store, "system", "B=2");
}

static void
test_refused (void)
{
  g_autoptr (WeirSecretStore) store = make ("refused");
  g_autoptr (GError) error = NULL;

  g_assert_false (set (store, "system", "a b", "1", &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_false (set (store, "system", "SUPABASE_X", "1", &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_FORBIDDEN);
  g_clear_error (&error);
  g_assert_false (set (store, "else", "A", "1", &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_INVALID_ARGUMENT);
  check (store, "system", "");
}

static void
count (WeirSecretStore *store, gpointer user_data)
{
  guint *n = user_data;

  (*n)++;
}

static void
test_another_program (void)
{
  g_autoptr (WeirSecretStore) store = make ("another-program");
  g_autoptr (WeirSecretStore) other = make ("another-program");
  guint n_changes = 0;

  g_signal_connect (other, "changed", G_CALLBACK (count), &n_changes);
  must_set (store, "system", "A", "1");
  wait_while (is_zero, &n_changes);
  check (other, "system", "A=1");
}

void
secret_store_cases_add (const char *name, SecretStoreFactory make_store)
{
  static const struct
  {
    const char *name;
    GTestFunc run;
  } cases[] = {
    { "set", test_set },         { "scopes", test_scopes },
    { "remove", test_remove },   { "names-only", test_names_only },
    { "refused", test_refused }, { "another-program", test_another_program },
  };

  factory = make_store;
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/%s/%s", name, cases[i].name);

      g_test_add_func (path, cases[i].run);
    }
}
