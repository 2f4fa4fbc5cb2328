/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include <gio/gio.h>
#include "base/weir-version.h"

G_BEGIN_DECLS

/* How what implements an extension point answers with something that is no boolean: as a
 * GValue, so that Python and JavaScript can do it too, with g_task_return_value(). Takes
 * the boxed value over; NULL is a value. */
WEIR_AVAILABLE_IN_ALL
void weir_task_return_boxed (GTask *task, GType type, gpointer boxed);
/* The other end: what was answered, for the caller, or NULL. An answer of another type is
 * WEIR_ERROR_FAILED. */
WEIR_AVAILABLE_IN_ALL
gpointer weir_task_propagate_boxed (GTask *task, GType type, GError **error);

G_END_DECLS
