/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-worker"

#include "worker/weir-worker-life-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>

#include "worker/weir-worker-error-private.h"

/* How often a busy worker's gate is looked at. A request is cheaper than a message to
 * this thread, so that nothing is sent here while requests follow one another. */
#define SAMPLE_MS 20

/* What the gate knows of its worker. The data thread may hold the gate for longer than
 * the worker lives, and must never be the one who drops a worker's last reference. */
typedef struct
{
  GWeakRef worker;
  GMainContext *context;
} GateLink;

void
weir_worker_set_exit_reason (WeirWorker *self, WeirWorkerExitReason reason)
{
  if (self->exit_reason != WEIR_WORKER_EXIT_REASON_NONE)
    return;
  self->exit_reason = reason;
  self->reason_untold = TRUE;
}

/* The first one counts here, too. */
void
weir_worker_take_error (WeirWorker *self, GError *error)
{
  if (self->error != NULL)
    {
      g_error_free (error);
      return;
    }
  self->error = error;
  self->error_untold = TRUE;
}

void
weir_worker_set_pid (WeirWorker *self, GPid pid)
{
  if (self->pid == pid)
    return;
  self->pid = pid;
  g_object_notify_by_pspec (G_OBJECT (self), weir_worker_properties[WEIR_WORKER_PROP_PID]);
}

/* A function that was not made by discovery may have no settings at all. */
gint64
weir_worker_get_option (WeirWorker *self, const char *name, gint64 fallback)
{
  WeirSettings *settings = weir_function_get_settings (self->function);
  GVariant *value = settings != NULL ? weir_settings_get_value (settings, name) : NULL;

  if (value == NULL)
    return fallback;
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    return g_variant_get_boolean (value);
  return weir_settings_get_integer (settings, name);
}

static gint64
get_timeout (WeirWorker *self, WeirWorkerState state)
{
  static const gint64 defaults[WEIR_WORKER_N_STATES] = {
    [WEIR_WORKER_STATE_SPAWNING] = 5000,
    [WEIR_WORKER_STATE_BOOTING] = 10000,
    [WEIR_WORKER_STATE_IDLE] = 300000,
    [WEIR_WORKER_STATE_DRAINING] = 15000,
  };

  if (state == WEIR_WORKER_STATE_STOPPING)
    return weir_worker_get_stop_timeout (self);
  return weir_worker_get_option (self, weir_worker_state_get_deadline (state), defaults[state]);
}

void
weir_worker_clear_timers (WeirWorker *self)
{
  weir_clock_disarm (self->clock, self->deadline);
  weir_clock_disarm (self->clock, self->sampler);
  weir_clock_disarm (self->clock, self->tasks_deadline);
  self->deadline = self->sampler = self->tasks_deadline = 0;
}

static gboolean
has_deadline (WeirWorkerState state)
{
  return weir_worker_state_get_deadline (state) != NULL;
}

static void arm_deadline (WeirWorker *self);

static gboolean
is_limit (WeirWorkerExitReason reason)
{
  return reason == WEIR_WORKER_EXIT_REASON_LIMIT_CPU ||
         reason == WEIR_WORKER_EXIT_REASON_LIMIT_MEMORY ||
         reason == WEIR_WORKER_EXIT_REASON_LIMIT_WALL;
}

/* Says why, then fires; FALSE: it is not over, after all. */
static gboolean
note_deadline (WeirWorker *self)
{
  gint64 timeout = has_deadline (self->state) ? get_timeout (self, self->state) : 0;

  switch (self->state)
    {
    case WEIR_WORKER_STATE_SPAWNING:
      weir_worker_set_exit_reason (self, WEIR_WORKER_EXIT_REASON_SPAWN);
      weir_worker_take_error (self, weir_worker_error_new_timeout (self->state, timeout, 0));
      return TRUE;
    case WEIR_WORKER_STATE_BOOTING:
      weir_worker_set_exit_reason (self, WEIR_WORKER_EXIT_REASON_BOOT_TIMEOUT);
      weir_worker_take_error (self, weir_worker_error_new_timeout (self->state, timeout, 0));
      return TRUE;
    case WEIR_WORKER_STATE_IDLE:
      if (self->pinned || weir_worker_is_kept_alive (self))
        {
          arm_deadline (self);
          return FALSE;
        }
      if (!weir_gate_close_if_idle (self->gate))
        {
          weir_worker_fire (self, WEIR_WORKER_EVENT_LEASE);
          return FALSE;
        }
      weir_worker_set_exit_reason (self, WEIR_WORKER_EXIT_REASON_IDLE);
      return TRUE;
    case WEIR_WORKER_STATE_DRAINING:
      if (is_limit (self->exit_reason))
        {
          weir_worker_limit (self, self->exit_reason);
          return FALSE;
        }
      weir_worker_take_error (self,
                              weir_worker_error_new_timeout (self->state,
                                                             timeout,
                                                             weir_gate_get_in_flight (self->gate)));
      return TRUE;
    case WEIR_WORKER_STATE_NEW:
    case WEIR_WORKER_STATE_BUSY:
    case WEIR_WORKER_STATE_STOPPING:
    case WEIR_WORKER_STATE_KILLING:
    case WEIR_WORKER_STATE_EXITED:
      break;
    }
  return TRUE;
}

