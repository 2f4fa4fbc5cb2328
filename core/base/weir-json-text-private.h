/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <glib.h>

G_BEGIN_DECLS

/* text as a JSON string, with its quotes; what is not UTF-8 in it is replaced. */
void weir_json_append_string (GString *json, const char *text);

G_END_DECLS
