/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/weir-config-data-private.h"
#include "fuzz.h"

/* Whatever a file says, it is options of functions, lines of text, or both. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (WeirReport) report = weir_report_new ();
  g_autoptr (GHashTable) layer = weir_layer_new ();
  WeirSource source = { report, "f/flux.json", "/p/f" };
  GHashTableIter iter;
  gpointer name;

  weir_config_parse_flux_json (&source, layer, "f", (const char *) data, size);
  for (guint i = 0; i < report->problems->len; i++)
    g_assert_true (g_utf8_validate (((GError *) report->problems->pdata[i])->message, -1, NULL));
  for (guint i = 0; i < report->warnings->len; i++)
    g_assert_true (g_utf8_validate (report->warnings->pdata[i], -1, NULL));
  g_hash_table_iter_init (&iter, layer);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_assert_nonnull (weir_config_schema_find (WEIR_OPTION_FUNCTION, name));
  return 0;
}
