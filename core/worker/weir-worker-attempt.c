/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-worker-attempt-private.h"

#include <string.h>

#include "base/weir-error.h"
#include "worker/weir-worker-private.h"

#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 5000
/* So often a worker may die while it boots, before whoever waits is told. */
#define MAX_BOOT_CRASHES 2
/* sizeof (sun_path) is 108; some room is left for tools that add to a path. */
#define SOCKET_PATH_MAX 100
/* A function whose files are not known yet has a request to answer first. */
#define COLLECT_MS 100

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

static gboolean
is_about_modules (const char *code)
{
  static const char *const codes[] = { "missing-module", "not-cached", "not-permitted", NULL };

  return code != NULL && g_strv_contains (codes, code);
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

/* A standby that was of no use, and a revision that would not load before it was prepared,
 * are nobody's failure: the attempt goes on another way. */
static gboolean
tries_another_way (WeirWorkerPool *self, WeirWorker *worker)
{
  gboolean loaded = weir_worker_get_exit_reason (worker) == WEIR_WORKER_EXIT_REASON_LOAD;
  gboolean stood_by = weir_worker_get_start_kind (worker) != WEIR_WORKER_START_KIND_SPAWNED;

  if (weir_worker_get_exit_reason (worker) == WEIR_WORKER_EXIT_REASON_CRASH && stood_by)
    {
      g_debug ("%s: its standby died while it loaded", weir_worker_get_id (worker));
      self->without_standby = TRUE;
      weir_worker_pool_pursue (self);
      return TRUE;
    }
  if (!loaded || self->prepared || self->needs_preparing)
    return FALSE;
  self->needs_preparing = TRUE;
  g_clear_error (&self->load_error);
  /* What was thrown by the code itself it would throw again. */
  if (!is_about_modules (weir_worker_get_load_code (worker)))
    {
      if (!weir_worker_pool_is_wanting (self)) /* nobody asks on, but somebody reads the log */
        return FALSE;
      self->load_error = g_error_copy (weir_worker_get_error (worker));
    }
  weir_worker_pool_pursue (self);
  return TRUE;
}

/* What killed it while it booted may have come from outside. */
static gboolean
tries_once_more (WeirWorkerPool *self, WeirWorker *worker)
{
  if (weir_worker_get_exit_reason (worker) != WEIR_WORKER_EXIT_REASON_CRASH ||
      ++self->boot_crashes > MAX_BOOT_CRASHES || !weir_worker_pool_is_wanting (self))
    return FALSE;
  g_debug ("%s: died while it booted; another one is tried", weir_worker_get_id (worker));
  if (weir_worker_pool_is_proven (self))
    weir_worker_pool_forgive (self);
  else
    weir_worker_pool_note_failure (self);
  weir_worker_pool_pursue (self);
  return TRUE;
}

void
weir_worker_pool_fail_attempt (WeirWorkerPool *self, const GError *error, WeirWorker *worker)
{
  g_autoptr (GError) reported = NULL;

  if (worker != NULL && (tries_another_way (self, worker) || tries_once_more (self, worker)))
    return;
  self->boot_crashes = 0;
  reported = copy_as_boot_error (error);
  self->without_standby = FALSE;

  gboolean reloading = self->reloading && self->serving->len > 0;

  weir_worker_pool_note_failure (self);
  self->demanded = self->reloading = self->refilling = FALSE;
  self->stale |= reloading;
  if (reloading)
    g_signal_emit (self, weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_STALE], 0, reported);
  else if (self->serving->len > 0)
    weir_worker_pool_emit (self, WEIR_WORKER_POOL_SIGNAL_DECLINED);
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

static WeirProcess *
claim_standby (WeirWorkerPool *self, WeirLaunch **launch, WeirWorkerStartKind *kind, char **reason)
{
  WeirSettings *settings = weir_function_get_settings (self->function);
  g_autofree char *key = NULL;
  const char *why = "there are no standbys";
  WeirProcess *process = NULL;

  *kind = WEIR_WORKER_START_KIND_SPAWNED;
  key = weir_runtime_get_standby_key (self->runtime, self->function, reason);
  if (key == NULL)
    return NULL;
  if (self->without_standby)
    {
      self->without_standby = FALSE;
      why = "its standby died";
    }
  else if (self->standbys != NULL)
    process = weir_standby_pool_claim (self->standbys, self->function, key, launch, &why);
  *reason = g_strdup (why);
  if (process == NULL)
    return NULL;
  *kind = settings != NULL && weir_settings_get_boolean (settings, "bundle")
              ? WEIR_WORKER_START_KIND_BUNDLED
              : WEIR_WORKER_START_KIND_STANDBY;
  return process;
}

static void on_loaded_unprepared (WeirWorker *worker,
                                  WeirWorkerState from,
                                  WeirWorkerState to,
                                  WeirWorkerPool *self);

static void
boot_worker (WeirWorkerPool *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WeirLaunch) launch = NULL;
  g_autoptr (WeirProcess) process = NULL;
  g_autoptr (WeirWorker) worker = NULL;
  g_autofree char *reason = NULL;
  WeirWorkerStartKind kind;

  weir_worker_pool_leave_crowd (self);
  self->granted = FALSE;
  process = claim_standby (self, &launch, &kind, &reason);
  if (process == NULL)
    {
      launch = make_launch (self, &error);
      process = launch != NULL ? self->factory (self->factory_data) : NULL;
    }
  if (process == NULL)
    {
      weir_worker_pool_fail_attempt (self, error, NULL);
      return;
    }

  worker = weir_worker_new (self->function, launch, process, self->clock);
  weir_worker_set_start (worker, kind, reason);
  self->booting = worker;
  weir_worker_pool_add_worker (self, worker);
  if (!self->prepared)
    g_signal_connect_object (worker,
                             "state-changed::idle",
                             G_CALLBACK (on_loaded_unprepared),
                             self,
                             G_CONNECT_AFTER);
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

static Preparation *
preparation_new (WeirWorkerPool *self, GCancellable *cancellable)
{
  Preparation *preparation = g_new0 (Preparation, 1);

  preparation->pool = g_object_ref (self);
  preparation->cancellable = g_object_ref (cancellable);
  return preparation;
}

static void
set_files (WeirWorkerPool *self, char **files)
{
  g_strfreev (self->files);
  self->files = files;
  self->prepared = TRUE;
}

static void
on_collected (GObject *runtime, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Preparation) preparation = user_data;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) files = weir_runtime_prepare_finish (WEIR_RUNTIME (runtime), result, &error);
  WeirWorkerPool *self = preparation->pool;

  if (self->collecting != preparation->cancellable)
    return;
  g_clear_object (&self->collecting);
  if (files == NULL)
    {
      g_debug ("%s: its files are not known: %s",
               weir_function_get_name (self->function),
               error->message);
      return;
    }
  set_files (self, g_steal_pointer (&files));
  g_signal_emit (self, weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_FILES_CHANGED], 0);
}

