/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-head.h"

#include <string.h>

static void
add_borrowed (WeirHead *head, const char *name, const char *value)
{
  weir_head_add_borrowed (head,
                          weir_field_id_lookup (name, strlen (name)),
                          name,
                          strlen (name),
                          value,
                          strlen (value));
}

static void
assert_value (WeirHead *head, const char *name, const char *expected)
{
  g_autofree char *value = weir_head_dup (head, name);

  g_assert_cmpstr (value, ==, expected);
}

static void
test_field_ids (void)
{
  GEnumClass *words = g_type_class_ref (WEIR_TYPE_FIELD_ID);

  g_assert_cmpuint (words->n_values, ==, WEIR_FIELD_LAST);
  for (guint i = 1; i < words->n_values; i++)
    {
      const char *nick = words->values[i].value_nick;
      g_autofree char *loud = g_ascii_strup (nick, -1);
      g_autofree char *other = g_strdup (nick);

      g_assert_cmpint (weir_field_id_lookup (nick, strlen (nick)), ==, words->values[i].value);
      g_assert_cmpint (weir_field_id_lookup (loud, strlen (loud)), ==, words->values[i].value);
      g_assert_cmpint (weir_field_id_lookup (nick, strlen (nick) - 1), ==, WEIR_FIELD_OTHER);
      other[strlen (other) - 1] ^= 0x20;
      other[strlen (other) - 1] ^= 1;
      g_assert_cmpint (weir_field_id_lookup (other, strlen (other)), ==, WEIR_FIELD_OTHER);
    }
  g_assert_cmpint (weir_field_id_lookup ("other", 5), ==, WEIR_FIELD_OTHER);
  g_assert_cmpint (weir_field_id_lookup ("", 0), ==, WEIR_FIELD_OTHER);
  g_assert_cmpint (weir_field_id_lookup ("keep\ralive", 10), ==, WEIR_FIELD_OTHER);
  g_type_class_unref (words);
}

static void
test_start_lines (void)
{
  g_autoptr (WeirHead) head = weir_head_new ();
  char target[] = "/a?b";

  g_assert_null (weir_head_get_method (head));
  g_assert_cmpuint (weir_head_get_status (head), ==, 0);

  weir_head_set_request (head, "GET", "http", "localhost:9000", target);
  target[1] = 'x';
  g_assert_cmpstr (weir_head_get_method (head), ==, "GET");
  g_assert_cmpstr (weir_head_get_scheme (head), ==, "http");
  g_assert_cmpstr (weir_head_get_authority (head), ==, "localhost:9000");
  g_assert_cmpstr (weir_head_get_target (head), ==, "/a?b");

  weir_head_set_target (head, weir_head_get_target (head) + 2);
  g_assert_cmpstr (weir_head_get_target (head), ==, "?b");
  weir_head_set_status (head, 204);
  g_assert_cmpuint (weir_head_get_status (head), ==, 204);

  weir_head_reset (head);
  g_assert_null (weir_head_get_target (head));
  g_assert_cmpuint (weir_head_get_status (head), ==, 0);
}

static void
test_fields (void)
{
  g_autoptr (WeirHead) head = weir_head_new ();
  g_auto (GStrv) cookies = NULL;
  g_auto (GStrv) names = NULL;

  weir_head_add (head, "Set-Cookie", "a=1");
  weir_head_add (head, "X-Thing", "one");
  weir_head_add (head, "set-cookie", "b=2");
  weir_head_add (head, "x-thing", "two");
  weir_head_add (head, "x-think", "no");

  cookies = weir_head_dup_all (head, "SET-COOKIE");
  g_assert_cmpuint (g_strv_length (cookies), ==, 2);
  g_assert_cmpstr (cookies[1], ==, "b=2");
  assert_value (head, "x-THING", "one, two");
  assert_value (head, "missing", NULL);
  g_assert_true (weir_head_has (head, "x-think"));
  g_assert_false (weir_head_has (head, "x-thin"));

  weir_head_set (head, "X-thing", "three");
  assert_value (head, "x-thing", "three");
  names = weir_head_dup_names (head);
  g_assert_cmpuint (g_strv_length (names), ==, 4);
  g_assert_cmpstr (names[1], ==, "X-thing");
  g_assert_cmpstr (names[3], ==, "x-think");

  weir_head_remove (head, "X-THINK");
  g_assert_false (weir_head_has (head, "x-think"));
  weir_head_remove_id (head, WEIR_FIELD_SET_COOKIE);
  g_assert_null (weir_head_find (head, WEIR_FIELD_SET_COOKIE));
  weir_head_set (head, "New", "");
  assert_value (head, "new", "");
  weir_head_remove (head, "never");
}

/* However it got there, and whatever was there before. */
static void
test_find (void)
{
  g_autoptr (GEnumClass) words = g_type_class_ref (WEIR_TYPE_FIELD_ID);
  g_autoptr (WeirHead) head = weir_head_new ();

  for (guint i = 1; i < words->n_values; i++)
    {
      const char *name = words->values[i].value_nick;
      WeirFieldId id = words->values[i].value;

      g_assert_null (weir_head_find (head, id));
      weir_head_add (head, name, "added");
      g_assert_nonnull (weir_head_find (head, id));
      weir_head_remove_id (head, id);
      g_assert_null (weir_head_find (head, id));
      weir_head_set (head, name, "set");
      g_assert_nonnull (weir_head_find (head, id));
      weir_head_remove (head, name);
      g_assert_null (weir_head_find (head, id));
      weir_head_add_borrowed (head, id, name, strlen (name), "borrowed", 8);
      weir_head_retain (head);
      g_assert_cmpstr (weir_head_find (head, id)->value, ==, "borrowed");
      if (i % 2 == 0)
        weir_head_reset (head);
      g_assert_true (weir_head_has (head, name) == (i % 2 != 0));
      g_assert_true ((weir_head_find (head, id) != NULL) == (i % 2 != 0));
    }
}

