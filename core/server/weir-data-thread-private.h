/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "io/weir-engine.h"

G_BEGIN_DECLS

/* The thread that runs an engine. Made, used and freed by the control thread. */
typedef struct _WeirDataThread WeirDataThread;

typedef void (*WeirDataFunc) (gpointer user_data);

WeirDataThread *weir_data_thread_new (const char *name, GError **error);
/* Ends the loop and joins; what was posted before is done first. */
void weir_data_thread_free (WeirDataThread *self);
WeirEngine *weir_data_thread_get_engine (WeirDataThread *self);
/* Runs func on the thread and waits for it: for starting and stopping only. */
void weir_data_thread_call (WeirDataThread *self, WeirDataFunc func, gpointer user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirDataThread, weir_data_thread_free)

G_END_DECLS
