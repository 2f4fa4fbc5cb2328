/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <weir.h>

G_BEGIN_DECLS

typedef enum
{
  WEIR_JWT_LOCATION_HEADER,
  WEIR_JWT_LOCATION_COOKIE,
  WEIR_JWT_LOCATION_QUERY,
} WeirJwtLocation;

#define WEIR_TYPE_JWT_LOCATION (weir_jwt_location_get_type ())

GType weir_jwt_location_get_type (void) G_GNUC_CONST;

/* JSON Web Tokens. Its properties are its options. */
#define WEIR_TYPE_JWT_AUTHENTICATOR (weir_jwt_authenticator_get_type ())
G_DECLARE_FINAL_TYPE (WeirJwtAuthenticator,
                      weir_jwt_authenticator,
                      WEIR,
                      JWT_AUTHENTICATOR,
                      GObject)

G_END_DECLS
