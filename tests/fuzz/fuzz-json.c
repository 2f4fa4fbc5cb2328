/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include "config/weir-json-private.h"
#include "config/weir-config.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_malloc0 (size + 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (WeirNode) node = NULL;

  /* As files come: with a NUL behind the last byte, and perhaps others before. */
  if (size > 0)
    memcpy (text, data, size);
  node = weir_json_parse (text, size, "x.json", &error);
  if (node != NULL)
    g_variant_unref (g_variant_ref_sink (weir_node_to_variant (node)));
  else
    g_assert_error (error, WEIR_CONFIG_ERROR, WEIR_CONFIG_ERROR_SYNTAX);

  return 0;
}
