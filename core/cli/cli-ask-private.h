/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_CLI_COMPILATION
#error "This header is private to the weir program."
#endif

#include <glib.h>

G_BEGIN_DECLS

/* Asks at the terminal for a line that is not shown while it is typed. NULL: none came. */
char *cli_ask_hidden (const char *question);

G_END_DECLS
