/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "base/weir-identity.h"

G_BEGIN_DECLS

/* The claims as a header may hold them, base64url without padding; made once. */
const char *weir_identity_get_encoded (WeirIdentity *self, gsize *length);
/* name: interned. One that was taken before keeps its name. */
void weir_identity_take (WeirIdentity *self, const char *name);

G_END_DECLS
