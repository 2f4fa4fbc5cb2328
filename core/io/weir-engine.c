/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-io"

#include "io/weir-engine-private.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

/**
 * WeirEngine:
 *
 * The loop of one data-plane thread: one epoll set in a single source of a
 * [struct@GLib.MainContext], a wheel of timers, and a list of things to do when
 * the events of a batch are done.
 *
 * A context costs time for every source in it, at every turn; an engine costs
 * the same whether it watches ten sockets or ten thousand. Other sources may live
 * in the context beside it and get their turn after each batch.
 *
 * An engine belongs to the thread that runs its context; only
 * weir_engine_invoke() may be called from another.
 *
 * Since: 1.0
 */

/**
 * WeirWatch: (skip)
 * @func: called with the events that came
 * @fd: the file descriptor
 * @events: the EPOLL bits that are asked for
 *
 * A watched file descriptor; a field of whoever wants to watch.
 *
 * Since: 1.0
 */

/**
 * WeirTimer: (skip)
 * @func: called when the moment has come
 *
 * A timer; a field of whoever wants to wait. Zero before its first use.
 *
 * Since: 1.0
 */

/**
 * WeirFlush: (skip)
 * @func: called at the end of the batch
 *
 * A deferred call; a field of whoever wants it. Zero before its first use.
 *
 * Since: 1.0
 */

G_DEFINE_FINAL_TYPE (WeirEngine, weir_engine, G_TYPE_OBJECT)

/* A message is a promise: one that nobody will come back to run is kept here. */
static void
weir_engine_dispose (GObject *object)
{
  WeirEngine *self = WEIR_ENGINE (object);

  while (weir_invoke_queue_has_work (&self->invocations))
    weir_invoke_queue_run (&self->invocations, WEIR_ENGINE_INVOKES);
  G_OBJECT_CLASS (weir_engine_parent_class)->dispose (object);
}

static void
weir_engine_finalize (GObject *object)
{
  WeirEngine *self = WEIR_ENGINE (object);

  if (self->source != NULL)
    {
      g_main_context_set_poll_func (self->context, NULL);
      g_source_destroy (self->source);
      g_source_unref (self->source);
    }
  weir_engine_forget (self);
  g_clear_pointer (&self->context, g_main_context_unref);
  if (self->poll_fd.fd >= 0)
    close (self->poll_fd.fd);
  if (self->invoke_fd >= 0)
    close (self->invoke_fd);
  weir_invoke_queue_clear (&self->invocations);
  G_OBJECT_CLASS (weir_engine_parent_class)->finalize (object);
}

static void
weir_engine_class_init (WeirEngineClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = weir_engine_dispose;
  object_class->finalize = weir_engine_finalize;
}

static void
weir_engine_init (WeirEngine *self)
{
  self->poll_fd.fd = self->invoke_fd = self->context_fd = -1;
  self->flushes.prev = self->flushes.next = &self->flushes;
  weir_timer_wheel_init (&self->timers);
  weir_invoke_queue_init (&self->invocations);
}

static gboolean
weir_engine_open (WeirEngine *self, GError **error)
{
  struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.ptr = &self->invoke_fd };
  int saved_errno;

  self->poll_fd.fd = epoll_create1 (EPOLL_CLOEXEC);
  if (self->poll_fd.fd >= 0)
    self->invoke_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (self->invoke_fd >= 0 &&
      epoll_ctl (self->poll_fd.fd, EPOLL_CTL_ADD, self->invoke_fd, &event) == 0)
    return TRUE;

  saved_errno = errno;
  g_set_error (error,
               G_IO_ERROR,
               g_io_error_from_errno (saved_errno),
               "Cannot make an event loop: %s",
               g_strerror (saved_errno));
  return FALSE;
}

/**
 * weir_engine_new:
 * @context: (nullable): the context to live in, %NULL for the thread's default
 * @error: return location for an error
 *
 * Creates an engine. There can be one in a context, whose poll function it
 * replaces.
 *
 * Returns: (transfer full): the new engine, or %NULL with @error set when the
 *   process is out of file descriptors
 *
 * Since: 1.0
 */
