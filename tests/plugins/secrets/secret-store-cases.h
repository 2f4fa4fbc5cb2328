/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <weir.h>

/* What every secret store must do. The factory makes one that is empty for its place; two on
 * the same place share what they keep. */
typedef WeirSecretStore *(*SecretStoreFactory) (const char *place);

void secret_store_cases_add (const char *name, SecretStoreFactory factory);

/* For cases of one store alone: these wait for the answer. */
void secret_store_open (WeirSecretStore *store, GError **error);
gboolean
secret_store_set (WeirSecretStore *store, const char *name, const char *value, GError **error);
GPtrArray *secret_store_list (WeirSecretStore *store, const char *scope, GError **error);
