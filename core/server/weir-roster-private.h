/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "base/weir-clock-private.h"
#include "worker/weir-resource-usage-private.h"
#include "worker/weir-worker.h"

G_BEGIN_DECLS

/* The workers that live, of all functions, and the supervisor over them. Control thread.
 *
 * Signals:
 *  "exited" (worker): it is not on the list any more
 *  "failed" (worker): it had served, and ended badly; its error says how
 *  "unhealthy" (worker, failures): it is being killed
 *  "notice" (worker, text for a person): it is near a limit and to be replaced */
#define WEIR_TYPE_ROSTER (weir_roster_get_type ())
G_DECLARE_FINAL_TYPE (WeirRoster, weir_roster, WEIR, ROSTER, GObject)

WeirRoster *weir_roster_new (WeirClock *clock);
/* A worker that was not started yet. */
void weir_roster_add (WeirRoster *self, WeirWorker *worker);
GListModel *weir_roster_get_workers (WeirRoster *self);
gboolean weir_roster_is_empty (WeirRoster *self);
/* What a worker uses now; FALSE: it has no process. */
gboolean weir_roster_read_usage (WeirRoster *self, WeirWorker *worker, WeirResourceSample *sample);
/* All of them: the time that they had to end is over. */
void weir_roster_kill (WeirRoster *self);

G_END_DECLS
