/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <weir.h>

G_BEGIN_DECLS

#define WEIR_MASTER_KEY_LENGTH 32

/* key_file: (nullable) where it is, whatever else there may be. Returns a path. */
char *weir_master_key_dup_path (const char *key_file);
/* key: WEIR_MASTER_KEY_LENGTH bytes. create: make one where there is none; without it that
 * is WEIR_ERROR_NOT_FOUND. */
gboolean weir_master_key_load (const char *path, gboolean create, guint8 *key, GError **error);

G_END_DECLS
