/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "weir-jwt-key-set.h"

G_BEGIN_DECLS

#define WEIR_JWT_MAX_TOKEN (16 * 1024)

/* What is asked of a token beside its signature; all may be NULL. */
typedef struct
{
  GPtrArray *algorithms;        /* const WeirJwtAlgorithm *; NULL: all that the keys are for */
  const char *const *issuers;   /* one of them */
  const char *const *audiences; /* one of them */
  gint64 tolerance_us;
} WeirJwtRules;

/* Checks a token in the compact form. identity, expires (µs of real time, G_MAXINT64: never):
 * set when VERIFIED. Errors: WEIR_ERROR_INVALID_ARGUMENT when its header cannot be read,
 * WEIR_ERROR_NOT_FOUND when it is of another issuer or, where there are no rules about issuers,
 * signed in another way or with another key than is taken here; else WEIR_ERROR_UNAUTHORIZED.
 * Never with a word of the token. No key is tried on a token of another issuer. */
WeirJwtVerdict weir_jwt_token_verify (const char *text,
                                      gsize length,
                                      WeirJwtKeySet *keys,
                                      const WeirJwtRules *rules,
                                      gint64 now_us,
                                      WeirIdentity **identity,
                                      gint64 *expires_us,
                                      GError **error);

G_END_DECLS
