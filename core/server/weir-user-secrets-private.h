/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-stage.h"
#include "io/weir-engine.h"
#include "server/weir-censor-private.h"
#include "store/weir-secret-store.h"

G_BEGIN_DECLS

/* A stage that looks up the secrets of the user who calls, for functions whose form has a place
 * for them. What was looked up is kept until the store changes. Passes every request on. */
#define WEIR_TYPE_USER_SECRETS (weir_user_secrets_get_type ())
G_DECLARE_FINAL_TYPE (WeirUserSecrets, weir_user_secrets, WEIR, USER_SECRETS, GObject)

WeirUserSecrets *weir_user_secrets_new (void);
/* Before that, nobody has any. Control thread, once; the censor is told what to hide. */
void weir_user_secrets_open (WeirUserSecrets *self,
                             WeirEngine *engine,
                             WeirSecretStore *store,
                             WeirCensor *censor);

G_END_DECLS
