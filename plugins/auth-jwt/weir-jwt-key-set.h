/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "weir-jwt-key.h"

G_BEGIN_DECLS

/* Keys in their order. Written while it is made, only read afterwards; any thread. */
typedef struct _WeirJwtKeySet WeirJwtKeySet;

WeirJwtKeySet *weir_jwt_key_set_new (void);
WeirJwtKeySet *weir_jwt_key_set_ref (WeirJwtKeySet *self);
void weir_jwt_key_set_unref (WeirJwtKeySet *self);
void weir_jwt_key_set_add (WeirJwtKeySet *self, WeirJwtKey *key);
void weir_jwt_key_set_add_all (WeirJwtKeySet *self, WeirJwtKeySet *other);
/* A JWK, a JWK set or PEM. Keys of a set that are of no use here are left out; a set of which
 * none is left, and anything that cannot be read, is an error. */
gboolean
weir_jwt_key_set_read (WeirJwtKeySet *self, const char *text, gsize length, GError **error);

typedef enum
{
  WEIR_JWT_VERIFIED,
  WEIR_JWT_NO_KEY, /* none of that name, or none for that algorithm */
  WEIR_JWT_FORGED,
} WeirJwtVerdict;

/* id: (nullable) the key that the token names; key: set when VERIFIED, borrowed. */
WeirJwtVerdict weir_jwt_key_set_verify (WeirJwtKeySet *self,
                                        const WeirJwtAlgorithm *algorithm,
                                        const char *id,
                                        const char *data,
                                        gsize length,
                                        const guint8 *signature,
                                        gsize signature_length,
                                        WeirJwtKey **key);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirJwtKeySet, weir_jwt_key_set_unref)

G_END_DECLS
