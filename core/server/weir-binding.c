/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-binding-private.h"

#include "worker/weir-worker-private.h"

/* Who asks, as a slot knows it. */
typedef struct
{
  WeirBinding *binding;
  guint64 bit;
} Asker;

struct _WeirBinding
{
  GObject parent_instance;

  GMainContext *control;
  WeirWorkerPool *pool;
  WeirCensor *censor;
  GPtrArray *engines;
  GPtrArray *slots; /* on them, in the same order */
  Asker askers[WEIR_BINDING_MOST_SLOTS];
  guint64 asking; /* bits of the slots that have asked for a worker, and were not answered yet */
  gboolean broken;
  GError *ended; /* what whoever asks on is told; NULL: it is served */
};

G_DEFINE_FINAL_TYPE (WeirBinding, weir_binding, G_TYPE_OBJECT)

/* One fact, the same for all data threads. */
typedef struct
{
  gatomicrefcount refs;
  WeirFunction *function;
  WeirGate *gate;
  char *text; /* a socket's path, or what is stale */
  gboolean takes_secrets;
  gboolean serves_early; /* what was sent to it before it was ready, too */
  GError *error;
} Fact;

/* On its way to one of them. */
typedef struct _Message Message;

typedef void (*MessageFunc) (const Message *message, const Fact *fact);

struct _Message
{
  Fact *fact;
  MessageFunc func;
  WeirSlot *slot;
  WeirEngine *engine;
};

static Fact *
fact_new (void)
{
  Fact *fact = g_new0 (Fact, 1);

  g_atomic_ref_count_init (&fact->refs);

  return fact;
}

static void
fact_unref (Fact *fact)
{
  if (!g_atomic_ref_count_dec (&fact->refs))
    return;
  g_clear_object (&fact->function);
  g_clear_pointer (&fact->gate, weir_gate_unref);
  g_free (fact->text);
  g_clear_error (&fact->error);
  g_free (fact);
}

static void
on_message (gpointer user_data)
{
  Message *message = user_data;

  message->func (message, message->fact);
  fact_unref (message->fact);
  weir_slot_unref (message->slot);
  g_object_unref (message->engine);
  g_free (message);
}

/* Takes the fact. */
static void
tell (WeirBinding *self, Fact *fact, MessageFunc func)
{
  for (guint i = 0; i < self->slots->len; i++)
    {
      Message *message = g_new (Message, 1);

      g_atomic_ref_count_inc (&fact->refs);
      message->fact = fact;
      message->func = func;
      message->slot = weir_slot_ref (self->slots->pdata[i]);
      message->engine = g_object_ref (self->engines->pdata[i]);
      weir_engine_invoke (message->engine, on_message, message);
    }
  fact_unref (fact);
}

/* What those that asked were waiting for. */
static void
answer (WeirBinding *self, Fact *fact, MessageFunc func)
{
  self->asking = 0;
  tell (self, fact, func);
}

/* ---- on the data threads ---- */

static void
tell_listening (const Message *message, const Fact *fact)
{
  g_autoptr (WeirUpstream) upstream = weir_upstream_new (message->engine, fact->text, fact->gate);

  weir_slot_send_early (message->slot, upstream);
}

static void
tell_ready (const Message *message, const Fact *fact)
{
  g_autoptr (WeirUpstream) upstream =
      fact->serves_early ? weir_slot_steal_early (message->slot, fact->gate) : NULL;

  if (upstream == NULL)
    upstream = weir_upstream_new (message->engine, fact->text, fact->gate);
  weir_upstream_set_takes_secrets (upstream, fact->takes_secrets);
  weir_slot_set_function (message->slot, fact->function);
  weir_slot_add_upstream (message->slot, upstream);
}

static void
tell_gone (const Message *message, const Fact *fact)
{
  weir_slot_remove_upstream (message->slot, fact->gate);
}

static void
tell_end (const Message *message, const Fact *fact)
{
  weir_slot_clear (message->slot);
}

static void
tell_declined (const Message *message, const Fact *fact)
{
  weir_slot_decline (message->slot);
}

static void
tell_failed (const Message *message, const Fact *fact)
{
  weir_slot_fail (message->slot, fact->error);
}

static void
tell_stale (const Message *message, const Fact *fact)
{
  weir_slot_decline (message->slot);
  weir_slot_set_stale (message->slot, fact->text);
}

static void
tell_crowded (const Message *message, const Fact *fact)
{
  weir_slot_set_crowded (message->slot);
}

static void
tell_exit_error (const Message *message, const Fact *fact)
{
  weir_slot_set_exit_error (message->slot, fact->gate, fact->error);
}

static void
tell_function (const Message *message, const Fact *fact)
{
  weir_slot_set_function (message->slot, fact->function);
}

/* ---- on the control thread ---- */

typedef struct
{
  WeirBinding *binding;
  guint64 bit;
  gboolean wanted;
} Demand;

