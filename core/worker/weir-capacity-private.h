/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "worker/weir-worker-pool-private.h"

G_BEGIN_DECLS

/* How many workers there may be in all, and how much memory they may have together. Pools ask
 * before they start one. When there is no room, the worker that has been idle for the longest
 * is retired, of whatever pool that has more than its minimum, and the pool that asked starts
 * its own when that one has exited; while nobody is idle, it waits. First workers come before
 * further ones. A worker counts until it has exited.
 *
 * Workers grow after they were started. Once they have more than they may, those are retired that
 * nobody uses, down to the last one if need be, and then the largest of the others, one a second;
 * while an eighth more than that is used it is not asked but killed.
 *
 * Signals: "notice" (worker, text for a person): that one was ended for this; "changed": more or
 * less may be left for others than workers. Control thread. */
#define WEIR_TYPE_CAPACITY (weir_capacity_get_type ())
G_DECLARE_FINAL_TYPE (WeirCapacity, weir_capacity, WEIR, CAPACITY, GObject)

/* The bytes that a process has for itself. */
typedef guint64 (*WeirMemoryProbe) (GPid pid, gpointer user_data);

/* probe: NULL for the real one. */
WeirCapacity *weir_capacity_new (WeirClock *clock, WeirMemoryProbe probe, gpointer user_data);
/* 0: no bound. */
void weir_capacity_set_limits (WeirCapacity *self, guint max_workers, guint64 max_memory);

/* How many further processes of so many bytes there is room for, beside all workers. */
guint weir_capacity_get_spare (WeirCapacity *self, guint64 bytes_each);

/* ---- for pools ---- */

/* TRUE: start it now. FALSE: weir_worker_pool_grant() is called when there is room. */
gboolean weir_capacity_ask (WeirCapacity *self, WeirWorkerPool *pool);
void weir_capacity_withdraw (WeirCapacity *self, WeirWorkerPool *pool);
void weir_capacity_add_worker (WeirCapacity *self, WeirWorkerPool *pool, WeirWorker *worker);

/* Half of the machine's memory. */
guint64 weir_capacity_get_default_memory (void);

G_END_DECLS
