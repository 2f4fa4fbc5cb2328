/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "http/weir-exchange.h"

G_BEGIN_DECLS

/* Who calls, and what: what a limiter counts by. */
typedef struct
{
  char *text; /* in room, or allocated */
  char room[256];
} WeirRateKey;

/* scope: what the calls are counted for, as "function hello". per_key: by the key that the
 * caller shows, where one is, and not only by the user. */
void weir_rate_key_init (WeirRateKey *self,
                         WeirExchange *exchange,
                         const char *kind,
                         const char *scope,
                         gboolean per_key);
void weir_rate_key_clear (WeirRateKey *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WeirRateKey, weir_rate_key_clear)

G_END_DECLS
