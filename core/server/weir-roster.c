/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-roster-private.h"

#include "base/weir-error.h"
#include "base/weir-signal-private.h"
#include "worker/weir-supervisor-private.h"
#include "worker/weir-worker-private.h"

struct _WeirRoster
{
  GObject parent_instance;

  GListStore *workers;
  WeirSupervisor *supervisor;
};

enum
{
  SIGNAL_EXITED,
  SIGNAL_FAILED,
  SIGNAL_UNHEALTHY,
  SIGNAL_NOTICE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (WeirRoster, weir_roster, G_TYPE_OBJECT)

/* That a function does not start is for its pool to tell. */
static gboolean
has_served (WeirWorker *worker)
{
  switch (weir_worker_get_exit_reason (worker))
    {
    case WEIR_WORKER_EXIT_REASON_RETIRED:
    case WEIR_WORKER_EXIT_REASON_LIMIT_CPU:
    case WEIR_WORKER_EXIT_REASON_LIMIT_MEMORY:
    case WEIR_WORKER_EXIT_REASON_LIMIT_WALL:
    case WEIR_WORKER_EXIT_REASON_BACKGROUND_TIMEOUT:
    case WEIR_WORKER_EXIT_REASON_UNHEALTHY:
    case WEIR_WORKER_EXIT_REASON_LIMIT_REQUESTS:
      return TRUE;
    case WEIR_WORKER_EXIT_REASON_CRASH:
      return !g_error_matches (weir_worker_get_error (worker), WEIR_ERROR, WEIR_ERROR_BOOT_FAILED);
    case WEIR_WORKER_EXIT_REASON_NONE:
    case WEIR_WORKER_EXIT_REASON_REQUESTED:
    case WEIR_WORKER_EXIT_REASON_IDLE:
    case WEIR_WORKER_EXIT_REASON_BOOT_TIMEOUT:
    case WEIR_WORKER_EXIT_REASON_LOAD:
    case WEIR_WORKER_EXIT_REASON_SPAWN:
      break;
    }

  return FALSE;
}

static void
on_exited (WeirWorker *worker, WeirRoster *self)
{
  guint at;

  g_object_ref (self); /* the last worker may end the server */
  if (weir_worker_get_error (worker) != NULL && has_served (worker))
    g_signal_emit (self, signals[SIGNAL_FAILED], 0, worker);
  if (g_list_store_find (self->workers, worker, &at))
    g_list_store_remove (self->workers, at);
  g_signal_emit (self, signals[SIGNAL_EXITED], 0, worker);
  g_object_unref (self);
}

static void
on_unhealthy (WeirWorker *worker, guint failures, WeirRoster *self)
{
  g_signal_emit (self, signals[SIGNAL_UNHEALTHY], 0, worker, failures);
}

static void
on_notice (WeirSupervisor *supervisor, WeirWorker *worker, const char *text, WeirRoster *self)
{
  g_signal_emit (self, signals[SIGNAL_NOTICE], 0, worker, text);
}

void
weir_roster_add (WeirRoster *self, WeirWorker *worker)
{
  g_return_if_fail (WEIR_IS_ROSTER (self));

  g_list_store_append (self->workers, worker);
  weir_supervisor_add_worker (self->supervisor, worker);
  g_signal_connect_object (worker, "unhealthy", G_CALLBACK (on_unhealthy), self, 0);
  g_signal_connect_object (worker, "exited", G_CALLBACK (on_exited), self, 0);
}

GListModel *
weir_roster_get_workers (WeirRoster *self)
{
  return G_LIST_MODEL (self->workers);
}

gboolean
weir_roster_is_empty (WeirRoster *self)
{
  return g_list_model_get_n_items (G_LIST_MODEL (self->workers)) == 0;
}

gboolean
weir_roster_read_usage (WeirRoster *self, WeirWorker *worker, WeirResourceSample *sample)
{
  return weir_supervisor_read (self->supervisor, worker, sample);
}

void
weir_roster_kill (WeirRoster *self)
{
  g_autoptr (GPtrArray) workers = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->workers)); i++)
    g_ptr_array_add (workers, g_list_model_get_item (G_LIST_MODEL (self->workers), i));
  for (guint i = 0; i < workers->len; i++)
    weir_worker_kill (workers->pdata[i],
                      WEIR_WORKER_EXIT_REASON_REQUESTED,
                      g_error_new_literal (WEIR_ERROR,
                                           WEIR_ERROR_WORKER_FAILED,
                                           "The worker did not end before the server did "
                                           "(shutdown_timeout_ms)"));
}

static void
weir_roster_finalize (GObject *object)
{
  WeirRoster *self = WEIR_ROSTER (object);

  g_clear_object (&self->supervisor);
  g_clear_object (&self->workers);

  G_OBJECT_CLASS (weir_roster_parent_class)->finalize (object);
}

static void
weir_roster_class_init (WeirRosterClass *klass)
{
  const GType type = WEIR_TYPE_ROSTER;
  const GType worker = WEIR_TYPE_WORKER;

  G_OBJECT_CLASS (klass)->finalize = weir_roster_finalize;
  signals[SIGNAL_EXITED] = weir_signal_new (type, "exited", 1, worker);
  signals[SIGNAL_FAILED] = weir_signal_new (type, "failed", 1, worker);
  signals[SIGNAL_UNHEALTHY] = weir_signal_new (type, "unhealthy", 2, worker, G_TYPE_UINT);
  signals[SIGNAL_NOTICE] = weir_signal_new (type, "notice", 2, worker, G_TYPE_STRING);
}

static void
weir_roster_init (WeirRoster *self)
{
  self->workers = g_list_store_new (WEIR_TYPE_WORKER);
}

WeirRoster *
weir_roster_new (WeirClock *clock)
{
  WeirRoster *self = g_object_new (WEIR_TYPE_ROSTER, NULL);
  g_autoptr (WeirResourceUsage) usage = weir_resource_usage_new ();

  self->supervisor = weir_supervisor_new (clock, usage);
  g_signal_connect_object (self->supervisor, "notice", G_CALLBACK (on_notice), self, 0);
  return self;
}
