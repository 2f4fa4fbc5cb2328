/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plugin/weir-plugin-context-private.h"

#include "plugin/weir-extension-registry-private.h"
#include "plugin/weir-plugin-info.h"

/**
 * WeirPluginContext:
 *
 * What a plugin sees of the host while it activates: who it is, where its files are, and
 * where to put its extensions. It is of no use after activation. Control thread.
 *
 * Since: 1.0
 */
struct _WeirPluginContext
{
  GObject parent_instance;

  char *id;
  char *directory;
  WeirExtensionRegistry *registry; /* NULL once closed */
  GPtrArray *points;               /* of what was added, GType */
  GPtrArray *names;                /* of what was added, char * */
};

G_DEFINE_FINAL_TYPE (WeirPluginContext, weir_plugin_context, G_TYPE_OBJECT)

WeirPluginContext *
weir_plugin_context_new (const char *id, const char *directory, WeirExtensionRegistry *registry)
{
  WeirPluginContext *self = g_object_new (WEIR_TYPE_PLUGIN_CONTEXT, NULL);

  self->id = g_strdup (id);
  self->directory = g_strdup (directory);
  self->registry = g_object_ref (registry);
  return self;
}

void
weir_plugin_context_close (WeirPluginContext *self, gboolean keep)
{
  for (guint i = 0; !keep && i < self->names->len; i++)
    weir_extension_registry_remove (self->registry,
                                    GPOINTER_TO_SIZE (self->points->pdata[i]),
                                    self->names->pdata[i]);

  g_clear_object (&self->registry);
}

/**
 * weir_plugin_context_add_extension:
 * @self: the context that activation was given
 * @point: the interface that is implemented, for instance `WEIR_TYPE_ADAPTER`
 * @name: what configuration calls the extension: `soup` for `[adapters.soup]`
 * @type: the type that implements @point; its writable properties are its options
 * @error: return location for an error
 *
 * Adds an extension to the registry of the host. Everything that a plugin adds is taken
 * back when its activation fails in the end.
 *
 * Errors are those of [method@Weir.ExtensionRegistry.add], and
 * `WEIR_PLUGIN_ERROR_REFUSED` when activation is over.
 *
 * Returns: whether it was added
 *
 * Since: 1.0
 */
gboolean
weir_plugin_context_add_extension (WeirPluginContext *self,
                                   GType point,
                                   const char *name,
                                   GType type,
                                   GError **error)
{
  g_return_val_if_fail (WEIR_IS_PLUGIN_CONTEXT (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  if (self->registry == NULL)
    {
      g_set_error_literal (error,
                           WEIR_PLUGIN_ERROR,
                           WEIR_PLUGIN_ERROR_REFUSED,
                           "Extensions can be added during activation only");
      return FALSE;
    }

  if (!weir_extension_registry_add (self->registry, point, name, type, error))
    return FALSE;

  g_ptr_array_add (self->points, GSIZE_TO_POINTER (point));
  g_ptr_array_add (self->names, g_strdup (name));
  return TRUE;
}

/**
 * weir_plugin_context_get_id:
 * @self: the context that activation was given
 *
 * Returns: (nullable): the id of the plugin
 *
 * Since: 1.0
 */
const char *
weir_plugin_context_get_id (WeirPluginContext *self)
{
  g_return_val_if_fail (WEIR_IS_PLUGIN_CONTEXT (self), NULL);

  return self->id;
}

/**
 * weir_plugin_context_get_directory:
 * @self: the context that activation was given
 *
 * Returns: (type filename) (nullable): the folder of the plugin's module, for data files
 *   that lie beside it
 *
 * Since: 1.0
 */
const char *
weir_plugin_context_get_directory (WeirPluginContext *self)
{
  g_return_val_if_fail (WEIR_IS_PLUGIN_CONTEXT (self), NULL);

  return self->directory;
}

static void
weir_plugin_context_dispose (GObject *object)
{
  WeirPluginContext *self = WEIR_PLUGIN_CONTEXT (object);

  g_clear_object (&self->registry);
  G_OBJECT_CLASS (weir_plugin_context_parent_class)->dispose (object);
}

static void
weir_plugin_context_finalize (GObject *object)
{
  WeirPluginContext *self = WEIR_PLUGIN_CONTEXT (object);

  g_free (self->id);
  g_free (self->directory);
  g_ptr_array_unref (self->points);
  g_ptr_array_unref (self->names);
  G_OBJECT_CLASS (weir_plugin_context_parent_class)->finalize (object);
}

static void
weir_plugin_context_class_init (WeirPluginContextClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = weir_plugin_context_dispose;
  object_class->finalize = weir_plugin_context_finalize;
}

static void
weir_plugin_context_init (WeirPluginContext *self)
{
  self->points = g_ptr_array_new ();
  self->names = g_ptr_array_new_with_free_func (g_free);
}
