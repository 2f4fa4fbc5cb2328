/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "weir-key-source.h"

/* After the store has failed; while somebody reads keys that others took the place of; and for
 * how long the end of the server waits for the store. */
#define RETRY_MS 1000
#define RELEASE_MS 10
#define CLOSE_MS 2000
/* Of keys that are not known: so often, and so many at once. */
#define LOOK_INTERVAL_US (G_USEC_PER_SEC / 10)
#define LOOKS_AT_ONCE 10

struct _WeirKeySource
{
  GObject parent_instance;

  GMainContext *control;
  WeirStore *store;
  guint interval_ms;

  WeirKeyRing *ring; /* atomic */
  gint n_readers;    /* atomic */
  gint is_due;       /* atomic: a flush is to come */
  GMutex lock;       /* the next one */
  gint64 next_look_us;

  GPtrArray *replaced; /* WeirKeyRing: somebody may still read them */
  GPtrArray *waiting;  /* GTask */
  GPtrArray *late;     /* GTask: of the reading after this one */
  gboolean is_reading;
  gboolean is_outdated; /* what is read right now */
  gboolean is_retrying;
  gboolean is_writing;
  gboolean has_warned;
};

G_DEFINE_FINAL_TYPE (WeirKeySource, weir_key_source, G_TYPE_OBJECT)

static void read_keys (WeirKeySource *self);
static void flush (WeirKeySource *self);

/* ---- timers: they do not keep the source, which may go away in another thread ---- */

typedef void (*Tick) (WeirKeySource *self);

typedef struct
{
  GWeakRef source;
  Tick tick;
} Timer;

static void
timer_free (gpointer data)
{
  Timer *timer = data;

  g_weak_ref_clear (&timer->source);
  g_free (timer);
}

static gboolean
on_timer (gpointer user_data)
{
  Timer *timer = user_data;
  g_autoptr (WeirKeySource) self = g_weak_ref_get (&timer->source);

  if (self != NULL)
    timer->tick (self);
  return G_SOURCE_REMOVE;
}

static void
start_timer (WeirKeySource *self, guint delay_ms, Tick tick)
{
  g_autoptr (GSource) source = g_timeout_source_new (delay_ms);
  Timer *timer = g_new0 (Timer, 1);

  g_weak_ref_init (&timer->source, self);
  timer->tick = tick;
  g_source_set_static_name (source, "[weir] API keys");
  g_source_set_callback (source, on_timer, timer, timer_free);
  g_source_attach (source, self->control);
}

/* ---- readers ---- */

const WeirKeyRing *
weir_key_source_enter (WeirKeySource *self)
{
  g_atomic_int_inc (&self->n_readers);
  return g_atomic_pointer_get (&self->ring);
}

void
weir_key_source_leave (WeirKeySource *self)
{
  g_atomic_int_add (&self->n_readers, -1);
}

/* Who comes after a ring was replaced gets the other one; so when nobody is in, nobody has it. */
static void
release (WeirKeySource *self)
{
  if (self->replaced->len == 0)
    return;
  if (g_atomic_int_get (&self->n_readers) == 0)
    g_ptr_array_set_size (self->replaced, 0);
  else
    start_timer (self, RELEASE_MS, release);
}

static void
replace (WeirKeySource *self, WeirKeyRing *ring)
{
  WeirKeyRing *before = self->ring;

  g_atomic_pointer_set (&self->ring, ring);
  if (before != NULL)
    g_ptr_array_add (self->replaced, before);
  release (self);
}

/* ---- reading ---- */

static void
wake (WeirKeySource *self, const GError *error)
{
  g_autoptr (GPtrArray) tasks = g_steal_pointer (&self->waiting);

  self->waiting = g_steal_pointer (&self->late);
  self->late = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < tasks->len; i++)
    {
      if (error != NULL)
        g_task_return_error (tasks->pdata[i], g_error_copy (error));
      else
        g_task_return_boolean (tasks->pdata[i], TRUE);
    }
}

