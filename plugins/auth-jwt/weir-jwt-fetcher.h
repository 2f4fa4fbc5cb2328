/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <weir.h>

G_BEGIN_DECLS

/* Gets a document from an address: https, or http of this machine; no redirects, at most 256 KiB,
 * and not for longer than a time in all. Control thread. */
#define WEIR_TYPE_JWT_FETCHER (weir_jwt_fetcher_get_type ())
G_DECLARE_FINAL_TYPE (WeirJwtFetcher, weir_jwt_fetcher, WEIR, JWT_FETCHER, GObject)

WeirJwtFetcher *weir_jwt_fetcher_new (const char *url, guint timeout_s, GError **error);
gboolean weir_jwt_fetcher_is_encrypted (WeirJwtFetcher *self);
void weir_jwt_fetcher_fetch_async (WeirJwtFetcher *self,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
GBytes *weir_jwt_fetcher_fetch_finish (WeirJwtFetcher *self, GAsyncResult *result, GError **error);

G_END_DECLS
