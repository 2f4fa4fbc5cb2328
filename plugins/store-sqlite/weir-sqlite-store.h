/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <weir.h>

G_BEGIN_DECLS

/* Options: path (the file). Without one it is "<name>-<digest>.db" in the user's folder for
 * data, after the property project, which the server sets to the project's folder. */
#define WEIR_TYPE_SQLITE_STORE (weir_sqlite_store_get_type ())
G_DECLARE_FINAL_TYPE (WeirSqliteStore, weir_sqlite_store, WEIR, SQLITE_STORE, GObject)

G_END_DECLS
