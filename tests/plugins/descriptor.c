/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <weir.h>

/* A descriptor with one thing changed, which the build says. All of it is fine by
 * default, but its activation must not be reached. */

#ifndef DESCRIPTOR_MAJOR
#define DESCRIPTOR_MAJOR WEIR_PLUGIN_ABI_MAJOR
#endif
#ifndef DESCRIPTOR_MINOR
#define DESCRIPTOR_MINOR WEIR_PLUGIN_ABI_MINOR
#endif
#ifndef DESCRIPTOR_SIZE
#define DESCRIPTOR_SIZE sizeof (WeirPluginDescriptor)
#endif
#ifndef DESCRIPTOR_ACTIVATE
#define DESCRIPTOR_ACTIVATE activate
#endif

static G_GNUC_UNUSED gboolean
activate (WeirPluginContext *context, GError **error)
{
  g_error ("Code of a plugin ran before the plugin was checked");
  return TRUE;
}

extern __attribute__ ((visibility ("default"))) const WeirPluginDescriptor DESCRIPTOR_SYMBOL;
const WeirPluginDescriptor DESCRIPTOR_SYMBOL = {
  DESCRIPTOR_MAJOR, DESCRIPTOR_MINOR, DESCRIPTOR_SIZE, DESCRIPTOR_ID, DESCRIPTOR_ACTIVATE, { NULL },
};
