/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-binding-private.h"

#include "worker/weir-worker-private.h"

struct _WeirBinding
{
  GObject parent_instance;

  WeirEngine *engine;
  GMainContext *control;
  WeirWorkerPool *pool;
  WeirCensor *censor;
  WeirSlot *slot;
  gboolean broken;
  gboolean shut_down;
};

G_DEFINE_FINAL_TYPE (WeirBinding, weir_binding, G_TYPE_OBJECT)

/* One fact on its way to the data thread. */
typedef struct
{
  WeirSlot *slot;
  WeirEngine *engine;
  WeirFunction *function;
  WeirGate *gate;
  char *text; /* a socket's path, or what is stale */
  gboolean takes_secrets;
  GError *error;
} Fact;

static Fact *
fact_new (WeirBinding *self)
{
  Fact *fact = g_new0 (Fact, 1);

  fact->slot = weir_slot_ref (self->slot);
  fact->engine = g_object_ref (self->engine);

  return fact;
}

static void
fact_free (Fact *fact)
{
  weir_slot_unref (fact->slot);
  g_object_unref (fact->engine);
  g_clear_object (&fact->function);
  g_clear_pointer (&fact->gate, weir_gate_unref);
  g_free (fact->text);
  g_clear_error (&fact->error);
  g_free (fact);
}

static void
tell (Fact *fact, WeirInvokeFunc func)
{
  weir_engine_invoke (fact->engine, func, fact);
}

/* ---- on the data thread ---- */

static void
tell_ready (gpointer user_data)
{
  Fact *fact = user_data;
  WeirUpstream *upstream = weir_upstream_new (fact->engine, fact->text, fact->gate);

  weir_upstream_set_takes_secrets (upstream, fact->takes_secrets);
  weir_slot_set_function (fact->slot, fact->function);
  weir_slot_add_upstream (fact->slot, upstream);
  weir_upstream_unref (upstream);
  fact_free (fact);
}

static void
tell_gone (gpointer user_data)
{
  Fact *fact = user_data;

  weir_slot_remove_upstream (fact->slot, fact->gate);
  fact_free (fact);
}

static void
tell_end (gpointer user_data)
{
  Fact *fact = user_data;

  weir_slot_clear (fact->slot);
  fact_free (fact);
}

static void
tell_declined (gpointer user_data)
{
  Fact *fact = user_data;

  weir_slot_decline (fact->slot);
  fact_free (fact);
}

static void
tell_failed (gpointer user_data)
{
  Fact *fact = user_data;

  weir_slot_fail (fact->slot, fact->error);
  fact_free (fact);
}

static void
tell_stale (gpointer user_data)
{
  Fact *fact = user_data;

  weir_slot_decline (fact->slot);
  weir_slot_set_stale (fact->slot, fact->text);
  fact_free (fact);
}

static void
tell_crowded (gpointer user_data)
{
  Fact *fact = user_data;

  weir_slot_set_crowded (fact->slot);
  fact_free (fact);
}

static void
tell_exit_error (gpointer user_data)
{
  Fact *fact = user_data;

  weir_slot_set_exit_error (fact->slot, fact->gate, fact->error);
  fact_free (fact);
}

static void
tell_function (gpointer user_data)
{
  Fact *fact = user_data;

  weir_slot_set_function (fact->slot, fact->function);
  fact_free (fact);
}

/* ---- on the control thread ---- */

static gboolean
on_demand (gpointer user_data)
{
  WeirBinding *self = user_data;

  if (!self->shut_down)
    weir_worker_pool_demand (self->pool);

  return G_SOURCE_REMOVE;
}

static gboolean
on_withdrawn (gpointer user_data)
{
  WeirBinding *self = user_data;

  if (!self->shut_down)
    weir_worker_pool_withdraw (self->pool);

  return G_SOURCE_REMOVE;
}

/* Data thread. The slot outlives nothing that the server has not ended before it lets the
 * binding go, so the reference taken here is always of a live object. */
static void
post_demand (WeirSlot *slot, gboolean wanted, gpointer user_data)
{
  WeirBinding *self = user_data;
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "[weir] demand for a worker");
  g_source_set_callback (source,
                         wanted ? on_demand : on_withdrawn,
                         g_object_ref (self),
                         g_object_unref);
  g_source_attach (source, self->control);
}

static void
on_pool_ready (WeirWorkerPool *pool, WeirWorker *worker, WeirBinding *self)
{
  Fact *fact = fact_new (self);

  self->broken = FALSE;
  fact->gate = weir_gate_ref (weir_worker_get_gate (worker));
  fact->text = g_strdup (weir_worker_get_socket_path (worker));
  fact->function = g_object_ref (weir_worker_get_function (worker));
  fact->takes_secrets = g_strcmp0 (weir_worker_get_form (worker), "handler") == 0;
  tell (fact, tell_ready);
}

static void
on_pool_gone (WeirWorkerPool *pool, WeirWorker *worker, WeirBinding *self)
{
  Fact *fact = fact_new (self);

  fact->gate = weir_gate_ref (weir_worker_get_gate (worker));
  tell (fact, tell_gone);
}

