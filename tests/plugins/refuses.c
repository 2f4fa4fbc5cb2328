/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <weir.h>

/* Does not activate, in the way that the build says; what it added must be taken back. */

static GType
register_stage (void)
{
  static GType type = G_TYPE_INVALID; /* another engine of this process may come as well */
  const GInterfaceInfo nothing = { NULL };

  if (type != G_TYPE_INVALID)
    return type;

  type = g_type_register_static_simple (G_TYPE_OBJECT,
                                        "WeirTest-" PLUGIN_ID,
                                        sizeof (GObjectClass),
                                        NULL,
                                        sizeof (GObject),
                                        NULL,
                                        0);
  g_type_add_interface_static (type, WEIR_TYPE_STAGE, &nothing);
  return type;
}

static gboolean
activate (WeirPluginContext *context, GError **error)
{
  if (!weir_plugin_context_add_extension (context,
                                          WEIR_TYPE_STAGE,
                                          PLUGIN_ID "-added",
                                          register_stage (),
                                          error))
    return FALSE;

#if defined(REFUSES_WITH_ERROR)
  g_set_error_literal (error, WEIR_ERROR, WEIR_ERROR_NOT_SUPPORTED, "No licence was paid");
  return FALSE;
#elif defined(REFUSES_SILENTLY)
  return FALSE;
#else /* claims success, but does not add what its manifest provides */
  return TRUE;
#endif
}

/* One more step, so that PLUGIN_SYMBOL itself is not pasted. */
#define DEFINE(symbol, id, func) WEIR_PLUGIN_DEFINE (symbol, id, func)
DEFINE (PLUGIN_SYMBOL, PLUGIN_ID, activate);