static void
on_deadline (gpointer user_data)
{
  WeirWorker *self = user_data;

  self->deadline = 0;
  if (note_deadline (self))
    weir_worker_fire (self, WEIR_WORKER_EVENT_DEADLINE);
}

static void
arm_deadline (WeirWorker *self)
{
  gint64 timeout;

  if (!has_deadline (self->state))
    return;
  timeout = get_timeout (self, self->state);
  if (timeout <= 0 && self->state == WEIR_WORKER_STATE_IDLE)
    return;
  self->deadline =
      weir_clock_arm (self->clock, (guint) CLAMP (timeout, 0, G_MAXINT), on_deadline, self);
}

void
weir_worker_rearm (WeirWorker *self)
{
  weir_clock_disarm (self->clock, self->deadline);
  self->deadline = 0;
  arm_deadline (self);
}

static void
update_in_flight (WeirWorker *self)
{
  guint in_flight = weir_gate_get_in_flight (self->gate);

  if (self->sampled_in_flight == in_flight)
    return;
  self->sampled_in_flight = in_flight;
  g_object_notify_by_pspec (G_OBJECT (self), weir_worker_properties[WEIR_WORKER_PROP_IN_FLIGHT]);
}

static void
on_sample (gpointer user_data)
{
  WeirWorker *self = user_data;
  guint64 total = weir_gate_get_total (self->gate);
  gboolean quiet = total == self->sampled_total || self->state == WEIR_WORKER_STATE_DRAINING;

  g_object_ref (self); /* a handler may drop the last reference */
  self->sampled_total = total;
  self->sampler = 0;
  if (weir_gate_get_in_flight (self->gate) == 0 && quiet)
    weir_worker_fire (self, WEIR_WORKER_EVENT_VACANT);
  else
    self->sampler = weir_clock_arm (self->clock, SAMPLE_MS, on_sample, self);
  update_in_flight (self);
  g_object_unref (self);
}

static void
start_sampling (WeirWorker *self)
{
  self->sampled_total = weir_gate_get_total (self->gate);
  self->sampler = weir_clock_arm (self->clock, SAMPLE_MS, on_sample, self);
}

static void
follow_gate (WeirWorker *self, gboolean awaited, WeirWorkerEvent event)
{
  if (awaited)
    weir_worker_fire (self, event);
  else
    weir_gate_watch (self->gate);
}

static void
signal_process (WeirWorker *self, int signum)
{
  weir_gate_close (self->gate);
  if (self->process != NULL)
    weir_process_send_signal (self->process, signum);
}

void
weir_worker_unlink_socket (WeirWorker *self)
{
  const char *path = weir_launch_get_socket_path (self->launch);

  if (g_unlink (path) != 0 && errno != ENOENT)
    g_message ("Cannot remove %s: %s", path, g_strerror (errno));
}

static void
enter_state (WeirWorker *self)
{
  switch (self->state)
    {
    case WEIR_WORKER_STATE_SPAWNING:
      self->started = weir_clock_now (self->clock);
      if (self->process != NULL)
        weir_process_spawn (self->process, self->launch);
      break;
    case WEIR_WORKER_STATE_BOOTING:
      /* A standby was given it when it was taken. */
      if (self->process != NULL && self->start_kind == WEIR_WORKER_START_KIND_SPAWNED)
        weir_process_write_line (self->process, weir_launch_get_load_command (self->launch));
      break;
    case WEIR_WORKER_STATE_IDLE:
      follow_gate (self, weir_gate_get_in_flight (self->gate) > 0, WEIR_WORKER_EVENT_LEASE);
      weir_worker_limit_tasks (self);
      break;
    case WEIR_WORKER_STATE_BUSY:
      start_sampling (self);
      break;
    case WEIR_WORKER_STATE_DRAINING:
      start_sampling (self);
      follow_gate (self, weir_gate_get_in_flight (self->gate) == 0, WEIR_WORKER_EVENT_VACANT);
      break;
    case WEIR_WORKER_STATE_STOPPING:
      weir_worker_say_stop (self);
      signal_process (self, SIGTERM);
      break;
    case WEIR_WORKER_STATE_KILLING:
      signal_process (self, SIGKILL); /* again, if the process came only now */
      break;
    case WEIR_WORKER_STATE_EXITED:
      weir_gate_close (self->gate);
      weir_control_channel_close (self->channel);
      weir_worker_unlink_socket (self);
      weir_worker_set_pid (self, 0);
      break;
    case WEIR_WORKER_STATE_NEW:
      break;
    }
}

