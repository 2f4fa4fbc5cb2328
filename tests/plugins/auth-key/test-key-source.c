/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib/gstdio.h>
#include <string.h>

#include "weir-key-source.h"
#include "weir-sqlite-store.h"

/* Two stores of one file: what the server has, and what another program has. */
typedef struct
{
  char *place;
  char *path;
  WeirStore *own;
  WeirStore *other;
  WeirKeySource *source;
} Fixture;

static void
keep_result (GObject *object, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static GAsyncResult *
wait_for (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}

static WeirStore *
open_store (Fixture *self)
{
  WeirStore *store = g_object_new (WEIR_TYPE_SQLITE_STORE, "path", self->path, NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  weir_store_open_async (store, NULL, keep_result, &result);
  weir_store_open_finish (store, wait_for (&result), &error);
  g_assert_no_error (error);
  return store;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->place = g_dir_make_tmp ("weir-keys-XXXXXX", NULL);
  self->path = g_build_filename (self->place, "weir.db", NULL);
  self->own = open_store (self);
  self->other = open_store (self);
  self->source = weir_key_source_new (self->own, 100);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_autoptr (GDir) directory = NULL;
  const char *name;

  weir_key_source_close (self->source);
  /* What is still on its way holds a reference. */
  while (G_OBJECT (self->source)->ref_count > 1)
    g_main_context_iteration (NULL, TRUE);
  g_assert_finalize_object (self->source);
  g_object_unref (self->own);
  g_object_unref (self->other);
  directory = g_dir_open (self->place, 0, NULL);
  while ((name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->place, name, NULL);

      g_unlink (path);
    }
  g_rmdir (self->place);
  g_free (self->place);
  g_free (self->path);
}

static void
apply (WeirStore *store, WeirChangeAction action, WeirApiKey *key)
{
  g_autoptr (GPtrArray) changes =
      g_ptr_array_new_with_free_func ((GDestroyNotify) weir_change_unref);
  g_autoptr (WeirRecord) record = weir_api_key_to_record (key);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (changes, weir_change_new (action, record));
  weir_store_apply_async (store, changes, NULL, keep_result, &result);
  weir_store_apply_finish (store, wait_for (&result), &error);
  g_assert_no_error (error);
}

static char *
create (WeirStore *store, const char *name)
{
  char *text = NULL;
  g_autoptr (WeirApiKey) key = weir_api_key_generate (name, FALSE, NULL, NULL, 0, &text, NULL);

  apply (store, WEIR_CHANGE_CREATE, key);
  return text;
}

static WeirApiKey *
look_up (Fixture *self, const char *text)
{
  const WeirKeyRing *ring = weir_key_source_enter (self->source);
  const WeirKeyEntry *entry = ring != NULL ? weir_key_ring_find (ring, text, strlen (text)) : NULL;
  WeirApiKey *key = entry != NULL ? weir_api_key_ref (entry->key) : NULL;

  weir_key_source_leave (self->source);
  return key;
}

static WeirApiKey *
await_key (Fixture *self, const char *text, gboolean (*is_so) (WeirApiKey *key))
{
  while (TRUE)
    {
      g_autoptr (WeirApiKey) key = look_up (self, text);

      if (key != NULL && is_so (key))
        return g_steal_pointer (&key);
      g_main_context_iteration (NULL, TRUE);
    }
}

static gboolean
is_there (WeirApiKey *key)
{
  return TRUE;
}

static void
await_there (Fixture *self, const char *text)
{
  weir_api_key_unref (await_key (self, text, is_there));
}

static gboolean
is_revoked (WeirApiKey *key)
{
  return weir_api_key_get_revoked (key) != 0;
}

static gboolean
is_used (WeirApiKey *key)
{
  return weir_api_key_get_last_used (key) != 0;
}

static void
test_waits (Fixture *self, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (weir_key_source_enter (self->source));
  weir_key_source_leave (self->source);
  weir_key_source_wait_async (self->source, keep_result, &result);
  g_assert_true (weir_key_source_wait_finish (self->source, wait_for (&result), &error));
  g_assert_no_error (error);
  g_assert_nonnull (weir_key_source_enter (self->source));
  weir_key_source_leave (self->source);
}

/* Without being told that there is something new. */
static void
test_reads_anew (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *name = g_strdup_printf ("key %u", i);
      g_autofree char *text = create (self->other, name);
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (WeirApiKey) key = NULL;

      weir_key_source_wait_async (self->source, keep_result, &result);
      g_assert_true (weir_key_source_wait_finish (self->source, wait_for (&result), NULL));
      key = look_up (self, text);
      g_assert_nonnull (key);
    }
}

static guint
count_looks (Fixture *self, gint64 now_us)
{
  guint n = 0;

  for (guint i = 0; i < 1000; i++)
    n += weir_key_source_may_look (self->source, now_us);
  return n;
}

static void
test_looks_are_bounded (Fixture *self, gconstpointer data)
{
  const gint64 start = 5 * G_USEC_PER_SEC;

  g_assert_cmpuint (count_looks (self, start), ==, 10);
  g_assert_cmpuint (count_looks (self, start + G_USEC_PER_SEC / 20), ==, 0);
  g_assert_cmpuint (count_looks (self, start + G_USEC_PER_SEC / 10), ==, 1);
  g_assert_cmpuint (count_looks (self, start + G_USEC_PER_SEC), ==, 9);
  g_assert_cmpuint (count_looks (self, start + 100 * G_USEC_PER_SEC), ==, 10);
}

static void
test_sees_others (Fixture *self, gconstpointer data)
{
  g_autofree char *text = create (self->other, "made by another program");
  g_autoptr (WeirApiKey) key = await_key (self, text, is_there);
  g_autoptr (WeirApiKey) revoked = weir_api_key_revoke (key, 5);
  g_autoptr (WeirApiKey) seen = NULL;

  apply (self->other, WEIR_CHANGE_UPDATE, revoked);
  seen = await_key (self, text, is_revoked);
  g_assert_cmpint (weir_api_key_get_revoked (seen), ==, 5);
}

/* A ring stays as long as somebody is in, whatever happens to the keys. */
static void
test_readers (Fixture *self, gconstpointer data)
{
  g_autofree char *first = create (self->own, "first");
  g_autofree char *second = NULL;
  const WeirKeyRing *ring;
  const WeirKeyEntry *entry;

  await_there (self, first);
  ring = weir_key_source_enter (self->source);
  entry = weir_key_ring_find (ring, first, strlen (first));
  second = create (self->own, "second");
  await_there (self, second);
  g_assert_null (weir_key_ring_find (ring, second, strlen (second)));
  g_assert_cmpstr (weir_api_key_get_name (entry->key), ==, "first");
  weir_key_source_leave (self->source);
}

static void
use (Fixture *self, const char *text, gint64 now_us)
{
  const WeirKeyRing *ring = weir_key_source_enter (self->source);

  weir_key_source_use (self->source, weir_key_ring_find (ring, text, strlen (text)), now_us);
  weir_key_source_leave (self->source);
}

static void
test_writes_uses (Fixture *self, gconstpointer data)
{
  gint64 now = g_get_real_time () + G_TIME_SPAN_HOUR;
  g_autofree char *text = create (self->own, "a");
  g_autoptr (WeirApiKey) used = NULL;

  await_there (self, text);
  use (self, text, now);
  used = await_key (self, text, is_used);
  g_assert_cmpint (weir_api_key_get_last_used (used), ==, now / G_USEC_PER_SEC * 1000);
}

/* Somebody revokes the key before its use is written: both are known in the end. */
static void
test_writes_uses_of_others (Fixture *self, gconstpointer data)
{
  gint64 now = g_get_real_time () + G_TIME_SPAN_HOUR;
  g_autofree char *text = create (self->own, "a");
  g_autoptr (WeirApiKey) key = await_key (self, text, is_there);
  g_autoptr (WeirApiKey) revoked = weir_api_key_revoke (key, 5);
  g_autoptr (WeirApiKey) used = NULL;

  use (self, text, now);
  apply (self->other, WEIR_CHANGE_UPDATE, revoked);
  used = await_key (self, text, is_used);
  g_assert_cmpint (weir_api_key_get_revoked (used), ==, 5);
}

static void
test_writes_uses_at_the_end (Fixture *self, gconstpointer data)
{
  gint64 now = g_get_real_time () + G_TIME_SPAN_HOUR;
  g_autofree char *text = create (self->own, "a");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) records = NULL;
  g_autoptr (WeirApiKey) used = NULL;

  await_there (self, text);
  use (self, text, now);
  weir_key_source_close (self->source);
  weir_store_list_async (self->other, WEIR_API_KEY_KIND, NULL, keep_result, &result);
  records = weir_store_list_finish (self->other, wait_for (&result), NULL);
  used = weir_api_key_new_from_record (records->pdata[0], NULL);
  g_assert_cmpint (weir_api_key_get_last_used (used), ==, now / G_USEC_PER_SEC * 1000);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add ("/key-source/" path, Fixture, NULL, set_up, func, tear_down)
  ADD ("waits", test_waits);
  ADD ("reads-anew", test_reads_anew);
  ADD ("looks-are-bounded", test_looks_are_bounded);
  ADD ("sees-others", test_sees_others);
  ADD ("readers", test_readers);
  ADD ("writes-uses", test_writes_uses);
  ADD ("writes-uses-of-others", test_writes_uses_of_others);
  ADD ("writes-uses-at-the-end", test_writes_uses_at_the_end);
#undef ADD

  return g_test_run ();
}
