/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-worker"

#include "worker/weir-standby-private.h"

#include <glib/gstdio.h>
#include <signal.h>

/* A command that no worker knows. */
#define NOTHING "{}"
#define READY_LINE "{\"type\":\"standby\"}"
#define LISTENING_LINE "{\"type\":\"standby\",\"listens\":true}"

struct _WeirStandby
{
  WeirProcess *process;
  WeirLaunch *launch;
  const WeirStandbyCallbacks *callbacks;
  gpointer user_data;
  gboolean spawned;
  gboolean ready;
  gboolean listening;
  gboolean gone;
};

static void
lose (WeirStandby *self, const char *what)
{
  self->gone = TRUE;
  self->callbacks->lost (self, what, self->user_data);
}

static void
on_spawned (WeirProcess *process, int pid, WeirStandby *self)
{
  self->spawned = TRUE;
}

static void
on_spawn_failed (WeirProcess *process, const GError *error, WeirStandby *self)
{
  lose (self, error->message);
}

static void
on_output (WeirProcess *process, const char *line, WeirStandby *self)
{
  gboolean listening = g_str_equal (line, LISTENING_LINE);

  if (self->ready || (!listening && !g_str_equal (line, READY_LINE)))
    return;
  self->ready = TRUE;
  self->listening = listening;
  self->callbacks->ready (self, self->user_data);
}

static void
on_error_output (WeirProcess *process, const char *line, WeirStandby *self)
{
  g_debug ("a standby said: %s", line);
}

static void
on_exited (WeirProcess *process, int wait_status, WeirStandby *self)
{
  lose (self, "ended by itself");
}

WeirStandby *
weir_standby_new (WeirProcess *process,
                  WeirLaunch *launch,
                  const WeirStandbyCallbacks *callbacks,
                  gpointer user_data)
{
  WeirStandby *self = g_new0 (WeirStandby, 1);

  self->process = g_object_ref (process);
  self->launch = weir_launch_ref (launch);
  self->callbacks = callbacks;
  self->user_data = user_data;
  g_signal_connect (process, "spawned", G_CALLBACK (on_spawned), self);
  g_signal_connect (process, "spawn-failed", G_CALLBACK (on_spawn_failed), self);
  g_signal_connect (process, "output", G_CALLBACK (on_output), self);
  g_signal_connect (process, "error-output", G_CALLBACK (on_error_output), self);
  g_signal_connect (process, "exited", G_CALLBACK (on_exited), self);
  weir_process_spawn (process, launch);
  return self;
}

WeirProcess *
weir_standby_release (WeirStandby *self)
{
  WeirProcess *process = self->process;

  g_signal_handlers_disconnect_by_data (process, self);
  weir_launch_unref (self->launch);
  g_free (self);
  return process;
}

/* It never served, but a socket file may not stay behind whatever it did. */
void
weir_standby_free (WeirStandby *self)
{
  if (!self->gone)
    weir_process_send_signal (self->process, SIGKILL);
  (void) g_unlink (weir_launch_get_socket_path (self->launch));
  g_object_unref (weir_standby_release (self));
}

void
weir_standby_rouse (WeirStandby *self)
{
  weir_process_write_line (self->process, NOTHING);
}

void
weir_standby_load (WeirStandby *self, WeirLaunch *launch)
{
  weir_process_write_line (self->process, weir_launch_get_load_command (launch));
}

WeirLaunch *
weir_standby_get_launch (WeirStandby *self)
{
  return self->launch;
}

gboolean
weir_standby_is_spawned (WeirStandby *self)
{
  return self->spawned;
}

gboolean
weir_standby_is_ready (WeirStandby *self)
{
  return self->ready;
}

gboolean
weir_standby_is_listening (WeirStandby *self)
{
  return self->listening;
}
