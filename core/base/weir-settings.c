/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/weir-settings-private.h"

#include <string.h>

/**
 * WeirSettings:
 *
 * The settings of one function, or of the server, merged from all of their sources: an
 * immutable map from the name of an option to its value and to where that value came from.
 *
 * It is shared by reference and safe in every thread. An option that no source gave and
 * that has no built-in default is not in the map.
 *
 * Since: 1.0
 */

typedef struct
{
  char *name;
  char *origin;
  GVariant *value;
  const char *text;  /* of value, if that is a string */
  const char **list; /* of value, if that is a list of strings */
  gboolean truth;    /* of value, if that is a boolean */
} Entry;

static const char *const frequent_names[WEIR_N_FREQUENT_SETTINGS] = {
  [WEIR_SETTING_AUTH] = "auth",
  [WEIR_SETTING_CORS_CREDENTIALS] = "cors_credentials",
  [WEIR_SETTING_CORS_ORIGINS] = "cors_origins",
  [WEIR_SETTING_RATE_LIMIT] = "rate_limit",
  [WEIR_SETTING_RATE_LIMIT_SHARED] = "rate_limit_shared",
};

/* Sorted by name, and found by its hash: requests look up several. */
struct _WeirSettings
{
  gatomicrefcount ref_count;
  guint n_entries;
  guint mask;     /* of the slots, which are a power of two and at least twice the entries */
  guint16 *slots; /* a number of an entry, from 1 on; 0: free */
  const Entry *frequent[WEIR_N_FREQUENT_SETTINGS]; /* NULL: it is not among them */
  Entry entries[];
};

G_DEFINE_BOXED_TYPE (WeirSettings, weir_settings, weir_settings_ref, weir_settings_unref)

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (((const Entry *) a)->name, ((const Entry *) b)->name);
}

static guint
hash_name (const char *name)
{
  guint hash = 5381;

  for (; *name != '\0'; name++)
    hash = hash * 33 + (guchar) *name;
  return hash;
}

static void
fill_slots (WeirSettings *self)
{
  self->mask = 1;
  while (self->mask <= 2 * self->n_entries)
    self->mask *= 2;
  self->slots = g_new0 (guint16, self->mask);
  self->mask--;
  for (guint i = 0; i < self->n_entries; i++)
    {
      guint at = hash_name (self->entries[i].name) & self->mask;

      while (self->slots[at] != 0)
        at = (at + 1) & self->mask;
      self->slots[at] = i + 1;
    }
}

static const Entry *
find_entry (WeirSettings *self, const char *name)
{
  for (guint at = hash_name (name) & self->mask; self->slots[at] != 0; at = (at + 1) & self->mask)
    {
      const Entry *entry = &self->entries[self->slots[at] - 1];

      if (strcmp (entry->name, name) == 0)
        return entry;
    }
  return NULL;
}

/* The table may hold a value that nobody has sunk yet, as bindings do. */
static GVariant *
ref_value (GVariant *value)
{
  if (g_variant_is_floating (value))
    g_variant_ref_sink (value);

  return g_variant_ref (value);
}

/**
 * weir_settings_new:
 * @values: (transfer full) (element-type utf8 GLib.Variant): from option to value
 * @origins: (transfer full) (element-type utf8 utf8): from option to where its value came
 *   from, as text for a person: `weir.toml:12`, `built-in`
 *
 * Makes settings from two tables, which belong to the settings from here on. A value without
 * an origin is said to be built in.
 *
 * Returns: (transfer full): new settings
 *
 * Since: 1.0
 */
