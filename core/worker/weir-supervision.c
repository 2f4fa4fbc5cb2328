/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-supervision-private.h"

#include "base/weir-error.h"
#include "worker/weir-health-check-private.h"
#include "worker/weir-worker-error-private.h"

#define MIB (1024 * 1024)
/* What the runtime itself may use before anything counts as the function's. */
#define RUNTIME_MEMORY (32 * MIB)
/* Stacks of the runtime's threads are promised, but hardly used. */
#define STACK_MEMORY (32 * MIB)
/* To collect garbage takes some memory as well. */
#define COLLECTOR_MEMORY (4 * MIB)
/* What a worker that is over its limit may do to come down again: compute for so long, or,
 * where others keep it from that, last for so long. */
#define COLLECTING_CPU_US (100 * G_TIME_SPAN_MILLISECOND)
#define COLLECTING_US G_TIME_SPAN_SECOND
/* How much later than us the kernel ends a worker that computes, should we be held up. */
#define BACKSTOP_SECONDS 3
/* In a rush is who answers so many from one look to the next, with so many more at hand. */
#define RUSH_ANSWERS 100
#define RUSH_IN_FLIGHT 3
/* For how many looks it has not been, before that is believed. */
#define RUSH_LOOKS 4

struct _WeirSupervision
{
  WeirClock *clock;
  WeirResourceUsage *usage;
  WeirWorker *worker;
  WeirSupervisionNotice notice;
  gpointer user_data;

  gint64 cpu_soft_ms;
  gint64 cpu_hard_ms;
  gint64 memory_limit; /* bytes; all of these: 0 is none */
  gint64 wall_ms;
  gboolean begun;

  gboolean sampling;
  gboolean rested;
  WeirResourceSample last;
  gint64 last_time;
  guint64 answered;
  guint rush; /* looks for which it still counts as such; 0: it does not */
  gint64 cpu_base;
  gint64 backstop;
  gboolean cpu_warned;
  gboolean retired;

  gint64 memory_base;
  gint64 reserved_base;
  gint64 reserved_limit;
  gint64 over_since; /* 0: it is within its limit */
  gint64 over_cpu;
  gboolean memory_warned;

  guint64 wall_timer;
  WeirHealthCheck *health;
};

static gboolean
is_serving (WeirSupervision *self)
{
  WeirWorkerState state = weir_worker_get_state (self->worker);

  return state == WEIR_WORKER_STATE_IDLE || state == WEIR_WORKER_STATE_BUSY;
}

static void G_GNUC_PRINTF (3, 4)
    retire (WeirSupervision *self, WeirWorkerExitReason reason, const char *format, ...)
{
  g_autoptr (WeirWorker) worker = g_object_ref (self->worker);
  g_autofree char *text = NULL;
  WeirSupervisionNotice tell;
  gpointer user_data;
  va_list args;

  if (self->retired || !is_serving (self))
    return;
  self->retired = TRUE;
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  tell = self->notice;
  user_data = self->user_data;

  /* Told when it is a fact: whoever reads it may ask the function the next moment, and shall
   * meet another worker. This object may be gone by then. */
  weir_worker_retire_for (worker, reason);
  tell (worker, text, user_data);
}

/* ---- processor time ---- */

/* The kernel's own limit counts from the birth of the process: it is moved along. */
static void
move_backstop (WeirSupervision *self)
{
  gint64 seconds;

  if (self->cpu_hard_ms == 0)
    return;
  seconds = (self->cpu_base / 1000 + self->cpu_hard_ms + 999) / 1000 + BACKSTOP_SECONDS;
  if (seconds <= self->backstop)
    return;
  self->backstop = seconds;
  weir_resource_usage_limit_cpu (self->usage, weir_worker_get_pid (self->worker), seconds);
}

static void
lift_backstop (WeirSupervision *self)
{
  if (self->backstop != 0)
    weir_resource_usage_limit_cpu (self->usage, weir_worker_get_pid (self->worker), -1);
  self->backstop = 0;
}

