/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "testing/weir-conformance.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/weir-error.h"
#include "testing/weir-conformance-private.h"

#define KIND "conformance"
#define N_MANY 200

typedef struct
{
  WeirConformanceStoreFactory factory;
  gpointer user_data;
  char *place;
  GMainContext *context;
  WeirStore *store;
} Fixture;

typedef struct
{
  const char *name;
  void (*run) (Fixture *fixture);
} Case;

typedef struct
{
  const Case *test;
  WeirConformanceStoreFactory factory;
  gpointer user_data;
} Plan;

/* ---- waiting for answers ---- */

typedef struct
{
  GAsyncResult *result;
  guint n_answers;
} Wait;

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Wait *wait = user_data;

  g_set_object (&wait->result, result);
  wait->n_answers++;
}

static gboolean
on_patience_lost (gpointer user_data)
{
  g_error ("The store does not answer");
  return G_SOURCE_REMOVE;
}

static GSource *
arm_watchdog (Fixture *fixture)
{
  GSource *source = g_timeout_source_new (WEIR_CONFORMANCE_PATIENCE_MS);

  g_source_set_callback (source, on_patience_lost, NULL, NULL);
  g_source_attach (source, fixture->context);

  return source;
}

static GAsyncResult *
wait_for (Fixture *fixture, Wait *wait, guint n_answers)
{
  g_autoptr (GSource) watchdog = arm_watchdog (fixture);

  while (wait->n_answers < n_answers)
    g_main_context_iteration (fixture->context, TRUE);
  g_source_destroy (watchdog);

  return wait->result;
}

static WeirStore *
open_store (Fixture *fixture)
{
  GObject *object = fixture->factory (fixture->place, fixture->user_data);
  g_autoptr (GError) error = NULL;
  Wait wait = { NULL, 0 };

  g_assert_true (WEIR_IS_STORE (object));
  weir_store_open_async (WEIR_STORE (object), NULL, on_answer, &wait);
  g_assert_cmpuint (wait.n_answers, ==, 0); /* never from within the call */
  weir_store_open_finish (WEIR_STORE (object), wait_for (fixture, &wait, 1), &error);
  g_assert_no_error (error);
  g_clear_object (&wait.result);

  return WEIR_STORE (object);
}

static gboolean
apply (Fixture *fixture, WeirStore *store, GPtrArray *changes, GError **error)
{
  Wait wait = { NULL, 0 };
  gboolean ok;

  weir_store_apply_async (store, changes, NULL, on_answer, &wait);
  ok = weir_store_apply_finish (store, wait_for (fixture, &wait, 1), error);
  g_clear_object (&wait.result);

  return ok;
}

static void
add (GPtrArray *changes, WeirChangeAction action, WeirRecord *record)
{
  g_ptr_array_add (changes, weir_change_new (action, record));
}

static GPtrArray *
changes_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) weir_change_unref);
}

static WeirRecord *
make (const char *key, const char *name, const char *text)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  g_variant_builder_add (&builder, "{sv}", "text", g_variant_new_string (text));

  return weir_record_new (KIND, key, name, g_variant_builder_end (&builder));
}

static gboolean
apply_one (Fixture *fixture, WeirChangeAction action, WeirRecord *record, GError **error)
{
  g_autoptr (GPtrArray) changes = changes_new ();

  add (changes, action, record);

  return apply (fixture, fixture->store, changes, error);
}

static void
must (Fixture *fixture, WeirChangeAction action, WeirRecord *record)
{
  g_autoptr (WeirRecord) held = record;
  g_autoptr (GError) error = NULL;

  apply_one (fixture, action, held, &error);
  g_assert_no_error (error);
}

static void
must_fail (Fixture *fixture, WeirChangeAction action, WeirRecord *record, WeirError code)
{
  g_autoptr (WeirRecord) held = record;
  g_autoptr (GError) error = NULL;

  g_assert_false (apply_one (fixture, action, held, &error));
  g_assert_error (error, WEIR_ERROR, (int) code);
}

static WeirRecord *
look (Fixture *fixture, WeirStore *store, const char *key, GError **error)
{
  Wait wait = { NULL, 0 };
  WeirRecord *record;

  weir_store_lookup_async (store, KIND, key, NULL, on_answer, &wait);
  record = weir_store_lookup_finish (store, wait_for (fixture, &wait, 1), error);
  g_clear_object (&wait.result);

  return record;
}

static WeirRecord *
must_look (Fixture *fixture, const char *key)
{
  g_autoptr (GError) error = NULL;
  WeirRecord *record = look (fixture, fixture->store, key, &error);

  g_assert_no_error (error);

  return record;
}

