/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(WEIR_INSIDE) && !defined(WEIR_COMPILATION)
#error "Only <weir.h> can be included directly."
#endif

#include <gio/gio.h>
#include "base/weir-version.h"

G_BEGIN_DECLS

/* What a proxy says, before the first byte of its client, about who that is: version 2 of the
 * PROXY protocol. Only from a peer that is known to be such a proxy may it be believed. */
typedef enum
{
  WEIR_PROXY_MORE, /* there must be more bytes */
  WEIR_PROXY_DONE,
  WEIR_PROXY_BAD, /* nothing that may be answered */
} WeirProxyResult;

typedef struct
{
  gsize length;         /* of the header; what follows is the client's */
  gboolean told;        /* FALSE: the proxy speaks for itself, or does not know */
  GSocketFamily family; /* of the client, if told; INVALID when it has a Unix socket */
  guint8 address[16];   /* in network order */
  guint16 port;
} WeirProxyHeader;

/* Bytes of the longest header that is read. */
#define WEIR_PROXY_HEADER_MAX 2048

WEIR_AVAILABLE_IN_ALL
WeirProxyResult weir_proxy_header_read (WeirProxyHeader *self, const guint8 *data, gsize length);

G_END_DECLS
