/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-stage.h"

G_BEGIN_DECLS

/* Finds out who calls when a proxy stands between, and tells functions so in the fields that
 * they expect. Whoever is not a trusted proxy is not asked. */
#define WEIR_TYPE_CLIENT_STAGE (weir_client_stage_get_type ())
G_DECLARE_FINAL_TYPE (WeirClientStage, weir_client_stage, WEIR, CLIENT_STAGE, GObject)

typedef enum
{
  WEIR_PROXY_HEADERS_X_FORWARDED,
  WEIR_PROXY_HEADERS_FORWARDED, /* RFC 7239 */
} WeirProxyHeaders;

/* trusted: addresses with or without a mask, and "unix". */
WeirClientStage *weir_client_stage_new (const char *const *trusted, WeirProxyHeaders headers);

G_END_DECLS
