/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include <gio/gio.h>
#include "base/weir-version.h"

G_BEGIN_DECLS

/* For a stage, an authenticator or a limiter whose fast path in C may run on several data
 * threads at once. Those that do not implement it have their turns one after the other. */
#define WEIR_TYPE_CONCURRENT (weir_concurrent_get_type ())

WEIR_AVAILABLE_IN_ALL
G_DECLARE_INTERFACE (WeirConcurrent, weir_concurrent, WEIR, CONCURRENT, GObject)

struct _WeirConcurrentInterface
{
  GTypeInterface g_iface;

  /* Asked once, before the first request. NULL means that it is. */
  gboolean (*is_concurrent) (WeirConcurrent *self);

  /*< private >*/
  gpointer padding[8];
};

WEIR_AVAILABLE_IN_ALL
gboolean weir_concurrent_check (GObject *object);

G_END_DECLS