WeirEngine *
weir_engine_new (GMainContext *context, GError **error)
{
  g_autoptr (WeirEngine) self = g_object_new (WEIR_TYPE_ENGINE, NULL);

  if (!weir_engine_open (self, error))
    return NULL;

  self->context =
      context != NULL ? g_main_context_ref (context) : g_main_context_ref_thread_default ();
  self->poll_fd.events = G_IO_IN;
  self->source = g_source_new (&weir_engine_source_funcs, sizeof (WeirEngineSource));
  ((WeirEngineSource *) self->source)->engine = self;
  g_source_set_static_name (self->source, "WeirEngine");
  /* Without it the context takes our descriptor out of its set for each dispatch, and
   * wakes itself up to put it back: three system calls a turn. */
  g_source_set_can_recurse (self->source, TRUE);
  g_source_add_poll (self->source, &self->poll_fd);
  g_main_context_set_poll_func (self->context, weir_engine_poll);
  g_source_attach (self->source, self->context);
  return g_steal_pointer (&self);
}

/**
 * weir_engine_get_context:
 * @self: an engine
 *
 * Returns: (transfer none): the context the engine lives in
 *
 * Since: 1.0
 */
GMainContext *
weir_engine_get_context (WeirEngine *self)
{
  g_return_val_if_fail (WEIR_IS_ENGINE (self), NULL);
  return self->context;
}

/**
 * weir_engine_get_now:
 * @self: an engine
 *
 * Tells the time without asking the system for it, as far as possible: within a
 * callback of the engine it is the moment when its batch began.
 *
 * Returns: monotonic time in microseconds
 *
 * Since: 1.0
 */
gint64
weir_engine_get_now (WeirEngine *self)
{
  g_return_val_if_fail (WEIR_IS_ENGINE (self), 0);
  return self->depth > 0 ? self->now : g_get_monotonic_time ();
}

/**
 * weir_engine_watch: (skip)
 * @self: an engine
 * @watch: a watch that is not in use
 * @fd: a file descriptor, which must be non-blocking
 * @events: EPOLL bits
 * @func: called with those of @events that came, and with EPOLLERR and EPOLLHUP
 * @error: return location for an error
 *
 * Watches a file descriptor. Events tell of a change only: whoever is told that
 * there is something to read must read until there is no more, or remember it.
 *
 * Returns: whether it is watched now
 *
 * Since: 1.0
 */
gboolean
weir_engine_watch (WeirEngine *self,
                   WeirWatch *watch,
                   int fd,
                   guint events,
                   WeirWatchFunc func,
                   GError **error)
{
  struct epoll_event event = { .events = events | EPOLLET, .data.ptr = watch };

  g_return_val_if_fail (WEIR_IS_ENGINE (self), FALSE);
  g_return_val_if_fail (watch != NULL && watch->reserved[0] == NULL, FALSE);
  g_return_val_if_fail (func != NULL, FALSE);

  if (epoll_ctl (self->poll_fd.fd, EPOLL_CTL_ADD, fd, &event) < 0)
    {
      int saved_errno = errno;

      g_set_error (error,
                   G_IO_ERROR,
                   g_io_error_from_errno (saved_errno),
                   "Cannot watch file descriptor %d: %s",
                   fd,
                   g_strerror (saved_errno));
      return FALSE;
    }
  watch->func = func;
  watch->fd = fd;
  watch->events = events;
  watch->reserved[0] = self;
  return TRUE;
}

/**
 * weir_engine_modify: (skip)
 * @self: an engine
 * @watch: a watch in use
 * @events: EPOLL bits
 *
 * Changes what is asked for. What is ready already is told again, even if
 * nothing changed.
 *
 * Since: 1.0
 */
void
weir_engine_modify (WeirEngine *self, WeirWatch *watch, guint events)
{
  struct epoll_event event = { .events = events | EPOLLET, .data.ptr = watch };

  g_return_if_fail (WEIR_IS_ENGINE (self));
  g_return_if_fail (watch != NULL && watch->reserved[0] == self);

  watch->events = events;
  if (epoll_ctl (self->poll_fd.fd, EPOLL_CTL_MOD, watch->fd, &event) < 0)
    g_critical ("Cannot watch file descriptor %d: %s", watch->fd, g_strerror (errno));
}

/**
 * weir_engine_unwatch: (skip)
 * @self: an engine
 * @watch: a watch; one that is not in use is left alone
 *
 * Stops watching, to be called before the file descriptor is closed. Events that
 * came already are dropped: the memory of @watch may be freed at once.
 *
 * Since: 1.0
 */
void
weir_engine_unwatch (WeirEngine *self, WeirWatch *watch)
{
  g_return_if_fail (WEIR_IS_ENGINE (self));
  g_return_if_fail (watch != NULL);

  if (watch->reserved[0] == NULL)
    return;
  epoll_ctl (self->poll_fd.fd, EPOLL_CTL_DEL, watch->fd, NULL);
  watch->reserved[0] = NULL;
  for (int i = self->next_event; i < self->n_events; i++)
    {
      if (self->events[i].data.ptr == watch)
        self->events[i].data.ptr = NULL;
    }
}

