/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "weir-jwt-key-set.h"

G_BEGIN_DECLS

/* Where keys come from: those that are there from the start and, if there is an address, those
 * that are fetched from it, or from where an issuer says in what OpenID Connect calls discovery.
 * Made on the control thread, where it fetches; asked on any thread. */
#define WEIR_TYPE_JWT_SOURCE (weir_jwt_source_get_type ())
G_DECLARE_FINAL_TYPE (WeirJwtSource, weir_jwt_source, WEIR, JWT_SOURCE, GObject)

/* Emits "changed" on the control thread, with other keys in force. At most one of url and
 * issuer_url. */
WeirJwtSource *weir_jwt_source_new (WeirJwtKeySet *keys,
                                    const char *url,
                                    const char *issuer_url,
                                    guint refresh_ms,
                                    guint retry_ms,
                                    GError **error);
/* The keys of now (transfer full). Asks for fresh ones when they are old. */
WeirJwtKeySet *weir_jwt_source_get_keys (WeirJwtSource *self);
/* Whether to wait for a fetch could help, because a key is missing. */
gboolean weir_jwt_source_can_wait (WeirJwtSource *self);
/* Control thread: after the fetch that is under way, or that begins now; at once when it is too
 * early for another one. Never fails. */
void
weir_jwt_source_wait_async (WeirJwtSource *self, GAsyncReadyCallback callback, gpointer user_data);

G_END_DECLS