static void
check_text (Fixture *fixture, const char *key, const char *text)
{
  g_autoptr (WeirRecord) record = must_look (fixture, key);
  const char *found = NULL;

  g_assert_true (g_variant_lookup (weir_record_get_fields (record), "text", "&s", &found));
  g_assert_cmpstr (found, ==, text);
}

static void
check_absent (Fixture *fixture, const char *key)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (look (fixture, fixture->store, key, &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND);
}

static GPtrArray *
list (Fixture *fixture, const char *kind)
{
  g_autoptr (GError) error = NULL;
  Wait wait = { NULL, 0 };
  GPtrArray *records;

  weir_store_list_async (fixture->store, kind, NULL, on_answer, &wait);
  records = weir_store_list_finish (fixture->store, wait_for (fixture, &wait, 1), &error);
  g_clear_object (&wait.result);
  g_assert_no_error (error);

  return records;
}

/* ---- the cases ---- */

static void
case_empty (Fixture *fixture)
{
  g_autoptr (GPtrArray) none = list (fixture, KIND);

  g_assert_cmpuint (none->len, ==, 0);
  check_absent (fixture, "a");
  must_fail (fixture, WEIR_CHANGE_UPDATE, make ("a", NULL, "x"), WEIR_ERROR_NOT_FOUND);
  must_fail (fixture, WEIR_CHANGE_REMOVE, make ("a", NULL, "x"), WEIR_ERROR_NOT_FOUND);
}

static void
case_create (Fixture *fixture)
{
  g_autoptr (WeirRecord) record = NULL;

  must (fixture, WEIR_CHANGE_CREATE, make ("a", "first", "x"));
  record = must_look (fixture, "a");
  g_assert_cmpstr (weir_record_get_kind (record), ==, KIND);
  g_assert_cmpstr (weir_record_get_key (record), ==, "a");
  g_assert_cmpstr (weir_record_get_name (record), ==, "first");
  g_assert_cmpuint (weir_record_get_version (record), ==, 1);
  g_assert_cmpint (weir_record_get_created (record), >, 0);
  g_assert_cmpint (weir_record_get_updated (record), >=, weir_record_get_created (record));

  must_fail (fixture, WEIR_CHANGE_CREATE, make ("a", "another", "y"), WEIR_ERROR_EXISTS);
  check_text (fixture, "a", "x");
}

static void
case_names (Fixture *fixture)
{
  must (fixture, WEIR_CHANGE_CREATE, make ("a", "name", "x"));
  must_fail (fixture, WEIR_CHANGE_CREATE, make ("b", "name", "y"), WEIR_ERROR_EXISTS);
  check_absent (fixture, "b");
  /* Nobody else's when it is let go of; without one, there is nothing to share. */
  must (fixture, WEIR_CHANGE_PUT, make ("a", NULL, "x"));
  must (fixture, WEIR_CHANGE_CREATE, make ("b", "name", "y"));
  must (fixture, WEIR_CHANGE_CREATE, make ("c", NULL, "z"));
  must_fail (fixture, WEIR_CHANGE_PUT, make ("c", "name", "z"), WEIR_ERROR_EXISTS);
}

static void
case_versions (Fixture *fixture)
{
  g_autoptr (WeirRecord) first = NULL;
  g_autoptr (WeirRecord) second = NULL;

  must (fixture, WEIR_CHANGE_CREATE, make ("a", NULL, "x"));
  first = must_look (fixture, "a");
  must (fixture, WEIR_CHANGE_UPDATE, weir_record_ref (first));
  second = must_look (fixture, "a");
  g_assert_cmpuint (weir_record_get_version (second), ==, 2);
  g_assert_cmpint (weir_record_get_created (second), ==, weir_record_get_created (first));

  must_fail (fixture, WEIR_CHANGE_UPDATE, weir_record_ref (first), WEIR_ERROR_INVALID_STATE);
  must_fail (fixture, WEIR_CHANGE_REMOVE, weir_record_ref (first), WEIR_ERROR_INVALID_STATE);
  /* Version 0 is whatever there is. */
  must (fixture, WEIR_CHANGE_UPDATE, make ("a", NULL, "y"));
  check_text (fixture, "a", "y");
  must (fixture, WEIR_CHANGE_REMOVE, make ("a", NULL, ""));
  check_absent (fixture, "a");
}

