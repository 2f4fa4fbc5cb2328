/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plugin/weir-plugin-info-private.h"

#include <gmodule.h>

/**
 * WeirPluginError:
 * @WEIR_PLUGIN_ERROR_MANIFEST: the manifest cannot be read or breaks its rules
 * @WEIR_PLUGIN_ERROR_ABI: the plugin was built for another version of the ABI
 * @WEIR_PLUGIN_ERROR_MODULE: the module is missing or cannot be opened
 * @WEIR_PLUGIN_ERROR_SYMBOL: the module has no descriptor, or not a valid one
 * @WEIR_PLUGIN_ERROR_REFUSED: the plugin would not start, or may not
 * @WEIR_PLUGIN_ERROR_DEPENDENCY: something that it requires cannot be loaded
 * @WEIR_PLUGIN_ERROR_CONFLICT: it cannot be there together with another one
 * @WEIR_PLUGIN_ERROR_NOT_FOUND: there is no plugin or extension of that name
 * @WEIR_PLUGIN_ERROR_OPTION: an option is unknown, or its value is not valid
 *
 * Why a plugin or an extension cannot be used.
 *
 * Since: 1.0
 */

/**
 * weir_plugin_error_quark:
 *
 * Returns: the domain of [error@Weir.PluginError]
 *
 * Since: 1.0
 */
/* The formatter would read the dashes as minus signs. */
/* clang-format off */
G_DEFINE_QUARK (weir-plugin-error-quark, weir_plugin_error)
/* clang-format on */

G_DEFINE_ENUM_TYPE (WeirPluginError,
                    weir_plugin_error,
                    G_DEFINE_ENUM_VALUE (WEIR_PLUGIN_ERROR_MANIFEST, "manifest"),
                    G_DEFINE_ENUM_VALUE (WEIR_PLUGIN_ERROR_ABI, "abi"),
                    G_DEFINE_ENUM_VALUE (WEIR_PLUGIN_ERROR_MODULE, "module"),
                    G_DEFINE_ENUM_VALUE (WEIR_PLUGIN_ERROR_SYMBOL, "symbol"),
                    G_DEFINE_ENUM_VALUE (WEIR_PLUGIN_ERROR_REFUSED, "refused"),
                    G_DEFINE_ENUM_VALUE (WEIR_PLUGIN_ERROR_DEPENDENCY, "dependency"),
                    G_DEFINE_ENUM_VALUE (WEIR_PLUGIN_ERROR_CONFLICT, "conflict"),
                    G_DEFINE_ENUM_VALUE (WEIR_PLUGIN_ERROR_NOT_FOUND, "not-found"),
                    G_DEFINE_ENUM_VALUE (WEIR_PLUGIN_ERROR_OPTION, "option"))

/**
 * WeirPluginState:
 * @WEIR_PLUGIN_STATE_FOUND: its manifest was read, nothing else
 * @WEIR_PLUGIN_STATE_LOADING: it is being loaded now
 * @WEIR_PLUGIN_STATE_ACTIVE: its extensions are in the registry
 * @WEIR_PLUGIN_STATE_FAILED: it cannot be used; the error says why
 *
 * How far a plugin has come. The last two are final: nothing is ever unloaded.
 *
 * Since: 1.0
 */

G_DEFINE_ENUM_TYPE (WeirPluginState,
                    weir_plugin_state,
                    G_DEFINE_ENUM_VALUE (WEIR_PLUGIN_STATE_FOUND, "found"),
                    G_DEFINE_ENUM_VALUE (WEIR_PLUGIN_STATE_LOADING, "loading"),
                    G_DEFINE_ENUM_VALUE (WEIR_PLUGIN_STATE_ACTIVE, "active"),
                    G_DEFINE_ENUM_VALUE (WEIR_PLUGIN_STATE_FAILED, "failed"))

/**
 * WeirPluginInfo:
 *
 * What is known of one plugin: first what its manifest says, later whether it could be
 * loaded. Owned by the [class@Weir.PluginEngine] that found it; control thread.
 *
 * Since: 1.0
 */
struct _WeirPluginInfo
{
  GObject parent_instance;

  WeirPluginManifest *manifest;
  char *module_path;
  WeirPluginState state;
  GError *error;
};

G_DEFINE_FINAL_TYPE (WeirPluginInfo, weir_plugin_info, G_TYPE_OBJECT)

typedef enum
{
  PROP_ID = 1,
  PROP_NAME,
  PROP_DESCRIPTION,
  PROP_VERSION,
  PROP_PROVIDES,
  PROP_MANIFEST_PATH,
  PROP_MODULE_PATH,
  PROP_STATE,
  PROP_ERROR_MESSAGE,
  N_PROPS,
} WeirPluginInfoProperty;

