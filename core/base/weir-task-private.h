/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "base/weir-task.h"

G_BEGIN_DECLS

/* A task for what implements an extension point: when nobody holds it any more and nobody has
 * answered it, it has failed. */
GTask *weir_task_new (gpointer source,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data,
                      gpointer tag);
/* Answers for what lacks the method. */
void weir_task_return_unsupported (GTask *task);
/* Whether the result is of this call; if not, the caller mixed two up. */
gboolean weir_task_is_of (GAsyncResult *result, gpointer source, gpointer tag);

G_END_DECLS