/* Not when they are set: a handler of theirs must meet the state that goes with them. */
static void
tell_end (WeirWorker *self)
{
  gboolean reason = self->reason_untold;
  gboolean error = self->error_untold;

  self->reason_untold = self->error_untold = FALSE;
  if (reason)
    g_object_notify_by_pspec (G_OBJECT (self),
                              weir_worker_properties[WEIR_WORKER_PROP_EXIT_REASON]);
  if (error)
    g_object_notify_by_pspec (G_OBJECT (self), weir_worker_properties[WEIR_WORKER_PROP_ERROR]);
}

static void
tell_change (WeirWorker *self, WeirWorkerState from, WeirWorkerState to)
{
  g_debug ("%s: %s -> %s",
           self->id,
           weir_worker_state_get_nick (from),
           weir_worker_state_get_nick (to));
  g_object_notify_by_pspec (G_OBJECT (self), weir_worker_properties[WEIR_WORKER_PROP_STATE]);
  g_signal_emit (self,
                 weir_worker_signals[WEIR_WORKER_SIGNAL_STATE_CHANGED],
                 weir_worker_state_quark (to),
                 from,
                 to);
  if (to == WEIR_WORKER_STATE_EXITED)
    g_signal_emit (self, weir_worker_signals[WEIR_WORKER_SIGNAL_EXITED], 0);
}

/* The only place that changes the state. */
static void
weir_worker_step (WeirWorker *self, WeirWorkerEvent event)
{
  WeirWorkerState from = self->state;
  guint to = weir_worker_state_next (from, event);

  if (to == WEIR_WORKER_IGNORED) /* a legitimate race, such as READY after STOP */
    return;
  if (to == WEIR_WORKER_ILLEGAL) /* our bug: fatal in tests, survivable in production */
    {
      g_critical ("%s: %s is not possible while %s",
                  self->id,
                  weir_worker_event_get_nick (event),
                  weir_worker_state_get_nick (from));
      return;
    }

  weir_worker_clear_timers (self); /* no timer outlives the state that armed it */
  self->state = to;
  arm_deadline (self);
  enter_state (self);
  tell_end (self);
  if (to != from)
    tell_change (self, from, to);
}

void
weir_worker_fire (WeirWorker *self, WeirWorkerEvent event)
{
  if (self->process == NULL) /* disposed */
    return;
  g_queue_push_tail (&self->events, GUINT_TO_POINTER (event));
  if (self->firing) /* from a handler: the loop below, further up the stack, takes it */
    return;

  g_object_ref (self); /* a handler may drop the last reference */
  self->firing = TRUE;
  while (!g_queue_is_empty (&self->events))
    {
      weir_worker_step (self, GPOINTER_TO_UINT (g_queue_pop_head (&self->events)));
      tell_end (self);
    }
  self->firing = FALSE;
  g_object_unref (self);
}

static void
gate_link_clear (gpointer data)
{
  GateLink *link = data;

  g_weak_ref_clear (&link->worker);
  g_main_context_unref (link->context);
}

static void
gate_link_unref (gpointer link)
{
  g_atomic_rc_box_release_full (link, gate_link_clear);
}

static gboolean
on_activity_posted (gpointer user_data)
{
  GateLink *link = user_data;
  g_autoptr (WeirWorker) self = g_weak_ref_get (&link->worker);

  if (self == NULL)
    return G_SOURCE_REMOVE;
  if (self->state == WEIR_WORKER_STATE_IDLE)
    weir_worker_fire (self, WEIR_WORKER_EVENT_LEASE);
  else if (self->state == WEIR_WORKER_STATE_DRAINING && weir_gate_get_in_flight (self->gate) == 0)
    weir_worker_fire (self, WEIR_WORKER_EVENT_VACANT);
  if (weir_gate_is_spent (self->gate))
    weir_worker_retire_for (self, WEIR_WORKER_EXIT_REASON_LIMIT_REQUESTS);
  update_in_flight (self);
  return G_SOURCE_REMOVE;
}

/* Data thread. Not g_main_context_invoke(): that may call right here. */
static void
on_gate_activity (gpointer user_data)
{
  GateLink *link = user_data;
  GSource *source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "weir-gate-activity");
  g_source_set_callback (source,
                         on_activity_posted,
                         g_atomic_rc_box_acquire (link),
                         gate_link_unref);
  g_source_attach (source, link->context);
  g_source_unref (source);
}

WeirGate *
weir_worker_make_gate (WeirWorker *self)
{
  GateLink *link = g_atomic_rc_box_new0 (GateLink);
  WeirGate *gate = weir_gate_new (on_gate_activity, link, gate_link_unref);

  g_weak_ref_init (&link->worker, self);
  link->context = g_main_context_ref_thread_default ();
  weir_gate_set_most_leases (gate, MAX (weir_worker_get_option (self, "max_requests", 0), 0));
  return gate;
}
