/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-worker"

#include "worker/weir-worker-life-private.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/weir-error.h"
#include "worker/weir-worker-error-private.h"

#define LAST_WORDS_MAX 2048
/* V8 dies within this time of its first word, as does whatever has one. What comes later is the
 * function's own. */
#define DUMP_US G_USEC_PER_SEC

static void
on_control_ready (const char *form, double load_ms, gpointer user_data)
{
  WeirWorker *self = user_data;

  self->form = form;
  g_debug ("%s: loaded (%s) in %.1f ms", self->id, form, load_ms);
  weir_worker_fire (self, WEIR_WORKER_EVENT_READY);
}

/* It ends by itself now; if it does not, it is made to. */
static void
on_control_failed (const WeirWorkerFailure *failure, gpointer user_data)
{
  WeirWorker *self = user_data;

  if (self->state == WEIR_WORKER_STATE_BOOTING)
    {
      self->load_code = failure->kind;
      weir_worker_set_exit_reason (self, WEIR_WORKER_EXIT_REASON_LOAD);
      weir_worker_take_error (self, weir_worker_error_new_load (failure));
    }
  weir_worker_fire (self, WEIR_WORKER_EVENT_STOP);
}

static void
on_control_log (const char *level, const char *message, const char *request_id, gpointer user_data)
{
  g_signal_emit (user_data,
                 weir_worker_signals[WEIR_WORKER_SIGNAL_LOG],
                 0,
                 level,
                 message,
                 request_id);
}

static void
on_control_error (const WeirWorkerFailure *failure, gpointer user_data)
{
  g_signal_emit (user_data,
                 weir_worker_signals[WEIR_WORKER_SIGNAL_FAILURE],
                 0,
                 failure->kind,
                 failure->message,
                 failure->stack,
                 failure->file,
                 failure->line,
                 failure->column,
                 failure->source,
                 failure->request_id);
}

static void
on_control_task (guint pending, gpointer user_data)
{
  weir_worker_set_tasks (user_data, pending);
}

static void
on_control_pong (gint64 id, gpointer user_data)
{
  g_signal_emit (user_data, weir_worker_signals[WEIR_WORKER_SIGNAL_PONG], 0, id);
}

static const WeirControlChannelCallbacks control_callbacks = {
  .ready = on_control_ready,
  .failed = on_control_failed,
  .log = on_control_log,
  .error = on_control_error,
  .task = on_control_task,
  .pong = on_control_pong,
};

static void
on_spawned (WeirProcess *process, int pid, WeirWorker *self)
{
  weir_worker_set_pid (self, pid);
  weir_worker_fire (self, WEIR_WORKER_EVENT_SPAWNED);
}

static void
on_spawn_failed (WeirProcess *process, const GError *error, WeirWorker *self)
{
  weir_worker_set_exit_reason (self, WEIR_WORKER_EXIT_REASON_SPAWN);
  weir_worker_take_error (self,
                          g_error_new_literal (WEIR_ERROR, WEIR_ERROR_BOOT_FAILED, error->message));
  weir_worker_fire (self, WEIR_WORKER_EVENT_SPAWN_FAILED);
}

static void
on_output (WeirProcess *process, const char *line, WeirWorker *self)
{
  weir_control_channel_take_line (self->channel, line);
}

/* What matters of that is in the error. */
static gboolean
is_dump (WeirWorker *self, const char *line)
{
  gint64 now = weir_clock_now (self->clock);

  if (now >= self->dump_over && weir_worker_error_is_dump (line))
    self->dump_over = now + DUMP_US;
  return now < self->dump_over || g_str_equal (line, "#");
}

static void
on_error_output (WeirProcess *process, const char *line, WeirWorker *self)
{
  gssize surplus;

  self->last_said = weir_clock_now (self->clock);
  self->out_of_memory |= weir_worker_error_is_out_of_memory (line);
  g_string_append (self->last_words, line);
  g_string_append_c (self->last_words, '\n');
  surplus = (gssize) self->last_words->len - LAST_WORDS_MAX;
  if (surplus > 0)
    {
      while (((guchar) self->last_words->str[surplus] & 0xc0) == 0x80) /* whole characters */
        surplus++;
      g_string_erase (self->last_words, 0, surplus);
    }
  if (!is_dump (self, line))
    weir_control_channel_take_text (self->channel, line);
}

static void
note_limit (WeirWorker *self, WeirWorkerExitReason reason)
{
  gint64 memory = weir_worker_get_option (self, "memory_limit_mb", 0);

  weir_worker_set_exit_reason (self, reason);
  weir_worker_take_error (self, weir_worker_error_new_limit (reason, memory));
  weir_gate_condemn (self->gate, weir_worker_get_blame (self, reason));
}

/* What V8 allocates outside of its heap it cannot do without, and says nothing when it is refused;
 * whatever else aborts does. From half of the limit to all of it can take less time than there is
 * between two looks. */
static gboolean
is_refused_memory (WeirWorker *self, int wait_status)
{
  gboolean silent =
      self->last_said == 0 || weir_clock_now (self->clock) - self->last_said >= DUMP_US;

  return silent && WIFSIGNALED (wait_status) && WTERMSIG (wait_status) == SIGABRT &&
         weir_worker_get_option (self, "memory_limit_mb", 0) > 0;
}

/* Nobody had asked for this exit. */
static void
note_crash (WeirWorker *self, int wait_status)
{
  g_autofree char *last_words = weir_worker_dup_last_words (self);

  if (is_refused_memory (self, wait_status) ||
      ((self->out_of_memory || self->pressed) && weir_worker_error_is_abort (wait_status)))
    {
      note_limit (self, WEIR_WORKER_EXIT_REASON_LIMIT_MEMORY);
    }
  else if (weir_worker_error_is_cpu_limit (wait_status))
    {
      note_limit (self, WEIR_WORKER_EXIT_REASON_LIMIT_CPU);
    }
  else
    {
      weir_worker_set_exit_reason (self, WEIR_WORKER_EXIT_REASON_CRASH);
      weir_worker_take_error (self,
                              weir_worker_error_new_exit (self->state, wait_status, last_words));
    }
}

static void
on_exited (WeirProcess *process, int wait_status, WeirWorker *self)
{
  if (self->state >= WEIR_WORKER_STATE_BOOTING && self->state <= WEIR_WORKER_STATE_DRAINING)
    note_crash (self, wait_status);
  weir_worker_fire (self, WEIR_WORKER_EVENT_EXIT);
}

void
weir_worker_connect_inputs (WeirWorker *self)
{
  WeirProcess *process = self->process;

  self->channel = weir_control_channel_new (self->clock, &control_callbacks, self);
  g_signal_connect_object (process, "spawned", G_CALLBACK (on_spawned), self, 0);
  g_signal_connect_object (process, "spawn-failed", G_CALLBACK (on_spawn_failed), self, 0);
  g_signal_connect_object (process, "output", G_CALLBACK (on_output), self, 0);
  g_signal_connect_object (process, "error-output", G_CALLBACK (on_error_output), self, 0);
  g_signal_connect_object (process, "exited", G_CALLBACK (on_exited), self, 0);
}
