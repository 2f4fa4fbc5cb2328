/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-fake-process.h"

#include <signal.h>

struct _WeirFakeProcess
{
  GObject parent_instance;

  GString *trace;
  char *line;
  int pid;
  gboolean asked;
  gboolean running;
  gboolean killed;
};

static void weir_fake_process_process_init (WeirProcessInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirFakeProcess,
                               weir_fake_process,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_PROCESS,
                                                      weir_fake_process_process_init))

static void
note (WeirFakeProcess *self, const char *word)
{
  if (self->trace->len > 0)
    g_string_append_c (self->trace, ' ');
  g_string_append (self->trace, word);
}

static void
weir_fake_process_spawn (WeirProcess *process, WeirLaunch *launch)
{
  WeirFakeProcess *self = WEIR_FAKE_PROCESS (process);

  if (self->running)
    {
      note (self, "again");
      g_signal_emit_by_name (self, "spawned", self->pid);
      return;
    }
  note (self, "spawn");
  self->asked = TRUE;
}

static void
weir_fake_process_write_line (WeirProcess *process, const char *line)
{
  WeirFakeProcess *self = WEIR_FAKE_PROCESS (process);

  g_free (self->line);
  self->line = g_strdup (line);
}

static void
weir_fake_process_send_signal (WeirProcess *process, int signum)
{
  WeirFakeProcess *self = WEIR_FAKE_PROCESS (process);

  if (!self->running)
    return;
  note (self, signum == SIGTERM ? "term" : signum == SIGKILL ? "kill" : "other");
  self->killed |= signum == SIGKILL;
}

static void
weir_fake_process_process_init (WeirProcessInterface *iface)
{
  iface->spawn = weir_fake_process_spawn;
  iface->write_line = weir_fake_process_write_line;
  iface->send_signal = weir_fake_process_send_signal;
}

static void
weir_fake_process_finalize (GObject *object)
{
  WeirFakeProcess *self = WEIR_FAKE_PROCESS (object);

  g_string_free (self->trace, TRUE);
  g_free (self->line);
  G_OBJECT_CLASS (weir_fake_process_parent_class)->finalize (object);
}

static void
weir_fake_process_class_init (WeirFakeProcessClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = weir_fake_process_finalize;
}

static void
weir_fake_process_init (WeirFakeProcess *self)
{
  static int last_pid = 1000;

  self->trace = g_string_new (NULL);
  self->pid = ++last_pid;
}

WeirFakeProcess *
weir_fake_process_new (void)
{
  return g_object_new (WEIR_TYPE_FAKE_PROCESS, NULL);
}

WeirProcess *
weir_fake_process_factory (gpointer processes)
{
  WeirFakeProcess *process = weir_fake_process_new ();

  g_ptr_array_add (processes, g_object_ref (process));
  return WEIR_PROCESS (process);
}

const char *
weir_fake_process_get_trace (WeirFakeProcess *self)
{
  return self->trace->str;
}

const char *
weir_fake_process_get_line (WeirFakeProcess *self)
{
  return self->line;
}

gboolean
weir_fake_process_answer (WeirFakeProcess *self)
{
  if (!self->asked)
    return FALSE;
  self->asked = FALSE;
  self->running = TRUE;
  g_signal_emit_by_name (self, "spawned", self->pid);
  return TRUE;
}

gboolean
weir_fake_process_refuse (WeirFakeProcess *self, const char *message)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_FOUND, message);

  if (!self->asked)
    return FALSE;
  self->asked = FALSE;
  g_signal_emit_by_name (self, "spawn-failed", error);
  return TRUE;
}

void
weir_fake_process_say (WeirFakeProcess *self, const char *line)
{
  if (self->running)
    g_signal_emit_by_name (self, "output", line);
}

void
weir_fake_process_say_error (WeirFakeProcess *self, const char *line)
{
  if (self->running)
    g_signal_emit_by_name (self, "error-output", line);
}

gboolean
weir_fake_process_exit (WeirFakeProcess *self, int wait_status)
{
  if (!self->running)
    return FALSE;
  self->running = FALSE;
  g_signal_emit_by_name (self, "exited", wait_status);
  return TRUE;
}

gboolean
weir_fake_process_is_running (WeirFakeProcess *self)
{
  return self->running;
}

gboolean
weir_fake_process_was_killed (WeirFakeProcess *self)
{
  return self->killed;
}