static void
test_set_own_value (void)
{
  g_autoptr (WeirHead) head = weir_head_new ();
  const WeirField *field;

  weir_head_add (head, "Host", "a:1");
  field = weir_head_find (head, WEIR_FIELD_HOST);
  weir_head_set (head, field->name, field->value);
  assert_value (head, "host", "a:1");
}

static void
test_retain (void)
{
  g_autoptr (WeirHead) head = weir_head_new ();
  char text[] = "Host: example";
  const WeirField *field;
  const char *kept;

  weir_head_add (head, "x-own", "own");
  kept = weir_head_get_fields (head, NULL)[0].value;
  weir_head_add_borrowed (head, WEIR_FIELD_HOST, text, 4, text + 6, 7);
  field = weir_head_find (head, WEIR_FIELD_HOST);
  g_assert_true (field->value == text + 6);

  weir_head_retain (head);
  memset (text, '!', sizeof text);
  assert_value (head, "host", "example");
  g_assert_true (weir_head_get_fields (head, NULL)[0].value == kept);

  field = weir_head_find (head, WEIR_FIELD_HOST);
  kept = field->value;
  weir_head_retain (head);
  g_assert_true (weir_head_find (head, WEIR_FIELD_HOST)->value == kept);
}

static void
test_strings_stay (void)
{
  g_autoptr (WeirHead) head = weir_head_new ();

  for (guint round = 0; round < 3; round++)
    {
      const char *target;
      const WeirField *fields;
      guint n_fields;

      weir_head_set_request (head, "GET", "http", "a", "/first");
      target = weir_head_get_target (head);
      for (guint i = 0; i < 2000; i++)
        {
          g_autofree char *name = g_strdup_printf ("x-%u", i);
          g_autofree char *value = g_strdup_printf ("%u-%0*u", i, i % 200 + 1, 0);

          if (i % 2)
            weir_head_add (head, name, value);
          else
            {
              add_borrowed (head, name, value);
              weir_head_retain (head);
            }
        }
      g_assert_cmpstr (target, ==, "/first");
      fields = weir_head_get_fields (head, &n_fields);
      g_assert_cmpuint (n_fields, ==, 2000);
      for (guint i = 0; i < n_fields; i++)
        {
          g_autofree char *value = g_strdup_printf ("%u-%0*u", i, i % 200 + 1, 0);

          g_assert_cmpmem (value, strlen (value), fields[i].value, fields[i].value_length);
        }
      weir_head_reset (head);
      weir_head_get_fields (head, &n_fields);
      g_assert_cmpuint (n_fields, ==, 0);
    }
}

static void
test_large_value (void)
{
  g_autoptr (WeirHead) head = weir_head_new ();
  g_autofree char *large = g_strnfill (1000000, 'v');

  weir_head_add (head, "a", "b");
  weir_head_add (head, "large", large);
  assert_value (head, "large", large);
  weir_head_reset (head);
  weir_head_add (head, "a", "b");
  assert_value (head, "a", "b");
}

static void
test_no_injection (void)
{
  static const char *const bad[][2] = { { "a\r\nb", "c" }, { "", "c" },        { "a b", "c" },
                                        { "a:", "c" },     { "a", "c\nd: e" }, { "a", "\r" } };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *path = g_strdup_printf ("/head/no-injection/subprocess/%u", i);

      g_test_trap_subprocess (path, 0, G_TEST_SUBPROCESS_DEFAULT);
      g_test_trap_assert_failed ();
    }
}

static void
test_no_injection_child (gconstpointer data)
{
  g_autoptr (WeirHead) head = weir_head_new ();
  static const char *const bad[][2] = { { "a\r\nb", "c" }, { "", "c" },        { "a b", "c" },
                                        { "a:", "c" },     { "a", "c\nd: e" }, { "a", "\r" } };
  guint i = GPOINTER_TO_UINT (data);

  weir_head_add (head, bad[i][0], bad[i][1]);
}

static void
test_boxed (void)
{
  g_autoptr (WeirHead) head = weir_head_new ();
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, WEIR_TYPE_HEAD);
  g_value_set_boxed (&value, head);
  g_assert_true (g_value_get_boxed (&value) == head);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/head/field-ids", test_field_ids);
  g_test_add_func ("/head/start-lines", test_start_lines);
  g_test_add_func ("/head/fields", test_fields);
  g_test_add_func ("/head/find", test_find);
  g_test_add_func ("/head/set-own-value", test_set_own_value);
  g_test_add_func ("/head/retain", test_retain);
  g_test_add_func ("/head/strings-stay", test_strings_stay);
  g_test_add_func ("/head/large-value", test_large_value);
  g_test_add_func ("/head/boxed", test_boxed);
  g_test_add_func ("/head/no-injection", test_no_injection);
  for (guint i = 0; i < 6; i++)
    {
      g_autofree char *path = g_strdup_printf ("/head/no-injection/subprocess/%u", i);

      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_no_injection_child);
    }
  return g_test_run ();
}
