/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "worker/weir-worker-state.h"

G_BEGIN_DECLS

typedef enum
{
  WEIR_WORKER_EVENT_START,
  WEIR_WORKER_EVENT_SPAWNED,
  WEIR_WORKER_EVENT_SPAWN_FAILED,
  WEIR_WORKER_EVENT_READY,
  WEIR_WORKER_EVENT_LEASE,
  WEIR_WORKER_EVENT_VACANT,
  WEIR_WORKER_EVENT_RETIRE,
  WEIR_WORKER_EVENT_STOP,
  WEIR_WORKER_EVENT_LIMIT,
  WEIR_WORKER_EVENT_DEADLINE,
  WEIR_WORKER_EVENT_EXIT,
  WEIR_WORKER_N_EVENTS
} WeirWorkerEvent;

enum
{
  WEIR_WORKER_ILLEGAL = 0, /* NEW is never entered again, so 0 is free */
  WEIR_WORKER_IGNORED = 0xff
};

#define WEIR_WORKER_N_STATES (WEIR_WORKER_STATE_EXITED + 1)

/* The table, as a pure function: a WeirWorkerState, ILLEGAL or IGNORED. */
guint weir_worker_state_next (WeirWorkerState state, WeirWorkerEvent event);
GQuark weir_worker_state_quark (WeirWorkerState state);
const char *weir_worker_state_get_nick (WeirWorkerState state);
const char *weir_worker_event_get_nick (WeirWorkerEvent event);
/* The option that arms a deadline on entry ("boot_timeout_ms"), or NULL. */
const char *weir_worker_state_get_deadline (WeirWorkerState state);

G_END_DECLS
