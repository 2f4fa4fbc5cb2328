/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "config/weir-config.h"
#include "server/weir-censor-private.h"
#include "store/weir-function.h"

G_BEGIN_DECLS

/* What a function is made of besides its folder; all borrowed. */
typedef struct
{
  WeirConfig *config;
  const char *uri;            /* what functions reach this server by */
  const char *const *secrets; /* "NAME=value" lines, for all functions */
  const char *const *host;    /* the environment of this process, of which little is shown */
  WeirCensor *censor;         /* is told what to hide */
  guint64 revision;
} WeirFunctionParts;

/* found: the entry file that lies there, or NULL. Returns NULL with an error, and without one
 * for a function that is not enabled. */
WeirFunction *weir_function_parts_assemble (const WeirFunctionParts *self,
                                            const char *name,
                                            const char *directory,
                                            const char *found,
                                            GError **error);

G_END_DECLS
