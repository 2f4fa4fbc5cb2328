/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-worker-attempt-private.h"

#include "base/weir-error.h"
#include "worker/weir-worker-private.h"

/* For how long a demand that met a current worker counts, should that worker turn out to
 * be dead: the kernel may take a moment to clear away a large one. */
#define LATE_DEMAND_US (5 * G_TIME_SPAN_SECOND)

guint weir_worker_pool_signals[WEIR_WORKER_POOL_N_SIGNALS];

static void weir_worker_pool_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirWorkerPool,
                               weir_worker_pool,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL,
                                                      weir_worker_pool_list_model_init))

static void
take_over (WeirWorkerPool *self, WeirWorker *worker)
{
  WeirWorker *old = self->current;

  self->booting = NULL;
  self->current = worker;
  self->current_since = weir_clock_now (self->clock);
  self->late_demand = 0;
  self->demanded = FALSE;
  self->reloading = FALSE;
  if (old != NULL)
    weir_worker_retire (old);
  if (self->current == worker)
    g_signal_emit (self, weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_READY], 0, worker);
}

static gboolean
has_crashed (WeirWorker *worker)
{
  switch (weir_worker_get_exit_reason (worker))
    {
    case WEIR_WORKER_EXIT_REASON_CRASH:
    case WEIR_WORKER_EXIT_REASON_LIMIT_CPU:
    case WEIR_WORKER_EXIT_REASON_LIMIT_MEMORY:
    case WEIR_WORKER_EXIT_REASON_LIMIT_WALL:
      return TRUE;
    case WEIR_WORKER_EXIT_REASON_NONE:
    case WEIR_WORKER_EXIT_REASON_REQUESTED:
    case WEIR_WORKER_EXIT_REASON_IDLE:
    case WEIR_WORKER_EXIT_REASON_RETIRED:
    case WEIR_WORKER_EXIT_REASON_BOOT_TIMEOUT:
    case WEIR_WORKER_EXIT_REASON_LOAD:
    case WEIR_WORKER_EXIT_REASON_SPAWN:
      break;
    }
  return FALSE;
}

static void
lose_current (WeirWorkerPool *self, WeirWorker *worker)
{
  gint64 now = weir_clock_now (self->clock);
  gboolean crashed = has_crashed (worker);

  /* The data plane sees a broken socket before this thread sees the exit, so somebody may
   * have asked while the dead worker still was the current one. */
  if (crashed && self->late_demand != 0 && now - self->late_demand < LATE_DEMAND_US)
    self->demanded = TRUE;
  self->late_demand = 0;
  self->current = NULL;
  if (crashed && now - self->current_since < WEIR_WORKER_POOL_FAILURE_WINDOW_US)
    weir_worker_pool_note_failure (self);
  else if (crashed)
    weir_worker_pool_forgive (self);
  g_signal_emit (self, weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_GONE], 0, worker);
  weir_worker_pool_pursue (self);
}

static void
on_worker_state_changed (WeirWorker *worker,
                         WeirWorkerState from,
                         WeirWorkerState to,
                         WeirWorkerPool *self)
{
  gboolean ending = to > WEIR_WORKER_STATE_BUSY;

  g_object_ref (self);
  if (worker == self->booting && to == WEIR_WORKER_STATE_IDLE)
    {
      take_over (self, worker);
    }
  else if (worker == self->booting && ending)
    {
      self->booting = NULL;
      weir_worker_pool_fail_attempt (self, weir_worker_get_error (worker), worker);
    }
  else if (worker == self->current && ending)
    {
      lose_current (self, worker);
    }
  g_object_unref (self);
}

static void
on_worker_exited (WeirWorker *worker, WeirWorkerPool *self)
{
  guint position;

  if (!g_ptr_array_find (self->workers, worker, &position))
    return;
  g_object_ref (self);
  g_signal_handlers_disconnect_by_data (worker, self);
  g_object_ref (worker);
  g_ptr_array_remove_index (self->workers, position);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
  g_object_unref (worker);
  g_object_unref (self);
}

static void
on_worker_log (WeirWorker *worker,
               const char *level,
               const char *message,
               const char *request_id,
               WeirWorkerPool *self)
{
  g_signal_emit (self,
                 weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_LOG],
                 0,
                 level,
                 message,
                 request_id);
}

