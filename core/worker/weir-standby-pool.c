/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-worker"

#include "worker/weir-standby-pool-private.h"

#include "worker/weir-capacity-private.h"
#include "worker/weir-standby-key-private.h"
#include "worker/weir-standby-private.h"

typedef struct
{
  WeirStandbyPool *pool;
  WeirStandbyKey *key;
  WeirStandby *standby;
} Entry;

struct _WeirStandbyPool
{
  GObject parent_instance;

  WeirRuntime *runtime;
  WeirClock *clock;
  char *socket_directory;
  WeirStandbyFactory factory;
  gpointer factory_data;
  guint per_key;
  guint maximum;
  WeirCapacity *capacity; /* nullable */

  GPtrArray *keys;    /* WeirStandbyKey, the one used last at the end */
  GPtrArray *entries; /* Entry, the oldest first */
  guint serial;
  guint failures; /* since the last claim */
  guint64 pause;  /* until the next boot */
  guint64 boot_deadline;
  guint64 expiry;
  gboolean shut_down;
};

G_DEFINE_FINAL_TYPE (WeirStandbyPool, weir_standby_pool, G_TYPE_OBJECT)

static void pursue (WeirStandbyPool *self);

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  entry->key->n_standbys--;
  if (entry->standby != NULL)
    weir_standby_free (entry->standby);
  g_free (entry);
}

static void
disarm (WeirStandbyPool *self, guint64 *timer)
{
  weir_clock_disarm (self->clock, *timer);
  *timer = 0;
}

static void
drop (WeirStandbyPool *self, Entry *entry)
{
  if (!weir_standby_is_ready (entry->standby))
    disarm (self, &self->boot_deadline);
  g_ptr_array_remove (self->entries, entry);
}

static void
drop_key (WeirStandbyPool *self, WeirStandbyKey *key)
{
  for (guint i = self->entries->len; i > 0; i--)
    {
      Entry *entry = g_ptr_array_index (self->entries, i - 1);

      if (entry->key == key)
        drop (self, entry);
    }
  g_ptr_array_remove (self->keys, key);
}

static void on_expired (gpointer user_data);

static void
watch_expiry (WeirStandbyPool *self)
{
  WeirStandbyKey *oldest;
  gint64 rest;

  disarm (self, &self->expiry);
  if (self->keys->len == 0)
    return;
  oldest = weir_standby_keys_get (self->keys, 0);
  rest = oldest->used + (gint64) WEIR_STANDBY_KEEP_MS * 1000 - weir_clock_now (self->clock);
  self->expiry = weir_clock_arm (self->clock, MAX (rest + 999, 0) / 1000, on_expired, self);
}

static void
on_expired (gpointer user_data)
{
  WeirStandbyPool *self = user_data;
  gint64 limit = weir_clock_now (self->clock) - (gint64) WEIR_STANDBY_KEEP_MS * 1000;

  self->expiry = 0;
  while (self->keys->len > 0 && weir_standby_keys_get (self->keys, 0)->used <= limit)
    drop_key (self, weir_standby_keys_get (self->keys, 0));
  watch_expiry (self);
  pursue (self);
}

static WeirStandbyKey *
use_key (WeirStandbyPool *self, const char *name, WeirFunction *function)
{
  WeirStandbyKey *key =
      weir_standby_keys_use (self->keys, name, function, weir_clock_now (self->clock));

  watch_expiry (self);
  return key;
}

static void
on_pause_over (gpointer user_data)
{
  WeirStandbyPool *self = user_data;

  self->pause = 0;
  pursue (self);
}

static void
rest_for (WeirStandbyPool *self, guint ms)
{
  if (self->pause == 0 && !self->shut_down)
    self->pause = weir_clock_arm (self->clock, ms, on_pause_over, self);
}

static void
note_failure (WeirStandbyPool *self)
{
  guint shift = MIN (self->failures, 16);

  self->failures++;
  disarm (self, &self->pause);
  rest_for (self, MIN ((guint) WEIR_STANDBY_BACKOFF_MIN_MS << shift, WEIR_STANDBY_BACKOFF_MAX_MS));
}

static void
lose (Entry *entry, const char *what)
{
  WeirStandbyPool *self = entry->pool;

  g_debug ("a standby %s", what);
  drop (self, entry);
  note_failure (self);
}

