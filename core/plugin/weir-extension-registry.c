/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plugin/weir-extension-registry-private.h"

#include <string.h>

#include "base/weir-suggest-private.h"
#include "plugin/weir-extension-options-private.h"
#include "plugin/weir-plugin-info.h"

/**
 * WeirExtensionRegistry:
 *
 * Which types extend which point of the host, under which name. A point is an interface,
 * such as [iface@Weir.Adapter]; a name is what configuration calls one of its
 * implementations. Plugins add theirs through [class@Weir.PluginContext]; a program that
 * embeds Weir adds its own here. Control thread.
 *
 * The options of an extension are its writable properties, so type, range, default and
 * documentation of an option stand in one place.
 *
 * Since: 1.0
 */
struct _WeirExtensionRegistry
{
  GObject parent_instance;

  GHashTable *points; /* GType -> GHashTable of char * -> GType */
};

G_DEFINE_FINAL_TYPE (WeirExtensionRegistry, weir_extension_registry, G_TYPE_OBJECT)

/**
 * weir_extension_registry_new:
 *
 * Returns: (transfer full): an empty registry
 *
 * Since: 1.0
 */
WeirExtensionRegistry *
weir_extension_registry_new (void)
{
  return g_object_new (WEIR_TYPE_EXTENSION_REGISTRY, NULL);
}

static GHashTable *
names_of (WeirExtensionRegistry *self, GType point)
{
  return g_hash_table_lookup (self->points, GSIZE_TO_POINTER (point));
}

/* "WeirRateLimiter" -> "weir-rate-limiter" */
static char *
words_of_type (GType type)
{
  GString *words = g_string_new (NULL);

  for (const char *p = g_type_name (type); *p != '\0'; p++)
    {
      if (g_ascii_isupper (*p) && words->len > 0)
        g_string_append_c (words, '-');
      g_string_append_c (words, g_ascii_tolower (*p));
    }
  return g_string_free (words, FALSE);
}

/* The namespace is for programs; people say "adapter". */
static char *
name_of_point (GType point)
{
  g_autofree char *words = words_of_type (point);

  return g_strdup (g_str_has_prefix (words, "weir-") ? words + strlen ("weir-") : words);
}

static gboolean
check_type (GType point, const char *name, GType type, GError **error)
{
  const char *problem = NULL;
  g_autofree char *point_name = name_of_point (point);

  if (!g_type_is_a (type, G_TYPE_OBJECT))
    problem = "is not an object";
  else if (!g_type_is_a (type, point))
    problem = "does not implement it";
  else if (G_TYPE_IS_ABSTRACT (type))
    problem = "is abstract";
  else if (g_type_is_a (type, G_TYPE_ASYNC_INITABLE) && !g_type_is_a (type, G_TYPE_INITABLE))
    problem = "can only be initialised asynchronously";
  if (problem == NULL)
    return TRUE;

  g_set_error (error,
               WEIR_PLUGIN_ERROR,
               WEIR_PLUGIN_ERROR_REFUSED,
               "%s “%s”: the type %s %s",
               point_name,
               name,
               type != G_TYPE_INVALID ? g_type_name (type) : "(none)",
               problem);
  return FALSE;
}

/**
 * weir_extension_registry_add:
 * @self: a registry
 * @point: the interface that is implemented
 * @name: what configuration calls the extension
 * @type: a type of object that implements @point
 * @error: return location for an error
 *
 * Adds an extension. Errors are `WEIR_PLUGIN_ERROR_REFUSED` for a type that cannot be
 * one, and `WEIR_PLUGIN_ERROR_CONFLICT` when @point has an extension of that name.
 *
 * Returns: whether it was added
 *
 * Since: 1.0
 */
