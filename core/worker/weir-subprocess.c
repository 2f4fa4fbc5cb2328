/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-worker"

#include "worker/weir-subprocess-private.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

#include "worker/weir-line-reader-private.h"
#include "worker/weir-spawn-private.h"

/* A worker that does not read its commands must not eat the server's memory. */
#define INPUT_MAX (4 * 1024 * 1024)
#define READ_SIZE (64 * 1024)
/* How often a pipe is read after the exit at the most: a child of the child may still hold
 * the other end and go on writing. */
#define LAST_READS 32

typedef struct
{
  int fd;
  GSource *source;
  WeirLineReader reader;
  const char *signal;
  WeirSubprocess *owner;
} Output;

struct _WeirSubprocess
{
  GObject parent_instance;

  GMainContext *context;
  GPid pid; /* 0: none, or reaped */
  GSource *exit_source;
  GSource *answer_source; /* "spawned" or "spawn-failed", which come later */
  GError *spawn_error;
  int input;
  GByteArray *queue;
  GSource *input_source;
  Output outputs[2];
  gboolean cut_said;
  gboolean refusal_said;
};

static void weir_subprocess_process_init (WeirProcessInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WeirSubprocess,
                               weir_subprocess,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WEIR_TYPE_PROCESS,
                                                      weir_subprocess_process_init))

static void
clear_source (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_source_unref (*source);
  *source = NULL;
}

static void
clear_fd (int *fd)
{
  if (*fd >= 0)
    (void) close (*fd);
  *fd = -1;
}

static GSource *
attach (WeirSubprocess *self, GSource *source, GSourceFunc func, gpointer user_data)
{
  g_source_set_callback (source, func, user_data, NULL);
  g_source_set_static_name (source, "weir-subprocess");
  g_source_attach (source, self->context);
  return source;
}

static void
close_input (WeirSubprocess *self)
{
  clear_source (&self->input_source);
  clear_fd (&self->input);
  g_byte_array_set_size (self->queue, 0);
}

static void
close_output (Output *output)
{
  clear_source (&output->source);
  clear_fd (&output->fd);
  weir_line_reader_clear (&output->reader);
}

static void
on_line (const char *line, gpointer user_data)
{
  Output *output = user_data;

  g_signal_emit_by_name (output->owner, output->signal, line);
}

static void
say_cut (Output *output)
{
  WeirSubprocess *self = output->owner;

  if (output->reader.cut == 0 || self->cut_said)
    return;
  self->cut_said = TRUE;
  g_message ("A worker wrote a line of more than %d bytes; it was cut", WEIR_LINE_MAX);
}

/* FALSE: nothing more comes now. */
static gboolean
read_some (Output *output)
{
  guint8 buffer[READ_SIZE];
  gssize n;

  if (output->fd < 0)
    return FALSE;
  do
    n = read (output->fd, buffer, sizeof buffer);
  while (n < 0 && errno == EINTR);

  if (n > 0)
    {
      weir_line_reader_feed (&output->reader, buffer, n, on_line, output);
      say_cut (output);
      return TRUE;
    }
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
    return FALSE;

  weir_line_reader_end (&output->reader, on_line, output);
  close_output (output);
  return FALSE;
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer user_data)
{
  Output *output = user_data;
  WeirSubprocess *self = output->owner;
  gboolean open;

  g_object_ref (self); /* a handler may drop the last reference */
  read_some (output);
  open = output->fd >= 0;
  g_object_unref (self);
  return open ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* A pipe has no MSG_NOSIGNAL: SIGPIPE is held back, and taken if it was ours. */
static gssize
write_quietly (int fd, const guint8 *data, gsize length)
{
  const struct timespec at_once = { 0, 0 };
  sigset_t pipe_only, before, pending;
  gssize n;
  int saved;

  sigemptyset (&pipe_only);
  sigaddset (&pipe_only, SIGPIPE);
  sigpending (&pending);
  pthread_sigmask (SIG_BLOCK, &pipe_only, &before);
  do
    n = write (fd, data, length);
  while (n < 0 && errno == EINTR);
  saved = errno;
  if (n < 0 && saved == EPIPE && !sigismember (&pending, SIGPIPE))
    while (sigtimedwait (&pipe_only, NULL, &at_once) < 0 && errno == EINTR)
      ;
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  errno = saved;
  return n;
}

static gboolean on_writable (int fd, GIOCondition condition, gpointer user_data);

static void
flush_input (WeirSubprocess *self)
{
  while (self->input >= 0 && self->queue->len > 0)
    {
      gssize n = write_quietly (self->input, self->queue->data, self->queue->len);

      if (n > 0)
        {
          g_byte_array_remove_range (self->queue, 0, n);
        }
      else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        {
          if (self->input_source == NULL)
            self->input_source = attach (self,
                                         g_unix_fd_source_new (self->input, G_IO_OUT),
                                         G_SOURCE_FUNC (on_writable),
                                         self);
          return;
        }
      else
        {
          close_input (self); /* it reads no more; its exit says the rest */
          return;
        }
    }
  clear_source (&self->input_source);
}

static gboolean
on_writable (int fd, GIOCondition condition, gpointer user_data)
{
  WeirSubprocess *self = user_data;

  flush_input (self);
  return self->input_source != NULL ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void
on_exit_seen (GPid pid, int status, gpointer user_data)
{
  WeirSubprocess *self = user_data;

  g_object_ref (self);
  clear_source (&self->exit_source);
  clear_source (&self->answer_source);
  (void) kill (-pid, SIGKILL); /* its own children, if any */
  self->pid = 0;
  close_input (self);
  for (guint i = 0; i < G_N_ELEMENTS (self->outputs); i++)
    {
      Output *output = &self->outputs[i];

      for (guint reads = 0; reads < LAST_READS && read_some (output); reads++)
        ;
      weir_line_reader_end (&output->reader, on_line, output);
      close_output (output);
    }
  g_signal_emit_by_name (self, "exited", status);
  g_object_unref (self);
}

static void
watch (WeirSubprocess *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->outputs); i++)
    {
      Output *output = &self->outputs[i];

      output->source = attach (self,
                               g_unix_fd_source_new (output->fd, G_IO_IN | G_IO_HUP | G_IO_ERR),
                               G_SOURCE_FUNC (on_readable),
                               output);
    }
  self->exit_source =
      attach (self, g_child_watch_source_new (self->pid), G_SOURCE_FUNC (on_exit_seen), self);
}

