/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <weir.h>

G_BEGIN_DECLS

/* Whether a key may call a function, by the scopes of the one and the settings of the other.
 * scope (out): the scope that would have been enough, or NULL when it is not about scopes. */
gboolean weir_key_rules_allow (WeirApiKey *key, WeirFunction *function, const char **scope);

G_END_DECLS
