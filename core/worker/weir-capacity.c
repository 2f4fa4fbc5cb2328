/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-worker"

#include "worker/weir-capacity-private.h"

#include <stdio.h>
#include <unistd.h>

#include "base/weir-signal-private.h"
#include "worker/weir-worker-error-private.h"
#include "worker/weir-worker-private.h"

#define MIB (1024 * 1024)

/* Reading memory costs some microseconds for each worker. */
#define MEASURE_US (250 * G_TIME_SPAN_MILLISECOND)
/* How often it is looked whether somebody has become idle: a worker tells that late, since it
 * must not post a message for every request. */
#define CHECK_MS 10
/* How often it is looked whether those that run have grown beyond what they may have together. */
#define WATCH_MS 1000
/* A worker that has just become ready is there for somebody, who may not have come yet. */
#define GRACE_US G_TIME_SPAN_SECOND

typedef struct
{
  WeirWorker *worker;
  WeirWorkerPool *pool; /* weak */
  guint64 memory;       /* 0: not measured yet */
  gint64 since;         /* when it became idle or busy */
} Entry;

struct _WeirCapacity
{
  GObject parent_instance;

  WeirClock *clock;
  WeirMemoryProbe probe;
  gpointer user_data;
  guint max_workers;
  guint64 max_memory;

  GQueue entries;    /* Entry; the one that was used last is the last */
  GHashTable *links; /* worker -> its link in entries */
  GQueue waiting;    /* WeirWorkerPool */
  gint64 measured;
  guint64 check;
  guint64 watch;
  gboolean settling;
};

enum
{
  SIGNAL_NOTICE,
  SIGNAL_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (WeirCapacity, weir_capacity, G_TYPE_OBJECT)

guint64
weir_capacity_get_default_memory (void)
{
  gint64 pages = sysconf (_SC_PHYS_PAGES);
  gint64 page = sysconf (_SC_PAGESIZE);

  return pages > 0 && page > 0 ? (guint64) pages * (guint64) page / 2 : 0;
}

/* What it shares, the program's own code above all, is there once however many there are. */
static guint64
read_memory (GPid pid, gpointer user_data)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/statm", pid);
  unsigned long long resident = 0;
  unsigned long long shared = 0;
  g_autofree char *text = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL) ||
      sscanf (text, "%*u %llu %llu", &resident, &shared) != 2)
    return 0;
  return (resident - MIN (shared, resident)) * (guint64) sysconf (_SC_PAGESIZE);
}

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_clear_weak_pointer (&entry->pool);
  g_object_unref (entry->worker);
  g_free (entry);
}

/* ---- how much there is ---- */

static void
measure (WeirCapacity *self)
{
  gint64 now = weir_clock_now (self->clock);

  if (self->measured != 0 && now - self->measured < MEASURE_US)
    return;
  self->measured = now;
  for (GList *link = self->entries.head; link != NULL; link = link->next)
    {
      Entry *entry = link->data;
      GPid pid = weir_worker_get_pid (entry->worker);

      entry->memory = pid > 0 ? self->probe (pid, self->user_data) : 0;
    }
}

/* With so many more; those that are too young to know count like the others. */
static guint64
estimate_memory (WeirCapacity *self, guint more)
{
  guint64 sum = 0;
  guint n_known = 0;

  measure (self);
  for (GList *link = self->entries.head; link != NULL; link = link->next)
    {
      Entry *entry = link->data;

      sum += entry->memory;
      n_known += entry->memory > 0;
    }
  if (n_known == 0)
    return 0;
  return sum + sum / n_known * (self->entries.length - n_known + more);
}

static gboolean
has_room (WeirCapacity *self)
{
  if (self->entries.length == 0) /* or nothing would ever start */
    return TRUE;
  if (self->max_workers > 0 && self->entries.length >= self->max_workers)
    return FALSE;
  return self->max_memory == 0 || estimate_memory (self, 1) <= self->max_memory;
}

guint
weir_capacity_get_spare (WeirCapacity *self, guint64 bytes_each)
{
  guint spare = G_MAXUINT;
  guint64 used;

  g_return_val_if_fail (WEIR_IS_CAPACITY (self), 0);
  g_return_val_if_fail (bytes_each > 0, 0);

  if (self->max_workers > 0)
    spare = self->max_workers - MIN (self->max_workers, self->entries.length);
  if (self->max_memory == 0)
    return spare;
  used = estimate_memory (self, 0);
  return (guint) MIN (spare, (self->max_memory - MIN (self->max_memory, used)) / bytes_each);
}

