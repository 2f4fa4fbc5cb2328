/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

char *weir_deno_folder_make_base (GError **error);
void weir_deno_folder_sweep (const char *parent);
char *weir_deno_folder_make (const char *parent, guint number, GError **error);
void weir_deno_folder_remove (const char *path);

G_END_DECLS
