/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/weir-config-data-private.h"
#include "fuzz.h"

/* Whatever a file says, it is options of functions and lines of text. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (WeirReport) report = weir_report_new ();
  g_autoptr (GHashTable) layer = weir_layer_new ();
  GHashTableIter iter;
  gpointer name;

  weir_config_parse_annotations ((const char *) data, size, "index.ts", layer, report);
  g_assert_cmpuint (report->problems->len, ==, 0);
  for (guint i = 0; i < report->warnings->len; i++)
    g_assert_true (g_utf8_validate (g_ptr_array_index (report->warnings, i), -1, NULL));
  g_hash_table_iter_init (&iter, layer);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_assert_nonnull (weir_config_schema_find (WEIR_OPTION_FUNCTION, name));
  return 0;
}
