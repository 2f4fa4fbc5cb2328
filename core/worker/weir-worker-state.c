/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib-object.h>
#include "worker/weir-worker-state-private.h"

/**
 * WeirWorkerState:
 * @WEIR_WORKER_STATE_NEW: nothing was done yet
 * @WEIR_WORKER_STATE_SPAWNING: the operating system was asked for a process
 * @WEIR_WORKER_STATE_BOOTING: the process runs and loads the function
 * @WEIR_WORKER_STATE_IDLE: ready, with no request in flight
 * @WEIR_WORKER_STATE_BUSY: ready, with requests in flight
 * @WEIR_WORKER_STATE_DRAINING: takes no more requests, finishes the ones it has
 * @WEIR_WORKER_STATE_STOPPING: was asked to end
 * @WEIR_WORKER_STATE_KILLING: was killed; only the kernel is waited for
 * @WEIR_WORKER_STATE_EXITED: is gone
 *
 * Where a worker is in its life.
 *
 * Since: 1.0
 */
G_DEFINE_ENUM_TYPE (WeirWorkerState,
                    weir_worker_state,
                    G_DEFINE_ENUM_VALUE (WEIR_WORKER_STATE_NEW, "new"),
                    G_DEFINE_ENUM_VALUE (WEIR_WORKER_STATE_SPAWNING, "spawning"),
                    G_DEFINE_ENUM_VALUE (WEIR_WORKER_STATE_BOOTING, "booting"),
                    G_DEFINE_ENUM_VALUE (WEIR_WORKER_STATE_IDLE, "idle"),
                    G_DEFINE_ENUM_VALUE (WEIR_WORKER_STATE_BUSY, "busy"),
                    G_DEFINE_ENUM_VALUE (WEIR_WORKER_STATE_DRAINING, "draining"),
                    G_DEFINE_ENUM_VALUE (WEIR_WORKER_STATE_STOPPING, "stopping"),
                    G_DEFINE_ENUM_VALUE (WEIR_WORKER_STATE_KILLING, "killing"),
                    G_DEFINE_ENUM_VALUE (WEIR_WORKER_STATE_EXITED, "exited"))

/**
 * WeirWorkerExitReason:
 * @WEIR_WORKER_EXIT_REASON_NONE: it has not begun to end
 * @WEIR_WORKER_EXIT_REASON_REQUESTED: it was told to stop
 * @WEIR_WORKER_EXIT_REASON_IDLE: nobody asked for it for `idle_timeout_ms`
 * @WEIR_WORKER_EXIT_REASON_RETIRED: another worker took its place, or the server ends
 * @WEIR_WORKER_EXIT_REASON_LIMIT_CPU: it used too much processor time
 * @WEIR_WORKER_EXIT_REASON_LIMIT_MEMORY: it used too much memory
 * @WEIR_WORKER_EXIT_REASON_LIMIT_WALL: it lived too long
 * @WEIR_WORKER_EXIT_REASON_BOOT_TIMEOUT: it was not ready within `boot_timeout_ms`
 * @WEIR_WORKER_EXIT_REASON_LOAD: it could not load the function
 * @WEIR_WORKER_EXIT_REASON_SPAWN: no process could be made
 * @WEIR_WORKER_EXIT_REASON_CRASH: it ended without being told to
 * @WEIR_WORKER_EXIT_REASON_BACKGROUND_TIMEOUT: its background tasks went on for too long
 * @WEIR_WORKER_EXIT_REASON_UNHEALTHY: it did not answer its health checks
 * @WEIR_WORKER_EXIT_REASON_LIMIT_REQUESTS: it had its `max_requests`
 *
 * Why a worker ends. The first reason counts.
 *
 * Since: 1.0
 */
