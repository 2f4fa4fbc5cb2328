/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "store/weir-function.h"

G_BEGIN_DECLS

/* Masks in what is told of functions what they were given as secrets. Values that were
 * replaced stay masked: a worker that has one may still be running. Control thread. */
typedef struct _WeirCensor WeirCensor;

WeirCensor *weir_censor_new (void);
WeirCensor *weir_censor_ref (WeirCensor *self);
void weir_censor_unref (WeirCensor *self);
/* secrets: "NAME=value" lines, all to be masked. */
void weir_censor_add_secrets (WeirCensor *self, const char *const *secrets);
/* Of one user among many: only the latest are remembered. */
void weir_censor_add_user_secret (WeirCensor *self, const char *value);
/* Of these lines, those whose name says that the value is a secret. */
void weir_censor_add_environ (WeirCensor *self, const char *const *lines);
/* text: (nullable). All (transfer full). */
char *weir_censor_text (WeirCensor *self, const char *text);
GError *weir_censor_error (WeirCensor *self, const GError *error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirCensor, weir_censor_unref)

G_END_DECLS
