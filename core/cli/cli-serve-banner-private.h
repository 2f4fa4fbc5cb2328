/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_CLI_COMPILATION
#error "This header is private to the weir program."
#endif

#include <weir.h>

G_BEGIN_DECLS

/* Where a server that has been started listens, what it serves, and what should be known. */
void cli_serve_banner_print (WeirServer *server, gboolean json);

G_END_DECLS
