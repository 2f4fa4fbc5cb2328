/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include "config/weir-config.h"
#include "config/weir-env-file.h"
#include "fuzz.h"

/* Whatever comes out is an environment: names, a "=", each once, all of it text. */
static void
check_lines (char **lines)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (; *lines != NULL; lines++)
    {
      gsize length = strcspn (*lines, "=");

      g_assert_cmpuint (length, >, 0);
      g_assert_cmpint ((*lines)[length], ==, '=');
      g_assert_true (g_utf8_validate (*lines, -1, NULL));
      g_assert_true (g_hash_table_add (seen, g_strndup (*lines, length)));
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *const lookup[] = { "OUTER=x", NULL };
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) lines = NULL;

  lines = weir_env_file_parse ((const char *) data, size, ".env", lookup, &error);
  if (lines != NULL)
    check_lines (lines);
  else
    g_assert_error (error, WEIR_CONFIG_ERROR, WEIR_CONFIG_ERROR_SYNTAX);

  return 0;
}