static void
on_worker_failure (WeirWorker *worker,
                   const char *kind,
                   const char *message,
                   const char *stack,
                   const char *file,
                   guint line,
                   guint column,
                   const char *source,
                   const char *request_id,
                   WeirWorkerPool *self)
{
  g_signal_emit (self,
                 weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_FAILURE],
                 0,
                 kind,
                 message,
                 stack,
                 file,
                 line,
                 column,
                 source,
                 request_id);
}

void
weir_worker_pool_add_worker (WeirWorkerPool *self, WeirWorker *worker)
{
  g_signal_connect_object (worker, "state-changed", G_CALLBACK (on_worker_state_changed), self, 0);
  g_signal_connect_object (worker, "exited", G_CALLBACK (on_worker_exited), self, 0);
  g_signal_connect_object (worker, "log", G_CALLBACK (on_worker_log), self, 0);
  g_signal_connect_object (worker, "failure", G_CALLBACK (on_worker_failure), self, 0);
  g_ptr_array_add (self->workers, g_object_ref (worker));
  g_list_model_items_changed (G_LIST_MODEL (self), self->workers->len - 1, 0, 1);
  g_signal_emit (self, weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_WORKER_ADDED], 0, worker);
}

void
weir_worker_pool_demand (WeirWorkerPool *self)
{
  g_return_if_fail (WEIR_IS_WORKER_POOL (self));

  if (self->shut_down)
    return;
  if (self->current != NULL)
    {
      self->late_demand = weir_clock_now (self->clock);
      return;
    }
  self->demanded = TRUE;
  weir_worker_pool_pursue (self);
}

void
weir_worker_pool_set_function (WeirWorkerPool *self, WeirFunction *function)
{
  g_return_if_fail (WEIR_IS_WORKER_POOL (self));
  g_return_if_fail (WEIR_IS_FUNCTION (function));

  if (self->function == function)
    return;
  if (self->standbys != NULL)
    weir_standby_pool_replace (self->standbys, self->function, function);
  g_set_object (&self->function, function);
  self->prepared = FALSE;
  self->reloading = self->current != NULL;
  weir_worker_pool_forgive (self);
  weir_worker_pool_abandon_attempt (self);
  weir_worker_pool_pursue (self);
}

void
weir_worker_pool_set_standbys (WeirWorkerPool *self, WeirStandbyPool *standbys)
{
  g_return_if_fail (WEIR_IS_WORKER_POOL (self));
  g_return_if_fail (standbys == NULL || WEIR_IS_STANDBY_POOL (standbys));

  g_set_object (&self->standbys, standbys);
}

WeirFunction *
weir_worker_pool_get_function (WeirWorkerPool *self)
{
  g_return_val_if_fail (WEIR_IS_WORKER_POOL (self), NULL);

  return self->function;
}

WeirWorker *
weir_worker_pool_get_current (WeirWorkerPool *self)
{
  g_return_val_if_fail (WEIR_IS_WORKER_POOL (self), NULL);

  return self->current;
}

const char *const *
weir_worker_pool_get_files (WeirWorkerPool *self)
{
  g_return_val_if_fail (WEIR_IS_WORKER_POOL (self), NULL);

  return (const char *const *) self->files;
}

static GPtrArray *
copy_workers (WeirWorkerPool *self)
{
  GPtrArray *copy = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < self->workers->len; i++)
    g_ptr_array_add (copy, g_object_ref (g_ptr_array_index (self->workers, i)));
  return copy;
}

void
weir_worker_pool_shut_down (WeirWorkerPool *self, gboolean drain)
{
  g_autoptr (GPtrArray) workers = NULL;
  gboolean waited;

  g_return_if_fail (WEIR_IS_WORKER_POOL (self));

  waited = self->demanded && !self->shut_down;
  self->shut_down = TRUE;
  self->demanded = self->reloading = FALSE;
  weir_worker_pool_forgive (self);
  weir_worker_pool_abandon_attempt (self);

  workers = copy_workers (self);
  for (guint i = 0; i < workers->len; i++)
    if (drain)
      weir_worker_retire (g_ptr_array_index (workers, i));
    else
      weir_worker_stop (g_ptr_array_index (workers, i));

  if (waited)
    {
      g_autoptr (GError) error =
          g_error_new_literal (WEIR_ERROR, WEIR_ERROR_CANCELLED, "The server is shutting down");

      g_signal_emit (self,
                     weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_FAILED],
                     0,
                     error,
                     NULL);
    }
}

static GType
weir_worker_pool_get_item_type (GListModel *list)
{
  return WEIR_TYPE_WORKER;
}