static void
on_ready (WeirStandby *standby, gpointer user_data)
{
  WeirStandbyPool *self = ((Entry *) user_data)->pool;

  disarm (self, &self->boot_deadline);
  pursue (self);
}

static void
on_lost (WeirStandby *standby, const char *what, gpointer user_data)
{
  lose (user_data, what);
}

static const WeirStandbyCallbacks callbacks = { on_ready, on_lost };

static void
on_boot_deadline (gpointer user_data)
{
  WeirStandbyPool *self = user_data;

  self->boot_deadline = 0;
  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = g_ptr_array_index (self->entries, i);

      if (weir_standby_is_ready (entry->standby))
        continue;
      lose (entry, "did not boot in time");
      return;
    }
}

static WeirLaunch *
make_launch (WeirStandbyPool *self, WeirStandbyKey *key, GError **error)
{
  g_autofree char *name = g_strdup_printf ("s%x-%08x.sock", ++self->serial, g_random_int ());
  g_autofree char *path = g_build_filename (self->socket_directory, name, NULL);

  return weir_runtime_launch_standby (self->runtime, key->function, path, error);
}

static void
boot (WeirStandbyPool *self, WeirStandbyKey *key)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WeirLaunch) launch = make_launch (self, key, &error);
  g_autoptr (WeirProcess) process = NULL;
  Entry *entry;

  if (launch == NULL)
    {
      g_debug ("no standby can be launched: %s", error->message);
      note_failure (self);
      return;
    }
  process = self->factory (self->factory_data);
  entry = g_new0 (Entry, 1);
  entry->pool = self;
  entry->key = key;
  key->n_standbys++;
  g_ptr_array_add (self->entries, entry);
  self->boot_deadline = weir_clock_arm (self->clock, WEIR_STANDBY_BOOT_MS, on_boot_deadline, self);
  entry->standby = weir_standby_new (process, launch, &callbacks, entry);
}

static Entry *
find_of_key (WeirStandbyPool *self, WeirStandbyKey *key)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = g_ptr_array_index (self->entries, i);

      if (entry->key == key)
        return entry;
    }
  return NULL;
}

/* Workers come first: what they leave is for standbys. */
static guint
get_most (WeirStandbyPool *self)
{
  if (self->capacity == NULL)
    return self->maximum;
  return MIN (self->maximum, weir_capacity_get_spare (self->capacity, WEIR_STANDBY_BYTES));
}

/* Room for one more of this key: none of those that are as few or were used later goes. */
static gboolean
make_room (WeirStandbyPool *self, WeirStandbyKey *key)
{
  guint most = get_most (self);

  if (self->entries->len < most)
    return TRUE;
  if (self->entries->len > most || most == 0)
    return FALSE;
  for (guint i = 0; i < self->keys->len; i++)
    {
      WeirStandbyKey *other = weir_standby_keys_get (self->keys, i);

      if (other == key)
        return FALSE;
      if (other->n_standbys <= key->n_standbys)
        continue;
      drop (self, find_of_key (self, other));
      return TRUE;
    }
  return FALSE;
}

static gboolean
is_booting (WeirStandbyPool *self)
{
  return self->boot_deadline != 0;
}

/* Boots the next one that is missing, if now is the time for it. */
static void
pursue (WeirStandbyPool *self)
{
  if (self->shut_down || self->pause != 0 || is_booting (self))
    return;
  for (guint i = self->keys->len; i > 0; i--)
    {
      WeirStandbyKey *key = weir_standby_keys_get (self->keys, i - 1);

      if (key->n_standbys >= self->per_key || !make_room (self, key))
        continue;
      boot (self, key);
      return;
    }
}

/* Those that have booted first. */
static Entry *
choose (WeirStandbyPool *self, WeirStandbyKey *key)
{
  Entry *booting = NULL;

  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = g_ptr_array_index (self->entries, i);

      if (entry->key != key || !weir_standby_is_spawned (entry->standby))
        continue;
      if (weir_standby_is_ready (entry->standby))
        return entry;
      booting = entry;
    }
  return booting;
}

static WeirLaunch *
load_into (WeirStandbyPool *self, WeirStandby *standby, WeirFunction *function)
{
  g_autoptr (GError) error = NULL;
  WeirLaunch *launch = weir_standby_get_launch (standby);
  g_autofree char *command =
      weir_runtime_make_load_command (self->runtime, function, launch, &error);

  if (command == NULL)
    {
      g_debug ("a standby cannot be used: %s", error->message);
      return NULL;
    }
  return weir_launch_new (weir_launch_get_argv (launch),
                          weir_launch_get_environ (launch),
                          weir_launch_get_directory (launch),
                          command,
                          weir_launch_get_socket_path (launch));
}