static void
tell_changed (WeirCapacity *self)
{
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

/* ---- making room ---- */

static gboolean
is_idle (WeirCapacity *self, Entry *entry)
{
  WeirWorkerState state = weir_worker_get_state (entry->worker);
  WeirGate *gate = weir_worker_get_gate (entry->worker);

  if (state != WEIR_WORKER_STATE_IDLE && state != WEIR_WORKER_STATE_BUSY)
    return FALSE;
  if (weir_gate_get_in_flight (gate) > 0 || weir_gate_get_sockets (gate) > 0)
    return FALSE;
  if (weir_gate_get_total (gate) == 0 && weir_clock_now (self->clock) - entry->since < GRACE_US)
    return FALSE;
  return entry->pool != NULL && weir_worker_pool_can_spare (entry->pool);
}

static WeirWorker *
find_idle (WeirCapacity *self)
{
  for (GList *link = self->entries.head; link != NULL; link = link->next)
    if (is_idle (self, link->data))
      return ((Entry *) link->data)->worker;
  return NULL;
}

static guint
count_ending (WeirCapacity *self)
{
  guint n = 0;

  for (GList *link = self->entries.head; link != NULL; link = link->next)
    n += weir_worker_get_state (((Entry *) link->data)->worker) > WEIR_WORKER_STATE_BUSY;
  return n;
}

/* FALSE: it is in the middle of a step, and ends after it. */
static gboolean
retire (WeirWorker *worker)
{
  gboolean ends;

  g_object_ref (worker);
  g_debug ("%s: retired to make room", weir_worker_get_id (worker));
  weir_worker_retire (worker);
  ends = weir_worker_get_state (worker) > WEIR_WORKER_STATE_BUSY;
  g_object_unref (worker);
  return ends;
}

static void
evict (WeirCapacity *self)
{
  WeirWorker *worker;

  while (count_ending (self) < self->waiting.length && (worker = find_idle (self)) != NULL)
    if (!retire (worker))
      break;
}

static void settle (WeirCapacity *self);

static void
on_check (gpointer user_data)
{
  WeirCapacity *self = user_data;

  self->check = 0;
  settle (self);
}

/* From the start each time: what is called may withdraw others. */
static void
settle (WeirCapacity *self)
{
  if (self->settling)
    return;

  g_object_ref (self);
  self->settling = TRUE;
  while (!g_queue_is_empty (&self->waiting) && has_room (self))
    {
      g_autoptr (WeirWorkerPool) pool = g_queue_pop_head (&self->waiting);

      weir_worker_pool_grant (pool);
    }
  evict (self);
  self->settling = FALSE;
  if (!g_queue_is_empty (&self->waiting) && self->check == 0)
    self->check = weir_clock_arm (self->clock, CHECK_MS, on_check, self);
  g_object_unref (self);
}

static void
take_out (WeirCapacity *self, WeirWorkerPool *pool)
{
  if (g_queue_remove (&self->waiting, pool))
    g_object_unref (pool);
}

static void
disarm_check (WeirCapacity *self)
{
  weir_clock_disarm (self->clock, self->check);
  self->check = 0;
}

void
weir_capacity_withdraw (WeirCapacity *self, WeirWorkerPool *pool)
{
  g_return_if_fail (WEIR_IS_CAPACITY (self));

  take_out (self, pool);
  if (g_queue_is_empty (&self->waiting))
    disarm_check (self);
}

static gboolean
wants_first (gconstpointer pool)
{
  return weir_worker_pool_get_n_serving (WEIR_WORKER_POOL ((gpointer) pool)) == 0;
}

/* Behind those that want their first one, too. */
static void
enqueue (WeirCapacity *self, WeirWorkerPool *pool)
{
  GList *link = self->waiting.head;

  while (link != NULL && (wants_first (link->data) || !wants_first (pool)))
    link = link->next;
  g_queue_insert_before (&self->waiting, link, g_object_ref (pool));
}

/* It may have lost its last worker meanwhile, or got its first one. */
static gboolean
is_in_place (GList *link)
{
  gboolean first = wants_first (link->data);

  return (!first || link->prev == NULL || wants_first (link->prev->data)) &&
         (first || link->next == NULL || !wants_first (link->next->data));
}

gboolean
weir_capacity_ask (WeirCapacity *self, WeirWorkerPool *pool)
{
  GList *link;

  g_return_val_if_fail (WEIR_IS_CAPACITY (self), TRUE);

  /* Who asks again has waited since the first time. */
  link = g_queue_find (&self->waiting, pool);
  if (link == NULL || !is_in_place (link))
    {
      take_out (self, pool);
      enqueue (self, pool);
    }
  if (g_queue_peek_head (&self->waiting) == pool && has_room (self))
    {
      take_out (self, pool);
      return TRUE;
    }
  if (!self->settling)
    {
      self->settling = TRUE;
      evict (self);
      self->settling = FALSE;
    }
  if (self->check == 0)
    self->check = weir_clock_arm (self->clock, CHECK_MS, on_check, self);
  return FALSE;
}

/* ---- those that have grown ---- */

static gboolean
is_ending (Entry *entry)
{
  return weir_worker_get_state (entry->worker) > WEIR_WORKER_STATE_BUSY;
}

static gboolean
is_unused (Entry *entry)
{
  WeirGate *gate = weir_worker_get_gate (entry->worker);

  return !is_ending (entry) && weir_gate_get_in_flight (gate) == 0 &&
         weir_gate_get_sockets (gate) == 0 && weir_worker_get_tasks (entry->worker) == 0;
}

static guint64
sum_memory (WeirCapacity *self, gboolean with_ending)
{
  guint64 sum = 0;

  for (GList *link = self->entries.head; link != NULL; link = link->next)
    if (with_ending || !is_ending (link->data))
      sum += ((Entry *) link->data)->memory;
  return sum;
}

/* The one that nobody has used for the longest; while all are in use, the largest. */
static Entry *
choose_to_shrink (WeirCapacity *self)
{
  Entry *largest = NULL;

  for (GList *link = self->entries.head; link != NULL; link = link->next)
    {
      Entry *entry = link->data;

      if (entry->memory > 0 && is_unused (entry))
        return entry;
      if (!is_ending (entry) && (largest == NULL || entry->memory > largest->memory))
        largest = entry;
    }
  return largest;
}

static void
tell_of_shrinking (WeirCapacity *self, WeirWorker *worker, guint64 sum)
{
  g_autofree char *text =
      g_strdup_printf ("%s is ended: all workers have %" G_GUINT64_FORMAT
                       " MiB of memory, and may have %" G_GUINT64_FORMAT " (worker_memory_mb)",
                       weir_worker_get_id (worker),
                       sum / MIB,
                       self->max_memory / MIB);

  g_signal_emit (self, signals[SIGNAL_NOTICE], 0, worker, text);
}

/* Those that are told to end get their time for it, until an eighth too much is used. */
static void
shrink (WeirCapacity *self)
{
  guint64 sum = sum_memory (self, FALSE);
  gboolean pressing = sum_memory (self, TRUE) > self->max_memory + self->max_memory / 8;
  Entry *entry;

  if (self->entries.length == 1) /* as has_room() lets one start, whatever it needs */
    return;
  while (sum > self->max_memory && (entry = choose_to_shrink (self)) != NULL)
    {
      g_autoptr (WeirWorker) worker = g_object_ref (entry->worker);
      gboolean unused = is_unused (entry);
      guint64 before = sum;

      sum -= MIN (sum, entry->memory);
      if (pressing && !unused)
        weir_worker_kill (worker,
                          WEIR_WORKER_EXIT_REASON_LIMIT_MEMORY,
                          weir_worker_error_new_crowded (before / MIB, self->max_memory / MIB));
      else
        weir_worker_retire_for (worker, WEIR_WORKER_EXIT_REASON_LIMIT_MEMORY);
      tell_of_shrinking (self, worker, before);
      if (!unused || weir_worker_get_state (worker) <= WEIR_WORKER_STATE_BUSY)
        break; /* One at a time of those in use: the next look shows what it was good for. */
    }
}

static void arm_watch (WeirCapacity *self);

static void
on_watch (gpointer user_data)
{
  g_autoptr (WeirCapacity) self = g_object_ref (user_data);

  self->watch = 0;
  self->measured = 0;
  measure (self);
  self->settling = TRUE;
  shrink (self);
  self->settling = FALSE;
  arm_watch (self);
  settle (self);
  tell_changed (self);
}

static void
arm_watch (WeirCapacity *self)
{
  gboolean needed = self->max_memory > 0 && self->entries.length > 0;

  if (needed && self->watch == 0)
    self->watch = weir_clock_arm (self->clock, WATCH_MS, on_watch, self);
  if (!needed && self->watch != 0)
    {
      weir_clock_disarm (self->clock, self->watch);
      self->watch = 0;
    }
}

/* ---- workers ---- */

static void
on_state_changed (WeirWorker *worker, WeirWorkerState from, WeirWorkerState to, WeirCapacity *self)
{
  GList *link = g_hash_table_lookup (self->links, worker);

  if (link == NULL || (to != WEIR_WORKER_STATE_IDLE && to != WEIR_WORKER_STATE_BUSY))
    return;
  ((Entry *) link->data)->since = weir_clock_now (self->clock);
  g_queue_unlink (&self->entries, link);
  g_queue_push_tail_link (&self->entries, link);
}

static void
on_exited (WeirWorker *worker, WeirCapacity *self)
{
  GList *link = g_hash_table_lookup (self->links, worker);
  Entry *entry;

  if (link == NULL)
    return;
  entry = link->data;
  g_hash_table_remove (self->links, worker);
  g_queue_delete_link (&self->entries, link);
  g_signal_handlers_disconnect_by_data (worker, self);
  entry_free (entry);
  arm_watch (self);
  settle (self);
  tell_changed (self);
}

void
weir_capacity_add_worker (WeirCapacity *self, WeirWorkerPool *pool, WeirWorker *worker)
{
  Entry *entry;

  g_return_if_fail (WEIR_IS_CAPACITY (self));

  entry = g_new0 (Entry, 1);
  entry->worker = g_object_ref (worker);
  g_set_weak_pointer (&entry->pool, pool);
  g_queue_push_tail (&self->entries, entry);
  g_hash_table_insert (self->links, worker, self->entries.tail);
  g_signal_connect_object (worker, "state-changed", G_CALLBACK (on_state_changed), self, 0);
  g_signal_connect_object (worker, "exited", G_CALLBACK (on_exited), self, 0);
  arm_watch (self);
  tell_changed (self);
}

void
weir_capacity_set_limits (WeirCapacity *self, guint max_workers, guint64 max_memory)
{
  g_return_if_fail (WEIR_IS_CAPACITY (self));

  self->max_workers = max_workers;
  self->max_memory = max_memory;
  arm_watch (self);
  settle (self);
  tell_changed (self);
}

static void
weir_capacity_dispose (GObject *object)
{
  WeirCapacity *self = WEIR_CAPACITY (object);

  if (self->clock != NULL)
    {
      disarm_check (self);
      weir_clock_disarm (self->clock, self->watch);
      self->watch = 0;
    }
  g_queue_clear_full (&self->waiting, g_object_unref);
  for (GList *link = self->entries.head; link != NULL; link = link->next)
    g_signal_handlers_disconnect_by_data (((Entry *) link->data)->worker, self);
  g_hash_table_remove_all (self->links);
  g_queue_clear_full (&self->entries, entry_free);
  G_OBJECT_CLASS (weir_capacity_parent_class)->dispose (object);
}

static void
weir_capacity_finalize (GObject *object)
{
  WeirCapacity *self = WEIR_CAPACITY (object);

  g_hash_table_unref (self->links);
  g_clear_object (&self->clock);
  G_OBJECT_CLASS (weir_capacity_parent_class)->finalize (object);
}

static void
weir_capacity_class_init (WeirCapacityClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = weir_capacity_dispose;
  object_class->finalize = weir_capacity_finalize;

  signals[SIGNAL_NOTICE] =
      weir_signal_new (WEIR_TYPE_CAPACITY, "notice", 2, WEIR_TYPE_WORKER, G_TYPE_STRING);
  signals[SIGNAL_CHANGED] = weir_signal_new (WEIR_TYPE_CAPACITY, "changed", 0);
}

static void
weir_capacity_init (WeirCapacity *self)
{
  self->links = g_hash_table_new (NULL, NULL);
}

WeirCapacity *
weir_capacity_new (WeirClock *clock, WeirMemoryProbe probe, gpointer user_data)
{
  WeirCapacity *self;

  g_return_val_if_fail (WEIR_IS_CLOCK (clock), NULL);

  self = g_object_new (WEIR_TYPE_CAPACITY, NULL);
  self->clock = g_object_ref (clock);
  self->probe = probe != NULL ? probe : read_memory;
  self->user_data = user_data;
  return self;
}
