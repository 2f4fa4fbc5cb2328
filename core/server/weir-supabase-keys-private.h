/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "config/weir-supabase-auth-private.h"

G_BEGIN_DECLS

/* The keys of a local Supabase stack: what the project sets, and for the rest the well-known
 * ones that every such stack has. */
typedef struct
{
  char *jwt_secret;
  char *anon_token;
  char *service_role_token;
  char *publishable_key;
  char *secret_key;
  char *public_jwks; /* what tokens are checked with, besides the secret */
  char *jwks;        /* what functions are told */
} WeirSupabaseKeys;

/* auth: NULL for the well-known ones only. Fails when the signing keys cannot be read. */
WeirSupabaseKeys *weir_supabase_keys_new (const WeirSupabaseAuth *auth, GError **error);
void weir_supabase_keys_free (WeirSupabaseKeys *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirSupabaseKeys, weir_supabase_keys_free)

G_END_DECLS
