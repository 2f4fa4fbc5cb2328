/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "weir-deno-plan.h"

G_BEGIN_DECLS

/* Fetches the versions of packages that a worker would choose, which are not always those that a
 * look at the modules chooses. The task's result is a boolean. */
void weir_deno_fetch (const char *executable,
                      const char *deno_dir,
                      WeirFunction *function,
                      const WeirDenoPlan *plan,
                      GTask *task);

G_END_DECLS
