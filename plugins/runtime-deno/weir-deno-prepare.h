/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "weir-deno-info.h"
#include "weir-deno-plan.h"

G_BEGIN_DECLS

/* Looks at a function's modules, and fetches the packages that are not there yet. The task's
 * result is a WeirDenoInfo. */
void weir_deno_prepare (const char *executable,
                        const char *deno_dir,
                        WeirFunction *function,
                        const WeirDenoPlan *plan,
                        GTask *task);

G_END_DECLS
