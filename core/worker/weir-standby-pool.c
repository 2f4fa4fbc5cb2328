/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-worker"

#include "worker/weir-launch-private.h"
#include "worker/weir-standby-stock-private.h"

G_DEFINE_FINAL_TYPE (WeirStandbyPool, weir_standby_pool, G_TYPE_OBJECT)

static void
drop_key (WeirStandbyPool *self, WeirStandbyKey *key)
{
  weir_standby_stock_trim_key (self, key, 0);
  g_ptr_array_remove (self->keys, key);
}

static void on_expired (gpointer user_data);

/* Those that rest come first. */
static WeirStandbyKey *
find_oldest_in_use (WeirStandbyPool *self)
{
  for (guint i = 0; i < self->keys->len; i++)
    if (!weir_standby_keys_get (self->keys, i)->resting)
      return weir_standby_keys_get (self->keys, i);
  return NULL;
}

static void
watch_expiry (WeirStandbyPool *self)
{
  WeirStandbyKey *oldest = find_oldest_in_use (self);
  gint64 rest;

  weir_clock_disarm (self->clock, self->expiry);
  self->expiry = 0;
  if (oldest == NULL)
    return;
  rest = oldest->used + (gint64) WEIR_STANDBY_KEEP_MS * 1000 - weir_clock_now (self->clock);
  self->expiry = weir_clock_arm (self->clock, MAX (rest + 999, 0) / 1000, on_expired, self);
}

static void
on_expired (gpointer user_data)
{
  WeirStandbyPool *self = user_data;
  gint64 limit = weir_clock_now (self->clock) - (gint64) WEIR_STANDBY_KEEP_MS * 1000;
  WeirStandbyKey *oldest;

  self->expiry = 0;
  while ((oldest = find_oldest_in_use (self)) != NULL && oldest->used <= limit)
    oldest->resting = TRUE;
  weir_standby_stock_trim (self);
  watch_expiry (self);
  weir_standby_stock_pursue (self);
}

static WeirStandbyKey *
use_key (WeirStandbyPool *self, const char *name, WeirFunction *function)
{
  WeirStandbyKey *key =
      weir_standby_keys_use (self->keys, name, function, weir_clock_now (self->clock));

  watch_expiry (self);
  return key;
}

static WeirLaunch *
make_launch (WeirStandbyPool *self, WeirStandby *standby, WeirFunction *function)
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
  return weir_launch_new_loaded (launch, command, weir_standby_is_listening (standby));
}

WeirProcess *
weir_standby_pool_claim (WeirStandbyPool *self,
                         WeirFunction *function,
                         const char *key_name,
                         WeirLaunch **launch,
                         const char **reason)
{
  WeirStandbyEntry *entry;
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
  weir_standby_stock_forgive (self);
  weir_standby_stock_rest (self);
  entry = weir_standby_stock_choose (self, key);
  if (entry == NULL)
    return NULL;
  weir_standby_rouse (entry->standby);
  *launch = make_launch (self, entry->standby, function);
  if (*launch == NULL)
    return NULL;
  weir_standby_load (entry->standby, *launch);
  *reason = NULL;
  return weir_standby_stock_take (self, entry);
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
  weir_standby_stock_pursue (self);
}

void
weir_standby_pool_expect (WeirStandbyPool *self, WeirFunction *function)
{
  g_autofree char *key = NULL;

  g_return_if_fail (WEIR_IS_STANDBY_POOL (self));
  g_return_if_fail (WEIR_IS_FUNCTION (function));

  if (self->shut_down || self->per_key == 0)
    return;
  key = weir_runtime_get_standby_key (self->runtime, function, NULL);
  if (key == NULL || weir_standby_keys_find (self->keys, key) != NULL)
    return;
  weir_standby_keys_add_resting (self->keys, key, function);
  weir_standby_stock_pursue (self);
}

/* A key that is no longer that of its function goes, and what is comes instead. */
static void
check_key (WeirStandbyPool *self, WeirStandbyKey *key, WeirFunction *function)
{
  g_autofree char *name = weir_runtime_get_standby_key (self->runtime, function, NULL);
  g_autoptr (WeirFunction) kept = g_object_ref (function);
  gboolean resting = key->resting;

  if (name != NULL && g_str_equal (name, key->name))
    {
      g_set_object (&key->function, function);
      return;
    }
  drop_key (self, key);
  if (name != NULL && !self->shut_down && self->per_key > 0)
    {
      if (!resting)
        use_key (self, name, kept);
      else if (weir_standby_keys_find (self->keys, name) == NULL)
        weir_standby_keys_add_resting (self->keys, name, kept);
    }
  watch_expiry (self);
  weir_standby_stock_rest (self);
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
  g_autoptr (GPtrArray) known = g_ptr_array_new ();

  g_return_if_fail (WEIR_IS_STANDBY_POOL (self));

  /* Those that come instead of others are right already. */
  for (guint i = 0; i < self->keys->len; i++)
    g_ptr_array_add (known, weir_standby_keys_get (self->keys, i));
  for (guint i = 0; i < known->len; i++)
    {
      WeirStandbyKey *key = g_ptr_array_index (known, i);

      check_key (self, key, key->function);
    }
}

void
weir_standby_pool_configure (WeirStandbyPool *self, guint per_key, guint maximum)
{
  g_return_if_fail (WEIR_IS_STANDBY_POOL (self));

  self->per_key = per_key;
  self->maximum = maximum;
  weir_standby_stock_trim (self);
  weir_standby_stock_pursue (self);
}

/* Workers came or went. */
static void
on_capacity_changed (WeirCapacity *capacity, WeirStandbyPool *self)
{
  weir_standby_stock_trim (self);
  weir_standby_stock_pursue (self);
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
    n += weir_standby_is_ready (
        ((WeirStandbyEntry *) g_ptr_array_index (self->entries, i))->standby);
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
  weir_standby_stock_clear (self);
  weir_clock_disarm (self->clock, self->expiry);
  self->expiry = 0;
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
  self->entries = weir_standby_stock_new ();
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