static void
case_all_or_none (Fixture *fixture)
{
  g_autoptr (GPtrArray) changes = changes_new ();
  g_autoptr (WeirRecord) a = make ("a", NULL, "x");
  g_autoptr (WeirRecord) b = make ("b", NULL, "x");
  g_autoptr (GError) error = NULL;

  must (fixture, WEIR_CHANGE_CREATE, make ("taken", NULL, "x"));
  must (fixture, WEIR_CHANGE_CREATE, make ("stays", NULL, "x"));
  add (changes, WEIR_CHANGE_CREATE, a);
  add (changes, WEIR_CHANGE_PUT, b);
  {
    g_autoptr (WeirRecord) stays = make ("stays", NULL, "");
    g_autoptr (WeirRecord) taken = make ("taken", NULL, "");

    add (changes, WEIR_CHANGE_REMOVE, stays);
    add (changes, WEIR_CHANGE_CREATE, taken);
  }
  g_assert_false (apply (fixture, fixture->store, changes, &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_EXISTS);
  check_absent (fixture, "a");
  check_absent (fixture, "b");
  check_text (fixture, "stays", "x");
}

static void
case_list (Fixture *fixture)
{
  g_autoptr (GPtrArray) records = NULL;
  g_autoptr (GPtrArray) others = NULL;

  must (fixture, WEIR_CHANGE_CREATE, make ("b", NULL, "2"));
  must (fixture, WEIR_CHANGE_CREATE, make ("a", NULL, "1"));
  must (fixture, WEIR_CHANGE_CREATE, make ("c", NULL, "3"));
  records = list (fixture, KIND);
  others = list (fixture, KIND "-other");
  g_assert_cmpuint (others->len, ==, 0);
  g_assert_cmpuint (records->len, ==, 3);
  for (guint i = 0; i < 3; i++)
    {
      const char key[] = { 'a' + i, '\0' };

      g_assert_cmpstr (weir_record_get_key (records->pdata[i]), ==, key);
    }
}

static void
case_fields (Fixture *fixture)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_autofree guint8 *bytes = g_malloc (1024 * 1024);
  const char *const words[] = { "", "two", NULL };
  g_autoptr (WeirRecord) record = NULL;
  g_autoptr (WeirRecord) found = NULL;

  for (guint i = 0; i < 1024 * 1024; i++)
    bytes[i] = i * 7;
  g_variant_builder_add (&builder, "{sv}", "b", g_variant_new_boolean (TRUE));
  g_variant_builder_add (&builder, "{sv}", "x", g_variant_new_int64 (G_MININT64));
  g_variant_builder_add (&builder, "{sv}", "s", g_variant_new_string ("\xc3\xa9 ' \" \\ \n"));
  g_variant_builder_add (&builder, "{sv}", "as", g_variant_new_strv (words, -1));
  g_variant_builder_add (&builder,
                         "{sv}",
                         "ay",
                         g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, 1024 * 1024, 1));
  record = weir_record_new (KIND, "it's a \"key\"", NULL, g_variant_builder_end (&builder));

  must (fixture, WEIR_CHANGE_CREATE, weir_record_ref (record));
  found = must_look (fixture, "it's a \"key\"");
  g_assert_true (g_variant_equal (weir_record_get_fields (found), weir_record_get_fields (record)));
}

static void
case_many (Fixture *fixture)
{
  g_autoptr (GPtrArray) records = NULL;
  Wait wait = { NULL, 0 };

  for (guint i = 0; i < N_MANY; i++)
    {
      g_autoptr (GPtrArray) changes = changes_new ();
      g_autofree char *key = g_strdup_printf ("%03u", i / 2);
      g_autoptr (WeirRecord) record = make (key, NULL, "x");

      /* Each key twice: one of the two fails, and takes nobody else with it. */
      add (changes, WEIR_CHANGE_CREATE, record);
      weir_store_apply_async (fixture->store, changes, NULL, on_answer, &wait);
    }
  wait_for (fixture, &wait, N_MANY);
  g_clear_object (&wait.result);
  records = list (fixture, KIND);
  g_assert_cmpuint (records->len, ==, N_MANY / 2);
}

static void
case_reopen (Fixture *fixture)
{
  must (fixture, WEIR_CHANGE_CREATE, make ("a", "name", "x"));
  g_clear_object (&fixture->store);
  fixture->store = open_store (fixture);
  check_text (fixture, "a", "x");
  must_fail (fixture, WEIR_CHANGE_CREATE, make ("b", "name", "y"), WEIR_ERROR_EXISTS);
}

static void
on_changed (WeirStore *store, gpointer user_data)
{
  guint *n_changes = user_data;

  (*n_changes)++;
}

static void
case_another_program (Fixture *fixture)
{
  g_autoptr (WeirStore) other = open_store (fixture);
  g_autoptr (WeirRecord) record = NULL;
  g_autoptr (GSource) watchdog = NULL;
  g_autoptr (GError) error = NULL;
  guint n_changes = 0;

  g_signal_connect (other, "changed", G_CALLBACK (on_changed), &n_changes);
  must (fixture, WEIR_CHANGE_CREATE, make ("a", NULL, "x"));
  watchdog = arm_watchdog (fixture);
  while (n_changes == 0)
    g_main_context_iteration (fixture->context, TRUE);
  g_source_destroy (watchdog);
  record = look (fixture, other, "a", &error);
  g_assert_no_error (error);
  g_assert_nonnull (record);
}

