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

G_END_DECLS