static GParamSpec *properties[N_PROPS];

WeirPluginInfo *
weir_plugin_info_new (WeirPluginManifest *manifest)
{
  WeirPluginInfo *self = g_object_new (WEIR_TYPE_PLUGIN_INFO, NULL);

  weir_plugin_manifest_free (self->manifest);
  self->manifest = manifest;
  if (manifest->module != NULL)
    {
      g_autofree char *directory = g_path_get_dirname (manifest->path);
      g_autofree char *file = g_strconcat (manifest->module, "." G_MODULE_SUFFIX, NULL);

      self->module_path = g_build_filename (directory, file, NULL);
    }
  return self;
}

const WeirPluginManifest *
weir_plugin_info_get_manifest (WeirPluginInfo *self)
{
  return self->manifest;
}

const char *
weir_plugin_info_get_module_path (WeirPluginInfo *self)
{
  return self->module_path;
}

static void
set_state (WeirPluginInfo *self, WeirPluginState state)
{
  g_return_if_fail (self->state < WEIR_PLUGIN_STATE_ACTIVE && state > self->state);

  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

void
weir_plugin_info_set_loading (WeirPluginInfo *self)
{
  set_state (self, WEIR_PLUGIN_STATE_LOADING);
}

void
weir_plugin_info_set_active (WeirPluginInfo *self)
{
  set_state (self, WEIR_PLUGIN_STATE_ACTIVE);
}

void
weir_plugin_info_set_failed (WeirPluginInfo *self, const GError *error)
{
  g_return_if_fail (self->error == NULL);

  g_object_freeze_notify (G_OBJECT (self));
  self->error = g_error_copy (error);
  set_state (self, WEIR_PLUGIN_STATE_FAILED);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ERROR_MESSAGE]);
  g_object_thaw_notify (G_OBJECT (self));
}

/**
 * weir_plugin_info_get_id:
 * @self: a plugin
 *
 * Returns: the name of the plugin for configuration and for other plugins
 *
 * Since: 1.0
 */
const char *
weir_plugin_info_get_id (WeirPluginInfo *self)
{
  g_return_val_if_fail (WEIR_IS_PLUGIN_INFO (self), NULL);

  return self->manifest->id;
}

/**
 * weir_plugin_info_get_name:
 * @self: a plugin
 *
 * Returns: the name of the plugin for people; its id when the manifest cannot be read
 *
 * Since: 1.0
 */
const char *
weir_plugin_info_get_name (WeirPluginInfo *self)
{
  g_return_val_if_fail (WEIR_IS_PLUGIN_INFO (self), NULL);

  return self->manifest->name;
}

/**
 * weir_plugin_info_get_description:
 * @self: a plugin
 *
 * Returns: (nullable): one sentence; %NULL when the manifest cannot be read
 *
 * Since: 1.0
 */
const char *
weir_plugin_info_get_description (WeirPluginInfo *self)
{
  g_return_val_if_fail (WEIR_IS_PLUGIN_INFO (self), NULL);

  return self->manifest->description;
}

/**
 * weir_plugin_info_get_version:
 * @self: a plugin
 *
 * Returns: (nullable): the plugin's own version; %NULL when the manifest cannot be read
 *
 * Since: 1.0
 */
const char *
weir_plugin_info_get_version (WeirPluginInfo *self)
{
  g_return_val_if_fail (WEIR_IS_PLUGIN_INFO (self), NULL);

  return self->manifest->version;
}

/**
 * weir_plugin_info_get_manifest_path:
 * @self: a plugin
 *
 * Returns: (type filename): the file that the plugin was found by
 *
 * Since: 1.0
 */
const char *
weir_plugin_info_get_manifest_path (WeirPluginInfo *self)
{
  g_return_val_if_fail (WEIR_IS_PLUGIN_INFO (self), NULL);

  return self->manifest->path;
}

/**
 * weir_plugin_info_get_provides:
 * @self: a plugin
 *
 * What the manifest promises, each as `POINT:NAME`, for instance `adapter:soup`.
 *
 * Returns: (transfer none) (array zero-terminated=1): the extensions
 *
 * Since: 1.0
 */
const char *const *
weir_plugin_info_get_provides (WeirPluginInfo *self)
{
  g_return_val_if_fail (WEIR_IS_PLUGIN_INFO (self), NULL);

  return (const char *const *) self->manifest->provides;
}

/**
 * weir_plugin_info_get_state:
 * @self: a plugin
 *
 * Returns: how far it has come
 *
 * Since: 1.0
 */
