/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "worker/weir-supervisor-private.h"

#include "base/weir-signal-private.h"
#include "worker/weir-supervision-private.h"

struct _WeirSupervisor
{
  GObject parent_instance;

  WeirClock *clock;
  WeirResourceUsage *usage;
  GHashTable *supervisions; /* WeirWorker -> WeirSupervision */
  guint64 timer;
};

enum
{
  SIGNAL_NOTICE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (WeirSupervisor, weir_supervisor, G_TYPE_OBJECT)

static void on_tick (gpointer user_data);

/* At the next turn it stops by itself when nobody is active any more. */
static void
keep_ticking (WeirSupervisor *self)
{
  if (self->timer == 0)
    self->timer = weir_clock_arm (self->clock, WEIR_SUPERVISOR_INTERVAL_MS, on_tick, self);
}

static GPtrArray *
copy_supervisions (WeirSupervisor *self)
{
  GPtrArray *copy = g_ptr_array_new_with_free_func ((GDestroyNotify) weir_supervision_unref);
  GHashTableIter iter;
  gpointer supervision;

  g_hash_table_iter_init (&iter, self->supervisions);
  while (g_hash_table_iter_next (&iter, NULL, &supervision))
    g_ptr_array_add (copy, weir_supervision_ref (supervision));
  return copy;
}

static void
on_tick (gpointer user_data)
{
  WeirSupervisor *self = user_data;
  g_autoptr (GPtrArray) supervisions = copy_supervisions (self);

  g_object_ref (self); /* a handler may drop the last reference */
  self->timer = 0;
  for (guint i = 0; i < supervisions->len; i++)
    if (weir_supervision_is_active (supervisions->pdata[i]))
      {
        weir_supervision_sample (supervisions->pdata[i]);
        keep_ticking (self);
      }
  g_object_unref (self);
}

static void
follow (WeirSupervisor *self, WeirWorker *worker)
{
  WeirSupervision *supervision = g_hash_table_lookup (self->supervisions, worker);

  if (supervision != NULL && weir_supervision_is_active (supervision))
    keep_ticking (self);
}

static void
on_state_changed (WeirWorker *worker,
                  WeirWorkerState from,
                  WeirWorkerState to,
                  WeirSupervisor *self)
{
  WeirSupervision *supervision = g_hash_table_lookup (self->supervisions, worker);

  if (supervision == NULL)
    return;
  if (to == WEIR_WORKER_STATE_IDLE && from == WEIR_WORKER_STATE_BOOTING)
    weir_supervision_begin (supervision);
  else if (to > WEIR_WORKER_STATE_BUSY)
    weir_supervision_leave (supervision);
  follow (self, worker);
}

static void
on_tasks (WeirWorker *worker, GParamSpec *pspec, WeirSupervisor *self)
{
  follow (self, worker);
}

static void
on_exited (WeirWorker *worker, WeirSupervisor *self)
{
  WeirSupervision *supervision = g_hash_table_lookup (self->supervisions, worker);

  if (supervision == NULL)
    return;
  weir_supervision_end (supervision);
  g_signal_handlers_disconnect_by_data (worker, self);
  g_hash_table_remove (self->supervisions, worker);
}

static void
on_notice (WeirWorker *worker, const char *text, gpointer user_data)
{
  g_signal_emit (user_data, signals[SIGNAL_NOTICE], 0, worker, text);
}

void
weir_supervisor_add_worker (WeirSupervisor *self, WeirWorker *worker)
{
  g_return_if_fail (WEIR_IS_SUPERVISOR (self));
  g_return_if_fail (WEIR_IS_WORKER (worker));

  g_hash_table_insert (self->supervisions,
                       worker,
                       weir_supervision_new (self->clock, self->usage, worker, on_notice, self));
  g_signal_connect_object (worker, "state-changed", G_CALLBACK (on_state_changed), self, 0);
  g_signal_connect_object (worker, "notify::background-tasks", G_CALLBACK (on_tasks), self, 0);
  g_signal_connect_object (worker, "exited", G_CALLBACK (on_exited), self, 0);
}

gboolean
weir_supervisor_read (WeirSupervisor *self, WeirWorker *worker, WeirResourceSample *sample)
{
  g_return_val_if_fail (WEIR_IS_SUPERVISOR (self), FALSE);

  return weir_resource_usage_read (self->usage, weir_worker_get_pid (worker), sample);
}

static void
weir_supervisor_dispose (GObject *object)
{
  WeirSupervisor *self = WEIR_SUPERVISOR (object);
  g_autoptr (GPtrArray) supervisions = copy_supervisions (self);

  if (self->clock != NULL)
    weir_clock_disarm (self->clock, self->timer);
  self->timer = 0;
  for (guint i = 0; i < supervisions->len; i++)
    weir_supervision_end (supervisions->pdata[i]);
  g_hash_table_remove_all (self->supervisions);
  G_OBJECT_CLASS (weir_supervisor_parent_class)->dispose (object);
}

static void
weir_supervisor_finalize (GObject *object)
{
  WeirSupervisor *self = WEIR_SUPERVISOR (object);

  g_hash_table_unref (self->supervisions);
  g_clear_object (&self->usage);
  g_clear_object (&self->clock);
  G_OBJECT_CLASS (weir_supervisor_parent_class)->finalize (object);
}

static void
weir_supervisor_class_init (WeirSupervisorClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = weir_supervisor_dispose;
  G_OBJECT_CLASS (klass)->finalize = weir_supervisor_finalize;
  signals[SIGNAL_NOTICE] =
      weir_signal_new (WEIR_TYPE_SUPERVISOR, "notice", 2, WEIR_TYPE_WORKER, G_TYPE_STRING);
}

static void
weir_supervisor_init (WeirSupervisor *self)
{
  self->supervisions =
      g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) weir_supervision_unref);
}

WeirSupervisor *
weir_supervisor_new (WeirClock *clock, WeirResourceUsage *usage)
{
  WeirSupervisor *self;

  g_return_val_if_fail (WEIR_IS_CLOCK (clock), NULL);
  g_return_val_if_fail (WEIR_IS_RESOURCE_USAGE (usage), NULL);

  self = g_object_new (WEIR_TYPE_SUPERVISOR, NULL);
  self->clock = g_object_ref (clock);
  self->usage = g_object_ref (usage);
  return self;
}
