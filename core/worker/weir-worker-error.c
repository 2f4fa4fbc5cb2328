/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-worker-error-private.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/weir-error.h"

static void
append_frame (GString *text, const WeirWorkerFailure *failure)
{
  g_autofree char *number = NULL;
  const char *end;
  guint column = 1;

  if (failure->source == NULL || failure->line == 0)
    return;

  end = strchr (failure->source, '\n');
  number = g_strdup_printf ("%u", failure->line);
  g_string_append_printf (text,
                          "\n  %s | %.*s",
                          number,
                          end != NULL ? (int) (end - failure->source)
                                      : (int) strlen (failure->source),
                          failure->source);
  if (failure->column == 0 || failure->column > (glong) g_utf8_strlen (failure->source, -1) + 1)
    return;

  g_string_append_printf (text, "\n  %*s | ", (int) strlen (number), "");
  for (const char *p = failure->source; column < failure->column && *p != '\0' && *p != '\n';
       p = g_utf8_next_char (p), column++)
    g_string_append_c (text, *p == '\t' ? '\t' : ' ');
  g_string_append_c (text, '^');
}

GError *
weir_worker_error_new_load (const WeirWorkerFailure *failure)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (failure->file != NULL)
    {
      g_string_append (text, failure->file);
      if (failure->line > 0)
        g_string_append_printf (text, ":%u", failure->line);
      if (failure->line > 0 && failure->column > 0)
        g_string_append_printf (text, ":%u", failure->column);
      g_string_append (text, ": ");
    }
  g_string_append (text, failure->message);
  append_frame (text, failure);
  return g_error_new_literal (WEIR_ERROR,
                              g_str_equal (failure->kind, "threw") ? WEIR_ERROR_WORKER_FAILED
                                                                   : WEIR_ERROR_BOOT_FAILED,
                              text->str);
}

GError *
weir_worker_error_new_timeout (WeirWorkerState state, gint64 timeout_ms, guint in_flight)
{
  if (state == WEIR_WORKER_STATE_DRAINING)
    return g_error_new (WEIR_ERROR,
                        WEIR_ERROR_WORKER_FAILED,
                        "The worker was stopped with %u requests in flight, %" G_GINT64_FORMAT
                        " ms after it was retired (drain_timeout_ms)",
                        in_flight,
                        timeout_ms);
  if (state == WEIR_WORKER_STATE_SPAWNING)
    return g_error_new (WEIR_ERROR,
                        WEIR_ERROR_BOOT_FAILED,
                        "No process was started within %" G_GINT64_FORMAT " ms (spawn_timeout_ms)",
                        timeout_ms);
  return g_error_new (WEIR_ERROR,
                      WEIR_ERROR_BOOT_FAILED,
                      "The function was not loaded within %" G_GINT64_FORMAT
                      " ms (boot_timeout_ms)",
                      timeout_ms);
}

GError *
weir_worker_error_new_limit (WeirWorkerExitReason reason, gint64 memory_limit_mb)
{
  if (reason == WEIR_WORKER_EXIT_REASON_LIMIT_CPU)
    return g_error_new_literal (WEIR_ERROR,
                                WEIR_ERROR_WORKER_LIMIT,
                                "The worker used more processor time than it may (cpu_hard_ms)");
  if (reason == WEIR_WORKER_EXIT_REASON_LIMIT_WALL)
    return g_error_new_literal (WEIR_ERROR,
                                WEIR_ERROR_WORKER_LIMIT,
                                "The worker still had requests in flight drain_timeout_ms after it "
                                "had lived for longer than it may (wall_clock_ms)");
  if (memory_limit_mb > 0)
    return g_error_new (WEIR_ERROR,
                        WEIR_ERROR_WORKER_LIMIT,
                        "The worker ran out of memory (memory_limit_mb is %" G_GINT64_FORMAT ")",
                        memory_limit_mb);
  return g_error_new_literal (WEIR_ERROR, WEIR_ERROR_WORKER_LIMIT, "The worker ran out of memory");
}

GError *
weir_worker_error_new_over (WeirWorkerExitReason reason, gint64 measured, gint64 limit)
{
  if (reason == WEIR_WORKER_EXIT_REASON_LIMIT_CPU)
    return g_error_new (WEIR_ERROR,
                        WEIR_ERROR_WORKER_LIMIT,
                        "The worker computed for %" G_GINT64_FORMAT
                        " ms without an answer (cpu_hard_ms is %" G_GINT64_FORMAT ")",
                        measured,
                        limit);
  g_return_val_if_fail (reason == WEIR_WORKER_EXIT_REASON_LIMIT_MEMORY, NULL);
  return g_error_new (WEIR_ERROR,
                      WEIR_ERROR_WORKER_LIMIT,
                      "The worker took %" G_GINT64_FORMAT
                      " MiB of memory (memory_limit_mb is %" G_GINT64_FORMAT ")",
                      measured,
                      limit);
}

GError *
weir_worker_error_new_crowded (gint64 measured_mb, gint64 limit_mb)
{
  return g_error_new (WEIR_ERROR,
                      WEIR_ERROR_WORKER_LIMIT,
                      "All workers together took %" G_GINT64_FORMAT
                      " MiB of memory (worker_memory_mb is %" G_GINT64_FORMAT
                      "), and this one the most",
                      measured_mb,
                      limit_mb);
}

GError *
weir_worker_error_new_exit (WeirWorkerState state, int wait_status, const char *last_words)
{
  gboolean booting = state == WEIR_WORKER_STATE_BOOTING;
  g_autofree char *how = NULL;

  if (WIFSIGNALED (wait_status))
    how = g_strdup_printf ("by signal %d (%s)%s",
                           WTERMSIG (wait_status),
                           g_strsignal (WTERMSIG (wait_status)),
                           WTERMSIG (wait_status) == SIGKILL
                               ? "; the kernel does that when the machine is out of memory"
                               : "");
  else
    how = g_strdup_printf ("with exit code %d", WEXITSTATUS (wait_status));

  return g_error_new (WEIR_ERROR,
                      booting ? WEIR_ERROR_BOOT_FAILED : WEIR_ERROR_WORKER_FAILED,
                      "The worker ended %s%s%s%s",
                      booting ? "while it was loading the function, " : "unexpectedly, ",
                      how,
                      last_words[0] != '\0' ? ":\n" : "",
                      last_words);
}

gboolean
weir_worker_error_is_out_of_memory (const char *line)
{
  /* The first may be all: another thread can end the process before the one that writes does. */
  return strstr (line, "<--- Last few GCs --->") != NULL ||
         strstr (line, "Fatal JavaScript out of memory") != NULL ||
         strstr (line, "Fatal process out of memory") != NULL ||
         strstr (line, "Reached heap limit") != NULL ||
         (g_str_has_prefix (line, "memory allocation of ") &&
          g_str_has_suffix (line, " bytes failed"));
}

gboolean
weir_worker_error_is_dump (const char *line)
{
  return g_str_has_prefix (line, "# Fatal ") || weir_worker_error_is_out_of_memory (line);
}

gboolean
weir_worker_error_is_abort (int wait_status)
{
  static const int signums[] = { SIGTRAP, SIGABRT, SIGILL, SIGSEGV, SIGBUS };

  for (guint i = 0; WIFSIGNALED (wait_status) && i < G_N_ELEMENTS (signums); i++)
    if (WTERMSIG (wait_status) == signums[i])
      return TRUE;
  return FALSE;
}

gboolean
weir_worker_error_is_cpu_limit (int wait_status)
{
  return WIFSIGNALED (wait_status) && WTERMSIG (wait_status) == SIGXCPU;
}