static void
demand_free (gpointer data)
{
  Demand *demand = data;

  g_object_unref (demand->binding);
  g_free (demand);
}

static void
refuse (WeirBinding *self)
{
  Fact *fact = fact_new ();

  fact->error = g_error_copy (self->ended);
  answer (self, fact, tell_failed);
}

/* A worker is wanted as long as one of the slots wants it. A request that stages took their time
 * over may come when its function is gone already. */
static gboolean
on_demand (gpointer user_data)
{
  Demand *demand = user_data;
  WeirBinding *self = demand->binding;

  if (demand->wanted)
    self->asking |= demand->bit;
  else
    self->asking &= ~demand->bit;
  if (self->ended != NULL && demand->wanted)
    refuse (self);
  else if (demand->wanted)
    weir_worker_pool_demand (self->pool);
  else if (self->asking == 0)
    weir_worker_pool_withdraw (self->pool);

  return G_SOURCE_REMOVE;
}

/* A data thread. The slot outlives nothing that the server has not ended before it lets the
 * binding go, so the reference taken here is always of a live object. */
static void
post_demand (WeirSlot *slot, gboolean wanted, gpointer user_data)
{
  const Asker *asker = user_data;
  Demand *demand = g_new (Demand, 1);
  g_autoptr (GSource) source = g_idle_source_new ();

  demand->binding = g_object_ref (asker->binding);
  demand->bit = asker->bit;
  demand->wanted = wanted;
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "[weir] demand for a worker");
  g_source_set_callback (source, on_demand, demand, demand_free);
  g_source_attach (source, asker->binding->control);
}

static Fact *
fact_new_address (WeirWorker *worker)
{
  Fact *fact = fact_new ();

  fact->gate = weir_gate_ref (weir_worker_get_gate (worker));
  fact->text = g_strdup (weir_worker_get_socket_path (worker));
  return fact;
}

static void
on_pool_ready (WeirWorkerPool *pool, WeirWorker *worker, WeirBinding *self)
{
  Fact *fact = fact_new_address (worker);

  self->broken = FALSE;
  /* A server of node:http listens by itself, in place of who did before. */
  fact->serves_early = g_strcmp0 (weir_worker_get_form (worker), "node") != 0;
  fact->function = g_object_ref (weir_worker_get_function (worker));
  fact->takes_secrets = g_strcmp0 (weir_worker_get_form (worker), "handler") == 0;
  answer (self, fact, tell_ready);
}

static void
on_pool_gone (WeirWorkerPool *pool, WeirWorker *worker, WeirBinding *self)
{
  Fact *fact = fact_new ();

  fact->gate = weir_gate_ref (weir_worker_get_gate (worker));
  tell (self, fact, tell_gone);
}

static void
on_pool_declined (WeirWorkerPool *pool, WeirBinding *self)
{
  answer (self, fact_new (), tell_declined);
}

static void
on_pool_crowded (WeirWorkerPool *pool, WeirBinding *self)
{
  tell (self, fact_new (), tell_crowded);
}

static void
on_pool_failed (WeirWorkerPool *pool, const GError *error, WeirWorker *worker, WeirBinding *self)
{
  Fact *fact;

  if (self->ended != NULL) /* that is no failure, and there are words of its own for it */
    return;
  fact = fact_new ();
  self->broken = TRUE;
  fact->error = weir_censor_error (self->censor, error);
  answer (self, fact, tell_failed);
}

static void
on_pool_stale (WeirWorkerPool *pool, const GError *error, WeirBinding *self)
{
  Fact *fact = fact_new ();

  self->broken = TRUE;
  fact->text = weir_censor_text (self->censor, error->message);
  answer (self, fact, tell_stale);
}

static void
on_worker_exited (WeirWorker *worker, WeirBinding *self)
{
  const GError *error = weir_worker_get_error (worker);
  Fact *fact;

  if (error == NULL)
    return;

  fact = fact_new ();
  fact->gate = weir_gate_ref (weir_worker_get_gate (worker));
  fact->error = weir_censor_error (self->censor, error);
  tell (self, fact, tell_exit_error);
}

static void
on_pool_worker_added (WeirWorkerPool *pool, WeirWorker *worker, WeirBinding *self)
{
  g_signal_connect_object (worker, "exited", G_CALLBACK (on_worker_exited), self, 0);
  if (self->asking != 0 && weir_worker_listens (worker))
    tell (self, fact_new_address (worker), tell_listening);
}

void
weir_binding_set_function (WeirBinding *self, WeirFunction *function)
{
  /* While an older revision serves, the slot keeps that one's settings: the newer ones come
   * with the worker that is ready for them. */
  if (weir_worker_pool_get_n_serving (self->pool) == 0)
    {
      Fact *fact = fact_new ();

      fact->function = g_object_ref (function);
      tell (self, fact, tell_function);
    }
  weir_worker_pool_set_function (self->pool, function);
}

