/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include <gio/gio.h>
#include "base/weir-version.h"

G_BEGIN_DECLS

/* How to start one worker: a command line, an environment (nothing is inherited), a
 * working folder, the first line to write to its standard input, and the Unix socket it
 * will listen on. Immutable once made. */
typedef struct _WeirLaunch WeirLaunch;

#define WEIR_TYPE_LAUNCH (weir_launch_get_type ())

WEIR_AVAILABLE_IN_ALL
GType weir_launch_get_type (void) G_GNUC_CONST;
WEIR_AVAILABLE_IN_ALL
WeirLaunch *weir_launch_new (const char *const *argv,
                             const char *const *environ_,
                             const char *directory,
                             const char *load_command,
                             const char *socket_path);
WEIR_AVAILABLE_IN_ALL
WeirLaunch *weir_launch_ref (WeirLaunch *self);
WEIR_AVAILABLE_IN_ALL
void weir_launch_unref (WeirLaunch *self);
WEIR_AVAILABLE_IN_ALL
const char *const *weir_launch_get_argv (WeirLaunch *self);
WEIR_AVAILABLE_IN_ALL
const char *const *weir_launch_get_environ (WeirLaunch *self);
WEIR_AVAILABLE_IN_ALL
const char *weir_launch_get_directory (WeirLaunch *self);
/* One line of JSON without the newline. It carries the function's environment, so it is
 * never logged. */
WEIR_AVAILABLE_IN_ALL
const char *weir_launch_get_load_command (WeirLaunch *self);
WEIR_AVAILABLE_IN_ALL
const char *weir_launch_get_socket_path (WeirLaunch *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirLaunch, weir_launch_unref)

G_END_DECLS
