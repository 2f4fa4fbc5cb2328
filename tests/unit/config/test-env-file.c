/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/weir-env-file.h"

#include <glib/gstdio.h>

#include "config/weir-config.h"

/* Lines are joined by "|". */
static const struct
{
  const char *text;
  const char *expected;
} good[] = {
  { "", "" },
  { "\n\n  # only a comment\n", "" },
  { "A=1", "A=1" },
  { "A=1\nB=2\n", "A=1|B=2" },
  { "A=1\r\nB=2\r\n", "A=1|B=2" },
  { "\xef\xbb\xbf"
    "A=1",
    "A=1" },
  { "  A = 1  ", "A=1" },
  { "A=", "A=" },
  { "A=\nB=1", "A=|B=1" },
  { "A: yes", "A=yes" },
  { "A:1", "A=1" },
  { "export A=1", "A=1" },
  { "export\tA=1", "A=1" },
  { "export=1", "export=1" },
  { "exported=1", "exported=1" },
  { "a.b_C9=1", "a.b_C9=1" },
  { "A=a b  c", "A=a b  c" },
  { "A=1 # one", "A=1" },
  { "A=1#one", "A=1#one" },
  { "A=#one", "A=#one" },
  { "A= # nothing", "A=" },
  { "A=b=c:d", "A=b=c:d" },
  { "A='x # $B \\n'", "A=x # $B \\n" },
  { "A='a\nb' # c\nB=1", "A=a\nb|B=1" },
  { "A='it\\'s'", "A=it\\'s" },
  { "A=\"x # y\" # z", "A=x # y" },
  { "A=\"a\\nb\\rc\\td\\\\e\\\"f\"", "A=a\nb\rctd\\e\"f" },
  { "A=\"a\nb\"\nB=2", "A=a\nb|B=2" },
  { "A=\"\"\nB=''", "A=|B=" },
  { "A=a\"b\"", "A=a\"b\"" },
  { "A=a\\nb", "A=a\\nb" },
  { "A=1\nB=$A$A", "A=1|B=11" },
  { "A=1\nB=${A}x", "A=1|B=1x" },
  { "A=1\nB=\"<${A}>\"", "A=1|B=<1>" },
  { "A=$OUTER", "A=from outside" },
  { "OUTER=inside\nA=$OUTER", "OUTER=inside|A=inside" },
  { "A=$NONE.", "A=." },
  { "A=\\$OUTER", "A=$OUTER" },
  { "A=\"\\$OUTER\"", "A=$OUTER" },
  { "A=pa$$word$", "A=pa$$word$" },
  { "A=$lower", "A=$lower" },
  { "A=${OUTER", "A=${OUTER" },
  { "A=$(OUTER)", "A=$(OUTER)" },
  { "A=1\nB=2\nA=3", "B=2|A=3" },
  { "A=1\nA=${A}2", "A=12" },
  { "A=ünï", "A=ünï" },
};

static const struct
{
  const char *text;
  gssize length;
  const char *message;
} bad[] = {
  { "A", -1, ".env:1: A has no value; write A=value" },
  { "export A\n", -1, ".env:1: A has no value; write A=value" },
  { "\n\nA\nB=1", -1, ".env:3: A has no value; write A=value" },
  { "=1", -1, ".env:1: \"\" cannot be the name of a variable; names begin with a letter or _" },
  { "1A=1", -1, ".env:1: \"1A\" cannot be the name of a variable; names begin with a letter or _" },
  { ".A=1", -1, ".env:1: \".A\" cannot be the name of a variable; names begin with a letter or _" },
  { "A-B=1",
    -1,
    ".env:1: unexpected \"-\" in the name of a variable; names have letters, digits and _" },
  { "A B=1",
    -1,
    ".env:1: unexpected \"B\" in the name of a variable; names have letters, digits and _" },
  { "É=1",
    -1,
    ".env:1: unexpected \"É\" in the name of a variable; names have letters, digits and _" },
  { "A=1\nB=\"x\ny", -1, ".env:2: the value has no closing \"" },
  { "A='x", -1, ".env:1: the value has no closing '" },
  { "A=\"x\\", -1, ".env:1: the value has no closing \"" },
  { "A=\"x\" y", -1, ".env:1: there is more text after the closing \" of the value" },
  { "A='x'y", -1, ".env:1: there is more text after the closing ' of the value" },
  { "A=1\nB=\0", 7, ".env:2: the file contains a NUL byte" },
  { "A=1\n\nB=\xff", -1, ".env:3: the file is not valid UTF-8" },
};

static void
test_good (void)
{
  const char *const lookup[] = { "OUTER=from outside", NULL };
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GError) error = NULL;
      g_auto (GStrv) lines = weir_env_file_parse (good[i].text, -1, ".env", lookup, &error);
      g_autofree char *joined = NULL;

      g_test_message ("%s", good[i].text);
      g_assert_no_error (error);
      joined = g_strjoinv ("|", lines);
      g_assert_cmpstr (joined, ==, good[i].expected);
    }
}

static void
test_bad (void)
{
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (weir_env_file_parse (bad[i].text, bad[i].length, ".env", NULL, &error));
      g_assert_error (error, WEIR_CONFIG_ERROR, WEIR_CONFIG_ERROR_SYNTAX);
      g_assert_cmpstr (error->message, ==, bad[i].message);
    }
}

static void
test_load (void)
{
  g_autofree char *dir = g_dir_make_tmp ("weir-env-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, ".env", NULL);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) missing = weir_env_file_load (path, NULL, &error);
  g_auto (GStrv) lines = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (missing), ==, 0);
  g_assert_true (g_file_set_contents (path, "A=1", -1, NULL));
  lines = weir_env_file_load (path, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (lines[0], ==, "A=1");
  g_assert_null (weir_env_file_load (dir, NULL, &error));
  g_assert_error (error, WEIR_CONFIG_ERROR, WEIR_CONFIG_ERROR_READ);
  g_remove (path);
  g_rmdir (dir);
}

/* Whatever is read is an environment, whatever the bytes are. */
static void
test_random (void)
{
  static const char letters[] = "AB_=:'\"\\$#{}() \n\r\tex\xc3\xa9";
  guint round;

  for (round = 0; round < 20000; round++)
    {
      gsize length = g_test_rand_int_range (0, 40);
      g_autofree char *text = g_malloc (length + 1);
      g_auto (GStrv) lines = NULL;
      char **line;
      gsize i;

      for (i = 0; i < length; i++)
        text[i] = letters[g_test_rand_int_range (0, sizeof (letters))];
      text[length] = '\0';
      lines = weir_env_file_parse (text, length, "x", NULL, NULL);
      for (line = lines; lines != NULL && *line != NULL; line++)
        {
          g_assert_nonnull (strchr (*line, '='));
          g_assert_true (g_utf8_validate (*line, -1, NULL));
        }
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/config/env-file/good", test_good);
  g_test_add_func ("/config/env-file/bad", test_bad);
  g_test_add_func ("/config/env-file/load", test_load);
  g_test_add_func ("/config/env-file/random", test_random);

  return g_test_run ();
}