WeirPluginState
weir_plugin_info_get_state (WeirPluginInfo *self)
{
  g_return_val_if_fail (WEIR_IS_PLUGIN_INFO (self), WEIR_PLUGIN_STATE_FAILED);

  return self->state;
}

/**
 * weir_plugin_info_get_error:
 * @self: a plugin
 *
 * Returns: (transfer none) (nullable): why it failed, or %NULL in every other state
 *
 * Since: 1.0
 */
const GError *
weir_plugin_info_get_error (WeirPluginInfo *self)
{
  g_return_val_if_fail (WEIR_IS_PLUGIN_INFO (self), NULL);

  return self->error;
}

static void
weir_plugin_info_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WeirPluginInfo *self = WEIR_PLUGIN_INFO (object);

  switch ((WeirPluginInfoProperty) id)
    {
    case PROP_ID:
      g_value_set_string (value, self->manifest->id);
      break;
    case PROP_NAME:
      g_value_set_string (value, self->manifest->name);
      break;
    case PROP_DESCRIPTION:
      g_value_set_string (value, self->manifest->description);
      break;
    case PROP_VERSION:
      g_value_set_string (value, self->manifest->version);
      break;
    case PROP_PROVIDES:
      g_value_set_boxed (value, self->manifest->provides);
      break;
    case PROP_MANIFEST_PATH:
      g_value_set_string (value, self->manifest->path);
      break;
    case PROP_MODULE_PATH:
      g_value_set_string (value, self->module_path);
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_ERROR_MESSAGE:
      g_value_set_string (value, self->error != NULL ? self->error->message : NULL);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
weir_plugin_info_finalize (GObject *object)
{
  WeirPluginInfo *self = WEIR_PLUGIN_INFO (object);

  g_clear_pointer (&self->manifest, weir_plugin_manifest_free);
  g_free (self->module_path);
  g_clear_error (&self->error);
  G_OBJECT_CLASS (weir_plugin_info_parent_class)->finalize (object);
}

static GParamSpec *
text_property (const char *name)
{
  return g_param_spec_string (name,
                              NULL,
                              NULL,
                              NULL,
                              G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
}

static void
weir_plugin_info_class_init (WeirPluginInfoClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = weir_plugin_info_get_property;
  object_class->finalize = weir_plugin_info_finalize;

  /**
   * WeirPluginInfo:id: (getter get_id)
   *
   * The name of the plugin for configuration and for other plugins.
   *
   * Since: 1.0
   */
  properties[PROP_ID] = text_property ("id");

  /**
   * WeirPluginInfo:name: (getter get_name)
   *
   * The name of the plugin for people.
   *
   * Since: 1.0
   */
  properties[PROP_NAME] = text_property ("name");

  /**
   * WeirPluginInfo:description: (getter get_description)
   *
   * One sentence about it.
   *
   * Since: 1.0
   */
  properties[PROP_DESCRIPTION] = text_property ("description");

  /**
   * WeirPluginInfo:version: (getter get_version)
   *
   * The plugin's own version.
   *
   * Since: 1.0
   */
  properties[PROP_VERSION] = text_property ("version");

  /**
   * WeirPluginInfo:provides: (getter get_provides)
   *
   * The extensions that the manifest promises, each as `POINT:NAME`.
   *
   * Since: 1.0
   */
  properties[PROP_PROVIDES] =
      g_param_spec_boxed ("provides",
                          NULL,
                          NULL,
                          G_TYPE_STRV,
                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * WeirPluginInfo:manifest-path: (getter get_manifest_path)
   *
   * The file that the plugin was found by.
   *
   * Since: 1.0
   */
  properties[PROP_MANIFEST_PATH] = text_property ("manifest-path");

  /**
   * WeirPluginInfo:module-path:
   *
   * The shared object beside the manifest; %NULL when the manifest cannot be read.
   *
   * Since: 1.0
   */
  properties[PROP_MODULE_PATH] = text_property ("module-path");

  /**
   * WeirPluginInfo:state: (getter get_state)
   *
   * How far the plugin has come.
   *
   * Since: 1.0
   */
  properties[PROP_STATE] =
      g_param_spec_enum ("state",
                         NULL,
                         NULL,
                         WEIR_TYPE_PLUGIN_STATE,
                         WEIR_PLUGIN_STATE_FOUND,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * WeirPluginInfo:error-message:
   *
   * Why the plugin failed, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_ERROR_MESSAGE] = text_property ("error-message");

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
weir_plugin_info_init (WeirPluginInfo *self)
{
  /* A binding can construct one by itself: then it is empty, and still whole. */
  self->manifest = weir_plugin_manifest_new_unreadable ("");
}
