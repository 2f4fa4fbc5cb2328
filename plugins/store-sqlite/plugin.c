/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-sqlite-store.h"

static gboolean
activate (WeirPluginContext *context, GError **error)
{
  return weir_plugin_context_add_extension (context,
                                            WEIR_TYPE_STORE,
                                            "sqlite",
                                            WEIR_TYPE_SQLITE_STORE,
                                            error);
}

WEIR_PLUGIN_DEFINE (store_sqlite, "store-sqlite", activate);
