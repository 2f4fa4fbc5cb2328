/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

char *weir_deno_jsonc_to_json (const char *text);
JsonObject *weir_deno_json_parse (const char *text, const char *path, GError **error);
JsonObject *weir_deno_json_read (const char *path, GError **error);

G_END_DECLS
