/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The peers that say who their client is before anything else, with the PROXY protocol. */
typedef struct _WeirNativeProxies WeirNativeProxies;

/* networks: (nullable) addresses, networks, and "unix" for those without an address */
WeirNativeProxies *weir_native_proxies_new (const char *const *networks);
void weir_native_proxies_free (WeirNativeProxies *self);
/* peer: (nullable) */
gboolean weir_native_proxies_match (WeirNativeProxies *self, GInetAddress *peer);

G_END_DECLS
