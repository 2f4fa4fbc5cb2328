/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

char *weir_deno_find_executable (const char *configured, GError **error);
gboolean weir_deno_parse_version (const char *text, guint *major, guint *minor, char **version);
char *weir_deno_probe (const char *executable, GError **error);

G_END_DECLS
