/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-function-voice-private.h"

static const char *
pool_name (WeirWorkerPool *pool)
{
  return weir_function_get_name (weir_worker_pool_get_function (pool));
}

static const char *
worker_name (WeirWorker *worker)
{
  return weir_function_get_name (weir_worker_get_function (worker));
}

static void
tell_notice (WeirFunctionHost *host, const char *name, const char *text)
{
  g_autofree char *line = g_strdup_printf ("%s: %s", name, text);

  g_signal_emit_by_name (host, "notice", line);
}

/* ---- functions ---- */

static gboolean
is_mute (WeirWorkerPool *pool)
{
  WeirSettings *settings = weir_function_get_settings (weir_worker_pool_get_function (pool));

  return weir_settings_get_value (settings, "logs") != NULL &&
         !weir_settings_get_boolean (settings, "logs");
}

static void
on_pool_log (WeirWorkerPool *pool,
             const char *level,
             const char *message,
             const char *request_id,
             WeirFunctionHost *host)
{
  g_autofree char *shown = NULL;

  if (is_mute (pool))
    return;
  shown = weir_censor_text (weir_function_host_get_censor (host), message);
  g_signal_emit_by_name (host, "function-log", pool_name (pool), level, shown, request_id);
}

static void
on_pool_failure (WeirWorkerPool *pool,
                 const char *kind,
                 const char *message,
                 const char *stack,
                 const char *file,
                 guint line,
                 guint column,
                 const char *source,
                 const char *request_id,
                 WeirFunctionHost *host)
{
  WeirCensor *censor = weir_function_host_get_censor (host);
  g_autofree char *shown = weir_censor_text (censor, message);
  g_autofree char *trace = weir_censor_text (censor, stack);
  g_autofree char *place = NULL;

  /* A person wants the place even of what was thrown without a stack. */
  if (stack == NULL && file != NULL)
    place = g_strdup_printf ("    at %s:%u:%u", file, line, column);

  g_signal_emit_by_name (host,
                         "function-error",
                         pool_name (pool),
                         shown,
                         trace != NULL ? trace : place,
                         request_id);
}

static void
on_pool_warm (WeirWorkerPool *pool, WeirFunctionHost *host)
{
  g_signal_emit_by_name (host, "function-ready", pool_name (pool));
}

static void
on_pool_cold (WeirWorkerPool *pool, WeirFunctionHost *host)
{
  g_signal_emit_by_name (host, "function-cold", pool_name (pool));
}

static void
on_pool_progress (WeirWorkerPool *pool, const char *text, WeirFunctionHost *host)
{
  tell_notice (host, pool_name (pool), text);
}

void
weir_function_voice_follow_pool (WeirFunctionHost *host, WeirWorkerPool *pool)
{
  g_signal_connect_object (pool, "warm", G_CALLBACK (on_pool_warm), host, 0);
  g_signal_connect_object (pool, "cold", G_CALLBACK (on_pool_cold), host, 0);
  g_signal_connect_object (pool, "log", G_CALLBACK (on_pool_log), host, 0);
  g_signal_connect_object (pool, "failure", G_CALLBACK (on_pool_failure), host, 0);
  g_signal_connect_object (pool, "progress", G_CALLBACK (on_pool_progress), host, 0);
}

/* ---- workers ---- */

static void
on_worker_failed (WeirRoster *roster, WeirWorker *worker, WeirFunctionHost *host)
{
  g_signal_emit_by_name (host,
                         "function-failed",
                         worker_name (worker),
                         weir_worker_get_error (worker));
}

static void
on_worker_notice (gpointer source, WeirWorker *worker, const char *text, WeirFunctionHost *host)
{
  tell_notice (host, worker_name (worker), text);
}

void
weir_function_voice_follow_workers (WeirFunctionHost *host,
                                    WeirRoster *roster,
                                    WeirCapacity *capacity)
{
  g_signal_connect_object (roster, "failed", G_CALLBACK (on_worker_failed), host, 0);
  g_signal_connect_object (roster, "notice", G_CALLBACK (on_worker_notice), host, 0);
  g_signal_connect_object (capacity, "notice", G_CALLBACK (on_worker_notice), host, 0);
}
