/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-io"

#include "io/weir-engine-private.h"

#include <errno.h>

/* A turn does no more than this, and a batch of events, before other sources of the
 * context get theirs. */
#define TURN_TIMERS 1024
#define TURN_FLUSHES 4096

/* A poll function is given no data: prepare, which the same thread always runs just
 * before it, says for whom it polls. */
static __thread WeirEngine *polling;

static gboolean
weir_engine_has_work (WeirEngine *self)
{
  return self->next_event < self->n_events || self->flushes.next != &self->flushes ||
         weir_invoke_queue_has_work (&self->invocations);
}

/* The sleep in milliseconds, rounded up: waking before a timer is due only costs. */
static int
weir_engine_get_timeout (WeirEngine *self)
{
  gint64 next = weir_timer_wheel_next (&self->timers);
  gint64 wait;

  if (next == G_MAXINT64)
    return -1;
  wait = next - g_get_monotonic_time ();
  return wait <= 0 ? 0 : (int) MIN ((wait + 999) / 1000, G_MAXINT);
}

static gboolean
weir_engine_prepare (GSource *source, int *timeout)
{
  WeirEngine *self = ((WeirEngineSource *) source)->engine;

  polling = self;
  self->fetched = FALSE;
  *timeout = weir_engine_has_work (self) ? 0 : weir_engine_get_timeout (self);
  return *timeout == 0;
}

static gboolean
weir_engine_check (GSource *source)
{
  WeirEngine *self = ((WeirEngineSource *) source)->engine;

  if (self->poll_fd.revents != 0 || weir_engine_has_work (self))
    return TRUE;
  return self->timers.n_armed > 0 &&
         weir_timer_wheel_next (&self->timers) <= g_get_monotonic_time ();
}

/* Takes the context's own wake-up out of the batch and says whether it was there. */
static gboolean
weir_engine_take_context_event (WeirEngine *self)
{
  for (int i = 0; i < self->n_events; i++)
    {
      if (self->events[i].data.ptr != &self->context_fd)
        continue;
      self->events[i] = self->events[--self->n_events];
      return TRUE;
    }
  return FALSE;
}

static gboolean
weir_engine_adopt_context_fd (WeirEngine *self, int fd)
{
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = &self->context_fd };

  if (self->context_fd < 0 && epoll_ctl (self->poll_fd.fd, EPOLL_CTL_ADD, fd, &event) == 0)
    self->context_fd = fd;
  return self->context_fd == fd;
}

/* With nothing to poll but our set and the wake-up of the context, one epoll_wait() does
 * for both and brings the events along. Anything else in the context is polled as usual. */
int
weir_engine_poll (GPollFD *fds, guint n_fds, int timeout)
{
  WeirEngine *self = g_steal_pointer (&polling);
  GPollFD *ours;
  GPollFD *context_poll;

  if (self == NULL || n_fds != 2 || self->next_event < self->n_events)
    return g_poll (fds, n_fds, timeout);
  ours = fds[0].fd == self->poll_fd.fd ? &fds[0] : &fds[1];
  context_poll = ours == &fds[0] ? &fds[1] : &fds[0];
  if (ours->fd != self->poll_fd.fd || !weir_engine_adopt_context_fd (self, context_poll->fd))
    return g_poll (fds, n_fds, timeout);

  ours->revents = context_poll->revents = 0;
  self->next_event = 0;
  self->n_events = epoll_wait (self->poll_fd.fd, self->events, WEIR_ENGINE_BATCH, timeout);
  if (self->n_events < 0)
    {
      self->n_events = 0;
      return -1;
    }
  self->fetched = TRUE;
  if (weir_engine_take_context_event (self))
    context_poll->revents = G_IO_IN;
  if (self->n_events > 0)
    ours->revents = G_IO_IN;
  return (ours->revents != 0) + (context_poll->revents != 0);
}

static void
weir_engine_fetch (WeirEngine *self)
{
  self->next_event = 0;
  self->n_events = epoll_wait (self->poll_fd.fd, self->events, WEIR_ENGINE_BATCH, 0);
  if (self->n_events < 0)
    {
      if (errno != EINTR)
        g_warning ("Cannot wait for events: %s", g_strerror (errno));
      self->n_events = 0;
    }
  weir_engine_take_context_event (self);
}

/* The batch and its cursor are the engine's, not this call's: a callback that runs the
 * context again goes on where this stands, and leaves nothing behind for it. */
static void
weir_engine_run_events (WeirEngine *self)
{
  while (self->next_event < self->n_events)
    {
      struct epoll_event *event = &self->events[self->next_event++];
      WeirWatch *watch = event->data.ptr;
      guint events;

      if (watch == NULL || (gpointer) watch == &self->invoke_fd)
        continue;
      events = event->events & (watch->events | EPOLLERR | EPOLLHUP);
      if (events != 0)
        watch->func (watch, events);
    }
}

static void
weir_engine_run_timers (WeirEngine *self)
{
  WeirTimer *timer;

  weir_timer_wheel_advance (&self->timers, self->now);
  for (guint i = 0; i < TURN_TIMERS && (timer = weir_timer_wheel_pop (&self->timers)) != NULL; i++)
    timer->func (timer);
}

static void
weir_engine_run_flushes (WeirEngine *self)
{
  for (guint i = 0; i < TURN_FLUSHES && self->flushes.next != &self->flushes; i++)
    {
      WeirFlush *flush = self->flushes.next;

      weir_flush_unlink (flush);
      flush->func (flush);
    }
}

static gboolean
weir_engine_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  WeirEngine *self = g_object_ref (((WeirEngineSource *) source)->engine);

  self->depth++;
  if (!self->fetched && self->poll_fd.revents != 0 && self->next_event >= self->n_events)
    weir_engine_fetch (self);
  self->fetched = FALSE;
  self->now = g_get_monotonic_time ();
  weir_engine_run_events (self);
  weir_engine_run_timers (self);
  weir_invoke_queue_run (&self->invocations, WEIR_ENGINE_INVOKES);
  weir_engine_run_flushes (self);
  self->depth--;
  g_object_unref (self);
  return G_SOURCE_CONTINUE;
}

GSourceFuncs weir_engine_source_funcs = {
  .prepare = weir_engine_prepare,
  .check = weir_engine_check,
  .dispatch = weir_engine_dispatch,
};

void
weir_engine_forget (WeirEngine *self)
{
  if (polling == self)
    polling = NULL;
}
