/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "weir-deno-folders.h"
#include "weir-deno-packages.h"
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
void weir_deno_set_tool_environ (GSubprocessLauncher *launcher, const char *deno_dir);
void weir_deno_append_graph_args (GPtrArray *argv, const WeirDenoPlan *plan);
WeirLaunch *weir_deno_launch (WeirFunction *function,
                              const WeirDenoPlan *plan,
                              const WeirDenoPlaces *places,
                              WeirDenoFolders *folders,
                              const char *socket_path,
                              GError **error);
/* Told to the bootstrap: nothing comes at once, and where it shall listen. */
#define WEIR_DENO_STANDBY_VARIABLE "WEIR_STANDBY"

/* Told to the bootstrap: the packages to find, separated by spaces. */
#define WEIR_DENO_PACKAGES_VARIABLE "WEIR_PACKAGES"

/* A process that may become any function of the group of this one. */
WeirLaunch *weir_deno_launch_standby (WeirFunction *function,
                                      const WeirDenoPlan *plan,
                                      const WeirDenoPlaces *places,
                                      WeirDenoFolders *folders,
                                      WeirDenoPackages *packages,
                                      const char *socket_path,
                                      GError **error);
char *weir_deno_make_standby_key (WeirFunction *function,
                                  const WeirDenoPlan *plan,
                                  const char *executable,
                                  const char *deno_dir,
                                  WeirDenoFolders *folders,
                                  WeirDenoPackages *packages,
                                  GError **error);
char *weir_deno_make_load_command (WeirFunction *function,
                                   const WeirDenoPlan *plan,
                                   const WeirDenoPlaces *places,
                                   WeirDenoFolders *folders,
                                   WeirLaunch *standby,
                                   GError **error);
/* What a function calls its own: its folder, or its file if that lies among others. */
const char *weir_deno_get_own_path (WeirFunction *function);
/* What speaks against a standby, in words for a person; NULL if nothing does. */
char *weir_deno_find_obstacle (WeirFunction *function,
                               const WeirDenoPlan *plan,
                               WeirDenoFolders *folders);

G_END_DECLS
