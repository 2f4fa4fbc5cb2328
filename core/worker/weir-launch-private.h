/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "worker/weir-launch.h"

G_BEGIN_DECLS

/* What a standby becomes: as it was launched, with a load command.
 *  listens: it accepts requests already, and holds them until it serves */
WeirLaunch *
weir_launch_new_loaded (WeirLaunch *standby, const char *load_command, gboolean listens);
gboolean weir_launch_listens (WeirLaunch *self);

G_END_DECLS
