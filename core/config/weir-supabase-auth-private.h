/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "config/weir-config.h"

G_BEGIN_DECLS

/* An [auth.third_party.PROVIDER] that is enabled. */
typedef struct
{
  const char *provider; /* static */
  char *url;            /* of the issuer */
  char *audience;       /* nullable: any */
  char *origin;
} WeirSupabaseIssuer;

void weir_supabase_issuer_free (WeirSupabaseIssuer *self);

/* What [auth] of supabase/config.toml says; all nullable. Not options of Weir: they are keys,
 * and what prints options must not print them. */
typedef struct
{
  char *jwt_secret;
  char *anon_key;
  char *service_role_key;
  char *publishable_key;
  char *secret_key;
  char *signing_keys_path; /* absolute */
  char *signing_keys_origin;
  GPtrArray *third_party; /* of WeirSupabaseIssuer */
} WeirSupabaseAuth;

void weir_supabase_auth_clear (WeirSupabaseAuth *self);

/* NULL if this is no Supabase project. Borrowed from the snapshot. */
const WeirSupabaseAuth *weir_config_get_supabase_auth (WeirConfig *self);

G_END_DECLS
