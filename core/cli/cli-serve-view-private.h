/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_CLI_COMPILATION
#error "This header is private to the weir program."
#endif

#include <weir.h>

G_BEGIN_DECLS

/* Shows what a server does: lines for a person, or one JSON object a line. Connects itself to
 * the signals of the server, which outlives it. */
typedef struct _CliServeView CliServeView;

CliServeView *cli_serve_view_new (WeirServer *server, gboolean json, gboolean quiet);
void cli_serve_view_free (CliServeView *self);
void cli_serve_view_stopping (CliServeView *self);
void cli_serve_view_stopped (CliServeView *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CliServeView, cli_serve_view_free)

G_END_DECLS
