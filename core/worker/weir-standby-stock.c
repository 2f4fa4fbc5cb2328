/* SPDX-License-Identifier: LGPL-2.1-or-later */

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "weir-worker"

#include "worker/weir-standby-stock-private.h"

static void
entry_free (gpointer data)
{
  WeirStandbyEntry *entry = data;

  entry->key->n_standbys--;
  if (entry->standby != NULL)
    weir_standby_free (entry->standby);
  g_free (entry);
}

GPtrArray *
weir_standby_stock_new (void)
{
  return g_ptr_array_new_with_free_func (entry_free);
}

static WeirStandbyEntry *
get_entry (WeirStandbyPool *self, guint i)
{
  return g_ptr_array_index (self->entries, i);
}

static void
disarm (WeirStandbyPool *self, guint64 *timer)
{
  weir_clock_disarm (self->clock, *timer);
  *timer = 0;
}

static gboolean
is_booting (WeirStandbyPool *self)
{
  return self->boot_deadline != 0;
}

static void
drop (WeirStandbyPool *self, WeirStandbyEntry *entry)
{
  if (!weir_standby_is_ready (entry->standby))
    disarm (self, &self->boot_deadline);
  g_ptr_array_remove (self->entries, entry);
}

/* ---- when ---- */

static void
on_pause_over (gpointer user_data)
{
  WeirStandbyPool *self = user_data;

  self->pause = 0;
  weir_standby_stock_pursue (self);
}

static void
rest_for (WeirStandbyPool *self, guint ms)
{
  if (self->pause == 0 && !self->shut_down)
    self->pause = weir_clock_arm (self->clock, ms, on_pause_over, self);
}

void
weir_standby_stock_rest (WeirStandbyPool *self)
{
  rest_for (self, WEIR_STANDBY_REFILL_MS);
}

void
weir_standby_stock_forgive (WeirStandbyPool *self)
{
  self->failures = 0;
  disarm (self, &self->pause);
}

static void
note_failure (WeirStandbyPool *self)
{
  guint shift = MIN (self->failures, 16);

  self->failures++;
  disarm (self, &self->pause);
  rest_for (self, MIN ((guint) WEIR_STANDBY_BACKOFF_MIN_MS << shift, WEIR_STANDBY_BACKOFF_MAX_MS));
}

/* ---- one process ---- */

static void
lose (WeirStandbyEntry *entry, const char *what)
{
  WeirStandbyPool *self = entry->pool;

  g_debug ("a standby %s", what);
  drop (self, entry);
  note_failure (self);
}

static void
on_ready (WeirStandby *standby, gpointer user_data)
{
  WeirStandbyPool *self = ((WeirStandbyEntry *) user_data)->pool;

  disarm (self, &self->boot_deadline);
  weir_standby_stock_pursue (self);
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
      if (weir_standby_is_ready (get_entry (self, i)->standby))
        continue;
      lose (get_entry (self, i), "did not boot in time");
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
  WeirStandbyEntry *entry;

  if (launch == NULL)
    {
      g_debug ("no standby can be launched: %s", error->message);
      note_failure (self);
      return;
    }
  process = self->factory (self->factory_data);
  entry = g_new0 (WeirStandbyEntry, 1);
  entry->pool = self;
  entry->key = key;
  key->n_standbys++;
  g_ptr_array_add (self->entries, entry);
  self->boot_deadline = weir_clock_arm (self->clock, WEIR_STANDBY_BOOT_MS, on_boot_deadline, self);
  entry->standby = weir_standby_new (process, launch, &callbacks, entry);
}

/* ---- how many ---- */

static WeirStandbyEntry *
find_of_key (WeirStandbyPool *self, WeirStandbyKey *key)
{
  for (guint i = 0; i < self->entries->len; i++)
    if (get_entry (self, i)->key == key)
      return get_entry (self, i);
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

static guint
get_wanted (WeirStandbyPool *self, WeirStandbyKey *key)
{
  return key->resting ? MIN (self->per_key, 1) : self->per_key;
}

void
weir_standby_stock_pursue (WeirStandbyPool *self)
{
  if (self->shut_down || self->pause != 0 || is_booting (self))
    return;
  for (guint i = self->keys->len; i > 0; i--)
    {
      WeirStandbyKey *key = weir_standby_keys_get (self->keys, i - 1);

      if (key->n_standbys >= get_wanted (self, key) || !make_room (self, key))
        continue;
      boot (self, key);
      return;
    }
}

void
weir_standby_stock_trim_key (WeirStandbyPool *self, WeirStandbyKey *key, guint keep)
{
  for (guint i = self->entries->len; i > 0 && key->n_standbys > keep; i--)
    if (get_entry (self, i - 1)->key == key)
      drop (self, get_entry (self, i - 1));
}

/* Those used last may stay. */
void
weir_standby_stock_trim (WeirStandbyPool *self)
{
  guint most = get_most (self);

  for (guint i = 0; i < self->keys->len; i++)
    {
      WeirStandbyKey *key = weir_standby_keys_get (self->keys, i);

      weir_standby_stock_trim_key (self, key, get_wanted (self, key));
    }
  for (guint i = 0; i < self->keys->len && self->entries->len > most;)
    {
      WeirStandbyEntry *entry = find_of_key (self, weir_standby_keys_get (self->keys, i));

      if (entry != NULL)
        drop (self, entry);
      else
        i++;
    }
}

void
weir_standby_stock_clear (WeirStandbyPool *self)
{
  disarm (self, &self->pause);
  disarm (self, &self->boot_deadline);
  g_ptr_array_set_size (self->entries, 0);
}

/* ---- handing out ---- */

WeirStandbyEntry *
weir_standby_stock_choose (WeirStandbyPool *self, WeirStandbyKey *key)
{
  WeirStandbyEntry *booting = NULL;

  for (guint i = 0; i < self->entries->len; i++)
    {
      WeirStandbyEntry *entry = get_entry (self, i);

      if (entry->key != key || !weir_standby_is_spawned (entry->standby))
        continue;
      if (weir_standby_is_ready (entry->standby))
        return entry;
      booting = entry;
    }
  return booting;
}

WeirProcess *
weir_standby_stock_take (WeirStandbyPool *self, WeirStandbyEntry *entry)
{
  WeirProcess *process;

  if (!weir_standby_is_ready (entry->standby))
    disarm (self, &self->boot_deadline);
  process = weir_standby_release (g_steal_pointer (&entry->standby));
  g_ptr_array_remove (self->entries, entry);
  return process;
}
