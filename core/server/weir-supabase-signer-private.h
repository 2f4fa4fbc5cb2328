/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Without padding, for URLs. */
char *weir_supabase_encode (gconstpointer data, gsize length);
/* A token of those claims. key: a private JWK, EC with P-256 (ES256) or RSA (RS256). The same
 * each time, so that what depends on it does not change with a reload. */
char *weir_supabase_sign (JsonObject *key, const char *claims, GError **error);

G_END_DECLS