G_DEFINE_ENUM_TYPE (WeirWorkerExitReason,
                    weir_worker_exit_reason,
                    G_DEFINE_ENUM_VALUE (WEIR_WORKER_EXIT_REASON_NONE, "none"),
                    G_DEFINE_ENUM_VALUE (WEIR_WORKER_EXIT_REASON_REQUESTED, "requested"),
                    G_DEFINE_ENUM_VALUE (WEIR_WORKER_EXIT_REASON_IDLE, "idle"),
                    G_DEFINE_ENUM_VALUE (WEIR_WORKER_EXIT_REASON_RETIRED, "retired"),
                    G_DEFINE_ENUM_VALUE (WEIR_WORKER_EXIT_REASON_LIMIT_CPU, "limit-cpu"),
                    G_DEFINE_ENUM_VALUE (WEIR_WORKER_EXIT_REASON_LIMIT_MEMORY, "limit-memory"),
                    G_DEFINE_ENUM_VALUE (WEIR_WORKER_EXIT_REASON_LIMIT_WALL, "limit-wall"),
                    G_DEFINE_ENUM_VALUE (WEIR_WORKER_EXIT_REASON_BOOT_TIMEOUT, "boot-timeout"),
                    G_DEFINE_ENUM_VALUE (WEIR_WORKER_EXIT_REASON_LOAD, "load"),
                    G_DEFINE_ENUM_VALUE (WEIR_WORKER_EXIT_REASON_SPAWN, "spawn"),
                    G_DEFINE_ENUM_VALUE (WEIR_WORKER_EXIT_REASON_CRASH, "crash"),
                    G_DEFINE_ENUM_VALUE (WEIR_WORKER_EXIT_REASON_BACKGROUND_TIMEOUT,
                                         "background-timeout"),
                    G_DEFINE_ENUM_VALUE (WEIR_WORKER_EXIT_REASON_UNHEALTHY, "unhealthy"),
                    G_DEFINE_ENUM_VALUE (WEIR_WORKER_EXIT_REASON_LIMIT_REQUESTS, "limit-requests"))

/**
 * WeirWorkerStartKind:
 * @WEIR_WORKER_START_KIND_SPAWNED: a process of its own was started for it
 * @WEIR_WORKER_START_KIND_STANDBY: a process that was there already loaded the function
 * @WEIR_WORKER_START_KIND_BUNDLED: the same, from one file with all modules in it
 *
 * Which way a worker was started.
 *
 * Since: 1.0
 */
G_DEFINE_ENUM_TYPE (WeirWorkerStartKind,
                    weir_worker_start_kind,
                    G_DEFINE_ENUM_VALUE (WEIR_WORKER_START_KIND_SPAWNED, "spawned"),
                    G_DEFINE_ENUM_VALUE (WEIR_WORKER_START_KIND_STANDBY, "standby"),
                    G_DEFINE_ENUM_VALUE (WEIR_WORKER_START_KIND_BUNDLED, "bundled"))

/* clang-format off */
#define SPAWNING WEIR_WORKER_STATE_SPAWNING
#define BOOTING  WEIR_WORKER_STATE_BOOTING
#define IDLE     WEIR_WORKER_STATE_IDLE
#define BUSY     WEIR_WORKER_STATE_BUSY
#define DRAINING WEIR_WORKER_STATE_DRAINING
#define STOPPING WEIR_WORKER_STATE_STOPPING
#define KILLING  WEIR_WORKER_STATE_KILLING
#define EXITED   WEIR_WORKER_STATE_EXITED
#define IGNORED  WEIR_WORKER_IGNORED
#define _        WEIR_WORKER_ILLEGAL

/* IGNORED is a legitimate race: what was a right request when it was queued may come
 * late. ILLEGAL is a mistake of our own. EXIT is the only way out of a state that has a
 * process: to kill is not to be dead. */
