/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-authenticator.h"
#include "http/weir-stage.h"

G_BEGIN_DECLS

/* Asks one authenticator who calls, unless that is known already or nobody wants to know.
 * There is one of these for each authenticator, between the credential stage and the guard. */
#define WEIR_TYPE_AUTH_STAGE (weir_auth_stage_get_type ())
G_DECLARE_FINAL_TYPE (WeirAuthStage, weir_auth_stage, WEIR, AUTH_STAGE, GObject)

/* name: what configuration calls the authenticator. */
WeirAuthStage *weir_auth_stage_new (WeirAuthenticator *authenticator, const char *name);

G_END_DECLS
