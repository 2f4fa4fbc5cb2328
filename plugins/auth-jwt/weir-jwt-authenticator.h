/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <weir.h>

G_BEGIN_DECLS

/* JSON Web Tokens. Its properties are its options. */
#define WEIR_TYPE_JWT_AUTHENTICATOR (weir_jwt_authenticator_get_type ())
G_DECLARE_FINAL_TYPE (WeirJwtAuthenticator,
                      weir_jwt_authenticator,
                      WEIR,
                      JWT_AUTHENTICATOR,
                      GObject)

G_END_DECLS
