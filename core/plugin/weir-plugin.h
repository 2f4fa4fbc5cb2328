/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include "plugin/weir-plugin-context.h"

G_BEGIN_DECLS

/* Major: what was compiled against another one is refused. Minor: grows with what is
 * added; a plugin that wants more than the host has is refused. */
#define WEIR_PLUGIN_ABI_MAJOR 1
#define WEIR_PLUGIN_ABI_MINOR 0

/* Data, not code: the host reads and checks it before it runs anything of the plugin. */
typedef struct
{
  guint16 abi_major;
  guint16 abi_minor;
  guint32 struct_size;
  const char *id;
  gboolean (*activate) (WeirPluginContext *context, GError **error);
  /*< private >*/
  gpointer padding[8];
} WeirPluginDescriptor;

/* WEIR_PLUGIN_DEFINE (acme_local, "acme-local", activate) exports the constant
 * weir_plugin_acme_local, which is what the host looks for. */
#define WEIR_PLUGIN_DEFINE(symbol, plugin_id, activate_func)                                       \
  extern __attribute__ ((visibility ("default"))) const WeirPluginDescriptor weir_plugin_##symbol; \
  const WeirPluginDescriptor weir_plugin_##symbol = {                                              \
    WEIR_PLUGIN_ABI_MAJOR,                                                                         \
    WEIR_PLUGIN_ABI_MINOR,                                                                         \
    sizeof (WeirPluginDescriptor),                                                                 \
    plugin_id,                                                                                     \
    activate_func,                                                                                 \
    { NULL },                                                                                      \
  }

G_END_DECLS