WeirWorkerPool *
weir_binding_get_pool (WeirBinding *self)
{
  return self->pool;
}

WeirSlot *
weir_binding_get_slot (WeirBinding *self, guint index)
{
  g_return_val_if_fail (index < self->slots->len, NULL);

  return self->slots->pdata[index];
}

void
weir_binding_set_socket_budget (WeirBinding *self, WeirSocketBudget *budget)
{
  for (guint i = 0; i < self->slots->len; i++)
    weir_slot_set_socket_budget (self->slots->pdata[i], budget);
}

WeirFunctionStats *
weir_binding_dup_stats (WeirBinding *self)
{
  WeirFunctionStats *stats = weir_function_stats_new (weir_worker_pool_get_restarts (self->pool));

  for (guint i = 0; i < self->slots->len; i++)
    weir_slot_add_stats (self->slots->pdata[i], stats);

  return stats;
}

gboolean
weir_binding_is_broken (WeirBinding *self)
{
  return self->broken;
}

static void
end (WeirBinding *self, gboolean drain, GError *error)
{
  g_clear_error (&self->ended);
  self->ended = error;
  weir_worker_pool_shut_down (self->pool, drain);
  tell (self, fact_new (), tell_end);
  refuse (self);
}

void
weir_binding_remove (WeirBinding *self)
{
  end (self,
       TRUE,
       g_error_new (WEIR_ERROR,
                    WEIR_ERROR_NOT_FOUND,
                    "The function “%s” is not served any more",
                    weir_slot_get_name (self->slots->pdata[0])));
}

void
weir_binding_stop (WeirBinding *self)
{
  end (self, FALSE, g_error_new (WEIR_ERROR, WEIR_ERROR_OVERLOADED, "The server is about to end"));
}

gboolean
weir_binding_is_over (WeirBinding *self)
{
  if (self->ended == NULL || g_list_model_get_n_items (G_LIST_MODEL (self->pool)) > 0)
    return FALSE;
  for (guint i = 0; i < self->slots->len; i++)
    if (weir_slot_is_held (self->slots->pdata[i]))
      return FALSE;
  return TRUE;
}

static void
weir_binding_finalize (GObject *object)
{
  WeirBinding *self = WEIR_BINDING (object);

  g_clear_error (&self->ended);
  g_clear_pointer (&self->slots, g_ptr_array_unref);
  g_clear_object (&self->pool);
  g_clear_pointer (&self->censor, weir_censor_unref);
  g_clear_pointer (&self->engines, g_ptr_array_unref);
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

static void
add_slots (WeirBinding *self, const char *name)
{
  g_autoptr (WeirSlotTeam) team = weir_slot_team_new (self->engines->len);

  self->slots = g_ptr_array_new_full (self->engines->len, (GDestroyNotify) weir_slot_unref);
  for (guint i = 0; i < self->engines->len; i++)
    {
      self->askers[i] = (Asker){ self, G_GUINT64_CONSTANT (1) << i };
      g_ptr_array_add (self->slots,
                       weir_slot_new_in_team (team,
                                              i,
                                              self->engines->pdata[i],
                                              name,
                                              post_demand,
                                              &self->askers[i]));
    }
}

WeirBinding *
weir_binding_new (GPtrArray *engines,
                  GMainContext *control,
                  WeirWorkerPool *pool,
                  WeirCensor *censor)
{
  WeirFunction *function = weir_worker_pool_get_function (pool);
  WeirBinding *self;
  Fact *fact;

  g_return_val_if_fail (engines->len > 0 && engines->len <= WEIR_BINDING_MOST_SLOTS, NULL);

  self = g_object_new (WEIR_TYPE_BINDING, NULL);
  self->engines = g_ptr_array_ref (engines);
  self->control = g_main_context_ref (control);
  self->pool = g_object_ref (pool);
  self->censor = weir_censor_ref (censor);
  add_slots (self, weir_function_get_name (function));

  g_signal_connect_object (pool, "worker-added", G_CALLBACK (on_pool_worker_added), self, 0);
  g_signal_connect_object (pool, "ready", G_CALLBACK (on_pool_ready), self, 0);
  g_signal_connect_object (pool, "gone", G_CALLBACK (on_pool_gone), self, 0);
  g_signal_connect_object (pool, "failed", G_CALLBACK (on_pool_failed), self, 0);
  g_signal_connect_object (pool, "declined", G_CALLBACK (on_pool_declined), self, 0);
  g_signal_connect_object (pool, "crowded", G_CALLBACK (on_pool_crowded), self, 0);
  g_signal_connect_object (pool, "stale", G_CALLBACK (on_pool_stale), self, 0);

  fact = fact_new ();
  fact->function = g_object_ref (function);
  tell (self, fact, tell_function);

  return self;
}
