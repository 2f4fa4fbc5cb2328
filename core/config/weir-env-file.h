/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include <gio/gio.h>
#include "base/weir-version.h"

G_BEGIN_DECLS

/* The .env format, as the tools of this field read it. Both return "KEY=value" lines
 * in file order, the last of a repeated key only. name is used in error messages;
 * lookup (nullable) is an environ for $VAR expansion of what the file itself lacks. */
WEIR_AVAILABLE_IN_ALL
char **weir_env_file_parse (const char *text,
                            gssize length,
                            const char *name,
                            const char *const *lookup,
                            GError **error);
/* A file that does not exist is an empty one. */
WEIR_AVAILABLE_IN_ALL
char **weir_env_file_load (const char *path, const char *const *lookup, GError **error);

G_END_DECLS