static void
retry (WeirKeySource *self)
{
  self->is_retrying = FALSE;
  read_keys (self);
}

static void
fail_read (WeirKeySource *self, const GError *error)
{
  if (!self->has_warned)
    g_warning ("The API keys cannot be read, those before stay in force: %s", error->message);
  self->has_warned = TRUE;
  if (!self->is_retrying)
    start_timer (self, RETRY_MS, retry);
  self->is_retrying = TRUE;
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (WeirKeySource) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) records = weir_store_list_finish (WEIR_STORE (source), result, &error);

  self->is_reading = FALSE;
  if (records != NULL)
    {
      self->has_warned = FALSE;
      replace (self, weir_key_ring_new (records, self->ring));
    }
  else
    fail_read (self, error);
  wake (self, error);
  if (self->is_outdated)
    read_keys (self);
}

static void
read_keys (WeirKeySource *self)
{
  self->is_outdated = self->is_reading;
  if (self->is_reading)
    return;
  self->is_reading = TRUE;
  weir_store_list_async (self->store, WEIR_API_KEY_KIND, NULL, on_listed, g_object_ref (self));
}

static void
on_changed (WeirStore *store, WeirKeySource *self)
{
  read_keys (self);
}

void
weir_key_source_wait_async (WeirKeySource *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);

  g_task_set_source_tag (task, weir_key_source_wait_async);
  /* What is read already may have begun before that was written which is waited for. */
  g_ptr_array_add (self->is_reading ? self->late : self->waiting, g_object_ref (task));
  read_keys (self);
}

gboolean
weir_key_source_wait_finish (WeirKeySource *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
weir_key_source_may_look (WeirKeySource *self, gint64 now_us)
{
  gboolean may;

  g_mutex_lock (&self->lock);
  may = self->next_look_us - now_us <= (LOOKS_AT_ONCE - 1) * LOOK_INTERVAL_US;
  if (may)
    self->next_look_us = MAX (self->next_look_us, now_us) + LOOK_INTERVAL_US;
  g_mutex_unlock (&self->lock);
  return may;
}

/* ---- when keys were used ---- */

static void
on_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (WeirKeySource) self = user_data;
  g_autoptr (GError) error = NULL;

  self->is_writing = FALSE;
  if (weir_store_apply_finish (WEIR_STORE (source), result, &error))
    return;
  /* Somebody else wrote at the same time; the next attempt knows of it. */
  if (!g_error_matches (error, WEIR_ERROR, WEIR_ERROR_INVALID_STATE) && !self->has_warned)
    {
      g_warning ("When API keys were used cannot be written: %s", error->message);
      self->has_warned = TRUE;
    }
  if (g_atomic_int_compare_and_exchange (&self->is_due, FALSE, TRUE))
    start_timer (self, self->interval_ms, flush);
}

static GPtrArray *
make_changes (WeirKeySource *self)
{
  GPtrArray *changes = g_ptr_array_new_with_free_func ((GDestroyNotify) weir_change_unref);

  for (guint i = 0; self->ring != NULL && i < weir_key_ring_get_n_entries (self->ring); i++)
    {
      const WeirKeyEntry *entry = weir_key_ring_get_entry (self->ring, i);
      guint seconds = weir_key_use_get (entry->use);
      /* What is known is the second, and a key is not used before it is there. */
      gint64 when = MAX ((gint64) seconds * 1000, weir_api_key_get_created (entry->key));
      g_autoptr (WeirApiKey) used = NULL;
      g_autoptr (WeirRecord) record = NULL;

      if (seconds == 0 || when <= weir_api_key_get_last_used (entry->key))
        continue;
      used = weir_api_key_use (entry->key, when);
      record = weir_api_key_to_record (used);
      g_ptr_array_add (changes, weir_change_new (WEIR_CHANGE_UPDATE, record));
    }
  return changes;
}

