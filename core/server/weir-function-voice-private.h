/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "server/weir-function-host-private.h"
#include "server/weir-roster-private.h"
#include "worker/weir-capacity-private.h"
#include "worker/weir-worker-pool-private.h"

G_BEGIN_DECLS

/* What functions and their workers have to say, as signals of the host, without secrets. */
void weir_function_voice_follow_pool (WeirFunctionHost *host, WeirWorkerPool *pool);
void weir_function_voice_follow_workers (WeirFunctionHost *host,
                                         WeirRoster *roster,
                                         WeirCapacity *capacity);

G_END_DECLS
