/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-request-feed-private.h"

/* In longer ones the control thread would take a processor from those who serve for longer. */
#define BATCH_MS 3
#define CAPACITY 8192
/* After a batch of so many the next one is taken without being asked for. */
#define RUSH 8

/* Records that lie one after the other. */
typedef struct
{
  WeirRequestBlock *block;
  gsize position;
  guint n;
} Run;

struct _WeirRequestFeed
{
  GSource *source;
  WeirRequestFeedFunc func; /* NULL once closed; control thread only, as the next two */
  gpointer user_data;
  GArray *taken; /* Run; empty between two batches */

  GMutex mutex;
  GArray *runs; /* under the mutex, as the next three */
  guint n_records;
  guint64 dropped;
  gboolean scheduled;
};

static GArray *
new_runs (void)
{
  return g_array_new (FALSE, FALSE, sizeof (Run));
}

static void
schedule (WeirRequestFeed *self)
{
  g_source_set_ready_time (self->source, g_get_monotonic_time () + BATCH_MS * 1000);
}

/* Leaves empty what was taken before in the place of what is taken now. In a rush the feed stays
 * scheduled, so that no data thread has to wake up anybody. */
static guint
take (WeirRequestFeed *self, guint64 *dropped)
{
  GArray *taken;
  guint n;

  g_mutex_lock (&self->mutex);
  taken = self->runs;
  self->runs = self->taken;
  self->taken = taken;
  n = self->n_records;
  *dropped = self->dropped;
  self->n_records = 0;
  self->dropped = 0;
  self->scheduled = n >= RUSH;
  g_mutex_unlock (&self->mutex);

  if (n >= RUSH)
    schedule (self);
  return n;
}

static GPtrArray *
collect (GArray *runs, guint n)
{
  GPtrArray *records = g_ptr_array_new_full (n, (GDestroyNotify) weir_request_record_unref);

  for (guint i = 0; i < runs->len; i++)
    {
      const Run *run = &g_array_index (runs, Run, i);

      weir_request_block_append_to (run->block, run->position, run->n, records);
    }
  g_array_set_size (runs, 0);
  return records;
}

static void
tell (WeirRequestFeed *self)
{
  guint64 dropped;
  guint n = take (self, &dropped);
  g_autoptr (GPtrArray) records = collect (self->taken, n);

  if (self->func != NULL && (n > 0 || dropped > 0))
    self->func (records, dropped, self->user_data);
}

static gboolean
on_batch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  g_source_set_ready_time (source, -1);
  return callback (user_data);
}

static gboolean
on_time (gpointer user_data)
{
  tell (user_data);

  return G_SOURCE_CONTINUE;
}

WeirRequestFeed *
weir_request_feed_new (GMainContext *control, WeirRequestFeedFunc func, gpointer user_data)
{
  static GSourceFuncs funcs = { NULL, NULL, on_batch, NULL, NULL, NULL };
  WeirRequestFeed *self = g_atomic_rc_box_new0 (WeirRequestFeed);

  self->func = func;
  self->user_data = user_data;
  g_mutex_init (&self->mutex);
  self->runs = new_runs ();
  self->taken = new_runs ();
  self->source = g_source_new (&funcs, sizeof (GSource));
  g_source_set_static_name (self->source, "[weir] request records");
  g_source_set_callback (self->source, on_time, self, NULL);
  g_source_attach (self->source, control);

  return self;
}

WeirRequestFeed *
weir_request_feed_ref (WeirRequestFeed *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
weir_request_feed_clear (gpointer data)
{
  WeirRequestFeed *self = data;

  g_ptr_array_unref (collect (self->runs, self->n_records)); /* nobody is told */
  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_mutex_clear (&self->mutex);
  g_array_unref (self->runs);
  g_array_unref (self->taken);
}

void
weir_request_feed_unref (WeirRequestFeed *self)
{
  g_atomic_rc_box_release_full (self, weir_request_feed_clear);
}

void
weir_request_feed_close (WeirRequestFeed *self)
{
  g_source_destroy (self->source);
  tell (self);
  self->func = NULL;
}

gboolean
weir_request_feed_give (WeirRequestFeed *self, WeirRequestBlock *block, gsize position, guint n)
{
  const Run run = { block, position, n };
  gboolean fits;
  gboolean first;

  g_mutex_lock (&self->mutex);
  fits = self->n_records + n <= CAPACITY;
  if (fits)
    {
      g_array_append_val (self->runs, run);
      self->n_records += n;
    }
  else
    self->dropped += n;
  first = !self->scheduled;
  self->scheduled = TRUE;
  g_mutex_unlock (&self->mutex);

  if (first)
    schedule (self);
  return fits;
}
