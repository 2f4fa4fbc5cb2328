/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "config/weir-config.h"
#include "http/weir-authenticator.h"
#include "plugin/weir-plugin-engine.h"
#include "server/weir-stores-private.h"

G_BEGIN_DECLS

/* An authenticator that the embedding program gave. */
typedef struct
{
  char *name;
  WeirAuthenticator *authenticator;
} WeirNamedAuthenticator;

void weir_named_authenticator_free (WeirNamedAuthenticator *self);

/* Appends the stages that find out who calls: what carries the credential to its place, one
 * for each authenticator in the order of the configuration, and the guard. given:
 * WeirNamedAuthenticator, asked after those that are configured. One that wants the store is lent
 * it from stores. */
gboolean weir_authentication_append_stages (WeirPluginEngine *plugins,
                                            WeirStores *stores,
                                            WeirConfig *config,
                                            GPtrArray *given,
                                            GPtrArray *stages,
                                            GError **error);
/* Makes those that are configured, and adds what is wrong with each. */
void weir_authentication_check (WeirPluginEngine *plugins,
                                WeirStores *stores,
                                WeirConfig *config,
                                GPtrArray *problems);

G_END_DECLS
