/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "store/weir-function-private.h"

/**
 * WeirFunction:
 *
 * One revision of a function: where its code is, and how it wants to be run.
 *
 * It is immutable and therefore safe in every thread. An edit of the function makes another
 * `WeirFunction` with the same name and a higher revision; workers keep the one they were
 * started for.
 *
 * Since: 1.0
 */
struct _WeirFunction
{
  GObject parent_instance;

  char *name;
  char *directory;
  char *root;
  char *entrypoint;
  WeirSettings *settings;
  char **environ;
  char **secrets;
  guint64 revision;
};

typedef enum
{
  PROP_NAME = 1,
  PROP_DIRECTORY,
  PROP_ROOT,
  PROP_ENTRYPOINT,
  PROP_SETTINGS,
  PROP_ENVIRON,
  PROP_SECRETS,
  PROP_REVISION,
} Property;

static GParamSpec *properties[PROP_REVISION + 1];

G_DEFINE_FINAL_TYPE (WeirFunction, weir_function, G_TYPE_OBJECT)

static void
weir_function_constructed (GObject *object)
{
  WeirFunction *self = WEIR_FUNCTION (object);

  G_OBJECT_CLASS (weir_function_parent_class)->constructed (object);

  /* Nobody who reads a function should have to ask whether it is whole. */
  if (self->settings == NULL)
    self->settings = weir_settings_new (g_hash_table_new (g_str_hash, g_str_equal),
                                        g_hash_table_new (g_str_hash, g_str_equal));
  if (self->environ == NULL)
    self->environ = g_new0 (char *, 1);
  if (self->secrets == NULL)
    self->secrets = g_new0 (char *, 1);
  if (self->name == NULL)
    self->name = g_strdup ("");
  if (self->directory == NULL)
    self->directory = g_strdup ("");
  if (self->root == NULL)
    self->root = g_strdup (self->directory);
  if (self->entrypoint == NULL)
    self->entrypoint = g_strdup ("");
}

static void
weir_function_finalize (GObject *object)
{
  WeirFunction *self = WEIR_FUNCTION (object);

  g_free (self->name);
  g_free (self->directory);
  g_free (self->root);
  g_free (self->entrypoint);
  weir_settings_unref (self->settings);
  g_strfreev (self->environ);
  g_strfreev (self->secrets);

  G_OBJECT_CLASS (weir_function_parent_class)->finalize (object);
}

static void
weir_function_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  WeirFunction *self = WEIR_FUNCTION (object);

  switch ((Property) property_id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_DIRECTORY:
      g_value_set_string (value, self->directory);
      break;
    case PROP_ROOT:
      g_value_set_string (value, self->root);
      break;
    case PROP_ENTRYPOINT:
      g_value_set_string (value, self->entrypoint);
      break;
    case PROP_SETTINGS:
      g_value_set_boxed (value, self->settings);
      break;
    case PROP_ENVIRON:
      g_value_set_boxed (value, self->environ);
      break;
    case PROP_SECRETS:
      g_value_set_boxed (value, self->secrets);
      break;
    case PROP_REVISION:
      g_value_set_uint64 (value, self->revision);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
      break;
    }
}

