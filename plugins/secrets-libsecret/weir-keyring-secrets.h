/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <weir.h>

G_BEGIN_DECLS

/* The property project is set by the server to the project's folder. */
#define WEIR_TYPE_KEYRING_SECRETS (weir_keyring_secrets_get_type ())
G_DECLARE_FINAL_TYPE (WeirKeyringSecrets, weir_keyring_secrets, WEIR, KEYRING_SECRETS, GObject)

G_END_DECLS
