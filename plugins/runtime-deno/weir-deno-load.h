/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "weir-deno-permissions.h"
#include "weir-deno-plan.h"

G_BEGIN_DECLS

/* The command that makes a worker load its function, as one line of JSON. `standby` is what the
 * process was started with if that was before its function was known. */
char *weir_deno_load_to_line (WeirFunction *function,
                              const WeirDenoPlan *plan,
                              WeirDenoPermissions *own,
                              const char *temporary,
                              const char *socket_path,
                              WeirLaunch *standby);

G_END_DECLS
