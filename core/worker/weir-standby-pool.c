/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-worker"

#include "worker/weir-standby-pool-private.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#define READY_LINE "{\"type\":\"standby\"}"

/* All functions of this key are alike to the runtime; one of them stands for all. */
typedef struct
{
  char *name;
  WeirFunction *function;
  gint64 used;
  guint n_standbys;
} Key;

typedef struct
{
  WeirStandbyPool *pool;
  Key *key;
  WeirProcess *process;
  WeirLaunch *launch;
  gboolean spawned;
  gboolean gone;
  gboolean ready;
} Standby;

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

  GPtrArray *keys;     /* Key, the one used last at the end */
  GPtrArray *standbys; /* Standby, the oldest first */
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
key_free (gpointer data)
{
  Key *key = data;

  g_free (key->name);
  g_object_unref (key->function);
  g_free (key);
}

static void
standby_release (Standby *standby)
{
  standby->key->n_standbys--;
  g_signal_handlers_disconnect_by_data (standby->process, standby);
  g_object_unref (standby->process);
  weir_launch_unref (standby->launch);
  g_free (standby);
}

/* Its process ends with it. It never listened, but a socket file may not stay behind
 * whatever it did. */
static void
standby_free (gpointer data)
{
  Standby *standby = data;

  if (!standby->gone)
    weir_process_send_signal (standby->process, SIGKILL);
  (void) g_unlink (weir_launch_get_socket_path (standby->launch));
  standby_release (standby);
}

static void
disarm (WeirStandbyPool *self, guint64 *timer)
{
  weir_clock_disarm (self->clock, *timer);
  *timer = 0;
}

static void
drop_standby (WeirStandbyPool *self, Standby *standby)
{
  if (!standby->ready)
    disarm (self, &self->boot_deadline);
  g_ptr_array_remove (self->standbys, standby);
}

static void
drop_key (WeirStandbyPool *self, Key *key)
{
  for (guint i = self->standbys->len; i > 0; i--)
    {
      Standby *standby = g_ptr_array_index (self->standbys, i - 1);

      if (standby->key == key)
        drop_standby (self, standby);
    }
  g_ptr_array_remove (self->keys, key);
}

static Key *
find_key (WeirStandbyPool *self, const char *name)
{
  for (guint i = 0; i < self->keys->len; i++)
    {
      Key *key = g_ptr_array_index (self->keys, i);

      if (g_str_equal (key->name, name))
        return key;
    }
  return NULL;
}

static void on_expired (gpointer user_data);

static void
watch_expiry (WeirStandbyPool *self)
{
  Key *oldest;
  gint64 rest;

  disarm (self, &self->expiry);
  if (self->keys->len == 0)
    return;
  oldest = g_ptr_array_index (self->keys, 0);
  rest = oldest->used + (gint64) WEIR_STANDBY_KEEP_MS * 1000 - weir_clock_now (self->clock);
  self->expiry = weir_clock_arm (self->clock, MAX (rest + 999, 0) / 1000, on_expired, self);
}

static void
on_expired (gpointer user_data)
{
  WeirStandbyPool *self = user_data;
  gint64 limit = weir_clock_now (self->clock) - (gint64) WEIR_STANDBY_KEEP_MS * 1000;

  self->expiry = 0;
  while (self->keys->len > 0 && ((Key *) g_ptr_array_index (self->keys, 0))->used <= limit)
    drop_key (self, g_ptr_array_index (self->keys, 0));
  watch_expiry (self);
  pursue (self);
}

