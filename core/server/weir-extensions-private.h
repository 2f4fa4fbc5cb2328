/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "config/weir-config.h"
#include "http/weir-adapter.h"
#include "http/weir-authenticator.h"
#include "http/weir-rate-limit-stage-private.h"
#include "plugin/weir-plugin-engine.h"
#include "store/weir-secret-store.h"
#include "store/weir-store.h"
#include "worker/weir-runtime.h"

G_BEGIN_DECLS

guint weir_extensions_get_n_data_threads (WeirConfig *config);

/* From configured names to objects. Search paths and required plugins first. */
gboolean weir_extensions_load (WeirPluginEngine *plugins, WeirConfig *config, GError **error);
WeirRuntime *
weir_extensions_make_runtime (WeirPluginEngine *plugins, WeirConfig *config, GError **error);
/* Appends one for each data thread. */
gboolean weir_extensions_make_adapters (WeirPluginEngine *plugins,
                                        WeirConfig *config,
                                        GPtrArray *adapters,
                                        GError **error);
WeirStore *
weir_extensions_make_store (WeirPluginEngine *plugins, WeirConfig *config, GError **error);
WeirSecretStore *weir_extensions_make_secret_store (WeirPluginEngine *plugins,
                                                    WeirConfig *config,
                                                    const char *name,
                                                    GError **error);
/* Appends stages that limit how often functions are called, one for each data thread, which count
 * together. A limiter that no plugin has is one that fails; one that cannot be made is an error. */
gboolean weir_extensions_make_rate_limits (WeirPluginEngine *plugins,
                                           WeirConfig *config,
                                           GPtrArray *stages,
                                           GError **error);
/* Of the table [authenticators.NAME]. */
WeirAuthenticator *weir_extensions_make_authenticator (WeirPluginEngine *plugins,
                                                       WeirConfig *config,
                                                       const char *name,
                                                       GError **error);
/* Without a table. */
WeirAuthenticator *weir_extensions_make_authenticator_with (WeirPluginEngine *plugins,
                                                            WeirConfig *config,
                                                            const char *extension,
                                                            GVariant *options,
                                                            GError **error);
/* Appends the stages of [stages.*] and of whatever plugin is loaded, by name. */
gboolean weir_extensions_make_stages (WeirPluginEngine *plugins,
                                      WeirConfig *config,
                                      GPtrArray *stages,
                                      GError **error);

G_END_DECLS
