/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-http"

#include "http/weir-relay-private.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER_SIZE (64 * 1024)
#define EVENTS_ALWAYS (EPOLLIN | EPOLLRDHUP)
/* Two sides that are as fast as this must not keep the loop to themselves. */
#define FILLS_A_TURN 16

typedef enum
{
  CLIENT,
  WORKER,
  N_SIDES
} Side;

/* What goes from one side to the other. */
typedef struct
{
  guint8 *data;
  gsize start;
  gsize end;
  guint64 total;
  gboolean eof;  /* nothing more will be read */
  gboolean shut; /* and the other side was told so */
} Way;

typedef struct
{
  WeirWatch watch;
  WeirRelay *relay;
  int fd;
  gboolean hung_up; /* takes nothing any more, either */
  gboolean wants_out;
} End;

struct _WeirRelay
{
  WeirFlush flush;
  WeirEngine *engine;
  End ends[N_SIDES];
  Way ways[N_SIDES]; /* by the side that is read */
  gboolean broken;
  WeirRelayFunc ended;
  gpointer user_data;
};

static void
release_buffer (Way *way)
{
  if (way->start < way->end)
    return;
  way->start = way->end = 0;
  g_clear_pointer (&way->data, g_free);
}

static void
weir_relay_free (WeirRelay *self)
{
  weir_engine_undefer (self->engine, &self->flush);
  for (Side side = CLIENT; side < N_SIDES; side++)
    {
      if (self->ends[side].watch.func != NULL)
        weir_engine_unwatch (self->engine, &self->ends[side].watch);
      close (self->ends[side].fd);
      g_free (self->ways[side].data);
    }
  g_object_unref (self->engine);
  g_free (self);
}

/* What is ready already is told again. */
static void
ask_again (WeirRelay *self, End *end)
{
  weir_engine_modify (self->engine, &end->watch, EVENTS_ALWAYS | (end->wants_out ? EPOLLOUT : 0));
}

static void
want_out (WeirRelay *self, End *end, gboolean wants)
{
  if (end->wants_out == wants)
    return;
  end->wants_out = wants;
  ask_again (self, end);
}

/* Returns FALSE when there is nothing to read now. */
static gboolean
fill (WeirRelay *self, Side from)
{
  Way *way = &self->ways[from];
  gssize n;

  if (way->eof)
    return FALSE;
  if (way->data == NULL)
    way->data = g_malloc (BUFFER_SIZE);
  do
    n = recv (self->ends[from].fd, way->data, BUFFER_SIZE, 0);
  while (n < 0 && errno == EINTR);

  if (n > 0)
    {
      way->start = 0;
      way->end = n;
      way->total += n;
      return TRUE;
    }
  if (n == 0)
    way->eof = TRUE;
  else if (errno != EAGAIN)
    self->broken = TRUE;
  return FALSE;
}

/* Returns FALSE when the other side takes no more now. */
static gboolean
drain (WeirRelay *self, Side from)
{
  Way *way = &self->ways[from];
  End *to = &self->ends[!from];

  while (way->start < way->end)
    {
      gssize n = send (to->fd, way->data + way->start, way->end - way->start, MSG_NOSIGNAL);

      if (n >= 0)
        way->start += n;
      else if (errno == EAGAIN)
        {
          want_out (self, to, TRUE);
          return FALSE;
        }
      else if (errno != EINTR)
        {
          self->broken = TRUE;
          return FALSE;
        }
    }
  want_out (self, to, FALSE);
  return TRUE;
}

static void
pump (WeirRelay *self, Side from)
{
  Way *way = &self->ways[from];
  guint fills = 0;

  do
    {
      if (!drain (self, from))
        return;
      if (fills++ == FILLS_A_TURN)
        {
          ask_again (self, &self->ends[from]);
          return;
        }
    }
  while (fill (self, from));

  release_buffer (way);
  if (way->eof && !way->shut && !self->broken)
    {
      way->shut = TRUE;
      shutdown (self->ends[!from].fd, SHUT_WR);
    }
}

static gboolean
is_over (WeirRelay *self)
{
  if (self->broken)
    return TRUE;
  if (!self->ways[WORKER].shut)
    return FALSE;
  /* A worker that closed its socket without a word leaves nobody to talk to. */
  return self->ways[CLIENT].shut || self->ends[WORKER].hung_up;
}

void
weir_relay_get_totals (WeirRelay *self, guint64 *from_client, guint64 *from_worker)
{
  *from_client = self->ways[CLIENT].total;
  *from_worker = self->ways[WORKER].total;
}

static void
run (WeirRelay *self)
{
  WeirRelayFunc ended = self->ended;
  gpointer user_data = self->user_data;
  guint64 from_client, from_worker;

  if (!self->broken)
    pump (self, WORKER);
  if (!self->broken && !is_over (self))
    pump (self, CLIENT);
  if (!is_over (self))
    return;

  weir_relay_get_totals (self, &from_client, &from_worker);
  weir_relay_free (self);
  ended (from_client, from_worker, user_data);
}

static void
on_events (WeirWatch *watch, guint events)
{
  End *end = (End *) watch;

  if (events & (EPOLLHUP | EPOLLERR))
    end->hung_up = TRUE;
  run (end->relay);
}

static void
on_start (WeirFlush *flush)
{
  run ((WeirRelay *) flush);
}

static void
add_end (WeirRelay *self, Side side, int fd, GBytes *early)
{
  End *end = &self->ends[side];
  Way *way = &self->ways[side];
  g_autoptr (GError) error = NULL;

  end->relay = self;
  end->fd = fd;
  g_unix_set_fd_nonblocking (fd, TRUE, NULL);
  if (early != NULL && g_bytes_get_size (early) > 0)
    {
      way->end = way->total = g_bytes_get_size (early);
      way->data = g_malloc (MAX (way->end, BUFFER_SIZE)); /* the next piece comes there, too */
      memcpy (way->data, g_bytes_get_data (early, NULL), way->end);
    }
  if (!weir_engine_watch (self->engine, &end->watch, fd, EVENTS_ALWAYS, on_events, &error))
    {
      g_warning ("Cannot relay: %s", error->message);
      end->watch.func = NULL;
      self->broken = TRUE;
    }
}

WeirRelay *
weir_relay_start (WeirEngine *engine,
                  int client_fd,
                  GBytes *client_early,
                  int worker_fd,
                  GBytes *worker_early,
                  WeirRelayFunc ended,
                  gpointer user_data)
{
  WeirRelay *self = g_new0 (WeirRelay, 1);

  self->engine = g_object_ref (engine);
  self->ended = ended;
  self->user_data = user_data;
  add_end (self, CLIENT, client_fd, client_early);
  add_end (self, WORKER, worker_fd, worker_early);
  weir_engine_defer (engine, &self->flush, on_start);
  return self;
}

void
weir_relay_cancel (WeirRelay *self)
{
  weir_relay_free (self);
}
