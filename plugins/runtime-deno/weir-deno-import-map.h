/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* An import map in the making. What is added first wins. */
typedef struct _WeirDenoImportMap WeirDenoImportMap;

WeirDenoImportMap *weir_deno_import_map_new (void);
void weir_deno_import_map_free (WeirDenoImportMap *self);
void weir_deno_import_map_add (WeirDenoImportMap *self, const char *key, const char *target);
void
weir_deno_import_map_add_json (WeirDenoImportMap *self, JsonObject *json, const char *directory);
void weir_deno_import_map_add_package (WeirDenoImportMap *self, JsonObject *package);
char *weir_deno_import_map_to_json (WeirDenoImportMap *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirDenoImportMap, weir_deno_import_map_free)

G_END_DECLS
