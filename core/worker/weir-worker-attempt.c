/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-worker-attempt-private.h"

#include <string.h>

#include "base/weir-error.h"
#include "worker/weir-worker-private.h"

#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 5000
/* sizeof (sun_path) is 108; some room is left for tools that add to a path. */
#define SOCKET_PATH_MAX 100

typedef struct
{
  WeirWorkerPool *pool;
  GCancellable *cancellable;
} Preparation;

void
weir_worker_pool_forgive (WeirWorkerPool *self)
{
  weir_clock_disarm (self->clock, self->retry);
  self->retry = 0;
  self->last_failure = 0;
  self->backoff_ms = 0;
  self->backoff_said = FALSE;
}

void
weir_worker_pool_note_failure (WeirWorkerPool *self)
{
  gint64 now = weir_clock_now (self->clock);
  gint64 window = WEIR_WORKER_POOL_FAILURE_WINDOW_US + (gint64) self->backoff_ms * 1000;

  if (self->last_failure == 0 || now - self->last_failure >= window)
    {
      self->backoff_ms = 0;
      self->backoff_said = FALSE;
    }
  else
    {
      self->backoff_ms = CLAMP (self->backoff_ms * 2, BACKOFF_MIN_MS, BACKOFF_MAX_MS);
    }
  self->last_failure = now;
}

static void
on_retry (gpointer user_data)
{
  WeirWorkerPool *self = user_data;

  g_object_ref (self); /* a handler may drop the last reference */
  self->retry = 0;
  weir_worker_pool_pursue (self);
  g_object_unref (self);
}

/* TRUE: not yet; a timer goes on with it. */
static gboolean
has_to_wait (WeirWorkerPool *self)
{
  gint64 rest;

  if (self->retry != 0)
    return TRUE;
  if (self->backoff_ms == 0)
    return FALSE;
  rest = self->last_failure + (gint64) self->backoff_ms * 1000 - weir_clock_now (self->clock);
  if (rest <= 0)
    return FALSE;

  self->retry = weir_clock_arm (self->clock, (rest + 999) / 1000, on_retry, self);
  if (self->backoff_said)
    return TRUE;
  self->backoff_said = TRUE;
  g_signal_emit (self,
                 weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_PROGRESS],
                 0,
                 "fails again and again; it is tried less often now");
  return TRUE;
}

/* A runtime that was not found is no function that was not found: clients must not be told
 * so. */
static gboolean
is_about_workers (const GError *error)
{
  return g_error_matches (error, WEIR_ERROR, WEIR_ERROR_BOOT_FAILED) ||
         g_error_matches (error, WEIR_ERROR, WEIR_ERROR_WORKER_FAILED) ||
         g_error_matches (error, WEIR_ERROR, WEIR_ERROR_WORKER_LIMIT) ||
         g_error_matches (error, WEIR_ERROR, WEIR_ERROR_OVERLOADED) ||
         g_error_matches (error, WEIR_ERROR, WEIR_ERROR_CANCELLED);
}

static GError *
copy_as_boot_error (const GError *error)
{
  if (is_about_workers (error))
    return g_error_copy (error);
  return g_error_new_literal (WEIR_ERROR,
                              WEIR_ERROR_BOOT_FAILED,
                              error != NULL ? error->message : "The worker did not start");
}

void
weir_worker_pool_fail_attempt (WeirWorkerPool *self, const GError *error, WeirWorker *worker)
{
  g_autoptr (GError) reported = copy_as_boot_error (error);

  weir_worker_pool_note_failure (self);
  self->demanded = FALSE;
  self->reloading = FALSE;
  if (self->current != NULL)
    g_signal_emit (self, weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_STALE], 0, reported);
  else
    g_signal_emit (self,
                   weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_FAILED],
                   0,
                   reported,
                   worker);
}

static WeirLaunch *
make_launch (WeirWorkerPool *self, GError **error)
{
  static gint serial;
  g_autofree char *name =
      g_strdup_printf ("%x-%08x.sock", (guint) g_atomic_int_add (&serial, 1) + 1, g_random_int ());
  g_autofree char *path = g_build_filename (self->socket_directory, name, NULL);

  if (strlen (path) >= SOCKET_PATH_MAX)
    {
      g_set_error (error,
                   WEIR_ERROR,
                   WEIR_ERROR_BOOT_FAILED,
                   "The path of the folder for sockets is too long: %s",
                   self->socket_directory);
      return NULL;
    }
  return weir_runtime_launch (self->runtime, self->function, path, error);
}

static void
boot_worker (WeirWorkerPool *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WeirLaunch) launch = make_launch (self, &error);
  g_autoptr (WeirProcess) process = NULL;
  g_autoptr (WeirWorker) worker = NULL;

  if (launch == NULL)
    {
      weir_worker_pool_fail_attempt (self, error, NULL);
      return;
    }

  process = self->factory (self->factory_data);
  worker = weir_worker_new (self->function, launch, process, self->clock);
  self->booting = worker;
  weir_worker_pool_add_worker (self, worker);
  if (self->booting == worker) /* or else a handler has changed its mind and stopped it */
    weir_worker_start (worker);
}

static void
preparation_free (Preparation *preparation)
{
  g_object_unref (preparation->pool);
  g_object_unref (preparation->cancellable);
  g_free (preparation);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Preparation, preparation_free)

static void
on_prepared (GObject *runtime, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Preparation) preparation = user_data;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) files = weir_runtime_prepare_finish (WEIR_RUNTIME (runtime), result, &error);
  WeirWorkerPool *self = preparation->pool;

  if (self->preparing != preparation->cancellable) /* nobody wants this revision any more */
    return;
  g_clear_object (&self->preparing);
  if (files == NULL)
    {
      weir_worker_pool_fail_attempt (self, error, NULL);
      return;
    }
  g_strfreev (self->files);
  self->files = g_steal_pointer (&files);
  self->prepared = TRUE;
  weir_worker_pool_pursue (self);
}

static void
prepare (WeirWorkerPool *self)
{
  Preparation *preparation = g_new0 (Preparation, 1);
  GCancellable *cancellable = g_cancellable_new ();

  self->preparing = cancellable;
  preparation->pool = g_object_ref (self);
  preparation->cancellable = g_object_ref (cancellable);
  weir_runtime_prepare_async (self->runtime, self->function, cancellable, on_prepared, preparation);
}

void
weir_worker_pool_pursue (WeirWorkerPool *self)
{
  if (self->shut_down || (!self->demanded && !self->reloading))
    return;
  if (self->preparing != NULL || self->booting != NULL || has_to_wait (self))
    return;
  if (self->prepared)
    boot_worker (self);
  else
    prepare (self);
}

void
weir_worker_pool_abandon_attempt (WeirWorkerPool *self)
{
  g_autoptr (GCancellable) preparing = g_steal_pointer (&self->preparing);
  WeirWorker *booting = g_steal_pointer (&self->booting);

  if (preparing != NULL)
    g_cancellable_cancel (preparing);
  if (booting != NULL)
    weir_worker_stop (booting);
}
