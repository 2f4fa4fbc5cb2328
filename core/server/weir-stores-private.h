/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "config/weir-config.h"
#include "plugin/weir-plugin-engine.h"
#include "store/weir-secret-store.h"
#include "store/weir-store.h"

G_BEGIN_DECLS

/* The store and the secret store that are configured: made and opened when they are first
 * asked for, and kept. These block, for as long as a store may take to answer. */
typedef struct _WeirStores WeirStores;

WeirStores *weir_stores_new (WeirPluginEngine *plugins);
void weir_stores_free (WeirStores *self);
/* Borrowed. WEIR_PLUGIN_ERROR_NOT_FOUND when no plugin has it. */
WeirStore *weir_stores_open (WeirStores *self, WeirConfig *config, GError **error);
/* "auto": the keyring where one answers, else encrypted in the store. */
WeirSecretStore *weir_stores_open_secrets (WeirStores *self, WeirConfig *config, GError **error);
/* Gives the store to an object that has a property of that name for it; others are left alone. */
gboolean weir_stores_lend (WeirStores *self, WeirConfig *config, gpointer object, GError **error);
/* Takes it back from all of them; on the thread that the store is of, unlike their end. */
void weir_stores_recall (WeirStores *self);
/* The secrets of a scope with their values (transfer full). */
GPtrArray *weir_stores_list_secrets (WeirSecretStore *secrets, const char *scope, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirStores, weir_stores_free)

G_END_DECLS