/* Each answer wakes the gateway up, and each request the worker. Under load a worker that waits
 * for its turn finds more requests when it runs, and has not interrupted who was about to bring
 * them. Alone on a busy machine, it would only be late. */
static void
notice_rush (WeirSupervision *self, guint64 answered, guint in_flight)
{
  gboolean was_rush = self->rush > 0;

  if (answered >= RUSH_ANSWERS && in_flight >= RUSH_IN_FLIGHT)
    self->rush = RUSH_LOOKS;
  else if (was_rush)
    self->rush--;
  if ((self->rush > 0) != was_rush)
    weir_resource_usage_set_patient (self->usage,
                                     weir_worker_get_pid (self->worker),
                                     self->rush > 0);
}

static void
relax (WeirSupervision *self)
{
  if (self->rush > 0)
    weir_resource_usage_set_patient (self->usage, weir_worker_get_pid (self->worker), FALSE);
  self->rush = 0;
}

/* Others may have had the processor that it wanted. */
static gboolean
has_rested (WeirSupervision *self, const WeirResourceSample *sample)
{
  gint64 elapsed = weir_clock_now (self->clock) - self->last_time;

  return (sample->cpu - self->last.cpu) * 10 < elapsed &&
         !weir_resource_usage_is_running (self->usage, weir_worker_get_pid (self->worker));
}

/* A worker that answers is well, however much it computes. One without a request and
 * without a task is well when it rests: a WebSocket may be open for days. */
static void
count_cpu (WeirSupervision *self, const WeirResourceSample *sample)
{
  WeirGate *gate = weir_worker_get_gate (self->worker);
  guint64 answered = weir_gate_get_answered (gate);
  gint64 now = weir_clock_now (self->clock);
  gboolean quiet = weir_gate_get_in_flight (gate) == 0 && weir_worker_get_tasks (self->worker) == 0;

  self->rested = quiet && has_rested (self, sample);
  if (answered != self->answered || self->rested)
    self->cpu_base = sample->cpu;
  notice_rush (self, answered - self->answered, weir_gate_get_in_flight (gate));
  self->answered = answered;
  self->last = *sample;
  self->last_time = now;
  move_backstop (self);
}

static void
check_cpu (WeirSupervision *self)
{
  gint64 used_ms = (self->last.cpu - self->cpu_base) / 1000;

  if (self->cpu_hard_ms > 0 && used_ms >= self->cpu_hard_ms)
    {
      weir_worker_kill (self->worker,
                        WEIR_WORKER_EXIT_REASON_LIMIT_CPU,
                        weir_worker_error_new_over (WEIR_WORKER_EXIT_REASON_LIMIT_CPU,
                                                    used_ms,
                                                    self->cpu_hard_ms));
      return;
    }
  if (self->cpu_hard_ms > 0 && used_ms * 10 >= self->cpu_hard_ms * 9 && !self->cpu_warned)
    {
      self->cpu_warned = TRUE;
      weir_worker_warn (self->worker, "cpu");
    }
  if (self->cpu_soft_ms > 0 && used_ms >= self->cpu_soft_ms)
    retire (self,
            WEIR_WORKER_EXIT_REASON_LIMIT_CPU,
            "%s has computed for %" G_GINT64_FORMAT " ms without an answer (cpu_soft_ms is "
            "%" G_GINT64_FORMAT "); it gets no more requests",
            weir_worker_get_id (self->worker),
            used_ms,
            self->cpu_soft_ms);
}

/* ---- memory ---- */

/* The kernel refuses what is too much before it is used, so that the runtime can collect its
 * garbage and the function gets an exception. What is promised and what is used differ:
 * near the limit it is drawn exactly, and a little below the one that a worker is killed at. */
