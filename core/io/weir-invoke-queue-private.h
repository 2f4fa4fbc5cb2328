/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "io/weir-engine.h"

G_BEGIN_DECLS

/* Calls from any thread, to be run in their order by one. */
typedef struct
{
  GMutex lock;
  GArray *waiting; /* under the lock */
  int pending;     /* atomic: there is something waiting */
  GArray *running; /* taken out, being run; the running thread's */
  guint next;
} WeirInvokeQueue;

void weir_invoke_queue_init (WeirInvokeQueue *self);
void weir_invoke_queue_clear (WeirInvokeQueue *self);
/* TRUE: nothing waited before, so the running thread has to be woken. */
gboolean weir_invoke_queue_push (WeirInvokeQueue *self, WeirInvokeFunc func, gpointer user_data);
gboolean weir_invoke_queue_has_work (WeirInvokeQueue *self);
/* Runs what was there when this was called, but no more than `most` calls. */
void weir_invoke_queue_run (WeirInvokeQueue *self, guint most);

G_END_DECLS
