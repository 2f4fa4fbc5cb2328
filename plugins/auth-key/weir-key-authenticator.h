/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <weir.h>

G_BEGIN_DECLS

/* Knows callers by the API keys that a store keeps the digests of. */
#define WEIR_TYPE_KEY_AUTHENTICATOR (weir_key_authenticator_get_type ())
G_DECLARE_FINAL_TYPE (WeirKeyAuthenticator,
                      weir_key_authenticator,
                      WEIR,
                      KEY_AUTHENTICATOR,
                      GObject)

G_END_DECLS
