/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <gio/gio.h>

G_BEGIN_DECLS

/* The peers whose word about others is taken. */
typedef struct _WeirTrustedProxies WeirTrustedProxies;

/* networks: addresses with or without a mask, and "unix" for Unix sockets. */
WeirTrustedProxies *weir_trusted_proxies_new (const char *const *networks);
void weir_trusted_proxies_free (WeirTrustedProxies *self);
/* address: NULL for the peer of a Unix socket. */
gboolean weir_trusted_proxies_match (WeirTrustedProxies *self, GInetAddress *address);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WeirTrustedProxies, weir_trusted_proxies_free)

G_END_DECLS