static Key *
use_key (WeirStandbyPool *self, const char *name, WeirFunction *function)
{
  Key *key = find_key (self, name);
  guint position;

  if (key == NULL)
    {
      key = g_new0 (Key, 1);
      key->name = g_strdup (name);
    }
  else if (g_ptr_array_find (self->keys, key, &position))
    {
      g_ptr_array_steal_index (self->keys, position);
    }
  g_set_object (&key->function, function);
  key->used = weir_clock_now (self->clock);
  g_ptr_array_add (self->keys, key);
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
lose_standby (Standby *standby, const char *what)
{
  WeirStandbyPool *self = standby->pool;

  g_debug ("a standby %s", what);
  drop_standby (self, standby);
  note_failure (self);
}

static void
on_spawned (WeirProcess *process, int pid, Standby *standby)
{
  standby->spawned = TRUE;
}

static void
on_spawn_failed (WeirProcess *process, const GError *error, Standby *standby)
{
  standby->gone = TRUE;
  lose_standby (standby, error->message);
}

static void
on_output (WeirProcess *process, const char *line, Standby *standby)
{
  WeirStandbyPool *self = standby->pool;

  if (standby->ready || !g_str_equal (line, READY_LINE))
    return;
  standby->ready = TRUE;
  disarm (self, &self->boot_deadline);
  pursue (self);
}

static void
on_error_output (WeirProcess *process, const char *line, Standby *standby)
{
  g_debug ("a standby said: %s", line);
}

static void
on_exited (WeirProcess *process, int wait_status, Standby *standby)
{
  standby->gone = TRUE;
  lose_standby (standby, "ended by itself");
}

static void
on_boot_deadline (gpointer user_data)
{
  WeirStandbyPool *self = user_data;

  self->boot_deadline = 0;
  for (guint i = 0; i < self->standbys->len; i++)
    {
      Standby *standby = g_ptr_array_index (self->standbys, i);

      if (standby->ready)
        continue;
      lose_standby (standby, "did not boot in time");
      return;
    }
}

static WeirLaunch *
make_launch (WeirStandbyPool *self, Key *key, GError **error)
{
  g_autofree char *name = g_strdup_printf ("s%x-%08x.sock", ++self->serial, g_random_int ());
  g_autofree char *path = g_build_filename (self->socket_directory, name, NULL);

  return weir_runtime_launch_standby (self->runtime, key->function, path, error);
}

static void
boot (WeirStandbyPool *self, Key *key)
{
  g_autoptr (GError) error = NULL;
  WeirLaunch *launch = make_launch (self, key, &error);
  Standby *standby;

  if (launch == NULL)
    {
      g_debug ("no standby can be launched: %s", error->message);
      note_failure (self);
      return;
    }
  standby = g_new0 (Standby, 1);
  standby->pool = self;
  standby->key = key;
  standby->launch = launch;
  standby->process = self->factory (self->factory_data);
  key->n_standbys++;
  g_ptr_array_add (self->standbys, standby);
  g_signal_connect (standby->process, "spawned", G_CALLBACK (on_spawned), standby);
  g_signal_connect (standby->process, "spawn-failed", G_CALLBACK (on_spawn_failed), standby);
  g_signal_connect (standby->process, "output", G_CALLBACK (on_output), standby);
  g_signal_connect (standby->process, "error-output", G_CALLBACK (on_error_output), standby);
  g_signal_connect (standby->process, "exited", G_CALLBACK (on_exited), standby);
  self->boot_deadline = weir_clock_arm (self->clock, WEIR_STANDBY_BOOT_MS, on_boot_deadline, self);
  weir_process_spawn (standby->process, launch);
}

static Standby *
find_standby (WeirStandbyPool *self, Key *key)
{
  for (guint i = 0; i < self->standbys->len; i++)
    {
      Standby *standby = g_ptr_array_index (self->standbys, i);

      if (standby->key == key)
        return standby;
    }
  return NULL;
}

/* Room for one more of this key: none of those that are as few or were used later goes. */
static gboolean
make_room (WeirStandbyPool *self, Key *key)
{
  if (self->standbys->len < self->maximum)
    return TRUE;
  for (guint i = 0; i < self->keys->len; i++)
    {
      Key *other = g_ptr_array_index (self->keys, i);

      if (other == key)
        return FALSE;
      if (other->n_standbys <= key->n_standbys)
        continue;
      drop_standby (self, find_standby (self, other));
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
      Key *key = g_ptr_array_index (self->keys, i - 1);

      if (key->n_standbys >= self->per_key || !make_room (self, key))
        continue;
      boot (self, key);
      return;
    }
}

/* Those that have booted first. */
static Standby *
choose (WeirStandbyPool *self, Key *key)
{
  Standby *booting = NULL;

  for (guint i = 0; i < self->standbys->len; i++)
    {
      Standby *standby = g_ptr_array_index (self->standbys, i);

      if (standby->key != key || !standby->spawned)
        continue;
      if (standby->ready)
        return standby;
      booting = standby;
    }
  return booting;
}

static WeirLaunch *
load_into (WeirStandbyPool *self, Standby *standby, WeirFunction *function)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *command =
      weir_runtime_make_load_command (self->runtime, function, standby->launch, &error);

  if (command == NULL)
    {
      g_debug ("a standby cannot be used: %s", error->message);
      return NULL;
    }
  return weir_launch_new (weir_launch_get_argv (standby->launch),
                          weir_launch_get_environ (standby->launch),
                          weir_launch_get_directory (standby->launch),
                          command,
                          weir_launch_get_socket_path (standby->launch));
}

