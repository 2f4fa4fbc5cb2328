/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_CLI_COMPILATION
#error "This header is private to the weir program."
#endif

#include <glib.h>

G_BEGIN_DECLS

/* Tells whoever started this process how far it is, as sd_notify() does: "READY=1",
 * "STOPPING=1". Without NOTIFY_SOCKET nobody asked. */
void cli_notify (const char *state);

G_END_DECLS