static void
on_pool_declined (WeirWorkerPool *pool, WeirBinding *self)
{
  tell (fact_new (self), tell_declined);
}

static void
on_pool_crowded (WeirWorkerPool *pool, WeirBinding *self)
{
  tell (fact_new (self), tell_crowded);
}

static void
on_pool_failed (WeirWorkerPool *pool, const GError *error, WeirWorker *worker, WeirBinding *self)
{
  Fact *fact = fact_new (self);

  self->broken = TRUE;
  fact->error = weir_censor_error (self->censor, error);
  tell (fact, tell_failed);
}

static void
on_pool_stale (WeirWorkerPool *pool, const GError *error, WeirBinding *self)
{
  Fact *fact = fact_new (self);

  self->broken = TRUE;
  fact->text = weir_censor_text (self->censor, error->message);
  tell (fact, tell_stale);
}

static void
on_worker_exited (WeirWorker *worker, WeirBinding *self)
{
  const GError *error = weir_worker_get_error (worker);
  Fact *fact;

  if (error == NULL)
    return;

  fact = fact_new (self);
  fact->gate = weir_gate_ref (weir_worker_get_gate (worker));
  fact->error = weir_censor_error (self->censor, error);
  tell (fact, tell_exit_error);
}

static void
on_pool_worker_added (WeirWorkerPool *pool, WeirWorker *worker, WeirBinding *self)
{
  g_signal_connect_object (worker, "exited", G_CALLBACK (on_worker_exited), self, 0);
}

void
weir_binding_set_function (WeirBinding *self, WeirFunction *function)
{
  /* While an older revision serves, the slot keeps that one's settings: the newer ones come
   * with the worker that is ready for them. */
  if (weir_worker_pool_get_n_serving (self->pool) == 0)
    {
      Fact *fact = fact_new (self);

      fact->function = g_object_ref (function);
      tell (fact, tell_function);
    }
  weir_worker_pool_set_function (self->pool, function);
}

WeirWorkerPool *
weir_binding_get_pool (WeirBinding *self)
{
  return self->pool;
}

WeirSlot *
weir_binding_get_slot (WeirBinding *self)
{
  return self->slot;
}

WeirFunctionStats *
weir_binding_dup_stats (WeirBinding *self)
{
  WeirFunctionStats *stats = weir_function_stats_new (weir_worker_pool_get_restarts (self->pool));

  weir_slot_add_stats (self->slot, stats);

  return stats;
}

gboolean
weir_binding_is_broken (WeirBinding *self)
{
  return self->broken;
}

void
weir_binding_shut_down (WeirBinding *self, gboolean drain)
{
  Fact *fact = fact_new (self);

  self->shut_down = TRUE;
  weir_worker_pool_shut_down (self->pool, drain);
  tell (fact_new (self), tell_end);

  fact->error = g_error_new (WEIR_ERROR,
                             WEIR_ERROR_NOT_FOUND,
                             "The function “%s” is not served any more",
                             weir_slot_get_name (self->slot));
  tell (fact, tell_failed);
}

static void
weir_binding_finalize (GObject *object)
{
  WeirBinding *self = WEIR_BINDING (object);

  g_clear_pointer (&self->slot, weir_slot_unref);
  g_clear_object (&self->pool);
  g_clear_pointer (&self->censor, weir_censor_unref);
  g_clear_object (&self->engine);
  g_clear_pointer (&self->control, g_main_context_unref);

  G_OBJECT_CLASS (weir_binding_parent_class)->finalize (object);
}

static void
weir_binding_class_init (WeirBindingClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = weir_binding_finalize;
}

static void
weir_binding_init (WeirBinding *self)
{
}

WeirBinding *
weir_binding_new (WeirEngine *engine,
                  GMainContext *control,
                  WeirWorkerPool *pool,
                  WeirCensor *censor)
{
  WeirBinding *self = g_object_new (WEIR_TYPE_BINDING, NULL);
  WeirFunction *function = weir_worker_pool_get_function (pool);
  Fact *fact;

  self->engine = g_object_ref (engine);
  self->control = g_main_context_ref (control);
  self->pool = g_object_ref (pool);
  self->censor = weir_censor_ref (censor);
  self->slot = weir_slot_new (engine, weir_function_get_name (function), post_demand, self);

  g_signal_connect_object (pool, "worker-added", G_CALLBACK (on_pool_worker_added), self, 0);
  g_signal_connect_object (pool, "ready", G_CALLBACK (on_pool_ready), self, 0);
  g_signal_connect_object (pool, "gone", G_CALLBACK (on_pool_gone), self, 0);
  g_signal_connect_object (pool, "failed", G_CALLBACK (on_pool_failed), self, 0);
  g_signal_connect_object (pool, "declined", G_CALLBACK (on_pool_declined), self, 0);
  g_signal_connect_object (pool, "crowded", G_CALLBACK (on_pool_crowded), self, 0);
  g_signal_connect_object (pool, "stale", G_CALLBACK (on_pool_stale), self, 0);

  fact = fact_new (self);
  fact->function = g_object_ref (function);
  tell (fact, tell_function);

  return self;
}
