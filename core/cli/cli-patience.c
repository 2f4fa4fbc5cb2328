/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli-patience-private.h"

#include "cli-scheduling-private.h"

struct _CliPatience
{
  WeirServer *server;
  GPtrArray *loading; /* workers, borrowed: they are gone from here before they end */
  gulong handler;
  gboolean rush;
  gboolean patient;
};

static void
update (CliPatience *self)
{
  gboolean patient = self->rush || self->loading->len > 0;

  if (patient != self->patient)
    cli_scheduling_set_patient (patient);
  self->patient = patient;
}

static void
on_state_changed (WeirWorker *worker, WeirWorkerState from, WeirWorkerState to, CliPatience *self);

static void
forget (gpointer data, gpointer user_data)
{
  g_signal_handlers_disconnect_by_func (data, on_state_changed, user_data);
}

static void
on_state_changed (WeirWorker *worker, WeirWorkerState from, WeirWorkerState to, CliPatience *self)
{
  if (to == WEIR_WORKER_STATE_SPAWNING || to == WEIR_WORKER_STATE_BOOTING)
    return;
  forget (worker, self);
  g_ptr_array_remove_fast (self->loading, worker);
  update (self);
}

/* A worker that was a standby has the request that it was started for, and goes on with that when
 * it has said that it is ready: unless this thread takes its processor to hear it. */
static void
on_worker_added (WeirServer *server, WeirWorker *worker, CliPatience *self)
{
  if (weir_worker_get_start_kind (worker) == WEIR_WORKER_START_KIND_SPAWNED)
    return;
  g_signal_connect (worker, "state-changed", G_CALLBACK (on_state_changed), self);
  g_ptr_array_add (self->loading, worker);
  update (self);
}

CliPatience *
cli_patience_new (WeirServer *server)
{
  CliPatience *self = g_new0 (CliPatience, 1);

  self->server = g_object_ref (server);
  self->loading = g_ptr_array_new ();
  self->handler = g_signal_connect (server, "worker-added", G_CALLBACK (on_worker_added), self);
  return self;
}

void
cli_patience_free (CliPatience *self)
{
  g_ptr_array_foreach (self->loading, forget, self);
  g_ptr_array_unref (self->loading);
  g_signal_handler_disconnect (self->server, self->handler);
  g_object_unref (self->server);
  g_free (self);
}

void
cli_patience_set_rush (CliPatience *self, gboolean rush)
{
  self->rush = rush;
  update (self);
}
