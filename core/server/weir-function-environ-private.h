/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "server/weir-supabase-keys-private.h"

G_BEGIN_DECLS

/* What the platform adds to the environment of every function: the addresses and the local
 * development keys that code written for Supabase expects. own: the function's environment,
 * which wins. Returns "KEY=value" lines (transfer full). */
char **weir_function_environ_complete (char **own,
                                       const char *name,
                                       const char *uri,
                                       const WeirSupabaseKeys *keys);
/* What code that was written for Fluxbase expects besides: where it is, its secrets under the
 * names that they have there, and those variables of the host that its server would show.
 * host, secrets: "KEY=value" lines. Takes env, whose own win; returns it (transfer full). */
char **weir_function_environ_add_fluxbase (char **env,
                                           const char *name,
                                           const char *namespace,
                                           const char *uri,
                                           const char *const *secrets,
                                           const char *const *host);

G_END_DECLS
