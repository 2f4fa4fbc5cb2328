/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "weir-deno-plan.h"

G_BEGIN_DECLS

/* Where the bundles of a function are; it need not exist. own_path: its folder or file. */
char *weir_deno_bundle_get_folder (const char *own_path);
/* Makes the bundle of a revision whose files are known, if there is none yet. The result of
 * the task is its path. */
void weir_deno_bundle (const char *executable,
                       const char *deno_dir,
                       const char *own_path,
                       WeirFunction *function,
                       const WeirDenoPlan *plan,
                       GTask *task);

gboolean weir_deno_bundle_is_wanted (WeirFunction *function, const WeirDenoPlan *plan);

G_END_DECLS
