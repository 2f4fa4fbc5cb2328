/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-request-writer-private.h"

/* Enough for dozens of records, so that hardly one of them needs memory of its own. */
#define BLOCK_SIZE 16384
/* Not all of a turn that has no end: what a feed has no place for is lost as a whole. */
#define MOST_AT_ONCE 128
/* Microseconds. To ask who listens takes a lock and a search. That somebody did holds for longer:
 * who begins to shall hear of all that ends from then on, but for what is of the same batch. */
#define WANTED_FOR 3000
/* Microseconds: the clock may be set, and each reading costs. */
#define CLOCK_HOLDS G_USEC_PER_SEC

struct _WeirRequestWriter
{
  WeirRequestFeed *feed;
  WeirEngine *engine;
  WeirRequestWantedFunc is_wanted;
  gpointer user_data;

  gboolean wanted;
  gint64 asked;

  gint64 clock_read;
  gint64 real_time; /* is ahead of the monotonic one by so much */

  WeirFlush flush;
  WeirRequestBlock *block;
  gsize size;
  gsize given_to; /* where in the block what is not given yet begins */
  gsize end;
  guint n; /* not given yet */
  guint n_given;
};

WeirRequestWriter *
weir_request_writer_new (WeirRequestFeed *feed,
                         WeirEngine *engine,
                         WeirRequestWantedFunc wanted,
                         gpointer user_data)
{
  WeirRequestWriter *self = g_new0 (WeirRequestWriter, 1);

  self->feed = weir_request_feed_ref (feed);
  self->engine = g_object_ref (engine);
  self->is_wanted = wanted;
  self->user_data = user_data;

  return self;
}

static void
give (WeirRequestWriter *self)
{
  if (self->n > 0 && weir_request_feed_give (self->feed, self->block, self->given_to, self->n))
    self->n_given += self->n;
  self->given_to = self->end;
  self->n = 0;
}

static void
drop_block (WeirRequestWriter *self)
{
  give (self);
  if (self->block != NULL)
    weir_request_block_retire (self->block, self->n_given);
  self->block = NULL;
  self->size = self->given_to = self->end = 0;
  self->n_given = 0;
}

void
weir_request_writer_free (WeirRequestWriter *self)
{
  weir_engine_undefer (self->engine, &self->flush);
  drop_block (self);
  g_object_unref (self->engine);
  weir_request_feed_unref (self->feed);
  g_free (self);
}

static void
on_turn_ends (WeirFlush *flush)
{
  give ((WeirRequestWriter *) ((char *) flush - G_STRUCT_OFFSET (WeirRequestWriter, flush)));
}

static gboolean
is_wanted (WeirRequestWriter *self, gint64 now)
{
  if (now == self->asked || (self->wanted && now - self->asked < WANTED_FOR))
    return self->wanted;
  self->wanted = self->is_wanted (self->user_data);
  self->asked = now;
  return self->wanted;
}

static gint64
get_real_time (WeirRequestWriter *self, gint64 now)
{
  if (self->clock_read == 0 || now - self->clock_read >= CLOCK_HOLDS)
    {
      self->real_time = g_get_real_time () - g_get_monotonic_time ();
      self->clock_read = now;
    }
  return self->real_time;
}

static void
make_room (WeirRequestWriter *self, gsize size)
{
  if (self->size - self->end >= size)
    return;
  drop_block (self);
  self->size = MAX (size, BLOCK_SIZE);
  self->block = weir_request_block_new (self->size);
}

void
weir_request_writer_on_finished (WeirExchange *exchange, gpointer user_data)
{
  WeirRequestWriter *self = user_data;
  gint64 now = weir_engine_get_now (self->engine);
  WeirRequestDraft draft;

  if (!is_wanted (self, now))
    return;
  weir_request_draft_init (&draft, exchange);
  make_room (self, draft.size);
  weir_request_block_write (self->block, self->end, &draft, exchange, get_real_time (self, now));
  self->end += draft.size;
  if (++self->n == MOST_AT_ONCE)
    give (self);
  else
    weir_engine_defer (self->engine, &self->flush, on_turn_ends);
}
