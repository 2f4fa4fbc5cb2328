/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_CLI_COMPILATION
#error "This header is private to the weir program."
#endif

#include <weir.h>

G_BEGIN_DECLS

/* One request that is over as one line of the log, its end included. There may be tens of
 * thousands a second, so the JSON is written without a tree, and nothing with a format. */
void cli_request_line_append_json (GString *out, WeirRequestRecord *record);
void cli_request_line_append_text (GString *out, WeirRequestRecord *record, gboolean colours);

G_END_DECLS