static void
move_memory_limit (WeirSupervision *self, gint64 taken)
{
  gint64 limit = self->reserved_base + self->memory_limit + STACK_MEMORY;

  if (taken * 2 >= self->memory_limit)
    limit =
        MIN (limit,
             self->last.reserved + MAX (COLLECTOR_MEMORY, self->memory_limit / 16 * 15 - taken));
  if (limit == self->reserved_limit)
    return;
  self->reserved_limit = limit;
  weir_resource_usage_limit_memory (self->usage, weir_worker_get_pid (self->worker), limit);
}

/* It may be garbage that it has to collect now; the kernel gives it no more meanwhile. */
static gboolean
is_over_for_good (WeirSupervision *self, gint64 taken)
{
  if (taken < self->memory_limit)
    {
      self->over_since = 0;
      return FALSE;
    }
  if (self->over_since == 0)
    {
      self->over_since = self->last_time;
      self->over_cpu = self->last.cpu;
    }
  return self->last.cpu - self->over_cpu >= COLLECTING_CPU_US ||
         self->last_time - self->over_since >= COLLECTING_US;
}

static void
check_memory (WeirSupervision *self)
{
  gint64 taken = self->last.memory - self->memory_base;
  gint64 most = MAX (taken, self->last.reserved - self->reserved_base);

  if (self->memory_limit == 0)
    return;
  weir_worker_set_pressed (self->worker, most * 2 >= self->memory_limit);
  if (is_over_for_good (self, taken))
    {
      weir_worker_kill (self->worker,
                        WEIR_WORKER_EXIT_REASON_LIMIT_MEMORY,
                        weir_worker_error_new_over (WEIR_WORKER_EXIT_REASON_LIMIT_MEMORY,
                                                    taken / MIB,
                                                    self->memory_limit / MIB));
      return;
    }
  if (most * 10 >= self->memory_limit * 9 && !self->memory_warned)
    {
      self->memory_warned = TRUE;
      weir_worker_warn (self->worker, "memory");
    }
  move_memory_limit (self, taken);
}

/* ---- age ---- */

static void
on_wall_over (gpointer user_data)
{
  WeirSupervision *self = user_data;

  self->wall_timer = 0;
  retire (self,
          WEIR_WORKER_EXIT_REASON_LIMIT_WALL,
          "%s has served for %" G_GINT64_FORMAT " ms (wall_clock_ms); it gets no more requests",
          weir_worker_get_id (self->worker),
          self->wall_ms);
}

static void
on_wall_near (gpointer user_data)
{
  WeirSupervision *self = user_data;

  weir_worker_warn (self->worker, "wall_clock");
  self->wall_timer =
      weir_clock_arm (self->clock, self->wall_ms - self->wall_ms * 9 / 10, on_wall_over, self);
}

/* ---- health ---- */

static void
on_unhealthy (WeirWorker *worker, guint failures, gpointer user_data)
{
  g_autoptr (WeirWorker) held = g_object_ref (worker);

  weir_worker_kill (worker,
                    WEIR_WORKER_EXIT_REASON_UNHEALTHY,
                    g_error_new (WEIR_ERROR,
                                 WEIR_ERROR_WORKER_FAILED,
                                 "The worker did not answer %u health checks in a row "
                                 "(health_check_failures)",
                                 failures));
  weir_worker_tell_unhealthy (held, failures);
}

/* ---- its life ---- */

void
weir_supervision_begin (WeirSupervision *self)
{
  GPid pid = weir_worker_get_pid (self->worker);
  WeirResourceSample sample;

  if (self->begun || !weir_resource_usage_read (self->usage, pid, &sample))
    return;
  self->begun = TRUE;
  self->rested = TRUE;
  self->last = sample;
  self->memory_base = MIN (sample.memory, RUNTIME_MEMORY);
  self->reserved_base = sample.reserved;
  if (self->memory_limit > 0)
    move_memory_limit (self, 0);
  if (self->wall_ms > 0)
    self->wall_timer = weir_clock_arm (self->clock, self->wall_ms * 9 / 10, on_wall_near, self);
  self->health = weir_health_check_new (self->clock, self->worker, on_unhealthy, NULL);
}

