/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "config/weir-config-data-private.h"

G_BEGIN_DECLS

/* supabase/config.toml while it is read. */
typedef struct
{
  WeirConfigData *data;
  WeirSource source;
  char **project_env; /* read when the first env() is met */
} WeirSupabaseReader;

typedef enum
{
  WEIR_RESOLUTION_RESOLVED,
  WEIR_RESOLUTION_PLAIN,
  WEIR_RESOLUTION_UNSET,
} WeirResolution;

/* A string "env(NAME)" becomes the value of that variable; UNSET comes with a warning. */
WeirResolution weir_supabase_resolve (WeirSupabaseReader *self, WeirNode *node);
/* weir-config-supabase-auth.c: [auth] */
void weir_supabase_read_auth (WeirSupabaseReader *self, WeirNode *table);

G_END_DECLS
