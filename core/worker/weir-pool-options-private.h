/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "store/weir-function.h"

G_BEGIN_DECLS

/* The options of a function that say how many workers it has and what they may take, as both
 * threads need them: in the pool, and in the slot. */
typedef struct
{
  guint min_workers; /* never above max_workers */
  guint max_workers; /* at least 1 */
  gboolean eager;
  guint max_concurrency; /* of one worker; 0: no bound */
  guint queue_size;
  guint queue_timeout_ms; /* 0: no bound */
  guint max_websockets;   /* of one worker; 0: no bound */
  guint request_timeout_ms;
  guint64 request_size_limit; /* bytes; 0: no bound */
  guint64 response_size_limit;
} WeirPoolOptions;

/* A function that was not made by discovery may have no settings: it gets one worker. */
void weir_pool_options_read (WeirPoolOptions *self, WeirFunction *function);

G_END_DECLS
