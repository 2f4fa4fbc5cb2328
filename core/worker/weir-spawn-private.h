/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <gio/gio.h>
#include "worker/weir-launch.h"

G_BEGIN_DECLS

/* Starts a process that cannot outlive this one: its own process group, no descriptor but the
 * three pipes, no environment but the launch's, default signal handlers, killed by the kernel
 * when this process ends, in whatever way. Any thread.
 *
 * pipes: our ends of stdin, stdout and stderr; non-blocking. */
gboolean weir_spawn (WeirLaunch *launch, GPid *pid, int pipes[3], GError **error);

G_END_DECLS