/**
 * weir_engine_arm: (skip)
 * @self: an engine
 * @timer: a timer; one that is armed is moved
 * @delay_ms: how long to wait, in milliseconds
 * @func: called once, never early
 *
 * Arms a timer. It takes the same time however many there are.
 *
 * Since: 1.0
 */
void
weir_engine_arm (WeirEngine *self, WeirTimer *timer, guint delay_ms, WeirTimerFunc func)
{
  g_return_if_fail (WEIR_IS_ENGINE (self));
  g_return_if_fail (timer != NULL && func != NULL);

  /* The time of the batch may be old, and a timer must not be early. */
  weir_engine_arm_at (self, timer, g_get_monotonic_time () + (gint64) delay_ms * 1000, func);
}

void
weir_engine_arm_at (WeirEngine *self, WeirTimer *timer, gint64 moment, WeirTimerFunc func)
{
  if (timer->next != NULL)
    weir_timer_wheel_remove (&self->timers, timer);
  timer->func = func;
  weir_timer_wheel_add (&self->timers, timer, weir_engine_get_now (self), moment);
}

/**
 * weir_engine_disarm: (skip)
 * @self: an engine
 * @timer: a timer; one that is not armed is left alone
 *
 * Forgets a timer: its function is not called.
 *
 * Since: 1.0
 */
void
weir_engine_disarm (WeirEngine *self, WeirTimer *timer)
{
  g_return_if_fail (WEIR_IS_ENGINE (self));
  g_return_if_fail (timer != NULL);

  if (timer->next != NULL)
    weir_timer_wheel_remove (&self->timers, timer);
}

/**
 * weir_engine_is_armed: (skip)
 * @self: an engine
 * @timer: a timer
 *
 * Returns: whether the timer is still to fire
 *
 * Since: 1.0
 */
gboolean
weir_engine_is_armed (WeirEngine *self, WeirTimer *timer)
{
  g_return_val_if_fail (timer != NULL, FALSE);
  return timer->next != NULL;
}

/**
 * weir_engine_defer: (skip)
 * @self: an engine
 * @flush: a deferred call; one that waits already stays where it is
 * @func: called once
 *
 * Calls a function when the events of this batch are done, before the loop
 * sleeps again.
 *
 * Since: 1.0
 */
void
weir_engine_defer (WeirEngine *self, WeirFlush *flush, WeirFlushFunc func)
{
  g_return_if_fail (WEIR_IS_ENGINE (self));
  g_return_if_fail (flush != NULL && func != NULL);

  flush->func = func;
  if (flush->next != NULL)
    return;
  flush->prev = self->flushes.prev;
  flush->next = &self->flushes;
  self->flushes.prev->next = flush;
  self->flushes.prev = flush;
}

/**
 * weir_engine_undefer: (skip)
 * @self: an engine
 * @flush: a deferred call; one that does not wait is left alone
 *
 * Forgets a deferred call.
 *
 * Since: 1.0
 */
void
weir_engine_undefer (WeirEngine *self, WeirFlush *flush)
{
  g_return_if_fail (WEIR_IS_ENGINE (self));
  g_return_if_fail (flush != NULL);

  if (flush->next != NULL)
    weir_flush_unlink (flush);
}

/**
 * WeirInvokeFunc: (skip)
 * @user_data: what weir_engine_invoke() was given
 *
 * A call on the engine's thread. C only.
 *
 * Since: 1.0
 */

/**
 * weir_engine_invoke: (skip)
 * @self: an engine
 * @func: called once, on the engine's thread
 * @user_data: for @func
 *
 * Runs a function on the engine's thread, from any thread. Calls are run in the
 * order they came, never before this returns. Those that are left when the
 * engine goes are run by whoever drops its last reference.
 *
 * Since: 1.0
 */
void
weir_engine_invoke (WeirEngine *self, WeirInvokeFunc func, gpointer user_data)
{
  g_return_if_fail (WEIR_IS_ENGINE (self));
  g_return_if_fail (func != NULL);

  /* The counter is never read: each write is an edge. */
  if (weir_invoke_queue_push (&self->invocations, func, user_data) &&
      eventfd_write (self->invoke_fd, 1) < 0 && errno != EAGAIN)
    g_critical ("Cannot wake the loop: %s", g_strerror (errno));
}
