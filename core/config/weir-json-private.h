/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "config/weir-node-private.h"

G_BEGIN_DECLS

/* A text whose value is one object, as a table. json-glib reads the values; where they stand
 * is found by a scan of our own, since it does not keep that.
 * Errors: WEIR_CONFIG_ERROR_SYNTAX, "name:line:column: …". */
WeirNode *weir_json_parse (const char *text, gsize length, const char *name, GError **error);

G_END_DECLS
