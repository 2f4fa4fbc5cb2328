/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <weir.h>

/* Adds nothing; there for the sake of what its manifest says. */

static gboolean
activate (WeirPluginContext *context, GError **error)
{
  return TRUE;
}

/* One more step, so that PLUGIN_SYMBOL itself is not pasted. */
#define DEFINE(symbol, id, func) WEIR_PLUGIN_DEFINE (symbol, id, func)
DEFINE (PLUGIN_SYMBOL, PLUGIN_ID, activate);
