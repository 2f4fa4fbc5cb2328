/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "weir-deno-info.h"

G_BEGIN_DECLS

/* Which npm packages each function imports, as `deno info` said of it last.
 *
 * To find the version that is meant takes Deno as long as to load a small package, so a standby
 * does it before it knows its function, for all those that it may become. Deno finds a package
 * once in a process: functions that would not get the same version of it are left to find their
 * own. So are those with many, because what is known of a package takes memory. */
typedef struct _WeirDenoPackages WeirDenoPackages;

WeirDenoPackages *weir_deno_packages_new (void);
void weir_deno_packages_free (WeirDenoPackages *self);
/* `member` is the function's own path; info NULL: it needs none. */
void weir_deno_packages_note (WeirDenoPackages *self, const char *member, const WeirDenoInfo *info);
/* Grows with each change. */
guint weir_deno_packages_get_serial (WeirDenoPackages *self);
/* What any of these members imports, separated by spaces, and which versions of what that was:
 * both are empty if there is nothing to find. */
char *weir_deno_packages_choose (WeirDenoPackages *self, GPtrArray *members, char **versions);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirDenoPackages, weir_deno_packages_free)

G_END_DECLS