static WeirProcess *
take (WeirStandbyPool *self, Entry *entry)
{
  if (!weir_standby_is_ready (entry->standby))
    disarm (self, &self->boot_deadline);

  WeirProcess *process = weir_standby_release (g_steal_pointer (&entry->standby));

  g_ptr_array_remove (self->entries, entry);
  return process;
}

WeirProcess *
weir_standby_pool_claim (WeirStandbyPool *self,
                         WeirFunction *function,
                         const char *key_name,
                         WeirLaunch **launch,
                         const char **reason)
{
  Entry *entry;
  WeirStandbyKey *key;
  gboolean is_new;

  g_return_val_if_fail (WEIR_IS_STANDBY_POOL (self), NULL);
  g_return_val_if_fail (WEIR_IS_FUNCTION (function), NULL);
  g_return_val_if_fail (key_name != NULL && launch != NULL && reason != NULL, NULL);

  *reason = "standbys are off";
  if (self->shut_down || self->per_key == 0 || self->maximum == 0)
    return NULL;

  *reason = "no standby was ready";
  is_new = weir_standby_keys_find (self->keys, key_name) == NULL;
  key = use_key (self, key_name, function);
  if (is_new) /* perhaps in place of one that no function has any more */
    weir_standby_pool_recheck (self);
  self->failures = 0;
  disarm (self, &self->pause);
  rest_for (self, WEIR_STANDBY_REFILL_MS);
  entry = choose (self, key);
  if (entry == NULL)
    return NULL;
  *launch = load_into (self, entry->standby, function);
  if (*launch == NULL)
    return NULL;
  *reason = NULL;
  return take (self, entry);
}

void
weir_standby_pool_prime (WeirStandbyPool *self, WeirFunction *function)
{
  g_autofree char *key = NULL;

  g_return_if_fail (WEIR_IS_STANDBY_POOL (self));
  g_return_if_fail (WEIR_IS_FUNCTION (function));

  if (self->shut_down || self->per_key == 0)
    return;
  key = weir_runtime_get_standby_key (self->runtime, function, NULL);
  if (key == NULL)
    return;
  use_key (self, key, function);
  pursue (self);
}

/* FALSE: the key is no longer that of its function, and gone. */
static gboolean
check_key (WeirStandbyPool *self, WeirStandbyKey *key, WeirFunction *function)
{
  g_autofree char *name = weir_runtime_get_standby_key (self->runtime, function, NULL);
  g_autoptr (WeirFunction) kept = g_object_ref (function);

  if (name != NULL && g_str_equal (name, key->name))
    {
      g_set_object (&key->function, function);
      return TRUE;
    }
  drop_key (self, key);
  if (name != NULL && !self->shut_down && self->per_key > 0)
    use_key (self, name, kept);
  watch_expiry (self);
  rest_for (self, WEIR_STANDBY_REFILL_MS);
  return FALSE;
}

void
weir_standby_pool_replace (WeirStandbyPool *self, WeirFunction *old, WeirFunction *function)
{
  g_return_if_fail (WEIR_IS_STANDBY_POOL (self));

  for (guint i = 0; i < self->keys->len; i++)
    {
      WeirStandbyKey *key = weir_standby_keys_get (self->keys, i);

      if (key->function != old)
        continue;
      check_key (self, key, function);
      return;
    }
}

void
weir_standby_pool_recheck (WeirStandbyPool *self)
{
  guint i = 0;

  g_return_if_fail (WEIR_IS_STANDBY_POOL (self));

  /* A key that is new comes to the end, where it is checked as well, and stays. */
  while (i < self->keys->len)
    {
      WeirStandbyKey *key = weir_standby_keys_get (self->keys, i);

      if (check_key (self, key, key->function))
        i++;
    }
}

void
weir_standby_pool_configure (WeirStandbyPool *self, guint per_key, guint maximum)
{
  g_return_if_fail (WEIR_IS_STANDBY_POOL (self));

  self->per_key = per_key;
  self->maximum = maximum;
  for (guint i = self->entries->len; i > 0; i--)
    {
      Entry *entry = g_ptr_array_index (self->entries, i - 1);

      if (self->entries->len > maximum || entry->key->n_standbys > per_key)
        drop (self, entry);
    }
  pursue (self);
}