WeirSettings *
weir_settings_new (GHashTable *values, GHashTable *origins)
{
  WeirSettings *self;
  GHashTableIter iter;
  gpointer name, value;
  guint n;

  g_return_val_if_fail (values != NULL, NULL);
  g_return_val_if_fail (origins != NULL, NULL);

  n = g_hash_table_size (values);
  g_return_val_if_fail (n < G_MAXUINT16, NULL);
  self = g_malloc (sizeof (WeirSettings) + n * sizeof (Entry));
  g_atomic_ref_count_init (&self->ref_count);
  self->n_entries = 0;

  g_hash_table_iter_init (&iter, values);
  while (g_hash_table_iter_next (&iter, &name, &value))
    {
      const char *origin = g_hash_table_lookup (origins, name);
      Entry *entry = &self->entries[self->n_entries++];

      entry->name = g_strdup (name);
      entry->origin = g_strdup (origin != NULL ? origin : "built-in");
      entry->value = ref_value (value);
      entry->text = g_variant_is_of_type (entry->value, G_VARIANT_TYPE_STRING)
                        ? g_variant_get_string (entry->value, NULL)
                        : NULL;
      entry->list = g_variant_is_of_type (entry->value, G_VARIANT_TYPE_STRING_ARRAY)
                        ? g_variant_get_strv (entry->value, NULL)
                        : NULL;
      entry->truth = g_variant_is_of_type (entry->value, G_VARIANT_TYPE_BOOLEAN) &&
                     g_variant_get_boolean (entry->value);
    }
  qsort (self->entries, self->n_entries, sizeof (Entry), compare_names);
  fill_slots (self);
  for (guint i = 0; i < WEIR_N_FREQUENT_SETTINGS; i++)
    self->frequent[i] = find_entry (self, frequent_names[i]);

  g_hash_table_unref (values);
  g_hash_table_unref (origins);

  return self;
}

/**
 * weir_settings_ref:
 * @self: settings
 *
 * Returns: (transfer full): @self, held once more
 *
 * Since: 1.0
 */