gboolean
weir_extension_registry_add (WeirExtensionRegistry *self,
                             GType point,
                             const char *name,
                             GType type,
                             GError **error)
{
  GHashTable *names;
  GType present;

  g_return_val_if_fail (WEIR_IS_EXTENSION_REGISTRY (self), FALSE);
  g_return_val_if_fail (G_TYPE_IS_INTERFACE (point) || G_TYPE_IS_OBJECT (point), FALSE);
  g_return_val_if_fail (name != NULL && name[0] != '\0', FALSE);

  if (!check_type (point, name, type, error))
    return FALSE;

  present = weir_extension_registry_lookup (self, point, name);
  if (present != G_TYPE_INVALID)
    {
      g_autofree char *point_name = name_of_point (point);

      g_set_error (error,
                   WEIR_PLUGIN_ERROR,
                   WEIR_PLUGIN_ERROR_CONFLICT,
                   "%s “%s” is there already, as %s",
                   point_name,
                   name,
                   g_type_name (present));
      return FALSE;
    }

  names = names_of (self, point);
  if (names == NULL)
    {
      names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      g_hash_table_insert (self->points, GSIZE_TO_POINTER (point), names);
    }
  g_hash_table_insert (names, g_strdup (name), GSIZE_TO_POINTER (type));
  return TRUE;
}

void
weir_extension_registry_remove (WeirExtensionRegistry *self, GType point, const char *name)
{
  GHashTable *names = names_of (self, point);

  if (names != NULL)
    g_hash_table_remove (names, name);
}

gboolean
weir_extension_registry_provides (WeirExtensionRegistry *self,
                                  const char *point_name,
                                  const char *name)
{
  g_autofree char *suffix = g_strconcat ("-", point_name, NULL);
  GHashTableIter iter;
  gpointer point;
  gpointer names;

  g_hash_table_iter_init (&iter, self->points);
  while (g_hash_table_iter_next (&iter, &point, &names))
    {
      g_autofree char *words = words_of_type (GPOINTER_TO_SIZE (point));

      if (g_str_has_suffix (words, suffix) && g_hash_table_contains (names, name))
        return TRUE;
    }
  return FALSE;
}

/**
 * weir_extension_registry_lookup:
 * @self: a registry
 * @point: the interface that is implemented
 * @name: the name of an extension
 *
 * Returns: the type that extends @point under that name, or `G_TYPE_INVALID`
 *
 * Since: 1.0
 */
GType
weir_extension_registry_lookup (WeirExtensionRegistry *self, GType point, const char *name)
{
  GHashTable *names;

  g_return_val_if_fail (WEIR_IS_EXTENSION_REGISTRY (self), G_TYPE_INVALID);
  g_return_val_if_fail (name != NULL, G_TYPE_INVALID);

  names = names_of (self, point);
  return names != NULL ? GPOINTER_TO_SIZE (g_hash_table_lookup (names, name)) : G_TYPE_INVALID;
}

static int
compare_text (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/**
 * weir_extension_registry_dup_names:
 * @self: a registry
 * @point: an interface
 *
 * Returns: (transfer full) (array zero-terminated=1): the names of all extensions of
 *   @point, sorted
 *
 * Since: 1.0
 */
char **
weir_extension_registry_dup_names (WeirExtensionRegistry *self, GType point)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new ();
  GHashTable *names;

  g_return_val_if_fail (WEIR_IS_EXTENSION_REGISTRY (self), NULL);

  names = names_of (self, point);
  if (names != NULL)
    {
      GHashTableIter iter;
      gpointer name;

      g_hash_table_iter_init (&iter, names);
      while (g_hash_table_iter_next (&iter, &name, NULL))
        g_ptr_array_add (list, g_strdup (name));
    }
  g_ptr_array_sort (list, compare_text);
  g_ptr_array_add (list, NULL);
  return (char **) g_ptr_array_steal (list, NULL);
}

static WeirExtensionOptions *
read_options (WeirExtensionRegistry *self,
              GType point,
              const char *name,
              GVariant *options,
              char **option,
              GError **error)
{
  GType type = weir_extension_registry_lookup (self, point, name);
  g_autofree char *point_name = name_of_point (point);
  g_autofree char *whose = g_strdup_printf ("%s “%s”", point_name, name);
  g_autoptr (GTypeClass) klass = NULL;

  if (type == G_TYPE_INVALID)
    {
      g_auto (GStrv) names = weir_extension_registry_dup_names (self, point);
      g_autofree char *hint = weir_suggest_text (name, (const char *const *) names);

      g_set_error (error,
                   WEIR_PLUGIN_ERROR,
                   WEIR_PLUGIN_ERROR_NOT_FOUND,
                   "There is no %s%s",
                   whose,
                   hint);
      return NULL;
    }

  klass = g_type_class_ref (type);
  return weir_extension_options_new (G_OBJECT_CLASS (klass), whose, options, option, error);
}

