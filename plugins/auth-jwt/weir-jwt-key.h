/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "weir-jwt-json.h"

G_BEGIN_DECLS

/* One way to sign; static. */
typedef struct _WeirJwtAlgorithm WeirJwtAlgorithm;

/* NULL when there is no such algorithm; "none" is none. */
const WeirJwtAlgorithm *weir_jwt_algorithm_find (const char *name);

/* What signatures are checked with: immutable, any thread. The key decides which algorithms it
 * is for, whatever a token says. */
typedef struct _WeirJwtKey WeirJwtKey;

/* Bytes; less can be guessed. */
#define WEIR_JWT_SHORTEST_SECRET 16

WeirJwtKey *weir_jwt_key_new_secret (const char *secret, gsize length);
/* A public key or a certificate. */
WeirJwtKey *weir_jwt_key_new_pem (const char *text, gsize length, GError **error);
/* Of a private key only the public part is read. */
WeirJwtKey *weir_jwt_key_new_jwk (WeirJwtObject *jwk, GError **error);
WeirJwtKey *weir_jwt_key_ref (WeirJwtKey *self);
void weir_jwt_key_unref (WeirJwtKey *self);
const char *weir_jwt_key_get_id (WeirJwtKey *self); /* nullable */
gboolean weir_jwt_key_allows (WeirJwtKey *self, const WeirJwtAlgorithm *algorithm);
gboolean weir_jwt_key_verify (WeirJwtKey *self,
                              const WeirJwtAlgorithm *algorithm,
                              const char *data,
                              gsize length,
                              const guint8 *signature,
                              gsize signature_length);

/* Strict: no padding, nothing left over. (transfer full), NULL when it is not base64url; a NUL
 * follows the data. */
guint8 *weir_jwt_base64url_decode (const char *text, gsize length, gsize *decoded);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirJwtKey, weir_jwt_key_unref)

G_END_DECLS