/* Workers came or went: those used last may stay. */
static void
on_capacity_changed (WeirCapacity *capacity, WeirStandbyPool *self)
{
  guint most = get_most (self);

  for (guint i = 0; i < self->keys->len && self->entries->len > most;)
    {
      Entry *entry = find_of_key (self, weir_standby_keys_get (self->keys, i));

      if (entry != NULL)
        drop (self, entry);
      else
        i++;
    }
  pursue (self);
}

void
weir_standby_pool_set_capacity (WeirStandbyPool *self, WeirCapacity *capacity)
{
  g_return_if_fail (WEIR_IS_STANDBY_POOL (self));
  g_return_if_fail (self->capacity == NULL);

  self->capacity = g_object_ref (capacity);
  g_signal_connect_object (capacity, "changed", G_CALLBACK (on_capacity_changed), self, 0);
}

guint
weir_standby_pool_get_n_standbys (WeirStandbyPool *self)
{
  g_return_val_if_fail (WEIR_IS_STANDBY_POOL (self), 0);

  return self->entries->len;
}

guint
weir_standby_pool_get_n_ready (WeirStandbyPool *self)
{
  guint n = 0;

  g_return_val_if_fail (WEIR_IS_STANDBY_POOL (self), 0);

  for (guint i = 0; i < self->entries->len; i++)
    n += weir_standby_is_ready (((Entry *) g_ptr_array_index (self->entries, i))->standby);
  return n;
}

guint
weir_standby_pool_get_n_keys (WeirStandbyPool *self)
{
  g_return_val_if_fail (WEIR_IS_STANDBY_POOL (self), 0);

  return self->keys->len;
}

void
weir_standby_pool_shut_down (WeirStandbyPool *self)
{
  g_return_if_fail (WEIR_IS_STANDBY_POOL (self));

  self->shut_down = TRUE;
  disarm (self, &self->pause);
  disarm (self, &self->boot_deadline);
  disarm (self, &self->expiry);
  g_ptr_array_set_size (self->entries, 0);
  g_ptr_array_set_size (self->keys, 0);
}

static void
weir_standby_pool_dispose (GObject *object)
{
  WeirStandbyPool *self = WEIR_STANDBY_POOL (object);

  if (self->clock != NULL)
    weir_standby_pool_shut_down (self);
  g_clear_object (&self->capacity);
  G_OBJECT_CLASS (weir_standby_pool_parent_class)->dispose (object);
}

static void
weir_standby_pool_finalize (GObject *object)
{
  WeirStandbyPool *self = WEIR_STANDBY_POOL (object);

  g_clear_object (&self->runtime);
  g_clear_object (&self->clock);
  g_free (self->socket_directory);
  g_ptr_array_unref (self->entries);
  g_ptr_array_unref (self->keys);
  G_OBJECT_CLASS (weir_standby_pool_parent_class)->finalize (object);
}

static void
weir_standby_pool_class_init (WeirStandbyPoolClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = weir_standby_pool_dispose;
  object_class->finalize = weir_standby_pool_finalize;
}

static void
weir_standby_pool_init (WeirStandbyPool *self)
{
  self->keys = weir_standby_keys_new ();
  self->entries = g_ptr_array_new_with_free_func (entry_free);
}

WeirStandbyPool *
weir_standby_pool_new (WeirRuntime *runtime,
                       WeirClock *clock,
                       const char *socket_directory,
                       WeirStandbyFactory factory,
                       gpointer factory_data)
{
  WeirStandbyPool *self;

  g_return_val_if_fail (WEIR_IS_RUNTIME (runtime), NULL);
  g_return_val_if_fail (WEIR_IS_CLOCK (clock), NULL);
  g_return_val_if_fail (socket_directory != NULL, NULL);
  g_return_val_if_fail (factory != NULL, NULL);

  self = g_object_new (WEIR_TYPE_STANDBY_POOL, NULL);
  self->runtime = g_object_ref (runtime);
  self->clock = g_object_ref (clock);
  self->socket_directory = g_strdup (socket_directory);
  self->factory = factory;
  self->factory_data = factory_data;
  return self;
}
