/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-exchange-private.h"
#include "http/weir-stage.h"

G_BEGIN_DECLS

/* What a gateway before Supabase's functions knows: opaque keys, and the tokens that they stand
 * for. Copied. */
typedef struct
{
  const char *publishable_key;
  const char *secret_key;
  const char *anon_token;
  const char *service_role_token;
} WeirGatewayKeys;

/* Before all authenticators: finds out whether a function wants to know who calls, and puts the
 * credential where they look for it. */
#define WEIR_TYPE_CREDENTIAL_STAGE (weir_credential_stage_get_type ())
G_DECLARE_FINAL_TYPE (WeirCredentialStage, weir_credential_stage, WEIR, CREDENTIAL_STAGE, GObject)

/* fallback: for functions that do not say. keys: NULL where this is no Supabase project. */
WeirCredentialStage *weir_credential_stage_new (WeirAuthPolicy fallback,
                                                const WeirGatewayKeys *keys);
/* Not only on the routes of functions. */
void weir_credential_stage_set_everywhere (WeirCredentialStage *self, gboolean everywhere);
/* Whatever functions say, everybody may call them. */
void weir_credential_stage_set_open (WeirCredentialStage *self, gboolean open);

G_END_DECLS
