/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/weir-request-feed-private.h"

/* In longer ones the control thread would take a processor from those who serve for longer. */
#define BATCH_MS 3
#define CAPACITY 8192

struct _WeirRequestFeed
{
  GMainContext *control;
  WeirRequestFeedFunc func; /* NULL once closed; control thread only */
  gpointer user_data;

  GMutex mutex;
  WeirRequestBlock *block; /* under the mutex, as the next three */
  GPtrArray *records;
  guint64 dropped;
  gboolean scheduled;
};

static GPtrArray *
new_batch (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) weir_request_record_unref);
}

WeirRequestFeed *
weir_request_feed_new (GMainContext *control, WeirRequestFeedFunc func, gpointer user_data)
{
  WeirRequestFeed *self = g_atomic_rc_box_new0 (WeirRequestFeed);

  self->control = g_main_context_ref (control);
  self->func = func;
  self->user_data = user_data;
  g_mutex_init (&self->mutex);
  self->records = new_batch ();

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

  g_main_context_unref (self->control);
  g_mutex_clear (&self->mutex);
  g_ptr_array_unref (self->records);
  g_clear_pointer (&self->block, weir_request_block_unref);
}

void
weir_request_feed_unref (WeirRequestFeed *self)
{
  g_atomic_rc_box_release_full (self, weir_request_feed_clear);
}

static gboolean
on_batch (gpointer user_data)
{
  WeirRequestFeed *self = user_data;
  g_autoptr (GPtrArray) records = NULL;
  guint64 dropped;

  g_mutex_lock (&self->mutex);
  records = g_steal_pointer (&self->records);
  self->records = new_batch ();
  dropped = self->dropped;
  self->dropped = 0;
  self->scheduled = FALSE;
  g_mutex_unlock (&self->mutex);

  if (self->func != NULL)
    self->func (records, dropped, self->user_data);

  return G_SOURCE_REMOVE;
}

void
weir_request_feed_close (WeirRequestFeed *self)
{
  on_batch (self);
  self->func = NULL;
}

static void
schedule (WeirRequestFeed *self)
{
  g_autoptr (GSource) source = g_timeout_source_new (BATCH_MS);

  g_source_set_static_name (source, "[weir] request records");
  g_source_set_callback (source,
                         on_batch,
                         weir_request_feed_ref (self),
                         (GDestroyNotify) weir_request_feed_unref);
  g_source_attach (source, self->control);
}

void
weir_request_feed_push (WeirRequestFeed *self, WeirExchange *exchange)
{
  WeirRequestRecord *record;
  gboolean first;

  g_mutex_lock (&self->mutex);
  record = weir_request_record_new (exchange, &self->block);
  if (self->records->len < CAPACITY)
    g_ptr_array_add (self->records, g_steal_pointer (&record));
  else
    self->dropped++;
  first = !self->scheduled;
  self->scheduled = TRUE;
  g_mutex_unlock (&self->mutex);

  g_clear_pointer (&record, weir_request_record_unref);
  if (first)
    schedule (self);
}