static void
collect_files (gpointer user_data)
{
  WeirWorkerPool *self = user_data;

  self->collector = 0;
  if (self->prepared || self->preparing != NULL || self->collecting != NULL)
    return;
  self->collecting = g_cancellable_new ();
  weir_runtime_prepare_async (self->runtime,
                              self->function,
                              self->collecting,
                              on_collected,
                              preparation_new (self, self->collecting));
}

gboolean
weir_worker_pool_is_collecting (WeirWorkerPool *self)
{
  g_return_val_if_fail (WEIR_IS_WORKER_POOL (self), FALSE);

  return self->collector != 0 || self->collecting != NULL ||
         (self->booting != NULL && !self->prepared);
}

/* It serves; what it is made of can be found out when its first requests are answered. */
static void
on_loaded_unprepared (WeirWorker *worker,
                      WeirWorkerState from,
                      WeirWorkerState to,
                      WeirWorkerPool *self)
{
  if (from != WEIR_WORKER_STATE_BOOTING || self->shut_down || self->collector != 0 ||
      weir_worker_get_function (worker) != self->function)
    return;
  self->collector = weir_clock_arm (self->clock, COLLECT_MS, collect_files, self);
}

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
  set_files (self, g_steal_pointer (&files));
  if (self->load_error != NULL)
    {
      g_autoptr (GError) load_error = g_steal_pointer (&self->load_error);

      weir_worker_pool_fail_attempt (self, load_error, NULL);
      return;
    }
  weir_worker_pool_pursue (self);
}

static void
cancel_collecting (WeirWorkerPool *self)
{
  weir_clock_disarm (self->clock, self->collector);
  self->collector = 0;
  if (self->collecting != NULL)
    g_cancellable_cancel (self->collecting);
  g_clear_object (&self->collecting);
}

static void
prepare (WeirWorkerPool *self)
{
  cancel_collecting (self);
  self->preparing = g_cancellable_new ();
  weir_runtime_prepare_async (self->runtime,
                              self->function,
                              self->preparing,
                              on_prepared,
                              preparation_new (self, self->preparing));
}

/* A function that a standby could load is tried as it is: most have nothing to prepare, and
 * looking would take longer than loading. */
static gboolean
can_load (WeirWorkerPool *self)
{
  g_autofree char *key = NULL;

  if (self->prepared)
    return TRUE;
  if (self->needs_preparing || self->standbys == NULL)
    return FALSE;
  key = weir_runtime_get_standby_key (self->runtime, self->function, NULL);
  return key != NULL;
}

static gboolean
has_too_few (WeirWorkerPool *self)
{
  return self->refilling && !self->stale && self->serving->len < self->options.min_workers;
}

gboolean
weir_worker_pool_is_wanting (WeirWorkerPool *self)
{
  return self->demanded || self->reloading || has_too_few (self);
}

void
weir_worker_pool_leave_crowd (WeirWorkerPool *self)
{
  if (self->crowded)
    weir_capacity_withdraw (self->capacity, self);
  self->crowded = FALSE;
}

static gboolean
has_room (WeirWorkerPool *self)
{
  gboolean told = self->crowded;

  if (self->granted || self->reloading || self->capacity == NULL)
    return TRUE;
  self->crowded = !weir_capacity_ask (self->capacity, self);
  if (self->crowded && !told)
    weir_worker_pool_emit (self, WEIR_WORKER_POOL_SIGNAL_CROWDED);
  return !self->crowded;
}

void
weir_worker_pool_pursue (WeirWorkerPool *self)
{
  if (self->shut_down || !weir_worker_pool_is_wanting (self))
    return;
  if (self->preparing != NULL || self->booting != NULL || has_to_wait (self))
    return;
  if (!can_load (self))
    prepare (self);
  else if (has_room (self))
    boot_worker (self);
}

void
weir_worker_pool_forget_attempt (WeirWorkerPool *self)
{
  g_autoptr (GCancellable) preparing = g_steal_pointer (&self->preparing);

  weir_worker_pool_leave_crowd (self);
  self->booting = NULL;
  self->needs_preparing = self->without_standby = FALSE;
  g_clear_error (&self->load_error);
  if (self->clock != NULL)
    cancel_collecting (self);
  if (preparing != NULL)
    g_cancellable_cancel (preparing);
}

void
weir_worker_pool_abandon_attempt (WeirWorkerPool *self)
{
  WeirWorker *booting = self->booting;

  weir_worker_pool_forget_attempt (self);
  if (booting != NULL)
    weir_worker_stop (booting);
}
