/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-worker"

#include "worker/weir-worker-life-private.h"

#include <signal.h>

#include "base/weir-signal-private.h"
#include "worker/weir-launch-private.h"

GParamSpec *weir_worker_properties[WEIR_WORKER_PROP_AGE + 1];
guint weir_worker_signals[WEIR_WORKER_N_SIGNALS];

/**
 * WeirWorker:
 *
 * One process that serves one revision of one function.
 *
 * A worker belongs to the pool of its function, which alone drives it; everybody else may
 * watch. Its life is a state machine ([enum@WorkerState]); why it ends is told by
 * [property@Worker:exit-reason] and [property@Worker:error], and it is over when it emits
 * [signal@Worker::exited]. Workers live on the control thread and may only be used there.
 *
 * Since: 1.0
 */
G_DEFINE_FINAL_TYPE (WeirWorker, weir_worker, G_TYPE_OBJECT)

static void
weir_worker_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WeirWorker *self = WEIR_WORKER (object);

  switch ((WeirWorkerProperty) id)
    {
    case WEIR_WORKER_PROP_ID:
      g_value_set_string (value, self->id);
      break;
    case WEIR_WORKER_PROP_FUNCTION:
      g_value_set_object (value, self->function);
      break;
    case WEIR_WORKER_PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case WEIR_WORKER_PROP_PID:
      g_value_set_int (value, self->pid);
      break;
    case WEIR_WORKER_PROP_IN_FLIGHT:
      g_value_set_uint (value, weir_worker_get_in_flight (self));
      break;
    case WEIR_WORKER_PROP_EXIT_REASON:
      g_value_set_enum (value, self->exit_reason);
      break;
    case WEIR_WORKER_PROP_ERROR:
      g_value_set_boxed (value, self->error);
      break;
    case WEIR_WORKER_PROP_START_KIND:
      g_value_set_enum (value, self->start_kind);
      break;
    case WEIR_WORKER_PROP_START_REASON:
      g_value_set_string (value, self->start_reason);
      break;
    case WEIR_WORKER_PROP_TASKS:
      g_value_set_uint (value, self->tasks);
      break;
    case WEIR_WORKER_PROP_REQUESTS:
      g_value_set_uint64 (value, weir_gate_get_answered (self->gate));
      break;
    case WEIR_WORKER_PROP_AGE:
      g_value_set_int64 (value, weir_worker_get_age (self) / 1000);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
kill_live_process (WeirWorker *self)
{
  if (self->state < WEIR_WORKER_STATE_SPAWNING || self->state > WEIR_WORKER_STATE_KILLING)
    return;
  g_critical ("%s: dropped while %s; its process is killed",
              self->id,
              weir_worker_state_get_nick (self->state));
  weir_process_send_signal (self->process, SIGKILL);
  weir_worker_unlink_socket (self);
}

static void
weir_worker_dispose (GObject *object)
{
  WeirWorker *self = WEIR_WORKER (object);

  if (self->process != NULL)
    {
      kill_live_process (self);
      weir_worker_clear_timers (self);
      weir_gate_close (self->gate);
      weir_control_channel_close (self->channel);
      g_queue_clear (&self->events);
      g_signal_handlers_disconnect_by_data (self->process, self);
      g_clear_object (&self->process);
    }
  G_OBJECT_CLASS (weir_worker_parent_class)->dispose (object);
}

static void
weir_worker_finalize (GObject *object)
{
  WeirWorker *self = WEIR_WORKER (object);

  g_free (self->id);
  g_free (self->start_reason);
  g_clear_object (&self->function);
  g_clear_pointer (&self->launch, weir_launch_unref);
  g_clear_object (&self->clock);
  g_clear_pointer (&self->gate, weir_gate_unref);
  g_clear_pointer (&self->channel, weir_control_channel_free);
  g_clear_error (&self->error);
  g_string_free (self->last_words, TRUE);
  G_OBJECT_CLASS (weir_worker_parent_class)->finalize (object);
}

static void
define_properties (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  /**
   * WeirWorker:id:
   *
   * A short name, unique in this process.
   *
   * Since: 1.0
   */
  weir_worker_properties[WEIR_WORKER_PROP_ID] = g_param_spec_string ("id", NULL, NULL, NULL, flags);

  /**
   * WeirWorker:function:
   *
   * The revision that it serves.
   *
   * Since: 1.0
   */
  weir_worker_properties[WEIR_WORKER_PROP_FUNCTION] =
      g_param_spec_object ("function", NULL, NULL, WEIR_TYPE_FUNCTION, flags);

  /**
   * WeirWorker:state:
   *
   * Where it is in its life.
   *
   * Since: 1.0
   */
  weir_worker_properties[WEIR_WORKER_PROP_STATE] =
      g_param_spec_enum ("state", NULL, NULL, WEIR_TYPE_WORKER_STATE, WEIR_WORKER_STATE_NEW, flags);

  /**
   * WeirWorker:pid:
   *
   * The process, or 0 while there is none.
   *
   * Since: 1.0
   */
  weir_worker_properties[WEIR_WORKER_PROP_PID] =
      g_param_spec_int ("pid", NULL, NULL, 0, G_MAXINT, 0, flags);

  /**
   * WeirWorker:in-flight:
   *
   * How many requests it is answering. Always right when it is read; changes are
   * notified with a delay of some milliseconds, and short ones not at all.
   *
   * Since: 1.0
   */
  weir_worker_properties[WEIR_WORKER_PROP_IN_FLIGHT] =
      g_param_spec_uint ("in-flight", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * WeirWorker:exit-reason:
   *
   * Why it ends.
   *
   * Since: 1.0
   */
  weir_worker_properties[WEIR_WORKER_PROP_EXIT_REASON] =
      g_param_spec_enum ("exit-reason",
                         NULL,
                         NULL,
                         WEIR_TYPE_WORKER_EXIT_REASON,
                         WEIR_WORKER_EXIT_REASON_NONE,
                         flags);

  /**
   * WeirWorker:error:
   *
   * Why it failed to start or ended badly, or %NULL.
   *
   * Since: 1.0
   */
  weir_worker_properties[WEIR_WORKER_PROP_ERROR] =
      g_param_spec_boxed ("error", NULL, NULL, G_TYPE_ERROR, flags);

  /**
   * WeirWorker:start-kind:
   *
   * Which way it was started.
   *
   * Since: 1.0
   */
  weir_worker_properties[WEIR_WORKER_PROP_START_KIND] =
      g_param_spec_enum ("start-kind",
                         NULL,
                         NULL,
                         WEIR_TYPE_WORKER_START_KIND,
                         WEIR_WORKER_START_KIND_SPAWNED,
                         flags);

  /**
   * WeirWorker:start-reason:
   *
   * Why it was not started in a quicker way, in words for a person, or %NULL if it was.
   *
   * Since: 1.0
   */
  weir_worker_properties[WEIR_WORKER_PROP_START_REASON] =
      g_param_spec_string ("start-reason", NULL, NULL, NULL, flags);

  /**
   * WeirWorker:background-tasks:
   *
   * How many promises that were given to `EdgeRuntime.waitUntil` are pending, as far as the
   * worker says: it may leave out how their number changes as long as it is not 0.
   *
   * Since: 1.0
   */
  weir_worker_properties[WEIR_WORKER_PROP_TASKS] =
      g_param_spec_uint ("background-tasks", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * WeirWorker:requests:
   *
   * How many requests it has answered. Always right when it is read; changes are not
   * notified.
   *
   * Since: 1.0
   */
  weir_worker_properties[WEIR_WORKER_PROP_REQUESTS] =
      g_param_spec_uint64 ("requests", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * WeirWorker:age:
   *
   * For how long it has been there, in milliseconds. Changes are not notified.
   *
   * Since: 1.0
   */
  weir_worker_properties[WEIR_WORKER_PROP_AGE] =
      g_param_spec_int64 ("age", NULL, NULL, 0, G_MAXINT64, 0, flags);

  g_object_class_install_properties (klass,
                                     G_N_ELEMENTS (weir_worker_properties),
                                     weir_worker_properties);
}

static void
define_signals (GType type)
{
  /**
   * WeirWorker::state-changed:
   * @self: the worker
   * @from: the state before
   * @to: the state now
   *
   * The state has changed. The detail is the nick of the new state, as in
   * `state-changed::idle`.
   *
   * Since: 1.0
   */
  weir_worker_signals[WEIR_WORKER_SIGNAL_STATE_CHANGED] =
      g_signal_new ("state-changed",
                    type,
                    G_SIGNAL_RUN_LAST | G_SIGNAL_DETAILED,
                    0,
                    NULL,
                    NULL,
                    NULL,
                    G_TYPE_NONE,
                    2,
                    WEIR_TYPE_WORKER_STATE,
                    WEIR_TYPE_WORKER_STATE);

  /**
   * WeirWorker::exited:
   * @self: the worker
   *
   * The worker is gone: its process has ended, or there never was one.
   *
   * Since: 1.0
   */
  weir_worker_signals[WEIR_WORKER_SIGNAL_EXITED] = weir_signal_new (type, "exited", 0);

  /**
   * WeirWorker::log:
   * @self: the worker
   * @level: `debug`, `info`, `warn` or `error`
   * @message: the text
   * @request_id: (nullable): the request that wrote it, if known
   *
   * The function, or its runtime, wrote a line.
   *
   * Since: 1.0
   */
  weir_worker_signals[WEIR_WORKER_SIGNAL_LOG] =
      weir_signal_new (type, "log", 3, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING);

  /**
   * WeirWorker::failure:
   * @self: the worker
   * @kind: `handler`, `response`, `rejection` or `uncaught`
   * @message: what was thrown
   * @stack: (nullable): where
   * @file: (nullable): absolute path
   * @line: line, from 1; 0 if unknown
   * @column: column, from 1; 0 if unknown
   * @source: (nullable): the text of that line
   * @request_id: (nullable): the request that met it, if known
   *
   * The function threw; the worker goes on.
   *
   * Since: 1.0
   */
  weir_worker_signals[WEIR_WORKER_SIGNAL_FAILURE] = weir_signal_new (type,
                                                                     "failure",
                                                                     8,
                                                                     G_TYPE_STRING,
                                                                     G_TYPE_STRING,
                                                                     G_TYPE_STRING,
                                                                     G_TYPE_STRING,
                                                                     G_TYPE_UINT,
                                                                     G_TYPE_UINT,
                                                                     G_TYPE_STRING,
                                                                     G_TYPE_STRING);
}

static void
weir_worker_class_init (WeirWorkerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = weir_worker_get_property;
  object_class->dispose = weir_worker_dispose;
  object_class->finalize = weir_worker_finalize;
  define_properties (object_class);
  define_signals (G_TYPE_FROM_CLASS (klass));
  weir_worker_define_health_signals (G_TYPE_FROM_CLASS (klass));
}

static void
weir_worker_init (WeirWorker *self)
{
  g_queue_init (&self->events);
  self->last_words = g_string_new (NULL);
}

WeirWorker *
weir_worker_new (WeirFunction *function, WeirLaunch *launch, WeirProcess *process, WeirClock *clock)
{
  static gint serial;
  WeirWorker *self;

  g_return_val_if_fail (WEIR_IS_FUNCTION (function), NULL);
  g_return_val_if_fail (launch != NULL, NULL);
  g_return_val_if_fail (WEIR_IS_PROCESS (process), NULL);
  g_return_val_if_fail (WEIR_IS_CLOCK (clock), NULL);

  self = g_object_new (WEIR_TYPE_WORKER, NULL);
  self->id = g_strdup_printf ("%s-%d",
                              weir_function_get_name (function),
                              g_atomic_int_add (&serial, 1) + 1);
  self->function = g_object_ref (function);
  self->launch = weir_launch_ref (launch);
  self->process = g_object_ref (process);
  self->clock = g_object_ref (clock);
  self->gate = weir_worker_make_gate (self);
  weir_worker_connect_inputs (self);
  return self;
}

void
weir_worker_set_start (WeirWorker *self, WeirWorkerStartKind kind, const char *reason)
{
  g_return_if_fail (WEIR_IS_WORKER (self));
  g_return_if_fail (self->state == WEIR_WORKER_STATE_NEW);

  self->start_kind = kind;
  g_free (self->start_reason);
  self->start_reason = g_strdup (reason);
}

/**
 * weir_worker_get_id:
 * @self: a worker
 *
 * Returns: a short name, unique in this process
 *
 * Since: 1.0
 */
const char *
weir_worker_get_id (WeirWorker *self)
{
  g_return_val_if_fail (WEIR_IS_WORKER (self), NULL);

  return self->id;
}

/**
 * weir_worker_get_function:
 * @self: a worker
 *
 * Returns: (transfer none): the revision that it serves
 *
 * Since: 1.0
 */
WeirFunction *
weir_worker_get_function (WeirWorker *self)
{
  g_return_val_if_fail (WEIR_IS_WORKER (self), NULL);

  return self->function;
}

/**
 * weir_worker_get_state:
 * @self: a worker
 *
 * Returns: where it is in its life
 *
 * Since: 1.0
 */
WeirWorkerState
weir_worker_get_state (WeirWorker *self)
{
  g_return_val_if_fail (WEIR_IS_WORKER (self), WEIR_WORKER_STATE_EXITED);

  return self->state;
}

/**
 * weir_worker_get_pid:
 * @self: a worker
 *
 * Returns: the process, or 0 while there is none
 *
 * Since: 1.0
 */
GPid
weir_worker_get_pid (WeirWorker *self)
{
  g_return_val_if_fail (WEIR_IS_WORKER (self), 0);

  return self->pid;
}

/**
 * weir_worker_get_in_flight:
 * @self: a worker
 *
 * Returns: how many requests it is answering
 *
 * Since: 1.0
 */
guint
weir_worker_get_in_flight (WeirWorker *self)
{
  g_return_val_if_fail (WEIR_IS_WORKER (self), 0);

  return self->gate != NULL ? weir_gate_get_in_flight (self->gate) : 0;
}

/**
 * weir_worker_get_exit_reason:
 * @self: a worker
 *
 * Returns: why it ends, [enum@WorkerExitReason.NONE] while it does not
 *
 * Since: 1.0
 */
WeirWorkerExitReason
weir_worker_get_exit_reason (WeirWorker *self)
{
  g_return_val_if_fail (WEIR_IS_WORKER (self), WEIR_WORKER_EXIT_REASON_NONE);

  return self->exit_reason;
}

/**
 * weir_worker_get_error:
 * @self: a worker
 *
 * Returns: (transfer none) (nullable): why it failed to start or ended badly
 *
 * Since: 1.0
 */
const GError *
weir_worker_get_error (WeirWorker *self)
{
  g_return_val_if_fail (WEIR_IS_WORKER (self), NULL);

  return self->error;
}

/**
 * weir_worker_get_start_kind:
 * @self: a worker
 *
 * Returns: which way it was started
 *
 * Since: 1.0
 */
WeirWorkerStartKind
weir_worker_get_start_kind (WeirWorker *self)
{
  g_return_val_if_fail (WEIR_IS_WORKER (self), WEIR_WORKER_START_KIND_SPAWNED);

  return self->start_kind;
}

/**
 * weir_worker_get_start_reason:
 * @self: a worker
 *
 * Returns: (nullable): why it was not started in a quicker way, in words for a person;
 *   %NULL if it was
 *
 * Since: 1.0
 */
const char *
weir_worker_get_start_reason (WeirWorker *self)
{
  g_return_val_if_fail (WEIR_IS_WORKER (self), NULL);

  return self->start_reason;
}

const char *
weir_worker_get_form (WeirWorker *self)
{
  return self->form;
}

gboolean
weir_worker_listens (WeirWorker *self)
{
  return weir_launch_listens (self->launch);
}

const char *
weir_worker_get_load_code (WeirWorker *self)
{
  g_return_val_if_fail (WEIR_IS_WORKER (self), NULL);

  return self->load_code;
}

void
weir_worker_set_pinned (WeirWorker *self, gboolean pinned)
{
  g_return_if_fail (WEIR_IS_WORKER (self));

  self->pinned = pinned;
}

WeirGate *
weir_worker_get_gate (WeirWorker *self)
{
  g_return_val_if_fail (WEIR_IS_WORKER (self), NULL);

  return self->gate;
}

const char *
weir_worker_get_socket_path (WeirWorker *self)
{
  g_return_val_if_fail (WEIR_IS_WORKER (self), NULL);

  return weir_launch_get_socket_path (self->launch);
}

char *
weir_worker_dup_last_words (WeirWorker *self)
{
  g_return_val_if_fail (WEIR_IS_WORKER (self), NULL);

  return g_strchomp (g_strdup (self->last_words->str));
}
