/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "worker/weir-process-private.h"

G_BEGIN_DECLS

/* A real child process, on the thread-default context of the thread that made it. The
 * thread must live as long as the process: its end kills the process. */
#define WEIR_TYPE_SUBPROCESS (weir_subprocess_get_type ())
G_DECLARE_FINAL_TYPE (WeirSubprocess, weir_subprocess, WEIR, SUBPROCESS, GObject)

WeirProcess *weir_subprocess_new (void);
/* The same as a WeirProcessFactory. */
WeirProcess *weir_subprocess_factory (gpointer unused);

G_END_DECLS
