/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "config/weir-node-private.h"

G_BEGIN_DECLS

/* The whole text as one table. name is used in messages: "name:line:column: …".
 * Errors: WEIR_CONFIG_ERROR_SYNTAX. */
WeirNode *weir_toml_parse (const char *text, gsize length, const char *name, GError **error);

G_END_DECLS
