/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include "http/weir-adapter.h"
#include "store/weir-store.h"

G_BEGIN_DECLS

/* Adds the cases that every adapter must pass to the GTest run of the caller, under
 * /conformance/adapter/<name>/…. Each case makes a new adapter of that type. skip: (nullable)
 * names of cases that the adapter cannot pass, as "case: reason"; they are reported as
 * skipped with the reason. */
typedef GObject *(*WeirConformanceFactory) (gpointer user_data);

WEIR_AVAILABLE_IN_ALL
void weir_conformance_add_adapter (const char *name,
                                   WeirConformanceFactory factory,
                                   gpointer user_data,
                                   const char *const *skip);

/* The same for stores, under /conformance/store/<name>/…. The factory makes a store on a
 * folder; two on the same folder share what they keep. */
typedef GObject *(*WeirConformanceStoreFactory) (const char *place, gpointer user_data);

WEIR_AVAILABLE_IN_ALL
void weir_conformance_add_store (const char *name,
                                 WeirConformanceStoreFactory factory,
                                 gpointer user_data);

G_END_DECLS