void
weir_supervision_leave (WeirSupervision *self)
{
  weir_clock_disarm (self->clock, self->wall_timer);
  self->wall_timer = 0;
  g_clear_pointer (&self->health, weir_health_check_free);
}

void
weir_supervision_end (WeirSupervision *self)
{
  weir_supervision_leave (self);
  self->begun = FALSE;
}

static gboolean
is_at_work (WeirSupervision *self)
{
  switch (weir_worker_get_state (self->worker))
    {
    case WEIR_WORKER_STATE_BUSY:
    case WEIR_WORKER_STATE_DRAINING:
      return TRUE;
    case WEIR_WORKER_STATE_IDLE:
      return !self->rested || weir_worker_get_tasks (self->worker) > 0 ||
             weir_gate_get_sockets (weir_worker_get_gate (self->worker)) > 0;
    case WEIR_WORKER_STATE_NEW:
    case WEIR_WORKER_STATE_SPAWNING:
    case WEIR_WORKER_STATE_BOOTING:
    case WEIR_WORKER_STATE_STOPPING:
    case WEIR_WORKER_STATE_KILLING:
    case WEIR_WORKER_STATE_EXITED:
      break;
    }
  return FALSE;
}

/* It was at rest until now, so what it computes from here on is one piece of work. */
static void
wake (WeirSupervision *self)
{
  if (!weir_resource_usage_read (self->usage, weir_worker_get_pid (self->worker), &self->last))
    return;
  self->sampling = TRUE;
  self->cpu_base = self->last.cpu;
  self->last_time = weir_clock_now (self->clock);
  self->answered = weir_gate_get_answered (weir_worker_get_gate (self->worker));
  move_backstop (self);
}

gboolean
weir_supervision_is_active (WeirSupervision *self)
{
  gboolean active = self->begun && is_at_work (self);

  if (active && !self->sampling)
    wake (self);
  if (!active && self->sampling)
    {
      self->sampling = FALSE;
      lift_backstop (self);
      relax (self);
    }
  return self->sampling;
}

void
weir_supervision_sample (WeirSupervision *self)
{
  GPid pid = weir_worker_get_pid (self->worker);
  WeirResourceSample sample;

  if (!weir_supervision_is_active (self) || !weir_resource_usage_read (self->usage, pid, &sample))
    return;
  count_cpu (self, &sample);
  check_cpu (self);
  if (is_at_work (self))
    check_memory (self);
}

WeirSupervision *
weir_supervision_new (WeirClock *clock,
                      WeirResourceUsage *usage,
                      WeirWorker *worker,
                      WeirSupervisionNotice notice,
                      gpointer user_data)
{
  WeirSupervision *self = g_rc_box_new0 (WeirSupervision);

  self->clock = g_object_ref (clock);
  self->usage = g_object_ref (usage);
  self->worker = g_object_ref (worker);
  self->notice = notice;
  self->user_data = user_data;
  self->cpu_soft_ms = weir_worker_get_option (worker, "cpu_soft_ms", 0);
  self->cpu_hard_ms = weir_worker_get_option (worker, "cpu_hard_ms", 0);
  self->memory_limit = weir_worker_get_option (worker, "memory_limit_mb", 0) * MIB;
  self->wall_ms = weir_worker_get_option (worker, "wall_clock_ms", 0);
  return self;
}

WeirSupervision *
weir_supervision_ref (WeirSupervision *self)
{
  return g_rc_box_acquire (self);
}

static void
weir_supervision_clear (gpointer data)
{
  WeirSupervision *self = data;

  weir_supervision_end (self);
  g_object_unref (self->worker);
  g_object_unref (self->usage);
  g_object_unref (self->clock);
}

void
weir_supervision_unref (WeirSupervision *self)
{
  g_rc_box_release_full (self, weir_supervision_clear);
}
