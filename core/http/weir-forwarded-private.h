/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-trusted-proxies-private.h"

G_BEGIN_DECLS

/* What proxies say about who calls, and how. */
typedef struct
{
  GInetAddress *client; /* NULL: they do not say */
  guint16 port;         /* 0: they do not say */
  char *scheme;         /* "http", "https", or NULL */
  char *authority;      /* or NULL */
} WeirForwarded;

void weir_forwarded_clear (WeirForwarded *self);

/* Each of them may be NULL. Of those who are named, from the right on, the client is the first
 * that is not itself trusted; what it says in turn is not believed. */
void weir_forwarded_read_x (WeirForwarded *self,
                            WeirTrustedProxies *proxies,
                            const char *forwarded_for,
                            const char *forwarded_proto,
                            const char *forwarded_host);
/* The field of RFC 7239. One with an error in it says nothing. */
void weir_forwarded_read (WeirForwarded *self, WeirTrustedProxies *proxies, const char *forwarded);

/* "10.0.0.1", "10.0.0.1:80", "::1", "[::1]", "[::1]:80"; NULL for anything else. */
GInetAddress *weir_forwarded_parse_node (const char *text, gsize length, guint16 *port);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WeirForwarded, weir_forwarded_clear)

G_END_DECLS
