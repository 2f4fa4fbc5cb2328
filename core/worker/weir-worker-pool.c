/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-worker-attempt-private.h"

#include "base/weir-error.h"
#include "base/weir-signal-private.h"
#include "worker/weir-worker-private.h"

guint weir_worker_pool_signals[WEIR_WORKER_POOL_N_SIGNALS];

static void weir_worker_pool_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirWorkerPool,
                               weir_worker_pool,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL,
                                                      weir_worker_pool_list_model_init))

void
weir_worker_pool_emit (WeirWorkerPool *self, guint signal)
{
  g_signal_emit (self, weir_worker_pool_signals[signal], 0);
}

void
weir_worker_pool_demand (WeirWorkerPool *self)
{
  gboolean crowded;

  g_return_if_fail (WEIR_IS_WORKER_POOL (self));

  if (self->shut_down)
    return;
  self->roused = self->refilling = TRUE;
  if (self->serving->len > 0)
    self->late_demand = weir_clock_now (self->clock);
  if (weir_worker_pool_is_full (self))
    {
      weir_worker_pool_emit (self, WEIR_WORKER_POOL_SIGNAL_DECLINED);
      return;
    }
  self->demanded = TRUE;
  crowded = self->crowded;
  weir_worker_pool_pursue (self);
  if (crowded && self->crowded) /* who asks now may not have heard it */
    weir_worker_pool_emit (self, WEIR_WORKER_POOL_SIGNAL_CROWDED);
}

void
weir_worker_pool_withdraw (WeirWorkerPool *self)
{
  g_return_if_fail (WEIR_IS_WORKER_POOL (self));

  if (self->options.eager) /* it is to be there whether anybody asks or not */
    return;
  self->demanded = FALSE;
  self->late_demand = 0;
  if (!weir_worker_pool_is_wanting (self))
    weir_worker_pool_leave_crowd (self);
}

void
weir_worker_pool_start (WeirWorkerPool *self)
{
  g_return_if_fail (WEIR_IS_WORKER_POOL (self));

  if (self->options.eager)
    weir_worker_pool_demand (self);
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
  weir_pool_options_read (&self->options, function);
  self->prepared = FALSE;
  self->stale = FALSE;
  self->reloading = self->serving->len > 0;
  self->refilling = self->roused && !self->shut_down;
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

void
weir_worker_pool_set_capacity (WeirWorkerPool *self, WeirCapacity *capacity)
{
  g_return_if_fail (WEIR_IS_WORKER_POOL (self));
  g_return_if_fail (capacity == NULL || WEIR_IS_CAPACITY (capacity));

  g_set_object (&self->capacity, capacity);
}

WeirFunction *
weir_worker_pool_get_function (WeirWorkerPool *self)
{
  g_return_val_if_fail (WEIR_IS_WORKER_POOL (self), NULL);

  return self->function;
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
weir_worker_pool_retire (WeirWorkerPool *self)
{
  g_return_if_fail (WEIR_IS_WORKER_POOL (self));

  g_object_ref (self);
  self->refilling = FALSE;
  while (self->serving->len > 0)
    {
      guint n = self->serving->len;

      weir_worker_retire (weir_worker_pool_get_serving (self, n - 1));
      if (self->serving->len >= n) /* the worker is in the middle of a step, and ends after it */
        break;
    }
  g_object_unref (self);
}

void
weir_worker_pool_shut_down (WeirWorkerPool *self, gboolean drain)
{
  g_autoptr (GPtrArray) workers = NULL;
  gboolean waited;

  g_return_if_fail (WEIR_IS_WORKER_POOL (self));

  waited = self->demanded && !self->shut_down;
  self->shut_down = TRUE;
  self->demanded = self->reloading = self->refilling = FALSE;
  weir_worker_pool_forgive (self);
  weir_worker_pool_abandon_attempt (self);

  workers = copy_workers (self);
  for (guint i = 0; i < workers->len; i++)
    if (drain)
      weir_worker_retire (g_ptr_array_index (workers, i));
    else
      weir_worker_stop (g_ptr_array_index (workers, i));

  if (waited && self->serving->len > 0) /* one that ends after the step it is in */
    {
      weir_worker_pool_emit (self, WEIR_WORKER_POOL_SIGNAL_DECLINED);
    }
  else if (waited)
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
  g_array_set_size (self->serving, 0);
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
  g_clear_object (&self->capacity);
  g_free (self->socket_directory);
  g_ptr_array_unref (self->workers);
  g_array_unref (self->serving);
  g_strfreev (self->files);
  G_OBJECT_CLASS (weir_worker_pool_parent_class)->finalize (object);
}

static void
weir_worker_pool_class_init (WeirWorkerPoolClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GType type = WEIR_TYPE_WORKER_POOL;

  object_class->dispose = weir_worker_pool_dispose;
  object_class->finalize = weir_worker_pool_finalize;
  weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_WORKER_ADDED] =
      weir_signal_new (type, "worker-added", 1, WEIR_TYPE_WORKER);
  weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_READY] =
      weir_signal_new (type, "ready", 1, WEIR_TYPE_WORKER);
  weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_GONE] =
      weir_signal_new (type, "gone", 1, WEIR_TYPE_WORKER);
  weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_FAILED] =
      weir_signal_new (type, "failed", 2, G_TYPE_ERROR, WEIR_TYPE_WORKER);
  weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_STALE] =
      weir_signal_new (type, "stale", 1, G_TYPE_ERROR);
  weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_DECLINED] =
      weir_signal_new (type, "declined", 0);
  weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_CROWDED] = weir_signal_new (type, "crowded", 0);
  weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_WARM] = weir_signal_new (type, "warm", 0);
  weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_COLD] = weir_signal_new (type, "cold", 0);
  weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_PROGRESS] =
      weir_signal_new (type, "progress", 1, G_TYPE_STRING);
  weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_FILES_CHANGED] =
      weir_signal_new (type, "files-changed", 0);
  weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_LOG] =
      weir_signal_new (type, "log", 3, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING);
  weir_worker_pool_signals[WEIR_WORKER_POOL_SIGNAL_FAILURE] = weir_signal_new (type,
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
weir_worker_pool_init (WeirWorkerPool *self)
{
  self->workers = g_ptr_array_new_with_free_func (g_object_unref);
  self->serving = g_array_new (FALSE, FALSE, sizeof (WeirServing));
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
  weir_pool_options_read (&self->options, function);
  self->runtime = g_object_ref (runtime);
  self->clock = g_object_ref (clock);
  self->socket_directory = g_strdup (socket_directory);
  self->factory = factory;
  self->factory_data = factory_data;
  return self;
}