static void
flush (WeirKeySource *self)
{
  g_autoptr (GPtrArray) changes = NULL;

  if (self->is_writing)
    {
      start_timer (self, self->interval_ms, flush);
      return;
    }
  g_atomic_int_set (&self->is_due, FALSE);
  changes = make_changes (self);
  if (changes->len == 0)
    return;
  self->is_writing = TRUE;
  weir_store_apply_async (self->store, changes, NULL, on_written, g_object_ref (self));
}

void
weir_key_source_use (WeirKeySource *self, const WeirKeyEntry *entry, gint64 now_us)
{
  if (weir_key_use_mark (entry->use, (guint) (now_us / G_USEC_PER_SEC)) &&
      g_atomic_int_compare_and_exchange (&self->is_due, FALSE, TRUE))
    start_timer (self, self->interval_ms, flush);
}

/* ---- the end ---- */

typedef struct
{
  gboolean is_done;
  gboolean is_too_late;
} Close;

static void
on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Close *close = user_data;
  g_autoptr (GError) error = NULL;

  if (!weir_store_apply_finish (WEIR_STORE (source), result, &error) && !close->is_too_late)
    g_debug ("When API keys were used is not written: %s", error->message);
  close->is_done = TRUE;
  g_atomic_rc_box_release (close);
}

static gboolean
on_too_late (gpointer user_data)
{
  Close *close = user_data;

  close->is_too_late = TRUE;
  return G_SOURCE_REMOVE;
}

/* In a context of its own, where nothing else can happen meanwhile. */
static void
write_and_wait (WeirKeySource *self, GPtrArray *changes)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GSource) source = g_timeout_source_new (CLOSE_MS);
  Close *close = g_atomic_rc_box_new0 (Close);

  g_main_context_push_thread_default (context);
  g_source_set_callback (source, on_too_late, close, NULL);
  g_source_attach (source, context);
  weir_store_apply_async (self->store, changes, NULL, on_closed, g_atomic_rc_box_acquire (close));
  while (!close->is_done && !close->is_too_late)
    g_main_context_iteration (context, TRUE);
  g_source_destroy (source);
  g_main_context_pop_thread_default (context);
  g_atomic_rc_box_release (close);
}

void
weir_key_source_close (WeirKeySource *self)
{
  g_autoptr (GPtrArray) changes = make_changes (self);

  g_signal_handlers_disconnect_by_data (self->store, self);
  if (changes->len > 0)
    write_and_wait (self, changes);
}

static void
weir_key_source_finalize (GObject *object)
{
  WeirKeySource *self = WEIR_KEY_SOURCE (object);

  g_clear_pointer (&self->ring, weir_key_ring_free);
  g_ptr_array_unref (self->replaced);
  g_ptr_array_unref (self->waiting);
  g_ptr_array_unref (self->late);
  g_mutex_clear (&self->lock);
  g_object_unref (self->store);
  g_main_context_unref (self->control);

  G_OBJECT_CLASS (weir_key_source_parent_class)->finalize (object);
}

static void
weir_key_source_class_init (WeirKeySourceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = weir_key_source_finalize;
}

static void
weir_key_source_init (WeirKeySource *self)
{
  self->control = g_main_context_ref_thread_default ();
  self->replaced = g_ptr_array_new_with_free_func ((GDestroyNotify) weir_key_ring_free);
  self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  self->late = g_ptr_array_new_with_free_func (g_object_unref);
  g_mutex_init (&self->lock);
}

WeirKeySource *
weir_key_source_new (WeirStore *store, guint interval_ms)
{
  WeirKeySource *self = g_object_new (WEIR_TYPE_KEY_SOURCE, NULL);

  self->store = g_object_ref (store);
  self->interval_ms = interval_ms;
  g_signal_connect_object (store, "changed", G_CALLBACK (on_changed), self, 0);
  read_keys (self);
  return self;
}