static void
weir_function_set_property (GObject *object,
                            guint property_id,
                            const GValue *value,
                            GParamSpec *pspec)
{
  WeirFunction *self = WEIR_FUNCTION (object);

  switch ((Property) property_id)
    {
    case PROP_NAME:
      self->name = g_value_dup_string (value);
      break;
    case PROP_DIRECTORY:
      self->directory = g_value_dup_string (value);
      break;
    case PROP_ROOT:
      self->root = g_value_dup_string (value);
      break;
    case PROP_ENTRYPOINT:
      self->entrypoint = g_value_dup_string (value);
      break;
    case PROP_SETTINGS:
      self->settings = g_value_dup_boxed (value);
      break;
    case PROP_ENVIRON:
      self->environ = g_value_dup_boxed (value);
      break;
    case PROP_SECRETS:
      self->secrets = g_value_dup_boxed (value);
      break;
    case PROP_REVISION:
      self->revision = g_value_get_uint64 (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
      break;
    }
}

static void
weir_function_class_init (WeirFunctionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  object_class->constructed = weir_function_constructed;
  object_class->finalize = weir_function_finalize;
  object_class->get_property = weir_function_get_property;
  object_class->set_property = weir_function_set_property;

  /**
   * WeirFunction:name:
   *
   * The name by which clients call it, unique among the functions of a server.
   *
   * Since: 1.0
   */
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);

  /**
   * WeirFunction:directory:
   *
   * The absolute path of the function's own folder; for a function that is one file, of the
   * folder which that file lies in.
   *
   * Since: 1.0
   */
  properties[PROP_DIRECTORY] = g_param_spec_string ("directory", NULL, NULL, NULL, flags);

  /**
   * WeirFunction:root:
   *
   * The absolute path of the folder of all functions, where the shared folders are too. If
   * it is not given, it is the same as [property@Weir.Function:directory].
   *
   * Since: 1.0
   */
  properties[PROP_ROOT] = g_param_spec_string ("root", NULL, NULL, NULL, flags);

  /**
   * WeirFunction:entrypoint:
   *
   * The absolute path of the file that a worker loads.
   *
   * Since: 1.0
   */
  properties[PROP_ENTRYPOINT] = g_param_spec_string ("entrypoint", NULL, NULL, NULL, flags);

  /**
   * WeirFunction:settings:
   *
   * How it wants to be run; empty if none are given.
   *
   * Since: 1.0
   */
  properties[PROP_SETTINGS] =
      g_param_spec_boxed ("settings", NULL, NULL, WEIR_TYPE_SETTINGS, flags);

  /**
   * WeirFunction:environ:
   *
   * The environment that its code sees, as `KEY=value` lines.
   *
   * Since: 1.0
   */
  properties[PROP_ENVIRON] = g_param_spec_boxed ("environ", NULL, NULL, G_TYPE_STRV, flags);

  /**
   * WeirFunction:secrets:
   *
   * The secrets that all functions of the project may ask for, as `NAME=value` lines. They are
   * in [property@Weir.Function:environ] too, where nothing stronger has taken their place.
   *
   * Since: 1.0
   */
  properties[PROP_SECRETS] = g_param_spec_boxed ("secrets", NULL, NULL, G_TYPE_STRV, flags);

  /**
   * WeirFunction:revision:
   *
   * Grows with each change of the function.
   *
   * Since: 1.0
   */
  properties[PROP_REVISION] =
      g_param_spec_uint64 ("revision", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
weir_function_init (WeirFunction *self)
{
}

WeirFunction *
weir_function_new (const char *name,
                   const char *directory,
                   const char *root,
                   const char *entrypoint,
                   WeirSettings *settings,
                   const char *const *environ_,
                   guint64 revision)
{
  return weir_function_new_with_secrets (name,
                                         directory,
                                         root,
                                         entrypoint,
                                         settings,
                                         environ_,
                                         NULL,
                                         revision);
}

WeirFunction *
weir_function_new_with_secrets (const char *name,
                                const char *directory,
                                const char *root,
                                const char *entrypoint,
                                WeirSettings *settings,
                                const char *const *environ_,
                                const char *const *secrets,
                                guint64 revision)
{
  /* clang-format off */
  return g_object_new (WEIR_TYPE_FUNCTION,
                       "name", name,
                       "directory", directory,
                       "root", root,
                       "entrypoint", entrypoint,
                       "settings", settings,
                       "environ", environ_,
                       "secrets", secrets,
                       "revision", revision,
                       NULL);
  /* clang-format on */
}

/**
 * weir_function_get_name:
 * @self: a function
 *
 * Returns: (transfer none): the name by which clients call it
 *
 * Since: 1.0
 */
const char *
weir_function_get_name (WeirFunction *self)
{
  g_return_val_if_fail (WEIR_IS_FUNCTION (self), NULL);

  return self->name;
}

/**
 * weir_function_get_directory:
 * @self: a function
 *
 * Returns: (transfer none) (type filename): the absolute path of the function's own folder
 *
 * Since: 1.0
 */
const char *
weir_function_get_directory (WeirFunction *self)
{
  g_return_val_if_fail (WEIR_IS_FUNCTION (self), NULL);

  return self->directory;
}

/**
 * weir_function_get_root:
 * @self: a function
 *
 * Returns: (transfer none) (type filename): the absolute path of the folder of all functions
 *
 * Since: 1.0
 */
const char *
weir_function_get_root (WeirFunction *self)
{
  g_return_val_if_fail (WEIR_IS_FUNCTION (self), NULL);

  return self->root;
}

/**
 * weir_function_get_entrypoint:
 * @self: a function
 *
 * Returns: (transfer none) (type filename): the absolute path of the file that a worker loads
 *
 * Since: 1.0
 */
const char *
weir_function_get_entrypoint (WeirFunction *self)
{
  g_return_val_if_fail (WEIR_IS_FUNCTION (self), NULL);

  return self->entrypoint;
}

/**
 * weir_function_get_settings:
 * @self: a function
 *
 * Returns: (transfer none): how the function wants to be run
 *
 * Since: 1.0
 */
WeirSettings *
weir_function_get_settings (WeirFunction *self)
{
  g_return_val_if_fail (WEIR_IS_FUNCTION (self), NULL);

  return self->settings;
}

/**
 * weir_function_get_environ:
 * @self: a function
 *
 * Returns: (transfer none) (array zero-terminated=1) (element-type filename): the environment
 *   that its code sees, as `KEY=value` lines
 *
 * Since: 1.0
 */
const char *const *
weir_function_get_environ (WeirFunction *self)
{
  g_return_val_if_fail (WEIR_IS_FUNCTION (self), NULL);

  return (const char *const *) self->environ;
}

/**
 * weir_function_get_secrets:
 * @self: a function
 *
 * Returns: (transfer none) (array zero-terminated=1) (element-type filename): the secrets that
 *   all functions of the project may ask for, as `NAME=value` lines
 *
 * Since: 1.0
 */
const char *const *
weir_function_get_secrets (WeirFunction *self)
{
  g_return_val_if_fail (WEIR_IS_FUNCTION (self), NULL);

  return (const char *const *) self->secrets;
}

/**
 * weir_function_get_revision:
 * @self: a function
 *
 * Returns: the number of this revision, higher than those of the ones before
 *
 * Since: 1.0
 */
guint64
weir_function_get_revision (WeirFunction *self)
{
  g_return_val_if_fail (WEIR_IS_FUNCTION (self), 0);

  return self->revision;
}