/**
 * weir_extension_registry_check:
 * @self: a registry
 * @point: the interface that is implemented
 * @name: the name of an extension
 * @options: (nullable): options as `a{sv}`
 * @option: (out) (optional) (nullable) (transfer full): the option that is wrong, as
 *   @options has it
 * @error: return location for an error
 *
 * Finds out whether [method@Weir.ExtensionRegistry.create] would take these options,
 * without making anything, so that whoever knows where an option was written can say so.
 *
 * Returns: whether they are valid
 *
 * Since: 1.0
 */
gboolean
weir_extension_registry_check (WeirExtensionRegistry *self,
                               GType point,
                               const char *name,
                               GVariant *options,
                               char **option,
                               GError **error)
{
  g_autoptr (WeirExtensionOptions) read = NULL;

  g_return_val_if_fail (WEIR_IS_EXTENSION_REGISTRY (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (options == NULL || g_variant_is_of_type (options, G_VARIANT_TYPE_VARDICT),
                        FALSE);

  if (option != NULL)
    *option = NULL;
  read = read_options (self, point, name, options, option, error);
  return read != NULL;
}

/**
 * weir_extension_registry_create:
 * @self: a registry
 * @point: the interface that is implemented
 * @name: the name of an extension
 * @options: (nullable): options as `a{sv}`: names of writable properties, with `_` or
 *   `-`; integers of any size, numbers, booleans, strings, arrays of strings; enums by
 *   nick
 * @error: return location for an error
 *
 * Makes an instance. A type that is a [iface@Gio.Initable] is initialised.
 *
 * Errors are `WEIR_PLUGIN_ERROR_NOT_FOUND` when there is no such extension,
 * `WEIR_PLUGIN_ERROR_OPTION` when an option is unknown, of a wrong type or out of range,
 * and whatever the initialisation of the type has to say.
 *
 * Returns: (transfer full): the instance
 *
 * Since: 1.0
 */
GObject *
weir_extension_registry_create (WeirExtensionRegistry *self,
                                GType point,
                                const char *name,
                                GVariant *options,
                                GError **error)
{
  g_autoptr (WeirExtensionOptions) read = NULL;
  g_autoptr (GObject) object = NULL;

  g_return_val_if_fail (WEIR_IS_EXTENSION_REGISTRY (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (options == NULL || g_variant_is_of_type (options, G_VARIANT_TYPE_VARDICT),
                        NULL);

  read = read_options (self, point, name, options, NULL, error);
  if (read == NULL)
    return NULL;

  object = g_object_new_with_properties (weir_extension_registry_lookup (self, point, name),
                                         read->names->len,
                                         (const char **) read->names->pdata,
                                         (const GValue *) read->values->data);
  if (g_object_is_floating (object))
    g_object_ref_sink (object);

  if (G_IS_INITABLE (object) && !g_initable_init (G_INITABLE (object), NULL, error))
    {
      g_autofree char *point_name = name_of_point (point);

      g_prefix_error (error, "%s “%s”: ", point_name, name);
      return NULL;
    }

  return g_steal_pointer (&object);
}

static void
weir_extension_registry_finalize (GObject *object)
{
  WeirExtensionRegistry *self = WEIR_EXTENSION_REGISTRY (object);

  g_hash_table_unref (self->points);
  G_OBJECT_CLASS (weir_extension_registry_parent_class)->finalize (object);
}

static void
weir_extension_registry_class_init (WeirExtensionRegistryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = weir_extension_registry_finalize;
}

static void
weir_extension_registry_init (WeirExtensionRegistry *self)
{
  self->points = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_hash_table_unref);
}
