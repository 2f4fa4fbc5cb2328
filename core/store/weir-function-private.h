/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "store/weir-function.h"

G_BEGIN_DECLS

/* Copies the strings and environ_ (nullable: an empty one); refs the settings
 * (nullable: empty ones). */
WeirFunction *weir_function_new (const char *name,
                                 const char *directory,
                                 const char *root,
                                 const char *entrypoint,
                                 WeirSettings *settings,
                                 const char *const *environ_,
                                 guint64 revision);
/* secrets: copied; nullable: none. */
WeirFunction *weir_function_new_with_secrets (const char *name,
                                              const char *directory,
                                              const char *root,
                                              const char *entrypoint,
                                              WeirSettings *settings,
                                              const char *const *environ_,
                                              const char *const *secrets,
                                              guint64 revision);

G_END_DECLS
