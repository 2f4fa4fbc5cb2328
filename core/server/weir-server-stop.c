/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-server"

#include "server/weir-server-private.h"

#include "base/weir-error.h"

/* How often a server that stops looks whether the last exchange is over. */
#define DRAIN_CHECK_MS 10
/* How much of the time for stopping is kept for the workers, when requests take all of it. */
#define STOP_RESERVE_MS 1000

void
weir_server_end (WeirServer *self)
{
  g_autoptr (GPtrArray) tasks = g_steal_pointer (&self->stopping);

  self->stopping = g_ptr_array_new_with_free_func (g_object_unref);
  weir_server_drop_parts (self);
  weir_server_set_state (self, WEIR_SERVER_STATE_STOPPED);
  g_object_notify (G_OBJECT (self), "functions");
  for (guint i = 0; i < tasks->len; i++)
    g_task_return_boolean (tasks->pdata[i], TRUE);
}

static void
on_stop_deadline (gpointer user_data)
{
  WeirServer *self = user_data;

  self->stop_timer = 0;
  weir_function_host_kill (self->host);
}

static gint64
get_rest_ms (WeirServer *self)
{
  return MAX (0, (self->stop_deadline - weir_clock_now (self->clock) + 999) / 1000);
}

/* What the last workers said is still on its way to those who read slowly. */
static void
on_relay_check (gpointer user_data)
{
  WeirServer *self = user_data;

  if (weir_frontend_has_upgraded (self->frontend) && get_rest_ms (self) > 0)
    {
      weir_clock_arm (self->clock, DRAIN_CHECK_MS, on_relay_check, self);
      return;
    }
  weir_server_end (self);
  g_object_unref (self); /* weir_server_start()'s */
}

void
weir_server_on_empty (WeirFunctionHost *host, WeirServer *self)
{
  g_signal_handlers_disconnect_by_func (host, weir_server_on_empty, self);
  weir_clock_disarm (self->clock, self->stop_timer);
  self->stop_timer = 0;
  on_relay_check (self);
}

static void
end_workers (WeirServer *self)
{
  weir_frontend_stop (self->frontend);
  self->stop_timer = weir_clock_arm (self->clock, get_rest_ms (self), on_stop_deadline, self);
  weir_function_host_shut_down (self->host);
}

static void
on_drain_check (gpointer user_data)
{
  WeirServer *self = user_data;

  if (weir_frontend_is_drained (self->frontend) || get_rest_ms (self) <= self->stop_reserve_ms)
    end_workers (self);
  else
    weir_clock_arm (self->clock, DRAIN_CHECK_MS, on_drain_check, self);
}

/**
 * weir_server_stop_async:
 * @self: a server
 * @cancellable: (nullable): not waiting any more; the server stops all the same
 * @callback: (scope async): called when it has stopped
 * @user_data: for @callback
 *
 * Accepts nothing new, finishes what is in flight for up to `shutdown_timeout_ms`, and ends
 * the workers. A server that does not run has stopped at once. One that is starting, as when a
 * handler of one of its signals calls this, gives up: [method@Weir.Server.start] fails with
 * %G_IO_ERROR_CANCELLED as soon as the handler returns.
 *
 * Since: 1.0
 */
void
weir_server_stop_async (WeirServer *self,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  gint64 timeout_ms;

  g_return_if_fail (WEIR_IS_SERVER (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, weir_server_stop_async);
  if (self->state == WEIR_SERVER_STATE_STOPPED)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }

  g_ptr_array_add (self->stopping, g_steal_pointer (&task));
  if (self->state == WEIR_SERVER_STATE_STARTING)
    self->start_cancelled = TRUE;
  if (self->state != WEIR_SERVER_STATE_RUNNING)
    return;

  weir_server_set_state (self, WEIR_SERVER_STATE_DRAINING);
  weir_function_host_unwatch (self->host);
  weir_frontend_drain (self->frontend);
  timeout_ms = weir_settings_get_integer (weir_config_get_server_settings (self->config),
                                          "shutdown_timeout_ms");
  self->stop_deadline = weir_clock_now (self->clock) + timeout_ms * 1000;
  self->stop_reserve_ms = MIN (STOP_RESERVE_MS, timeout_ms / 4);
  on_drain_check (self);
}

/**
 * weir_server_stop_finish:
 * @self: a server
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Returns: whether it was waited for to the end
 *
 * Since: 1.0
 */
gboolean
weir_server_stop_finish (WeirServer *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * weir_server_stop:
 * @self: a server
 *
 * As [method@Weir.Server.stop_async], running the main context until it is done: for the
 * end of a program. A server that is starting has not stopped when this returns: the start,
 * which waits for its caller to return, ends it.
 *
 * Since: 1.0
 */
void
weir_server_stop (WeirServer *self)
{
  g_autoptr (GMainContext) control = NULL;

  g_return_if_fail (WEIR_IS_SERVER (self));

  g_object_ref (self);
  control = self->control != NULL ? g_main_context_ref (self->control) : NULL;
  weir_server_stop_async (self, NULL, NULL, NULL);
  while (self->state == WEIR_SERVER_STATE_DRAINING)
    g_main_context_iteration (control, TRUE);
  g_object_unref (self);
}