static WeirProcess *
take (WeirStandbyPool *self, Standby *standby)
{
  WeirProcess *process = g_object_ref (standby->process);
  guint position;

  if (!standby->ready)
    disarm (self, &self->boot_deadline);
  if (g_ptr_array_find (self->standbys, standby, &position))
    g_ptr_array_steal_index (self->standbys, position);
  standby_release (standby);
  return process;
}

WeirProcess *
weir_standby_pool_claim (WeirStandbyPool *self,
                         WeirFunction *function,
                         const char *key_name,
                         WeirLaunch **launch,
                         const char **reason)
{
  Standby *standby;
  Key *key;

  g_return_val_if_fail (WEIR_IS_STANDBY_POOL (self), NULL);
  g_return_val_if_fail (WEIR_IS_FUNCTION (function), NULL);
  g_return_val_if_fail (key_name != NULL && launch != NULL && reason != NULL, NULL);

  *reason = "standbys are off";
  if (self->shut_down || self->per_key == 0 || self->maximum == 0)
    return NULL;

  *reason = "no standby was ready";
  key = use_key (self, key_name, function);
  self->failures = 0;
  disarm (self, &self->pause);
  rest_for (self, WEIR_STANDBY_REFILL_MS);
  standby = choose (self, key);
  if (standby == NULL)
    return NULL;
  *launch = load_into (self, standby, function);
  if (*launch == NULL)
    return NULL;
  *reason = NULL;
  return take (self, standby);
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
check_key (WeirStandbyPool *self, Key *key, WeirFunction *function)
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
      Key *key = g_ptr_array_index (self->keys, i);

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
      Key *key = g_ptr_array_index (self->keys, i);

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
  for (guint i = self->standbys->len; i > 0; i--)
    {
      Standby *standby = g_ptr_array_index (self->standbys, i - 1);

      if (self->standbys->len > maximum || standby->key->n_standbys > per_key)
        drop_standby (self, standby);
    }
  pursue (self);
}

guint
weir_standby_pool_get_n_standbys (WeirStandbyPool *self)
{
  g_return_val_if_fail (WEIR_IS_STANDBY_POOL (self), 0);

  return self->standbys->len;
}

guint
weir_standby_pool_get_n_ready (WeirStandbyPool *self)
{
  guint n = 0;

  g_return_val_if_fail (WEIR_IS_STANDBY_POOL (self), 0);

  for (guint i = 0; i < self->standbys->len; i++)
    n += ((Standby *) g_ptr_array_index (self->standbys, i))->ready;
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
  g_ptr_array_set_size (self->standbys, 0);
  g_ptr_array_set_size (self->keys, 0);
}

static void
weir_standby_pool_dispose (GObject *object)
{
  WeirStandbyPool *self = WEIR_STANDBY_POOL (object);

  if (self->clock != NULL)
    weir_standby_pool_shut_down (self);
  G_OBJECT_CLASS (weir_standby_pool_parent_class)->dispose (object);
}

static void
weir_standby_pool_finalize (GObject *object)
{
  WeirStandbyPool *self = WEIR_STANDBY_POOL (object);

  g_clear_object (&self->runtime);
  g_clear_object (&self->clock);
  g_free (self->socket_directory);
  g_ptr_array_unref (self->standbys);
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
  self->keys = g_ptr_array_new_with_free_func (key_free);
  self->standbys = g_ptr_array_new_with_free_func (standby_free);
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
