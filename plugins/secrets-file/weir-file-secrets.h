/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <weir.h>

G_BEGIN_DECLS

/* Options: key-file (the master key). The property store is set by the server. */
#define WEIR_TYPE_FILE_SECRETS (weir_file_secrets_get_type ())
G_DECLARE_FINAL_TYPE (WeirFileSecrets, weir_file_secrets, WEIR, FILE_SECRETS, GObject)

G_END_DECLS