static gboolean
on_answer (gpointer user_data)
{
  WeirSubprocess *self = user_data;

  g_object_ref (self);
  clear_source (&self->answer_source);
  if (self->spawn_error != NULL)
    {
      g_signal_emit_by_name (self, "spawn-failed", self->spawn_error);
    }
  else
    {
      /* Only now: no line may be earlier than "spawned". */
      watch (self);
      g_signal_emit_by_name (self, "spawned", self->pid);
    }
  g_object_unref (self);
  return G_SOURCE_REMOVE;
}

static void
weir_subprocess_spawn (WeirProcess *process, WeirLaunch *launch)
{
  WeirSubprocess *self = WEIR_SUBPROCESS (process);
  int pipes[3];

  if (self->pid != 0 && self->answer_source == NULL)
    {
      g_signal_emit_by_name (self, "spawned", self->pid);
      return;
    }
  g_return_if_fail (self->pid == 0 && self->answer_source == NULL);

  if (weir_spawn (launch, &self->pid, pipes, &self->spawn_error))
    {
      self->input = pipes[0];
      self->outputs[0].fd = pipes[1];
      self->outputs[1].fd = pipes[2];
    }
  self->answer_source = g_idle_source_new ();
  g_source_set_priority (self->answer_source, G_PRIORITY_DEFAULT);
  attach (self, self->answer_source, on_answer, self);
}

static void
weir_subprocess_write_line (WeirProcess *process, const char *line)
{
  WeirSubprocess *self = WEIR_SUBPROCESS (process);
  gsize length = strlen (line);

  if (self->input < 0)
    return;
  if (self->queue->len + length + 1 > INPUT_MAX)
    {
      if (!self->refusal_said)
        g_message ("Worker process %d does not read its commands; they are dropped", self->pid);
      self->refusal_said = TRUE;
      return;
    }
  g_byte_array_append (self->queue, (const guint8 *) line, length);
  g_byte_array_append (self->queue, (const guint8 *) "\n", 1);
  flush_input (self);
}

static void
weir_subprocess_send_signal (WeirProcess *process, int signum)
{
  WeirSubprocess *self = WEIR_SUBPROCESS (process);

  if (self->pid == 0)
    return;
  /* What it started itself ends with it, but hears of nothing before. */
  (void) kill (signum == SIGKILL ? -self->pid : self->pid, signum);
}

static void
weir_subprocess_process_init (WeirProcessInterface *iface)
{
  iface->spawn = weir_subprocess_spawn;
  iface->write_line = weir_subprocess_write_line;
  iface->send_signal = weir_subprocess_send_signal;
}

static void
on_orphan_exit (GPid pid, int status, gpointer user_data)
{
}

static void
weir_subprocess_dispose (GObject *object)
{
  WeirSubprocess *self = WEIR_SUBPROCESS (object);

  clear_source (&self->exit_source);
  clear_source (&self->answer_source);
  close_input (self);
  for (guint i = 0; i < G_N_ELEMENTS (self->outputs); i++)
    close_output (&self->outputs[i]);
  if (self->pid != 0)
    {
      GSource *reaper = g_child_watch_source_new (self->pid);

      (void) kill (-self->pid, SIGKILL);
      attach (self, reaper, G_SOURCE_FUNC (on_orphan_exit), NULL);
      g_source_unref (reaper);
      self->pid = 0;
    }
  G_OBJECT_CLASS (weir_subprocess_parent_class)->dispose (object);
}

static void
weir_subprocess_finalize (GObject *object)
{
  WeirSubprocess *self = WEIR_SUBPROCESS (object);

  g_byte_array_unref (self->queue);
  g_clear_error (&self->spawn_error);
  g_main_context_unref (self->context);
  G_OBJECT_CLASS (weir_subprocess_parent_class)->finalize (object);
}

static void
weir_subprocess_class_init (WeirSubprocessClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = weir_subprocess_dispose;
  object_class->finalize = weir_subprocess_finalize;
}

static void
weir_subprocess_init (WeirSubprocess *self)
{
  static const char *const signals[] = { "output", "error-output" };

  self->context = g_main_context_ref_thread_default ();
  self->queue = g_byte_array_new ();
  self->input = -1;
  for (guint i = 0; i < G_N_ELEMENTS (self->outputs); i++)
    {
      self->outputs[i].fd = -1;
      self->outputs[i].signal = signals[i];
      self->outputs[i].owner = self;
    }
}

WeirProcess *
weir_subprocess_new (void)
{
  return g_object_new (WEIR_TYPE_SUBPROCESS, NULL);
}

WeirProcess *
weir_subprocess_factory (gpointer unused)
{
  return weir_subprocess_new ();
}