WeirSettings *
weir_settings_ref (WeirSettings *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

/**
 * weir_settings_unref:
 * @self: (transfer full): settings
 *
 * Lets go of @self; the last one to do so frees it.
 *
 * Since: 1.0
 */
void
weir_settings_unref (WeirSettings *self)
{
  guint i;

  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  for (i = 0; i < self->n_entries; i++)
    {
      g_free (self->entries[i].name);
      g_free (self->entries[i].origin);
      g_free (self->entries[i].list);
      g_variant_unref (self->entries[i].value);
    }
  g_free (self->slots);
  g_free (self);
}

static GVariant *
find_value (WeirSettings *self, const char *name, const GVariantType *type)
{
  const Entry *entry = find_entry (self, name);

  return entry != NULL && g_variant_is_of_type (entry->value, type) ? entry->value : NULL;
}

/**
 * weir_settings_dup_names:
 * @self: settings
 *
 * Returns: (transfer full) (array zero-terminated=1): the options that have a value, sorted
 *
 * Since: 1.0
 */
char **
weir_settings_dup_names (WeirSettings *self)
{
  char **names;
  guint i;

  g_return_val_if_fail (self != NULL, NULL);

  names = g_new0 (char *, self->n_entries + 1);
  for (i = 0; i < self->n_entries; i++)
    names[i] = g_strdup (self->entries[i].name);

  return names;
}

/**
 * weir_settings_get_value:
 * @self: settings
 * @name: an option
 *
 * Returns: (transfer none) (nullable): the value of @name, or %NULL if it has none
 *
 * Since: 1.0
 */
GVariant *
weir_settings_get_value (WeirSettings *self, const char *name)
{
  const Entry *entry;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  entry = find_entry (self, name);

  return entry != NULL ? entry->value : NULL;
}

/**
 * weir_settings_get_origin:
 * @self: settings
 * @name: an option
 *
 * Returns: (transfer none) (nullable): where the value of @name came from, as text for a
 *   person (`weir.toml:12`, `environment WEIR_LISTEN`, `built-in`), or %NULL if it has none
 *
 * Since: 1.0
 */
const char *
weir_settings_get_origin (WeirSettings *self, const char *name)
{
  const Entry *entry;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  entry = find_entry (self, name);

  return entry != NULL ? entry->origin : NULL;
}

/**
 * weir_settings_get_string:
 * @self: settings
 * @name: an option
 *
 * Returns: (transfer none) (nullable): the text, or %NULL if @name has no value or one of
 *   another type
 *
 * Since: 1.0
 */
const char *
weir_settings_get_string (WeirSettings *self, const char *name)
{
  const Entry *entry;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  entry = find_entry (self, name);

  return entry != NULL ? entry->text : NULL;
}

/**
 * weir_settings_get_integer:
 * @self: settings
 * @name: an option
 *
 * Returns: the number, in the unit that the option's name says, or 0 if @name has no value
 *   or one of another type
 *
 * Since: 1.0
 */
gint64
weir_settings_get_integer (WeirSettings *self, const char *name)
{
  GVariant *value;

  g_return_val_if_fail (self != NULL, 0);
  g_return_val_if_fail (name != NULL, 0);

  value = find_value (self, name, G_VARIANT_TYPE_INT64);

  return value != NULL ? g_variant_get_int64 (value) : 0;
}

/**
 * weir_settings_get_boolean:
 * @self: settings
 * @name: an option
 *
 * Returns: the value of @name, or %FALSE if it has none or one of another type
 *
 * Since: 1.0
 */
gboolean
weir_settings_get_boolean (WeirSettings *self, const char *name)
{
  const Entry *entry;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  entry = find_entry (self, name);

  return entry != NULL && entry->truth;
}

/**
 * weir_settings_get_strv:
 * @self: settings
 * @name: an option
 *
 * Returns: (transfer none) (nullable) (array zero-terminated=1): the list of @name, or %NULL if it
 *   has no value or one of another type
 *
 * Since: 1.0
 */
const char *const *
weir_settings_get_strv (WeirSettings *self, const char *name)
{
  const Entry *entry;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  entry = find_entry (self, name);

  return entry != NULL ? entry->list : NULL;
}

/**
 * weir_settings_dup_strv:
 * @self: settings
 * @name: an option
 *
 * Returns: (transfer full) (array zero-terminated=1): the list of @name, empty if it has no
 *   value or one of another type
 *
 * Since: 1.0
 */
char **
weir_settings_dup_strv (WeirSettings *self, const char *name)
{
  GVariant *value;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  value = find_value (self, name, G_VARIANT_TYPE_STRING_ARRAY);

  return value != NULL ? g_variant_dup_strv (value, NULL) : g_new0 (char *, 1);
}

/**
 * weir_settings_dup_environ:
 * @self: settings
 * @name: an option whose value is a table of strings
 *
 * Returns: (transfer full) (array zero-terminated=1) (element-type filename): the table as
 *   `KEY=value` lines, empty if @name has no value or one of another type
 *
 * Since: 1.0
 */
char **
weir_settings_dup_environ (WeirSettings *self, const char *name)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new ();
  GVariant *value;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  value = find_value (self, name, G_VARIANT_TYPE ("a{ss}"));
  if (value != NULL)
    {
      GVariantIter iter;
      const char *key, *text;

      g_variant_iter_init (&iter, value);
      while (g_variant_iter_next (&iter, "{&s&s}", &key, &text))
        g_ptr_array_add (lines, g_strconcat (key, "=", text, NULL));
    }
  g_ptr_array_add (lines, NULL);

  return (char **) g_ptr_array_steal (lines, NULL);
}

const char *
weir_settings_peek_string (WeirSettings *self, WeirFrequentSetting setting)
{
  return self->frequent[setting] != NULL ? self->frequent[setting]->text : NULL;
}

const char *const *
weir_settings_peek_strv (WeirSettings *self, WeirFrequentSetting setting)
{
  return self->frequent[setting] != NULL ? self->frequent[setting]->list : NULL;
}

gboolean
weir_settings_peek_boolean (WeirSettings *self, WeirFrequentSetting setting, gboolean fallback)
{
  return self->frequent[setting] != NULL ? self->frequent[setting]->truth : fallback;
}
