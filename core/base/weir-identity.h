/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include <gio/gio.h>
#include "base/weir-version.h"

G_BEGIN_DECLS

/* Who calls, as an authenticator found out. Immutable; any thread. */
typedef struct _WeirIdentity WeirIdentity;

#define WEIR_TYPE_IDENTITY (weir_identity_get_type ())

WEIR_AVAILABLE_IN_ALL
GType weir_identity_get_type (void) G_GNUC_CONST;

WEIR_AVAILABLE_IN_ALL
WeirIdentity *weir_identity_new (const char *subject);
/* All but one of them may be NULL. claims: a JSON object. */
WEIR_AVAILABLE_IN_ALL
WeirIdentity *weir_identity_new_full (const char *subject,
                                      const char *role,
                                      const char *claims,
                                      const char *key_id);
/* The same caller, on a plan. */
WEIR_AVAILABLE_IN_ALL
WeirIdentity *weir_identity_copy_with_plan (WeirIdentity *self, const char *plan);
WEIR_AVAILABLE_IN_ALL
WeirIdentity *weir_identity_ref (WeirIdentity *self);
WEIR_AVAILABLE_IN_ALL
void weir_identity_unref (WeirIdentity *self);

WEIR_AVAILABLE_IN_ALL
const char *weir_identity_get_subject (WeirIdentity *self); /* nullable */
WEIR_AVAILABLE_IN_ALL
const char *weir_identity_get_role (WeirIdentity *self); /* nullable */
/* A JSON object; made of subject and role when the authenticator gave none. */
WEIR_AVAILABLE_IN_ALL
const char *weir_identity_get_claims (WeirIdentity *self);
WEIR_AVAILABLE_IN_ALL
const char *weir_identity_get_key_id (WeirIdentity *self); /* nullable */
/* The plan that limits how often it may call. */
WEIR_AVAILABLE_IN_ALL
const char *weir_identity_get_plan (WeirIdentity *self); /* nullable */
/* What configuration calls whoever found out; NULL before the server took it. */
WEIR_AVAILABLE_IN_ALL
const char *weir_identity_get_authenticator (WeirIdentity *self);

/* Answers an authenticator's task; NULL: the request has nothing for this authenticator. */
WEIR_AVAILABLE_IN_ALL
void weir_task_return_identity (GTask *task, WeirIdentity *identity);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirIdentity, weir_identity_unref)

G_END_DECLS