static void
case_own_changes (Fixture *fixture)
{
  g_autoptr (GSource) watchdog = NULL;
  guint n_changes = 0;

  g_signal_connect (fixture->store, "changed", G_CALLBACK (on_changed), &n_changes);
  must (fixture, WEIR_CHANGE_CREATE, make ("a", NULL, "x"));
  watchdog = arm_watchdog (fixture);
  while (n_changes == 0)
    g_main_context_iteration (fixture->context, TRUE);
  g_source_destroy (watchdog);
}

static void
case_check (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) complaints = NULL;
  Wait wait = { NULL, 0 };

  must (fixture, WEIR_CHANGE_CREATE, make ("a", NULL, "x"));
  weir_store_check_async (fixture->store, NULL, on_answer, &wait);
  complaints = weir_store_check_finish (fixture->store, wait_for (fixture, &wait, 1), &error);
  g_clear_object (&wait.result);
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (complaints), ==, 0);
}

static void
case_backup (Fixture *fixture)
{
  g_autofree char *path = g_build_filename (fixture->place, "copy", NULL);
  g_autoptr (GError) error = NULL;
  Wait wait = { NULL, 0 };

  must (fixture, WEIR_CHANGE_CREATE, make ("a", NULL, "x"));
  weir_store_backup_async (fixture->store, path, NULL, on_answer, &wait);
  weir_store_backup_finish (fixture->store, wait_for (fixture, &wait, 1), &error);
  g_assert_no_error (error);
  g_assert_true (g_file_test (path, G_FILE_TEST_IS_REGULAR));

  weir_store_backup_async (fixture->store, path, NULL, on_answer, &wait);
  g_assert_false (weir_store_backup_finish (fixture->store, wait_for (fixture, &wait, 2), &error));
  g_assert_error (error, WEIR_ERROR, WEIR_ERROR_EXISTS);
  g_clear_object (&wait.result);
}

static const Case cases[] = {
  { "empty", case_empty },
  { "create", case_create },
  { "names", case_names },
  { "versions", case_versions },
  { "all-or-none", case_all_or_none },
  { "list", case_list },
  { "fields", case_fields },
  { "many", case_many },
  { "reopen", case_reopen },
  { "another-program", case_another_program },
  { "own-changes", case_own_changes },
  { "check", case_check },
  { "backup", case_backup },
};

static void
remove_place (const char *place)
{
  g_autoptr (GDir) directory = g_dir_open (place, 0, NULL);
  const char *name;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *path = g_build_filename (place, name, NULL);

      g_unlink (path);
    }
  g_rmdir (place);
}

static void
run_plan (gconstpointer data)
{
  const Plan *plan = data;
  Fixture fixture = { plan->factory, plan->user_data };
  g_autoptr (GError) error = NULL;
  gpointer store;

  fixture.place = g_dir_make_tmp ("weir-store-XXXXXX", &error);
  g_assert_no_error (error);
  fixture.context = g_main_context_new ();
  g_main_context_push_thread_default (fixture.context);
  fixture.store = open_store (&fixture);
  plan->test->run (&fixture);

  /* Nothing may be left that holds it, once what it had to say was heard. */
  while (g_main_context_iteration (fixture.context, FALSE))
    ;
  store = fixture.store;
  g_object_add_weak_pointer (store, &store);
  g_clear_object (&fixture.store);
  while (store != NULL)
    g_main_context_iteration (fixture.context, FALSE);

  g_main_context_pop_thread_default (fixture.context);
  g_main_context_unref (fixture.context);
  remove_place (fixture.place);
  g_free (fixture.place);
}

/**
 * weir_conformance_add_store: (skip)
 * @name: what the store is called in the names of the tests
 * @factory: makes a store on a folder, with a reference for the caller; two on the same folder
 *   share what they keep
 * @user_data: for @factory, until the tests have run
 *
 * Adds the cases that every store must pass to the tests of a program: call it between
 * g_test_init() and g_test_run(). Each case has a folder of its own, which is empty at first.
 *
 * Since: 1.0
 */
void
weir_conformance_add_store (const char *name,
                            WeirConformanceStoreFactory factory,
                            gpointer user_data)
{
  g_return_if_fail (name != NULL);
  g_return_if_fail (factory != NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/conformance/store/%s/%s", name, cases[i].name);
      Plan *plan = g_new0 (Plan, 1);

      plan->test = &cases[i];
      plan->factory = factory;
      plan->user_data = user_data;
      g_test_add_data_func_full (path, plan, run_plan, g_free);
    }
}
