/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "base/weir-clock-private.h"
#include "worker/weir-resource-usage-private.h"
#include "worker/weir-worker.h"

G_BEGIN_DECLS

/* Keeps all workers of a server within their limits, on the control thread. It looks at
 * those that do something, and at nothing while none does.
 *
 * Signals: "notice" (worker, text for a person): a worker is near a limit, and another is
 * to take its place. One that is over a limit is killed; its error says so. */
#define WEIR_TYPE_SUPERVISOR (weir_supervisor_get_type ())
G_DECLARE_FINAL_TYPE (WeirSupervisor, weir_supervisor, WEIR, SUPERVISOR, GObject)

#define WEIR_SUPERVISOR_INTERVAL_MS 50

WeirSupervisor *weir_supervisor_new (WeirClock *clock, WeirResourceUsage *usage);
/* A worker that was not started yet; it is let go of when it has exited. */
void weir_supervisor_add_worker (WeirSupervisor *self, WeirWorker *worker);
/* FALSE: it has no process. */
gboolean
weir_supervisor_read (WeirSupervisor *self, WeirWorker *worker, WeirResourceSample *sample);

G_END_DECLS
