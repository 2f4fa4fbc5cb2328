/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "config/weir-config.h"
#include "http/weir-router-private.h"
#include "server/weir-binding-private.h"
#include "server/weir-censor-private.h"

G_BEGIN_DECLS

/* The functions that there are now: what a folder and a configuration say, turned into
 * bindings, and kept up to date. Control thread.
 *
 * Signals: "binding-added" (binding), "function-reloaded" (name), "changed": the set of
 * functions is another one, so the routes are too. */
#define WEIR_TYPE_REGISTRY (weir_registry_get_type ())
G_DECLARE_FINAL_TYPE (WeirRegistry, weir_registry, WEIR, REGISTRY, GObject)

/* Makes the pool of one function; the server knows with what. */
typedef WeirWorkerPool *(*WeirPoolFactory) (WeirFunction *function, gpointer user_data);

/* engines: WeirEngine, of the data threads. uri: what a function reaches this server by. */
WeirRegistry *weir_registry_new (GPtrArray *engines,
                                 GMainContext *control,
                                 const char *uri,
                                 WeirPoolFactory factory,
                                 gpointer user_data);
/* "NAME=value" lines for the environment of every function, from the next load on. */
void weir_registry_set_secrets (WeirRegistry *self, const char *const *lines);
/* Borrowed. Knows all that the functions were ever given. */
WeirCensor *weir_registry_get_censor (WeirRegistry *self);
/* Reads the folder again under this configuration: new functions come, gone ones go, and
 * those whose settings differ get a new revision. Fails when the folder cannot be read. */
gboolean weir_registry_load (WeirRegistry *self, WeirConfig *config, GError **error);
/* Gives a new revision to each function that one of these (resolved) files belongs to. */
void weir_registry_touch (WeirRegistry *self, const char *const *paths);
/* The files of this pool's function are known now: one of them may have been touched since it
 * was loaded. */
void weir_registry_settle (WeirRegistry *self, WeirWorkerPool *pool);
GListModel *weir_registry_get_functions (WeirRegistry *self);
WeirBinding *weir_registry_find (WeirRegistry *self, const char *name); /* nullable */
GPtrArray *weir_registry_get_bindings (WeirRegistry *self);             /* borrowed: WeirBinding */
const char *const *weir_registry_get_problems (WeirRegistry *self);
/* index: of the engine that it is for. */
WeirRouter *weir_registry_make_router (WeirRegistry *self, guint index);
void weir_registry_shut_down (WeirRegistry *self);

G_END_DECLS
