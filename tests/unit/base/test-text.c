/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-head.h"
#include "base/weir-text-private.h"

#define LONGEST 90

/* Each byte at each place of a value of each length, alone and before a second one that ends it:
 * as one by one would find. */
static void
test_skip_value (void)
{
  for (gsize length = 0; length <= LONGEST; length++)
    for (gsize at = 0; at < length; at++)
      for (guint byte = 0; byte < 256; byte++)
        {
          /* On the heap and no longer than it is, for a sanitizer to see what is read behind. */
          g_autofree char *text = g_strnfill (length, 'v');
          gsize next = (at * 7 + byte) % length;

          text[at] = (char) byte;
          g_assert_cmpuint (weir_text_skip_value (text, length),
                            ==,
                            weir_text_skip (text, length, WEIR_TEXT_VALUE));
          text[next] = byte % 2 == 0 ? '\r' : '\t';
          g_assert_cmpuint (weir_text_skip_value (text, length),
                            ==,
                            weir_text_skip (text, length, WEIR_TEXT_VALUE));
        }
}

static void
test_control_characters (void)
{
  g_assert_cmpuint (weir_text_skip_value ("a\tb\tc\td\te\tf\tg\th", 15), ==, 15);
  g_assert_cmpuint (weir_text_skip_value ("\xc3\xa4\xff\x80 ~~~~~~~~~~~~~~", 19), ==, 19);
  g_assert_cmpuint (weir_text_skip_value ("0123456\x7f 89012345", 16), ==, 7);
  g_assert_cmpuint (weir_text_skip_value ("01234567 8901234\0", 17), ==, 16);
  g_assert_cmpuint (weir_text_skip_value ("\n", 1), ==, 0);
}

/* FALSE wherever there is a control character, and nowhere else. */
static void
test_is_plain (void)
{
  for (gsize length = 1; length <= LONGEST; length++)
    for (gsize at = 0; at < length; at++)
      for (guint byte = 0; byte < 256; byte++)
        {
          g_autofree char *text = g_strnfill (length, 'v');

          text[at] = (char) byte;
          if (byte != '\t')
            g_assert_true (weir_text_is_plain (text, length) ==
                           (weir_text_skip (text, length, WEIR_TEXT_VALUE) == length));
        }
  g_assert_true (weir_text_is_plain ("", 0));
}

/* Wherever a byte stands, only three of them make it more than one line. */
static void
test_is_line (void)
{
  for (gsize length = 1; length <= LONGEST; length++)
    for (gsize at = 0; at < length; at++)
      for (guint byte = 0; byte < 256; byte++)
        {
          g_autofree char *text = g_strnfill (length, 'v');
          gboolean is_line = byte != '\r' && byte != '\n' && byte != '\0';

          text[(at * 7) % length] = '\x01';
          text[at] = (char) byte;
          g_assert_true (weir_text_is_line (text, length) == is_line);
        }
  g_assert_true (weir_text_is_line ("", 0));
}

static void
assert_id (const char *name, WeirFieldId id)
{
  gsize length = strlen (name);
  g_autofree char *copy = g_strdup (name);

  g_assert_cmpint (weir_field_id_lookup (name, length), ==, id);
  for (gsize i = 0; i < length; i++)
    copy[i] = i % 2 == 0 ? g_ascii_toupper (name[i]) : name[i];
  g_assert_cmpint (weir_field_id_lookup (copy, length), ==, id);
  /* One byte that differs in any way but the case of a letter makes another name. */
  for (gsize i = 0; i < length; i++)
    for (guint byte = 0; byte < 256; byte++)
      {
        if (g_ascii_tolower ((char) byte) == name[i])
          continue;
        memcpy (copy, name, length);
        copy[i] = (char) byte;
        g_assert_cmpint (weir_field_id_lookup (copy, length), ==, WEIR_FIELD_OTHER);
      }
}

static void
test_field_ids (void)
{
  g_autoptr (GEnumClass) ids = g_type_class_ref (WEIR_TYPE_FIELD_ID);

  for (guint i = 0; i < ids->n_values; i++)
    {
      if (ids->values[i].value != WEIR_FIELD_OTHER)
        assert_id (ids->values[i].value_nick, ids->values[i].value);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/base/text/skip-value", test_skip_value);
  g_test_add_func ("/base/text/control-characters", test_control_characters);
  g_test_add_func ("/base/text/is-plain", test_is_plain);
  g_test_add_func ("/base/text/is-line", test_is_line);
  g_test_add_func ("/base/text/field-ids", test_field_ids);
  return g_test_run ();
}