static guint
weir_worker_pool_get_n_items (GListModel *list)
{
  return WEIR_WORKER_POOL (list)->workers->len;
}

static gpointer
weir_worker_pool_get_item (GListModel *list, guint position)
{
  WeirWorkerPool *self = WEIR_WORKER_POOL (list);

  if (position >= self->workers->len)
    return NULL;
  return g_object_ref (g_ptr_array_index (self->workers, position));
}

static void
weir_worker_pool_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = weir_worker_pool_get_item_type;
  iface->get_n_items = weir_worker_pool_get_n_items;
  iface->get_item = weir_worker_pool_get_item;
}

/* Whoever drops a pool has shut it down before: a worker that is dropped alive kills its
 * process and says so. */
static void
weir_worker_pool_dispose (GObject *object)
{
  WeirWorkerPool *self = WEIR_WORKER_POOL (object);

  self->shut_down = TRUE;
  if (self->clock != NULL)
    {
      weir_clock_disarm (self->clock, self->retry);
      self->retry = 0;
    }
  weir_worker_pool_forget_attempt (self);
  self->current = self->booting = NULL;
  for (guint i = 0; i < self->workers->len; i++)
    g_signal_handlers_disconnect_by_data (g_ptr_array_index (self->workers, i), self);
  g_ptr_array_set_size (self->workers, 0);
  G_OBJECT_CLASS (weir_worker_pool_parent_class)->dispose (object);
}

static void
weir_worker_pool_finalize (GObject *object)
{
  WeirWorkerPool *self = WEIR_WORKER_POOL (object);

  g_clear_object (&self->function);
  g_clear_object (&self->runtime);
  g_clear_object (&self->clock);
  g_clear_object (&self->standbys);
  g_free (self->socket_directory);
  g_ptr_array_unref (self->workers);
  g_strfreev (self->files);
  G_OBJECT_CLASS (weir_worker_pool_parent_class)->finalize (object);
}

static guint
define_signal (const char *name, guint n_params, ...)
{
  va_list params;
  guint id;

  va_start (params, n_params);
  id = g_signal_new_valist (name,
                            WEIR_TYPE_WORKER_POOL,
                            G_SIGNAL_RUN_LAST,
                            NULL,
                            NULL,
                            NULL,
                            NULL,
                            G_TYPE_NONE,
                            n_params,
                            params);
  va_end (params);
  return id;
}

static void
weir_worker_pool_class_init (WeirWorkerPoolClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = weir_worker_pool_dispose;
  object_class->finalize = weir_worker_pool_finalize;
  weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_WORKER_ADDED] =
      define_signal ("worker-added", 1, WEIR_TYPE_WORKER);
  weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_READY] =
      define_signal ("ready", 1, WEIR_TYPE_WORKER);
  weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_GONE] =
      define_signal ("gone", 1, WEIR_TYPE_WORKER);
  weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_FAILED] =
      define_signal ("failed", 2, G_TYPE_ERROR, WEIR_TYPE_WORKER);
  weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_STALE] =
      define_signal ("stale", 1, G_TYPE_ERROR);
  weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_PROGRESS] =
      define_signal ("progress", 1, G_TYPE_STRING);
  weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_FILES_CHANGED] =
      define_signal ("files-changed", 0);
  weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_LOG] =
      define_signal ("log", 3, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING);
  weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_FAILURE] = define_signal ("failure",
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
weir_worker_pool_init (WeirWorkerPool *self)
{
  self->workers = g_ptr_array_new_with_free_func (g_object_unref);
}

WeirWorkerPool *
weir_worker_pool_new (WeirFunction *function,
                      WeirRuntime *runtime,
                      WeirClock *clock,
                      const char *socket_directory,
                      WeirProcessFactory factory,
                      gpointer factory_data)
{
  WeirWorkerPool *self;

  g_return_val_if_fail (WEIR_IS_FUNCTION (function), NULL);
  g_return_val_if_fail (WEIR_IS_RUNTIME (runtime), NULL);
  g_return_val_if_fail (WEIR_IS_CLOCK (clock), NULL);
  g_return_val_if_fail (socket_directory != NULL, NULL);
  g_return_val_if_fail (factory != NULL, NULL);

  self = g_object_new (WEIR_TYPE_WORKER_POOL, NULL);
  self->function = g_object_ref (function);
  self->runtime = g_object_ref (runtime);
  self->clock = g_object_ref (clock);
  self->socket_directory = g_strdup (socket_directory);
  self->factory = factory;
  self->factory_data = factory_data;
  return self;
}
