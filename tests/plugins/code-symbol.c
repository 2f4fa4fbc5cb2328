/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <weir.h>

/* A function stands where the descriptor should be. */

extern __attribute__ ((visibility ("default"))) void weir_plugin_code_symbol (void);

void
weir_plugin_code_symbol (void)
{
  g_error ("Code of a plugin ran before the plugin was checked");
}
