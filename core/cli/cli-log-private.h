/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_CLI_COMPILATION
#error "This header is private to the weir program."
#endif

#include <glib.h>

G_BEGIN_DECLS

/* Takes over the log of the library: one line each, on the error stream. Call once. */
void cli_log_start (void);
/* From which level on, and whether as JSON lines on the standard output instead. Before
 * threads start. */
void cli_log_configure (GLogLevelFlags least, gboolean json);
/* "debug", "info", "message", "warning", "error". FALSE: no such word. */
gboolean cli_log_parse_level (const char *word, GLogLevelFlags *level);

G_END_DECLS
