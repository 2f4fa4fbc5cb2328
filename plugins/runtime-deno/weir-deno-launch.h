/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "weir-deno-plan.h"

G_BEGIN_DECLS

/* What is the same for all functions. */
typedef struct
{
  const char *executable;
  const char *bootstrap; /* the folder */
  const char *deno_dir;
  const char *temporary; /* this worker's own folder */
} WeirDenoPlaces;

char *weir_deno_get_default_cache (void);
void weir_deno_append_graph_args (GPtrArray *argv, const WeirDenoPlan *plan);
WeirLaunch *weir_deno_launch (WeirFunction *function,
                              const WeirDenoPlan *plan,
                              const WeirDenoPlaces *places,
                              const char *socket_path,
                              GError **error);

G_END_DECLS
