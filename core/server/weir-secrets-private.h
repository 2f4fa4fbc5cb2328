/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "store/weir-secret-store.h"

G_BEGIN_DECLS

/* The secrets of all functions as they are now. Control thread.
 *
 * Signals: "changed": there are others now. "failed" (GError): they could not be read again,
 * and those from before stay. */
#define WEIR_TYPE_SECRETS (weir_secrets_get_type ())
G_DECLARE_FINAL_TYPE (WeirSecrets, weir_secrets, WEIR, SECRETS, GObject)

/* Reads them, and blocks for it; from then on it follows the store. */
WeirSecrets *weir_secrets_new (WeirSecretStore *store, GError **error);
/* "NAME=value" lines, sorted by name; borrowed until "changed". Never logged. */
const char *const *weir_secrets_get_lines (WeirSecrets *self);

G_END_DECLS
