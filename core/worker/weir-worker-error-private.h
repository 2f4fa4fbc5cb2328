/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include <glib.h>
#include "worker/weir-control-channel-private.h"
#include "worker/weir-worker-state.h"

G_BEGIN_DECLS

/* The words for how a worker ended badly, for a person who wrote a function. */

/* "file:line:column: text", and under it the line with a mark at the column. */
GError *weir_worker_error_new_load (const WeirWorkerFailure *failure);
GError *weir_worker_error_new_timeout (WeirWorkerState state, gint64 timeout_ms, guint in_flight);
GError *weir_worker_error_new_limit (WeirWorkerExitReason reason, gint64 memory_limit_mb);
/* With what was measured: ms or MiB, as the option of the limit. */
GError *weir_worker_error_new_over (WeirWorkerExitReason reason, gint64 measured, gint64 limit);
/* The largest, of those that have more than worker_memory_mb together. */
GError *weir_worker_error_new_crowded (gint64 measured_mb, gint64 limit_mb);
/* It ended by itself. last_words: what it wrote to its standard error, or "". */
GError *weir_worker_error_new_exit (WeirWorkerState state, int wait_status, const char *last_words);
/* Is this line of standard error how V8 says that there is no memory left? */
gboolean weir_worker_error_is_out_of_memory (const char *line);
/* Does this line of standard error begin what V8 writes about itself as it dies? */
gboolean weir_worker_error_is_dump (const char *line);
/* May a process that ran out of memory have ended like this? */
gboolean weir_worker_error_is_abort (int wait_status);
/* Did the kernel end it for the processor time that it used? */
gboolean weir_worker_error_is_cpu_limit (int wait_status);

G_END_DECLS
