/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-signal-private.h"

guint
weir_signal_new (GType type, const char *name, guint n_params, ...)
{
  va_list types;
  guint id;

  va_start (types, n_params);
  id = g_signal_new_valist (name,
                            type,
                            G_SIGNAL_RUN_LAST,
                            NULL,
                            NULL,
                            NULL,
                            NULL,
                            G_TYPE_NONE,
                            n_params,
                            types);
  va_end (types);
  return id;
}
