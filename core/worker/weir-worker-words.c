/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-worker-life-private.h"

#include "base/weir-signal-private.h"

/* The word that beforeunload gets for why it ends. */
static const char *
get_word (WeirWorkerExitReason reason)
{
  switch (reason)
    {
    case WEIR_WORKER_EXIT_REASON_LIMIT_CPU:
      return "cpu";
    case WEIR_WORKER_EXIT_REASON_LIMIT_MEMORY:
      return "memory";
    case WEIR_WORKER_EXIT_REASON_LIMIT_WALL:
      return "wall_clock";
    case WEIR_WORKER_EXIT_REASON_IDLE:
    case WEIR_WORKER_EXIT_REASON_RETIRED:
    case WEIR_WORKER_EXIT_REASON_BACKGROUND_TIMEOUT:
    case WEIR_WORKER_EXIT_REASON_LIMIT_REQUESTS:
      return "early_drop";
    case WEIR_WORKER_EXIT_REASON_NONE:
    case WEIR_WORKER_EXIT_REASON_REQUESTED:
    case WEIR_WORKER_EXIT_REASON_BOOT_TIMEOUT:
    case WEIR_WORKER_EXIT_REASON_LOAD:
    case WEIR_WORKER_EXIT_REASON_SPAWN:
    case WEIR_WORKER_EXIT_REASON_CRASH:
    case WEIR_WORKER_EXIT_REASON_UNHEALTHY:
      break;
    }
  return "termination";
}

static void G_GNUC_PRINTF (2, 3) say (WeirWorker *self, const char *format, ...)
{
  g_autofree char *line = NULL;
  va_list args;

  if (self->process == NULL)
    return;
  va_start (args, format);
  line = g_strdup_vprintf (format, args);
  va_end (args);
  weir_process_write_line (self->process, line);
}

void
weir_worker_say_stop (WeirWorker *self)
{
  gint64 background =
      weir_worker_get_option (self, "background_task_timeout_ms", WEIR_WORKER_BACKGROUND_MS);

  if (self->tasks_overdue)
    say (self,
         "{\"type\":\"stop\",\"reason\":\"%s\",\"tasks_ms\":0}",
         get_word (self->exit_reason));
  else if (background == 0)
    say (self, "{\"type\":\"stop\",\"reason\":\"%s\"}", get_word (self->exit_reason));
  else
    say (self,
         "{\"type\":\"stop\",\"reason\":\"%s\",\"tasks_ms\":%" G_GINT64_FORMAT "}",
         get_word (self->exit_reason),
         background);
}

void
weir_worker_warn (WeirWorker *self, const char *reason)
{
  g_return_if_fail (WEIR_IS_WORKER (self));

  if (self->state >= WEIR_WORKER_STATE_IDLE && self->state <= WEIR_WORKER_STATE_DRAINING)
    say (self, "{\"type\":\"unload\",\"reason\":\"%s\"}", reason);
}

void
weir_worker_ping (WeirWorker *self, gint64 id)
{
  g_return_if_fail (WEIR_IS_WORKER (self));

  say (self, "{\"type\":\"ping\",\"id\":%" G_GINT64_FORMAT "}", id);
}

void
weir_worker_define_health_signals (GType type)
{
  /**
   * WeirWorker::unhealthy:
   * @self: the worker
   * @failures: how many checks in a row it did not answer
   *
   * The event loop of the worker does not turn any more. It is being killed, and another
   * takes its place.
   *
   * Since: 1.0
   */
  weir_worker_signals[WEIR_WORKER_SIGNAL_UNHEALTHY] =
      weir_signal_new (type, "unhealthy", 1, G_TYPE_UINT);

  /**
   * WeirWorker::pong:
   * @self: the worker
   * @id: which question this answers
   *
   * The worker has answered a health check.
   *
   * Since: 1.0
   */
  weir_worker_signals[WEIR_WORKER_SIGNAL_PONG] = weir_signal_new (type, "pong", 1, G_TYPE_INT64);
}

void
weir_worker_tell_unhealthy (WeirWorker *self, guint failures)
{
  g_signal_emit (self, weir_worker_signals[WEIR_WORKER_SIGNAL_UNHEALTHY], 0, failures);
}
