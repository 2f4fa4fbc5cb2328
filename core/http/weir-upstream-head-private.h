/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-exchange.h"

G_BEGIN_DECLS

/* Room for both fields, the longest address and the longest request id. */
#define WEIR_UPSTREAM_HEAD_EXTRA_MAX 192

/* What the worker is told besides the client's own fields: who calls, and the exchange's
 * name, as a block of "name: value\r\n". */
void weir_upstream_head_format_extra (WeirExchange *exchange, char *extra);
/* The same and the caller's secrets; NULL if there are none. */
char *weir_upstream_head_dup_with_secrets (WeirExchange *exchange, const char *extra);
/* "a,b" and repeated fields become "a, b": Deno looks for no other form. */
void weir_upstream_head_fix_protocols (WeirHead *head);

G_END_DECLS
