/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#ifndef WEIR_COMPILATION
#error "This header is private to Weir."
#endif

#include "worker/weir-control-channel-private.h"
#include "worker/weir-worker-private.h"

G_BEGIN_DECLS

/* The inside of WeirWorker, for its files only: weir-worker.c is the object,
 * weir-worker-inputs.c what it hears, weir-worker-life.c the state machine,
 * weir-worker-commands.c what others may make of it, weir-worker-tasks.c its background
 * tasks, weir-worker-words.c what it is told. */
struct _WeirWorker
{
  GObject parent_instance;

  char *id;
  WeirFunction *function;
  WeirLaunch *launch;
  WeirProcess *process; /* NULL: disposed */
  WeirClock *clock;
  WeirGate *gate;
  WeirControlChannel *channel;

  WeirWorkerStartKind start_kind;
  char *start_reason;
  const char *load_code; /* static */
  const char *form;      /* static */

  WeirWorkerState state;
  GQueue events;
  gboolean firing;
  guint64 deadline;
  guint64 sampler;
  guint64 sampled_total;
  guint sampled_in_flight;

  GPid pid;
  gboolean pinned;
  gint64 started;
  guint tasks; /* promises that the function asked to be waited for */
  gboolean tasks_overdue;
  guint64 tasks_deadline;
  gint64 stop_by; /* however many tasks there are */
  gboolean pressed;
  WeirWorkerExitReason exit_reason;
  GError *error;
  GString *last_words;
  gboolean out_of_memory;
  gint64 dump_over;       /* until then what it writes is V8's about itself */
  gint64 last_said;       /* when it wrote its last words; 0: it has none */
  gboolean reason_untold; /* set, and to be notified after the step */
  gboolean error_untold;
};

typedef enum
{
  WEIR_WORKER_PROP_ID = 1,
  WEIR_WORKER_PROP_FUNCTION,
  WEIR_WORKER_PROP_STATE,
  WEIR_WORKER_PROP_PID,
  WEIR_WORKER_PROP_IN_FLIGHT,
  WEIR_WORKER_PROP_EXIT_REASON,
  WEIR_WORKER_PROP_ERROR,
  WEIR_WORKER_PROP_START_KIND,
  WEIR_WORKER_PROP_START_REASON,
  WEIR_WORKER_PROP_TASKS,
  WEIR_WORKER_PROP_REQUESTS,
  WEIR_WORKER_PROP_AGE,
} WeirWorkerProperty;

enum
{
  WEIR_WORKER_SIGNAL_STATE_CHANGED,
  WEIR_WORKER_SIGNAL_EXITED,
  WEIR_WORKER_SIGNAL_LOG,
  WEIR_WORKER_SIGNAL_FAILURE,
  WEIR_WORKER_SIGNAL_PONG,
  WEIR_WORKER_SIGNAL_UNHEALTHY,
  WEIR_WORKER_N_SIGNALS
};

extern GParamSpec *weir_worker_properties[WEIR_WORKER_PROP_AGE + 1];
extern guint weir_worker_signals[WEIR_WORKER_N_SIGNALS];

/* Takes an event. From a handler it is queued behind the one that is being handled. */
void weir_worker_fire (WeirWorker *self, WeirWorkerEvent event);
/* What comes with an event is stored before it is fired; the first one counts. */
void weir_worker_set_exit_reason (WeirWorker *self, WeirWorkerExitReason reason);
/* Who of its requests is to blame if it is killed now, for that reason. */
WeirBlame weir_worker_get_blame (WeirWorker *self, WeirWorkerExitReason reason);
void weir_worker_take_error (WeirWorker *self, GError *error); /* (transfer full) */
void weir_worker_set_pid (WeirWorker *self, GPid pid);
void weir_worker_clear_timers (WeirWorker *self);
void weir_worker_unlink_socket (WeirWorker *self);
/* weir-worker-tasks.c */
#define WEIR_WORKER_BACKGROUND_MS 30000
/* How many tasks the worker says there are. */
void weir_worker_set_tasks (WeirWorker *self, guint pending);
/* On entering idle: from now on the tasks have only so much time. */
void weir_worker_limit_tasks (WeirWorker *self);
/* Is there something other than requests that it should stay for? */
gboolean weir_worker_is_kept_alive (WeirWorker *self);
/* On entering stopping, and whenever the tasks come or go: how long it may take, in ms. */
gint64 weir_worker_get_stop_timeout (WeirWorker *self);
void weir_worker_rearm (WeirWorker *self);

/* weir-worker-words.c: lines to its standard input, and what is heard of its health. */
void weir_worker_say_stop (WeirWorker *self);
void weir_worker_define_health_signals (GType type);

/* Listens to the process and to what it writes. */
void weir_worker_connect_inputs (WeirWorker *self);
/* A gate that tells the worker, on its own thread, what happens on the data thread. */
WeirGate *weir_worker_make_gate (WeirWorker *self);

G_END_DECLS