static const guint8 table[WEIR_WORKER_N_STATES][WEIR_WORKER_N_EVENTS] = {
  /*               START     SPAWNED  SPAWN_FAILED READY    LEASE    VACANT    RETIRE    STOP      LIMIT    DEADLINE  EXIT */
  /* new      */ { SPAWNING, _,       _,           _,       _,       _,        EXITED,   EXITED,   _,       _,        _      },
  /* spawning */ { _,        BOOTING, EXITED,      _,       _,       _,        KILLING,  KILLING,  _,       KILLING,  _      },
  /* booting  */ { _,        _,       _,           IDLE,    _,       _,        STOPPING, STOPPING, KILLING, KILLING,  EXITED },
  /* idle     */ { _,        _,       _,           _,       BUSY,    _,        STOPPING, STOPPING, KILLING, STOPPING, EXITED },
  /* busy     */ { _,        _,       _,           _,       BUSY,    IDLE,     DRAINING, STOPPING, KILLING, _,        EXITED },
  /* draining */ { _,        _,       _,           _,       IGNORED, STOPPING, IGNORED,  STOPPING, KILLING, STOPPING, EXITED },
  /* stopping */ { _,        _,       _,           IGNORED, IGNORED, IGNORED,  IGNORED,  IGNORED,  KILLING, KILLING,  EXITED },
  /* killing  */ { _,        KILLING, EXITED,      IGNORED, IGNORED, IGNORED,  IGNORED,  IGNORED,  IGNORED, _,        EXITED },
  /* exited   */ { _,        _,       _,           _,       IGNORED, IGNORED,  IGNORED,  IGNORED,  IGNORED, _,        _      },
};

#undef SPAWNING
#undef BOOTING
#undef IDLE
#undef BUSY
#undef DRAINING
#undef STOPPING
#undef KILLING
#undef EXITED
#undef IGNORED
#undef _
/* clang-format on */

static const char *const deadlines[WEIR_WORKER_N_STATES] = {
  [WEIR_WORKER_STATE_SPAWNING] = "spawn_timeout_ms",
  [WEIR_WORKER_STATE_BOOTING] = "boot_timeout_ms",
  [WEIR_WORKER_STATE_IDLE] = "idle_timeout_ms",
  [WEIR_WORKER_STATE_DRAINING] = "drain_timeout_ms",
  [WEIR_WORKER_STATE_STOPPING] = "stop_timeout_ms",
};

static const char *const event_nicks[WEIR_WORKER_N_EVENTS] = {
  [WEIR_WORKER_EVENT_START] = "start",
  [WEIR_WORKER_EVENT_SPAWNED] = "spawned",
  [WEIR_WORKER_EVENT_SPAWN_FAILED] = "spawn-failed",
  [WEIR_WORKER_EVENT_READY] = "ready",
  [WEIR_WORKER_EVENT_LEASE] = "lease",
  [WEIR_WORKER_EVENT_VACANT] = "vacant",
  [WEIR_WORKER_EVENT_RETIRE] = "retire",
  [WEIR_WORKER_EVENT_STOP] = "stop",
  [WEIR_WORKER_EVENT_LIMIT] = "limit",
  [WEIR_WORKER_EVENT_DEADLINE] = "deadline",
  [WEIR_WORKER_EVENT_EXIT] = "exit",
};

guint
weir_worker_state_next (WeirWorkerState state, WeirWorkerEvent event)
{
  g_return_val_if_fail ((guint) state < WEIR_WORKER_N_STATES, WEIR_WORKER_ILLEGAL);
  g_return_val_if_fail ((guint) event < WEIR_WORKER_N_EVENTS, WEIR_WORKER_ILLEGAL);

  return table[state][event];
}

const char *
weir_worker_state_get_nick (WeirWorkerState state)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (WEIR_TYPE_WORKER_STATE);
  GEnumValue *value = g_enum_get_value (klass, state);

  return value != NULL ? value->value_nick : "?"; /* static, as its class is */
}

GQuark
weir_worker_state_quark (WeirWorkerState state)
{
  return g_quark_from_static_string (weir_worker_state_get_nick (state));
}

const char *
weir_worker_event_get_nick (WeirWorkerEvent event)
{
  g_return_val_if_fail ((guint) event < WEIR_WORKER_N_EVENTS, "?");

  return event_nicks[event];
}

const char *
weir_worker_state_get_deadline (WeirWorkerState state)
{
  g_return_val_if_fail ((guint) state < WEIR_WORKER_N_STATES, NULL);

  return deadlines[state];
}
