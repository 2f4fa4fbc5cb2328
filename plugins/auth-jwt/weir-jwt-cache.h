/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <weir.h>

G_BEGIN_DECLS

/* Tokens that were found good, until they expire. Bounded: what was not asked for in a long time
 * goes first. Not thread-safe. */
typedef struct _WeirJwtCache WeirJwtCache;

/* size: tokens, 0 for none. */
WeirJwtCache *weir_jwt_cache_new (guint size);
void weir_jwt_cache_free (WeirJwtCache *self);
void weir_jwt_cache_clear (WeirJwtCache *self);
/* (transfer full), NULL when it is not there. */
WeirIdentity *
weir_jwt_cache_find (WeirJwtCache *self, const char *token, gsize length, gint64 now_us);
void weir_jwt_cache_add (WeirJwtCache *self,
                         const char *token,
                         gsize length,
                         WeirIdentity *identity,
                         gint64 expires_us);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirJwtCache, weir_jwt_cache_free)

G_END_DECLS
